//! Liquidators, insurance funds and the market as the other side of every liquidation of a path;
//! twin of `shaders/coupled/desk.wgsl`.

use super::market::MovedMarket;
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_PERP, LegState};
use crate::book::action::Counterparty;
use crate::fixed::{MARK_BITS, scale_q31};
use crate::program::Program;
use crate::program::layout::PositionRow;
use crate::program::liquidity::{
    DUST, FundRow, LiquidationTerms, Liquidity, MOST_SLIPPAGE, PARTS_LOG2,
};

/// What liquidators and funds have left.
#[derive(Debug, Clone, Default)]
pub(super) struct Means {
    /// Debt that can still be repaid in this step, money.
    pub(super) capital: i64,
    /// What each venue's fund holds, money.
    pub(super) funds: Vec<i64>,
    /// The least that it has held on this path.
    pub(super) lowest: Vec<i64>,
}

impl Means {
    /// A new path: what the opening has left of the funds.
    pub(super) fn begin(&mut self, liquidity: &Liquidity) {
        self.funds.clear();
        self.lowest.clear();
        match &liquidity.standing {
            Some(standing) => {
                self.funds.extend_from_slice(&standing.funds);
                self.lowest.extend_from_slice(&standing.lowest);
            }
            None => {
                self.funds.extend(liquidity.funds.iter().map(|fund| fund.initial()));
                self.lowest.extend_from_slice(&self.funds);
            }
        }
    }
}

/// The other side of one liquidation event.
pub(super) struct Desk<'d, 'p> {
    program: &'p Program,
    position: &'d PositionRow,
    terms: &'p LiquidationTerms,
    fund: &'p FundRow,
    market: &'d mut MovedMarket<'p>,
    means: &'d mut Means,
    /// How many sales of the round there were before this event's.
    n_before: usize,
}

impl<'d, 'p> Desk<'d, 'p> {
    /// The other side of an event on a program with markets of finite depth, before which there
    /// were so many sales in its round.
    #[inline(always)]
    pub(super) fn new(
        (program, liquidity): (&'p Program, &'p Liquidity),
        position: &'d PositionRow,
        market: &'d mut MovedMarket<'p>,
        means: &'d mut Means,
        n_before: usize,
    ) -> Self {
        let fund = &liquidity.funds[position.action as usize];
        Self { program, position, terms: &liquidity.terms, fund, n_before, market, means }
    }

    #[inline(always)]
    fn money(&self, fine: u64) -> i64 {
        (fine >> self.position.money_shift) as i64
    }

    #[inline(always)]
    fn asset(&self, leg: &LegState) -> usize {
        self.program.instruments[leg.instrument as usize].asset as usize
    }

    /// Units as money of value at a mark of 1.
    #[inline(always)]
    fn flow(&self, units: u32) -> i64 {
        self.money(u64::from(units) << MARK_BITS)
    }

    /// All of an asset that is known to have been sold.
    #[inline(always)]
    fn before(&self, asset: usize) -> i64 {
        if self.terms.in_turn == 1 {
            return self.market.flow[asset];
        }
        let own = self.market.sales[self.n_before..].iter();
        let own = own.filter(|(it, _)| *it as usize == asset).map(|(_, flow)| flow);
        self.market.pending[asset] + own.sum::<i64>()
    }

    /// What the market brings for a flow after that.
    fn brings(&mut self, asset: usize, flow: i64) -> Option<i64> {
        let before = self.before(asset);
        self.market.brings(asset, before, flow)
    }

    /// Debt that the proposed liquidation repays, on the market.
    #[inline(always)]
    fn repaid(&self, legs: &[LegState]) -> i64 {
        let owed = legs.iter().filter(|leg| leg.kind == KIND_DEBT);
        self.money(owed.map(LegState::taken).sum())
    }

    /// What the proposed liquidation earns its liquidator.
    #[inline(always)]
    fn profit(&mut self, legs: &[LegState], repaid: i64) -> i64 {
        let mut proceeds = 0_i64;
        for leg in legs {
            if leg.kind == KIND_COLLATERAL && leg.next != leg.quantity {
                let flow = self.flow(leg.sold());
                let brought = self.brings(self.asset(leg), flow);
                let brought = brought.unwrap_or_else(|| self.money(leg.sold_value()));
                proceeds = proceeds.saturating_add(brought);
            }
        }
        proceeds - self.terms.cost(repaid)
    }

    /// Whether a liquidator takes what is proposed. What is too small for its profit to be told
    /// from rounding is taken where gas is free, so that dust does not wait for ever.
    #[inline(always)]
    fn is_worth_it(&mut self, legs: &[LegState], repaid: i64) -> bool {
        let is_dust = self.terms.gas() == 0 && repaid < DUST;
        if is_dust || self.is_surely_worth_it(legs, repaid) {
            debug_assert!(is_dust || self.profit(legs, repaid) > 0, "not worth it after all");
            return true;
        }
        self.profit(legs, repaid) > 0
    }

    /// Whether the proposed liquidation earns something by what sales bring at least.
    #[inline(always)]
    fn is_surely_worth_it(&self, legs: &[LegState], repaid: i64) -> bool {
        let mut least = 0_i64;
        for leg in legs {
            if leg.kind == KIND_COLLATERAL && leg.next != leg.quantity {
                let (asset, flow) = (self.asset(leg), self.flow(leg.sold()));
                let mark = (leg.instrument, leg.market);
                let brought = self.market.surely_brings(asset, mark, self.before(asset), flow);
                least = least.saturating_add(brought);
            }
        }
        least > self.terms.cost(repaid)
    }

