//! The rows of liquidations, and of paths on which prices went far.

use crate::figures::reading::Reading;
use crate::figures::row::{Known, ROW, Row, Unit};

/// Liquidations, and paths on which prices went far.
pub(in crate::figures) static LIQUIDATIONS: [Row; 5] = [
    Row {
        name: "largest_step",
        json: "largest_step_events",
        unit: Unit::Count,
        known: Known::Walked,
        about: "most liquidations in one step of a path; grows with the paths walked",
        read: |summary, _| Reading::exactly(f64::from(summary.largest_step_events)),
        ..ROW
    },
    Row {
        name: "liquidated",
        json: "liquidated_usd",
        about: "debt that liquidators repaid, mean over paths",
        read: |summary, _| Reading::reported(summary.liquidated_usd),
        ..ROW
    },
    Row {
        name: "events",
        json: "events_per_path",
        unit: Unit::Count,
        about: "liquidations, mean over paths",
        read: |summary, _| Reading::reported(summary.events_per_path),
        ..ROW
    },
    Row {
        name: "void_paths",
        json: "saturated_paths",
        unit: Unit::Count,
        about: "void paths, on which a price left what the numbers hold",
        read: |summary, _| Reading::reported(summary.saturated_paths as f64),
        ..ROW
    },
    Row {
        name: "small_mark_paths",
        json: "small_mark_paths",
        unit: Unit::Count,
        about: "paths on which a price fell below 1/4096 of its opening value",
        read: |summary, _| Reading::reported(summary.small_mark_paths as f64),
        ..ROW
    },
];
