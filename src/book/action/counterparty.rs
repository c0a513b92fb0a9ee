//! Who takes what a liquidation gives up: at which size and price, and who bears what is left.

use crate::book::account::LegState;

/// The other side of a liquidation.
pub trait Counterparty {
    /// The size, at most `most`, at which a liquidation is taken; 0 for not at all. `legs` are all
    /// that it can change. `propose` sets `next` of every one of them as a liquidation of that size
    /// would leave it, and has done so last for the size that is returned.
    fn size<P: FnMut(u32, &mut [LegState])>(
        &mut self,
        legs: &mut [LegState],
        most: u32,
        propose: &mut P,
    ) -> u32;

    /// The liquidation that `next` of every one of these legs proposes is about to be carried out.
    fn take(&mut self, legs: &[LegState]);

    /// What closing all perpetuals costs beyond the market's marks, a fine value.
    fn close(&mut self, legs: &[LegState]) -> u64;

    /// An account is closed with that much left, a fine value: what no account bears of a loss is
    /// returned, 0 or negative.
    fn settle(&mut self, left: i64, notional: u64) -> i64;
}

/// Takes everything at the market's marks and bears nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlimited;

impl Counterparty for Unlimited {
    #[inline(always)]
    fn size<P: FnMut(u32, &mut [LegState])>(
        &mut self,
        legs: &mut [LegState],
        most: u32,
        propose: &mut P,
    ) -> u32 {
        propose(most, legs);
        most
    }

    #[inline(always)]
    fn take(&mut self, _: &[LegState]) {}

    #[inline(always)]
    fn close(&mut self, _: &[LegState]) -> u64 {
        0
    }

    #[inline(always)]
    fn settle(&mut self, left: i64, _: u64) -> i64 {
        left.min(0)
    }
}
