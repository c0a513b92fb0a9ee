//! A run directory that gets more paths than it was begun for, finished or not.
//!
//! What was counted stands: neighbouring segments merge to those that the longer run is cut into,
//! byte for byte, and what fills none goes on as its checkpoint, with the block in which the
//! shorter run ended, of which the missing paths are walked.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::differences;
use super::disk::{self, Disk, Lock, publish};
use super::error::ArchiveError;
use super::inside::{is_there, refuse_links};
use super::layout::{segment_name, segments};
use super::plan::{RunPlan, Subject};
use super::read::Record;
use super::sealed::{Kind, pack, pack_json, unpack};
use super::values::check_part;
use super::{
    BLOCKS, COMMITMENT, MANIFEST, PLAN, POSITIONS, RUN, SEGMENTS, STATES, SUMMARY, WORST_PATHS,
};
use crate::engine::Part;
use crate::tail::{BLOCK_PATHS, Digest};

/// Files that say what all paths of a run come to; the manifest, which says that the run is
/// finished, first.
const OF_ALL_PATHS: [&str; 7] =
    [MANIFEST, RUN, SUMMARY, POSITIONS, WORST_PATHS, COMMITMENT, BLOCKS];

/// Makes the run in a folder that of `subject`, which is the same run with at least as many paths.
/// Whatever fails in between, doing it again loses nothing that was counted.
///
/// # Errors
///
/// If there is no run, or another one, or one of more paths, or a file cannot be read or written.
pub fn grow(folder: &Path, subject: &Subject, disk: &mut dyn Disk) -> Result<(), ArchiveError> {
    refuse_links(folder)?;
    let _lock = Lock::take(folder)?;
    let there = RunPlan::read(folder)?
        .ok_or_else(|| ArchiveError::NoRun { path: folder.to_owned(), file: PLAN })?;
    let (before, after) = (there.n_paths, subject.plan.n_paths);
    let there = there.with_paths(before.max(after));
    let differences = differences::between((&there, None), (&subject.plan, &subject.facts));
    if !differences.is_empty() {
        let remedy = "give the command of that run, or name another folder";
        return Err(ArchiveError::Differs { path: folder.to_owned(), differences, remedy });
    }
    if before == after && is_there(&folder.join(MANIFEST))? {
        // Growth takes the manifest away first: nothing is left of one.
        return Ok(());
    }
    if before < after {
        for name in OF_ALL_PATHS {
            disk::remove(disk, &folder.join(name))?;
        }
        publish(disk, &folder.join(PLAN), &pack_json(&subject.plan))?;
    }
    Growth { folder, subject, key: subject.plan.key(), disk }.adopt()
}

/// A folder whose plan is the longer run's already.
struct Growth<'a> {
    folder: &'a Path,
    subject: &'a Subject,
    key: Digest,
    disk: &'a mut dyn Disk,
}

impl Growth<'_> {
    /// Seals again what was counted of segments that are cut otherwise now.
    fn adopt(&mut self) -> Result<(), ArchiveError> {
        let mut names: BTreeSet<String> =
            disk::names(&self.folder.join(SEGMENTS))?.into_iter().collect();
        let n_paths = self.subject.plan.n_paths;
        for segment in segments(n_paths, 0..n_paths) {
            let name = segment_name(&segment);
            let of_segment: Vec<String> =
                names.iter().filter(|it| is_in(it, &segment)).cloned().collect();
            names.retain(|it| !of_segment.contains(it));
            let whole = self.read(&name)?.filter(|it| it.paths == segment);
            if whole.is_none() && !of_segment.is_empty() {
                self.merge(&of_segment, &segment)?;
            }
            for old in of_segment.iter().filter(|it| **it != name) {
                disk::remove(self.disk, &self.folder.join(SEGMENTS).join(old))?;
            }
        }
        Ok(())
    }

    /// Seals what several files hold of a segment, from its beginning on without a gap, as one.
    fn merge(&mut self, names: &[String], segment: &Range<u64>) -> Result<(), ArchiveError> {
        let mut whole: Option<Part> = None;
        for name in names {
            let Some(part) = self.read(name)? else { continue };
            append(&mut whole, part, segment);
        }
        let (sequence, state) = self.state()?;
        if let Some(state) = state {
            append(&mut whole, state, segment);
        }
        let Some(part) = whole else { return Ok(()) };
        let own = self.folder.join(SEGMENTS).join(segment_name(segment));
        if part.paths == *segment {
            let record = Record { run: self.key, sequence: 0, part };
            return publish(self.disk, &own, &pack(Kind::Segment, &record));
        }
        let sequence = sequence + 1;
        let path = self.folder.join(STATES[(sequence % 2) as usize]);
        let record = Record { run: self.key, sequence, part };
        publish(self.disk, &path, &pack(Kind::Checkpoint, &record))?;
        // A shorter run's last segment may have this one's name.
        disk::remove(self.disk, &own)
    }

    /// The part of a segment's file; `None` if it is not there, damaged, or another run's: that is
    /// for the run that goes on with it.
    fn read(&self, name: &str) -> Result<Option<Part>, ArchiveError> {
        let bytes = disk::read(&self.folder.join(SEGMENTS).join(name))?.unwrap_or_default();
        Ok(self.part(Kind::Segment, &bytes).map(|record| record.part))
    }

    fn part(&self, kind: Kind, bytes: &[u8]) -> Option<Record> {
        let record = unpack(kind, bytes).ok().filter(|record: &Record| record.run == self.key)?;
        check_part(self.subject, &record.part.paths, &record.part).ok().map(|()| record)
    }

    /// The latest checkpoint, and its number; 0 if there is none.
    fn state(&self) -> Result<(u64, Option<Part>), ArchiveError> {
        let mut latest = (0, None);
        for state in STATES {
            let bytes = disk::read(&self.folder.join(state))?.unwrap_or_default();
            if let Some(Record { sequence, part, .. }) = self.part(Kind::Checkpoint, &bytes)
                && sequence >= latest.0
            {
                latest = (sequence, Some(part));
            }
        }
        Ok(latest)
    }
}

/// Adds a part to what is there of a segment if it follows; one that holds more takes its place.
fn append(whole: &mut Option<Part>, part: Part, segment: &Range<u64>) {
    let end = whole.as_ref().map_or(segment.start, |whole| whole.paths.end);
    match whole {
        // A block that is not whole has nothing behind it.
        Some(whole) if part.paths.start == end && end.is_multiple_of(BLOCK_PATHS) => {
            whole.append(part);
        }
        _ if part.paths.start == segment.start && part.paths.end > end => *whole = Some(part),
        _ => {}
    }
}

/// Whether a segment of this name lies within another.
fn is_in(name: &str, segment: &Range<u64>) -> bool {
    let block = |text: &str| text.parse::<u64>().ok().and_then(|it| it.checked_mul(BLOCK_PATHS));
    let bounds = name.split_once('-').and_then(|(start, end)| Some((block(start)?, block(end)?)));
    let end = segment.end.next_multiple_of(BLOCK_PATHS);
    bounds.is_some_and(|(start, past)| segment.start <= start && past <= end)
}
