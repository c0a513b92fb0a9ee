//! One path: prices, then every position along them; the twin that states what the kernels mean.
//!
//! Positions do not see each other within a path (no market impact), so each is walked alone, from
//! the window in which a bound first fails to clear it.

use super::marks::{Extremes, Marks, WINDOW_STEPS};
use super::positions::{ScanList, Term, term_of};
use crate::book::account::{
    Event, KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, LegState, Values, values,
};
use crate::book::action::{ACTION_CLOSE_OUT, AccountFacts};
use crate::market::model::PathBuffer;
use crate::program::Program;
use crate::program::layout::{LegRow, PositionRow, TierRow, from_words};
use crate::tail::{Counters, Outcome, SATURATED, SMALL_MARK, Shape};

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

/// Scratch space of one thread, and what it has counted since it last handed over.
pub struct PathWorker<'a> {
    program: &'a Program,
    list: ScanList,
    buffer: PathBuffer,
    marks: Marks,
    counters: Counters,
    legs: Vec<LegState>,
    terms: Vec<Term>,
    events_by_step: Vec<u32>,
    outcome: Outcome,
    /// Whether windows are cleared by bounds before their steps are walked.
    pub use_bounds: bool,
}

impl<'a> PathWorker<'a> {
    /// Room for paths of the program.
    #[must_use]
    pub fn new(program: &'a Program) -> Self {
        let n_steps = program.market.n_steps;
        Self {
            program,
            list: ScanList::new(program),
            buffer: program.market.buffer(),
            marks: Marks::new(program),
            counters: Counters::new(shape(program)),
            legs: Vec::new(),
            terms: Vec::new(),
            events_by_step: vec![0; n_steps],
            outcome: Outcome::default(),
            use_bounds: true,
        }
    }

    /// Adds what was counted to `counters`, and starts anew.
    pub fn hand_over(&mut self, counters: &mut Counters) {
        counters.merge(&self.counters);
        self.counters = Counters::new(shape(self.program));
    }

    /// Walks a path.
    pub fn run<O: Observer>(&mut self, seed: u64, path: u64, observer: &mut O) -> Outcome {
        self.program.market.walk(seed, path, &mut self.buffer);
        self.marks.fill(&self.program.instruments, &self.buffer.logs);
        observer.prices(&self.buffer.logs, &self.marks);
        self.outcome = Outcome::default();
        self.events_by_step.fill(0);
        for scanned in 0..self.list.scanned.len() {
            let is_clear = self.use_bounds
                && is_cleared(&self.list, scanned, self.program, self.marks.whole());
            if !is_clear {
                self.walk_position(scanned, observer);
            }
        }
        let (saturated, small) = self.marks.strained(&self.program.instruments);
        if saturated || self.buffer.clamped {
            self.outcome.flags |= SATURATED;
        }
        if small {
            self.outcome.flags |= SMALL_MARK;
        }
        self.outcome.largest_step = self.events_by_step.iter().copied().max().unwrap_or(0);
        self.outcome
    }

    fn walk_position<O: Observer>(&mut self, scanned: usize, observer: &mut O) {
        let idx = self.list.scanned[scanned].position as usize;
        let position = self.program.positions[idx];
        let rows = self.program.legs_of(&position);
        self.terms.clear();
        self.terms.extend_from_slice(self.list.terms_of(scanned));
        self.legs.clear();
        self.legs.extend(rows.iter().map(|row| row.state(row.quantity, 0)));
        let mut walk =
            Walk { idx, position, rows, last_event: 0, is_defaulted: false, is_over: false };
        let n_steps = self.program.market.n_steps;
        let mut step = 0;
        while step < n_steps && !walk.is_over {
            let window = step / WINDOW_STEPS;
            let end = ((window + 1) * WINDOW_STEPS).min(n_steps);
            let constant = self.list.scanned[scanned].constant;
            if self.use_bounds
                && surplus_bound(
                    constant,
                    &self.terms,
                    rows,
                    self.program,
                    self.marks.window(window),
                ) >= 0
            {
                step = end;
                continue;
            }
            match self.first_breach(constant, rows, step, end) {
                None => step = end,
                Some(breach) => {
                    self.liquidate(&mut walk, breach, observer);
                    step = breach + 1;
                }
            }
        }
        if walk.is_defaulted {
            self.value_at_horizon(&walk, observer);
        }
    }

