//! The same paths twice, with one thing changed: what it did, path by path.

use serde::{Deserialize, Serialize};

use super::Outcome;
use super::stat::skewed::signed_mean;
use super::stat::{Mean, Powers};

/// Sums over paths that were walked with and without something; money in quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// Paths.
    pub n_paths: u64,
    /// Bad debt with it.
    pub with: i128,
    /// Bad debt without it.
    pub without: i128,
    /// By how much paths lose more with it.
    pub worse: Powers,
    /// By how much paths lose less with it.
    pub better: Powers,
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
            let side = if with > without { &mut self.worse } else { &mut self.better };
            side.add(with.abs_diff(without), 1);
        }
    }

    /// Counts the paths of another.
    pub fn merge(&mut self, other: &Self) {
        self.n_paths += other.n_paths;
        self.with += other.with;
        self.without += other.without;
        self.worse.merge(&other.worse);
        self.better.merge(&other.better);
    }

    /// The mean difference, with less without; its sign tells which is larger, and unlike that of a
    /// mean loss, its interval may reach below 0.
    #[must_use]
    pub fn difference(&self) -> Option<Mean> {
        signed_mean(&self.worse, &self.better, self.n_paths)
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
        // Differences -3, -1, -2, five times: mean -2, sum of squares 10 about it.
        let found = paired(&[(1, 4), (0, 1), (5, 7)].repeat(5));
        let Mean { value, std_error, interval } = found.difference().unwrap();
        assert_eq!(value, -2.0);
        assert!((std_error.unwrap() - (10.0_f64 / 14.0 / 15.0).sqrt()).abs() < 1e-15);
        let (low, high) = interval.unwrap();
        assert!(low < -2.0 && -2.0 < high && high < -1.0);
        assert_eq!((found.worse.n, found.better.n), (0, 15));
        assert_eq!(found.amplification(), Some(0.5));
    }

    #[test]
    fn what_loses_nothing_without_is_not_amplified_and_one_path_has_no_interval() {
        let found = paired(&[(7, 0)]);
        assert_eq!(found.amplification(), None);
        let only = Mean { value: 7.0, std_error: None, interval: None };
        assert_eq!(found.difference(), Some(only));
        assert_eq!(Paired::default().difference(), None);
    }
}
