//! The shape every format has, and the one list of formats.

mod json;
mod text;

use std::io::{self, Write};

use serde::Serialize;

use super::explain::Explanation;
use super::facts::RunFacts;
use super::figures::Summary;
use super::ladder::LadderRow;

/// What is written: the figures, and beside them how the run went. Serialises as one object.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Report<'a> {
    /// The figures.
    #[serde(flatten)]
    pub summary: &'a Summary,
    /// How the run went; left out of files that must not differ between runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<&'a RunFacts>,
}

/// A way to write figures.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Writes the report of a run.
    pub write: fn(&Report<'_>, &mut dyn Write) -> io::Result<()>,
    /// Writes a ladder.
    pub write_ladder: fn(&[LadderRow], &mut dyn Write) -> io::Result<()>,
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
        write_explanation: text::write_explanation,
    },
    Format {
        name: "json",
        about: "One object with every figure, for programs.",
        write: json::write,
        write_ladder: json::write_ladder,
        write_explanation: json::write_explanation,
    },
];

/// The format of that name.
#[must_use]
pub fn format_named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