    /// The first step of `from..end` whose surplus is negative.
    fn first_breach(
        &self,
        constant: i64,
        rows: &[LegRow],
        from: usize,
        end: usize,
    ) -> Option<usize> {
        let mut surplus = [constant; WINDOW_STEPS];
        let surplus = &mut surplus[..end - from];
        for term in &self.terms {
            let marks = &self.marks.of(term.instrument)[from..end];
            for (sum, mark) in surplus.iter_mut().zip(marks) {
                *sum += i64::from(term.coefficient) * i64::from(*mark);
            }
        }
        for row in rows.iter().filter(|row| row.n_tiers > 0) {
            let marks = &self.marks.of(row.instrument)[from..end];
            for (sum, mark) in surplus.iter_mut().zip(marks) {
                *sum += tiers_at(self.program.tiers_of(row), *mark);
            }
        }
        surplus.iter().position(|sum| *sum < 0).map(|offset| from + offset)
    }

    fn liquidate<O: Observer>(&mut self, walk: &mut Walk, step: usize, observer: &mut O) {
        for (leg, row) in self.legs.iter_mut().zip(walk.rows) {
            leg.mark = self.marks.of(row.instrument)[step];
            leg.lost = 0;
        }
        walk.last_event = step;
        let shift = walk.position.money_shift;
        if !walk.is_defaulted {
            walk.is_defaulted = true;
            self.outcome.n_defaults += 1;
            let count = &mut self.counters.positions[walk.idx];
            count.n_defaults += 1;
            count.exposure += i128::from(exposure(&self.legs) >> shift);
        }
        let action = &self.program.actions[walk.position.action as usize];
        let event = action.run(walk.facts(), &mut self.legs);
        observer.event(walk.idx, step, &event, &self.legs);
        walk.is_over = action.kind == ACTION_CLOSE_OUT || is_over(&self.legs);
        if event.n_calls == 0 && event.written_off == 0 {
            return;
        }
        self.terms.clear();
        let terms =
            walk.rows.iter().zip(&self.legs).filter_map(|(row, leg)| term_of(row, leg.quantity));
        self.terms.extend(terms.filter(|term| term.coefficient != 0));
        let repaid = (event.repaid >> shift) as i64;
        let written_off = (event.written_off >> shift) as i64;
        self.outcome.n_events += 1;
        self.outcome.liquidated += repaid;
        self.outcome.realised += written_off;
        self.events_by_step[step] += 1;
        let count = &mut self.counters.steps[step];
        count.n_events += 1;
        count.liquidated += i128::from(repaid);
        self.count_loss(walk, step, written_off);
    }

    /// What is owed at the last step's marks and can no longer, or could not now, be repaid.
    fn value_at_horizon<O: Observer>(&mut self, walk: &Walk, observer: &mut O) {
        if self.program.actions[walk.position.action as usize].kind == ACTION_CLOSE_OUT {
            return;
        }
        let last = self.program.market.n_steps - 1;
        for (leg, row) in self.legs.iter_mut().zip(walk.rows) {
            leg.mark = self.marks.of(row.instrument)[last];
            leg.lost = 0;
        }
        let Values { collateral, debt, .. } = values(&self.legs);
        if debt <= collateral {
            return;
        }
        spread_loss(&mut self.legs, debt - collateral, debt);
        let loss = ((debt - collateral) >> walk.position.money_shift) as i64;
        // A stranded debt is valued here, but it was lost when its collateral ran out.
        let is_stranded = self.legs.iter().all(|leg| leg.kind == KIND_DEBT || leg.quantity == 0);
        let (stranded, under_water, step) =
            if is_stranded { (loss, 0, walk.last_event) } else { (0, loss, last) };
        self.outcome.stranded += stranded;
        self.outcome.under_water += under_water;
        observer.horizon(walk.idx, stranded, under_water);
        self.count_loss(walk, step, loss);
    }

