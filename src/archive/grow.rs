//! A run directory that gets more paths than it was begun for, where a run stops by precision.
//!
//! Every file of a run names the plan, and with it the number of paths. So what was counted of a
//! prefix is sealed again as a part of the longer run: neighbouring segments merge to those that
//! the longer run is cut into, byte for byte, and what fills none goes on as its checkpoint.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::disk::{self, Disk, Lock, publish};
use super::error::ArchiveError;
use super::inside::refuse_links;
use super::layout::{segment_name, segments};
use super::plan::{RunPlan, Subject, differences};
use super::read::Record;
use super::results::is_part_of;
use super::sealed::{Kind, pack, pack_json, unpack};
use super::{BLOCKS, MANIFEST, PLAN, POSITIONS, RUN, SEGMENTS, STATES, SUMMARY, WORST_PATHS};
use crate::engine::{Part, prefixes};
use crate::tail::{BLOCK_PATHS, Digest};

/// Files that say what all paths of a run come to; the manifest, which says that the run is
/// finished, first.
const OF_ALL_PATHS: [&str; 6] = [MANIFEST, RUN, SUMMARY, POSITIONS, WORST_PATHS, BLOCKS];

/// Makes the run in a folder that of `subject`, of which it is a prefix of 2^k blocks, walked to
/// its end. Whatever fails in between, doing it again loses nothing that was counted.
///
/// # Errors
///
/// If there is no run, or one that is no such prefix, or a file cannot be read or written.
pub fn grow(folder: &Path, subject: &Subject, disk: &mut dyn Disk) -> Result<(), ArchiveError> {
    refuse_links(folder)?;
    let _lock = Lock::take(folder)?;
    let there = RunPlan::read(folder)?
        .ok_or_else(|| ArchiveError::NoRun { path: folder.to_owned(), file: PLAN })?;
    let shorter = prefixes(subject.plan.n_paths).map(|n_paths| subject.plan.with_paths(n_paths));
    let shorter: Vec<RunPlan> = shorter.collect();
    if !shorter.contains(&there) {
        let differences = differences(&there, &subject.plan);
        let remedy = "give the command of that run, or name another folder";
        return Err(ArchiveError::Differs { path: folder.to_owned(), differences, remedy });
    }
    if there != subject.plan {
        for name in OF_ALL_PATHS.into_iter().chain(STATES) {
            disk::remove(disk, &folder.join(name))?;
        }
        publish(disk, &folder.join(PLAN), &pack_json(&subject.plan))?;
    }
    let keys = shorter.iter().filter(|plan| **plan != subject.plan).map(RunPlan::key).collect();
    Growth { folder, subject, keys, disk }.adopt()
}

/// A folder whose plan is the longer run's already.
struct Growth<'a> {
    folder: &'a Path,
    subject: &'a Subject,
    /// Keys of the prefixes.
    keys: Vec<Digest>,
    disk: &'a mut dyn Disk,
}

impl Growth<'_> {
    /// Seals the prefixes' segments again.
    fn adopt(&mut self) -> Result<(), ArchiveError> {
        let mut names: BTreeSet<String> =
            disk::names(&self.folder.join(SEGMENTS))?.into_iter().collect();
        let n_paths = self.subject.plan.n_paths;
        for segment in segments(n_paths, 0..n_paths) {
            let name = segment_name(&segment);
            let of_segment: Vec<String> =
                names.iter().filter(|it| is_in(it, &segment)).cloned().collect();
            if let Some(part) = self.part_of(&of_segment, &segment)? {
                self.seal(part, &segment)?;
            }
            names.retain(|it| !of_segment.contains(it));
            for old in of_segment.iter().filter(|it| **it != name) {
                disk::remove(self.disk, &self.folder.join(SEGMENTS).join(old))?;
            }
        }
        Ok(())
    }

    /// What the prefixes' files hold of a segment, from its beginning on without a gap; `None` if
    /// there is nothing to seal again.
    fn part_of(
        &self,
        names: &[String],
        segment: &Range<u64>,
    ) -> Result<Option<Part>, ArchiveError> {
        let mut whole: Option<Part> = None;
        for name in names {
            let path = self.folder.join(SEGMENTS).join(name);
            let bytes = disk::read(&path)?.unwrap_or_default();
            // What is damaged, or sealed as part of this run, is for the run that goes on with it.
            let record = unpack(Kind::Segment, &bytes).ok();
            let record = record.filter(|record: &Record| self.keys.contains(&record.run));
            let Some(Record { part, .. }) = record else { continue };
            let end = whole.as_ref().map_or(segment.start, |whole| whole.paths.end);
            if part.paths.start != end || !is_part_of(self.subject, &part.paths.clone(), &part) {
                continue;
            }
            match &mut whole {
                None => whole = Some(part),
                Some(whole) => whole.append(part),
            }
        }
        Ok(whole)
    }

    fn seal(&mut self, part: Part, segment: &Range<u64>) -> Result<(), ArchiveError> {
        let run = self.subject.plan.key();
        if part.paths == *segment {
            let path = self.folder.join(SEGMENTS).join(segment_name(segment));
            let record = Record { run, sequence: 0, part };
            return publish(self.disk, &path, &pack(Kind::Segment, &record));
        }
        let record = Record { run, sequence: 1, part };
        publish(self.disk, &self.folder.join(STATES[1]), &pack(Kind::Checkpoint, &record))
    }
}

/// Whether a segment of this name lies within another.
fn is_in(name: &str, segment: &Range<u64>) -> bool {
    let block = |text: &str| text.parse::<u64>().ok().and_then(|it| it.checked_mul(BLOCK_PATHS));
    let bounds = name.split_once('-').and_then(|(start, end)| Some((block(start)?, block(end)?)));
    bounds.is_some_and(|(start, end)| segment.start <= start && end <= segment.end)
}
