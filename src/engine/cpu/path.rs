//! Paths, a few at a time: prices, then every position along them; a schedule of the reference
//! walker.
//!
//! Where nothing couples the positions of a path, each is walked alone, if a bound over the horizon
//! does not clear it; else all are walked together, step by step (`coupled`).

use super::coupled::{Around, Coupled};
use super::horizon::{GROUP, Horizon, Widening};
use super::marks::Marks;
use super::pairs::Pairs;
use super::walk::Walk;
use crate::engine::scan::list::ScanList;
use crate::engine::shape::shape;
use crate::lanes::Lanes;
use crate::market::model::PathBuffer;
use crate::program::Program;
use crate::tail::{Counters, Outcome, SATURATED, SMALL_MARK};

/// Scratch space of one thread, and what it has counted since it last handed over.
pub struct PathWorker<'a> {
    program: &'a Program,
    lanes: Lanes,
    list: ScanList,
    buffer: PathBuffer,
    /// Of every path of the group.
    marks: Vec<Marks>,
    clamped: [bool; GROUP],
    horizon: Horizon,
    /// Of every path of the group, what of `list.others` the horizon does not clear.
    eligible: Vec<Vec<u32>>,
    pairs: Pairs,
    walk: Walk<'a>,
    coupled: Option<Coupled<'a>>,
}

impl<'a> PathWorker<'a> {
    /// Room for paths of the program.
    #[must_use]
    pub fn new(program: &'a Program, lanes: Lanes) -> Self {
        let list = ScanList::new(program);
        let coupled = |it| Coupled::new(program, it, &list.ratios, lanes);
        let coupled = program.liquidity.as_ref().map(coupled);
        let mut buffer = program.market.buffer();
        buffer.lanes = lanes;
        Self {
            program,
            lanes,
            buffer,
            marks: vec![Marks::with_lanes(program, lanes); GROUP],
            clamped: [false; GROUP],
            horizon: Horizon::new(program, &list.ratios, lanes),
            eligible: vec![Vec::new(); GROUP],
            pairs: Pairs::default(),
            walk: Walk::new(program, lanes),
            coupled,
            list,
        }
    }

    /// Walks every check step by step: what the bounds are tested against.
    #[must_use]
    pub fn without_bounds(mut self) -> Self {
        self.walk.use_bounds = false;
        self
    }

    /// Adds what was counted to `counters`, and starts anew.
    pub fn hand_over(&mut self, counters: &mut Counters) {
        counters.merge(&self.walk.ledger.counters);
        self.walk.ledger.counters = Counters::new(shape(self.program));
    }

    /// Walks any number of paths, group after group.
    ///
    /// # Panics
    /// If there are not as many outcomes as paths.
    pub fn run_all(&mut self, seed: u64, paths: &[u64], outcomes: &mut [Outcome]) {
        assert_eq!(paths.len(), outcomes.len(), "an outcome for every path");
        for (paths, outcomes) in paths.chunks(GROUP).zip(outcomes.chunks_mut(GROUP)) {
            self.run_group(seed, paths, outcomes);
        }
    }

    /// Walks up to [`GROUP`] paths.
    fn run_group(&mut self, seed: u64, paths: &[u64], outcomes: &mut [Outcome]) {
        for (lane, path) in paths.iter().enumerate() {
            let marks = &mut self.marks[lane];
            self.program.market.walk(seed, *path, &mut self.buffer);
            marks.fill(&self.program.instruments, &mut self.buffer.logs);
            self.clamped[lane] = self.buffer.clamped;
        }
        self.clear(paths.len());
        for (lane, outcome) in outcomes.iter_mut().enumerate() {
            *outcome = self.walk_path(lane);
        }
    }

    /// Finds what the horizons of the first `n_paths` lanes do not clear.
    fn clear(&mut self, n_paths: usize) {
        let Self { horizon, list, eligible, marks, .. } = self;
        eligible.iter_mut().for_each(Vec::clear);
        if !self.walk.use_bounds {
            eligible.iter_mut().for_each(|eligible| eligible.extend(0..list.others.len() as u32));
            return;
        }
        let widening = self.coupled.as_ref().map_or(Widening::NONE, Coupled::widening);
        for (lane, marks) in marks[..n_paths].iter().enumerate() {
            horizon.set(&list.ratios, lane, marks, widening);
        }
        horizon.clear(&list.bounds, &mut eligible[..n_paths]);
        for eligible in &mut eligible[..n_paths] {
            eligible.extend_from_slice(&list.tiered);
        }
    }

    fn walk_path(&mut self, lane: usize) -> Outcome {
        let Self { program, list, walk, pairs, horizon, .. } = self;
        let horizon = (&*horizon, lane);
        let marks = &mut self.marks[lane];
        let mut strained = marks.strained(&program.instruments);
        walk.ledger.begin();
        if let Some(coupled) = &mut self.coupled {
            let eligible = &*self.eligible[lane];
            if coupled.begin(&Around::new(program, list, marks, horizon, eligible), walk.use_bounds)
            {
                marks.need_all();
            }
            let around = Around::new(program, list, marks, horizon, eligible);
            let moved = coupled.run(&around, &mut walk.ledger);
            strained = (strained.0 | moved.0, strained.1 | moved.1);
        } else {
            // Leg by leg for the test of what is done abreast.
            let is_fast = walk.use_bounds;
            let slack = marks.slack().filter(|_| walk.use_bounds);
            pairs.begin();
            for (idx, class) in list.pairs.iter().enumerate() {
                let n_eligible = match slack {
                    Some(slack) => horizon.0.n_eligible(lane, class, slack),
                    None => class.scanned.len(),
                };
                if is_fast {
                    pairs.push(idx, n_eligible);
                } else {
                    for scanned in &class.scanned[..n_eligible] {
                        walk.steps(list, marks, horizon, scanned);
                    }
                }
            }
            pairs.walk(program, self.lanes, &list.pairs, marks, &mut walk.ledger);
            for idx in &self.eligible[lane] {
                let idx = *idx as usize;
                match &list.baskets[idx] {
                    Some(basket) if is_fast => {
                        basket.walk(program, self.lanes, marks, &mut walk.ledger)
                    }
                    _ => walk.steps(list, marks, horizon, &list.others[idx]),
                }
            }
        }
        let mut outcome = walk.ledger.finish();
        let (saturated, small) = strained;
        if saturated || self.clamped[lane] {
            outcome.flags |= SATURATED;
        }
        if small {
            outcome.flags |= SMALL_MARK;
        }
        outcome
    }
}
