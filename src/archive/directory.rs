//! A run directory that is being filled: begun, or found and gone on with.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::differences;
use super::disk::{self, Disk, Lock, publish};
use super::error::{ArchiveError, Damage};
use super::layout::{Shard, paths, segment_name, segments};
use super::manifest::{Listed, Manifest};
use super::plan::{RunPlan, Subject};
use super::read::{Record, read_record};
use super::results::Counted;
use super::sealed::{Kind, json, pack, pack_json};
use super::values::check_part;
use super::walk::publish_shard;
use super::{FACTS, MANIFEST, PLAN, PROGRAM, SEGMENTS, SHARDS, STATES};
use crate::engine::Part;
use crate::report::Facts;
use crate::tail::Digest;

/// Where a run is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder that was named.
    pub root: PathBuf,
    /// The shard of the run, if it is split; it has a folder of its own in the root.
    pub shard: Option<Shard>,
}

/// A directory that is being filled.
pub struct RunDirectory<'a> {
    pub(super) place: Place,
    pub(super) subject: &'a Subject,
    pub(super) disk: &'a mut dyn Disk,
    pub(super) key: Digest,
    pub(super) files: BTreeMap<String, Listed>,
    sequence: u64,
    _lock: Lock,
}

/// What opening a directory came to.
pub enum Opened<'a> {
    /// The run is there, whole; nothing was changed.
    Finished,
    /// There is something left to do.
    Open(RunDirectory<'a>),
}

/// What a directory held when it was opened.
#[derive(Debug)]
pub struct Found {
    /// The finished segments.
    pub counted: Counted,
    /// The segments that are not there, in order.
    pub missing: Vec<Range<u64>>,
    /// What was done of one of these.
    pub checkpoint: Option<Part>,
    /// What was damaged, and will be walked again.
    pub notes: Vec<String>,
}

impl Found {
    /// Paths that need not be walked.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        let of_part = self.checkpoint.as_ref().map_or(0, |part| part.tally.sums.n_paths);
        self.counted.tally.sums.n_paths + of_part
    }
}

impl Place {
    /// The folder that a finished run is found in.
    #[must_use]
    pub fn published(&self) -> PathBuf {
        let of = |shard: Shard| self.root.join(SHARDS).join(shard.to_string());
        self.shard.map_or_else(|| self.root.clone(), of)
    }

    /// The folder in which it is filled: a shard's is hidden, and gets its name when it is whole.
    #[must_use]
    pub fn working(&self) -> PathBuf {
        let of = |shard: Shard| self.root.join(SHARDS).join(format!(".{shard}"));
        self.shard.map_or_else(|| self.root.clone(), of)
    }
}

