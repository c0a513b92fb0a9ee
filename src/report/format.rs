//! The shape every format has, and the one list of formats.

#[cfg(test)]
mod hostile;
mod json;
mod markdown;
mod text;

use std::io::{self, Write};

use serde::Serialize;

use super::baseline::BaselineFigures;
use super::bench::{Bench, Growth};
use super::explain::Explanation;
use super::gates::GateFigures;
use super::ladder::LadderRow;
use super::until::UntilFigures;
use crate::figures::number::{count, usd_cents};
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

/// A way to write figures.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Writes the report of a run.
    pub write: fn(&Report<'_>, &mut dyn Write) -> io::Result<()>,
    /// Writes a ladder.
    pub write_ladder: fn(&[LadderRow], &mut dyn Write) -> io::Result<()>,
    /// Writes backends side by side.
    pub write_bench: fn(&Bench, &mut dyn Write) -> io::Result<()>,
    /// Writes how cost grows.
    pub write_growth: fn(&[Growth], &mut dyn Write) -> io::Result<()>,
    /// Writes a path, told.
    pub write_explanation: fn(&Explanation, &mut dyn Write) -> io::Result<()>,
}

/// The one list of formats; the first is the default.
pub const FORMATS: &[Format] = &[
    Format {
        name: "text",
        about: "Tables for people.",
        write: text::write,
        write_ladder: text::write_ladder,
        write_bench: text::write_bench,
        write_growth: text::write_growth,
        write_explanation: text::write_explanation,
    },
    Format {
        name: "json",
        about: "One object with every figure, for programs.",
        write: json::write,
        write_ladder: json::write_ladder,
        write_bench: json::write_bench,
        write_growth: json::write_growth,
        write_explanation: json::write_explanation,
    },
    Format {
        name: "markdown",
        about: "A summary for a pull request or a wiki.",
        write: markdown::write,
        write_ladder: markdown::write_ladder,
        write_bench: markdown::write_bench,
        write_growth: markdown::write_growth,
        write_explanation: markdown::write_explanation,
    },
];

/// The format of that name.
#[must_use]
pub fn format_named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The columns of a ladder.
const LADDER_HEADINGS: [&str; 7] = [
    "drop",
    "liquidatable",
    "their debt, USD",
    "their collateral, USD",
    "under water",
    "shortfall, USD",
    "total debt, USD",
];

/// A row of a ladder, under its headings.
fn ladder_cells(row: &LadderRow) -> [String; 7] {
    [
        format!("{:.2} %", row.drop * 100.0),
        count(row.n_liquidatable.into()),
        usd_cents(row.debt_liquidatable_usd),
        usd_cents(row.collateral_liquidatable_usd),
        count(row.n_underwater.into()),
        usd_cents(row.shortfall_usd),
        usd_cents(row.total_debt_usd),
    ]
}
