//! The mean bad debt of a path and its standard error.

use super::skewed::Powers;
use super::std_error::Mean;
use crate::tail::Ordered;

/// The mean loss: sum / n.
#[must_use]
pub fn mean(ordered: &Ordered<'_>) -> Mean {
    let sums = ordered.sums();
    let losses = ordered.losses();
    // The sum and its squares are exact whatever the buckets below the worst paths say.
    let exact = Powers { sum: sums.loss.unsigned_abs(), squared: sums.loss_squared, ..losses };
    exact.mean(sums.n_paths).unwrap_or_else(|| panic!("a mean of no paths"))
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
