//! Whether a finished directory is as it was sealed, for the run that goes on with it: what is
//! torn is made again, since all of it follows from its plan; what is not of the run is named.

use std::path::Path;

use super::disk;
use super::error::{ArchiveError, Damage};
use super::inside::names;
use super::layout::{Shard, paths, segment_name, segments};
use super::manifest::{Listed, Manifest, SELF_SEALED, found_in};
use super::plan::Subject;
use super::record::RunRecord;
use super::{
    BLOCKS, COMMITMENT, FACTS, MANIFEST, PLAN, POSITIONS, PROGRAM, RUN, SEGMENTS, STATES, SUMMARY,
    WORST_PATHS,
};

/// Files that a run has, or may have had before it was finished.
const OF_RUN: [&str; 10] = [
    PLAN,
    PROGRAM,
    FACTS,
    BLOCKS,
    COMMITMENT,
    SUMMARY,
    POSITIONS,
    WORST_PATHS,
    STATES[0],
    STATES[1],
];

/// Whether one of the files that a finished run ends with says that a folder holds this one: its
/// plan may be lost then.
pub(super) fn is_sealed_as(folder: &Path, subject: &Subject) -> bool {
    let key = subject.plan.key();
    let is_listed = Manifest::read(folder).is_ok_and(|manifest| manifest.run == key);
    is_listed || RunRecord::read(folder, key).is_ok()
}

/// What is wrong with a finished directory, a line for each file; none if all is as it was sealed.
///
/// # Errors
///
/// [`ArchiveError::Damaged`] with a file that is none of the run's: no run makes that again.
pub(super) fn notes(
    folder: &Path,
    subject: &Subject,
    shard: Option<Shard>,
) -> Result<Vec<String>, ArchiveError> {
    let damages = damages(folder, subject, shard)?;
    let note = |(name, damage): (String, Damage)| {
        format!("{} is damaged, {damage}: it is made again", folder.join(name).display())
    };
    Ok(damages.into_iter().map(note).collect())
}

fn damages(
    folder: &Path,
    subject: &Subject,
    shard: Option<Shard>,
) -> Result<Vec<(String, Damage)>, ArchiveError> {
    let key = subject.plan.key();
    let of_run = paths(subject.plan.n_paths, shard);
    let mut found = Vec::new();
    let manifest = match Manifest::read(folder) {
        Err(ArchiveError::Damaged { damage, .. }) => {
            found.push((MANIFEST.to_owned(), damage));
            None
        }
        manifest => Some(manifest?),
    };
    let is_known = |name: &str| {
        let mut own = segments(subject.plan.n_paths, of_run.clone());
        SELF_SEALED.contains(&name)
            || OF_RUN.contains(&name)
            || own.any(|paths| name == format!("{SEGMENTS}/{}", segment_name(&paths)))
    };
    let is_listed = |name: &String| manifest.as_ref().is_some_and(|it| it.files.contains_key(name));
    for name in found_in(folder)?.into_iter().filter(|name| !is_listed(name)) {
        if !is_known(&name) {
            let path = folder.join(name);
            return Err(ArchiveError::Damaged { path, damage: Damage::Unknown });
        }
        if !SELF_SEALED.contains(&&*name) && manifest.is_some() {
            found.push((name, Damage::Unlisted));
        }
    }
    let Some(manifest) = manifest else { return Ok(found) };
    if manifest.run != key {
        found.push((MANIFEST.to_owned(), Damage::Foreign { there: manifest.run, here: key }));
    } else if manifest.shard != shard {
        let (start, end) = (of_run.start, of_run.end);
        found.push((MANIFEST.to_owned(), Damage::Paths { start, end }));
    }
    for (name, listed) in &manifest.files {
        match disk::read(&folder.join(name))?.map(|bytes| Listed::of(&bytes)) {
            None => found.push((name.clone(), Damage::Missing)),
            Some(here) if here == *listed => {}
            Some(here) => {
                let (there, here) = (listed.blake3, here.blake3);
                found.push((name.clone(), Damage::Digest { there, here }));
            }
        }
    }
    match RunRecord::read(folder, key) {
        Err(ArchiveError::Damaged { damage, .. }) => found.push((RUN.to_owned(), damage)),
        record => drop(record?),
    }
    Ok(found)
}

/// The first file in a folder without a plan that no process of ours left which died.
pub(super) fn other_in(folder: &Path) -> Result<Option<String>, ArchiveError> {
    let is_other = |name: &String| {
        !name.starts_with('.') && ![SEGMENTS, super::SHARDS].contains(&name.as_str())
    };
    Ok(names(folder)?.into_iter().find(is_other))
}
