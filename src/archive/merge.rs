//! Joins the shards of a run to what one machine would have written, byte for byte.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::differences::{between, differences};
use super::directory::{Opened, Place, RunDirectory};
use super::disk::{self, Disk};
use super::error::ArchiveError;
use super::inside::{refuse_links, refuse_links_of};
use super::layout::{Shard, array_syntax, paths, segments};
use super::manifest::Manifest;
use super::plan::Subject;
use super::read::read_segment;
use super::record::RunRecord;
use super::results::Counted;
use super::{MANIFEST, SHARDS};
use crate::engine::Part;
use crate::report::RunFacts;

/// The shards of a run, all there, each whole and of the same run.
pub struct Shards {
    root: PathBuf,
    shards: Vec<Shard>,
    /// What they are shards of.
    pub subject: Subject,
}

impl Shards {
    /// Finds the shards in a folder and checks every byte of them.
    ///
    /// # Errors
    ///
    /// If one is missing, damaged, or of another run.
    pub fn find(root: &Path) -> Result<Self, ArchiveError> {
        refuse_links(root)?;
        let folder = root.join(SHARDS);
        let names = disk::names(&folder)?;
        let mut shards: Vec<Shard> = names.iter().filter_map(|name| Shard::of_name(name)).collect();
        shards.sort_by_key(|shard| (shard.count, shard.index));
        // A shard that is still being walked says how many there are, if none is finished yet.
        let begun = || names.iter().find_map(|name| Shard::of_name(name.strip_prefix('.')?));
        let Some(one) = shards.first().copied().or_else(begun) else {
            return Err(ArchiveError::NoShards { path: root.to_owned() });
        };
        if let Some(&other) = shards.iter().find(|shard| shard.count != one.count) {
            return Err(ArchiveError::TwoSplits { path: folder, one, other });
        }
        let is_missing = |index: &u64| !shards.iter().any(|shard| shard.index == *index);
        let missing: Vec<u64> = (0..one.count).filter(is_missing).collect();
        if !missing.is_empty() {
            let (n_missing, indices) = (missing.len(), array_syntax(&missing));
            let count = one.count;
            return Err(ArchiveError::MissingShards { path: folder, n_missing, count, indices });
        }
        shards.iter().try_for_each(|shard| refuse_links_of(root, *shard))?;
        let subject = Subject::read(&folder.join(one.to_string()))?;
        let found = Self { root: root.to_owned(), shards, subject };
        found.shards.iter().try_for_each(|shard| found.check(*shard))?;
        Ok(found)
    }

    /// How many there are.
    #[must_use]
    pub fn n_shards(&self) -> usize {
        self.shards.len()
    }

    /// Opens the folder for the whole run. One that is finished is opened too: whatever is written
    /// again must be what is there.
    ///
    /// # Errors
    ///
    /// If another run is there, or the folder cannot be written.
    pub fn open<'a>(&'a self, disk: &'a mut dyn Disk) -> Result<Opened<'a>, ArchiveError> {
        let place = Place { root: self.root.clone(), shard: None };
        RunDirectory::open(place, &self.subject, disk, true)
    }

    /// Joins the parts of a segment.
    ///
    /// # Errors
    ///
    /// If one is damaged.
    pub fn segment(&self, segment: &Range<u64>) -> Result<Part, ArchiveError> {
        let mut whole = self.subject.part(segment.start);
        let n_paths = self.subject.plan.n_paths;
        for shard in &self.shards {
            let of_shard = paths(n_paths, Some(*shard));
            let within = segment.start.max(of_shard.start)..segment.end.min(of_shard.end);
            if !within.is_empty() {
                whole.append(read_segment(&self.folder(*shard), &self.subject, &within)?.0);
            }
        }
        Ok(whole)
    }

    /// How the shards were run, together: the longest time, and all the work.
    ///
    /// # Errors
    ///
    /// If one does not say.
    pub fn run_facts(&self) -> Result<RunFacts, ArchiveError> {
        let mut runs = Vec::new();
        for shard in &self.shards {
            runs.push(RunRecord::read(&self.folder(*shard), self.subject.plan.key())?.run);
        }
        let names = |of: &dyn Fn(&RunFacts) -> Option<String>| {
            let names: BTreeSet<String> = runs.iter().filter_map(of).collect();
            (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join(", "))
        };
        let seconds = runs.iter().map(|run| run.wall_seconds);
        let together = RunFacts {
            backend: names(&|run| Some(run.backend.clone())).unwrap_or_default(),
            adapter: names(&|run| run.adapter.clone()),
            threads: runs.iter().map(|run| run.threads).sum(),
            lanes: names(&|run| Some(run.lanes.clone()).filter(|it| !it.is_empty()))
                .unwrap_or_default(),
            batch: runs.iter().map(|run| run.batch).max().unwrap_or(0),
            walked_paths: runs.iter().map(|run| run.walked_paths).sum(),
            wall_seconds: seconds.fold(0.0, f64::max),
            cpu_seconds: runs.iter().map(|run| run.cpu_seconds).sum(),
            checkpoint_seconds: runs.iter().map(|run| run.checkpoint_seconds).sum(),
            paths_per_second: None,
            checks_per_cpu_second: None,
            fallbacks: runs.iter().flat_map(|run| run.fallbacks.iter().cloned()).collect(),
        };
        Ok(together.with_rates(self.subject.facts.checks_per_path()))
    }

    fn folder(&self, shard: Shard) -> PathBuf {
        self.root.join(SHARDS).join(shard.to_string())
    }

    /// Whether a shard is whole, and one of this run.
    fn check(&self, shard: Shard) -> Result<(), ArchiveError> {
        let folder = self.folder(shard);
        let manifest = Manifest::read(&folder)?;
        manifest.check_files(&folder)?;
        let there = Subject::read(&folder)?;
        let mut found =
            between((&there.plan, Some(&there.facts)), (&self.subject.plan, &self.subject.facts));
        found.extend(differences(&manifest.shard, &Some(shard)));
        if found.is_empty() {
            return RunRecord::read(&folder, self.subject.plan.key()).map(|_| ());
        }
        let remedy = "take the shard away, and run it again with the others' command";
        Err(ArchiveError::Differs { path: folder, differences: found, remedy })
    }
}

impl RunDirectory<'_> {
    /// Writes the segments that shards have walked.
    ///
    /// # Errors
    ///
    /// If a shard is damaged, or a file cannot be written.
    pub fn take_shards(&mut self, shards: &Shards) -> Result<Counted, ArchiveError> {
        let mut counted = Counted::none(self.subject);
        for segment in segments(self.subject.plan.n_paths, self.paths()) {
            let part = self.keep_segment(shards.segment(&segment)?)?;
            counted.add(part);
        }
        Ok(counted)
    }
}

/// Compares a merged directory with its shards, without writing.
///
/// # Errors
///
/// [`ArchiveError::Violation`] if a segment is another than its shards'.
pub fn compare_with_shards(root: &Path, shards: &Shards) -> Result<(), ArchiveError> {
    Manifest::read(root)?.check_files(root)?;
    let n_paths = shards.subject.plan.n_paths;
    for segment in segments(n_paths, 0..n_paths) {
        let (there, _) = read_segment(root, &shards.subject, &segment)?;
        if there != shards.segment(&segment)? {
            let (path, other) = (root.join(MANIFEST), root.join(SHARDS));
            return Err(ArchiveError::Violation { path, other });
        }
    }
    Ok(())
}
