//! The shape every format has, and the one list of formats.

mod csv;
#[cfg(test)]
mod hostile;
mod json;
mod markdown;
pub(super) mod text;

use std::io::{self, Write};

use serde::Serialize;

use super::baseline::BaselineFigures;
use super::bench::{Bench, Growth};
use super::document::{self, Document};
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

impl Answer<'_> {
    /// In sections, for people.
    #[must_use]
    pub fn document(&self) -> Document {
        match self {
            Self::Report(report) => document::run(report),
            Self::Ladder(rows) => document::ladder(rows),
            Self::Bench(bench) => document::bench(bench),
            Self::Growth(growth) => document::growth(growth),
            Self::Path(told) => document::path(told),
        }
    }
}

/// A way to write answers.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Writes an answer.
    pub write: fn(&Answer<'_>, &mut dyn Write) -> io::Result<()>,
}

/// The one list of formats; the first is the default.
pub const FORMATS: &[Format] = &[
    Format { name: "text", about: "Tables for people.", write: text::write },
    Format {
        name: "json",
        about: "One object with every figure, for programs.",
        write: json::write,
    },
    Format { name: "csv", about: "A line for each figure, for spreadsheets.", write: csv::write },
    Format {
        name: "markdown",
        about: "A summary for a pull request or a wiki.",
        write: markdown::write,
    },
];

/// The format of that name.
#[must_use]
pub fn format_named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
