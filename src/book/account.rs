//! A position on a path, in integers: what checks read and actions change.
//!
//! Quantities are counted in the position's own unit of opening value, a power of two of a dollar,
//! so that their absolute sum stays below 2^31; a *fine value* is quantity x mark, below 2^63.

use crate::fixed::{scale_q31, weigh};

/// What a leg is, as the kernels number it.
pub const KIND_COLLATERAL: u32 = 0;
/// Owed.
pub const KIND_DEBT: u32 = 1;
/// A perpetual future; its quantity is signed.
pub const KIND_PERP: u32 = 2;
/// Funding paid so far on a perpetual: quantity x the running sum of its marks.
pub const KIND_FUNDING: u32 = 3;
/// No amount: its quantity is a word that the venue's rule keeps of the account, 0 at first. It
/// stands last.
pub const KIND_STATE: u32 = 4;

/// One leg of a position at one step of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LegState {
    // First what is copied from its row, in that order.
    /// What its value follows, as in its [`crate::program::layout::LegRow`].
    pub instrument: u32,
    /// One of the `KIND_` constants.
    pub kind: u32,
    /// Units left; negative for short perpetuals and for funding that is paid.
    pub quantity: i32,
    /// Liquidation threshold of collateral, Q1.31.
    pub threshold: u32,
    /// 1 + liquidation bonus of collateral, Q2.30.
    pub incentive: u32,
    /// 1 / (1 + liquidation bonus) of collateral, Q1.31.
    pub discount: u32,
    /// Share of collateral that an absorbed account is credited with, Q1.31.
    pub credit: u32,
    /// Share of what a call takes of collateral that is the protocol's, Q1.31.
    pub protocol: u32,
    /// Number of margin tiers.
    pub n_tiers: u32,
    /// Units that would be left by the liquidation that is being proposed.
    pub next: i32,
    /// The instrument's mark at this step as the venue reads it, Q8.24.
    pub mark: u32,
    /// Its mark on the market; the same where venues read the market itself.
    pub market: u32,
    /// Bad debt on this leg in the present event, a fine value.
    pub lost: u64,
}

/// What an event did, in fine values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Event {
    /// Debt repaid by liquidators, or notional closed.
    pub repaid: u64,
    /// Collateral handed over.
    pub seized: u64,
    /// Debt that no call repaid and the venue wrote off.
    pub written_off: u64,
    /// Liquidation calls made; 0 means that nothing could be done.
    pub n_calls: u32,
}

/// The sums a lending rule asks for, fine values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values {
    /// Σ collateral x threshold.
    pub weighted: u64,
    /// Σ collateral.
    pub collateral: u64,
    /// Σ debt.
    pub debt: u64,
}

impl Event {
    /// Whether anything happened.
    #[inline(always)]
    #[must_use]
    pub fn is_something(&self) -> bool {
        self.n_calls > 0 || self.written_off > 0
    }

    /// Carries out the liquidation that `next` of each leg proposes, one call.
    #[inline(always)]
    pub fn take(&mut self, legs: &mut [LegState]) {
        for leg in legs {
            let taken = leg.taken();
            if leg.kind == KIND_COLLATERAL {
                self.seized += taken;
            } else {
                self.repaid += taken;
            }
            leg.quantity = leg.next;
        }
        self.n_calls += 1;
    }
}

impl Values {
    /// One more leg.
    #[inline(always)]
    pub fn add(&mut self, leg: &LegState) {
        let (held, owed) = (leg.mask(KIND_COLLATERAL) as u64, leg.mask(KIND_DEBT) as u64);
        let value = leg.value();
        self.weighted += (u64::from(leg.weighted_quantity()) * u64::from(leg.mark)) & held;
        self.collateral += value & held;
        self.debt += value & owed;
    }
}

impl LegState {
    /// All bits if it is of a kind, else none: what a leg is follows no pattern, so that sums over
    /// legs are faster without branches.
    #[inline(always)]
    #[must_use]
    pub fn mask(&self, kind: u32) -> i64 {
        -i64::from(self.kind == kind)
    }

    /// Value at the mark, as an amount; meaningful for collateral and debt.
    #[inline(always)]
    #[must_use]
    pub fn value(&self) -> u64 {
        u64::from(self.quantity as u32) * u64::from(self.mark)
    }

    /// Value on the market, as an amount.
    #[inline(always)]
    #[must_use]
    pub fn market_value(&self) -> u64 {
        u64::from(self.quantity as u32) * u64::from(self.market)
    }

    /// Value on the market with its sign.
    #[inline(always)]
    #[must_use]
    pub fn signed_market_value(&self) -> i64 {
        i64::from(self.quantity) * i64::from(self.market)
    }

    /// Value on the market of what the proposed liquidation takes away.
    #[inline(always)]
    #[must_use]
    pub fn taken(&self) -> u64 {
        u64::from((self.quantity - self.next) as u32) * u64::from(self.market)
    }

    /// Units that the proposed liquidation gives its liquidator to sell: what it takes away, less
    /// the protocol's share, a part of a unit counting as the liquidator's.
    #[inline(always)]
    #[must_use]
    pub fn sold(&self) -> u32 {
        let units = (self.quantity - self.next) as u32;
        units - scale_q31(units.into(), self.protocol) as u32
    }

    /// Value on the market of what its liquidator has to sell.
    #[inline(always)]
    #[must_use]
    pub fn sold_value(&self) -> u64 {
        u64::from(self.sold()) * u64::from(self.market)
    }

    /// Value at the mark with its sign.
    #[inline(always)]
    #[must_use]
    pub fn signed_value(&self) -> i64 {
        i64::from(self.quantity) * i64::from(self.mark)
    }

    /// Puts the leg at a mark that the venue reads off the market itself; nothing is lost yet.
    #[inline(always)]
    pub fn set_marks(&mut self, mark: u32) {
        self.mark = mark;
        self.market = mark;
        self.lost = 0;
    }

    /// The margin coefficient of collateral: quantity x threshold, rounded up to a unit.
    #[inline(always)]
    #[must_use]
    pub fn weighted_quantity(&self) -> u32 {
        weigh(self.quantity as u32, self.threshold)
    }
}

/// The word that the venue's rule keeps of an account; 0 where it keeps none.
#[inline(always)]
#[must_use]
pub fn state_of(legs: &[LegState]) -> i32 {
    legs.last().filter(|leg| leg.kind == KIND_STATE).map_or(0, |leg| leg.quantity)
}

/// Adds up a lending position; its health factor is `weighted / debt`.
#[inline(always)]
#[must_use]
pub fn values(legs: &[LegState]) -> Values {
    let mut sums = Values::default();
    legs.iter().for_each(|leg| sums.add(leg));
    sums
}
