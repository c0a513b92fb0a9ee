//! Prices as they were: a recorded table, walked from a row; twin of `shaders/model/replay.wgsl`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::format::unit;
use super::part::{Hook, Law, Model, Part, PathAt, PathBuffer, Size};
use crate::market::{Market, Replay, ReplayWindows};
use crate::sound::{Unsound, between, holds, index, length};

pub(super) const MODEL: Model = Model {
    name: "replay",
    sentence: "prices as they were: a recorded table, walked from a row",
    keys: &["market.replay"],
    wgsl: &[("model/replay", include_str!("../../../shaders/model/replay.wgsl"))],
    hooks: &[Hook::Path, Hook::Move],
    needs: &[],
};

/// The golden ratio's inverse, times 2^32.
const GOLDEN: u64 = 2_654_435_769;
/// How far from the golden ratio a multiplier is looked for, while there is one nearer.
const NEAR: u64 = 32;

/// The recorded log prices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplayTable {
    /// Assets of the table's columns.
    pub assets: Vec<u32>,
    /// log2 of the price over the first row's, lsb 2^-56, column by column.
    pub logs: Vec<i64>,
    /// First row of the window of every path, when `each` is 0.
    pub start_row: u32,
    /// 1 if every path has a window of its own.
    pub each: u32,
    /// Rows between the starts of two windows.
    pub stride: u32,
    /// Windows of the table; 1 where every path follows the same.
    pub n_windows: u32,
    /// Path `i` follows window `(i * multiplier) mod n_windows`.
    pub multiplier: u32,
    /// Rows of the table.
    pub n_rows: usize,
}

impl ReplayTable {
    pub(super) fn compile(market: &Market, n_steps: u32) -> Self {
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
        let (start_row, each, stride) = match replay.windows {
            ReplayWindows::From(row) => (row as u32, 0, 1),
            ReplayWindows::Each { stride } => (0, 1, stride),
        };
        let n_windows = replay.n_windows(n_steps);
        Self {
            assets: replay.assets.iter().map(|asset| asset.0).collect(),
            logs,
            start_row,
            each,
            stride,
            n_windows: n_windows as u32,
            multiplier: multiplier(n_windows) as u32,
            n_rows: replay.n_rows,
        }
    }

    /// How many windows of so many steps the table has; 1 where every path follows the same.
    #[must_use]
    pub fn n_windows(&self, n_steps: usize) -> u64 {
        match self.each {
            0 => 1,
            _ => Replay::n_starts(self.n_rows, n_steps, self.stride as usize),
        }
    }

    /// The window that a path follows. Windows of a path's like are apart: any number of first
    /// paths is spread evenly over the table, and as many paths as windows follow each once.
    #[must_use]
    pub fn window_of(&self, path: u64) -> u64 {
        if self.each == 0 {
            return 0;
        }
        let n_windows = u64::from(self.n_windows);
        path % n_windows * u64::from(self.multiplier) % n_windows
    }

    /// The row at which a path opens.
    #[must_use]
    pub fn start_row_of(&self, path: u64) -> usize {
        if self.each == 0 {
            return self.start_row as usize;
        }
        self.window_of(path) as usize * self.stride as usize
    }

    fn column(&self, column: usize) -> &[i64] {
        &self.logs[column * self.n_rows..(column + 1) * self.n_rows]
    }

    /// What the table holds of an asset; none where that has no column.
    fn of(&self, asset: usize) -> &[i64] {
        let column = self.assets.iter().position(|idx| *idx as usize == asset);
        column.map_or(&[], |column| self.column(column))
    }

    fn check_windows(&self, n_steps: usize) -> Result<(), Unsound> {
        // Windows stand within the table, there is one at least, and each is met.
        let n_windows = self.n_windows(n_steps);
        length("replay.windows", self.n_windows as usize, n_windows as usize)?;
        index("replay.windows", n_windows.wrapping_sub(1), u32::MAX as usize)?;
        index("replay.multiplier", self.multiplier, n_windows as usize + 1)?;
        let is_met = common_divisor(self.multiplier.into(), n_windows) == 1;
        holds(is_met, "replay.multiplier", "it has no common divisor with the number of windows")
    }
}

