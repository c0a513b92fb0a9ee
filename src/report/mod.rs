//! Figures to readers: verdicts, comparisons, the formats that all is written in, and tables for
//! data frames.
//!
//! The only fault here is that writing fails, so writers return [`std::io::Result`].

pub mod answer;
pub mod baseline;
pub mod bench;
pub mod checked;
pub mod climate;
pub mod compiled;
pub mod document;
pub mod explain;
#[cfg(test)]
mod fixture;
pub mod format;
pub mod gates;
pub mod glance;
pub mod history;
pub mod junit;
pub mod ladder;
pub mod moved;
pub mod plot;
pub mod tables;
pub mod until;
pub mod verdict;

pub use crate::figures::number::{counted, duration, usd};
pub use crate::figures::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, FundFacts, LargestAtOpening,
    OpeningFacts, PoolLabel, PositionLabel, RunFacts, Summary,
};
pub use answer::{Answer, Report};
pub use baseline::BaselineFigures;
pub use bench::{BackendRates, Bench, Growth, GrowthPoint};
pub use checked::Checked;
pub use climate::{Climate, ClimateState};
pub use explain::{
    Explanation, ToldCoupling, ToldLeftOver, ToldLiquidation, ToldMoved, ToldPrice, ToldRound,
    ToldSale, ToldState, ToldWindow, Untaken,
};
pub use format::{FORMATS, Format, format_named};
pub use gates::GateFigures;
pub use glance::Glance;
pub use history::History;
pub use ladder::LadderRow;
pub use until::UntilFigures;
pub use verdict::Verdict;
