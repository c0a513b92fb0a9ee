//! Expected shortfall: the mean of the worst (1 - level) share of the losses.
//!
//! Acerbi and Tasche, "On the coherence of expected shortfall" (2002), definition 2.6: with
//! w = n - ceil(level n) whole paths beyond value at risk, the path at value at risk takes the
//! fractional weight (1 - level) n - w, which makes the measure coherent for any level:
//!
//! ES = VaR + sum max(L - VaR, 0) / ((1 - level) n)
//!
//! (the form of Rockafellar and Uryasev: the same number, and nothing is added that cancels).

use super::Z_95;
use super::mean::std_error;
use crate::tail::{Level, Ordered};

/// Expected shortfall at a level, quanta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedShortfall {
    /// At which level.
    pub level: Level,
    /// The expected shortfall.
    pub value: f64,
    /// Its standard error; `None` where fewer than two paths lie beyond value at risk.
    pub std_error: Option<f64>,
}

impl ExpectedShortfall {
    /// The normal 95 % interval; a loss is not negative, so neither is its lower end.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half_width = Z_95 * self.std_error?;
        Some(((self.value - half_width).max(0.0), self.value + half_width))
    }
}

/// The expected shortfall at `level`.
///
/// Exact while the tail fits the worst paths; below them the losses in the bucket of value at
/// risk count as its mean, an error under 2^-12 of their share. The standard error comes from the
/// influence function, se^2 = Var(max(L - VaR, 0)) / (n (1 - level)^2): the error of value at risk
/// itself is of second order, since it minimises the formula above.
#[must_use]
pub fn expected_shortfall(ordered: &Ordered<'_>, level: Level) -> ExpectedShortfall {
    let n_paths = ordered.n_paths();
    let rank = level.rank(n_paths);
    let excess = ordered.excess_above(rank);
    let tail_size = level.tail_size(n_paths);
    let of_excess = std_error(n_paths, excess.sum, excess.sum_squared);
    ExpectedShortfall {
        level,
        value: excess.base.value as f64 + excess.sum as f64 / tail_size,
        std_error: of_excess
            .filter(|_| n_paths - rank >= 2)
            .map(|of_excess| of_excess * n_paths as f64 / tail_size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{Outcome, Shape, Tally};

    fn shortfall_of(losses: &[i64], n_worst: usize, level: f64) -> ExpectedShortfall {
        let mut tally = Tally::keeping(n_worst, 1, Shape::default());
        let outcomes: Vec<Outcome> =
            losses.iter().map(|&realised| Outcome { realised, ..Outcome::default() }).collect();
        tally.absorb_block(0, &outcomes);
        expected_shortfall(&Ordered::of(&tally), Level::nearest(level))
    }

    #[test]
    fn a_whole_tail_is_the_mean_of_its_paths() {
        let losses: Vec<i64> = (1..=100).collect();
        assert_eq!(shortfall_of(&losses, 100, 0.9).value, 95.5);
        assert_eq!(shortfall_of(&losses, 100, 0.99).value, 100.0);
    }

    #[test]
    fn a_broken_tail_weighs_the_path_at_the_quantile() {
        // (1 - 0.85) 10 = 1.5 paths: 10 whole, 9 by half.
        let losses: Vec<i64> = (1..=10).collect();
        let expected = (10.0 + 0.5 * 9.0) / 1.5;
        assert!((shortfall_of(&losses, 10, 0.85).value - expected).abs() < 1e-14);
    }

    #[test]
    fn buckets_agree_with_the_worst_paths_to_their_width() {
        let losses: Vec<i64> = (0..4000).map(|i| (i * 7919 % 4001) << 30).collect();
        for level in [0.5, 0.9, 0.99] {
            let (exact, by_bucket) =
                (shortfall_of(&losses, 4000, level), shortfall_of(&losses, 1, level));
            assert!((exact.value / by_bucket.value - 1.0).abs() < 1.0 / 4096.0);
            let ratio = exact.std_error.unwrap() / by_bucket.std_error.unwrap();
            assert!((ratio - 1.0).abs() < 1.0 / 64.0, "{ratio}");
        }
    }

    /// How far the mean of a tail of one path may be off, that path does not say.
    #[test]
    fn one_path_beyond_the_quantile_has_no_standard_error_and_no_interval() {
        for n_paths in [100_usize, 400, 4000] {
            let losses: Vec<i64> = (0..n_paths as i64).map(|idx| idx * idx).collect();
            let shortfall = shortfall_of(&losses, n_paths, 1.0 - 1.0 / n_paths as f64);
            assert_eq!(shortfall.value, (n_paths as f64 - 1.0).powi(2));
            assert_eq!(shortfall.std_error, None, "one path of {n_paths} in the tail");
            assert_eq!(shortfall.interval(), None, "one path of {n_paths} in the tail");
        }
    }

    #[test]
    fn no_losses_have_no_shortfall_and_one_path_no_standard_error() {
        let none = shortfall_of(&[0; 1000], 100, 0.99);
        assert_eq!((none.value, none.interval()), (0.0, Some((0.0, 0.0))));
        let one = shortfall_of(&[7], 100, 0.99);
        assert_eq!((one.value, one.std_error), (7.0, None));
    }
}