impl Part for ReplayTable {
    fn is_used(&self) -> bool {
        !self.assets.is_empty()
    }

    fn check(&self, size: Size) -> Result<(), Unsound> {
        if self.assets.is_empty() {
            return holds(*self == Self::default(), "replay", "without assets it is empty");
        }
        let mut is_there = vec![false; size.n_assets];
        for asset in &self.assets {
            index("replay.asset", *asset, size.n_assets)?;
            let known = std::mem::replace(&mut is_there[*asset as usize], true);
            holds(!known, "replay.asset", "each has one column")?;
        }
        // Divided, since a product of numbers that were read may be anything.
        let n_rows = self.logs.len() / self.assets.len();
        length("replay.n_rows", self.n_rows, n_rows)?;
        length("replay.logs", self.logs.len(), self.assets.len() * n_rows)?;
        between("replay.each", self.each, (0, 1))?;
        index("replay.start_row", self.start_row as usize + size.n_steps, n_rows)?;
        index("replay.stride", self.stride.wrapping_sub(1), u32::MAX as usize)?;
        if self.each == 1 {
            between("replay.start_row", self.start_row, (0, 0))?;
        }
        self.check_windows(size.n_steps)
    }

    fn largest_move(&self, asset: usize) -> i128 {
        let pairs = self.of(asset).windows(2);
        let moves = pairs.map(|pair| (i128::from(pair[1]) - i128::from(pair[0])).abs());
        moves.max().unwrap_or(0)
    }

    fn law(&self, asset: usize) -> Law {
        let pairs = self.of(asset).windows(2);
        let moves = pairs.map(|pair| (pair[1] as f64 - pair[0] as f64).abs());
        Law { largest: moves.fold(0.0, f64::max) / unit(), ..Law::default() }
    }

    fn add(&self, at: PathAt, _steps: Range<usize>, buffer: &mut PathBuffer) {
        if self.assets.is_empty() {
            return;
        }
        let (start, n_steps) = (self.start_row_of(at.path), at.n_steps);
        for (column, asset) in self.assets.iter().enumerate() {
            let logs = &self.column(column)[start..=start + n_steps];
            let row = &mut buffer.increments[*asset as usize * n_steps..][..n_steps];
            for (increment, pair) in row.iter_mut().zip(logs.windows(2)) {
                *increment += pair[1] - pair[0];
            }
        }
    }

    /// A word an asset: its column plus 1, or 0 where it has none.
    fn declare(&self, size: Size, device: &mut Device<'_>) {
        let mut columns = vec![0; size.n_assets];
        for (asset, column) in self.assets.iter().zip(1..) {
            columns[*asset as usize] = column;
        }
        device.table("T_REPLAY_COLUMNS", &columns);
        device.table_wide("T_REPLAY", &self.logs);
        device.flag("REPLAY_EACH", self.each == 1);
        device.word("REPLAY_START", self.start_row as usize);
        device.word("REPLAY_STRIDE", self.stride as usize);
        device.word("REPLAY_MULTIPLIER", self.multiplier as usize);
        device.word("N_REPLAY_ROWS", self.n_rows);
        device.word("N_REPLAY_WINDOWS", self.n_windows.max(1) as usize);
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
        let mut parts: Vec<(&'static str, &[u8])> = vec![
            ("replay.assets", bytemuck::cast_slice(&self.assets)),
            ("replay.logs", bytemuck::cast_slice(&self.logs)),
            ("replay.start_row", bytemuck::bytes_of(&self.start_row)),
            ("replay.each", bytemuck::bytes_of(&self.each)),
        ];
        // Only with windows do these decide anything.
        if self.each == 1 {
            parts.extend([
                ("replay.stride", bytemuck::bytes_of(&self.stride)),
                ("replay.n_windows", bytemuck::bytes_of(&self.n_windows)),
                ("replay.multiplier", bytemuck::bytes_of(&self.multiplier)),
            ]);
        }
        parts
    }
}

fn common_divisor(mut above: u64, mut below: u64) -> u64 {
    while below != 0 {
        (above, below) = (below, above % below);
    }
    above
}

