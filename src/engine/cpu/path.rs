//! One path: prices, then every position along them; the twin that states what the kernels mean.
//!
//! Where nothing couples the positions of a path, each is walked alone, from where a bound first
//! fails to clear it; else all are walked together, step by step (`coupled`).

use super::bound::{Surplus, ratio_slack};
use super::coupled::{Around, Coupled};
use super::marks::WINDOW_STEPS;
use super::positions::{PairClass, ScanList, Scanned, Term, pair_threshold};
use super::walk::{Observer, Walk};
use crate::market::model::PathBuffer;
use crate::program::Program;
use crate::tail::{Counters, Outcome, SATURATED, SMALL_MARK, Shape};

/// Scratch space of one thread, and what it has counted since it last handed over.
pub struct PathWorker<'a> {
    program: &'a Program,
    list: ScanList,
    buffer: PathBuffer,
    ratios: Vec<i32>,
    walk: Walk<'a>,
    coupled: Option<Coupled<'a>>,
    /// Whether windows are cleared by bounds before their steps are walked.
    pub use_bounds: bool,
}

impl<'a> PathWorker<'a> {
    /// Room for paths of the program.
    #[must_use]
    pub fn new(program: &'a Program) -> Self {
        Self {
            program,
            list: ScanList::new(program),
            buffer: program.market.buffer(),
            ratios: vec![0; program.market.n_steps],
            walk: Walk::new(program),
            coupled: program.liquidity.as_ref().map(|it| Coupled::new(program, it)),
            use_bounds: true,
        }
    }

    /// Adds what was counted to `counters`, and starts anew.
    pub fn hand_over(&mut self, counters: &mut Counters) {
        counters.merge(&self.walk.ledger.counters);
        self.walk.ledger.counters = Counters::new(shape(self.program));
    }

    /// Walks a path.
    pub fn run<O: Observer>(&mut self, seed: u64, path: u64, observer: &mut O) -> Outcome {
        self.program.market.walk(seed, path, &mut self.buffer);
        let list = std::mem::take(&mut self.list);
        self.walk.begin(&self.program.instruments, &self.buffer.logs);
        observer.prices(&self.buffer.logs, &self.walk.marks);
        let mut strained = self.walk.marks.strained(&self.program.instruments);
        if let Some(coupled) = &mut self.coupled {
            let Walk { marks, ledger, .. } = &mut self.walk;
            let around =
                Around { program: self.program, list: &list, marks, logs: &self.buffer.logs };
            let moved = coupled.run(&around, self.use_bounds, ledger, observer);
            strained = (strained.0 | moved.0, strained.1 | moved.1);
        } else {
            self.walk_alone(&list, observer);
        }
        self.list = list;
        let mut outcome = self.walk.finish();
        let (saturated, small) = strained;
        if saturated || self.buffer.clamped {
            outcome.flags |= SATURATED;
        }
        if small {
            outcome.flags |= SMALL_MARK;
        }
        outcome
    }

    fn walk_alone<O: Observer>(&mut self, list: &ScanList, observer: &mut O) {
        for class in &list.pairs {
            self.scan_pairs(list, class, observer);
        }
        for scanned in &list.others {
            let surplus = self.surplus(scanned, list.terms_of(scanned));
            if !self.use_bounds || surplus.bound(self.walk.marks.whole()) < 0 {
                self.walk_steps(scanned, list.terms_of(scanned), observer);
            }
        }
    }

    fn surplus<'t>(&'t self, scanned: &Scanned, terms: &'t [Term]) -> Surplus<'t> {
        let position = &self.program.positions[scanned.position as usize];
        let tiered = if scanned.has_tiers { self.program.legs_of(position) } else { &[] };
        Surplus { program: self.program, constant: scanned.constant, terms, tiered }
    }

