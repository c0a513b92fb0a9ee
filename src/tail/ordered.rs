//! The losses of a tally as an ordered sample: ranks, and what lies beyond a rank.

use super::histogram::Filled;
use super::stat::Powers;
use super::{Level, Sums, Tally, WorstPath};

/// A tally's losses in order: exact among the worst paths, by the bucket below them.
pub struct Ordered<'a> {
    tally: &'a Tally,
    worst: Vec<WorstPath>,
}

/// The loss at a rank, quanta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStatistic {
    /// The loss, or the mean of its bucket.
    pub value: i64,
    /// It is at least this.
    pub low: i64,
    /// It is at most this.
    pub high: i64,
}

impl OrderStatistic {
    /// Whether the loss is known to the quantum.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }

    fn exactly(value: i64) -> Self {
        Self { value, low: value, high: value }
    }

    fn within(filled: &Filled) -> Self {
        if filled.is_exact() {
            Self::exactly(filled.mean())
        } else {
            Self { value: filled.mean(), low: filled.low, high: filled.high }
        }
    }
}

/// What the losses above a rank exceed it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// The loss at the rank.
    pub base: OrderStatistic,
    /// `loss - base` over the larger losses, quanta; by the means of buckets where `base` is below
    /// the worst paths, but for the sum, which is exact.
    pub amounts: Powers,
}

impl<'a> Ordered<'a> {
    /// Sorts the worst paths of a tally.
    ///
    /// # Panics
    /// If the tally has no paths: there is no statistic of nothing.
    #[must_use]
    pub fn of(tally: &'a Tally) -> Self {
        assert!(tally.sums.n_paths > 0, "a tally without paths has no order");
        Self { tally, worst: tally.worst.sorted() }
    }

    /// How many losses there are; at least 1.
    #[must_use]
    pub fn n_paths(&self) -> u64 {
        self.tally.sums.n_paths
    }

    /// The worst paths, worst first: all of them, or as many as the tally keeps.
    #[must_use]
    pub fn worst(&self) -> &[WorstPath] {
        &self.worst
    }

    /// The paths that have a part in the tail beyond `level`, worst first; as many as are kept.
    #[must_use]
    pub fn tail_paths(&self, level: Level) -> &[WorstPath] {
        let n_tail = level.n_tail(self.n_paths());
        &self.worst[..self.worst.len().min(usize::try_from(n_tail).unwrap_or(usize::MAX))]
    }

