//! The mean bad debt of a path and its standard error.

use crate::tail::Ordered;
use crate::tail::wide::U256;

/// A mean, quanta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error; `None` of a single path, which says nothing about spread.
    pub std_error: Option<f64>,
    /// Its 95 % interval; `None` where fewer than [`LEAST_AMOUNTS`](super::skewed::LEAST_AMOUNTS)
    /// paths say how large an amount may be.
    pub interval: Option<(f64, f64)>,
}

/// The mean loss: sum / n.
#[must_use]
pub fn mean(ordered: &Ordered<'_>) -> Mean {
    let sums = ordered.sums();
    let losses = ordered.losses();
    // The sum and its squares are exact whatever the buckets below the worst paths say.
    let exact =
        super::Powers { sum: sums.loss.unsigned_abs(), squared: sums.loss_squared, ..losses };
    exact.mean(sums.n_paths).unwrap_or_else(|| panic!("a mean of no paths"))
}

/// A sum over `n_paths` paths as their mean; `None` of no paths.
#[must_use]
pub fn mean_of(sum: i128, n_paths: u64) -> Option<f64> {
    (n_paths > 0).then(|| sum as f64 / n_paths as f64)
}

/// Standard error of the mean of `n` values: sqrt((n sum x^2 - (sum x)^2) / (n^2 (n - 1))).
///
/// The difference is taken between 256-bit integers, so that nothing cancels: as floats the two
/// products agree in all digits when the spread is small. `None` below two values.
#[must_use]
pub fn std_error(n: u64, sum: u128, sum_squared: U256) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let (squares, square) = (sum_squared.times(n), U256::product(sum, sum));
    // Squares by the means of buckets may be less than those of the exact sum by what is rounded.
    let spread = if squares > square { squares.minus(square).to_f64() } else { 0.0 };
    let count = n as f64;
    Some((spread / (count * count * (count - 1.0))).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{Outcome, Shape, Tally};

    fn mean_of_losses(losses: &[i64]) -> Mean {
        let mut tally = Tally::new(1, Shape::default());
        let outcomes: Vec<Outcome> =
            losses.iter().map(|&realised| Outcome { realised, ..Outcome::default() }).collect();
        tally.absorb_block(0, &outcomes);
        mean(&Ordered::of(&tally))
    }

    #[test]
    fn a_textbook_sample_has_its_standard_error() {
        // 2, 4, 9: mean 5, sample variance 13, standard error sqrt(13 / 3).
        let found = mean_of_losses(&[2, 4, 9]);
        assert_eq!(found.value, 5.0);
        assert!((found.std_error.unwrap() - (13.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_small_spread_on_a_huge_level_does_not_cancel() {
        // Floats would find 0 or nonsense: the squares agree in their first 60 bits.
        let base = 1 << 61;
        let found = mean_of_losses(&[base, base + 2]);
        assert_eq!(found.std_error, Some(1.0));
    }

    #[test]
    fn one_path_has_no_standard_error() {
        let found = mean_of_losses(&[5]);
        assert_eq!((found.value, found.std_error, found.interval), (5.0, None, None));
    }

    #[test]
    fn the_interval_does_not_reach_below_zero_and_needs_ten_losses() {
        let mut losses = vec![0; 20];
        losses[..10].copy_from_slice(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 1000]);
        assert_eq!(mean_of_losses(&losses).interval.unwrap().0, 0.0);
        losses[0] = 0;
        assert_eq!(mean_of_losses(&losses).interval, None);
    }
}
