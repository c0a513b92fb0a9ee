//! One position on its way along a path: whether it is breached, when its turn comes, what it
//! leaves at the horizon.

use super::market::Market;
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, LegState};
use crate::book::action::Action;
use crate::fixed::{mul_hi, ratio_q32, scale_q32};
use crate::program::Program;
use crate::program::layout::{LegRow, PositionRow, from_words};
use crate::program::liquidity::LiquidationTerms;

/// A position, its legs at the present marks.
#[derive(Debug, Clone)]
pub(super) struct Account<'a> {
    program: &'a Program,
    /// Its index in the program.
    pub(super) idx: usize,
    pub(super) position: &'a PositionRow,
    /// In the order of `legs`.
    pub(super) rows: &'a [LegRow],
    pub(super) legs: Vec<LegState>,
    /// What was at stake when it was breached for the first time, money.
    pub(super) exposure: Option<i64>,
    /// The last step in which its venue's action ran.
    pub(super) last_event: usize,
    /// Nothing more can happen to it.
    pub(super) is_over: bool,
}

/// Quantity x mark, as the venue reads it.
fn read(leg: &LegState) -> i128 {
    i128::from(leg.quantity) * i128::from(leg.mark)
}

/// Quantity x mark, on the market.
pub(super) fn on_market(leg: &LegState) -> i128 {
    i128::from(leg.quantity) * i128::from(leg.market)
}

/// Collateral x liquidation threshold.
fn weighted(leg: &LegState) -> i128 {
    i128::from(leg.weighted_quantity()) * i128::from(leg.mark)
}

/// The sum of one value over legs of one kind.
fn sum(legs: &[LegState], kind: u32, value: impl Fn(&LegState) -> i128) -> i128 {
    legs.iter().filter(|leg| leg.kind == kind).map(value).sum()
}

/// The sums that a lending rule asks for at the marks that the venue reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    /// Collateral x liquidation threshold.
    pub(super) weighted: i128,
    pub(super) collateral: i128,
    pub(super) debt: i128,
}

impl Sums {
    pub(super) fn of(legs: &[LegState]) -> Self {
        Self {
            weighted: sum(legs, KIND_COLLATERAL, weighted),
            collateral: sum(legs, KIND_COLLATERAL, read),
            debt: sum(legs, KIND_DEBT, read),
        }
    }
}

impl<'a> Account<'a> {
    /// A position as its rows have it.
    pub(super) fn at_opening(program: &'a Program, idx: usize) -> Self {
        let position = &program.positions[idx];
        let rows = program.legs_of(position);
        let legs = rows.iter().map(|row| row.state(row.quantity, 0)).collect();
        let (exposure, last_event, is_over) = (None, 0, false);
        Self { program, idx, position, rows, legs, exposure, last_event, is_over }
    }

