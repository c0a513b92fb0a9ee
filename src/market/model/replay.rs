//! Prices as they were: a recorded table, walked from a row; twin of `shaders/model/replay.wgsl`.

use serde::{Deserialize, Serialize};

use super::{Market, PathBuffer, unit};
use crate::market::ReplayWindows;

/// The recorded log prices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplayTable {
    /// Assets of the table's columns.
    pub assets: Vec<u32>,
    /// log2 of the price over the first row's, lsb 2^-56, column by column.
    pub logs: Vec<i64>,
    /// First row of the window of every path, when `each` is 0.
    pub start_row: u32,
    /// 1 if path `i` starts at row `i mod (n_rows - n_steps)`.
    pub each: u32,
    /// Rows of the table.
    pub n_rows: usize,
}

impl ReplayTable {
    pub(super) fn compile(market: &Market) -> Self {
        let Some(replay) = &market.replay else { return Self::default() };
        let n_columns = replay.assets.len();
        let mut logs = Vec::with_capacity(replay.prices.len());
        for column in 0..n_columns {
            let prices = || replay.prices[column..].iter().step_by(n_columns);
            let first = prices().copied().find(|price| *price > 0.0).unwrap_or(1.0);
            let mut log = 0;
            for price in prices() {
                // What has no logarithm stays where it was, behind the mask of zeros.
                if *price > 0.0 {
                    log = libm::round(libm::log2(price / first) * unit()) as i64;
                }
                logs.push(log);
            }
        }
        let (start_row, each) = match replay.windows {
            ReplayWindows::From(row) => (row as u32, 0),
            ReplayWindows::Each => (0, 1),
        };
        let assets = replay.assets.iter().map(|asset| asset.0).collect();
        Self { assets, logs, start_row, each, n_rows: replay.n_rows }
    }

    fn column(&self, column: usize) -> &[i64] {
        &self.logs[column * self.n_rows..(column + 1) * self.n_rows]
    }

    pub(super) fn largest(&self, asset: usize) -> f64 {
        let Some(column) = self.assets.iter().position(|idx| *idx as usize == asset) else {
            return 0.0;
        };
        let moves =
            self.column(column).windows(2).map(|pair| (pair[1] as f64 - pair[0] as f64).abs());
        moves.fold(0.0, f64::max) / unit()
    }

    /// The row at which the window of a path opens.
    pub(super) fn start_of(&self, n_steps: usize, path: u64) -> usize {
        if self.each != 1 {
            return self.start_row as usize;
        }
        (path % (self.n_rows - n_steps) as u64) as usize
    }

    pub(super) fn add(&self, n_steps: usize, path: u64, buffer: &mut PathBuffer) {
        if self.assets.is_empty() {
            return;
        }
        let start = self.start_of(n_steps, path);
        for (column, asset) in self.assets.iter().enumerate() {
            let logs = &self.column(column)[start..=start + n_steps];
            let row = &mut buffer.increments[*asset as usize * n_steps..][..n_steps];
            for (increment, pair) in row.iter_mut().zip(logs.windows(2)) {
                *increment += pair[1] - pair[0];
            }
        }
    }

    pub(super) fn parts(&self) -> Vec<(&'static str, &[u8])> {
        vec![
            ("replay.assets", bytemuck::cast_slice(&self.assets)),
            ("replay.logs", bytemuck::cast_slice(&self.logs)),
            ("replay.start_row", bytemuck::bytes_of(&self.start_row)),
            ("replay.each", bytemuck::bytes_of(&self.each)),
        ]
    }
}
