//! Replayed history: paths that follow overlapping windows, and what they are worth as evidence.
//!
//! Two windows that overlap lose alike, so that n paths say less than n independent ones would.
//! Asmussen and Glynn, "Stochastic Simulation" (2007), IV.6 (after Conway 1963): cut the time that
//! the windows span into b equal batches without overlap, and let the spread of the batches' means
//! around the mean of all stand for its error, with Student's t of b - 1. A batch is to be at least
//! as long as a window. Even so neighbours share the windows across their border: where a loss is
//! about linear in a path's moves, so that the covariance of two windows falls linearly with their
//! distance, a batch's mean of L rows has the variance (1 - w / (3 L)) / L times that of long ones
//! (Song and Schmeiser, "Optimal mean-squared-error batch sizes", 1995, whose gamma_1 that is), w
//! the rows of a window, and the spread is divided by that.

use serde::{Deserialize, Serialize};

use super::stat::Mean;
use super::stat::skewed::of_batches;

/// Batches whose sums are kept; neighbours are joined where they are shorter than a window.
pub const N_BATCHES: usize = 32;
/// Fewer batches say nothing of their spread; as many are to hold a path that counts.
const LEAST_BATCHES: usize = 8;

/// Which window of a history a path follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Windows of the history; a path follows one, and no other path the same.
    pub n_windows: u64,
    /// Path i follows window i m mod n_windows: this is m.
    pub multiplier: u64,
    /// Rows of a window.
    pub window_rows: u64,
    /// Rows between the starts of two windows.
    pub stride: u64,
    /// Whether the window decides all of a path: nothing is drawn beside it.
    pub decides_all: bool,
}

/// Sums of the paths that follow windows of one batch; money in quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Paths.
    pub n_paths: u64,
    /// Their bad debt.
    pub loss: i128,
    /// Paths with at least the materiality.
    pub n_material: u64,
}

/// The paths of a replay by the time of their windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batches {
    /// Whose.
    pub windows: Windows,
    pub(super) batches: [Batch; N_BATCHES],
}

impl Windows {
    /// The window of a path.
    #[must_use]
    pub fn window_of(&self, path_idx: u64) -> u64 {
        (u128::from(path_idx) * u128::from(self.multiplier) % u128::from(self.n_windows)) as u64
    }

    /// Equal parts of the windows' range, as even as can be.
    fn batch_of(&self, path_idx: u64) -> usize {
        let window = u128::from(self.window_of(path_idx));
        (window * N_BATCHES as u128 / u128::from(self.n_windows)) as usize
    }

    /// Rows between the first starts of two batches.
    fn batch_rows(&self, n_batches: usize) -> f64 {
        self.n_windows as f64 * self.stride as f64 / n_batches as f64
    }

    /// As many batches, 32, 16 or 8, as are as long as a window; `None` if not even 8 are.
    #[must_use]
    pub fn n_batches(&self) -> Option<usize> {
        let fits = |n: &usize| self.batch_rows(*n) >= self.window_rows as f64;
        [N_BATCHES, N_BATCHES / 2, LEAST_BATCHES].into_iter().find(fits)
    }
}

impl Batches {
    /// No paths yet.
    #[must_use]
    pub fn of(windows: Windows) -> Self {
        Self { windows, batches: [Batch::default(); N_BATCHES] }
    }

    /// Counts a path.
    pub fn absorb(&mut self, path_idx: u64, loss: i64, is_material: bool) {
        let batch = &mut self.batches[self.windows.batch_of(path_idx)];
        batch.n_paths += 1;
        batch.loss += i128::from(loss);
        batch.n_material += u64::from(is_material);
    }

