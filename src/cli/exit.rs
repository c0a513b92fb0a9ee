//! Exit codes: the one list of them, which `--help` prints and the guide repeats.

use std::process::ExitCode;

use shortfall::report::Verdict;

/// How a command ended; the number is the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done = 0,
    Fault = 1,
    Written = 2,
    Damaged = 65,
    NoDevice = 69,
    Nondeterminism = 70,
    Io = 74,
    TryAgain = 75,
    Void = 97,
    Inconclusive = 98,
    Breached = 99,
    Interrupted = 130,
}

/// Every exit code and what it means, rising.
const MEANINGS: [(Exit, &str); 12] = [
    (Exit::Done, "done; every gate passed"),
    (Exit::Fault, "a fault of the program; please report it"),
    (Exit::Written, "a fault in what was written: flags, scenario, tables"),
    (Exit::Damaged, "a run directory or a shard is damaged"),
    (Exit::NoDevice, "no device, or a device failed under `--no-fallback`"),
    (Exit::Nondeterminism, "paths walked again had other outcomes: determinism is violated"),
    (Exit::Io, "a file or stdout could not be read or written, or memory was refused"),
    (Exit::TryAgain, "not finished, what is done is saved: run the same command again"),
    (Exit::Void, "a path is void: a price left what the numbers hold; figures are lower bounds"),
    (
        Exit::Inconclusive,
        "a gate is inconclusive: its bound lies in the interval; more paths may tell",
    ),
    (Exit::Breached, "a gate is breached"),
    (Exit::Interrupted, "interrupted"),
];

impl Exit {
    /// What a run ends with: void paths go before what its gates make of it.
    pub(super) fn of(is_void: bool, verdict: Option<Verdict>) -> Self {
        match verdict {
            _ if is_void => Self::Void,
            None | Some(Verdict::Passed) => Self::Done,
            Some(Verdict::Inconclusive) => Self::Inconclusive,
            Some(Verdict::Breached) => Self::Breached,
        }
    }

    fn number(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// The list, for `--help`.
pub(super) fn help() -> String {
    let lines = MEANINGS.map(|(exit, meaning)| format!("\n  {:>3}  {meaning}", exit.number()));
    format!("Exit codes:{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_s_table_is_this_list() {
        let guide = include_str!("../guide/operations.md");
        let (_, section) = guide.split_once("\n## Exit codes\n").expect("the section");
        let rows: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).collect();
        let expected = MEANINGS.map(|(exit, meaning)| format!("| {} | {meaning} |", exit.number()));
        assert_eq!(rows[2..], expected);
    }

    #[test]
    fn numbers_rise_and_verdicts_have_their_own() {
        assert!(MEANINGS.is_sorted_by_key(|(exit, _)| exit.number()));
        let exits =
            [None, Some(Verdict::Passed), Some(Verdict::Inconclusive), Some(Verdict::Breached)];
        assert_eq!(exits.map(|verdict| Exit::of(false, verdict).number()), [0, 0, 98, 99]);
        assert_eq!(exits.map(|verdict| Exit::of(true, verdict).number()), [97; 4]);
    }
}
