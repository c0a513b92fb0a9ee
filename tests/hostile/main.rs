//! Can a scenario or a table that a stranger wrote read what is not its own, take the machine's
//! memory, or act on what shows its names?

mod outputs;
mod reads;
mod sizes;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const VALID: &str = include_str!("../valid/scenario.toml");
const VALID_BOOK: &str = include_str!("../valid/book.csv");
const HEADER: &str = "position,venue,kind,asset,amount\n";
const BIN: &str = env!("CARGO_BIN_EXE_shortfall");

/// A folder with a scenario and its book, in a folder of their own.
struct Case {
    folder: TempDir,
}

impl Case {
    fn of(scenario: &str, book: &[u8]) -> Self {
        let case = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(case.path("own")).expect("a folder");
        case.put("own/s.toml", scenario.as_bytes());
        case.put("own/book.csv", book);
        case
    }

    fn valid() -> Self {
        Self::of(VALID, VALID_BOOK.as_bytes())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    /// `shortfall check` with these flags, within 5 s of CPU time and, but for what the system maps
    /// for any program, 256 MiB.
    fn check(&self, flags: &[&str]) -> Output {
        bounded(&self.path("own/s.toml"), flags)
    }

    /// What it says where it refuses the input.
    fn refusal(&self, flags: &[&str]) -> String {
        refusal_of(&self.check(flags))
    }
}

fn bounded(scenario: &Path, flags: &[&str]) -> Output {
    let limits = "ulimit -t 5 && ulimit -v 300000 && exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limits, "sh", BIN, "check"]).arg(scenario).args(flags);
    command.output().expect("a shell")
}

fn refusal_of(output: &Output) -> String {
    let told = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(output.status.code(), Some(2), "{:?} {told}", output.status);
    assert!(output.stdout.is_empty());
    assert!(told.len() < 60_000, "{} bytes are told", told.len());
    told
}

fn is_whole() -> bool {
    std::env::var_os("SHORTFALL_FULL").is_some()
}
