//! Replayed windows in figures: what intervals rest on.

use serde::Serialize;

use crate::tail::Tally;
use crate::tail::windows::Batches;

/// What the intervals of a replay rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WindowFigures {
    /// Windows of the history.
    pub n_windows: u64,
    /// Windows that paths followed.
    pub n_walked: u64,
    /// `batch-means`, or `exact: every window walked`, where nothing has an error.
    pub method: &'static str,
    /// Batches of time whose means are compared; none where figures are exact, or where too few
    /// batches as long as a window fit.
    pub n_batches: Option<u64>,
}

/// What differences between sections of the paths of two runs are evidence of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Sections are drawn apart: their spread is that of the difference.
    Sections,
    /// Both runs walked every window of a history: differences are facts.
    Whole,
    /// Sections share a history, so that they are no independent evidence.
    Part,
}

impl Basis {
    pub(crate) fn of(tallies: [&Tally; 2]) -> Self {
        match tallies.map(|tally| tally.batches.as_ref().map(Batches::is_whole)) {
            [None, None] => Self::Sections,
            [Some(true), Some(true)] => Self::Whole,
            _ => Self::Part,
        }
    }

    /// Half the width of a difference's interval; none if it is not known.
    pub(crate) fn half_width(self, of_sections: impl FnOnce() -> Option<f64>) -> Option<f64> {
        match self {
            Self::Sections => of_sections(),
            Self::Whole => Some(0.0),
            Self::Part => None,
        }
    }
}

pub(super) const WHOLE: &str = "exact: every window walked";
pub(super) const BATCHES: &str = "batch-means";

impl WindowFigures {
    pub(super) fn of(batches: &Batches) -> Self {
        let is_whole = batches.is_whole();
        Self {
            n_windows: batches.windows.n_windows,
            n_walked: batches.n_paths().min(batches.windows.n_windows),
            method: if is_whole { WHOLE } else { BATCHES },
            n_batches: batches.windows.n_batches().filter(|_| !is_whole).map(|n| n as u64),
        }
    }

    /// Whether figures are facts of the history.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.method == WHOLE
    }
}
