//! Unsigned integers of 256 bits: what a sum of squared losses needs, and no more.

use serde::{Deserialize, Serialize};

/// A number below 2^256. Every operation is exact or panics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct U256 {
    high: u128,
    low: u128,
}

impl U256 {
    /// The square of a loss; never more than 128 bits, so it is the common case of a product.
    #[must_use]
    pub fn square(value: u64) -> Self {
        Self { high: 0, low: u128::from(value) * u128::from(value) }
    }

    /// `a` times `b`, from products of their 64-bit halves.
    #[must_use]
    pub fn product(a: u128, b: u128) -> Self {
        const HALF: u128 = (1 << 64) - 1;
        let (a_high, a_low, b_high, b_low) = (a >> 64, a & HALF, b >> 64, b & HALF);
        let middle = a_high * b_low + ((a_low * b_low) >> 64);
        let cross = a_low * b_high + (middle & HALF);
        Self {
            high: a_high * b_high + (middle >> 64) + (cross >> 64),
            low: (cross << 64) | ((a_low * b_low) & HALF),
        }
    }

    /// The sum.
    ///
    /// # Panics
    /// If it is 2^256 or more, which 2^132 squares of 62-bit losses would take.
    #[must_use]
    #[inline]
    pub fn plus(self, other: Self) -> Self {
        self.checked_plus(other).unwrap_or_else(|| panic!("{self:?} + {other:?} passes 2^256"))
    }

    /// The difference.
    ///
    /// # Panics
    /// If `other` is the larger.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        assert!(self >= other, "{self:?} - {other:?} is negative");
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self { high: self.high - other.high - u128::from(borrow), low }
    }

    /// `self` times `factor`.
    ///
    /// # Panics
    /// If it is 2^256 or more.
    #[must_use]
    pub fn times(self, factor: u64) -> Self {
        let product = self.checked_times(factor);
        product.unwrap_or_else(|| panic!("{self:?} * {factor} passes 2^256"))
    }

    /// The sum; `None` if it is 2^256 or more.
    #[must_use]
    pub fn checked_plus(self, other: Self) -> Option<Self> {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high)?.checked_add(u128::from(carry))?;
        Some(Self { high, low })
    }

    /// `self` times `factor`; `None` if it is 2^256 or more.
    #[must_use]
    pub fn checked_times(self, factor: u64) -> Option<Self> {
        let upper = Self::product(self.high, factor.into());
        let high = Self { high: upper.low, low: 0 };
        let is_within = upper.high == 0;
        high.checked_plus(Self::product(self.low, factor.into())).filter(|_| is_within)
    }

    /// The nearest float, or its neighbour: either half is rounded before they are added.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.high as f64 * libm::ldexp(1.0, 128) + self.low as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_product_is_right() {
        let most = U256::product(u128::MAX, u128::MAX);
        assert_eq!(most, U256 { high: u128::MAX - 1, low: 1 });
        assert_eq!(U256::product(u128::MAX, 2), U256 { high: 1, low: u128::MAX - 1 });
    }

    #[test]
    #[should_panic(expected = "passes 2^256")]
    fn a_sum_past_the_end_panics() {
        let most = U256 { high: u128::MAX, low: u128::MAX };
        let _ = most.plus(U256::square(1));
    }

    #[test]
    #[should_panic(expected = "passes 2^256")]
    fn a_multiple_past_the_end_panics() {
        let _ = U256 { high: 1 << 127, low: 0 }.times(2);
    }

    proptest! {
        #[test]
        fn arithmetic_obeys_the_laws(a: u128, b: u128, c: u64) {
            let product = U256::product(a, b);
            prop_assert_eq!(product, U256::product(b, a));
            // (a + 1) b = a b + b, and back.
            if let Some(next) = a.checked_add(1) {
                let more = U256::product(next, b);
                prop_assert_eq!(more, product.plus(U256 { high: 0, low: b }));
                prop_assert_eq!(more.minus(product), U256 { high: 0, low: b });
            }
            prop_assert_eq!(U256 { high: 0, low: a }.times(c), U256::product(a, u128::from(c)));
            let float = a as f64 * b as f64;
            prop_assert!((product.to_f64() - float).abs() <= float * 1e-15);
        }
    }
}
