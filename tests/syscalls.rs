//! Every system call on files of a run, a merge and a verification made to fail once: does the
//! exit code say so, is nothing lost, and does the same command then end in the same files?
//!
//! `SHORTFALL_FULL=1 cargo test --test syscalls -- --nocapture` fails each of them; otherwise a
//! part is drawn. It takes `strace`; where that is not to be had, the test says so and passes, and
//! fails with `SHORTFALL_REQUIRE_TRACER`, which CI sets.
#![cfg(target_os = "linux")]

#[path = "support/folders.rs"]
mod folders;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use folders::{copy, files, n_kept};

/// A few segments, each of some blocks.
const RUN: [&str; 9] = [
    "run",
    "tests/valid/scenario.toml",
    "--paths=140_000",
    "--steps=13",
    "--backend=cpu",
    "--threads=2",
    "--checkpoint-every=0.02s",
    "--resume",
    "--out",
];

/// Exit codes that say that something failed: what was written could not be read, a file could not,
/// or the loader ended before the program began.
const TOLD: [i32; 3] = [2, 74, 127];

/// Calls that are no operation on a file, or that the loader and the allocator live by.
const OTHERS: [&str; 6] = ["mmap", "ioctl", "poll", "execve", "epoll_ctl", "eventfd2"];

fn binary() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("shortfall").to_owned()
}

fn output(mut command: Command) -> Output {
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.output().expect("it starts")
}

fn shortfall(args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(args);
    output(command)
}

/// A command under a tracer that is given its own options.
fn traced(options: &[&str], log: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("strace");
    command.args(["-qq", "-o"]).arg(log).args(options).arg(binary()).args(args);
    output(command)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary path is UTF-8")
}

/// How often a command makes each call on files.
fn calls(dir: &Path, args: &[&str]) -> BTreeMap<String, usize> {
    let log = dir.join("log");
    let output = traced(&["-e", "trace=%file,%desc"], &log, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    let mut calls = BTreeMap::new();
    for line in fs::read_to_string(&log).expect("a log").lines() {
        if let Some((name, _)) = line.split_once('(')
            && !OTHERS.contains(&name)
        {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    calls
}

/// A folder that a command is given, and what it is to be in the end.
struct Case<'a> {
    name: &'a str,
    args: Vec<&'a str>,
    /// The folder, which each try begins with anew.
    root: &'a Path,
    begins_as: &'a Path,
    ends_as: BTreeMap<PathBuf, Vec<u8>>,
    /// Paths that are kept, where it is a run that goes on.
    n_kept: Option<u64>,
}

impl Case<'_> {
    /// Fails calls, one a try; how many were tried.
    fn every_call_fails_once(&self, dir: &Path, part: usize) -> usize {
        copy(self.begins_as, self.root);
        let (mut n_tried, mut n_told) = (0, 0);
        let all = calls(dir, &self.args);
        let n_calls: usize = all.values().sum();
        let each = all.iter().flat_map(|(call, n)| (1..=*n).map(move |at| (call, at)));
        for (_, (call, at)) in each.enumerate().filter(|(n, _)| (n + 3).is_multiple_of(part)) {
            fs::remove_dir_all(self.root).expect("a folder");
            copy(self.begins_as, self.root);
            n_told += usize::from(self.fails(dir, call, at));
            n_tried += 1;
        }
        fs::remove_dir_all(self.root).expect("a folder");
        let name = self.name;
        println!("{name}: {n_tried} of {n_calls} calls failed once, {n_told} told, 0 lost");
        assert!(n_told > 0 && n_tried * part + part >= n_calls, "{name}: {n_told} of {n_tried}");
        n_tried
    }

    /// Fails one call; whether the exit code is another than that of success.
    fn fails(&self, dir: &Path, call: &str, at: usize) -> bool {
        let inject = format!("inject={call}:error=EIO:when={at}");
        let how = format!("{}: {call} fails at {at}", self.name);
        let log = dir.join("log");
        let output = traced(&["-e", &inject], &log, &self.args);
        let told = stderr(&output);
        let code = output.status.code().unwrap_or_else(|| panic!("{how}: it was killed: {told}"));
        assert!(!told.contains("a fault of shortfall"), "{how}: {told}");
        let is_done = code == 0;
        if is_done {
            // What failed was not needed.
            assert!(output.stdout.len() > 100, "{how}: no results, and no fault");
        } else {
            assert!(TOLD.contains(&code), "{how}: exit code {code}: {told}");
            // The call that fails may be the one that tells.
            assert!(!told.is_empty() || call == "write", "{how}: nothing is told");
        }
        if let Some(n_before) = self.n_kept {
            let kept = n_kept(self.root).expect("a run");
            assert!(kept >= n_before, "{how}: {kept} paths are kept of {n_before}");
        }
        let again = shortfall(&self.args);
        assert_eq!(again.status.code(), Some(0), "{how}, then: {}", stderr(&again));
        let found = files(self.root);
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            self.ends_as.keys().collect::<Vec<_>>(),
            "{how}"
        );
        for (name, bytes) in &found {
            assert!(self.ends_as[name] == *bytes, "{how}: {} differs", name.display());
        }
        !is_done
    }
}

