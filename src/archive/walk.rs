//! Walks what a run directory lacks, and finishes it.

use std::ops::{ControlFlow, Range};

use super::directory::{Found, RunDirectory, publish_shard};
use super::disk::{self};
use super::error::ArchiveError;
use super::layout::segment_blocks;
use super::manifest::Manifest;
use super::record::RunRecord;
use super::results::{Counted, Results, files};
use super::sealed::pack_json;
use super::{BLOCKS, MANIFEST, RUN, STATES};
use crate::engine::{Done, Part, Progress, Stretch, Walkers, walk};
use crate::report::RunFacts;
use crate::tail::{BLOCK_PATHS, Tally};

/// What a watcher asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// More paths.
    GoOn,
    /// That what is done be saved, and then more paths.
    Save,
    /// That what is done be saved, and no more.
    Stop,
}

/// Watches a run that is kept on disk.
pub trait Watch {
    /// So much is done.
    fn after(&mut self, done: Done<'_>) -> Next;

    /// What was asked to be saved is saved.
    fn saved(&mut self) {}
}

/// How a walk ended.
#[derive(Debug)]
pub enum Ended {
    /// With the last path.
    Finished(Box<Counted>),
    /// Because the watcher said so; all that was done is saved.
    Stopped {
        /// Paths done, those found included.
        n_paths: u64,
    },
}

impl RunDirectory<'_> {
    /// Walks the paths that were not found, segment by segment; at most `batch` at a time.
    ///
    /// # Errors
    ///
    /// If a backend fails or a file cannot be written; what was saved before is kept.
    pub fn walk(
        &mut self,
        walkers: &mut Walkers<'_, '_>,
        batch: u64,
        found: Found,
        watch: &mut dyn Watch,
    ) -> Result<Ended, ArchiveError> {
        let Found { mut counted, missing, mut checkpoint, .. } = found;
        let length = segment_blocks(self.subject.plan.n_paths) * BLOCK_PATHS;
        // A power of two divides segments, so that batches have one length across them.
        let batch = (1 << batch.max(1).ilog2()).min(length);
        for (place, segment) in missing.iter().enumerate() {
            let part = match checkpoint.take_if(|it| it.paths.start == segment.start) {
                Some(part) => part,
                None => self.subject.part(segment.start),
            };
            let stretch =
                Stretch { to: segment.end, expected: end_of_row(&missing[place..]), batch };
            let mut asked = Asked { before: &counted.tally, watch: &mut *watch, next: Next::GoOn };
            let part = self.walk_segment(walkers, part, stretch, &mut asked)?;
            let is_stopped = asked.next == Next::Stop;
            counted.add(part);
            let n_paths = counted.tally.sums.n_paths;
            if is_stopped && n_paths < self.n_paths() {
                return Ok(Ended::Stopped { n_paths });
            }
        }
        Ok(Ended::Finished(Box::new(counted)))
    }

    /// Walks one segment, saving whenever that is asked; the part that was done when it stopped.
    fn walk_segment(
        &mut self,
        walkers: &mut Walkers<'_, '_>,
        mut part: Part,
        stretch: Stretch,
        asked: &mut Asked<'_>,
    ) -> Result<Part, ArchiveError> {
        loop {
            walk(walkers, &mut part, stretch, asked)?;
            if part.paths.end == stretch.to {
                return self.keep_segment(part);
            }
            part = self.keep_state(part)?;
            asked.watch.saved();
            if asked.next == Next::Stop {
                return Ok(part);
            }
        }
    }

    /// Writes what follows from all paths, and how the run went; the manifest last. A shard has no
    /// figures of its own.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn finish(
        mut self,
        counted: &Counted,
        results: Option<&Results>,
        run: RunFacts,
    ) -> Result<(), ArchiveError> {
        match results {
            Some(results) => {
                for (name, bytes) in files(self.subject, counted, results) {
                    self.keep(name, &bytes)?;
                }
            }
            None => self.keep(BLOCKS, &counted.blocks())?,
        }
        let record = RunRecord { key: self.key, run };
        let path = self.path(RUN);
        // How a run went that was finished is not how it was healed.
        if self.notes.is_empty() || RunRecord::read(&self.folder, self.key).is_err() {
            disk::publish(self.disk, &path, &pack_json(&record))?;
        }
        for state in STATES {
            let path = self.path(state);
            disk::remove(self.disk, &path)?;
        }
        let (run, shard) = (self.key, self.place.shard);
        let manifest = Manifest { run, shard, files: std::mem::take(&mut self.files) };
        let path = self.path(MANIFEST);
        disk::publish(self.disk, &path, &pack_json(&manifest))?;
        match shard {
            Some(_) if self.folder == self.place.working() => {
                publish_shard(self.disk, &self.place, &manifest)
            }
            _ => Ok(()),
        }
    }
}

/// How far the segments go on without a gap.
fn end_of_row(missing: &[Range<u64>]) -> u64 {
    let gap = missing.windows(2).find(|pair| pair[0].end != pair[1].start);
    gap.map(|pair| &pair[0]).or(missing.last()).map_or(0, |last| last.end)
}

/// Ends a stretch whenever the watcher asks for something, and remembers what.
struct Asked<'w> {
    before: &'w Tally,
    watch: &'w mut dyn Watch,
    next: Next,
}

impl Progress for Asked<'_> {
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()> {
        self.next = self.watch.after(Done { before: Some(self.before), ..done });
        if self.next == Next::GoOn { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
