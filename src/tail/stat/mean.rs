//! The mean bad debt of a path and its standard error.

use super::Z_95;
use crate::tail::Tally;
use crate::tail::wide::U256;

/// A mean, quanta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error; `None` of a single path, which says nothing about spread.
    pub std_error: Option<f64>,
}

impl Mean {
    /// The normal 95 % interval; a mean loss is not negative, so neither is its lower end.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half_width = Z_95 * self.std_error?;
        Some(((self.value - half_width).max(0.0), self.value + half_width))
    }
}

/// The mean loss: sum / n. `None` of no paths.
#[must_use]
pub fn mean(tally: &Tally) -> Option<Mean> {
    let sums = &tally.sums;
    let value = mean_of(sums.loss, sums.n_paths)?;
    let std_error = std_error(sums.n_paths, sums.loss.unsigned_abs(), sums.loss_squared);
    Some(Mean { value, std_error })
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
    let spread = sum_squared.times(n).minus(U256::product(sum, sum)).to_f64();
    let count = n as f64;
    Some((spread / (count * count * (count - 1.0))).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{Outcome, Shape};

    fn mean_of_losses(losses: &[i64]) -> Option<Mean> {
        let mut tally = Tally::new(1, Shape::default());
        let outcomes: Vec<Outcome> =
            losses.iter().map(|&realised| Outcome { realised, ..Outcome::default() }).collect();
        if !outcomes.is_empty() {
            tally.absorb_block(0, &outcomes);
        }
        mean(&tally)
    }

    #[test]
    fn a_textbook_sample_has_its_standard_error() {
        // 2, 4, 9: mean 5, sample variance 13, standard error sqrt(13 / 3).
        let found = mean_of_losses(&[2, 4, 9]).unwrap();
        assert_eq!(found.value, 5.0);
        assert!((found.std_error.unwrap() - (13.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_small_spread_on_a_huge_level_does_not_cancel() {
        // Floats would find 0 or nonsense: the squares agree in their first 60 bits.
        let base = 1 << 61;
        let found = mean_of_losses(&[base, base + 2]).unwrap();
        assert_eq!(found.std_error, Some(1.0));
    }

    #[test]
    fn one_path_has_no_standard_error_and_no_paths_have_no_mean() {
        let found = mean_of_losses(&[5]).unwrap();
        assert_eq!((found.value, found.std_error, found.interval()), (5.0, None, None));
        assert_eq!(mean_of_losses(&[]), None);
    }

    #[test]
    fn the_interval_does_not_reach_below_zero() {
        let found = mean_of_losses(&[0, 0, 0, 30]).unwrap();
        assert_eq!(found.interval().unwrap().0, 0.0);
    }
}