/// A number m without a common divisor with n, so that i m mod n meets each window once, and such
/// that any first multiples of m / n are spread evenly on the circle. By the three-distance theorem
/// gaps are as even as the quotients of the continued fraction of m / n are small, and the golden
/// ratio's are all 1: of the m near n over the golden ratio, the one whose largest is least.
fn multiplier(n: u64) -> u64 {
    if n <= 3 {
        return 1;
    }
    let golden = (n * GOLDEN + (1 << 31)) >> 32;
    let mut best: Option<(u64, u64)> = None;
    for away in 0..n {
        if away > NEAR && best.is_some() {
            break;
        }
        for m in [golden.saturating_sub(away), golden + away] {
            if let Some(largest) = largest_quotient(m, n)
                && best.is_none_or(|(least, _)| largest < least)
            {
                best = Some((largest, m));
            }
        }
    }
    best.map_or(1, |(_, m)| m)
}

/// The largest quotient of the continued fraction of m / n; `None` where they have a common divisor
/// or m is no share of n.
fn largest_quotient(m: u64, n: u64) -> Option<u64> {
    if !(1..n).contains(&m) {
        return None;
    }
    let (mut above, mut below, mut largest) = (n, m, 0);
    while below != 0 {
        largest = largest.max(above / below);
        (above, below) = (below, above % below);
    }
    (above == 1).then_some(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n_rows: usize, n_steps: usize, stride: u32) -> ReplayTable {
        let mut table = ReplayTable { each: 1, stride, n_rows, ..ReplayTable::default() };
        table.n_windows = table.n_windows(n_steps) as u32;
        table.multiplier = multiplier(table.n_windows.into()) as u32;
        table
    }

    #[test]
    fn windows_are_the_starts_that_leave_a_whole_path() {
        for (n_rows, n_steps, stride, n) in
            [(12, 2, 1, 10), (12, 2, 3, 4), (12, 2, 9, 2), (12, 2, 10, 1), (3, 2, 1, 1)]
        {
            let table = table(n_rows, n_steps, stride);
            assert_eq!(table.n_windows(n_steps), n, "{n_rows} rows, stride {stride}");
            let last = (0..n).map(|path| table.start_row_of(path)).max();
            assert_eq!(last, Some((n as usize - 1) * stride as usize));
            assert!(last.is_some_and(|row| row + n_steps < n_rows));
        }
    }

    #[test]
    fn as_many_paths_as_windows_follow_each_once() {
        for n_windows in (1..200).chain([720, 5520, 87_601]) {
            let table = table(n_windows + 2, 2, 1);
            let mut met = vec![false; n_windows];
            for path in 0..n_windows as u64 {
                met[table.window_of(path) as usize] = true;
            }
            assert!(met.iter().all(|met| *met), "{n_windows}");
            assert_eq!(table.window_of(n_windows as u64 + 1), table.window_of(1));
        }
    }

    /// The golden ratio itself leaves gaps of at most about 2.2 times the even one.
    #[test]
    fn any_number_of_first_paths_is_spread_evenly() {
        for n_windows in (4..400).chain([719, 720, 1000, 1024]) {
            let table = table(n_windows + 2, 2, 1);
            let mut starts: Vec<u64> = vec![0];
            for n_paths in 2..=n_windows {
                let start = table.window_of(n_paths as u64 - 1);
                starts.insert(starts.partition_point(|it| *it < start), start);
                let around = n_windows as u64 - starts[n_paths - 1];
                let gaps = starts.windows(2).map(|pair| pair[1] - pair[0]);
                let widest = gaps.fold(around, u64::max);
                let share = widest as f64 * n_paths as f64 / n_windows as f64;
                assert!(share < 3.2, "{n_paths} paths of {n_windows} windows: {share}");
            }
        }
    }

    #[test]
    fn a_stretch_that_all_share_has_one_window() {
        let table = ReplayTable { start_row: 5, n_rows: 50, ..ReplayTable::default() };
        assert_eq!((table.n_windows(7), table.window_of(3), table.start_row_of(3)), (1, 0, 5));
    }
}
