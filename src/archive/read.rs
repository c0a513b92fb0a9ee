//! What a run directory holds, read and checked: nothing in it is taken at its word.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk;
use super::error::{ArchiveError, Damage};
use super::inside::refuse_links;
use super::layout::{paths, segment_name, segments};
use super::manifest::Manifest;
use super::plan::{RunPlan, Subject};
use super::results::Counted;
use super::sealed::{Kind, digest, unpack, unpack_json};
use super::values::{check_facts, check_part};
use super::{FACTS, PLAN, PROGRAM, SEGMENTS};
use crate::engine::Part;
use crate::report::Facts;
use crate::tail::Digest;

/// A part of a run on disk.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    /// Key of the run.
    pub(super) run: Digest,
    /// Rises with every checkpoint; 0 in segments.
    pub(super) sequence: u64,
    /// What was counted.
    pub(super) part: Part,
}

impl Subject {
    /// What the run in a directory begins with, checked: no scenario and no table is needed.
    ///
    /// # Errors
    ///
    /// If there is no run, or one of its first files is damaged.
    pub fn read(folder: &Path) -> Result<Self, ArchiveError> {
        refuse_links(folder)?;
        let damaged =
            |name: &str, damage: Damage| ArchiveError::Damaged { path: folder.join(name), damage };
        let bytes = |name: &'static str| match disk::read(&folder.join(name))? {
            Some(bytes) => Ok(bytes),
            None if name == PLAN => {
                Err(ArchiveError::NoRun { path: folder.to_owned(), file: PLAN })
            }
            None => Err(damaged(name, Damage::Missing)),
        };
        let plan: RunPlan = unpack_json(&bytes(PLAN)?).map_err(|damage| damaged(PLAN, damage))?;
        plan.check().map_err(|damage| damaged(PLAN, damage))?;
        let facts_bytes = bytes(FACTS)?;
        let here = digest(&facts_bytes);
        if here != plan.facts_digest {
            let there = plan.facts_digest;
            return Err(damaged(FACTS, Damage::Digest { there, here }));
        }
        let facts: Facts = serde_json::from_slice(&facts_bytes)
            .map_err(|error| damaged(FACTS, Damage::Json(error)))?;
        if facts.meaning_digest() != plan.meaning_digest || facts.seed != plan.seed {
            return Err(damaged(FACTS, Damage::OtherMeaning));
        }
        let program =
            unpack(Kind::Program, &bytes(PROGRAM)?).map_err(|damage| damaged(PROGRAM, damage))?;
        let subject = Self { program, facts, plan };
        subject.check().map_err(|damage| damaged(PROGRAM, damage))?;
        check_facts(&subject).map_err(|damage| damaged(FACTS, damage))?;
        Ok(subject)
    }

    /// Whether program, facts and plan belong together, and a backend can walk them.
    fn check(&self) -> Result<(), Damage> {
        let Self { program, facts, plan } = self;
        program.check()?;
        let funds = |it: &crate::report::CouplingFacts| it.funds.len();
        let lengths = [
            ("positions", facts.positions.len(), program.positions.len()),
            ("pools", facts.pools.len(), program.pools.len()),
            ("venues", facts.venues.len(), program.actions.len()),
            ("steps", facts.n_steps as usize, program.market.n_steps),
            (
                "funds",
                facts.coupling.as_ref().map_or(0, funds),
                program.liquidity.as_ref().map_or(0, |it| it.funds.len()),
            ),
        ];
        for (what, found, expected) in lengths {
            if found != expected {
                return Err(Damage::OtherProgram { what, found, expected });
            }
        }
        let digest = program.digest().to_string();
        if digest != plan.program_digest || digest != facts.program_digest {
            return Err(Damage::NotTheSum);
        }
        Ok(())
    }
}

/// Reads the segments of a finished directory.
///
/// # Errors
///
/// If one is missing or damaged.
pub fn read_counted(folder: &Path, subject: &Subject) -> Result<Counted, ArchiveError> {
    let shard = Manifest::read(folder)?.shard;
    let mut counted = Counted::none(subject);
    let n_paths = subject.plan.n_paths;
    for segment in segments(n_paths, paths(n_paths, shard)) {
        counted.add(read_segment(folder, subject, &segment)?.0);
    }
    Ok(counted)
}

/// Reads a segment, and the bytes that it was read from.
pub(super) fn read_segment(
    folder: &Path,
    subject: &Subject,
    paths: &Range<u64>,
) -> Result<(Part, Vec<u8>), ArchiveError> {
    let path = folder.join(SEGMENTS).join(segment_name(paths));
    let damaged = |damage| ArchiveError::Damaged { path: path.clone(), damage };
    let bytes = disk::read(&path)?.ok_or_else(|| damaged(Damage::Missing))?;
    let record = read_record(Kind::Segment, &bytes, subject.plan.key()).map_err(damaged)?;
    check_part(subject, paths, &record.part).map_err(damaged)?;
    Ok((record.part, bytes))
}

/// Reads a record of a run.
pub(super) fn read_record(kind: Kind, bytes: &[u8], run: Digest) -> Result<Record, Damage> {
    let record: Record = unpack(kind, bytes)?;
    if record.run == run {
        Ok(record)
    } else {
        Err(Damage::Foreign { there: record.run, here: run })
    }
}
