//! What a run is: all that its figures follow from, by name and digest; and how two runs differ.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PLAN;
use super::disk;
use super::error::{ArchiveError, Difference};
use super::sealed::{digest, json, unpack_json};
use super::values::check_plan;
use crate::engine::Part;
use crate::program::Program;
use crate::report::Facts;
use crate::tail::Digest;

/// Format of run directories; another is refused.
pub(super) const FORMAT: u32 = 2;

/// A file that the run was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name, without folders: they differ between machines.
    pub name: String,
    /// BLAKE3 of its bytes.
    pub blake3: Digest,
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
    /// BLAKE3 of the facts, as they are written.
    pub facts_digest: Digest,
    /// Scenario and tables, in the order in which they were read.
    pub inputs: Vec<Input>,
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
        inputs: Vec<Input>,
    ) -> Self {
        let plan = RunPlan {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: facts.seed,
            n_paths,
            compares_feedback,
            program_digest: facts.program_digest.clone(),
            facts_digest: digest(&json(&facts)),
            inputs,
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
        let plan = plan.and_then(|plan| check_plan(&plan).map(|()| plan));
        plan.map(Some).map_err(|damage| ArchiveError::Damaged { path, damage })
    }

    /// The same run with another number of paths.
    #[must_use]
    pub fn with_paths(&self, n_paths: u64) -> Self {
        Self { n_paths, ..self.clone() }
    }

    /// What every file of the run names it by.
    #[must_use]
    pub fn key(&self) -> Digest {
        Digest(blake3::derive_key("shortfall run v1", &json(self)))
    }
}

/// In what the values of two objects differ, by the names of their keys.
pub(super) fn differences(there: &impl Serialize, here: &impl Serialize) -> Vec<Difference> {
    let value = |of: Result<Value, serde_json::Error>| {
        of.unwrap_or_else(|error| panic!("a value is not JSON: {error}"))
    };
    let mut found = Vec::new();
    let (there, here) = (serde_json::to_value(there), serde_json::to_value(here));
    compare("", &value(there), &value(here), &mut found);
    found
}

fn compare(key: &str, there: &Value, here: &Value, found: &mut Vec<Difference>) {
    match (there, here) {
        (Value::Object(theirs), Value::Object(ours)) if theirs.keys().eq(ours.keys()) => {
            for ((name, theirs), ours) in theirs.iter().zip(ours.values()) {
                let dot = if key.is_empty() { "" } else { "." };
                compare(&format!("{key}{dot}{name}"), theirs, ours, found);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (place, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{key}[{place}]"), theirs, ours, found);
            }
        }
        _ if there == here => {}
        (Value::Array(theirs), Value::Array(ours)) if theirs.len().max(ours.len()) > 8 => {
            let key = format!("the length of {key}");
            let (there, here) = (theirs.len().to_string(), ours.len().to_string());
            found.push(Difference { key, there, here });
        }
        _ => found.push(Difference {
            key: key.to_owned(),
            there: there.to_string(),
            here: here.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_their_keys_with_both_values() {
        let of = |seed: u64, levels: &[f64], n: usize| {
            let rows = vec![0; n];
            serde_json::json!({ "seed": seed, "levels": levels, "rows": rows })
        };
        let same = differences(&of(1, &[0.9], 3), &of(1, &[0.9], 3));
        assert_eq!(same, []);
        let found = differences(&of(1, &[0.9, 0.99], 9), &of(2, &[0.9, 0.999], 10));
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "levels[1] is 0.99 there and 0.999 here",
                "the length of rows is 9 there and 10 here",
                "seed is 1 there and 2 here",
            ]
        );
    }
}
