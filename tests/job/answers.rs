//! Does the library answer what the other commands answer?

use serde::Serialize;
use serde_json::{Value, json};
use shortfall::archive::{ArchiveError, Sealed};
use shortfall::engine::BackendChoice;
use shortfall::job::{JobError, Sample, explain, walk_again};
use shortfall::program::Program;
use shortfall::report::Checked;
use shortfall::report::ladder::ladder;
use shortfall::scenario::{Overrides, Scenario};

use crate::{Against, Fixture, finished, whole};

fn compiled(fixture: &Fixture) -> (Scenario, Program) {
    let scenario = fixture.scenario("thin.toml", &Overrides::default());
    let program = shortfall::engine::compile(&scenario).expect("it compiles");
    (scenario, program)
}

fn told(fixture: &Fixture, command: &[&str]) -> Value {
    let told = fixture.obeyed(&[command, &["--format", "json"]].concat());
    serde_json::from_str(&told).expect("one JSON value")
}

fn written(of: &impl Serialize) -> Value {
    // As it is read back: a whole number may be written as one.
    let text = serde_json::to_string(of).expect("JSON");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_check_a_ladder_and_a_path_are_told_by_the_library() {
    let fixture = Fixture::new();
    let (scenario, program) = compiled(&fixture);
    let checked = Checked::of(&scenario, &program);
    assert_eq!(checked.couplings.len(), 2, "{:?}", checked.couplings);
    assert_eq!(written(&checked), told(&fixture, &["check", "thin.toml"]));
    let rows = ladder(&scenario, &[0.1, 0.4]);
    assert_eq!(rows[1].n_liquidatable, 3);
    let of_command = told(&fixture, &["ladder", "thin.toml", "--drops", "0.1,0.4"]);
    assert_eq!(written(&rows), of_command);
    let worst = finished(&fixture.job(None, Against::Nothing)).counted.tally.worst.sorted()[0];
    let path = worst.path_idx.to_string();
    let explanation = explain(&scenario, &program, worst.path_idx);
    assert!(explanation.bad_debt_usd > 0.0 && !explanation.events.is_empty());
    assert_eq!(written(&explanation), told(&fixture, &["explain", "thin.toml", "--path", &path]));
}

#[test]
fn a_sample_of_a_kept_run_is_walked_again_by_the_library() {
    let fixture = Fixture::new();
    let root = fixture.path("kept");
    let mut job = fixture.job(None, Against::Depthless);
    job.store = whole(&root, false);
    finished(&job);
    let mut sealed = Sealed::read(&root).expect("a finished run");
    sealed.check_figures(1).expect("its figures follow from its segments");
    let choice = BackendChoice::cpu(2);
    let sample = Sample { share: 0.5, n_segments: 0, seed: 9 };
    let again = walk_again(&sealed, &sample, &choice, &mut ()).expect("all equal");
    assert_eq!((again.n_blocks, again.n_segments), (3, 0));
    assert!(again.tail_paths > 100, "{again:?}");
    let all = Sample { share: 1.0, ..sample };
    let again = walk_again(&sealed, &all, &choice, &mut ()).expect("all equal");
    assert_eq!((again.n_blocks, again.n_segments), (5, 1));
    let flags = ["verify", "kept", "--sample", "50%", "--segments", "0", "--seed", "9"];
    let of_command = told(&fixture, &[&flags[..], &["--backend", "cpu"]].concat());
    assert_eq!(of_command["sampled_blocks"], json!(3));
    // A run of other outcomes is found out.
    let other = fixture.scenario("calm.toml", &Overrides::default());
    sealed.subject.program = shortfall::engine::compile(&other).expect("it compiles");
    let wrong = walk_again(&sealed, &all, &choice, &mut ());
    let is_wrong = |it: &JobError| matches!(it, JobError::Archive(ArchiveError::WrongBlock { .. }));
    assert!(wrong.as_ref().is_err_and(is_wrong), "{wrong:?}");
}
