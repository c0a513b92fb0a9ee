//! The other side of every liquidation: how much liquidators take of it and with which means, and
//! what insurance funds bear.

use super::account::{Account, on_market};
use super::market::Market;
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_PERP, LegState};
use crate::fixed::{MARK_BITS, scale_q31};
use crate::program::Program;
use crate::program::liquidity::{DUST, Liquidity, MOST_SLIPPAGE, PARTS_LOG2};

/// What liquidators and funds have left.
#[derive(Debug, Clone)]
pub(super) struct Means {
    /// Debt that can still be repaid in this step, money.
    pub(super) capital: i64,
    /// Events that this step still has room for.
    pub(super) n_free: u32,
    /// What the insurance fund of each venue holds, money.
    pub(super) funds: Vec<i64>,
    /// The least that it has held.
    pub(super) lowest: Vec<i64>,
}

impl Means {
    /// A path begins, with what the opening has left of the funds.
    pub(super) fn begin(liquidity: &Liquidity) -> Self {
        let initial: Vec<i64> = liquidity.funds.iter().map(|fund| fund.initial()).collect();
        let (funds, lowest) = match &liquidity.standing {
            Some(standing) => (standing.funds.clone(), standing.lowest.clone()),
            None => (initial.clone(), initial),
        };
        let terms = &liquidity.terms;
        Self { capital: terms.capital(), n_free: terms.per_step, funds, lowest }
    }

    /// A step begins, the first with what the opening has left of its allowance.
    pub(super) fn begin_step(&mut self, liquidity: &Liquidity, step: usize) {
        let terms = &liquidity.terms;
        let standing = liquidity.standing.as_ref().filter(|_| step == 0);
        self.capital = terms.capital() - standing.map_or(0, |it| it.capital);
        self.n_free = terms.per_step - standing.map_or(0, |it| it.n_events);
    }
}

/// Sets `next` of every leg to what a call of a size leaves of it.
type Propose<'p> = &'p dyn Fn(u32, &mut [LegState]);

/// The other side of one event of one account.
pub(super) struct Desk<'d, 'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    means: &'d mut Means,
    market: &'d mut Market<'a>,
    venue: usize,
    money_shift: u32,
    /// What this event has sold so far, by asset.
    own: Vec<i64>,
}

impl<'d, 'a> Desk<'d, 'a> {
    pub(super) fn of(
        account: &Account<'_>,
        (program, liquidity): (&'a Program, &'a Liquidity),
        means: &'d mut Means,
        market: &'d mut Market<'a>,
    ) -> Self {
        let venue = account.position.action as usize;
        let money_shift = account.position.money_shift;
        let own = vec![0; liquidity.assets.len()];
        Self { program, liquidity, means, market, venue, money_shift, own }
    }

    fn money(&self, fine: u128) -> i128 {
        (fine >> self.money_shift) as i128
    }

    fn asset(&self, leg: &LegState) -> usize {
        self.program.instruments[leg.instrument as usize].asset as usize
    }

    /// Units as money of value at a mark of 1.
    fn flow(&self, units: u32) -> i64 {
        self.money(u128::from(units) << MARK_BITS) as i64
    }

    /// What a proposed call gives its liquidator of a leg, as a flow into its market: all that it
    /// seizes but the protocol's share, which is not sold.
    fn sold(&self, leg: &LegState) -> i64 {
        self.flow(leg.sold())
    }

    /// Value on the market of all that is sold after a proposed call, money.
    fn sold_value(&self, legs: &[LegState]) -> i128 {
        let legs = legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
        self.money(legs.map(|leg| u128::from(leg.sold_value())).sum())
    }

    /// Value on the market of all that a proposed call takes of one kind, money.
    fn taken(&self, legs: &[LegState], kind: u32) -> i128 {
        let legs = legs.iter().filter(|leg| leg.kind == kind);
        self.money(legs.map(|leg| u128::from(leg.taken())).sum())
    }

    /// What a sale brings after the sales that this event knows of; `None` where the market is
    /// infinitely deep.
    fn brings(&self, asset: usize, flow: i64) -> Option<i128> {
        let before = if self.liquidity.terms.in_turn == 1 {
            self.market.flow(asset)
        } else {
            self.market.pending(asset) + self.own[asset]
        };
        self.market.brings(asset, before, flow)
    }

