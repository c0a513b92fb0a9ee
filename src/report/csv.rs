//! Lists for spreadsheets: all positions, and the worst paths.

use std::io::{self, Write};

use serde::Serialize;

use super::facts::Facts;
use super::summary::{TailTotals, position_figures};
use crate::tail::{Ordered, TailShares, Tally};

/// Rows of `worst_paths.csv`.
const N_WORST_ROWS: usize = 1000;

/// Writes `positions.csv`: every position in the order of the book, columns as in the summary.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_positions(
    tally: &Tally,
    facts: &Facts,
    shares: Option<&TailShares>,
    out: impl Write,
) -> io::Result<()> {
    let totals = shares.map(TailTotals::of);
    let rows = (0..tally.counters.positions.len())
        .map(|position_idx| position_figures(tally, facts, totals.as_ref(), position_idx));
    write_rows(&POSITION_COLUMNS, rows, out)
}

/// Writes `worst_paths.csv`: the worst thousand paths, worst first, for replay.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_worst_paths(tally: &Tally, facts: &Facts, out: impl Write) -> io::Result<()> {
    let ordered = Ordered::of(tally);
    let rows = ordered.worst().iter().take(N_WORST_ROWS);
    let rows = rows.map(|path| (path.path_idx, facts.usd(path.loss as f64)));
    write_rows(&["path_idx", "loss_usd"], rows, out)
}

/// The columns of `positions.csv`; written apart from the rows, for a book may be empty.
const POSITION_COLUMNS: [&str; 7] = [
    "position",
    "venue",
    "probability_of_default",
    "mean_loss_usd",
    "exposure_at_default_usd",
    "loss_given_default",
    "expected_shortfall_share",
];

fn write_rows(
    columns: &[&str],
    rows: impl Iterator<Item = impl Serialize>,
    out: impl Write,
) -> io::Result<()> {
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).from_writer(out);
    writer.write_record(columns)?;
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<String> {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_position_has_a_row_under_the_names_of_its_figures() {
        let (tally, shares) = (fixture::tally(), fixture::shares());
        let lines = written(|out| write_positions(&tally, &fixture::facts(), Some(&shares), out));
        assert_eq!(lines.len(), 1 + tally.counters.positions.len());
        assert_eq!(lines[0], POSITION_COLUMNS.join(","));
        assert_eq!(lines[1], "\"whale, the 0th\",aave,0.0,0.0,,,0.0");
        let json = serde_json::to_string(&fixture::summary().positions[0]).unwrap();
        let places: Vec<_> = POSITION_COLUMNS.iter().map(|column| json.find(column)).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{json}");
    }

    #[test]
    fn the_worst_paths_come_worst_first() {
        let tally = fixture::tally();
        let lines = written(|out| write_worst_paths(&tally, &fixture::facts(), out));
        assert_eq!(lines.len(), 1001);
        assert_eq!(lines[0], "path_idx,loss_usd");
        let loss = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
        assert!(lines[1..].windows(2).all(|pair| loss(&pair[0]) >= loss(&pair[1])));
    }
}
