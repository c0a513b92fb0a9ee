//! One position on a path: when it may be liquidated, who comes first, what is left of it.

use shortfall::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, LegState};
use shortfall::book::action::{ACTION_CLOSE_OUT, AccountFacts, Action};
use shortfall::fixed::{mul_hi, ratio_q32, weigh};
use shortfall::program::Program;
use shortfall::program::layout::{LegRow, PositionRow, from_words};

use super::market::Market;

pub(crate) struct Account<'a> {
    program: &'a Program,
    pub(crate) row: &'a PositionRow,
    pub(crate) rows: &'a [LegRow],
    pub(crate) legs: Vec<LegState>,
    pub(crate) is_defaulted: bool,
    pub(crate) is_over: bool,
    /// Step of its last event.
    pub(crate) last_event: usize,
}

impl<'a> Account<'a> {
    pub(crate) fn at_opening(program: &'a Program, idx: usize) -> Self {
        let row = &program.positions[idx];
        let rows = program.legs_of(row);
        let legs = rows.iter().map(|row| row.state(row.quantity, 0)).collect();
        Self { program, row, rows, legs, is_defaulted: false, is_over: false, last_event: 0 }
    }

    pub(crate) fn action(&self) -> &'a Action {
        &self.program.actions[self.row.action as usize]
    }

    pub(crate) fn facts(&self) -> AccountFacts {
        self.row.facts()
    }

    pub(crate) fn is_perpetual(&self) -> bool {
        self.action().kind == ACTION_CLOSE_OUT
    }

    /// The asset of each instrument.
    pub(crate) fn assets(&self) -> Vec<usize> {
        self.program.instruments.iter().map(|row| row.asset as usize).collect()
    }

    pub(crate) fn set_marks(&mut self, market: &Market<'_>) {
        for (leg, row) in self.legs.iter_mut().zip(self.rows) {
            (leg.mark, leg.market) = market.marks(row.instrument);
            leg.lost = 0;
        }
    }

    /// Σ quantity x mark of a kind, as read.
    fn value(&self, kind: u32) -> i128 {
        let legs = self.legs.iter().filter(|leg| leg.kind == kind);
        legs.map(|leg| i128::from(leg.quantity) * i128::from(leg.mark)).sum()
    }

    /// The same on the market.
    fn market_value(&self, kind: u32) -> i128 {
        let legs = self.legs.iter().filter(|leg| leg.kind == kind);
        legs.map(|leg| i128::from(leg.quantity) * i128::from(leg.market)).sum()
    }

    fn weighted(&self) -> i128 {
        let legs = self.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
        let weighed = |leg: &LegState| i128::from(weigh(leg.quantity as u32, leg.threshold));
        legs.map(|leg| weighed(leg) * i128::from(leg.mark)).sum()
    }

    /// What perpetuals add to the surplus: of each the least over its tiers.
    fn tiered(&self) -> i128 {
        let perps = self.legs.iter().zip(self.rows).filter(|(leg, _)| leg.kind == KIND_PERP);
        let least = |leg: &LegState, row: &LegRow| {
            let tiers = self.program.tiers_of(row).iter();
            let surplus = tiers.map(|tier| {
                let slope = i128::from(tier.coefficient) * i128::from(leg.mark);
                slope + i128::from(from_words(tier.deduction))
            });
            surplus.min().unwrap_or(0)
        };
        perps.map(|(leg, row)| least(leg, row)).sum()
    }

    /// What an account's margin is worth before its perpetuals.
    fn margin_value(&self) -> i128 {
        i128::from(from_words(self.row.constant)) + self.weighted() + self.value(KIND_FUNDING)
    }

    pub(crate) fn is_breached(&self) -> bool {
        let tie = i128::from(from_words(self.row.tie));
        if self.is_perpetual() {
            self.margin_value() + self.tiered() + tie < 0
        } else {
            self.weighted() + tie < self.value(KIND_DEBT)
        }
    }

    /// Nothing more can happen: no debt or no collateral is left, or all is closed.
    pub(crate) fn is_settled(&self) -> bool {
        let is_empty = |kind| self.legs.iter().all(|leg| leg.kind != kind || leg.quantity == 0);
        if self.is_perpetual() {
            is_empty(KIND_PERP)
        } else {
            is_empty(KIND_DEBT) || is_empty(KIND_COLLATERAL)
        }
    }

    /// Debt, or notional of perpetuals, on the market.
    pub(crate) fn exposure(&self) -> u64 {
        let exposed = self.legs.iter().filter(|leg| [KIND_DEBT, KIND_PERP].contains(&leg.kind));
        let values = exposed.map(|leg| i128::from(leg.quantity) * i128::from(leg.market));
        values.map(i128::unsigned_abs).sum::<u128>() as u64
    }

    pub(crate) fn exposure_money(&self) -> i64 {
        (self.exposure() >> self.row.money_shift) as i64
    }

    /// Health in basis points as read; lowest first.
    pub(crate) fn health_key(&self) -> u32 {
        let (held, needed) = if self.is_perpetual() {
            let perps = self.value(KIND_PERP);
            (self.margin_value() + perps, perps - self.tiered())
        } else {
            (self.weighted(), self.value(KIND_DEBT))
        };
        if held <= 0 || needed <= 0 {
            return 0;
        }
        mul_hi(ratio_q32(held as u64, needed as u64), 10_000)
    }

    /// The exposure as its leading bit and the 26 bits below; largest first.
    pub(crate) fn size_key(&self) -> u32 {
        let exposure = self.exposure() >> self.row.money_shift;
        let Some(leading) = exposure.checked_ilog2() else { return u32::MAX };
        let below = u128::from(exposure - (1 << leading)) << 26 >> leading;
        u32::MAX - (leading << 26 | below as u32)
    }

    /// What the market's marks cannot repay at the horizon: stranded, under water.
    pub(crate) fn left_over(&self) -> Option<(i64, i64)> {
        let is_late = self.program.liquidity.as_ref().is_some_and(|it| !it.feeds.is_empty());
        if !self.is_defaulted && !is_late {
            return None;
        }
        if self.is_perpetual() {
            let held = self.market_value(KIND_COLLATERAL) + self.market_value(KIND_FUNDING);
            let constant = i128::from(from_words(self.row.constant));
            let equity = constant + held + self.market_value(KIND_PERP);
            let is_open = !self.is_over && equity < 0;
            return is_open.then(|| (0, (-equity >> self.row.money_shift) as i64));
        }
        let lacking = self.market_value(KIND_DEBT) - self.market_value(KIND_COLLATERAL);
        if lacking <= 0 {
            return None;
        }
        let loss = (lacking >> self.row.money_shift) as i64;
        let is_stranded =
            self.legs.iter().all(|leg| leg.kind != KIND_COLLATERAL || leg.quantity == 0);
        Some(if is_stranded { (loss, 0) } else { (0, loss) })
    }
}
