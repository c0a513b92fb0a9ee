//! Expected shortfall: the mean of the worst (1 - level) share of the losses.
//!
//! Acerbi and Tasche, "On the coherence of expected shortfall" (2002), definition 2.6: with
//! w = n - ceil(level n) whole paths beyond value at risk, the path at value at risk takes the
//! fractional weight (1 - level) n - w, which makes the measure coherent for any level:
//!
//! ES = VaR + sum max(L - VaR, 0) / ((1 - level) n)
//!
//! (the form of Rockafellar and Uryasev: the same number, and nothing is added that cancels).

use super::skewed::LEAST_AMOUNTS;
use super::std_error::std_error;
use crate::tail::ordered::Excess;
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
    /// Its 95 % interval; `None` of a tail smaller than [`LEAST_TAIL`] paths, or of fewer losses
    /// than [`LEAST_AMOUNTS`] in it.
    pub interval: Option<(f64, f64)>,
}

/// Paths that a level is to leave in its tail for an interval: fewer do not tell a tail that ends
/// from one that does not.
pub const LEAST_TAIL: f64 = 30.0;

/// The expected shortfall at `level`.
///
/// Exact while the tail fits the worst paths; below them the losses in the bucket of value at
/// risk count as its mean, an error under 2^-12 of their share. The standard error comes from the
/// influence function, se^2 = Var(max(L - VaR, 0)) / (n (1 - level)^2): the error of value at risk
/// itself is of second order, since it minimises the formula above. So the interval is that of a
/// mean, of max(L - VaR, 0), over 1 - level and from value at risk up: see [`super::skewed`].
#[must_use]
pub fn expected_shortfall(ordered: &Ordered<'_>, level: Level) -> ExpectedShortfall {
    let n_paths = ordered.n_paths();
    let rank = level.rank(n_paths);
    let Excess { base, amounts } = ordered.excess_above(rank);
    let tail_size = level.tail_size(n_paths);
    let base = base.value as f64;
    let scale = n_paths as f64 / tail_size;
    let of_excess = std_error(n_paths, amounts.sum, amounts.squared);
    // Above a value at risk of more than nothing the whole tail loses, equal losses or not.
    let is_known = tail_size >= LEAST_TAIL && (base > 0.0 || amounts.n >= LEAST_AMOUNTS);
    let ends = of_excess.filter(|_| is_known).map(|error| amounts.ends(n_paths, error));
    ExpectedShortfall {
        level,
        value: base + amounts.sum as f64 / tail_size,
        std_error: of_excess
            .filter(|_| n_paths - rank >= 2)
            .map(|error| error * n_paths as f64 / tail_size),
        interval: ends.map(|(low, high)| (base + low * scale, base + high * scale)),
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
            assert_eq!(shortfall.interval, None, "one path of {n_paths} in the tail");
        }
    }

    #[test]
    fn without_losses_no_interval_is_known_and_of_one_path_no_standard_error() {
        let none = shortfall_of(&[0; 1000], 100, 0.99);
        assert_eq!((none.value, none.std_error, none.interval), (0.0, Some(0.0), None));
        let one = shortfall_of(&[7], 100, 0.99);
        assert_eq!((one.value, one.std_error), (7.0, None));
    }

    #[test]
    fn an_interval_needs_thirty_paths_in_the_tail_and_ten_that_lose() {
        let losing = |n_losing: usize| {
            let mut losses = vec![0; 4000];
            (1..).zip(&mut losses[..n_losing]).for_each(|(loss, place)| *place = loss << 20);
            losses
        };
        let interval = |n_losing, level| shortfall_of(&losing(n_losing), 4000, level).interval;
        assert_eq!(interval(4000, 0.9926), None);
        assert!(interval(4000, 0.9925).is_some());
        assert_eq!((interval(9, 0.95), interval(9, 0.99)), (None, None));
        let (low, high) = interval(10, 0.99).unwrap();
        assert!(0.0 < low && low < high);
    }

    #[test]
    fn a_tail_of_equal_losses_is_that_loss() {
        let found = shortfall_of(&[7000; 4000], 4000, 0.99);
        assert_eq!((found.value, found.interval), (7000.0, Some((7000.0, 7000.0))));
    }
}
