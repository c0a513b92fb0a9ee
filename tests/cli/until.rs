//! `--until`: where a run stops follows from its outcomes alone.

use serde_json::Value;

use super::{SCENARIO, fault, json, told};

const UNTIL: [&str; 8] =
    ["run", SCENARIO, "--backend", "cpu", "--until", "mean rel 2%", "--max-paths", "100_000"];

/// The summary: all that does not tell how the run went.
fn summary(mut run: Value) -> Value {
    for of_run in ["run", "until"] {
        run.as_object_mut().expect("an object").remove(of_run);
    }
    run
}

#[test]
fn batches_and_threads_do_not_move_the_place_where_a_run_stops() {
    let first = json(&UNTIL);
    let n_paths = first["n_paths"].as_u64().expect("a count");
    let n_blocks = n_paths / 4096;
    assert!(
        n_paths.is_multiple_of(4096) && n_blocks.is_power_of_two() && n_blocks > 1,
        "{n_paths}"
    );
    assert_eq!(first["until"]["is_reached"], true);
    assert_eq!(first["until"]["n_paths"], n_paths);
    for how in [["--batch", "1000"], ["--batch", "1e6"], ["--threads", "1"], ["--threads", "3"]] {
        let other = json(&[&UNTIL[..], &how].concat());
        assert_eq!(summary(other), summary(first.clone()), "{how:?}");
    }
    let whole = json(&["run", SCENARIO, "--backend", "cpu", "--paths", &n_paths.to_string()]);
    assert_eq!(summary(whole), summary(first.clone()));
    // The prefix before was not precise enough.
    let half = json(&["run", SCENARIO, "--backend", "cpu", "--paths", &(n_paths / 2).to_string()]);
    let precision = |run: &Value| {
        let [value, error] = ["mean_usd", "std_error_usd"]
            .map(|key| run["bad_debt"][key].as_f64().expect("a number"));
        1.96 * error / value
    };
    assert!(precision(&first) <= 0.02 && precision(&half) > 0.02);
}

#[test]
fn the_most_paths_may_come_first_and_are_told() {
    let args = ["run", SCENARIO, "--backend", "cpu", "--until", "es99 rel 0.1%"];
    let run = json(&[&args[..], &["--max-paths", "10_000"]].concat());
    assert_eq!((&run["n_paths"], &run["until"]["is_reached"]), (&10_000.into(), &false.into()));
    assert!(run["until"]["half_width"].as_f64() > Some(0.0), "{}", run["until"]);
    // Without --max-paths it is the scenario's number, 1,000.
    let text = told(&args);
    let stopped =
        "Stopped           at 1,000 paths, the most there were to be, before es99 rel 0.1%";
    assert!(text.contains(stopped), "{text}");
}

#[test]
fn a_precision_that_cannot_be_is_told_with_its_remedy() {
    let mistakes: [(&[&str], &str); 6] = [
        (&["--until", "es99 1%"], "--until = \"es99 1%\" is not a precision"),
        (&["--until", "max rel 1%"], "more paths do not narrow"),
        (&["--max-paths", "10"], "--until"),
        (&["--until", "es99 rel 1%", "--max-paths", "10", "--paths", "10"], "--max-paths"),
        (&["--until", "es99 rel 1%", "--out", "nowhere", "--shard", "0/2"], "cannot be used with"),
        (&["--until", "es99 rel 1%", "--baseline", "nowhere"], "cannot be used with"),
    ];
    for (flags, words) in mistakes {
        let told = fault(&[&["run", SCENARIO], flags].concat(), 2);
        assert!(told.contains(words), "{flags:?}: {told}");
    }
}
