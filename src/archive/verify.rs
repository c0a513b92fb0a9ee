//! Is a finished run directory true? Its bytes against their seals, its figures against its
//! segments, and its outcomes against paths that are walked again.
//!
//! What is written down is checked whole: every file, every figure, every sum over paths against
//! the scalars of the blocks. What was computed is checked by a sample of blocks and one of whole
//! segments, with their histograms, worst paths and counters, both drawn when the directory is
//! complete, and by all paths of the tail.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::commitment::{Commitment, SegmentDigest};
use super::disk;
use super::error::{ArchiveError, Damage};
use super::layout::{n_blocks, paths, segment_blocks, segment_name, segments};
use super::manifest::Manifest;
use super::plan::Subject;
use super::read::read_segment;
use super::record::RunRecord;
use super::results::{Counted, files};
use super::sample::Holding;
use super::{BLOCKS, MANIFEST, SEGMENTS};
use crate::engine::shape::shape;
use crate::engine::{EngineError, Part, Progress, Stretch, Walkers, walk};
use crate::tail::{BLOCK_PATHS, Counters, Digest, Leaf, Level, Ordered, Outcome, SumTree};

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
    /// What it commits to, once its figures are checked; none of a shard.
    pub commitment: Option<Commitment>,
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
        let folder = folder.to_owned();
        Ok(Self { folder, subject, paths, manifest, counted, commitment: None })
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
    pub fn check_figures(&mut self, n_threads: usize) -> Result<(), ArchiveError> {
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
        self.commitment = results.and_then(|results| results.commitment);
        Ok(())
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
        let tally = &self.counted.tally;
        let here = walk_block(walkers, block, self.paths.end, tally.materiality)?;
        self.compare(block, &tally.blocks[&block], &here)
    }

    /// Its segments, in order.
    #[must_use]
    pub fn segments(&self) -> Vec<Range<u64>> {
        segments(self.subject.plan.n_paths, self.paths.clone()).collect()
    }

    /// Walks a segment again and compares it whole: blocks, histogram, worst paths and counters.
    ///
    /// # Errors
    ///
    /// The first block that differs, or else the section that does.
    pub fn check_segment(
        &self,
        walkers: &mut Walkers<'_, '_>,
        segment: &Range<u64>,
        batch: u64,
        progress: &mut dyn Progress,
    ) -> Result<(), ArchiveError> {
        let length = segment_blocks(self.subject.plan.n_paths) * BLOCK_PATHS;
        let batch = (1 << batch.max(1).ilog2()).min(length);
        let mut part: Part = self.subject.part(segment.start);
        let stretch = Stretch { to: segment.end, expected: segment.end, batch };
        walk(walkers, &mut part, stretch, progress)?;
        for (block, here) in &part.tally.blocks {
            self.compare(*block, &self.counted.tally.blocks[block], here)?;
        }
        let there = &self.counted.segments[&segment.start];
        let here = SegmentDigest::of(&part);
        there.differs_in(&here).map_or(Ok(()), |section| {
            let path = self.folder.join(format!("{SEGMENTS}/{}", segment_name(segment)));
            Err(ArchiveError::WrongSection { path, section: section.to_owned() })
        })
    }

    /// Binds all blocks: the digest of the run, or of a shard's blocks.
    #[must_use]
    pub fn committed(&self) -> Digest {
        let whole = self.commitment.as_ref().map(|it| it.run_digest);
        whole.unwrap_or_else(|| SumTree::over(self.counted.tally.leaves()).root().digest)
    }

    /// The bad debt of every block.
    #[must_use]
    pub fn holdings(&self) -> Vec<Holding> {
        let leaves = self.counted.tally.blocks.values();
        leaves.map(|leaf| Holding { n_blocks: 1, loss: leaf.scalars().sums.loss as u128 }).collect()
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

    /// Compares a block with itself, walked again.
    fn compare(&self, block: u64, there: &Leaf, here: &Leaf) -> Result<(), ArchiveError> {
        if there == here {
            return Ok(());
        }
        let (path, first_path) = (self.folder.clone(), block * BLOCK_PATHS);
        let last_path = (first_path + BLOCK_PATHS).min(self.paths.end) - 1;
        let (there, here) = (there.node(block).digest, here.node(block).digest);
        Err(ArchiveError::WrongBlock { path, block, first_path, last_path, there, here })
    }
}

/// Walks a block of a run of so many paths.
///
/// # Errors
///
/// If the backend fails.
pub fn walk_block(
    walkers: &mut Walkers<'_, '_>,
    block: u64,
    n_paths: u64,
    materiality: i64,
) -> Result<Leaf, EngineError> {
    let paths = block * BLOCK_PATHS..((block + 1) * BLOCK_PATHS).min(n_paths);
    let mut outcomes = vec![Outcome::default(); (paths.end - paths.start) as usize];
    let mut ignored = Counters::new(shape(walkers.program));
    walkers.backend.expect(paths.end);
    walkers.backend.run(paths, &mut outcomes, &mut ignored)?;
    Ok(Leaf::of(block, &outcomes, materiality))
}
