//! Why a table of prices cannot be replayed: one case each, with what was written and the remedy.

use std::fmt;

use super::spelling::Shown;
use crate::escape::quoted;

/// A fault of `[market.replay]` or of its table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unreplayable {
    /// A replayed asset that also diffuses or jumps.
    #[error(
        "= {} though {} is replayed: leave it out or 0, since history replaces it",
        Shown(*.value), quoted(asset)
    )]
    MovesTwice {
        /// The asset.
        asset: String,
        /// As written.
        value: f64,
    },
    /// Fewer windows than paths.
    #[error(
        "= \"each\" gives {n_windows} windows for {n_paths} paths, and a window that is walked \
         again is no new evidence: walk each once with --paths {n_windows}, or add history"
    )]
    FewerWindows {
        /// Windows of the table.
        n_windows: u64,
        /// Paths of the run.
        n_paths: u64,
    },
    /// A window that opens where an asset is worth nothing.
    #[error(
        "= 0 where a window opens, from which no price moves: open elsewhere by `start_row` or \
         `stride` in [market.replay], or take the row out if the feed knew of no price"
    )]
    OpensAtZero,
    /// A field that is no time.
    #[error(
        "= {} is not a time{}: write seconds since 1970 (or ms, us, ns) or a date as in \
         2020-03-12T00:00:00Z", quoted(text), MoreRows(*n_more)
    )]
    NotATime {
        /// As written.
        text: String,
        /// Further rows with such a field.
        n_more: u64,
    },
    /// A row that was before the row above it.
    #[error("= {time} is before {before} on line {line}: order the rows by time, the oldest first")]
    BackInTime {
        /// When the row was.
        time: String,
        /// When the row above it was.
        before: String,
        /// The line of that.
        line: u64,
    },
    /// Rows that are not a step apart.
    #[error(
        "rows are {spacing} apart, not one `run.step` of {step}: write step = {spacing:?} in \
         [run], or resample the table"
    )]
    OtherSpacing {
        /// The commonest distance of two rows.
        spacing: String,
        /// The step.
        step: String,
    },
    /// Rows further apart, or nearer, than a step.
    #[error(
        "is {first} after the row before, not one step of {step} (the first of {n}): mend the \
         table, or walk each as one step with allow_gaps = true in [market.replay]"
    )]
    Gaps {
        /// How many there are.
        n: u64,
        /// How long after the row before the first of them is.
        first: String,
        /// The step.
        step: String,
    },
    /// An asset that stands still beside a column that may be meant for it.
    #[error(
        "= {} has no column in {table}, where {} looks like it, and nothing else moves it: name \
         the column {asset}, or give the asset a volatility",
        quoted(asset),
        quoted(column)
    )]
    ColumnOfOtherName {
        /// The asset.
        asset: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// History shorter than a path.
    #[error("holds {n_rows} rows, not at least {needed}: lower `run.steps`{remedy} or add history")]
    TooShort {
        /// Rows of the table.
        n_rows: usize,
        /// Rows that a path reads, the start row included.
        needed: usize,
        /// A further remedy.
        remedy: &'static str,
    },
}

/// How many further rows are alike; nothing for none.
struct MoreRows(u64);

impl fmt::Display for MoreRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => write!(f, ", nor is that of 1 more row"),
            n => write!(f, ", nor are those of {n} more rows"),
        }
    }
}
