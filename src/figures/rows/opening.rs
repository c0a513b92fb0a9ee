//! The rows of the opening.

use crate::figures::reading::Reading;
use crate::figures::row::{Known, ROW, Row, Unit};

pub(in crate::figures) static OPENING: [Row; 6] = [
    Row {
        name: "opening.n",
        json: "opening.n",
        unit: Unit::Count,
        known: Known::Opening,
        about: "positions that were liquidatable at the opening",
        read: |summary, _| Reading::exactly(summary.opening.n as f64),
        ..ROW
    },
    Row {
        name: "opening.liquidated",
        json: "opening.liquidated",
        unit: Unit::Count,
        known: Known::Opening,
        about: "those of them that liquidators reached",
        read: |summary, _| Reading::exactly(summary.opening.liquidated as f64),
        ..ROW
    },
    Row {
        name: "opening.repaid",
        json: "opening.repaid_usd",
        known: Known::Opening,
        about: "debt that liquidators repaid at the opening",
        read: |summary, _| Reading::exactly(summary.opening.repaid_usd),
        ..ROW
    },
    Row {
        name: "opening.bad_debt",
        json: "opening.bad_debt_usd",
        known: Known::Opening,
        about: "bad debt of the opening, which is no part of that of the paths",
        read: |summary, _| Reading::exactly(summary.opening.bad_debt_usd),
        ..ROW
    },
    Row {
        name: "opening.bare",
        json: "opening.n_bare",
        unit: Unit::Count,
        about: "positions that owe and own nothing at the opening",
        read: |summary, _| Reading::reported(summary.opening.n_bare as f64),
        ..ROW
    },
    Row {
        name: "opening.debt",
        json: "opening.debt_usd",
        about: "debt of the positions that were liquidatable at the opening",
        read: |summary, _| Reading::reported(summary.opening.debt_usd),
        ..ROW
    },
];
