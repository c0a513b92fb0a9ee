//! What scalars alone tell of the tail: its losses to a factor of two.

use super::sums::{Octave, Scalars};

/// Between which amounts the tail beyond a level lies, quanta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TailBounds {
    /// Value at risk: the least and the largest that it may be.
    pub value_at_risk: (f64, f64),
    /// Expected shortfall, alike.
    pub expected_shortfall: (f64, f64),
}

impl Scalars {
    /// The bounds of the tail beyond a level, each within a factor of two; of no paths, 0.
    ///
    /// The expected shortfall is the mean of the share 1 - level of the paths that lose most: of
    /// the octaves that lie in it whole, the exact sums; of the one that it cuts, what so many
    /// paths of it may have at least and at most.
    #[must_use]
    pub fn tail_bounds(&self, level: f64) -> TailBounds {
        let n_tail = (self.sums.n_paths as f64 * (1.0 - level)).max(f64::MIN_POSITIVE);
        let (mut n_left, mut low, mut high) = (n_tail, 0.0, 0.0);
        let mut value_at_risk = (0.0, 0.0);
        for Octave { log2, n, sum } in self.octaves.iter().rev().copied() {
            let (n, sum) = (n as f64, sum as f64);
            let least = libm::exp2(f64::from(log2));
            if n >= n_left {
                let rest = n - n_left;
                // The paths that are cut off lose no more than those that are not.
                low += (n_left * least).max(sum * n_left / n);
                high += (n_left * 2.0 * least).min(sum - rest * least);
                value_at_risk = (least, 2.0 * least);
                break;
            }
            (low, high, n_left) = (low + sum, high + sum, n_left - n);
        }
        TailBounds { value_at_risk, expected_shortfall: (low / n_tail, high / n_tail) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tail::Outcome;

    proptest! {
        #[test]
        fn the_tail_lies_between_its_bounds(
            losses in prop::collection::vec(prop_oneof![Just(0_i64), 1_i64..1 << 40], 1..300),
            level in 0.5_f64..0.999,
        ) {
            let outcome = |realised: &i64| Outcome { realised: *realised, ..Outcome::default() };
            let outcomes: Vec<Outcome> = losses.iter().map(outcome).collect();
            let bounds = Scalars::of(0, &outcomes, 1).tail_bounds(level);
            let mut sorted = losses.clone();
            sorted.sort_unstable_by_key(|loss| std::cmp::Reverse(*loss));
            let n_tail = sorted.len() as f64 * (1.0 - level);
            let (whole, share) = (n_tail.floor() as usize, n_tail.fract());
            let sum: f64 = sorted[..whole].iter().map(|loss| *loss as f64).sum();
            let shortfall = (sum + share * sorted[whole] as f64) / n_tail;
            let (low, high) = bounds.expected_shortfall;
            let slack = 1e-9 * (1.0 + shortfall);
            prop_assert!(low <= shortfall + slack && shortfall <= high + slack);
            prop_assert!(high <= 2.0 * low + slack);
            let value = sorted[whole] as f64;
            let (low, high) = bounds.value_at_risk;
            // A tail that ends with an octave lies at its border.
            prop_assert!(low <= value || share == 0.0);
            prop_assert!(value <= high);
        }
    }
}
