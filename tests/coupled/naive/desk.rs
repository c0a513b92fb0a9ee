//! Who takes what is liquidated: with how much capital, at which size, at whose loss.

use shortfall::book::account::{KIND_COLLATERAL, KIND_PERP, LegState};
use shortfall::book::action::Counterparty;
use shortfall::fixed::scale_q31;
use shortfall::program::liquidity::{FundRow, LiquidationTerms, Liquidity};

use super::market::Market;

/// Calls that repay less money are taken as they are where calls cost nothing.
const DUST: i128 = 1 << 10;
/// Slippage takes no more from an account, a fine value.
const MOST_SLIPPAGE: i128 = 1 << 61;

/// What a desk came to, so that no comparison holds for want of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) n_short_of_capital: u32,
    pub(crate) n_without_capital: u32,
    pub(crate) n_declined: u32,
    pub(crate) n_smaller: u32,
    pub(crate) n_searched: u32,
    pub(crate) n_waiting: u32,
    pub(crate) n_slipped: u32,
    pub(crate) n_drawn: u32,
    pub(crate) n_paid_in: u32,
}

/// The capital of a step, and the insurance funds of a path.
pub(crate) struct Desk {
    pub(crate) terms: LiquidationTerms,
    pub(crate) capital: i128,
    pub(crate) funds: Vec<Fund>,
    pub(crate) reached: Reached,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fund {
    row: FundRow,
    held: i64,
    lowest: i64,
}

impl Fund {
    pub(crate) fn new(liquidity: &Liquidity, idx: usize) -> Self {
        let row = liquidity.funds[idx];
        let standing = liquidity.standing.as_ref();
        let initial = row.initial();
        let held = standing.map_or(initial, |it| it.funds[idx]);
        Self { row, held, lowest: standing.map_or(initial, |it| it.lowest[idx]) }
    }

    /// By how much it was below its size at the lowest, and whether that was all.
    pub(crate) fn words(&self) -> [i64; 2] {
        let initial = self.row.initial();
        [initial - self.lowest, i64::from(initial > 0 && self.lowest == 0)]
    }
}

/// One event of one position.
pub(crate) struct Deal<'d, 'm, 'a> {
    pub(crate) desk: &'d mut Desk,
    pub(crate) market: &'m mut Market<'a>,
    /// The asset of each instrument.
    pub(crate) assets: Vec<usize>,
    pub(crate) shift: u32,
    pub(crate) venue: usize,
    /// What this event has sold so far, by asset.
    pub(crate) own: Vec<i64>,
}

type Propose<'p> = &'p mut dyn FnMut(u32, &mut [LegState]);