/// Goes on with a run, each time for a moment, until some of its segments are finished.
fn half_a_run(root: &Path) {
    let segments = root.join("segments");
    let n_segments = || fs::read_dir(&segments).map_or(0, Iterator::count);
    for _ in 0..1000 {
        let args = [&RUN[..], &[text(root), "--time-limit=0.02s", "--batch=4096"]].concat();
        let output = shortfall(&args);
        assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
        if n_segments() > 0 && ["state.0", "state.1"].iter().all(|it| root.join(it).is_file()) {
            return;
        }
    }
    panic!("no segment is finished");
}

#[test]
fn every_call_on_files_fails_once_and_nothing_is_lost() {
    let dir = TempDir::new().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name);
    let probe = Command::new("strace").args(["-qq", "-o"]).arg(path("log")).arg("true").output();
    if !probe.is_ok_and(|it| it.status.success()) {
        let is_needed = std::env::var_os("SHORTFALL_REQUIRE_TRACER").is_some();
        assert!(!is_needed, "strace does not work here");
        println!("strace does not work here: the injected writers of tests/archive have to do");
        return;
    }
    // Each of them is a few processes.
    let part = if std::env::var_os("SHORTFALL_FULL").is_some() { 1 } else { 23 };
    let [half, whole, shards, merged] = ["half", "whole", "shards", "merged"].map(path);
    half_a_run(&half);
    let run = |root: &Path, more: &[&str]| {
        let output = shortfall(&[&RUN[..], &[text(root)], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    };
    run(&whole, &[]);
    run(&shards, &["--shard=0/2"]);
    run(&shards, &["--shard=1/2"]);
    copy(&shards, &merged);
    let output = shortfall(&["merge", text(&merged)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let root = path("root");
    let none = path("none");
    fs::create_dir(&none).expect("a folder");
    let of = |name, args: Vec<&'static str>, begins_as, ends_as: &Path, n_kept| Case {
        name,
        args: [args, vec![text(&root)]].concat(),
        root: &root,
        begins_as,
        ends_as: files(ends_as),
        n_kept,
    };
    let cases = [
        of("a run", RUN.to_vec(), &none, &whole, None),
        of("a run that goes on", RUN.to_vec(), &half, &whole, n_kept(&half)),
        of("a finished run", RUN.to_vec(), &whole, &whole, Some(140_000)),
        of("a merge", vec!["merge"], &shards, &merged, None),
        of("a verification", vec!["verify", "--backend=cpu"], &whole, &whole, None),
    ];
    let tried: usize = cases.iter().map(|case| case.every_call_fails_once(dir.path(), part)).sum();
    println!("{tried} calls failed once, 0 lost");
}
