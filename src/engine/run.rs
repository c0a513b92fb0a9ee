//! A run: batches from a backend into the tally, block by block.

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};

use crate::program::Program;
use crate::tail::{BLOCK_PATHS, Counters, Level, Ordered, Outcome, Paired, TailShares, Tally};

use super::backend::{Backend, EngineError};
use super::cpu::Cpu;
use super::shape::{shape, windows};

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

/// Watches a run.
pub trait Progress {
    /// So much is done: told after a dispatch, whenever no block is left half-counted. A run that
    /// is told to break ends there; what is done stands.
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()>;
}

impl Progress for () {
    fn done(&mut self, _: Done<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What a run has done so far; in two tallies where it is counted in parts.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// Of the parts that are finished.
    pub before: Option<&'a Tally>,
    /// Of the part that is being walked.
    pub now: &'a Tally,
}

impl Done<'_> {
    /// Paths that are counted.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.before.map_or(0, |it| it.sums.n_paths) + self.now.sums.n_paths
    }
}

/// Who walks the paths: a program on a backend, and where two are compared, the other.
pub struct Walkers<'a, 'b> {
    /// The program.
    pub program: &'a Program,
    /// Where it runs.
    pub backend: &'b mut dyn Backend,
    /// The program it is compared with, and where that runs.
    pub other: Option<(&'a Program, &'b mut dyn Backend)>,
}

/// Consecutive paths that have been counted, from the beginning of a block on. A run can stop with
/// one and go on from it, even within a block; those of neighbours merge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which paths.
    pub paths: Range<u64>,
    /// Their tally.
    pub tally: Tally,
    /// What sets them apart from those of another program, where two are compared.
    pub paired: Option<Paired>,
}

impl Part {
    /// No paths yet, of a program from `start` on.
    ///
    /// # Panics
    ///
    /// If no block begins there.
    #[must_use]
    pub fn begin(program: &Program, start: u64, materiality: i64, is_compared: bool) -> Self {
        assert!(start.is_multiple_of(BLOCK_PATHS), "no block begins at path {start}");
        Self {
            paths: start..start,
            tally: Tally::new(materiality, shape(program)).over(windows(program)),
            paired: is_compared.then(Paired::default),
        }
    }

    /// Adds the part that follows.
    ///
    /// # Panics
    ///
    /// If it does not follow, or only one of the two is compared.
    pub fn append(&mut self, next: Self) {
        assert_eq!(self.paths.end, next.paths.start, "parts that are no neighbours");
        assert_eq!(self.paired.is_some(), next.paired.is_some(), "one part is not compared");
        self.paths.end = next.paths.end;
        self.tally.merge(next.tally);
        if let (Some(mine), Some(theirs)) = (&mut self.paired, &next.paired) {
            mine.merge(theirs);
        }
    }
}

/// How far a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Up to this path; the end of a block, or of the run.
    pub to: u64,
    /// Other stretches follow without a gap up to this path: a backend may begin with the next.
    pub expected: u64,
    /// Paths handed to the backend at a time; changes no figure.
    pub batch: u64,
}

/// Runs all paths of a plan; fewer where `progress` breaks.
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
    let mut part = Part::begin(program, 0, plan.materiality, false);
    walk(&mut Walkers { program, backend, other: None }, &mut part, plan.whole(), progress)?;
    Ok(part.tally)
}

/// Walks on from the end of a part, batch after batch, and counts what it finds into it. Where
/// `progress` breaks, the part ends sooner, with a block.
///
/// # Errors
///
/// If a backend fails; the part is then not to be used.
///
/// # Panics
///
/// If only one of the walkers and the part compares two programs.
pub fn walk(
    walkers: &mut Walkers<'_, '_>,
    part: &mut Part,
    stretch: Stretch,
    progress: &mut dyn Progress,
) -> Result<(), EngineError> {
    let Stretch { to, batch, .. } = stretch;
    assert_eq!(walkers.other.is_some(), part.paired.is_some(), "compared, or not");
    let mut blocks = Blocks::behind(part, walkers)?;
    let (mut start, length) = (part.paths.end, to.saturating_sub(part.paths.end));
    // Batches of one length, as a backend expects them: one that ends with the stretch is the last.
    let expected = if length.is_multiple_of(batch) { stretch.expected } else { to };
    walkers.backend.expect(expected);
    let mut outcomes = vec![Outcome::default(); batch.min(length) as usize];
    let mut other = Other::of(walkers.other.as_mut(), outcomes.len(), expected);
    while start < to {
        // A block that is counted in part is ended first, so that batches end with blocks.
        let length = if blocks.n_counted > 0 { blocks.n_missing().min(batch) } else { batch };
        let end = (start + length).min(to);
        let now = &mut outcomes[..(end - start) as usize];
        walkers.backend.run(start..end, now, &mut part.tally.counters)?;
        if let (Some(other), Some(paired)) = (&mut other, &mut part.paired) {
            paired.absorb(now, other.walk(start..end)?);
        }
        blocks.absorb(now, &mut part.tally);
        if end == to {
            blocks.finish(&mut part.tally);
        }
        start = end;
        if blocks.pending.is_empty() {
            part.paths.end = end;
            if progress.done(Done { before: None, now: &part.tally }).is_break() {
                break;
            }
        }
    }
    Ok(())
}