/// The largest size of which something holds, between one where it does and one where it does not.
fn bisect(mut holds: u32, mut fails: u32, mut test: impl FnMut(u32) -> bool) -> u32 {
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

impl Deal<'_, '_, '_> {
    fn money(&self, fine: u128) -> i128 {
        (fine >> self.shift) as i128
    }

    fn asset(&self, leg: &LegState) -> usize {
        self.assets[leg.instrument as usize]
    }

    /// Money at opening value of so many units.
    fn flow_of(&self, units: u32) -> i64 {
        ((u64::from(units) << 24) >> self.shift) as i64
    }

    /// Σ of what the proposed liquidation takes, collateral or debt, on the market.
    fn taken(&self, legs: &[LegState], is_collateral: bool) -> i128 {
        let legs = legs.iter().filter(|leg| (leg.kind == KIND_COLLATERAL) == is_collateral);
        self.money(legs.map(|leg| u128::from(leg.taken())).sum())
    }

    fn before(&self, asset: usize) -> i64 {
        let is_in_turn = self.desk.terms.in_turn == 1;
        if is_in_turn {
            self.market.flow(asset)
        } else {
            self.market.pending(asset) + self.own[asset]
        }
    }

    fn profit(&self, legs: &[LegState]) -> i128 {
        let mut proceeds = 0;
        for leg in legs {
            if leg.kind == KIND_COLLATERAL {
                let asset = self.asset(leg);
                let flow = self.flow_of((leg.quantity - leg.next) as u32);
                let brings = self.market.brings(asset, self.before(asset), flow);
                proceeds += brings.unwrap_or_else(|| self.money(leg.taken().into()));
            }
        }
        proceeds - self.taken(legs, false) - i128::from(self.desk.terms.gas())
    }

    fn affordable(&mut self, legs: &mut [LegState], most: u32, propose: Propose<'_>) -> u32 {
        propose(most, legs);
        let capital = self.desk.capital;
        if self.taken(legs, false) <= capital {
            return most;
        }
        self.desk.reached.n_short_of_capital += 1;
        bisect(0, most, |size| {
            propose(size, legs);
            self.taken(legs, false) <= capital
        })
    }

    /// The size that a desk with a choice takes of what it can afford.
    fn wanted(&mut self, legs: &mut [LegState], most: u32, propose: Propose<'_>) -> u32 {
        let gas = i128::from(self.desk.terms.gas());
        propose(most, legs);
        let (repaid, seized) = (self.taken(legs, false), self.taken(legs, true));
        if gas == 0 && repaid < DUST || self.profit(legs) > 0 {
            return most;
        }
        if seized <= repaid + gas {
            return 0;
        }
        let mut profit_at = |size: u64| {
            propose(size as u32, legs);
            self.profit(legs)
        };
        let part = u64::from((most >> 10).max(1));
        let mut n_parts = 0;
        if gas > 0 {
            for bit in (0..10).rev().map(|bit| 1 << bit) {
                let size = (n_parts + bit) * part;
                if size < u64::from(most) && profit_at(size) > profit_at(size - part) {
                    n_parts += bit;
                }
            }
        }
        let best = n_parts.max(1) * part;
        if best >= u64::from(most) || profit_at(best) <= 0 {
            return 0;
        }
        self.desk.reached.n_searched += u32::from(n_parts > 0);
        bisect(best as u32, most, |size| {
            propose(size, legs);
            self.profit(legs) > 0
        })
    }

    fn register(&mut self, asset: usize, flow: i64) {
        self.market.sell(asset, flow);
        self.own[asset] += flow;
    }
}

impl Counterparty for Deal<'_, '_, '_> {
    fn size<P: FnMut(u32, &mut [LegState])>(
        &mut self,
        legs: &mut [LegState],
        most: u32,
        propose: &mut P,
    ) -> u32 {
        let affordable = self.affordable(legs, most, propose);
        if affordable == 0 {
            self.desk.reached.n_without_capital += 1;
            return 0;
        }
        let has_choice = self.desk.terms.decline == 1;
        let size = if has_choice { self.wanted(legs, affordable, propose) } else { affordable };
        self.desk.reached.n_declined += u32::from(size == 0);
        self.desk.reached.n_smaller += u32::from(size != 0 && size < affordable);
        propose(size, legs);
        size
    }

    fn take(&mut self, legs: &[LegState]) {
        self.desk.capital -= self.taken(legs, false);
        for leg in legs {
            if leg.kind == KIND_COLLATERAL {
                let flow = self.flow_of((leg.quantity - leg.next) as u32);
                self.register(self.asset(leg), flow);
            }
        }
    }

    fn close(&mut self, legs: &[LegState]) -> u64 {
        let mut slippage = 0;
        for leg in legs.iter().filter(|leg| leg.kind == KIND_PERP) {
            let asset = self.asset(leg);
            let units = leg.quantity.unsigned_abs();
            let value = self.money(u128::from(units) * u128::from(leg.market));
            let sign = if leg.quantity < 0 { -1 } else { 1 };
            let flow = sign * self.flow_of(units);
            let value = i128::from(sign) * value;
            let brings = self.market.brings(asset, self.before(asset), flow).unwrap_or(value);
            slippage += (value - brings).max(0);
            self.register(asset, flow);
        }
        self.desk.reached.n_slipped += u32::from(slippage > 0);
        (slippage.min(MOST_SLIPPAGE >> self.shift) << self.shift) as u64
    }

    fn settle(&mut self, left: i64, notional: u64) -> i64 {
        let fund = &mut self.desk.funds[self.venue];
        if left >= 0 {
            let paid = scale_q31(notional, fund.row.fee).min(left as u64) >> self.shift;
            fund.held += paid as i64;
            self.desk.reached.n_paid_in += u32::from(paid > 0);
            return 0;
        }
        let loss = left.unsigned_abs() as i64;
        let borne = (loss >> self.shift).min(fund.held);
        fund.held -= borne;
        fund.lowest = fund.lowest.min(fund.held);
        self.desk.reached.n_drawn += u32::from(borne > 0);
        (borne << self.shift) - loss
    }
}
