//! A level such as 0.99, as the fraction that was meant.

/// Denominator of a level: levels are told apart to twelve decimals.
const DENOMINATOR: u64 = 1_000_000_000_000;

/// A level strictly between 0 and 1, as a rational. The float 0.99 is a little more than 99/100,
/// so `ceil(0.99 * n)` of floats is off by one for some n; twelve decimals are what a person
/// means, and with them ranks are exact integer arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level {
    numerator: u64,
}

impl Level {
    /// The nearest level of twelve decimals that is neither 0 nor 1.
    #[must_use]
    pub fn nearest(level: f64) -> Self {
        let numerator = libm::round(level * DENOMINATOR as f64) as u64;
        Self { numerator: numerator.clamp(1, DENOMINATOR - 1) }
    }

    /// `ceil(level * n)`, from 1: the rank of value at risk among `n` ascending losses.
    #[must_use]
    pub fn rank(self, n: u64) -> u64 {
        let exact = u128::from(self.numerator) * u128::from(n);
        exact.div_ceil(u128::from(DENOMINATOR)) as u64
    }

    /// `(1 - level) * n`: the size of the tail, a fraction.
    #[must_use]
    pub fn tail_size(self, n: u64) -> f64 {
        let exact = u128::from(DENOMINATOR - self.numerator) * u128::from(n);
        exact as f64 / DENOMINATOR as f64
    }

    /// `ceil((1 - level) * n)`: the paths that have a part in the tail.
    #[must_use]
    pub fn n_tail(self, n: u64) -> u64 {
        let exact = u128::from(DENOMINATOR - self.numerator) * u128::from(n);
        exact.div_ceil(u128::from(DENOMINATOR)) as u64
    }

    /// The level as a float.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / DENOMINATOR as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_decimal_fraction() {
        for n in 1..=100_000_u64 {
            assert_eq!(Level::nearest(0.99).rank(n), (99 * n).div_ceil(100));
            assert_eq!(Level::nearest(0.999).rank(n), (999 * n).div_ceil(1000));
            assert_eq!(Level::nearest(0.07).rank(n), (7 * n).div_ceil(100));
            assert_eq!(Level::nearest(0.99).n_tail(n), n.div_ceil(100));
        }
        // The floats get this one wrong: 0.07 * 100 is 7.000000000000001.
        assert_eq!(libm::ceil(0.07 * 100.0), 8.0);
        assert_eq!(Level::nearest(0.99).rank(1_000_000), 990_000);
        assert_eq!(Level::nearest(0.99).tail_size(1_000_000), 10_000.0);
        assert_eq!(Level::nearest(0.99).rank(1 << 40), (99_u64 << 40).div_ceil(100));
    }

    #[test]
    fn the_ends_are_not_reached() {
        assert_eq!(Level::nearest(1.0 - 1e-16).rank(1000), 1000);
        assert!(Level::nearest(1.0 - 1e-16).to_f64() < 1.0);
        assert_eq!(Level::nearest(1e-300).rank(1000), 1);
        assert!(Level::nearest(1e-300).to_f64() > 0.0);
    }
}
