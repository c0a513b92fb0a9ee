//! A position on its way along a path by itself: breached, liquidated, valued at the horizon.

use super::bound::Surplus;
use super::coupled::market::MovedMarket;
use super::ledger::{Ledger, is_over};
use super::marks::Marks;
use super::positions::{NO_RATIO, PairClass, ScanList, Scanned, Term, term_of};
use super::search::{Along, RunRatios};
use crate::book::account::{Event, KIND_COLLATERAL, LegState};
use crate::book::action::{ACTION_CLOSE_OUT, AccountFacts, Unlimited};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::{LegRow, PositionRow, from_words};

/// Who watches a path being walked.
pub trait Observer {
    /// Whether it looks at all; where nobody does, pairs are walked without their other legs.
    const WATCHES: bool = true;
    /// Prices are known.
    fn prices(&mut self, _marks: &Marks) {}
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
impl Observer for () {
    const WATCHES: bool = false;
}

/// Walks one position after another, each by itself.
pub(super) struct Walk<'a> {
    program: &'a Program,
    lanes: Lanes,
    /// Whether bounds clear what they can before it is walked.
    pub(super) use_bounds: bool,
    pub(super) ledger: Ledger,
    /// Of the path that is walked.
    ratios: RunRatios,
    /// Scratch: terms of the position's surplus at present, and its legs.
    terms: Vec<Term>,
    legs: Vec<LegState>,
    pairs: Vec<Pair<'a>>,
}

/// A position on its way.
struct Walker<'w> {
    idx: usize,
    position: &'w PositionRow,
    rows: &'w [LegRow],
    is_defaulted: bool,
    /// Step of the last event: where what is left over was lost.
    last_event: usize,
}

/// What an event leaves of a position.
#[derive(PartialEq, Eq)]
enum Left {
    /// All of it: nothing could be done.
    All,
    /// Other quantities.
    Changed,
    /// Nothing that can be liquidated.
    Over,
}

impl<'w> Walker<'w> {
    fn new(program: &'w Program, idx: usize) -> Self {
        let position = &program.positions[idx];
        Self { idx, position, rows: program.legs_of(position), is_defaulted: false, last_event: 0 }
    }

    /// The position is breached at a step, whose marks its legs have: its venue's action runs.
    #[inline(always)]
    fn liquidate<O: Observer>(
        &mut self,
        program: &Program,
        rows: &[LegRow],
        ledger: &mut Ledger,
        step: usize,
        legs: &mut [LegState],
        observer: &mut O,
    ) -> Left {
        let position = self.position;
        self.last_event = step;
        if !self.is_defaulted {
            self.is_defaulted = true;
            ledger.count_default(self.idx, position, legs);
        }
        let action = &program.actions[position.action as usize];
        let constant = from_words(position.constant);
        let facts = AccountFacts { constant, money_shift: position.money_shift };
        let event = action.run(facts, legs, &mut Unlimited);
        observer.event(self.idx, When { step, round: 0 }, &event, legs);
        let is_over = action.kind == ACTION_CLOSE_OUT || is_over(legs);
        if event.n_calls > 0 || event.written_off > 0 {
            ledger.count_event(self.idx, position, rows, step, &event, legs);
        } else if !is_over {
            return Left::All;
        }
        if is_over { Left::Over } else { Left::Changed }
    }

    /// The horizon: what is owed at the last step's marks, which its legs have, and cannot be
    /// repaid.
    #[inline(always)]
    fn leave<O: Observer>(
        &self,
        rows: &[LegRow],
        ledger: &mut Ledger,
        legs: &mut [LegState],
        observer: &mut O,
    ) {
        let left = ledger.count_left_over(self.idx, self.position, rows, self.last_event, legs);
        if let Some((stranded, under_water)) = left {
            observer.horizon(self.idx, stranded, under_water);
        }
    }
}

/// A position of one collateral and one debt, in this order, on its way unwatched.
struct Pair<'w> {
    walker: Walker<'w>,
    rows: [LegRow; 2],
    /// A local array, so that the action's loops over legs become straight code.
    legs: [LegState; 2],
    /// Where the search goes on, and what it finds there.
    step: usize,
    breach: Option<usize>,
}

