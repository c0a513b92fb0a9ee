//! At which price a call takes collateral, where that is not fixed by its terms.

use super::{Action, PRICE_BY_HEALTH};
use crate::book::account::{KIND_COLLATERAL, LegState, Values};
use crate::fixed::ratio_q32;

/// Bits below the point of a discount and of an incentive.
const DISCOUNT_BITS: u32 = 31;
const INCENTIVE_BITS: u32 = 30;

/// What collateral goes for at a health of `weighted / debt`, and how much of it a unit of value
/// repaid takes: max(health, least) in Q1.31, and the inverse of that in Q2.30.
///
/// Source: `euler-xyz/euler-vault-kit` @ 5b98b420, `Liquidation.sol`.
#[inline(always)]
#[must_use]
pub fn discount_by_health(least: u32, weighted: u64, debt: u64) -> (u32, u32) {
    // A share in Q0.32 has one bit more.
    let health = if weighted < debt { ratio_q32(weighted, debt) >> 1 } else { 1 << DISCOUNT_BITS };
    let discount = health.max(least);
    let one = 1_u64 << (DISCOUNT_BITS + INCENTIVE_BITS);
    ((one / u64::from(discount)) as u32, discount)
}

impl Action {
    /// A leg at the price of a call, the legs coming to that.
    #[inline(always)]
    pub(super) fn priced(&self, leg: LegState, sums: &Values) -> LegState {
        if self.price != PRICE_BY_HEALTH || leg.kind != KIND_COLLATERAL {
            return leg;
        }
        let (incentive, discount) =
            discount_by_health(self.least_discount, sums.weighted, sums.debt);
        LegState { incentive, discount, ..leg }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::{ONE_Q30, ONE_Q31};

    /// The vault kit's own test: health 0.857 under a largest discount of 0.15, 0.11 and 0.01.
    #[test]
    fn the_discount_is_what_health_lacks_up_to_the_most() {
        let share = |of: f64| (of * f64::from(ONE_Q31)) as u32;
        let (weighted, debt) = (12_000_000_000, 14_000_000_000);
        for (most, expected) in [(0.15, 12.0 / 14.0), (0.11, 0.89), (0.01, 0.99)] {
            let (incentive, discount) = discount_by_health(share(1.0 - most), weighted, debt);
            assert!((f64::from(discount) / f64::from(ONE_Q31) - expected).abs() < 1e-9, "{most}");
            assert!((f64::from(incentive) / f64::from(ONE_Q30) * expected - 1.0).abs() < 2e-9);
        }
        assert_eq!(discount_by_health(ONE_Q30, 7, 7), (ONE_Q30, ONE_Q31), "healthy: no discount");
        assert_eq!(discount_by_health(ONE_Q30, 0, 7), (ONE_Q31, ONE_Q30), "worthless: the most");
    }
}
