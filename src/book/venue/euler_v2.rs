//! Euler v2 (the vault kit): no close factor; the discount grows as health falls; the lenders of
//! the vault lose at once when the collateral is gone.
//!
//! Source: `euler-xyz/euler-vault-kit` @ 5b98b420, `src/EVault/modules/Liquidation.sol`.
//!
//! Ignores: the cool-off after an account's last check, and limits that are ramped down in time.

use serde::Deserialize;

use crate::book::action::{Action, MOST_CALLS, PICK_LARGEST_PAIR, PRICE_BY_HEALTH, to_words};
use crate::fixed::ONE_Q31;

use super::{BrokenBound, Leg, Liquidation, lending_refusal, outside, share_q31};

/// Parameters of a `euler-v2` venue. With A what counts of the collateral and L the debt, a call
/// takes collateral at max(A / L, 1 - `max_liquidation_discount`) of its value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EulerV2 {
    /// The most that collateral goes below its value; 0 to 0.5 (the kit's default is 0.15).
    pub max_liquidation_discount: f64,
    /// Whether debt without collateral is taken off the lenders at once; otherwise it stays.
    pub socialises_debt: bool,
    /// Debt as an event begins from which on it is, USD; not negative (1e6 of the smallest units
    /// on chain).
    pub least_socialised_usd: f64,
    /// Liquidation calls in a step's event, one collateral each; 1 to 64.
    pub calls_per_step: u32,
}

impl Default for EulerV2 {
    fn default() -> Self {
        Self {
            max_liquidation_discount: 0.15,
            socialises_debt: true,
            least_socialised_usd: 1e-12,
            calls_per_step: 16,
        }
    }
}

impl Liquidation for EulerV2 {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        let discount = self.max_liquidation_discount;
        outside(&[
            ("max_liquidation_discount", discount, 0.0, 0.5, "between 0 and 0.5"),
            ("least_socialised_usd", self.least_socialised_usd, 0.0, 1e15, "between 0 and 1e15"),
            (
                "calls_per_step",
                f64::from(self.calls_per_step),
                1.0,
                f64::from(MOST_CALLS),
                "between 1 and 64",
            ),
        ])
    }

    fn default_bonus(&self, _: f64) -> f64 {
        0.0
    }

    fn takes_a_bonus(&self) -> bool {
        false
    }

    /// `checkLiquidation`: an account is in violation unless its collateral is worth more than its
    /// liability.
    fn liquidatable_at_equality(&self) -> bool {
        true
    }

    fn action(&self, money: &dyn Fn(f64) -> i64) -> Action {
        Action {
            price: PRICE_BY_HEALTH,
            close_factor: ONE_Q31,
            least_discount: share_q31(1.0 - self.max_liquidation_discount),
            writes_off: u32::from(self.socialises_debt),
            written_off_from: to_words(money(self.least_socialised_usd)),
            calls_per_step: self.calls_per_step,
            ..Action::new(PICK_LARGEST_PAIR)
        }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        lending_refusal(legs)
    }
}
