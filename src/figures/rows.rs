//! The one list of figures: a file of rows for each part of a summary.

mod bad_debt;
mod coupling;
mod liquidations;
mod opening;
mod pools;

use super::row::{Group, Of};

/// The one list of figures, in the order of reports.
pub static FIGURES: &[Group] = &[
    Group { of: Of::Run, rows: &bad_debt::TOTALS },
    Group { of: Of::Level, rows: &bad_debt::VALUES_AT_RISK },
    Group { of: Of::Level, rows: &bad_debt::EXPECTED_SHORTFALLS },
    Group { of: Of::Run, rows: &bad_debt::PATHS },
    Group { of: Of::Run, rows: &liquidations::LIQUIDATIONS },
    Group { of: Of::Run, rows: &opening::OPENING },
    Group { of: Of::Run, rows: &coupling::FEEDBACK },
    Group { of: Of::Run, rows: &coupling::CASCADE },
    Group { of: Of::Run, rows: &coupling::BACKLOG },
    Group { of: Of::Fund, rows: &coupling::FUNDS },
    Group { of: Of::Pool, rows: &pools::POOLS },
];