    /// Whether some part of what is proposed could earn anything, sold at the market's marks: if
    /// the whole could not, no part can.
    fn may_be_worth_it(&self, legs: &[LegState], repaid: i64) -> bool {
        let sold = legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
        let sold = self.money(sold.map(LegState::sold_value).sum());
        sold > self.terms.cost(repaid)
    }

    /// Of 2^10 sizes up to `most` the one that earns most, or a very small one where gas is free;
    /// 0 where even that earns nothing.
    fn most_profitable(
        &mut self,
        legs: &mut [LegState],
        most: u32,
        propose: &mut impl FnMut(u32, &mut [LegState]),
    ) -> u32 {
        let has_gas = self.terms.gas() > 0;
        let mut profit = |size: u32| {
            propose(size, legs);
            self.profit(legs, self.repaid(legs))
        };
        let part = (most >> PARTS_LOG2).max(1);
        let mut n_parts = 0;
        if has_gas {
            for bit in (0..PARTS_LOG2).rev() {
                let size = (n_parts + (1 << bit)) * part;
                if size < most && profit(size) > profit(size - part) {
                    n_parts += 1 << bit;
                }
            }
        }
        let best = n_parts.max(1) * part;
        if best < most && profit(best) > 0 { best } else { 0 }
    }

    /// What is taken of a proposal that is too large.
    #[cold]
    fn smaller<P: FnMut(u32, &mut [LegState])>(
        &mut self,
        legs: &mut [LegState],
        mut most: u32,
        propose: &mut P,
    ) -> u32 {
        let capital = self.means.capital;
        let mut repaid = self.repaid(legs);
        if repaid > capital {
            most = Self::largest(0, most, |size| {
                propose(size, legs);
                self.repaid(legs) <= capital
            });
            propose(most, legs);
            repaid = self.repaid(legs);
        }
        if most == 0 || self.terms.decline == 0 || self.is_worth_it(legs, repaid) {
            return most;
        }
        if !self.may_be_worth_it(legs, repaid) {
            return 0;
        }
        let best = self.most_profitable(legs, most, propose);
        if best == 0 {
            return 0;
        }
        let size = Self::largest(best, most, |size| {
            propose(size, legs);
            self.profit(legs, self.repaid(legs)) > 0
        });
        propose(size, legs);
        size
    }

    /// The largest size in `least..most` for which `holds`, which does at `least` and not at
    /// `most`.
    fn largest(mut least: u32, mut most: u32, mut holds: impl FnMut(u32) -> bool) -> u32 {
        while most - least > 1 {
            let middle = least + (most - least) / 2;
            if holds(middle) {
                least = middle;
            } else {
                most = middle;
            }
        }
        least
    }
}

impl Counterparty for Desk<'_, '_> {
    /// What capital permits; of that all, if it earns something, else the most that does.
    ///
    /// Profit is concave in the size, but for rounding. With gas it may be positive between two
    /// sizes only; a part of the size that earns most, of 2^10, stands between them.
    #[inline(always)]
    fn size<P: FnMut(u32, &mut [LegState])>(
        &mut self,
        legs: &mut [LegState],
        most: u32,
        propose: &mut P,
    ) -> u32 {
        propose(most, legs);
        let repaid = self.repaid(legs);
        let is_affordable = repaid <= self.means.capital;
        if is_affordable && (self.terms.decline == 0 || self.is_worth_it(legs, repaid)) {
            return most;
        }
        self.smaller(legs, most, propose)
    }

    #[inline(always)]
    fn take(&mut self, legs: &[LegState]) {
        if self.terms.has_limited_capital() {
            self.means.capital -= self.repaid(legs);
        }
        for leg in legs {
            if leg.kind == KIND_COLLATERAL && leg.next != leg.quantity {
                self.market.sell(self.asset(leg), self.flow(leg.sold()));
            }
        }
    }

    /// Longs are sold and shorts bought back, one market after another.
    fn close(&mut self, legs: &[LegState]) -> u64 {
        let mut slippage = 0_i64;
        for leg in legs.iter().filter(|leg| leg.kind == KIND_PERP) {
            let asset = self.asset(leg);
            let units = self.flow(leg.quantity.unsigned_abs());
            let flow = if leg.quantity < 0 { -units } else { units };
            let value = self.money(leg.signed_market_value().unsigned_abs());
            let value = if leg.quantity < 0 { -value } else { value };
            if let Some(brought) = self.brings(asset, flow) {
                slippage = slippage.saturating_add(value.saturating_sub(brought).max(0));
            }
            self.market.sell(asset, flow);
        }
        let shift = self.position.money_shift;
        let most = MOST_SLIPPAGE >> shift;
        ((slippage as u64).min(most)) << shift
    }

    /// The fund pays for a loss as far as it goes, and takes its fee of what is left.
    fn settle(&mut self, left: i64, notional: u64) -> i64 {
        let venue = self.position.action as usize;
        let shift = self.position.money_shift;
        if left >= 0 {
            let fee = scale_q31(notional, self.fund.fee).min(left.unsigned_abs());
            self.means.funds[venue] += self.money(fee);
            return 0;
        }
        let paid = self.money(left.unsigned_abs()).min(self.means.funds[venue]);
        self.means.funds[venue] -= paid;
        self.means.lowest[venue] = self.means.lowest[venue].min(self.means.funds[venue]);
        left + (paid << shift)
    }
}
