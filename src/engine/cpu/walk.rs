//! A position on its way along a path by itself: breached, liquidated, valued at the horizon.

use super::bound::Surplus;
use super::horizon::Horizon;
use super::ledger::{Ledger, exposure, is_over};
use super::marks::Marks;
use super::search::Along;
use crate::book::account::LegState;
use crate::book::action::Unlimited;
use crate::engine::scan::list::ScanList;
use crate::engine::scan::scanned::Scanned;
use crate::engine::scan::terms::{Term, set_terms};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::{LegRow, PositionRow};

/// Walks one position after another, each by itself.
pub(super) struct Walk<'a> {
    program: &'a Program,
    lanes: Lanes,
    /// Whether bounds clear what they can before it is walked.
    pub(super) use_bounds: bool,
    pub(super) ledger: Ledger,
    /// Scratch: terms of the position's surplus at present, and its legs.
    terms: Vec<Term>,
    legs: Vec<LegState>,
}

/// A position on its way.
pub(super) struct Walker<'w> {
    idx: usize,
    position: &'w PositionRow,
    pub(super) rows: &'w [LegRow],
    pub(super) is_defaulted: bool,
    /// Step of the last event: where what is left over was lost.
    pub(super) last_event: usize,
}

/// What an event leaves of a position.
#[derive(PartialEq, Eq)]
pub(super) enum Left {
    /// All of it: nothing could be done.
    All,
    /// Other quantities.
    Changed,
    /// Nothing that can be liquidated.
    Over,
}

impl<'w> Walker<'w> {
    pub(super) fn new(program: &'w Program, idx: usize) -> Self {
        Self::of(program, idx, &program.positions[idx])
    }

    fn of(program: &'w Program, idx: usize, position: &'w PositionRow) -> Self {
        Self { idx, position, rows: program.legs_of(position), is_defaulted: false, last_event: 0 }
    }

    /// The position is breached at a step, whose marks its legs have: its venue's action runs.
    #[inline(always)]
    pub(super) fn liquidate(
        &mut self,
        program: &Program,
        ledger: &mut Ledger,
        step: usize,
        legs: &mut [LegState],
    ) -> Left {
        let position = self.position;
        self.last_event = step;
        if !self.is_defaulted {
            self.is_defaulted = true;
            ledger.count_default(self.idx, exposure(legs, position));
        }
        let action = &program.actions[position.action as usize];
        let event = action.run(position.facts().at(step), legs, &mut Unlimited);
        let is_over =
            if action.holds_perps() { event.is_something() } else { is_over(legs.iter().copied()) };
        if event.is_something() {
            ledger.count_event(self.idx, position, self.rows, step, &event, legs);
        } else if !is_over {
            return Left::All;
        }
        if is_over { Left::Over } else { Left::Changed }
    }

    /// The horizon: what is owed at the last step's marks, which its legs have, and cannot be
    /// repaid.
    #[inline(always)]
    pub(super) fn leave(&self, ledger: &mut Ledger, legs: &mut [LegState]) {
        ledger.count_left_over(self.idx, self.position, self.rows, self.last_event, legs);
    }

    /// The same of perpetuals that were not closed.
    fn leave_open(&self, ledger: &mut Ledger, legs: &mut [LegState]) {
        ledger.count_open_loss(self.idx, self.position, self.rows, legs);
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(program: &'a Program, lanes: Lanes) -> Self {
        Self {
            program,
            lanes,
            use_bounds: true,
            ledger: Ledger::new(program),
            terms: Vec::new(),
            legs: Vec::new(),
        }
    }

    /// Walks a position of any legs from breach to breach, along the path of a lane of the horizon.
    pub(super) fn steps(
        &mut self,
        list: &ScanList,
        marks: &mut Marks,
        (horizon, lane): (&Horizon, usize),
        scanned: &Scanned,
    ) {
        let program = self.program;
        let mut walker = Walker::of(program, scanned.position as usize, &scanned.in_program);
        let Self { lanes, use_bounds, ledger, terms: now, legs, .. } = self;
        walker.rows.iter().for_each(|row| marks.need(row.instrument));
        let terms = list.terms_of(scanned);
        let along = Along { lanes: *lanes, marks };
        legs.clear();
        now.clear();
        now.extend_from_slice(terms);
        let tiered = if scanned.has_tiers { walker.rows } else { &[] };
        let n_steps = program.market.n_steps;
        let mut step = 0;
        loop {
            let surplus = Surplus { program, constant: scanned.constant, terms: now, tiered };
            let Some(breach) = along.first_breach(&surplus, step, *use_bounds) else { break };
            if !walker.is_defaulted {
                legs.extend(walker.rows.iter().map(|row| row.state(row.quantity, 0)));
            }
            set_marks(legs, walker.rows, marks, breach);
            match walker.liquidate(program, ledger, breach, legs) {
                Left::Over => break,
                Left::All => {}
                Left::Changed => {
                    set_terms(now, legs.iter().copied());
                    let has_bound = *use_bounds && !scanned.has_tiers;
                    if has_bound && horizon.clears(lane, scanned.constant, now) {
                        break;
                    }
                }
            }
            step = breach + 1;
        }
        if walker.is_defaulted {
            set_marks(legs, walker.rows, marks, n_steps - 1);
            if !program.actions[walker.position.action as usize].holds_perps() {
                walker.leave(ledger, legs);
            } else if legs.iter().any(|leg| leg.quantity != 0) {
                walker.leave_open(ledger, legs);
            }
        }
    }
}

/// Puts legs at the marks of a step.
fn set_marks(legs: &mut [LegState], rows: &[LegRow], marks: &Marks, step: usize) {
    for (leg, row) in legs.iter_mut().zip(rows) {
        leg.set_marks(marks.of(row.instrument)[step]);
    }
}
