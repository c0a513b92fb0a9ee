//! The same paths twice, with one thing changed: what it did, path by path.

use serde::{Deserialize, Serialize};

use super::Outcome;
use super::stat::mean::{mean_of, std_error};
use super::stat::{Mean, Z_95};
use super::wide::U256;

/// Sums over paths that were walked with and without something; money in quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// Paths.
    pub n_paths: u64,
    /// Bad debt with it.
    pub with: i128,
    /// Bad debt without it.
    pub without: i128,
    /// Squares of the differences.
    pub squared: U256,
    /// Paths that lose more with it.
    pub n_worse: u64,
    /// Paths that lose less with it.
    pub n_better: u64,
}

impl Paired {
    /// Counts paths in the order of both lists.
    pub fn absorb(&mut self, with: &[Outcome], without: &[Outcome]) {
        for (with, without) in with.iter().zip(without) {
            let (with, without) = (with.loss(), without.loss());
            self.n_paths += 1;
            self.with += i128::from(with);
            self.without += i128::from(without);
            // Both are in 0..2^62.
            self.squared = self.squared.plus(U256::square(with.abs_diff(without)));
            self.n_worse += u64::from(with > without);
            self.n_better += u64::from(with < without);
        }
    }

    /// Counts the paths of another.
    pub fn merge(&mut self, other: &Self) {
        self.n_paths += other.n_paths;
        self.with += other.with;
        self.without += other.without;
        self.squared = self.squared.plus(other.squared);
        self.n_worse += other.n_worse;
        self.n_better += other.n_better;
    }

    /// The mean difference, with less without; its sign tells which is larger.
    #[must_use]
    pub fn difference(&self) -> Option<Mean> {
        let sum = self.with - self.without;
        let value = mean_of(sum, self.n_paths)?;
        let std_error = std_error(self.n_paths, sum.unsigned_abs(), self.squared);
        Some(Mean { value, std_error })
    }

    /// The normal 95 % interval of the mean difference; unlike that of a mean loss, it may reach
    /// below 0.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let Mean { value, std_error } = self.difference()?;
        let half_width = Z_95 * std_error?;
        Some((value - half_width, value + half_width))
    }

    /// Mean bad debt with it over that without; `None` where there is none without.
    #[must_use]
    pub fn amplification(&self) -> Option<f64> {
        (self.without > 0).then(|| self.with as f64 / self.without as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(losses: &[(i64, i64)]) -> Paired {
        let outcome = |realised| Outcome { realised, ..Outcome::default() };
        let with: Vec<Outcome> = losses.iter().map(|(with, _)| outcome(*with)).collect();
        let without: Vec<Outcome> = losses.iter().map(|(_, without)| outcome(*without)).collect();
        let mut paired = Paired::default();
        paired.absorb(&with, &without);
        paired
    }

    #[test]
    fn a_difference_may_be_negative_and_so_may_its_interval() {
        // Differences -3, -1, -2: mean -2, sample variance 1, standard error sqrt(1 / 3).
        let found = paired(&[(1, 4), (0, 1), (5, 7)]);
        let (low, high) = found.interval().unwrap();
        let half_width = Z_95 / 3.0_f64.sqrt();
        assert!((low - (-2.0 - half_width)).abs() < 1e-14 && low < 0.0);
        assert!((high - (-2.0 + half_width)).abs() < 1e-14 && high < 0.0);
        assert_eq!((found.n_worse, found.n_better), (0, 3));
        assert_eq!(found.amplification(), Some(0.5));
    }

    #[test]
    fn what_loses_nothing_without_is_not_amplified_and_one_path_has_no_interval() {
        let found = paired(&[(7, 0)]);
        assert_eq!((found.amplification(), found.interval()), (None, None));
        assert_eq!(found.difference(), Some(Mean { value: 7.0, std_error: None }));
        assert_eq!(Paired::default().difference(), None);
    }
}
