//! What coupled paths leave behind beside their outcomes: backlogs, rounds, drawn insurance funds.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::stat::{Mean, Powers};
use super::wide::U256;
use crate::rows;

rows! {
    /// What one path leaves, before its funds.
    #[derive(Default)]
    pub struct PathAftermath {
        /// Debt and notional of the positions that wait for a liquidator at the horizon, money.
        pub backlog: i64,
        /// Positions that wait.
        pub n_waiting: i64,
        /// Most rounds of liquidations in one step.
        pub most_rounds: i64,
        /// Breached positions that a step leaves to the next one, summed over steps.
        pub n_left: i64,
    }

    /// What one path leaves of a fund.
    #[derive(Default)]
    pub struct FundAftermath {
        /// By how much it was below its size at the lowest, money.
        pub drawn: i64,
        /// 1 if that was all of it.
        pub is_emptied: i64,
    }
}

/// 64-bit words of one path with so many funds: a [`PathAftermath`], then a [`FundAftermath`] a
/// fund.
#[must_use]
pub const fn aftermath_words(n_funds: usize) -> usize {
    (size_of::<PathAftermath>() + n_funds * size_of::<FundAftermath>()) / 8
}

/// The aftermath of a set of paths; exact, and the same in whatever order they came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aftermath {
    /// Paths.
    pub n_paths: u64,
    /// Paths at whose horizon a position waits for a liquidator.
    pub n_backlogged: u64,
    /// Positions that wait, summed over paths.
    pub n_waiting: u128,
    /// Their debt and notional.
    pub backlog: Amounts,
    /// Most rounds of liquidations in one step of one path.
    pub most_rounds: u32,
    /// Paths on which some step had more than one round.
    pub n_spiralling: u64,
    /// Breached positions that steps left to the next one, summed over steps: the steps that all of
    /// them have waited.
    pub n_left: u128,
    /// The insurance fund of every venue.
    pub funds: Vec<FundDraws>,
}

/// What was drawn from one insurance fund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundDraws {
    /// Paths on which it was emptied.
    pub n_emptied: u64,
    /// By how much it was below its size at the lowest.
    pub drawn: Amounts,
}

/// Amounts of money, one a path, none negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Their sum.
    pub sum: i128,
    /// The sum of their squares.
    pub squared: U256,
    /// The largest.
    pub largest: i64,
    pub(super) histogram: Histogram,
}

impl Amounts {
    fn none() -> Self {
        Self { sum: 0, squared: U256::default(), largest: 0, histogram: Histogram::empty() }
    }

    fn add(&mut self, amount: i64) {
        assert!(amount >= 0, "an amount of {amount} quanta");
        self.sum += i128::from(amount);
        self.squared = self.squared.plus(U256::square(amount.unsigned_abs()));
        self.largest = self.largest.max(amount);
        self.histogram.add(amount as u64);
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.squared = self.squared.plus(other.squared);
        self.largest = self.largest.max(other.largest);
        self.histogram.merge(other.histogram.clone());
    }

    /// The amount that only so many are larger than: exact, or the mean of a bucket of relative
    /// width 2^-12.
    #[must_use]
    pub fn with_larger(&self, n_larger: u64) -> i64 {
        let mut n_seen = 0;
        for filled in self.histogram.worst_first() {
            n_seen += filled.bucket.n;
            if n_seen > n_larger {
                return filled.mean();
            }
        }
        0
    }

    /// Their mean over so many paths, which are all that were added.
    #[must_use]
    pub fn mean(&self, n_paths: u64) -> Option<Mean> {
        let mut powers = Powers::default();
        for filled in self.histogram.worst_first() {
            powers.add(filled.mean() as u64, filled.bucket.n);
        }
        // Only the cubes need the buckets.
        let exact = Powers { sum: self.sum.unsigned_abs(), squared: self.squared, ..powers };
        exact.mean(n_paths)
    }

    fn hash(&self, hasher: &mut blake3::Hasher) {
        hasher.update(&self.sum.to_le_bytes()).update(&self.largest.to_le_bytes());
        for filled in self.histogram.worst_first() {
            hasher.update(&filled.low.to_le_bytes());
            hasher.update(&filled.bucket.n.to_le_bytes()).update(&filled.bucket.sum.to_le_bytes());
        }
    }
}

