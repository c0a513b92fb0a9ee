//! Figures to readers: the summary, the formats it is written in, and tables for data frames.
//!
//! The only fault here is that writing fails, so writers return [`std::io::Result`].

pub mod aftermath;
pub mod explain;
pub mod facts;
pub mod figures;
#[cfg(test)]
mod fixture;
pub mod format;
pub mod ladder;
pub mod summary;
pub mod tables;

pub use explain::{
    Explanation, ToldCoupling, ToldLeftOver, ToldLiquidation, ToldMoved, ToldPrice, ToldRound,
    ToldSale, Untaken,
};
pub use facts::{
    CouplingFacts, Facts, FeedbackTiming, FundFacts, OpeningFacts, PoolLabel, PositionLabel,
    RunFacts,
};
pub use figures::Summary;
pub use format::{FORMATS, Format, Report, format_named};
pub use ladder::LadderRow;
