//! Columns that line up: the first to the left, the others to the right.

use std::io::{self, Write};

use crate::escape;

/// A table with a line of headings.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    n_left: usize,
}

impl Table {
    /// With these headings; the first `n_left` columns are words and stand to the left.
    pub(super) fn new(n_left: usize, headings: &[&str]) -> Self {
        let headings = headings.iter().map(|&heading| heading.to_owned()).collect();
        Self { rows: vec![headings], n_left }
    }

    /// Adds a row with a cell for each heading; what is long is cut.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escape::name(&cell)).collect());
    }

    /// Writes the table, indented by two.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let widths: Vec<usize> = (0..).map_while(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                line.push_str("  ");
                line.push_str(&if column < self.n_left {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                });
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
