//! `--out`: complete, the same however the run went, and refused before any path runs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, fault, stderr, stdout, text_of, told, write};

pub(super) const OUT_FILES: [&str; 10] = [
    "blocks.bin",
    "commitment.json",
    "facts.json",
    "manifest.json",
    "plan.json",
    "positions.parquet",
    "program.bin",
    "run.json",
    "summary.json",
    "worst_paths.parquet",
];

#[test]
fn out_is_complete_and_the_same_however_the_run_went() {
    let dir = TempDir::new().expect("a temporary folder");
    let hows: [&[&str]; 5] = [
        &["--threads", "1"],
        &["--threads", "2", "--batch", "1"],
        &["--threads", "2", "--batch", "1_000"],
        &["--threads", "1", "--batch", "1e6"],
        &["--threads", "1"],
    ];
    let mut runs = Vec::new();
    for (idx, how) in hows.iter().enumerate() {
        let out = dir.path().join(format!("new/{idx}"));
        let out_text = text_of(&out);
        let args = ["run", SCENARIO, "--paths", "5000", "--steps", "24", "--out", &out_text];
        told(&[&args, *how].concat());
        assert_eq!(names_in(&out), [&OUT_FILES[..8], &["segments"], &OUT_FILES[8..]].concat());
        assert_eq!(names_in(&out.join("segments")), ["000000000-000000002"]);
        runs.push(OUT_FILES.map(|name| fs::read(out.join(name)).expect("a file of --out")));
    }
    for run in &runs {
        for (idx, name) in OUT_FILES.iter().enumerate().filter(|(_, name)| **name != "run.json") {
            assert!(run[idx] == runs[0][idx], "{name} differs");
        }
    }
    let json = |name: &str| -> Value {
        let idx = OUT_FILES.iter().position(|it| *it == name).expect("a file of --out");
        serde_json::from_slice(&runs[0][idx]).expect("JSON")
    };
    assert_eq!(
        (&json("run.json")["threads"], &json("run.json")["backend"]),
        (&1.into(), &"cpu".into())
    );
    let summary = json("summary.json");
    assert_eq!(summary["n_paths"], 5000);
    assert!(summary.get("run").is_none(), "how a run went is no part of its summary");
    let plan = json("plan.json");
    assert_eq!(plan["program_digest"], summary["program_digest"]);
    let names = [&plan["origin"]["files"][0]["name"], &plan["origin"]["files"][1]["name"]];
    assert_eq!(names, ["scenario.toml", "book.csv"]);
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIO)).expect("a scenario");
    assert_eq!(plan["origin"]["files"][0]["blake3"], blake3::hash(&bytes).to_string());
}

#[test]
fn a_folder_that_holds_a_run_is_left_alone_unless_it_is_the_same_and_to_go_on() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    let args = ["run", SCENARIO, "--paths", "20", "--out", &out];
    let first = told(&args);
    let before = fs::read(dir.path().join("run.json")).expect("run.json is there");
    assert!(fault(&args, 2).contains("--resume goes on with it"));
    let other = [&args, &["--seed", "77", "--resume"][..]].concat();
    assert!(fault(&other, 2).contains("seed is 42 there and 77 here"), "{}", fault(&other, 2));
    let again = super::shortfall(&[&args, &["--resume"][..]].concat());
    assert_eq!(again.status.code(), Some(0));
    assert!(stderr(&again).contains("holds this run already, finished"), "{}", stderr(&again));
    let digest = |text: &str| text.lines().find(|it| it.starts_with("outcomes")).map(str::to_owned);
    assert_eq!(digest(stdout(&again)), digest(&first), "its figures are told again");
    assert_eq!(fs::read(dir.path().join("run.json")).expect("run.json is there"), before);
}

#[test]
fn a_finished_run_that_was_torn_is_made_again_and_says_so() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    let args = ["run", SCENARIO, "--paths", "5000", "--steps", "24", "--out", &out, "--resume"];
    let first = told(&args);
    let segment = "segments/000000000-000000002";
    let read = |name: &str| fs::read(dir.path().join(name)).expect("a file of --out");
    for name in [segment, "positions.parquet"] {
        let (before, run) = (read(name), read("run.json"));
        fs::write(dir.path().join(name), &before[..before.len() / 2]).expect("a file");
        let again = super::shortfall(&args);
        assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
        assert!(stderr(&again).contains(&format!("{name} is damaged")), "{}", stderr(&again));
        let digest =
            |text: &str| text.lines().find(|it| it.starts_with("outcomes")).map(str::to_owned);
        assert_eq!(digest(stdout(&again)), digest(&first));
        assert!(read(name) == before && read("run.json") == run, "{name}");
        told(&["verify", &out]);
    }
    write(&dir, "thesis.tex", "precious");
    assert!(fault(&args, 65).contains("thesis.tex is damaged: it is no file of the run"));
    assert_eq!(read("thesis.tex"), b"precious");
}

/// 2^40 paths would take weeks: that the command ends shows that none ran.
fn refused_out(out: &Path, named: &Path, exit_code: i32) -> String {
    let out = text_of(out);
    let args = ["run", SCENARIO, "--paths", "1_099_511_627_776", "--out", &out];
    let told = fault(&args, exit_code);
    assert!(told.starts_with(&text_of(named)), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[test]
fn an_out_that_is_a_file_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    let file = PathBuf::from(write(&dir, "results", "precious"));
    assert!(refused_out(&file, &file, 74).contains("is a file: name a folder"));
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
    assert_eq!(names_in(dir.path()), ["results"]);
}

#[test]
fn an_out_whose_parent_cannot_be_made_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    let under_file = PathBuf::from(write(&dir, "results", "")).join("deep/down");
    assert!(refused_out(&under_file, &under_file, 74).contains("choose another folder"));
    assert_eq!(names_in(dir.path()), ["results"]);
}

#[test]
fn an_out_with_other_files_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    write(&dir, "thesis.tex", "precious");
    assert!(refused_out(dir.path(), dir.path(), 2).contains("holds thesis.tex and no run"));
    assert_eq!(names_in(dir.path()), ["thesis.tex"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_is_told_and_the_same_command_goes_on_where_it_stopped() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = dir.path().join("run");
    let out_text = text_of(&out);
    let args =
        ["run", SCENARIO, "--paths", "2000", "--backend", "cpu", "--resume", "--out", &out_text];
    // Room for the 4 KiB of some files, but not of all: written past the limit, a file fails.
    let limited = "ulimit -f 8; exec \"$0\" \"$@\"";
    let output = std::process::Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_shortfall")])
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("sh starts");
    assert_eq!(output.status.code(), Some(74), "{}", stderr(&output));
    assert!(stderr(&output).starts_with(&out_text), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    assert!(!out.join("manifest.json").exists());
    told(&args);
    assert_eq!(names_in(&out), [&OUT_FILES[..8], &["segments"], &OUT_FILES[8..]].concat());
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}
