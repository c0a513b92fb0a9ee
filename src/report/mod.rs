//! Figures to readers: the summary, the formats it is written in, and lists for spreadsheets.
//!
//! The only fault here is that writing fails, so writers return [`std::io::Result`].

pub mod csv;
pub mod explain;
pub mod facts;
pub mod figures;
#[cfg(test)]
mod fixture;
pub mod format;
pub mod ladder;
pub mod summary;

pub use explain::{Explanation, ToldLeftOver, ToldLiquidation, ToldPrice};
pub use facts::{Facts, OpeningFacts, PoolLabel, PositionLabel, RunFacts};
pub use figures::Summary;
pub use format::{FORMATS, Format, Report, format_named};
pub use ladder::LadderRow;