    /// Clears a class of pairs by the least ratio of their marks; walks the rest from candidate to
    /// candidate: steps whose ratio is below the position's threshold.
    fn scan_pairs<O: Observer>(&mut self, list: &ScanList, class: &PairClass, observer: &mut O) {
        let whole = self.walk.marks.whole();
        let slack = ratio_slack(whole[class.collateral as usize], whole[class.debt as usize]);
        let Some(slack) = slack.filter(|_| self.use_bounds) else {
            for scanned in &class.scanned {
                self.walk_steps(scanned, list.terms_of(scanned), observer);
            }
            return;
        };
        let above = self.walk.marks.logs_of(class.collateral);
        let below = self.walk.marks.logs_of(class.debt);
        let mut least = i32::MAX;
        for ((ratio, above), below) in self.ratios.iter_mut().zip(above).zip(below) {
            *ratio = above - below;
            least = least.min(*ratio);
        }
        let n_left = class.thresholds.partition_point(|it| it.saturating_add(slack) > least);
        for (scanned, threshold) in class.scanned[..n_left].iter().zip(&class.thresholds) {
            self.walk_pair(scanned, list.terms_of(scanned), *threshold, slack, observer);
        }
    }

    fn walk_pair<O: Observer>(
        &mut self,
        scanned: &Scanned,
        terms: &[Term],
        threshold: i32,
        slack: i32,
        observer: &mut O,
    ) {
        self.walk.enter(scanned.position as usize, terms);
        let mut threshold = threshold.saturating_add(slack);
        let mut step = 0;
        while let Some(offset) = first_below(&self.ratios[step..], threshold) {
            step += offset;
            if self.surplus(scanned, &self.walk.terms).at(&self.walk.marks, step) < 0 {
                self.walk.liquidate(step, observer);
                if self.walk.is_over {
                    break;
                }
                let [mut collateral, mut debt] = [0; 2];
                for term in &self.walk.terms {
                    *(if term.is_negative { &mut debt } else { &mut collateral }) = term.magnitude;
                }
                threshold = pair_threshold(collateral, debt).saturating_add(slack);
            }
            step += 1;
        }
        self.walk.leave(observer);
    }

    /// Walks a position window by window, step by step in those that the bound does not clear.
    fn walk_steps<O: Observer>(&mut self, scanned: &Scanned, terms: &[Term], observer: &mut O) {
        self.walk.enter(scanned.position as usize, terms);
        let n_steps = self.program.market.n_steps;
        let mut step = 0;
        while step < n_steps && !self.walk.is_over {
            let window = step / WINDOW_STEPS;
            let end = ((window + 1) * WINDOW_STEPS).min(n_steps);
            let surplus = self.surplus(scanned, &self.walk.terms);
            let marks = &self.walk.marks;
            let is_clear = self.use_bounds && surplus.bound(marks.window(window)) >= 0;
            let breach = if is_clear {
                None
            } else {
                surplus.first_breach::<WINDOW_STEPS>(marks, step, end)
            };
            step = match breach {
                None => end,
                Some(breach) => {
                    self.walk.liquidate(breach, observer);
                    breach + 1
                }
            };
        }
        self.walk.leave(observer);
    }
}

/// Where the first ratio below a threshold is, by runs of sixteen.
fn first_below(ratios: &[i32], threshold: i32) -> Option<usize> {
    const RUN: usize = 16;
    let mut runs = ratios.chunks_exact(RUN);
    let mut begin = 0;
    for run in runs.by_ref() {
        let mut any = false;
        for ratio in run {
            any |= *ratio < threshold;
        }
        if any {
            break;
        }
        begin += RUN;
    }
    ratios[begin..].iter().position(|ratio| *ratio < threshold).map(|offset| begin + offset)
}

/// Sizes of a program's counters.
#[must_use]
pub fn shape(program: &Program) -> Shape {
    Shape {
        n_positions: program.positions.len(),
        n_steps: program.market.n_steps,
        n_pools: program.pools.len(),
        n_funds: program.liquidity.as_ref().map(|it| it.funds.len()),
    }
}
