//! A position on its way along a path: breached, liquidated, valued at the horizon, counted.

use super::marks::Marks;
use super::path::shape;
use super::positions::{Term, term_of};
use crate::book::account::{
    Event, KIND_COLLATERAL, KIND_DEBT, KIND_PERP, LegState, Values, values,
};
use crate::book::action::{ACTION_CLOSE_OUT, AccountFacts};
use crate::fixed::{ratio_q32, scale_q32};
use crate::program::Program;
use crate::program::layout::{InstrumentRow, LegRow, PositionRow, from_words};
use crate::tail::{Counters, Outcome};

/// Who watches a path being walked.
pub trait Observer {
    /// Prices are known.
    fn prices(&mut self, _logs: &[i32], _marks: &Marks) {}
    /// A position was liquidated, or could not be.
    fn event(&mut self, _position: usize, _step: usize, _event: &Event, _legs: &[LegState]) {}
    /// What a position left behind at the horizon, in money: stranded, under water.
    fn horizon(&mut self, _position: usize, _stranded: i64, _under_water: i64) {}
}

/// Nobody watches.
impl Observer for () {}

/// The path being walked and the position that is walking it.
pub(super) struct Walk<'a> {
    program: &'a Program,
    pub(super) marks: Marks,
    pub(super) counters: Counters,
    /// Terms of the position's surplus at present.
    pub(super) terms: Vec<Term>,
    /// Nothing more can happen to the position.
    pub(super) is_over: bool,
    idx: usize,
    is_defaulted: bool,
    /// Step of the last event: where what is left over was lost.
    last_event: usize,
    legs: Vec<LegState>,
    events_by_step: Vec<u32>,
    outcome: Outcome,
}