    /// The loss at a rank from 1 (the least) to `n_paths` (the largest).
    ///
    /// # Panics
    /// If the rank is another.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> OrderStatistic {
        let n_above = self.n_above(rank);
        if let Some(path) = self.among_worst(n_above) {
            return OrderStatistic::exactly(path.loss);
        }
        let mut n_seen = 0;
        let mut buckets = self.tally.histogram.worst_first();
        let found = buckets.find(|filled| {
            n_seen += filled.bucket.n;
            n_seen > n_above
        });
        found.map_or_else(|| self.fault(rank), |filled| OrderStatistic::within(&filled))
    }

    /// What the losses above a rank exceed the loss at the rank by.
    ///
    /// # Panics
    /// If the rank is not in `1..=n_paths`.
    #[must_use]
    pub fn excess_above(&self, rank: u64) -> Excess {
        let base = self.at_rank(rank);
        let n_above = self.n_above(rank);
        Excess { base, amounts: self.amounts_above(base, n_above) }
    }

    /// All losses; their squares and cubes by the means of buckets below the worst paths.
    #[must_use]
    pub fn losses(&self) -> Powers {
        self.amounts_above(OrderStatistic::exactly(0), self.sums().n_losing)
    }

    /// The sums over all paths.
    #[must_use]
    pub fn sums(&self) -> &Sums {
        &self.tally.sums
    }

    fn amounts_above(&self, base: OrderStatistic, n_above: u64) -> Powers {
        let mut amounts = Powers::default();
        if n_above <= self.worst.len() as u64 && base.is_exact() {
            for path in &self.worst[..n_above as usize] {
                amounts.add((path.loss - base.value) as u64, 1);
            }
            return amounts;
        }
        // Those that share the bucket of the base count as equal to it: their excess is below
        // the bucket's width, 2^-12 of the base.
        let beyond = self.tally.histogram.worst_first().take_while(|filled| filled.low > base.high);
        for filled in beyond {
            let total = base.value as u128 * u128::from(filled.bucket.n);
            amounts.add((filled.mean() - base.value) as u64, filled.bucket.n);
            // The mean is rounded down; the sum needs no rounding.
            let rounded = (filled.mean() - base.value) as u128 * u128::from(filled.bucket.n);
            amounts.sum += filled.bucket.sum - total - rounded;
        }
        amounts
    }

    fn n_above(&self, rank: u64) -> u64 {
        let n_paths = self.n_paths();
        assert!((1..=n_paths).contains(&rank), "rank {rank} of {n_paths}");
        n_paths - rank
    }

    fn among_worst(&self, n_above: u64) -> Option<&WorstPath> {
        usize::try_from(n_above).ok().and_then(|place| self.worst.get(place))
    }

    /// The histogram holds every path, so that a rank without a bucket is a lost count.
    fn fault(&self, rank: u64) -> OrderStatistic {
        panic!("rank {rank} of {} has no bucket: the tally lost paths", self.n_paths())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tail::{Outcome, Shape};

    fn tally_of(losses: &[i64], n_worst: usize) -> Tally {
        let mut tally = Tally::keeping(n_worst, 1, Shape::default());
        let outcomes: Vec<Outcome> =
            losses.iter().map(|&stranded| Outcome { stranded, ..Outcome::default() }).collect();
        tally.absorb_block(0, &outcomes);
        tally
    }

    proptest! {
        #[test]
        fn ranks_agree_with_sorting_and_buckets_bound_them(
            mut losses in prop::collection::vec(0_i64..40_000, 1..200),
            n_worst in 1_usize..60,
        ) {
            let tally = tally_of(&losses, n_worst);
            let ordered = Ordered::of(&tally);
            losses.sort_unstable();
            for (place, &loss) in losses.iter().enumerate() {
                let found = ordered.at_rank(place as u64 + 1);
                prop_assert!(found.low <= loss && loss <= found.high);
                prop_assert!(found.low <= found.value && found.value <= found.high);
                prop_assert!((found.high - found.low) as f64 <= loss as f64 / 4096.0);
                if losses.len() - place <= n_worst {
                    prop_assert!(found.is_exact());
                }
            }
        }

        #[test]
        fn the_excess_agrees_with_adding_up(
            mut losses in prop::collection::vec(0_i64..40_000, 1..200),
            n_worst in 1_usize..60,
            place in 0_usize..200,
        ) {
            let tally = tally_of(&losses, n_worst);
            losses.sort_unstable();
            let place = place % losses.len();
            let Excess { base, amounts } = Ordered::of(&tally).excess_above(place as u64 + 1);
            let above = losses[place..].iter().map(|loss| (loss - losses[place]) as f64);
            let (sum, squares) = above.fold((0.0, 0.0), |(s, q), e| (s + e, q + e * e));
            if losses.len() - place <= n_worst || base.high < 1 << 13 {
                prop_assert_eq!(amounts.sum, sum as u128);
            }
            // A bucket is at most 8 wide here, and the base is off by no more.
            let n = losses.len() as f64;
            prop_assert!((amounts.sum as f64 - sum).abs() <= 8.0 * n);
            let slack = 8.0 * (2.0 * sum + 8.0 * n);
            prop_assert!((amounts.squared.to_f64() - squares).abs() <= slack);
        }
    }

    #[test]
    fn the_tail_has_the_paths_beyond_the_level() {
        let losses: Vec<i64> = (0..1000).collect();
        let tally = tally_of(&losses, 50);
        let ordered = Ordered::of(&tally);
        let tail = |level| ordered.tail_paths(Level::nearest(level)).len();
        assert_eq!([tail(0.99), tail(0.9999), tail(0.5)], [10, 1, 50]);
        assert_eq!(ordered.worst()[0], WorstPath { loss: 999, path_idx: 999 });
    }
}
