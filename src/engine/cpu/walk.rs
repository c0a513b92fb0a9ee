//! A position on its way along a path by itself: breached, liquidated, valued at the horizon.

use super::coupled::market::MovedMarket;
use super::ledger::{Ledger, is_over};
use super::marks::Marks;
use super::positions::{Term, term_of};
use crate::book::account::{Event, LegState};
use crate::book::action::{ACTION_CLOSE_OUT, AccountFacts, Unlimited};
use crate::program::Program;
use crate::program::layout::{InstrumentRow, LegRow, PositionRow, from_words};
use crate::tail::Outcome;

/// Who watches a path being walked.
pub trait Observer {
    /// Prices are known.
    fn prices(&mut self, _logs: &[i32], _marks: &Marks) {}
    /// A position was liquidated, or could not be.
    fn event(&mut self, _position: usize, _when: When, _event: &Event, _legs: &[LegState]) {}
    /// A round of liquidations of a coupled path is over; its flow has not moved the market yet.
    fn round(&mut self, _when: When, _n_events: u32, _market: &MovedMarket<'_>) {}
    /// A step of a coupled path is over.
    fn step(&mut self, _step: usize, _market: &MovedMarket<'_>) {}
    /// What a position left behind at the horizon, in money: stranded, under water.
    fn horizon(&mut self, _position: usize, _stranded: i64, _under_water: i64) {}
}

/// A step of a path, and its round where a step has several; both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct When {
    /// The step.
    pub step: usize,
    /// The round.
    pub round: u32,
}

/// Nobody watches.
impl Observer for () {}

/// The path being walked and the position that is walking it.
pub(super) struct Walk<'a> {
    program: &'a Program,
    pub(super) marks: Marks,
    pub(super) ledger: Ledger,
    /// Terms of the position's surplus at present.
    pub(super) terms: Vec<Term>,
    /// Nothing more can happen to the position.
    pub(super) is_over: bool,
    idx: usize,
    is_defaulted: bool,
    /// Step of the last event: where what is left over was lost.
    last_event: usize,
    legs: Vec<LegState>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self {
            program,
            marks: Marks::new(program),
            ledger: Ledger::new(program),
            terms: Vec::new(),
            is_over: false,
            idx: 0,
            is_defaulted: false,
            last_event: 0,
            legs: Vec::new(),
        }
    }

    /// A new path, with these log prices.
    pub(super) fn begin(&mut self, instruments: &[InstrumentRow], logs: &[i32]) {
        self.marks.fill(instruments, logs);
        self.ledger.begin();
    }

    /// The path is walked.
    pub(super) fn finish(&mut self) -> Outcome {
        self.ledger.finish()
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
            leg.set_marks(self.marks.of(row.instrument)[step]);
        }
    }

    /// The position is breached at a step: its venue's action runs.
    pub(super) fn liquidate<O: Observer>(&mut self, step: usize, observer: &mut O) {
        let (position, rows) = (self.position(), self.rows());
        if !self.is_defaulted {
            self.legs.clear();
            self.legs.extend(rows.iter().map(|row| row.state(row.quantity, 0)));
        }
        self.set_marks(step);
        self.last_event = step;
        if !self.is_defaulted {
            self.is_defaulted = true;
            self.ledger.count_default(self.idx, position, &self.legs);
        }
        let action = &self.program.actions[position.action as usize];
        let constant = from_words(position.constant);
        let facts = AccountFacts { constant, money_shift: position.money_shift };
        let event = action.run(facts, &mut self.legs, &mut Unlimited);
        observer.event(self.idx, When { step, round: 0 }, &event, &self.legs);
        self.is_over = action.kind == ACTION_CLOSE_OUT || is_over(&self.legs);
        if event.n_calls == 0 && event.written_off == 0 {
            return;
        }
        self.terms.clear();
        let terms = rows.iter().zip(&self.legs).filter_map(|(row, leg)| term_of(row, leg.quantity));
        self.terms.extend(terms.filter(|term| term.magnitude != 0));
        self.ledger.count_event(self.idx, position, rows, step, &event, &self.legs);
    }

    /// The horizon: what is owed at the last step's marks and cannot be repaid.
    pub(super) fn leave<O: Observer>(&mut self, observer: &mut O) {
        let action = &self.program.actions[self.position().action as usize];
        if !self.is_defaulted || action.kind == ACTION_CLOSE_OUT {
            return;
        }
        self.set_marks(self.program.market.n_steps - 1);
        let (position, rows) = (self.position(), self.rows());
        let left =
            self.ledger.count_left_over(self.idx, position, rows, self.last_event, &mut self.legs);
        if let Some((stranded, under_water)) = left {
            observer.horizon(self.idx, stranded, under_water);
        }
    }
}
