//! Figures to readers: the summary, the formats it is written in, and tables for data frames.
//!
//! The only fault here is that writing fails, so writers return [`std::io::Result`].

pub mod aftermath;
pub mod baseline;
pub mod bench;
pub mod explain;
pub mod facts;
pub mod figures;
#[cfg(test)]
mod fixture;
pub mod format;
pub mod gates;
pub mod glance;
pub mod junit;
pub mod ladder;
pub mod moved;
mod opening;
pub mod plot;
pub mod reading;
pub mod summary;
pub mod tables;
mod unknown;
pub mod until;
pub mod verdict;
pub mod void;
pub mod windows;

pub use baseline::BaselineFigures;
pub use bench::{BackendRates, Bench, Growth, GrowthPoint};
pub use explain::{
    Explanation, ToldCoupling, ToldLeftOver, ToldLiquidation, ToldMoved, ToldPrice, ToldRound,
    ToldSale, ToldState, ToldWindow, Untaken,
};
pub use facts::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, FundFacts, LargestAtOpening,
    OpeningFacts, PoolLabel, PositionLabel, RunFacts,
};
pub use figures::Summary;
pub use format::number::{counted, duration, usd};
pub use format::{FORMATS, Format, Report, format_named};
pub use gates::{GateFigures, Verdict};
pub use glance::Glance;
pub use ladder::LadderRow;
pub use reading::Reading;
pub use until::UntilFigures;
pub use void::VoidFigures;
