//! Compound v3, "Comet": the market takes a breached account over, collateral and debt, and sells
//! the collateral in its storefront, at the price of each sale.
//!
//! Source: `compound-finance/comet` @ d5a30b0a, `contracts/Comet.sol` (`isLiquidatable`,
//! `absorbInternal`, `quoteCollateral`).
//!
//! Ignores: target reserves, beyond which the storefront is closed, so that here it is always open;
//! and what the collateral brings beyond what the market has paid for it, which stays unsold.

use serde::Deserialize;

use crate::book::action::{Action, MOST_CALLS, PICK_ABSORB};
use crate::fixed::ONE_Q31;

use super::{BrokenBound, Leg, LegKind, Liquidation, Terms, lending_refusal, outside};

/// Parameters of a `comet` venue. In an event of its own the market credits the account with its
/// collateral x liquidation factor; its sales begin in the next event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Comet {
    /// Share of 1 - liquidation factor that the storefront gives away: collateral is sold at
    /// 1 - `store_front_price_factor` x (1 - liquidation factor) of its price; 0 to 1.
    pub store_front_price_factor: f64,
    /// Sales in a step's event, one collateral each; 1 to 64.
    pub calls_per_step: u32,
}

impl Default for Comet {
    fn default() -> Self {
        Self { store_front_price_factor: 0.5, calls_per_step: 16 }
    }
}

impl Liquidation for Comet {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        let (factor, calls) = (self.store_front_price_factor, f64::from(self.calls_per_step));
        let most = f64::from(MOST_CALLS);
        outside(&[
            ("store_front_price_factor", factor, 0.0, 1.0, "between 0 and 1"),
            ("calls_per_step", calls, 1.0, most, "between 1 and 64"),
        ])
    }

    fn default_bonus(&self, _: f64) -> f64 {
        0.0
    }

    fn takes_a_bonus(&self) -> bool {
        false
    }

    fn credit(&self, terms: &Terms) -> Option<f64> {
        Some(terms.liquidation_factor)
    }

    /// Up to twice the value, where the storefront gives away half of it.
    fn incentive(&self, terms: &Terms) -> f64 {
        let discount = self.store_front_price_factor * (1.0 - terms.liquidation_factor);
        1.0 / (1.0 - discount.min(0.5))
    }

    fn action(&self, _: &dyn Fn(f64) -> i64) -> Action {
        Action {
            close_factor: ONE_Q31,
            writes_off: 1,
            calls_per_step: self.calls_per_step,
            ..Action::new(PICK_ABSORB)
        }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        let n_debts = legs.iter().filter(|leg| leg.kind == LegKind::Debt).count();
        let several = "owes several assets at a comet market, which lends one: give each its own \
                       position and venue";
        lending_refusal(legs).or((n_debts > 1).then_some(several))
    }
}
