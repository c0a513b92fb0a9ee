//! Is a finished run directory true? Its bytes against their seals, its figures against its
//! segments, and its outcomes against paths that are walked again.
//!
//! What is written down is checked whole: every file, every figure. What was computed is checked by
//! a sample of blocks, drawn when the directory is complete, and by all paths of the tail; a sample
//! of all blocks compares the counters of positions, steps and pools as well.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::disk;
use super::error::{ArchiveError, Damage};
use super::layout::{n_blocks, paths, segment_blocks, segment_name, segments};
use super::manifest::Manifest;
use super::plan::Subject;
use super::read::read_segment;
use super::results::{Counted, Results, files};
use super::walk::RunRecord;
use super::{BLOCKS, MANIFEST, SEGMENTS};
use crate::engine::{Part, Progress, Stretch, Walkers, walk};
use crate::tail::{BLOCK_PATHS, Counters, Level, Ordered, Outcome, merkle};

/// A directory whose bytes are those that were sealed, and belong together.
#[derive(Debug)]
pub struct Sealed {
    folder: PathBuf,
    /// What it is a run of.
    pub subject: Subject,
    /// The paths that it holds: all of the run's, or a shard's.
    pub paths: Range<u64>,
    /// The manifest.
    pub manifest: Manifest,
    /// All its segments.
    pub counted: Counted,
}

impl Sealed {
    /// Reads a directory, and checks all that can be checked without walking a path.
    ///
    /// # Errors
    ///
    /// The first file that is missing, changed or unknown, or does not follow from the others.
    pub fn read(folder: &Path) -> Result<Self, ArchiveError> {
        let manifest = Manifest::read(folder)?;
        manifest.check_files(folder)?;
        let subject = Subject::read(folder)?;
        let damaged =
            |name: &str, damage| ArchiveError::Damaged { path: folder.join(name), damage };
        let key = subject.plan.key();
        if manifest.run != key {
            let damage = Damage::Foreign { there: manifest.run, here: key };
            return Err(damaged(MANIFEST, damage));
        }
        RunRecord::read(folder, key)?;
        let n_paths = subject.plan.n_paths;
        let paths = paths(n_paths, manifest.shard);
        let mut counted = Counted::none(&subject);
        for segment in segments(n_paths, paths.clone()) {
            counted.add(read_segment(folder, &subject, &segment)?.0);
        }
        Ok(Self { folder: folder.to_owned(), subject, paths, manifest, counted })
    }

    /// The numbers of its blocks.
    #[must_use]
    pub fn blocks(&self) -> Range<u64> {
        self.paths.start / BLOCK_PATHS..n_blocks(self.paths.end)
    }

    /// Makes the files with the figures again, walking the tail on so many threads, and compares
    /// them byte for byte; those of a shard are its blocks alone.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Damaged`] with the file that is another.
    pub fn check_figures(&self, n_threads: usize) -> Result<Option<Results>, ArchiveError> {
        let Self { subject, counted, .. } = self;
        let results = match self.manifest.shard {
            None => Some(counted.results(subject, n_threads)?),
            Some(_) => None,
        };
        let files = match &results {
            Some(results) => files(subject, counted, results),
            None => vec![(BLOCKS, counted.blocks())],
        };
        let segment_names = segments(subject.plan.n_paths, self.paths.clone())
            .map(|segment| format!("{SEGMENTS}/{}", segment_name(&segment)));
        let expected: Vec<String> = segment_names
            .chain(files.iter().map(|(name, _)| (*name).to_owned()))
            .chain([super::PLAN, super::PROGRAM, super::FACTS].map(str::to_owned))
            .collect();
        let damaged = |name: &str, damage| {
            Err(ArchiveError::Damaged { path: self.folder.join(name), damage })
        };
        for name in &expected {
            if !self.manifest.files.contains_key(name) {
                return damaged(name, Damage::Missing);
            }
        }
        if let Some(name) = self.manifest.files.keys().find(|name| !expected.contains(name)) {
            return damaged(name, Damage::Unknown);
        }
        for (name, bytes) in files {
            if disk::read(&self.folder.join(name))?.as_deref() != Some(&bytes) {
                return damaged(name, Damage::NotTheSum);
            }
        }
        Ok(results)
    }

    /// Walks a block again and compares its outcomes with the digest that is recorded.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::WrongBlock`], or if the backend fails.
    pub fn check_block(
        &self,
        walkers: &mut Walkers<'_, '_>,
        block: u64,
    ) -> Result<(), ArchiveError> {
        let paths = block * BLOCK_PATHS..((block + 1) * BLOCK_PATHS).min(self.paths.end);
        let mut outcomes = vec![Outcome::default(); (paths.end - paths.start) as usize];
        let mut ignored = Counters::new(self.counted.tally.counters.shape());
        walkers.backend.expect(paths.end);
        walkers.backend.run(paths, &mut outcomes, &mut ignored)?;
        let there = self.counted.tally.blocks[&block];
        let here = merkle::leaf(block, &outcomes);
        if there == here { Ok(()) } else { Err(self.wrong_block(block, there, here)) }
    }

    /// Walks all blocks again and compares every segment whole, counters included.
    ///
    /// # Errors
    ///
    /// The first block that differs, or the segment whose counters do.
    pub fn check_all(
        &self,
        walkers: &mut Walkers<'_, '_>,
        batch: u64,
        progress: &mut dyn Progress,
    ) -> Result<(), ArchiveError> {
        let n_paths = self.subject.plan.n_paths;
        let batch = (1 << batch.max(1).ilog2()).min(segment_blocks(n_paths) * BLOCK_PATHS);
        for segment in segments(n_paths, self.paths.clone()) {
            let mut part: Part = self.subject.part(segment.start);
            let stretch = Stretch { to: segment.end, expected: segment.end, batch };
            walk(walkers, &mut part, stretch, progress)?;
            let (there, _) = read_segment(&self.folder, &self.subject, &segment)?;
            for (block, here) in &part.tally.blocks {
                let there = there.tally.blocks[block];
                if there != *here {
                    return Err(self.wrong_block(*block, there, *here));
                }
            }
            if part != there {
                let name = format!("{SEGMENTS}/{}", segment_name(&segment));
                return Err(ArchiveError::WrongCounters { path: self.folder.join(name) });
            }
        }
        Ok(())
    }

    /// The paths of the tail and their losses in quanta, worst first; none of a shard.
    #[must_use]
    pub fn tail(&self) -> Vec<(u64, i64)> {
        if self.manifest.shard.is_some() {
            return Vec::new();
        }
        let ordered = Ordered::of(&self.counted.tally);
        let tail = ordered.tail_paths(Level::nearest(self.subject.facts.tail_level()));
        tail.iter().map(|path| (path.path_idx, path.loss)).collect()
    }

    /// Compares a path of the tail that was walked again with what is recorded.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::WrongPath`].
    pub fn check_path(&self, path_idx: u64, there: i64, here: i64) -> Result<(), ArchiveError> {
        if there == here {
            return Ok(());
        }
        Err(ArchiveError::WrongPath { path: self.folder.clone(), path_idx, there, here })
    }

    fn wrong_block(&self, block: u64, there: merkle::Digest, here: merkle::Digest) -> ArchiveError {
        let (path, first_path) = (self.folder.clone(), block * BLOCK_PATHS);
        let last_path = (first_path + BLOCK_PATHS).min(self.paths.end) - 1;
        ArchiveError::WrongBlock { path, block, first_path, last_path, there, here }
    }
}
