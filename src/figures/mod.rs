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
pub(crate) mod number;
pub mod opening;
pub mod pools;
pub mod positions;
pub mod reading;
pub mod reference;
pub mod row;
pub mod steps;
pub mod summary;
#[cfg(test)]
mod tests;
pub(crate) mod unknown;
pub mod void;
pub mod windows;

pub use bad_debt::{BadDebt, ExpectedShortfallFigures, ValueAtRiskFigures};
pub use facts::{
    CouplingFacts, Facts, FeedbackTiming, FundFacts, PoolLabel, PositionLabel, RunFacts,
};
pub use figure::{Figure, Parameters};
pub use gate::{Comparison, Gate, Precision, Quantity, Target};
pub use opening::{AmountAtOpening, LargestAtOpening, OpeningFacts};
pub use pools::PoolFigures;
pub use positions::PositionFigures;
pub use reading::{Reading, lacking};
pub use row::{Group, Known, Needs, Of, Parameter, Row, Unit};
pub use steps::StepFigures;
pub use summary::Summary;
pub use void::VoidFigures;
pub use windows::WindowFigures;

/// The one list of figures, in the order of reports.
pub static FIGURES: &[Group] = &[
    Group { of: Of::Run, rows: &bad_debt::TOTALS },
    Group { of: Of::Level, rows: &bad_debt::VALUES_AT_RISK },
    Group { of: Of::Level, rows: &bad_debt::EXPECTED_SHORTFALLS },
    Group { of: Of::Run, rows: &bad_debt::PATHS },
    Group { of: Of::Run, rows: &summary::LIQUIDATIONS },
    Group { of: Of::Run, rows: &opening::OPENING },
    Group { of: Of::Run, rows: &aftermath::FEEDBACK },
    Group { of: Of::Run, rows: &aftermath::CASCADE },
    Group { of: Of::Run, rows: &aftermath::BACKLOG },
    Group { of: Of::Fund, rows: &aftermath::FUNDS },
    Group { of: Of::Pool, rows: &pools::POOLS },
];
