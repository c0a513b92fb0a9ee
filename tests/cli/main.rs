//! Does the command do what its help says: exit codes, flags, what goes where, and what a tired
//! person is told?

mod baseline;
mod bench;
mod climate;
mod coupled;
#[cfg(unix)]
mod endings;
mod flags;
#[path = "../support/folders.rs"]
mod folders;
mod gates;
mod grow;
#[path = "../support/keys.rs"]
mod keys;
mod lives;
mod materiality;
mod opening;
mod out;
mod progress;
mod prove;
#[cfg(unix)]
mod readme;
mod results;
#[cfg(unix)]
mod targets;
mod until;
mod void;

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SCENARIO: &str = "tests/valid/scenario.toml";
const COMMANDS: [&[&str]; 4] = [
    &["run", "--paths", "50", "--backend", "cpu"],
    &["check"],
    &["ladder"],
    &["explain", "--path", "3"],
];

fn command(args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("shortfall"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn shortfall(args: &[&str]) -> Output {
    command(args).output().expect("the command starts")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8 on stdout")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8 on stderr")
}

/// What a command that succeeds writes to stdout.
fn told(args: &[&str]) -> String {
    let output = shortfall(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    stdout(&output).to_owned()
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&told(&[args, &["--format", "json"]].concat())).expect("one JSON value")
}

/// What a command that fails writes to stderr: within a second, nothing on stdout, no panic.
fn fault(args: &[&str], exit_code: i32) -> String {
    // The machine may be busy: the quickest of three tries counts.
    let mut tries = (0..3).map(|_| {
        let begun = Instant::now();
        (shortfall(args), begun.elapsed())
    });
    let quick = |(_, took): &(Output, Duration)| *took < Duration::from_secs(1);
    let (output, _) = tries.find(quick).unwrap_or_else(|| panic!("{args:?} took over a second"));
    let told = stderr(&output).to_owned();
    assert_eq!(output.status.code(), Some(exit_code), "{args:?}: {told}");
    assert_eq!(stdout(&output), "", "{args:?}");
    assert!(!told.contains("panicked") && !told.contains("a fault of shortfall"), "{told}");
    told
}

fn write(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    fs::write(&path, text).expect("a temporary file is written");
    text_of(&path)
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("a temporary path is UTF-8").to_owned()
}

/// A book with a column that is not read, of which a note tells.
fn noted_book(dir: &TempDir) -> String {
    let rows = "position,venue,kind,asset,amount,comment\n\
                carol,aave-v3,collateral,ETH,2,hello\ncarol,aave-v3,debt,USDC,4000,\n";
    write(dir, "noted.csv", rows)
}
