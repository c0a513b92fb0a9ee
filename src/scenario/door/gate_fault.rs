//! What may be wrong with a gate or a precision, in words.

use super::spelling::{list, suggest};
use crate::escape::quoted;
use crate::figures::Unit;

/// What is wrong with a gate or a precision as written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GateFault {
    /// No comparison, or none of the four.
    #[error("is not a gate: write a figure, one of > >= < <=, and a bound, as in \"es99 > 2.5e6\"")]
    NotAGate,
    /// A precision without `rel` or `abs`.
    #[error(
        "is not a precision: write a figure, rel or abs, and half the width of its interval, as in \
         \"es99 rel 1%\" or \"mean abs 1e5\""
    )]
    NotAPrecision,
    /// Not a figure of the report.
    #[error("names {}, which is no figure of this report: {}", quoted(name), suggest(name, known))]
    UnknownFigure {
        /// As written.
        name: String,
        /// The figures there are.
        known: Vec<String>,
    },
    /// A level that the run does not report.
    #[error(
        "names {}, and level {level} is not in run.levels: add it there, or name one that \
         is ({}); levels stand in percent here",
        quoted(name),
        list(known)
    )]
    LevelNotReported {
        /// As written.
        name: String,
        /// The level that was meant.
        level: f64,
        /// The figures of the levels that are reported.
        known: Vec<String>,
    },
    /// The bound is no number.
    #[error(
        "has {} for a bound, which is not a finite number: write one, as in 2.5e6",
        quoted(text)
    )]
    NotANumber {
        /// As written.
        text: String,
    },
    /// A percentage of what is no share.
    #[error("bounds {figure} by {text}, and it is no share: write a number of {}", name_of(*unit))]
    PercentOfNoShare {
        /// The figure.
        figure: String,
        /// The bound as written.
        text: String,
        /// What the figure is measured in.
        unit: Unit,
    },
    /// A share outside 0 to 1.
    #[error("bounds {figure} by {text}, which is not between 0 and 1: write 0.05 or 5% for 5 %")]
    ShareOutside {
        /// The figure.
        figure: String,
        /// The bound as written.
        text: String,
    },
    /// A half-width that is not above 0, or relative and above 1.
    #[error("has {text} for a half-width, which is not above 0{}: write rel 1% or abs 1e5",
        if *is_relative { " and at most 1" } else { "" })]
    HalfWidthOutside {
        /// As written.
        text: String,
        /// Whether it is a share of the figure.
        is_relative: bool,
    },
    /// A figure without an interval, or of a comparison.
    #[error("names {}, which more paths do not narrow: name a figure such as es99", quoted(name))]
    NothingToNarrow {
        /// As written.
        name: String,
    },
}

fn name_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Usd => "USD",
        Unit::Share => "a share",
        Unit::Count => "what is counted",
        Unit::Factor => "times",
    }
}
