//! What a path's defaults, liquidations and losses come to: its outcome, and the counters.

use crate::book::account::{
    Event, KIND_COLLATERAL, KIND_DEBT, KIND_PERP, LegState, Values, values,
};
use crate::book::action::{drop_penalty, equity, largest_perp};
use crate::engine::shape::shape;
use crate::fixed::{ratio_q32, scale_q32};
use crate::program::Program;
use crate::program::layout::{LegRow, PositionRow};
use crate::tail::{Counters, Outcome};

/// The outcome of the path being walked, and the counters of all paths since they were handed over.
pub(super) struct Ledger {
    pub(super) counters: Counters,
    pub(super) outcome: Outcome,
    events_by_step: Vec<u32>,
}

impl Ledger {
    pub(super) fn new(program: &Program) -> Self {
        Self {
            counters: Counters::new(shape(program)),
            outcome: Outcome::default(),
            events_by_step: vec![0; program.market.n_steps],
        }
    }

    /// A new path.
    pub(super) fn begin(&mut self) {
        self.outcome = Outcome::default();
        self.events_by_step.fill(0);
    }

    /// The path is walked.
    pub(super) fn finish(&mut self) -> Outcome {
        self.outcome.largest_step = self.events_by_step.iter().copied().max().unwrap_or(0);
        self.outcome
    }

    /// A position is breached for the first time, with that much at stake, money.
    pub(super) fn count_default(&mut self, idx: usize, exposure: u64) {
        self.outcome.n_defaults += 1;
        let count = &mut self.counters.positions[idx];
        count.n_defaults += 1;
        count.exposure += i128::from(exposure);
    }

    /// A position was liquidated; its legs hold what each of them lost.
    pub(super) fn count_event(
        &mut self,
        idx: usize,
        position: &PositionRow,
        rows: &[LegRow],
        step: usize,
        event: &Event,
        legs: &[LegState],
    ) {
        let repaid = (event.repaid >> position.money_shift) as i64;
        let written_off = (event.written_off >> position.money_shift) as i64;
        self.count_repaid(step, repaid);
        self.outcome.realised += written_off;
        if written_off != 0 {
            self.count_loss(idx, position, rows, step, written_off, legs);
        }
    }

    /// A position was liquidated in a step; so much was repaid, money.
    #[inline]
    pub(super) fn count_repaid(&mut self, step: usize, repaid: i64) {
        self.outcome.n_events += 1;
        self.outcome.liquidated += repaid;
        self.events_by_step[step] += 1;
        let count = &mut self.counters.steps[step];
        count.n_events += 1;
        count.liquidated += i128::from(repaid);
    }

    /// The horizon: what is owed on the market and cannot be repaid.
    pub(super) fn count_left_over(
        &mut self,
        idx: usize,
        position: &PositionRow,
        rows: &[LegRow],
        last_event: usize,
        legs: &mut [LegState],
    ) {
        for leg in legs.iter_mut() {
            leg.set_marks(leg.market);
        }
        drop_penalty(legs);
        let Values { collateral, debt, .. } = values(legs);
        if debt <= collateral {
            return;
        }
        spread_loss(legs, debt - collateral, debt);
        let loss = ((debt - collateral) >> position.money_shift) as i64;
        // A stranded debt is valued here, but it was lost when its collateral ran out.
        let is_stranded = legs.iter().all(|leg| leg.kind != KIND_COLLATERAL || leg.quantity == 0);
        let last = self.events_by_step.len() - 1;
        let (stranded, under_water, step) =
            if is_stranded { (loss, 0, last_event) } else { (0, loss, last) };
        self.outcome.stranded += stranded;
        self.outcome.under_water += under_water;
        self.count_loss(idx, position, rows, step, loss, legs);
    }

    /// The horizon: what an open account of perpetuals lacks at the market's marks; it is under
    /// water.
    pub(super) fn count_open_loss(
        &mut self,
        idx: usize,
        position: &PositionRow,
        rows: &[LegRow],
        legs: &mut [LegState],
    ) {
        let left = equity(position.facts(), legs);
        let Some(largest) = largest_perp(legs).filter(|_| left < 0) else { return };
        legs[largest].lost = left.unsigned_abs();
        let loss = (left.unsigned_abs() >> position.money_shift) as i64;
        let last = self.events_by_step.len() - 1;
        self.outcome.under_water += loss;
        self.count_loss(idx, position, rows, last, loss, legs);
    }

    /// Counts bad debt of a position: the whole by position and step, its legs' parts by pool.
    fn count_loss(
        &mut self,
        idx: usize,
        position: &PositionRow,
        rows: &[LegRow],
        step: usize,
        loss: i64,
        legs: &[LegState],
    ) {
        if loss == 0 {
            return;
        }
        self.counters.positions[idx].loss += i128::from(loss);
        self.counters.steps[step].loss += i128::from(loss);
        let mut rest = loss;
        let mut first_pool = None;
        for (leg, row) in legs.iter().zip(rows).filter(|(leg, _)| leg.lost > 0) {
            let part = ((leg.lost >> position.money_shift) as i64).min(rest);
            first_pool.get_or_insert(row.pool);
            self.counters.pools[row.pool as usize] += i128::from(part);
            rest -= part;
        }
        // What rounding down left over goes to the first, so that the pools add up.
        if let Some(pool) = first_pool {
            self.counters.pools[pool as usize] += i128::from(rest);
        }
    }
}

/// Debt, or the notional of perpetuals: what is exposed when a position defaults, money.
#[inline(always)]
pub(super) fn exposure(legs: &[LegState], position: &PositionRow) -> u64 {
    let mut fine = 0;
    for leg in legs {
        let exposed = leg.mask(KIND_DEBT) | leg.mask(KIND_PERP);
        fine += leg.signed_market_value().unsigned_abs() & exposed as u64;
    }
    fine >> position.money_shift
}

/// Whether anything is owed, or a perpetual is open.
#[inline(always)]
pub(super) fn is_exposed(legs: &[LegState]) -> bool {
    let is_of = |leg: &LegState| leg.kind == KIND_DEBT || leg.kind == KIND_PERP;
    legs.iter().any(|leg| is_of(leg) && leg.quantity != 0)
}

/// Nothing more can happen to a lending position: no debt is left, or no collateral of any
/// quantity.
#[inline(always)]
pub(super) fn is_over(legs: impl Iterator<Item = LegState>) -> bool {
    let (mut held, mut owed) = (0, 0);
    for leg in legs {
        held |= i64::from(leg.quantity) & leg.mask(KIND_COLLATERAL);
        owed |= i64::from(leg.quantity) & leg.mask(KIND_DEBT);
    }
    held == 0 || owed == 0
}

/// Spreads a lending position's loss over its debts by value.
fn spread_loss(legs: &mut [LegState], loss: u64, debt: u64) {
    for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
        leg.lost =
            if loss == debt { leg.value() } else { scale_q32(leg.value(), ratio_q32(loss, debt)) };
    }
}
