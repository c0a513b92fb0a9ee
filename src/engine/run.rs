//! A run: batches from a backend into the tally, block by block.

use crate::program::Program;
use crate::tail::{BLOCK_PATHS, Counters, Level, Ordered, Outcome, TailShares, Tally};

use super::backend::{Backend, EngineError};
use super::cpu::Cpu;
use super::cpu::path::shape;

/// What is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Paths, from index 0.
    pub n_paths: u64,
    /// Paths handed to the backend at a time; changes no figure.
    pub batch: u64,
    /// A path with at least this loss, in money, counts as one with bad debt.
    pub materiality: i64,
}

/// How far a run has come.
pub trait Progress {
    /// So many paths are done.
    fn done(&mut self, n_paths: u64);
}

impl Progress for () {
    fn done(&mut self, _: u64) {}
}

/// Runs all paths of a plan.
///
/// # Errors
///
/// If the backend fails.
pub fn run(
    program: &Program,
    plan: Plan,
    backend: &mut dyn Backend,
    progress: &mut dyn Progress,
) -> Result<Tally, EngineError> {
    let mut tally = Tally::new(plan.materiality, shape(program));
    let mut counters = Counters::new(shape(program));
    let mut outcomes = vec![Outcome::default(); plan.batch.min(plan.n_paths) as usize];
    // Outcomes of a block that no batch has completed yet.
    let mut pending: Vec<Outcome> = Vec::with_capacity(BLOCK_PATHS as usize);
    let mut next_block = 0;
    let mut start = 0;
    backend.expect(plan.n_paths);
    while start < plan.n_paths {
        let end = (start + plan.batch).min(plan.n_paths);
        let batch = &mut outcomes[..(end - start) as usize];
        backend.run(start..end, batch, &mut counters)?;
        let mut rest = &*batch;
        while !rest.is_empty() {
            let missing = BLOCK_PATHS as usize - pending.len();
            let (now, later) = rest.split_at(missing.min(rest.len()));
            pending.extend_from_slice(now);
            rest = later;
            if pending.len() == BLOCK_PATHS as usize {
                tally.absorb_block(next_block, &pending);
                next_block += 1;
                pending.clear();
            }
        }
        start = end;
        progress.done(start);
    }
    if !pending.is_empty() {
        tally.absorb_block(next_block, &pending);
    }
    tally.absorb_counters(&counters);
    Ok(tally)
}

/// Walks the paths of the tail beyond a level once more, on as many threads, and sums whose losses
/// they are. `None` if no path there loses anything.
///
/// # Errors
///
/// If the threads cannot be started.
pub fn tail_shares(
    program: &Program,
    seed: u64,
    n_threads: usize,
    tally: &Tally,
    level: f64,
) -> Result<Option<TailShares>, EngineError> {
    let ordered = Ordered::of(tally);
    let tail = ordered.tail_paths(Level::nearest(level));
    let paths: Vec<u64> =
        tail.iter().filter(|path| path.loss > 0).map(|path| path.path_idx).collect();
    if paths.is_empty() {
        return Ok(None);
    }
    let counters = Cpu::new(program, seed, n_threads).replay(&paths)?;
    Ok(Some(TailShares {
        level,
        n_paths: paths.len() as u64,
        positions: counters.positions.iter().map(|count| count.loss).collect(),
        pools: counters.pools,
    }))
}
