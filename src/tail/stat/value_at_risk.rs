//! Value at risk: the loss at rank ceil(level n), with a binomial interval that assumes no law.
//!
//! The number of losses up to the true quantile is binomial (n, level). With l and k its 0.025 and
//! 0.975 quantiles, the quantile lies between the losses of ranks l and k + 1 in at least 95 % of
//! samples, whatever the distribution (David and Nagaraja, "Order Statistics", 7.1).

use crate::tail::{Level, Ordered};

/// Value at risk at a level, quanta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueAtRisk {
    /// At which level.
    pub level: Level,
    /// The loss at the rank; the mean of its bucket where it is not exact.
    pub value: i64,
    /// Lower end of the 95 % interval; 0, which no loss is below, where the sample has none.
    pub low: i64,
    /// Upper end of the 95 % interval; `None` where the paths are too few for the level: the
    /// largest loss that was seen bounds nothing.
    pub high: Option<i64>,
    /// Whether the value is known to the quantum: it is while the tail fits the worst paths.
    pub is_exact: bool,
}

/// The value at risk at `level`.
#[must_use]
pub fn value_at_risk(ordered: &Ordered<'_>, level: Level) -> ValueAtRisk {
    let n_paths = ordered.n_paths();
    let found = ordered.at_rank(level.rank(n_paths));
    let (low_rank, high_rank) = interval_ranks(n_paths, level);
    ValueAtRisk {
        level,
        value: found.value,
        low: low_rank.map_or(0, |rank| ordered.at_rank(rank).low),
        high: high_rank.map(|rank| ordered.at_rank(rank).high),
        is_exact: found.is_exact(),
    }
}

/// Ranks of the interval's ends among so many losses; `None` for an end that they do not reach.
#[must_use]
pub fn interval_ranks(n_paths: u64, level: Level) -> (Option<u64>, Option<u64>) {
    let (low_rank, below_high_rank) = central_binomial(n_paths, level.to_f64());
    let high_rank = below_high_rank + 1;
    ((low_rank >= 1).then_some(low_rank), (high_rank <= n_paths).then_some(high_rank))
}

/// The 0.025 and 0.975 quantiles of a binomial (n, p), 0 < p < 1.
///
/// From the mode outwards by pmf(k + 1) / pmf(k) = (n - k) / (k + 1) * p / (1 - p), until what is
/// left is below 2^-70 of the mode; then once across. That is about 20 standard deviations of
/// steps, or ten million for the most paths there may be.
fn central_binomial(n: u64, p: f64) -> (u64, u64) {
    const NEGLIGIBLE: f64 = 1e-21;
    const TAIL: f64 = 0.025;
    let odds = p / (1.0 - p);
    let rise = |k: u64| (n - k) as f64 / (k + 1) as f64 * odds;
    let mode = (((n + 1) as f64 * p) as u64).min(n);

    let (mut first, mut first_weight, mut total) = (mode, 1.0, 1.0);
    while first > 0 && first_weight > NEGLIGIBLE {
        first -= 1;
        first_weight /= rise(first);
        total += first_weight;
    }
    let (mut last, mut weight) = (mode, 1.0);
    while last < n && weight > NEGLIGIBLE {
        weight *= rise(last);
        last += 1;
        total += weight;
    }

    let (mut k, mut weight, mut cumulated) = (first, first_weight, first_weight);
    let mut advance_to = |share: f64| {
        while cumulated < share * total && k < last {
            weight *= rise(k);
            k += 1;
            cumulated += weight;
        }
        k
    };
    (advance_to(TAIL), advance_to(1.0 - TAIL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{Outcome, Shape, Tally};

    fn tally_of(losses: impl Iterator<Item = i64>, n_worst: usize) -> Tally {
        let mut tally = Tally::keeping(n_worst, 1, Shape::default());
        let outcomes: Vec<Outcome> =
            losses.map(|realised| Outcome { realised, ..Outcome::default() }).collect();
        tally.absorb_block(0, &outcomes);
        tally
    }

    #[test]
    fn binomial_quantiles_agree_with_tables() {
        // qbinom(c(0.025, 0.975), n, p) of R.
        assert_eq!(central_binomial(10, 0.5), (2, 8));
        assert_eq!(central_binomial(100, 0.5), (40, 60));
        assert_eq!(central_binomial(20, 0.05), (0, 3));
        assert_eq!(central_binomial(1, 0.99), (1, 1));
    }

    #[test]
    fn binomial_quantiles_of_many_paths_approach_the_normal() {
        for (n, p) in [(1_u64 << 30, 0.99), (1 << 40, 0.999_999), (10_000_000, 0.5)] {
            let (low, high) = central_binomial(n, p);
            let (centre, deviation) = (n as f64 * p, (n as f64 * p * (1.0 - p)).sqrt());
            let skew = (1.0 - 2.0 * p).abs();
            assert!((low as f64 - centre + super::super::Z_95 * deviation).abs() < 1.0 + skew);
            assert!((high as f64 - centre - super::super::Z_95 * deviation).abs() < 1.0 + skew);
        }
    }

    #[test]
    fn the_value_is_the_loss_at_the_rank_rounded_up() {
        let tally = tally_of(1..=1000, 100);
        let found = value_at_risk(&Ordered::of(&tally), Level::nearest(0.9901));
        assert_eq!((found.value, found.is_exact), (991, true));
        assert!(found.low < 991 && 991 < found.high.unwrap());
    }

    #[test]
    fn below_the_worst_paths_the_bucket_bounds_the_value() {
        let tally = tally_of((1..=1000).map(|loss| (1 << 40) + (loss << 20)), 10);
        let found = value_at_risk(&Ordered::of(&tally), Level::nearest(0.5));
        let truth = (1 << 40) + (500 << 20);
        assert!(!found.is_exact && found.low <= truth && truth <= found.high.unwrap());
        assert!((found.value - truth).abs() <= truth >> 12);
    }

    #[test]
    fn too_few_paths_for_a_level_have_no_end_of_their_own() {
        let tally = tally_of(0..100, 1000);
        let found = value_at_risk(&Ordered::of(&tally), Level::nearest(0.999));
        assert_eq!((found.value, found.high), (99, None));
        let tally = tally_of(std::iter::once(5), 10);
        let found = value_at_risk(&Ordered::of(&tally), Level::nearest(0.5));
        assert_eq!((found.low, found.value, found.high), (0, 5, None));
    }
}