impl<'a> RunDirectory<'a> {
    /// Begins a directory, or goes on with the run that is there if `is_resumed`.
    ///
    /// # Errors
    ///
    /// If something else is there, or another run, or the folder cannot be written.
    pub fn open(
        place: Place,
        subject: &'a Subject,
        disk: &'a mut dyn Disk,
        is_resumed: bool,
    ) -> Result<Opened<'a>, ArchiveError> {
        if place.root.is_file() {
            return Err(ArchiveError::IsFile { path: place.root });
        }
        if place.shard.is_some() && check_plan(&place.published(), subject)? {
            Manifest::read(&place.published())?;
            return Ok(Opened::Finished);
        }
        let folder = place.working();
        let is_there = folder.join(PLAN).exists();
        if is_there && !is_resumed {
            return Err(ArchiveError::Exists { path: folder });
        }
        if !is_there && let Some(found) = disk::names(&folder)?.into_iter().find(|it| is_other(it))
        {
            return Err(ArchiveError::NotEmpty { path: folder, found });
        }
        if check_plan(&folder, subject)? && folder.join(MANIFEST).exists() {
            let manifest = Manifest::read(&folder)?;
            if place.shard.is_some() {
                // The process that finished it died before it had its name.
                publish_shard(disk, &place, &manifest)?;
            }
            return Ok(Opened::Finished);
        }
        disk::make_dir(disk, &folder.join(SEGMENTS))?;
        let key = subject.plan.key();
        let _lock = Lock::take(&folder)?;
        let (files, sequence) = (BTreeMap::new(), 0);
        let mut directory = Self { place, subject, disk, key, files, sequence, _lock };
        disk::sweep(directory.disk, &folder)?;
        disk::sweep(directory.disk, &folder.join(SEGMENTS))?;
        // The plan first: with it the other two can be made again, whenever the power fails.
        directory.keep(PLAN, &pack_json(&subject.plan))?;
        directory.keep(PROGRAM, &pack(Kind::Program, &subject.program))?;
        directory.keep(FACTS, &json(&subject.facts))?;
        Ok(Opened::Open(directory))
    }

    /// The paths that belong here.
    #[must_use]
    pub fn paths(&self) -> Range<u64> {
        paths(self.subject.plan.n_paths, self.place.shard)
    }

    /// How many these are.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.paths().end - self.paths().start
    }

    /// Where it is kept.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Reads what is there; removes what is damaged, for its paths are walked again.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or removed.
    pub fn find(&mut self) -> Result<Found, ArchiveError> {
        let mut found = Found {
            counted: Counted::none(self.subject),
            missing: Vec::new(),
            checkpoint: None,
            notes: Vec::new(),
        };
        for paths in segments(self.subject.plan.n_paths, self.paths()) {
            let name = format!("{SEGMENTS}/{}", segment_name(&paths));
            let path = self.path(&name);
            match disk::read(&path)? {
                None => found.missing.push(paths),
                Some(bytes) => match self.read_part(Kind::Segment, &bytes, Some(&paths)) {
                    Ok(record) => {
                        self.files.insert(name, Listed::of(&bytes));
                        found.counted.add(record.part);
                    }
                    Err(damage) => {
                        disk::remove(self.disk, &path)?;
                        found.notes.push(walked_again(&path, &damage));
                        found.missing.push(paths);
                    }
                },
            }
        }
        self.find_checkpoint(&mut found)?;
        Ok(found)
    }

    /// The later of the two states that is whole and belongs to a segment that is missing.
    fn find_checkpoint(&mut self, found: &mut Found) -> Result<(), ArchiveError> {
        for state in STATES {
            let path = self.path(state);
            let Some(bytes) = disk::read(&path)? else { continue };
            match self.read_part(Kind::Checkpoint, &bytes, None) {
                Ok(Record { sequence, part, .. }) => {
                    if sequence >= self.sequence {
                        (self.sequence, found.checkpoint) = (sequence, Some(part));
                    }
                }
                Err(damage) => found.notes.push(walked_again(&path, &damage)),
            }
        }
        let missing = &found.missing;
        found.checkpoint.take_if(|part| {
            let is_of = |it: &Range<u64>| it.start == part.paths.start && part.paths.end < it.end;
            !missing.iter().any(is_of)
        });
        Ok(())
    }

    fn read_part(
        &self,
        kind: Kind,
        bytes: &[u8],
        paths: Option<&Range<u64>>,
    ) -> Result<Record, Damage> {
        let record = read_record(kind, bytes, self.key)?;
        let paths = paths.unwrap_or(&record.part.paths);
        check_part(self.subject, paths, &record.part).map(|()| record)
    }

    /// Writes a segment that is finished.
    pub(super) fn keep_segment(&mut self, mut part: Part) -> Result<Part, ArchiveError> {
        part.tally.worst.settle();
        let name = format!("{SEGMENTS}/{}", segment_name(&part.paths));
        let record = Record { run: self.key, sequence: 0, part };
        self.keep(&name, &pack(Kind::Segment, &record))?;
        Ok(record.part)
    }

    /// Writes the segment that is being walked, in the place of the older state.
    pub(super) fn keep_state(&mut self, part: Part) -> Result<Part, ArchiveError> {
        self.sequence += 1;
        let path = self.path(STATES[(self.sequence % 2) as usize]);
        let record = Record { run: self.key, sequence: self.sequence, part };
        publish(self.disk, &path, &pack(Kind::Checkpoint, &record))?;
        Ok(record.part)
    }

    /// Writes a file unless it is there as it should be, and lists it.
    pub(super) fn keep(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let path = self.path(name);
        if disk::read(&path)?.as_deref() != Some(bytes) {
            publish(self.disk, &path, bytes)?;
        }
        self.files.insert(name.to_owned(), Listed::of(bytes));
        Ok(())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.place.working().join(name)
    }
}

/// Whether a folder holds a plan; an error if it is that of another run.
fn check_plan(folder: &Path, subject: &Subject) -> Result<bool, ArchiveError> {
    let Some(there) = RunPlan::read(folder)? else { return Ok(false) };
    // Names and values instead of a digest, as far as they can be read.
    let facts = disk::read(&folder.join(FACTS))?;
    let facts: Option<Facts> = facts.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let here = (&subject.plan, &subject.facts);
    let differences = differences::between((&there, facts.as_ref()), here);
    if differences.is_empty() {
        return Ok(true);
    }
    let remedy = "give the command of that run, or name another folder";
    Err(ArchiveError::Differs { path: folder.to_owned(), differences, remedy })
}

/// Whether a name in a folder without a plan is nothing of ours that a process left that died.
fn is_other(name: &str) -> bool {
    !name.starts_with('.') && ![SEGMENTS, SHARDS].contains(&name)
}

fn walked_again(path: &Path, damage: &Damage) -> String {
    format!("{} is damaged, {damage}: its paths are walked again", path.display())
}