    /// Counts bad debt of a position: the whole by position and step, its legs' parts by pool.
    fn count_loss(&mut self, walk: &Walk, step: usize, loss: i64) {
        if loss == 0 {
            return;
        }
        self.counters.positions[walk.idx].loss += i128::from(loss);
        self.counters.steps[step].loss += i128::from(loss);
        let mut rest = loss;
        let mut first_pool = None;
        for (leg, row) in self.legs.iter().zip(walk.rows).filter(|(leg, _)| leg.lost > 0) {
            let part = ((leg.lost >> walk.position.money_shift) as i64).min(rest);
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

/// A position on its way along a path.
struct Walk<'a> {
    idx: usize,
    position: PositionRow,
    rows: &'a [LegRow],
    /// Step of the last event: where what is left over was lost.
    last_event: usize,
    is_defaulted: bool,
    is_over: bool,
}

impl Walk<'_> {
    fn facts(&self) -> AccountFacts {
        AccountFacts {
            constant: from_words(self.position.constant),
            money_shift: self.position.money_shift,
        }
    }
}

/// Sizes of a program's counters.
#[must_use]
pub fn shape(program: &Program) -> Shape {
    Shape {
        n_positions: program.positions.len(),
        n_steps: program.market.n_steps,
        n_pools: program.pools.len(),
    }
}

/// Whether the extremes of all marks leave a position healthy throughout.
fn is_cleared(list: &ScanList, scanned: usize, program: &Program, extremes: &[Extremes]) -> bool {
    let entry = &list.scanned[scanned];
    let rows = if entry.has_tiers {
        program.legs_of(&program.positions[entry.position as usize])
    } else {
        &[]
    };
    surplus_bound(entry.constant, list.terms_of(scanned), rows, program, extremes) >= 0
}

/// No surplus in the window is below this: every term is at the extreme that is worst for it.
///
/// Exact integers throughout, so "cleared" is a proof: c m >= c low for c >= 0 and >= c high for
/// c < 0, and the least over tiers is monotone in each tier.
#[inline(always)]
fn surplus_bound(
    constant: i64,
    terms: &[Term],
    rows: &[LegRow],
    program: &Program,
    extremes: &[Extremes],
) -> i64 {
    let mut bound = constant;
    for term in terms {
        let at = extremes[term.instrument as usize];
        let mark = if term.coefficient >= 0 { at.low } else { at.high };
        bound += i64::from(term.coefficient) * i64::from(mark);
    }
    for row in rows.iter().filter(|row| row.n_tiers > 0) {
        let at = extremes[row.instrument as usize];
        let tiers = program.tiers_of(row);
        bound += tiers_at(tiers, at.low).min(tiers_at(tiers, at.high));
    }
    bound
}

/// The least of a leg's tiers at a mark. Concave in the mark, so its ends bound it from below.
fn tiers_at(tiers: &[TierRow], mark: u32) -> i64 {
    let surplus = tiers
        .iter()
        .map(|tier| i64::from(tier.coefficient) * i64::from(mark) + from_words(tier.deduction));
    surplus.min().unwrap_or(0)
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
        leg.lost = if loss == debt {
            leg.value()
        } else {
            crate::fixed::scale_q32(leg.value(), crate::fixed::ratio_q32(loss, debt))
        };
    }
    debug_assert!(legs.iter().all(|leg| leg.kind != KIND_FUNDING));
}