impl Aftermath {
    /// Of no paths.
    #[must_use]
    pub fn new(n_funds: usize) -> Self {
        let fund = FundDraws { n_emptied: 0, drawn: Amounts::none() };
        Self {
            n_paths: 0,
            n_backlogged: 0,
            n_waiting: 0,
            backlog: Amounts::none(),
            most_rounds: 0,
            n_spiralling: 0,
            n_left: 0,
            funds: vec![fund; n_funds],
        }
    }

    /// Counts a path's words: see [`aftermath_words`].
    ///
    /// # Panics
    /// If they are not as many as the funds ask for, or negative.
    pub fn absorb(&mut self, words: &[i64]) {
        assert_eq!(words.len(), aftermath_words(self.funds.len()), "an aftermath's words");
        let (path, funds) = words.split_at(aftermath_words(0));
        let path: &[PathAftermath] = bytemuck::cast_slice(path);
        let PathAftermath { backlog, n_waiting, most_rounds, n_left } = path[0];
        self.n_paths += 1;
        self.n_backlogged += u64::from(n_waiting > 0);
        self.n_waiting += n_waiting as u128;
        self.backlog.add(backlog);
        self.most_rounds = self.most_rounds.max(most_rounds as u32);
        self.n_spiralling += u64::from(most_rounds > 1);
        self.n_left += n_left as u128;
        let funds: &[FundAftermath] = bytemuck::cast_slice(funds);
        for (counted, fund) in self.funds.iter_mut().zip(funds) {
            counted.drawn.add(fund.drawn);
            counted.n_emptied += u64::from(fund.is_emptied != 0);
        }
    }

    /// Counts the paths of another.
    ///
    /// # Panics
    /// If the two have different funds.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.funds.len(), other.funds.len(), "aftermaths of different programs");
        self.n_paths += other.n_paths;
        self.n_backlogged += other.n_backlogged;
        self.n_waiting += other.n_waiting;
        self.backlog.merge(&other.backlog);
        self.most_rounds = self.most_rounds.max(other.most_rounds);
        self.n_spiralling += other.n_spiralling;
        self.n_left += other.n_left;
        for (mine, theirs) in self.funds.iter_mut().zip(&other.funds) {
            mine.n_emptied += theirs.n_emptied;
            mine.drawn.merge(&theirs.drawn);
        }
    }

    /// Everything that was counted, into a digest.
    pub(super) fn hash(&self, hasher: &mut blake3::Hasher) {
        hasher.update(&self.n_paths.to_le_bytes()).update(&self.n_backlogged.to_le_bytes());
        hasher.update(&self.n_waiting.to_le_bytes()).update(&self.most_rounds.to_le_bytes());
        hasher.update(&self.n_spiralling.to_le_bytes()).update(&self.n_left.to_le_bytes());
        self.backlog.hash(hasher);
        for fund in &self.funds {
            hasher.update(&fund.n_emptied.to_le_bytes());
            fund.drawn.hash(hasher);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Backlog, positions in it, rounds, positions left; of one fund, what was drawn and whether
    /// that was all.
    fn of(paths: &[[i64; 6]]) -> Aftermath {
        let mut aftermath = Aftermath::new(1);
        paths.iter().for_each(|words| aftermath.absorb(words));
        aftermath
    }

    #[test]
    fn a_merged_aftermath_is_that_of_all_paths() {
        let paths = [
            [9, 2, 1, 6, 0, 0],
            [0, 0, 7, 0, 40, 1],
            [5, 1, 2, 3, 3, 0],
            [0; 6],
            [11, 4, 3, 9, 8, 1],
        ];
        let whole = of(&paths);
        assert_eq!((whole.n_paths, whole.n_backlogged, whole.n_waiting), (5, 3, 7));
        assert_eq!((whole.backlog.sum, whole.backlog.largest), (25, 11));
        assert_eq!((whole.most_rounds, whole.n_spiralling, whole.n_left), (7, 3, 18));
        assert_eq!((whole.funds[0].n_emptied, whole.funds[0].drawn.sum), (2, 51));
        // The most of anything may be in either part.
        for cut in 0..=paths.len() {
            let mut merged = of(&paths[..cut]);
            merged.merge(&of(&paths[cut..]));
            assert_eq!(merged.most_rounds, 7, "most rounds, cut at {cut}");
            assert_eq!(merged.backlog.largest, 11, "the largest backlog, cut at {cut}");
            assert_eq!(merged.funds[0].drawn.largest, 40, "the most drawn, cut at {cut}");
            assert_eq!(merged, whole, "cut at {cut}");
        }
    }
}