impl Pair<'_> {
    #[inline(always)]
    fn terms(&self, class: &PairClass) -> [Term; 2] {
        let term = |leg: usize, magnitude: u32, ratio: u32| Term {
            instrument: self.rows[leg].instrument,
            magnitude,
            is_negative: leg == 1,
            ratio,
        };
        [
            term(0, self.legs[0].weighted_quantity(), class.ratio),
            term(1, self.legs[1].quantity as u32, NO_RATIO),
        ]
    }

    #[inline(always)]
    fn set_marks(&mut self, marks: &Marks, step: usize) {
        for (leg, row) in self.legs.iter_mut().zip(&self.rows) {
            leg.set_marks(marks.of(row.instrument)[step]);
        }
    }

    /// Its venue's action, if a breach was found; whether another one may be.
    #[inline(always)]
    fn liquidate(&mut self, program: &Program, ledger: &mut Ledger, marks: &Marks) -> bool {
        let Some(breach) = self.breach else { return false };
        self.set_marks(marks, breach);
        self.step = breach + 1;
        let Self { walker, rows, legs, .. } = self;
        walker.liquidate(program, rows, ledger, breach, legs, &mut ()) != Left::Over
    }

    #[inline(always)]
    fn leave(&mut self, program: &Program, ledger: &mut Ledger, marks: &Marks) {
        if self.walker.is_defaulted {
            self.set_marks(marks, program.market.n_steps - 1);
            self.walker.leave(&self.rows, ledger, &mut self.legs, &mut ());
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(program: &'a Program, list: &ScanList, lanes: Lanes) -> Self {
        Self {
            ratios: RunRatios::new(program.market.n_steps, list.ratios.len()),
            program,
            lanes,
            use_bounds: true,
            ledger: Ledger::new(program),
            terms: Vec::new(),
            legs: Vec::new(),
            pairs: Vec::new(),
        }
    }

    /// A new path.
    pub(super) fn begin(&mut self) {
        self.ledger.begin();
        self.ratios.begin();
    }

    /// Walks positions of one collateral and one debt from breach to breach, the first `n_near` of
    /// a class.
    pub(super) fn pairs<O: Observer>(
        &mut self,
        list: &ScanList,
        marks: &mut Marks,
        class: &PairClass,
        n_near: usize,
        observer: &mut O,
    ) {
        if n_near == 0 {
            return;
        }
        marks.need(class.collateral);
        marks.need(class.debt);
        let slack = marks.slack().filter(|_| self.use_bounds);
        if let Some(slack) = slack {
            self.ratios.need(self.lanes, &list.ratios, class.ratio, marks, slack);
        }
        for scanned in &class.scanned[..n_near] {
            let walker = Walker::new(self.program, scanned.position as usize);
            match walker.rows {
                [first, second] if !O::WATCHES => {
                    let is_first = first.kind == KIND_COLLATERAL;
                    let [above, below] = if is_first { [first, second] } else { [second, first] };
                    let rows = [*above, *below];
                    let legs = rows.map(|row| row.state(row.quantity, 0));
                    self.pairs.push(Pair { walker, rows, legs, step: 0, breach: None });
                }
                _ => self.steps(list, marks, scanned, observer),
            }
        }
        let ratios = slack.map(|_| &self.ratios);
        let along = Along { lanes: self.lanes, marks, ratios };
        // In rounds: pairs have nothing to do with each other, so that a machine that looks ahead
        // works on the next while one waits for a division.
        let Self { program, pairs, ledger, .. } = self;
        while !pairs.is_empty() {
            for pair in pairs.iter_mut() {
                pair.breach = along.first_pair_breach(pair.terms(class), pair.step);
            }
            pairs.retain_mut(|pair| {
                let goes_on = pair.liquidate(program, ledger, marks);
                if !goes_on {
                    pair.leave(program, ledger, marks);
                }
                goes_on
            });
        }
    }

    /// Walks a position of any legs from breach to breach.
    pub(super) fn steps<O: Observer>(
        &mut self,
        list: &ScanList,
        marks: &mut Marks,
        scanned: &Scanned,
        observer: &mut O,
    ) {
        let program = self.program;
        let mut walker = Walker::new(program, scanned.position as usize);
        let Self { lanes, ledger, terms: now, legs, ratios, .. } = self;
        walker.rows.iter().for_each(|row| marks.need(row.instrument));
        let terms = list.terms_of(scanned);
        let slack = marks.slack().filter(|_| self.use_bounds && scanned.has_ratios);
        if let Some(slack) = slack {
            for term in terms {
                ratios.need(*lanes, &list.ratios, term.ratio, marks, slack);
            }
        }
        let along = Along { lanes: *lanes, marks, ratios: slack.map(|_| &*ratios) };
        legs.clear();
        now.clear();
        now.extend_from_slice(terms);
        let tiered = if scanned.has_tiers { walker.rows } else { &[] };
        let n_steps = program.market.n_steps;
        let mut step = 0;
        loop {
            let surplus = Surplus { program, constant: scanned.constant, terms: now, tiered };
            let Some(breach) = along.first_breach(&surplus, step) else { break };
            if !walker.is_defaulted {
                legs.extend(walker.rows.iter().map(|row| row.state(row.quantity, 0)));
            }
            set_marks(legs, walker.rows, marks, breach);
            match walker.liquidate(program, walker.rows, ledger, breach, legs, observer) {
                Left::Over => break,
                Left::All => {}
                Left::Changed => {
                    now.clear();
                    let rows = walker.rows.iter().zip(&*legs);
                    let left = rows.filter_map(|(row, leg)| term_of(row, leg.quantity));
                    now.extend(left.filter(|term| term.magnitude != 0).map(|term| {
                        let at_opening = terms.iter().find(|it| it.instrument == term.instrument);
                        Term { ratio: at_opening.map_or(NO_RATIO, |it| it.ratio), ..term }
                    }));
                }
            }
            step = breach + 1;
        }
        let is_closed = program.actions[walker.position.action as usize].kind == ACTION_CLOSE_OUT;
        if walker.is_defaulted && !is_closed {
            set_marks(legs, walker.rows, marks, n_steps - 1);
            walker.leave(walker.rows, ledger, legs, observer);
        }
    }
}

/// Puts legs at the marks of a step.
fn set_marks(legs: &mut [LegState], rows: &[LegRow], marks: &Marks, step: usize) {
    for (leg, row) in legs.iter_mut().zip(rows) {
        leg.set_marks(marks.of(row.instrument)[step]);
    }
}
