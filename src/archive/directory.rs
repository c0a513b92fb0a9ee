//! A run directory that is being filled: begun, or found and gone on with.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::differences;
use super::disk::{self, Disk, Lock, publish};
use super::error::{ArchiveError, Damage};
use super::heal;
use super::inside::{is_there, refuse_links, refuse_links_of};
use super::layout::{Shard, paths, segment_name, segments};
use super::manifest::{Listed, Manifest};
use super::plan::{RunPlan, Subject};
use super::read::{Record, read_record};
use super::results::Counted;
use super::sealed::{Kind, json, pack, pack_json};
use super::values::check_part;
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
    /// Where the files are: a shard that is healed has its name already.
    pub(super) folder: PathBuf,
    /// What was damaged in a finished run, and is made again.
    pub notes: Vec<String>,
    sequence: u64,
    _lock: Lock,
}

/// What opening a directory came to.
pub enum Opened<'a> {
    /// The run is there, whole: every file is as it was sealed. Nothing was changed.
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
    /// Begins a directory, or goes on with the run that is there if `is_resumed`; of one that is
    /// finished, what is torn is opened to be made again.
    ///
    /// # Errors
    ///
    /// If something else is there, or another run or process, or the folder cannot be written.
    pub fn open(
        place: Place,
        subject: &'a Subject,
        disk: &'a mut dyn Disk,
        is_resumed: bool,
    ) -> Result<Opened<'a>, ArchiveError> {
        if place.root.is_file() {
            return Err(ArchiveError::IsFile { path: place.root });
        }
        refuse_links(&place.root)?;
        if let Some(shard) = place.shard {
            refuse_links_of(&place.root, shard)?;
        }
        // Held before anything is looked at: what is found stays so.
        let (folder, _lock) = take(disk, &place)?;
        let is_published = place.shard.is_some() && folder == place.published();
        let is_sealed = heal::is_sealed_as(&folder, subject);
        let is_begun = is_sealed || is_there(&folder.join(PLAN))?;
        if is_begun && !is_resumed && !is_published {
            return Err(ArchiveError::Exists { path: folder });
        }
        if !is_begun && let Some(found) = heal::other_in(&folder)? {
            return Err(ArchiveError::NotEmpty { path: folder, found });
        }
        match check_plan(&folder, subject) {
            // Other files tell whose run it is as well.
            Err(ArchiveError::Damaged { .. }) if is_sealed => {}
            checked => drop(checked?),
        }
        let mut notes = Vec::new();
        if is_there(&folder.join(MANIFEST))? {
            if is_resumed {
                sweep(disk, &folder)?;
                notes = heal::notes(&folder, subject, place.shard)?;
            }
            if notes.is_empty() {
                let manifest = Manifest::read(&folder)?;
                if place.shard.is_some() && !is_published {
                    // The process that finished it died before it had its name.
                    publish_shard(disk, &place, &manifest)?;
                }
                return Ok(Opened::Finished);
            }
            // First of all: from here on it is a run that goes on, even if this process is killed.
            disk::remove(disk, &folder.join(MANIFEST))?;
        }
        disk::make_dir(disk, &folder.join(SEGMENTS))?;
        sweep(disk, &folder)?;
        let (key, files, sequence) = (subject.plan.key(), BTreeMap::new(), 0);
        let mut directory =
            Self { place, subject, disk, key, files, folder, notes, sequence, _lock };
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
            notes: self.notes.clone(),
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
        self.folder.join(name)
    }
}

/// Makes the folder in which a run is filled, and holds it; of a shard that is finished, the folder
/// that has its name.
fn take(disk: &mut dyn Disk, place: &Place) -> Result<(PathBuf, Lock), ArchiveError> {
    loop {
        let (working, published) = (place.working(), place.published());
        let folder = if is_there(&published)? { published.clone() } else { working };
        if !folder.is_dir() {
            disk::make_dir(disk, &folder)?;
        }
        let lock = Lock::take(&folder)?;
        // The process that held it until now may have finished the shard.
        if lock.is_of(&folder) && (folder == published || !is_there(&published)?) {
            return Ok((folder, lock));
        }
        // Made between the two looks, and empty; one that is not is left.
        let _ = std::fs::remove_dir(&folder);
    }
}

/// Removes what a process that died was writing.
fn sweep(disk: &mut dyn Disk, folder: &Path) -> Result<(), ArchiveError> {
    disk::sweep(disk, folder)?;
    disk::sweep(disk, &folder.join(SEGMENTS))
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

fn walked_again(path: &Path, damage: &Damage) -> String {
    format!("{} is damaged, {damage}: its paths are walked again", path.display())
}

/// Gives a finished shard its name. Where another process was quicker, the two must agree.
pub(super) fn publish_shard(
    disk: &mut dyn Disk,
    place: &Place,
    manifest: &Manifest,
) -> Result<(), ArchiveError> {
    let (from, to) = (place.working(), place.published());
    let failed = |source| ArchiveError::Write { path: to.clone(), source };
    if !to.exists() {
        let renamed = disk.rename(&from, &to);
        return renamed.and_then(|()| disk.sync_dir(&place.root.join(SHARDS))).map_err(failed);
    }
    let there = Manifest::read(&to)?;
    there.check_files(&to)?;
    let is_same = |name: &&String| there.files.get(*name) == manifest.files.get(*name);
    if let Some(name) = manifest.files.keys().find(|name| !is_same(name)) {
        return Err(ArchiveError::Violation { path: from.join(name), other: to.join(name) });
    }
    disk.remove_dir(&from).map_err(failed)
}