impl<'a> Walk<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self {
            program,
            marks: Marks::new(program),
            counters: Counters::new(shape(program)),
            terms: Vec::new(),
            is_over: false,
            idx: 0,
            is_defaulted: false,
            last_event: 0,
            legs: Vec::new(),
            events_by_step: vec![0; program.market.n_steps],
            outcome: Outcome::default(),
        }
    }

    /// A new path, with these log prices.
    pub(super) fn begin(&mut self, instruments: &[InstrumentRow], logs: &[i32]) {
        self.marks.fill(instruments, logs);
        self.outcome = Outcome::default();
        self.events_by_step.fill(0);
    }

    /// The path is walked.
    pub(super) fn finish(&mut self) -> Outcome {
        self.outcome.largest_step = self.events_by_step.iter().copied().max().unwrap_or(0);
        self.outcome
    }

    /// The next position, as it was at the opening.
    pub(super) fn enter(&mut self, idx: usize, terms: &[Term]) {
        self.idx = idx;
        self.is_defaulted = false;
        self.is_over = false;
        self.terms.clear();
        self.terms.extend_from_slice(terms);
    }

    fn position(&self) -> &'a PositionRow {
        &self.program.positions[self.idx]
    }

    fn rows(&self) -> &'a [LegRow] {
        self.program.legs_of(self.position())
    }

    /// Puts the legs at the marks of a step.
    fn set_marks(&mut self, step: usize) {
        let rows = self.rows();
        for (leg, row) in self.legs.iter_mut().zip(rows) {
            leg.mark = self.marks.of(row.instrument)[step];
            leg.lost = 0;
        }
    }

    /// The position is breached at a step: its venue's action runs.
    pub(super) fn liquidate<O: Observer>(&mut self, step: usize, observer: &mut O) {
        let (position, rows) = (self.position(), self.rows());
        let shift = position.money_shift;
        if !self.is_defaulted {
            self.legs.clear();
            self.legs.extend(rows.iter().map(|row| row.state(row.quantity, 0)));
        }
        self.set_marks(step);
        self.last_event = step;
        if !self.is_defaulted {
            self.is_defaulted = true;
            self.outcome.n_defaults += 1;
            let count = &mut self.counters.positions[self.idx];
            count.n_defaults += 1;
            count.exposure += i128::from(exposure(&self.legs) >> shift);
        }
        let action = &self.program.actions[position.action as usize];
        let facts = AccountFacts { constant: from_words(position.constant), money_shift: shift };
        let event = action.run(facts, &mut self.legs);
        observer.event(self.idx, step, &event, &self.legs);
        self.is_over = action.kind == ACTION_CLOSE_OUT || is_over(&self.legs);
        if event.n_calls == 0 && event.written_off == 0 {
            return;
        }
        self.terms.clear();
        let terms = rows.iter().zip(&self.legs).filter_map(|(row, leg)| term_of(row, leg.quantity));
        self.terms.extend(terms.filter(|term| term.magnitude != 0));
        let repaid = (event.repaid >> shift) as i64;
        let written_off = (event.written_off >> shift) as i64;
        self.outcome.n_events += 1;
        self.outcome.liquidated += repaid;
        self.outcome.realised += written_off;
        self.events_by_step[step] += 1;
        let count = &mut self.counters.steps[step];
        count.n_events += 1;
        count.liquidated += i128::from(repaid);
        self.count_loss(step, written_off);
    }

    /// The horizon: what is owed at the last step's marks and cannot be repaid.
    pub(super) fn leave<O: Observer>(&mut self, observer: &mut O) {
        let action = &self.program.actions[self.position().action as usize];
        if !self.is_defaulted || action.kind == ACTION_CLOSE_OUT {
            return;
        }
        let last = self.program.market.n_steps - 1;
        self.set_marks(last);
        let Values { collateral, debt, .. } = values(&self.legs);
        if debt <= collateral {
            return;
        }
        spread_loss(&mut self.legs, debt - collateral, debt);
        let loss = ((debt - collateral) >> self.position().money_shift) as i64;
        // A stranded debt is valued here, but it was lost when its collateral ran out.
        let is_stranded = self.legs.iter().all(|leg| leg.kind == KIND_DEBT || leg.quantity == 0);
        let (stranded, under_water, step) =
            if is_stranded { (loss, 0, self.last_event) } else { (0, loss, last) };
        self.outcome.stranded += stranded;
        self.outcome.under_water += under_water;
        observer.horizon(self.idx, stranded, under_water);
        self.count_loss(step, loss);
    }

    /// Counts bad debt of the position: the whole by position and step, its legs' parts by pool.
    fn count_loss(&mut self, step: usize, loss: i64) {
        if loss == 0 {
            return;
        }
        self.counters.positions[self.idx].loss += i128::from(loss);
        self.counters.steps[step].loss += i128::from(loss);
        let shift = self.position().money_shift;
        let mut rest = loss;
        let mut first_pool = None;
        for (leg, row) in self.legs.iter().zip(self.rows()).filter(|(leg, _)| leg.lost > 0) {
            let part = ((leg.lost >> shift) as i64).min(rest);
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

/// Debt, or the notional of perpetuals: what is exposed when a position defaults.
fn exposure(legs: &[LegState]) -> u64 {
    let exposed = legs.iter().filter(|leg| leg.kind == KIND_DEBT || leg.kind == KIND_PERP);
    exposed.map(|leg| leg.signed_value().unsigned_abs()).sum()
}

/// Nothing more can happen: no debt is left, or no collateral of any quantity.
fn is_over(legs: &[LegState]) -> bool {
    let is_empty = |kind| legs.iter().all(|leg| leg.kind != kind || leg.quantity == 0);
    is_empty(KIND_DEBT) || is_empty(KIND_COLLATERAL)
}

/// Spreads a lending position's loss over its debts by value.
fn spread_loss(legs: &mut [LegState], loss: u64, debt: u64) {
    for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
        leg.lost =
            if loss == debt { leg.value() } else { scale_q32(leg.value(), ratio_q32(loss, debt)) };
    }
}
