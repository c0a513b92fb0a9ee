//! The CPU backend: a schedule of the reference walker, with fast lanes.
//!
//! Every thread takes the next few paths, walks their prices, bounds every position over the whole
//! horizon, and walks what the bound does not clear from breach to breach.

mod baskets;
mod bound;
mod coupled;
pub(super) mod extremes;
mod filter;
mod horizon;
mod ledger;
mod mark_ratios;
pub mod marks;
mod pairs;
pub mod path;
mod search;
mod walk;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::backend::{Backend, EngineError};
use super::shape::shape;
use crate::lanes::Lanes;
use crate::program::Program;
use crate::tail::{Counters, Outcome};
use path::PathWorker;

/// Paths a thread takes at a time.
const PATHS_PER_TURN: usize = 64;

/// The CPU backend.
pub struct Cpu<'a> {
    program: &'a Program,
    workers: Vec<PathWorker<'a>>,
    seed: u64,
}

impl<'a> Cpu<'a> {
    /// A backend with that many threads, each with its scratch space.
    #[must_use]
    pub fn new(program: &'a Program, seed: u64, n_threads: usize) -> Self {
        Self::with_lanes(program, seed, n_threads, Lanes::widest())
    }

    /// A backend of that many threads with lanes of a certain width; they change no bit.
    #[must_use]
    pub fn with_lanes(program: &'a Program, seed: u64, n_threads: usize, lanes: Lanes) -> Self {
        let workers = (0..n_threads.max(1)).map(|_| PathWorker::new(program, lanes));
        Self { program, workers: workers.collect(), seed }
    }

    /// With every check walked step by step: what the bounds are tested against.
    #[must_use]
    pub fn without_bounds(mut self) -> Self {
        let workers = std::mem::take(&mut self.workers).into_iter();
        self.workers = workers.map(PathWorker::without_bounds).collect();
        self
    }
}

impl Cpu<'_> {
    /// Walks single paths once more; what they add to the counters.
    ///
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn replay(&mut self, paths: &[u64]) -> Result<Counters, EngineError> {
        let seed = self.seed;
        let turns = Mutex::new(paths.chunks(PATHS_PER_TURN));
        self.each_worker(|worker| {
            let mut outcomes = [Outcome::default(); PATHS_PER_TURN];
            while let Some(paths) = next_of(&turns) {
                worker.run_all(seed, paths, &mut outcomes[..paths.len()]);
            }
        })?;
        let mut counters = Counters::new(shape(self.program));
        self.hand_over(&mut counters);
        Ok(counters)
    }

    /// Lets every worker work, the first on this thread.
    fn each_worker(&mut self, work: impl Fn(&mut PathWorker) + Sync) -> Result<(), EngineError> {
        let n_threads = self.workers.len();
        let work = &work;
        std::thread::scope(|scope| {
            let (mine, others) = self.workers.split_at_mut(1);
            for worker in others {
                std::thread::Builder::new()
                    .spawn_scoped(scope, || work(worker))
                    .map_err(|source| EngineError::Threads { n_threads, source })?;
            }
            work(&mut mine[0]);
            Ok(())
        })
    }

    fn hand_over(&mut self, counters: &mut Counters) {
        for worker in &mut self.workers {
            worker.hand_over(counters);
        }
    }
}

/// The next turn, for any thread.
fn next_of<T>(turns: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    turns.lock().unwrap_or_else(PoisonError::into_inner).next()
}

impl Backend for Cpu<'_> {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        let seed = self.seed;
        let firsts = paths.step_by(PATHS_PER_TURN);
        let turns = Mutex::new(firsts.zip(outcomes.chunks_mut(PATHS_PER_TURN)));
        self.each_worker(|worker| {
            while let Some((first, outcomes)) = next_of(&turns) {
                let paths: [u64; PATHS_PER_TURN] = std::array::from_fn(|idx| first + idx as u64);
                worker.run_all(seed, &paths[..outcomes.len()], outcomes);
            }
        })?;
        self.hand_over(counters);
        Ok(())
    }
}
