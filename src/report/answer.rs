//! What a command answers: the shape that every format has.

use serde::Serialize;

use super::baseline::BaselineFigures;
use super::bench::{Bench, Growth};
use super::explain::Explanation;
use super::gates::GateFigures;
use super::ladder::LadderRow;
use super::until::UntilFigures;
use crate::figures::{RunFacts, Summary};

/// What is written: the figures, and beside them how the run went. Serialises as one object.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Report<'a> {
    /// The figures.
    #[serde(flatten)]
    pub summary: &'a Summary,
    /// Where the run stopped, if it was to stop by precision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<&'a UntilFigures>,
    /// The gates and what came of them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub gates: &'a [GateFigures],
    /// The run against a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<&'a BaselineFigures>,
    /// How the run went; left out of files that must not differ between runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<&'a RunFacts>,
}

impl<'a> Report<'a> {
    /// The figures alone.
    #[must_use]
    pub fn of(summary: &'a Summary) -> Self {
        Self { summary, until: None, gates: &[], baseline: None, run: None }
    }
}

/// What a command answers.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Answer<'a> {
    /// The report of a run.
    Report(Report<'a>),
    /// The book after several falls of prices.
    Ladder(&'a [LadderRow]),
    /// Backends side by side.
    Bench(&'a Bench),
    /// How cost grows.
    Growth(&'a [Growth]),
    /// A path, explained.
    Path(&'a Explanation),
}
