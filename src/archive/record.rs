//! How a run went, beside which run it was: the file that it ends with.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RUN;
use super::disk;
use super::error::{ArchiveError, Damage};
use super::sealed::unpack_json;
use crate::report::RunFacts;
use crate::tail::Digest;

/// Which run it was, and how it went.
#[derive(Serialize, Deserialize)]
pub(super) struct RunRecord {
    /// Key of the run.
    pub(super) key: Digest,
    /// How it went.
    #[serde(flatten)]
    pub(super) run: RunFacts,
}

impl RunRecord {
    /// Reads how the run in a folder went.
    pub(super) fn read(folder: &Path, key: Digest) -> Result<Self, ArchiveError> {
        let path = folder.join(RUN);
        let damaged = |damage| ArchiveError::Damaged { path: path.clone(), damage };
        let bytes = disk::read(&path)?.ok_or_else(|| damaged(Damage::Missing))?;
        let record: Self = unpack_json(&bytes).map_err(damaged)?;
        if record.key == key {
            return Ok(record);
        }
        Err(damaged(Damage::Foreign { there: record.key, here: key }))
    }
}
