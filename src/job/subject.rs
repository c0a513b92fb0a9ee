//! A scenario as the subject of a run: its program, what is to be known of it, and its origin.

use crate::archive::{Input, Origin, Subject};
use crate::program::Program;
use crate::report::Facts;
use crate::scenario::Scenario;
use crate::tail::Digest;

/// The subject of so many paths of a scenario and the program that it was compiled to.
#[must_use]
pub fn subject(
    scenario: &Scenario,
    program: Program,
    n_paths: u64,
    compares_feedback: bool,
) -> Subject {
    let files = scenario
        .inputs
        .iter()
        .map(|input| Input { name: input.name.clone(), blake3: Digest(*input.blake3.as_bytes()) });
    let origin = Origin { files: files.collect(), keys: scenario.written.clone() };
    let facts = Facts::of(scenario, &program);
    Subject::new(program, facts, n_paths, compares_feedback, origin)
}
