//! A scenario as the subject of a run: its program, what is to be known of it, and its origin.

use shortfall::archive::{Input, Origin, Subject};
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::tail::Digest;

use super::facts;

/// The subject of so many paths of a scenario and the program that it was compiled to.
pub(super) fn subject(
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
    let facts = facts::facts(scenario, &program);
    Subject::new(program, facts, n_paths, compares_feedback, origin)
}
