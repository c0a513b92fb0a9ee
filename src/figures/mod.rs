//! Tails to named figures: the summary of a run, and the one list of its figures.
//!
//! A row of [`FIGURES`] is all that there is to say of a figure: its name, its place in JSON, its
//! unit, how well it is known, what it asks for, a sentence, and how it is read from a summary.
//! Gates, precisions, comparisons with a baseline, the CSV of the figures, the help of `--fail-on`
//! and the guide's table follow from the list. A new figure is a field of the summary, with what
//! fills it, and a row beside it.

pub mod aftermath;
pub mod bad_debt;
pub mod facts;
pub mod figure;
#[cfg(test)]
pub(crate) mod fixture;
pub mod gate;
mod lookup;
pub(crate) mod number;
pub mod opening;
pub mod pools;
pub mod positions;
pub mod reading;
pub mod reference;
mod restate;
pub mod row;
mod rows;
pub mod steps;
mod summarise;
pub mod summary;
#[cfg(test)]
mod tests;
mod unit;
pub(crate) mod unknown;
pub mod void;
pub mod windows;

pub use bad_debt::{BadDebt, ExpectedShortfallFigures, ValueAtRiskFigures};
pub use facts::{
    CouplingFacts, Facts, FeedbackTiming, FundFacts, PoolLabel, PositionLabel, RunFacts,
};
pub use figure::{Figure, Parameters};
pub use gate::{Comparison, Gate, Precision, Quantity, Target};
pub use lookup::lacking;
pub use opening::{AmountAtOpening, LargestAtOpening, OpeningFacts};
pub use pools::PoolFigures;
pub use positions::PositionFigures;
pub use reading::Reading;
pub use row::{Group, Known, Needs, Of, Parameter, Row, Unit};
pub use rows::FIGURES;
pub use steps::StepFigures;
pub use summary::Summary;
pub use void::VoidFigures;
pub use windows::WindowFigures;