    /// Counts the paths of another.
    ///
    /// # Panics
    /// If the two follow other windows.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.windows, other.windows, "paths of other windows");
        for (mine, theirs) in self.batches.iter_mut().zip(&other.batches) {
            mine.n_paths += theirs.n_paths;
            mine.loss += theirs.loss;
            mine.n_material += theirs.n_material;
        }
    }

    /// How many paths were counted.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.batches.iter().map(|batch| batch.n_paths).sum()
    }

    /// Whether every window was walked and nothing else decides: then figures are facts.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.windows.decides_all && self.n_paths() >= self.windows.n_windows
    }

    /// The mean loss of a path, quanta, with the error that batches show.
    #[must_use]
    pub fn mean(&self) -> Option<Mean> {
        self.mean_of(|batch| batch.loss as f64)
    }

    /// The share of material paths, with the error that batches show.
    #[must_use]
    pub fn probability(&self) -> Option<Mean> {
        self.mean_of(|batch| batch.n_material as f64)
    }

    /// `None` of no paths; without an error where too few batches fit, or too few are not empty.
    fn mean_of(&self, of: impl Fn(&Batch) -> f64) -> Option<Mean> {
        let n_paths = self.n_paths();
        let value =
            (n_paths > 0).then(|| self.batches.iter().map(&of).sum::<f64>() / n_paths as f64)?;
        let unknown = Mean { value, std_error: None, interval: None };
        let Some(n_batches) = self.windows.n_batches() else { return Some(unknown) };
        let joined: Vec<(f64, f64)> = self
            .batches
            .chunks(N_BATCHES / n_batches)
            .map(|part| {
                let n: u64 = part.iter().map(|batch| batch.n_paths).sum();
                (n as f64, part.iter().map(&of).sum::<f64>())
            })
            .collect();
        let n_telling = joined.iter().filter(|(_, sum)| *sum != 0.0).count();
        if n_telling < LEAST_BATCHES || joined.iter().any(|(n, _)| *n == 0.0) {
            return Some(unknown);
        }
        let overlap = self.windows.window_rows as f64 / (3.0 * self.windows.batch_rows(n_batches));
        let (std_error, (low, high)) = of_batches(value, &joined, 1.0 - overlap);
        let interval = Some((low.max(0.0), high));
        Some(Mean { value, std_error: Some(std_error), interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(n_windows: u64, window_rows: u64, stride: u64) -> Windows {
        Windows { n_windows, multiplier: 1, window_rows, stride, decides_all: true }
    }

    #[test]
    fn batches_are_equal_parts_of_the_windows_and_hold_each_path_once() {
        let windows = Windows { multiplier: 619, ..windows(1000, 10, 1) };
        let mut batches = Batches::of(windows);
        for path_idx in 0..1000 {
            assert!(!batches.is_whole());
            batches.absorb(path_idx, 3, path_idx % 2 == 0);
        }
        assert!(batches.is_whole());
        assert!(batches.batches.iter().all(|it| it.n_paths == 31 || it.n_paths == 32));
        assert_eq!(batches.mean().unwrap().value, 3.0);
        assert_eq!(batches.probability().unwrap().value, 0.5);
        assert_eq!(windows.window_of(u64::MAX), (u128::from(u64::MAX) * 619 % 1000) as u64);
    }

    #[test]
    fn a_batch_is_at_least_as_long_as_a_window() {
        for (rows, stride, expected) in
            [(100, 1, Some(32)), (101, 1, Some(16)), (400, 1, Some(8)), (401, 1, None)]
        {
            assert_eq!(windows(3200, rows, stride).n_batches(), expected, "{rows}");
        }
        assert_eq!(windows(3200, 401, 5).n_batches(), Some(32));
    }

    #[test]
    fn order_and_parts_change_nothing() {
        let windows = Windows { multiplier: 619, ..windows(1000, 10, 1) };
        let absorb = |batches: &mut Batches, path_idx: u64| {
            batches.absorb(path_idx, (path_idx % 7) as i64, path_idx.is_multiple_of(3));
        };
        let mut whole = Batches::of(windows);
        (0..700).for_each(|path_idx| absorb(&mut whole, path_idx));
        let (mut one, mut two) = (Batches::of(windows), Batches::of(windows));
        (300..700).rev().for_each(|path_idx| absorb(&mut two, path_idx));
        (0..300).for_each(|path_idx| absorb(&mut one, path_idx));
        two.merge(&one);
        assert_eq!(two, whole);
    }

    #[test]
    fn too_few_batches_or_too_few_that_lose_have_no_error() {
        let mean = |rows, n_losing: u64| {
            let windows = windows(3200, rows, 1);
            let mut batches = Batches::of(windows);
            for path_idx in 0..3200 {
                let loss = if path_idx < 100 * n_losing { 5 + path_idx as i64 } else { 0 };
                batches.absorb(path_idx, loss, loss > 0);
            }
            batches.mean().unwrap()
        };
        assert!(mean(100, 8).interval.is_some());
        assert_eq!((mean(100, 7).std_error, mean(100, 7).interval), (None, None));
        assert_eq!(mean(401, 32).interval, None);
    }
}
