//! The same paths under two programs, section by section: what the differences of their figures and
//! the intervals of these are made of.

use std::ops::Range;

use super::backend::{Backend, EngineError};
use super::run::{Blocks, Done, Progress};
use super::shape::{shape, windows};
use crate::program::Program;
use crate::tail::stat::sectioning::{N_SECTIONS, start_of};
use crate::tail::{Counters, Outcome, Tally};

/// One of two programs.
pub struct Side<'a, 'b> {
    /// The program.
    pub program: &'a Program,
    /// Where it runs.
    pub backend: &'b mut dyn Backend,
    /// A path with at least this loss, in its money, counts as one with bad debt.
    pub materiality: i64,
}

/// Walks paths `0..n_paths` under both programs, a batch at a time, and hands on the tallies of
/// each section, which have no digests. Returns those of all paths; `None` if `progress` breaks,
/// which watches the first program's.
///
/// # Errors
///
/// If a backend fails.
pub fn contrast(
    sides: [Side<'_, '_>; 2],
    (n_paths, batch): (u64, u64),
    progress: &mut dyn Progress,
    take: &mut dyn FnMut([&Tally; 2]),
) -> Result<Option<[Tally; 2]>, EngineError> {
    let mut walks = sides.map(Walk::begin);
    for section_idx in 0..N_SECTIONS {
        let section = start_of(section_idx, n_paths)..start_of(section_idx + 1, n_paths);
        if section.is_empty() {
            continue;
        }
        for walk in &mut walks {
            walk.begin_section(section.end);
        }
        let mut start = section.start;
        while start < section.end {
            let end = (start + batch).min(section.end);
            for walk in &mut walks {
                walk.walk(start..end)?;
            }
            start = end;
            if progress.done(Done { before: None, now: &walks[0].whole }).is_break() {
                return Ok(None);
            }
        }
        for walk in &mut walks {
            walk.whole.absorb_counters(&walk.section.counters);
        }
        take([&walks[0].section, &walks[1].section]);
    }
    Ok(Some(walks.map(Walk::finish)))
}

/// One side under way.
struct Walk<'a, 'b> {
    side: Side<'a, 'b>,
    whole: Tally,
    section: Tally,
    blocks: Blocks,
    outcomes: Vec<Outcome>,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn begin(side: Side<'a, 'b>) -> Self {
        let none = Tally::new(side.materiality, shape(side.program));
        let whole = none.clone().over(windows(side.program));
        let blocks = Blocks::from(0);
        Self { side, section: none, whole, blocks, outcomes: Vec::new() }
    }

    /// Nothing is begun beyond the section, so its batches are as a backend expects them.
    fn begin_section(&mut self, end: u64) {
        self.section = Tally::new(self.side.materiality, shape(self.side.program));
        self.side.backend.expect(end);
    }

    fn walk(&mut self, paths: Range<u64>) -> Result<(), EngineError> {
        let start = paths.start;
        self.outcomes.resize((paths.end - start) as usize, Outcome::default());
        let counters: &mut Counters = &mut self.section.counters;
        self.side.backend.run(paths, &mut self.outcomes, counters)?;
        self.section.absorb_paths(start, &self.outcomes);
        self.blocks.absorb(&self.outcomes, &mut self.whole);
        Ok(())
    }

    fn finish(mut self) -> Tally {
        self.blocks.finish(&mut self.whole);
        self.whole
    }
}
