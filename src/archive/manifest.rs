//! The file that names every other with its digest, written last: a directory that has one is
//! finished.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::{names, read};
use super::error::{ArchiveError, Damage};
use super::inside::refuse_links;
use super::layout::Shard;
use super::sealed::{digest, unpack_json};
use super::{
    BLOCKS, COMMITMENT, FACTS, MANIFEST, PLAN, POSITIONS, PROGRAM, RUN, SEGMENTS, SHARDS, SUMMARY,
    WORST_PATHS,
};
use crate::tail::Digest;

/// Every file of a finished directory, but itself and `run.json`, each of which seals itself: how a
/// run went may differ, what it found may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Key of the run.
    pub run: Digest,
    /// The shard that the directory holds; none where it holds all.
    pub shard: Option<Shard>,
    /// The files, by their name within the directory.
    pub files: BTreeMap<String, Listed>,
}

/// A file as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its bytes.
    pub blake3: Digest,
}

/// Files that a manifest may list beside segments.
const MEMBERS: [&str; 8] =
    [PLAN, PROGRAM, FACTS, BLOCKS, COMMITMENT, SUMMARY, POSITIONS, WORST_PATHS];

/// Files that are in no manifest, for they carry their seals themselves.
pub const SELF_SEALED: [&str; 2] = [MANIFEST, RUN];

impl Listed {
    /// A file of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, blake3: digest(bytes) }
    }
}

impl Manifest {
    /// Reads the manifest of a finished directory.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Unfinished`] if there is none, [`ArchiveError::NoRun`] if nothing else shows
    /// that a run was begun there, [`ArchiveError::Damaged`] if it is damaged.
    pub fn read(folder: &Path) -> Result<Self, ArchiveError> {
        refuse_links(folder)?;
        let path = folder.join(MANIFEST);
        let Some(bytes) = read(&path)? else {
            let of_shard = |name: &String| Shard::of_name(name.trim_start_matches('.')).is_some();
            let is_begun =
                folder.join(PLAN).exists() || names(&folder.join(SHARDS))?.iter().any(of_shard);
            let path = folder.to_owned();
            return Err(if is_begun {
                ArchiveError::Unfinished { path, file: MANIFEST }
            } else {
                ArchiveError::NoRun { path, file: PLAN }
            });
        };
        let manifest: Self = unpack_json(&bytes)
            .map_err(|damage| ArchiveError::Damaged { path: path.clone(), damage })?;
        match manifest.files.keys().find(|name| !is_member(name)) {
            None => Ok(manifest),
            Some(name) => {
                let damage = Damage::NoMember { name: name.clone() };
                Err(ArchiveError::Damaged { path, damage })
            }
        }
    }

    /// Compares every file with its digest.
    ///
    /// # Errors
    ///
    /// The first that is missing, changed, or not known.
    pub fn check_files(&self, folder: &Path) -> Result<(), ArchiveError> {
        let damaged =
            |name: &str, damage| Err(ArchiveError::Damaged { path: folder.join(name), damage });
        for (name, listed) in &self.files {
            let Some(bytes) = read(&folder.join(name))? else {
                return damaged(name, Damage::Missing);
            };
            let (there, here) = (listed.blake3, Listed::of(&bytes));
            if *listed != here {
                return damaged(name, Damage::Digest { there, here: here.blake3 });
            }
        }
        for name in found_in(folder)? {
            let is_known = SELF_SEALED.contains(&name.as_str());
            if !(is_known || self.files.contains_key(&name)) {
                return damaged(&name, Damage::Unknown);
            }
        }
        Ok(())
    }
}

/// Whether a run has a file of this name: what a manifest lists beyond these is not even looked
/// for, wherever it may lie.
fn is_member(name: &str) -> bool {
    let is_number = |text: &str| text.len() >= 9 && text.bytes().all(|it| it.is_ascii_digit());
    let of_segments = name.strip_prefix(SEGMENTS).and_then(|rest| rest.strip_prefix('/'));
    let bounds = of_segments.and_then(|name| name.split_once('-'));
    MEMBERS.contains(&name) || bounds.is_some_and(|(start, end)| is_number(start) && is_number(end))
}

/// All files of a directory by their names, those of shards left out: they are directories of their
/// own.
pub(super) fn found_in(folder: &Path) -> Result<Vec<String>, ArchiveError> {
    let mut found = Vec::new();
    for name in names(folder)? {
        match name.as_str() {
            SHARDS => {}
            SEGMENTS => {
                let segments = names(&folder.join(SEGMENTS))?;
                found.extend(segments.into_iter().map(|name| format!("{SEGMENTS}/{name}")));
            }
            _ => found.push(name),
        }
    }
    Ok(found)
}