impl Plan {
    /// All of its paths at one stretch.
    #[must_use]
    pub fn whole(&self) -> Stretch {
        Stretch { to: self.n_paths, expected: self.n_paths, batch: self.batch }
    }
}

/// The program that is compared with, and room for what it finds.
struct Other<'b> {
    backend: &'b mut dyn Backend,
    outcomes: Vec<Outcome>,
    ignored: Counters,
}

impl<'b> Other<'b> {
    fn of(
        other: Option<&'b mut (&Program, &mut dyn Backend)>,
        batch: usize,
        expected: u64,
    ) -> Option<Self> {
        let (program, backend) = other?;
        backend.expect(expected);
        let (outcomes, ignored) = (vec![Outcome::default(); batch], Counters::new(shape(program)));
        Some(Self { backend: &mut **backend, outcomes, ignored })
    }

    fn walk(&mut self, paths: Range<u64>) -> Result<&[Outcome], EngineError> {
        let outcomes = &mut self.outcomes[..(paths.end - paths.start) as usize];
        self.backend.run(paths, outcomes, &mut self.ignored)?;
        Ok(outcomes)
    }
}

/// Batches to blocks.
pub(super) struct Blocks {
    next: u64,
    /// Outcomes of a block that no batch has completed yet.
    pending: Vec<Outcome>,
    /// How many of these are counted already.
    n_counted: usize,
}

impl Blocks {
    /// From the beginning of a block on.
    pub(super) fn from(block_idx: u64) -> Self {
        Self { next: block_idx, pending: Vec::new(), n_counted: 0 }
    }

    /// From the end of a part on. Where that lies within a block, the block's first paths are
    /// walked again, for its digest.
    fn behind(part: &Part, walkers: &mut Walkers<'_, '_>) -> Result<Self, EngineError> {
        let mut blocks = Self::from(part.paths.end / BLOCK_PATHS);
        blocks.n_counted = (part.paths.end % BLOCK_PATHS) as usize;
        if blocks.n_counted > 0 {
            blocks.pending = vec![Outcome::default(); blocks.n_counted];
            let mut ignored = Counters::new(part.tally.counters.shape());
            let counted = part.paths.end - blocks.n_counted as u64..part.paths.end;
            walkers.backend.expect(part.paths.end);
            walkers.backend.run(counted, &mut blocks.pending, &mut ignored)?;
        }
        Ok(blocks)
    }

    /// Paths that the next block lacks.
    fn n_missing(&self) -> u64 {
        BLOCK_PATHS - self.pending.len() as u64
    }

    pub(super) fn absorb(&mut self, outcomes: &[Outcome], tally: &mut Tally) {
        let mut rest = outcomes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at((self.n_missing() as usize).min(rest.len()));
            self.pending.extend_from_slice(now);
            rest = later;
            if self.pending.len() == BLOCK_PATHS as usize {
                self.hand_over(tally);
            }
        }
    }

    pub(super) fn finish(&mut self, tally: &mut Tally) {
        if !self.pending.is_empty() {
            self.hand_over(tally);
        }
    }

    fn hand_over(&mut self, tally: &mut Tally) {
        tally.complete_block(self.next, &self.pending, self.n_counted);
        (self.next, self.n_counted) = (self.next + 1, 0);
        self.pending.clear();
    }
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

/// Walks single paths once more, on as many threads; their outcomes, in the order of the paths.
///
/// # Errors
///
/// If the threads cannot be started.
pub fn single_paths(
    program: &Program,
    seed: u64,
    n_threads: usize,
    paths: &[u64],
) -> Result<Vec<Outcome>, EngineError> {
    let mut outcomes = vec![Outcome::default(); paths.len()];
    let a_thread = paths.len().div_ceil(n_threads.max(1)).max(1);
    let walk = |paths: &[u64], outcomes: &mut [Outcome]| {
        let (mut cpu, mut ignored) = (Cpu::new(program, seed, 1), Counters::new(shape(program)));
        for (path, outcome) in paths.iter().zip(outcomes) {
            cpu.run(*path..*path + 1, std::slice::from_mut(outcome), &mut ignored)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (paths, outcomes) in paths.chunks(a_thread).zip(outcomes.chunks_mut(a_thread)) {
            let thread = std::thread::Builder::new().spawn_scoped(scope, || walk(paths, outcomes));
            threads.push(thread.map_err(|source| EngineError::Threads { n_threads, source })?);
        }
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(walked) => walked,
            Err(panicked) => std::panic::resume_unwind(panicked),
        })
    })?;
    Ok(outcomes)
}