    /// The rule of its venue.
    pub(super) fn action(&self) -> &'a Action {
        &self.program.actions[self.position.action as usize]
    }

    pub(super) fn is_perpetual(&self) -> bool {
        self.action().holds_perps()
    }

    /// A fine value as money.
    pub(super) fn money(&self, fine: u64) -> i64 {
        (fine >> self.position.money_shift) as i64
    }

    /// Puts the legs at the present marks; nothing is lost at them yet.
    pub(super) fn set_marks(&mut self, market: &Market<'_>) {
        for leg in &mut self.legs {
            [leg.mark, leg.market] = market.marks[leg.instrument as usize];
            leg.lost = 0;
        }
    }

    /// Whether the rule lets it be liquidated: its margin surplus is below 0.
    pub(super) fn is_breached(&self) -> bool {
        self.surplus() < 0
    }

    /// constant + tie + threshold x collateral - debt + funding + the least over the tiers of each
    /// perpetual.
    fn surplus(&self) -> i128 {
        let legs = &self.legs;
        i128::from(self.position.surplus_constant()) + sum(legs, KIND_COLLATERAL, weighted)
            - sum(legs, KIND_DEBT, read)
            + sum(legs, KIND_FUNDING, read)
            + self.tiered()
    }

    /// What perpetuals add to the surplus: notional less maintenance margin, which is the least
    /// over the tiers.
    fn tiered(&self) -> i128 {
        let tiered = self.rows.iter().zip(&self.legs).filter_map(|(row, leg)| {
            let tiers = self.program.tiers_of(row).iter();
            let lines = tiers.map(|tier| {
                i128::from(tier.coefficient) * i128::from(leg.mark)
                    + i128::from(from_words(tier.deduction))
            });
            lines.min()
        });
        tiered.sum()
    }

    /// Nothing is left to liquidate of it: it is closed, or owes nothing, or owns nothing.
    pub(super) fn is_settled(&self) -> bool {
        let is_empty = |kind| self.legs.iter().all(|leg| leg.kind != kind || leg.quantity == 0);
        is_empty(KIND_DEBT) || is_empty(KIND_COLLATERAL)
    }

    /// Whether it owes anything, or has an open perpetual.
    pub(super) fn is_exposed(&self) -> bool {
        self.exposed().any(|leg| leg.quantity != 0)
    }

    fn exposed(&self) -> impl Iterator<Item = &LegState> {
        self.legs.iter().filter(|leg| leg.kind == KIND_DEBT || leg.kind == KIND_PERP)
    }

    /// Debt, or the notional of perpetuals, on the market: money.
    pub(super) fn exposure_now(&self) -> i64 {
        let fine: u128 = self.exposed().map(|leg| on_market(leg).unsigned_abs()).sum();
        self.money(fine as u64)
    }

    /// Where it stands in the order of liquidation: the lowest comes first.
    pub(super) fn turn(&self, terms: &LiquidationTerms) -> u32 {
        if terms.largest_first == 1 { self.by_size() } else { self.by_health() }
    }

    /// The largest exposure first, compared by its leading bit and the 26 bits below.
    fn by_size(&self) -> u32 {
        let exposure = self.exposure_now().unsigned_abs();
        let Some(leading) = exposure.checked_ilog2() else { return u32::MAX };
        let below = (u128::from(exposure - (1 << leading)) << 26) >> leading;
        u32::MAX - (leading << 26 | below as u32)
    }

    /// The worst health first, in basis points: what counts over what it must cover.
    fn by_health(&self) -> u32 {
        let legs = &self.legs;
        let (held, needed) = if self.is_perpetual() {
            let constant = i128::from(from_words(self.position.constant));
            let perps = sum(legs, KIND_PERP, read);
            let margin = constant + sum(legs, KIND_COLLATERAL, weighted);
            (margin + sum(legs, KIND_FUNDING, read) + perps, perps - self.tiered())
        } else {
            (sum(legs, KIND_COLLATERAL, weighted), sum(legs, KIND_DEBT, read))
        };
        if held <= 0 || needed <= 0 {
            return 0;
        }
        mul_hi(ratio_q32(held as u64, needed as u64), 10_000)
    }

    /// Account value on the market: margin, profit and loss of perpetuals, funding.
    pub(super) fn equity(&self) -> i128 {
        let values: i128 = self.legs.iter().map(on_market).sum();
        i128::from(from_words(self.position.constant)) + values
    }

    /// The perpetual of the largest notional on the market, the first of equals: it bears what the
    /// account lacks.
    pub(super) fn largest_perp(&self) -> Option<usize> {
        let perps = (0..self.legs.len()).filter(|idx| self.legs[*idx].kind == KIND_PERP);
        let notional = |idx: &usize| on_market(&self.legs[*idx]).unsigned_abs();
        perps.rev().max_by_key(notional)
    }

    /// Of an account whose collateral is on auction the penalty is owed to none: its debt is the
    /// word of what is due.
    fn drop_penalty(&mut self) {
        let n_words = self.action().n_state_words();
        let Some(words) = self.legs.len().checked_sub(n_words).filter(|_| n_words == 3) else {
            return;
        };
        let [due, begun] = [words, words + 2].map(|place| self.legs[place].quantity);
        for leg in self.legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT && begun != 0) {
            leg.quantity = leg.quantity.min(due);
        }
    }

    /// What it owes at the horizon and cannot repay at the market's marks, if anything: stranded
    /// without any collateral, or under water; its legs hold what each of them loses.
    pub(super) fn left_over(&mut self) -> Option<(i64, i64)> {
        if self.is_perpetual() {
            let lacking = -self.equity();
            let bearer = self.largest_perp().filter(|_| lacking > 0 && !self.is_over)?;
            self.legs[bearer].lost = lacking as u64;
            return Some((0, self.money(lacking as u64)));
        }
        self.drop_penalty();
        let debt = sum(&self.legs, KIND_DEBT, on_market);
        let lacking = debt - sum(&self.legs, KIND_COLLATERAL, on_market);
        if lacking <= 0 {
            return None;
        }
        let (lacking, debt) = (lacking as u64, debt as u64);
        for leg in self.legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
            let owed = on_market(leg) as u64;
            let is_all = lacking == debt;
            leg.lost = if is_all { owed } else { scale_q32(owed, ratio_q32(lacking, debt)) };
        }
        let loss = self.money(lacking);
        let is_stranded =
            self.legs.iter().all(|leg| leg.kind != KIND_COLLATERAL || leg.quantity == 0);
        Some(if is_stranded { (loss, 0) } else { (0, loss) })
    }
}
