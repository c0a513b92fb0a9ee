//! What stops a command before its end, and with which exit code.

use std::fmt;

use super::exit::Exit;

/// Why a command was stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoppedBy {
    Interrupt,
    Termination,
    TimeLimit,
}

impl StoppedBy {
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Termination | Self::TimeLimit => Exit::TryAgain,
        }
    }
}

impl fmt::Display for StoppedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "an interrupt",
            Self::Termination => "a request to terminate",
            Self::TimeLimit => "--time-limit",
        })
    }
}
