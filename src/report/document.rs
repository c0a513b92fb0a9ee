//! What there is to read, in sections with a table or lines each; text and Markdown render it.
//!
//! A section is built once, from figures, and knows nothing of columns or of signs that mean
//! something: its cells and lines are words, and each format escapes them for its own readers.

mod aftermath;
mod bench;
mod compared;
mod ladder;
mod opening;
mod path;
mod rounds;
mod run;

use super::verdict::Verdict;
use crate::figures::number::usd;

pub(super) use compared::compared;
pub(super) use opening::opening;
pub(super) use run::{gates, run};

pub(super) use bench::{bench, growth};
pub(super) use ladder::ladder;
pub(super) use path::path;

/// Sections in the order of reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The sections.
    pub sections: Vec<Section>,
}

/// A title, what stands below it, and what there is to add; each of them may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// The title.
    pub title: Option<String>,
    /// What it is about.
    pub body: Body,
    /// Sentences below it.
    pub notes: Vec<String>,
}

/// What a section shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Body {
    /// Nothing: the title says all.
    #[default]
    Nothing,
    /// A table.
    Table(Table),
    /// Lines.
    Lines(Vec<Line>),
}

/// A line of words.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// With a label before it; empty where the line goes on with the one above.
    Labelled(&'static str, String),
    /// By itself.
    Plain(String),
    /// By itself, and to be seen first.
    Strong(String),
}

/// Rows under headings.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The headings.
    pub headings: Vec<String>,
    /// So many columns are words and stand to the left, the others to the right.
    pub n_left: usize,
    /// The rows; the last cells of a row may be missing.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A number or words of ours.
    Figure(String),
    /// A name that a stranger may have written.
    Name(String),
    /// What was written on the command line or in a scenario.
    Code(String),
    /// What came of a gate.
    Verdict(Verdict),
}

impl Section {
    /// With a title and a body.
    pub(super) fn titled(title: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { title: Some(title.into()), body: body.into(), notes: Vec::new() }
    }

    /// A title that says all.
    pub(super) fn headline(title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::default() }
    }

    /// Without a title.
    pub(super) fn untitled(body: impl Into<Body>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// One line by itself.
    pub(super) fn line(text: impl Into<String>) -> Self {
        Self::untitled(vec![Line::Plain(text.into())])
    }

    /// With sentences added.
    pub(super) fn noted(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Under another title, or under none.
    pub(super) fn retitled(self, title: Option<String>) -> Self {
        Self { title, ..self }
    }
}

impl Table {
    /// Without a row yet; the first `n_left` columns are words.
    pub(super) fn new<H: Into<String>>(
        n_left: usize,
        headings: impl IntoIterator<Item = H>,
    ) -> Self {
        let headings = headings.into_iter().map(Into::into).collect();
        Self { headings, n_left, rows: Vec::new() }
    }

    /// Adds a row: names first, then figures.
    pub(super) fn row(
        &mut self,
        names: impl IntoIterator<Item = String>,
        figures: impl IntoIterator<Item = String>,
    ) {
        let names = names.into_iter().map(Cell::Name);
        self.rows.push(names.chain(figures.into_iter().map(Cell::Figure)).collect());
    }
}

impl From<Table> for Body {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

impl From<Vec<Line>> for Body {
    fn from(lines: Vec<Line>) -> Self {
        Self::Lines(lines)
    }
}

/// How many rows a table leaves out, where it does.
fn rest(n_rows: usize, most: usize) -> Option<String> {
    let rest = n_rows.checked_sub(most).filter(|rest| *rest > 0)?;
    let rest = crate::figures::number::count(rest as u128);
    Some(format!("... and {rest} more (--format json has all)"))
}

/// The standard error behind a mean, USD; nothing where there is none.
fn error(std_error: Option<f64>) -> String {
    std_error.map_or_else(String::new, |error| format!(" ± {} s.e.", usd(error)))
}

/// The 95 % interval of a mean, USD.
fn interval(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("95 %: {} to {}", usd(low), usd(high)),
        (Some(low), None) => format!("95 %: {} or more", usd(low)),
        _ => "95 %: not known".to_owned(),
    }
}
