//! What a run is: all that its figures follow from, by name and digest.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PLAN;
use super::disk;
use super::error::{ArchiveError, Damage, holds};
use super::sealed::{digest, json, unpack_json};
use crate::engine::Part;
use crate::program::Program;
use crate::report::Facts;
use crate::tail::Digest;
use crate::units::MOST_PATHS;

/// Format of run directories; another is refused.
pub(super) const FORMAT: u32 = 3;

/// A file that the run was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name, without folders: they differ between machines.
    pub name: String,
    /// BLAKE3 of its bytes.
    pub blake3: Digest,
}

/// What a run was made from, for people: neither a comment in a scenario nor the name of a folder
/// makes another run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Scenario and tables, in the order in which they were read.
    pub files: Vec<Input>,
    /// The scenario's keys and values, with what the command line set over them.
    pub keys: Value,
}

/// What a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlan {
    /// Format of the directory.
    pub format: u32,
    /// Version of shortfall.
    pub version: String,
    /// Key of the generator.
    pub seed: u64,
    /// Paths, from index 0.
    pub n_paths: u64,
    /// Whether every path is walked in infinitely deep markets too.
    pub compares_feedback: bool,
    /// Digest of the program.
    pub program_digest: String,
    /// Digest of what gives the program's figures their meaning: see [`Facts::meaning_digest`].
    pub meaning_digest: Digest,
    /// BLAKE3 of the facts, as they are written.
    pub facts_digest: Digest,
    /// What it was made from.
    pub origin: Origin,
}

/// What two runs have in common of which one goes on with the other, or is a part of it.
#[derive(Serialize)]
struct Identity<'p> {
    format: u32,
    version: &'p str,
    seed: u64,
    compares_feedback: bool,
    program_digest: &'p str,
    meaning_digest: Digest,
}

/// A program, what is to be known of it, and how it is run: what a run directory begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The program.
    pub program: Program,
    /// Names, levels, notes.
    pub facts: Facts,
    /// What the run is.
    pub plan: RunPlan,
}

impl Subject {
    /// The subject of a run.
    #[must_use]
    pub fn new(
        program: Program,
        facts: Facts,
        n_paths: u64,
        compares_feedback: bool,
        origin: Origin,
    ) -> Self {
        let plan = RunPlan {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: facts.seed,
            n_paths,
            compares_feedback,
            program_digest: facts.program_digest.clone(),
            meaning_digest: facts.meaning_digest(),
            facts_digest: digest(&json(&facts)),
            origin,
        };
        Self { program, facts, plan }
    }

    /// The program that every path is compared with; `None` where none is.
    #[must_use]
    pub fn compared(&self) -> Option<Program> {
        self.plan.compares_feedback.then(|| self.program.without_depth())
    }

    /// No paths yet, from `start` on.
    ///
    /// # Panics
    ///
    /// If no block begins there.
    #[must_use]
    pub fn part(&self, start: u64) -> Part {
        let (facts, plan) = (&self.facts, &self.plan);
        Part::begin(&self.program, start, facts.materiality(), plan.compares_feedback)
    }
}

impl RunPlan {
    /// The plan of the run in a folder; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it is damaged or cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, ArchiveError> {
        let path = folder.join(PLAN);
        let Some(bytes) = disk::read(&path)? else { return Ok(None) };
        let plan: Result<Self, _> = unpack_json(&bytes);
        let plan = plan.and_then(|plan| plan.check().map(|()| plan));
        plan.map(Some).map_err(|damage| ArchiveError::Damaged { path, damage })
    }

    /// Whether a run can have such a plan.
    pub(super) fn check(&self) -> Result<(), Damage> {
        holds(self.format == FORMAT, "format", "it is 3 where this version reads it")?;
        let is_count = (1..=MOST_PATHS).contains(&self.n_paths);
        holds(is_count, "n_paths", "it is between 1 and 1099511627776 (2^40)")
    }

    /// The same run with another number of paths.
    #[must_use]
    pub fn with_paths(&self, n_paths: u64) -> Self {
        Self { n_paths, ..self.clone() }
    }

    /// What every file of the run names it by: program, seed and meaning. How many paths it has is
    /// not part of it, for a run may get more.
    #[must_use]
    pub fn key(&self) -> Digest {
        let identity = Identity {
            format: self.format,
            version: &self.version,
            seed: self.seed,
            compares_feedback: self.compares_feedback,
            program_digest: &self.program_digest,
            meaning_digest: self.meaning_digest,
        };
        Digest(blake3::derive_key("shortfall run v2", &json(&identity)))
    }
}
