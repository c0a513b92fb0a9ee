//! The shape every format has, and the one list of formats.

mod csv;
#[cfg(test)]
mod hostile;
mod json;
mod markdown;
pub(super) mod text;

use std::io::{self, Write};

pub use super::answer::{Answer, Report};
use super::document::{self, Document};

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
