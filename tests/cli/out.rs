//! `--out`: complete, the same however the run went, and refused before any path runs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, fault, stderr, stdout, text_of, told, write};

const OUT_FILES: [&str; 4] = ["positions.csv", "run.json", "summary.json", "worst_paths.csv"];

#[test]
fn out_is_complete_and_its_summary_is_the_same_however_the_run_went() {
    let dir = TempDir::new().expect("a temporary folder");
    let hows: [&[&str]; 5] = [
        &["--threads", "1"],
        &["--threads", "2", "--batch", "1"],
        &["--threads", "2", "--batch", "1_000"],
        &["--threads", "1", "--batch", "1e6"],
        &["--threads", "1"],
    ];
    let mut summaries = Vec::new();
    for (idx, how) in hows.iter().enumerate() {
        let out = dir.path().join(format!("new/{idx}"));
        let out_text = text_of(&out);
        let args = ["run", SCENARIO, "--paths", "5000", "--steps", "24", "--out", &out_text];
        told(&[&args, *how].concat());
        assert_eq!(names_in(&out), OUT_FILES);
        summaries.push(OUT_FILES.map(|name| fs::read(out.join(name)).expect("a file of --out")));
    }
    for summary in &summaries {
        for (idx, name) in OUT_FILES.iter().enumerate().filter(|(_, name)| **name != "run.json") {
            assert!(summary[idx] == summaries[0][idx], "{name} differs");
        }
    }
    let [_, run, summary, worst] = &summaries[0];
    let run: Value = serde_json::from_slice(run).expect("run.json is JSON");
    assert_eq!(run["threads"], 1);
    let summary: Value = serde_json::from_slice(summary).expect("summary.json is JSON");
    assert_eq!(summary["n_paths"], 5000);
    assert!(summary.get("run").is_none(), "how a run went is no part of its summary");
    assert_eq!(worst.iter().filter(|byte| **byte == b'\n').count(), 1 + 1000);
}

#[test]
fn an_old_result_is_replaced() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    for paths in ["20", "30"] {
        told(&["run", SCENARIO, "--paths", paths, "--out", &out]);
    }
    let summary = fs::read(dir.path().join("summary.json")).expect("summary.json is there");
    let summary: Value = serde_json::from_slice(&summary).expect("summary.json is JSON");
    assert_eq!(summary["n_paths"], 30);
    assert_eq!(names_in(dir.path()), OUT_FILES);
}

/// 2^40 paths would take weeks: that the command ends shows that none ran.
fn refused_out(out: &Path, named: &Path) -> String {
    let out = text_of(out);
    let told = fault(&["run", SCENARIO, "--paths", "1_099_511_627_776", "--out", &out], 74);
    assert!(told.starts_with(&text_of(named)), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[test]
fn an_out_that_is_a_file_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    let file = PathBuf::from(write(&dir, "results", "precious"));
    assert!(refused_out(&file, &file).contains("is a file: name a folder"));
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
    assert_eq!(names_in(dir.path()), ["results"]);
}

#[test]
fn an_out_whose_parent_cannot_be_made_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    let under_file = PathBuf::from(write(&dir, "results", "")).join("deep/down");
    assert!(refused_out(&under_file, &under_file).contains("choose another --out"));
    assert_eq!(names_in(dir.path()), ["results"]);
}

#[test]
fn an_out_with_a_folder_in_a_file_s_place_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    let in_the_way = dir.path().join("positions.csv");
    fs::create_dir(&in_the_way).expect("a folder is made");
    refused_out(dir.path(), &in_the_way);
    assert_eq!(names_in(dir.path()), ["positions.csv"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_leaves_the_old_results_whole() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    let args = ["run", SCENARIO, "--paths", "2000", "--backend", "cpu", "--out", &out];
    told(&args);
    let before = OUT_FILES.map(|name| fs::read(dir.path().join(name)).expect("a result"));
    // Room for the 4 KiB of some files, but not of all: written past the limit, a file fails.
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let output = std::process::Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_shortfall")])
        .args(args)
        .args(["--seed", "43"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("sh starts");
    assert_eq!(output.status.code(), Some(74), "{}", stderr(&output));
    assert!(stderr(&output).starts_with(&out), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    assert_eq!(names_in(dir.path()), OUT_FILES);
    for (name, before) in OUT_FILES.iter().zip(before) {
        assert!(fs::read(dir.path().join(name)).expect("a result") == before, "{name} changed");
    }
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}
