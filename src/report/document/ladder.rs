//! A ladder: a row for each drop.

use super::{Document, Section, Table};
use crate::figures::number::{count, usd_cents};
use crate::report::ladder::LadderRow;

const HEADINGS: [&str; 7] = [
    "drop",
    "liquidatable",
    "their debt, USD",
    "their collateral, USD",
    "under water",
    "shortfall, USD",
    "total debt, USD",
];

pub(in crate::report) fn ladder(rows: &[LadderRow]) -> Document {
    let mut table = Table::new(0, HEADINGS);
    for row in rows {
        let cells = [
            format!("{:.2} %", row.drop * 100.0),
            count(row.n_liquidatable.into()),
            usd_cents(row.debt_liquidatable_usd),
            usd_cents(row.collateral_liquidatable_usd),
            count(row.n_underwater.into()),
            usd_cents(row.shortfall_usd),
            usd_cents(row.total_debt_usd),
        ];
        table.row([], cells);
    }
    Document { sections: vec![Section::untitled(table)] }
}
