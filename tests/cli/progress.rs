//! What is told while paths are walked, and to whom.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, shortfall, stderr, text_of};

const RUN: [&str; 6] = ["run", SCENARIO, "--paths", "20_000", "--backend", "cpu"];

#[test]
fn json_lines_end_with_all_paths_and_the_report_s_expected_shortfall() {
    let output = shortfall(&[&RUN[..], &["--progress", "json", "--format", "json"]].concat());
    let lines: Vec<Value> =
        stderr(&output).lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let last = lines.last().expect("a line");
    assert_eq!((&last["paths"], &last["total_paths"]), (&20_000.into(), &20_000.into()));
    let run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found = &run["bad_debt"]["expected_shortfall"][1];
    let estimate = &last["expected_shortfall"];
    assert_eq!(
        (&estimate["level"], &estimate["value_usd"]),
        (&found["level"], &found["value_usd"])
    );
    let half =
        (found["high_usd"].as_f64().expect("high") - found["low_usd"].as_f64().expect("low")) / 2.0;
    let told = estimate["half_width_usd"].as_f64().expect("a half-width");
    assert!((told / half - 1.0).abs() < 1e-9, "{told} {half}");
}

#[test]
fn a_short_run_that_no_terminal_watches_is_silent() {
    for kind in ["auto", "plain", "bar", "none"] {
        let output = shortfall(&[&RUN[..], &["--progress", kind]].concat());
        assert_eq!(stderr(&output), "", "{kind}");
    }
    let output = shortfall(&[&RUN[..], &["--progress", "json", "--quiet"]].concat());
    assert_eq!(stderr(&output), "");
}

#[test]
fn metrics_are_left_whole_with_what_stands_at_the_end() {
    let dir = TempDir::new().expect("a temporary folder");
    let path = dir.path().join("shortfall.prom");
    let output = shortfall(&[&RUN[..], &["--metrics", &text_of(&path)]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = fs::read_to_string(&path).expect("the file");
    let sample = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("shortfall_{name}{{")));
        let (labels, value) = line.and_then(|line| line.rsplit_once(' ')).expect(name);
        assert!(labels.contains("scenario=\"everything\"") && labels.contains("seed=\"42\""));
        value.parse::<f64>().expect("a number")
    };
    assert_eq!((sample("paths_done"), sample("paths_total")), (20_000.0, 20_000.0));
    assert!(sample("paths_per_second") > 0.0 && sample("expected_shortfall_usd") > 0.0);
    let names = fs::read_dir(dir.path()).expect("the folder").count();
    assert_eq!(names, 1, "nothing else is left behind");
}