    /// What a proposed call earns its liquidator.
    fn profit(&self, legs: &[LegState]) -> i128 {
        let proceeds = legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL).map(|leg| {
            let brought = self.brings(self.asset(leg), self.sold(leg));
            brought.unwrap_or_else(|| self.money(leg.sold_value().into()))
        });
        proceeds.sum::<i128>() - self.cost(self.taken(legs, KIND_DEBT))
    }

    /// What a call that repays a debt must bring at least: the debt, the margin on it, and gas.
    fn cost(&self, repaid: i128) -> i128 {
        let terms = &self.liquidity.terms;
        repaid + ((repaid * i128::from(terms.margin)) >> 31) + i128::from(terms.gas())
    }

    /// The size at which a call of up to `most` is taken: of all that capital permits the whole, or
    /// the most that earns something; 0 for not at all.
    pub(super) fn size(&self, legs: &mut [LegState], most: u32, propose: Propose<'_>) -> u32 {
        let affordable = self.affordable(legs, most, propose);
        if affordable == 0 || self.liquidity.terms.decline == 0 {
            return affordable;
        }
        self.profitable(legs, affordable, propose)
    }

    fn affordable(&self, legs: &mut [LegState], most: u32, propose: Propose<'_>) -> u32 {
        let mut is_affordable = |size| {
            propose(size, legs);
            self.taken(legs, KIND_DEBT) <= i128::from(self.means.capital)
        };
        if is_affordable(most) { most } else { largest(0, most, is_affordable) }
    }

    /// Profit is concave in the size, but for rounding. With gas it may be positive between two
    /// sizes only: of 2^10 parts of the size the one that earns most stands between them.
    fn profitable(&self, legs: &mut [LegState], most: u32, propose: Propose<'_>) -> u32 {
        let gas = i128::from(self.liquidity.terms.gas());
        propose(most, legs);
        let (sold, repaid) = (self.sold_value(legs), self.taken(legs, KIND_DEBT));
        // Dust, whose profit rounding hides, is taken where gas is free: it would wait for ever.
        let is_dust = gas == 0 && repaid < i128::from(DUST);
        if is_dust || self.profit(legs) > 0 {
            return most;
        }
        // If the whole earns nothing at the market's marks, no part does.
        if sold <= self.cost(repaid) {
            return 0;
        }
        let mut profit = |size| {
            propose(size, legs);
            self.profit(legs)
        };
        let part = (most >> PARTS_LOG2).max(1);
        let mut n_parts = 0;
        if gas > 0 {
            for bit in (0..PARTS_LOG2).rev() {
                let size = (n_parts + (1 << bit)) * part;
                if size < most && profit(size) > profit(size - part) {
                    n_parts += 1 << bit;
                }
            }
        }
        let best = n_parts.max(1) * part;
        if best >= most || profit(best) <= 0 {
            return 0;
        }
        largest(best, most, |size| profit(size) > 0)
    }

    /// A call is carried out: capital pays for it, and its collateral is sold.
    pub(super) fn take(&mut self, legs: &[LegState]) {
        if self.liquidity.terms.has_limited_capital() {
            self.means.capital -= self.taken(legs, KIND_DEBT) as i64;
        }
        for leg in legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL) {
            self.sell(self.asset(leg), self.sold(leg));
        }
    }

    fn sell(&mut self, asset: usize, flow: i64) {
        self.market.sell(asset, flow);
        self.own[asset] += flow;
    }

    /// Longs are sold and shorts bought back, one market after another: what that costs beyond the
    /// market's marks, a fine value.
    pub(super) fn close(&mut self, legs: &[LegState]) -> u64 {
        let mut slippage = 0;
        for leg in legs.iter().filter(|leg| leg.kind == KIND_PERP) {
            let (asset, sign) = (self.asset(leg), i64::from(leg.quantity.signum()));
            let flow = sign * self.flow(leg.quantity.unsigned_abs());
            let value = i128::from(sign) * self.money(on_market(leg).unsigned_abs());
            let brought = self.brings(asset, flow).unwrap_or(value);
            slippage += (value - brought).max(0);
            self.sell(asset, flow);
        }
        let most = MOST_SLIPPAGE >> self.money_shift;
        (slippage.min(most.into()) as u64) << self.money_shift
    }

    /// An account of such a notional is closed with so much left, fine values: the venue's fund
    /// takes its fee of it, or pays for a loss as far as it goes. The rest of the loss is returned.
    pub(super) fn settle(&mut self, left: i128, notional: u64) -> u64 {
        let fee = self.liquidity.funds[self.venue].fee;
        let fee = i128::from(scale_q31(notional, fee)).min(left);
        let loss = left.min(0).unsigned_abs();
        let [fee, lacking] = [fee.max(0) as u128, loss].map(|fine| self.money(fine) as i64);
        let (fund, lowest) =
            (&mut self.means.funds[self.venue], &mut self.means.lowest[self.venue]);
        let paid = lacking.min(*fund);
        *fund += fee - paid;
        *lowest = (*fund).min(*lowest);
        loss as u64 - ((paid as u64) << self.money_shift)
    }
}

/// The largest size for which something holds, between one for which it does and one for which it
/// does not.
fn largest(mut holds: u32, mut fails: u32, mut test: impl FnMut(u32) -> bool) -> u32 {
    while fails - holds > 1 {
        let middle = holds + (fails - holds) / 2;
        if test(middle) {
            holds = middle;
        } else {
            fails = middle;
        }
    }
    holds
}
