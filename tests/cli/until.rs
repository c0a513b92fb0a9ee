//! `--until`: where a run stops follows from its outcomes alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, fault, json, text_of, told};

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

/// Every file of a run directory but how the run went.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [root.to_owned(), root.join("segments")] {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            if path.is_file() && name != "run.json" {
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn a_run_that_is_kept_stops_where_one_in_memory_does_and_is_the_run_of_so_many_paths() {
    let dir = TempDir::new().expect("a temporary folder");
    let folder = |name: &str| text_of(&dir.path().join(name));
    let (kept, whole, finer) = (folder("kept"), folder("whole"), folder("finer"));
    let in_memory = json(&UNTIL);
    let run = json(&[&UNTIL[..], &["--out", &kept, "--batch", "1000"]].concat());
    let mut of_folder = run.clone();
    let run_digest = of_folder.as_object_mut().and_then(|it| it.remove("run_digest"));
    assert!(run_digest.is_some_and(|it| it.is_string()), "a kept run has a digest of its own");
    assert_eq!(summary(of_folder), summary(in_memory.clone()));
    assert_eq!(run["until"], in_memory["until"]);
    let n_paths = run["n_paths"].to_string();
    told(&["run", SCENARIO, "--backend", "cpu", "--paths", &n_paths, "--out", &whole]);
    let [of_kept, of_whole] = [&kept, &whole].map(|root| files(Path::new(root)));
    assert!(of_kept == of_whole, "{:?} {:?}", of_kept.keys(), of_whole.keys());
    // A finished run is told again, and goes on if it is to be known better.
    let again = json(&[&UNTIL[..], &["--out", &kept, "--resume"]].concat());
    assert_eq!(summary(again), summary(run));
    let until = |out: &str, more: &[&str]| {
        let args = ["run", SCENARIO, "--backend", "cpu", "--until", "mean rel 0.7%"];
        json(&[&args[..], &["--max-paths", "100_000", "--out", out], more].concat())
    };
    let (grown, at_once) = (until(&kept, &["--resume"]), until(&finer, &[]));
    assert_eq!(summary(grown), summary(at_once));
    let [grown, at_once] = [&kept, &finer].map(|root| files(Path::new(root)));
    assert!(grown == at_once && grown != of_kept);
}

#[test]
fn a_run_of_any_number_of_paths_is_gone_on_with_and_one_of_more_than_the_most_is_not() {
    let dir = TempDir::new().expect("a temporary folder");
    let [out, fresh] = ["run", "fresh"].map(|name| text_of(&dir.path().join(name)));
    let run = ["run", SCENARIO, "--backend", "cpu"];
    told(&[&run[..], &["--paths", "5000", "--out", &out]].concat());
    let refused = fault(&[&UNTIL[..], &["--out", &out]].concat(), 2);
    assert!(refused.contains("holds a run already"), "{refused}");
    let gone_on = json(&[&UNTIL[..], &["--out", &out, "--resume"]].concat());
    let at_once = json(&[&UNTIL[..], &["--out", &fresh]].concat());
    assert_eq!(summary(gone_on), summary(at_once));
    let longer = ["--paths", "150_000", "--out", &out, "--resume"];
    told(&[&run[..], &longer].concat());
    let refused = fault(&[&UNTIL[..], &["--out", &out, "--resume"]].concat(), 2);
    assert!(refused.contains("n_paths is 150000 there and"), "{refused}");
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
