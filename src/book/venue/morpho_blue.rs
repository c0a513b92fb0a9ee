//! Morpho Blue: no close factor; when the collateral is gone the lenders of the market lose at
//! once.

use serde::Deserialize;

use crate::book::action::{Action, PICK_LARGEST_PAIR};
use crate::fixed::ONE_Q31;

use super::{BrokenBound, Leg, LegKind, Liquidation, lending_refusal, outside};

/// Parameters of a `morpho-blue` venue. The bonus follows from the threshold (LLTV).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MorphoBlue {
    /// `LIQUIDATION_CURSOR`, 0.3 on chain; 0 to 1.
    pub liquidation_cursor: f64,
    /// Cap of the liquidation incentive less 1, 0.15 on chain; 0 to 1.
    pub max_liquidation_bonus: f64,
}

impl Default for MorphoBlue {
    fn default() -> Self {
        Self { liquidation_cursor: 0.3, max_liquidation_bonus: 0.15 }
    }
}

impl Liquidation for MorphoBlue {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        outside(&[
            ("liquidation_cursor", self.liquidation_cursor, 0.0, 1.0, "between 0 and 1"),
            ("max_liquidation_bonus", self.max_liquidation_bonus, 0.0, 1.0, "between 0 and 1"),
        ])
    }

    /// LIF - 1, where LIF = min(cap, 1 / (1 - cursor (1 - LLTV))).
    /// Source: `morpho-org/morpho-blue` @ 3085651, `src/Morpho.sol`.
    fn default_bonus(&self, liquidation_threshold: f64) -> f64 {
        let incentive = 1.0 / (1.0 - self.liquidation_cursor * (1.0 - liquidation_threshold));
        (incentive - 1.0).min(self.max_liquidation_bonus)
    }

    fn action(&self, _: &dyn Fn(f64) -> i64) -> Action {
        Action { close_factor: ONE_Q31, writes_off: 1, ..Action::new(PICK_LARGEST_PAIR) }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        let n_of = |kind| legs.iter().filter(|leg| leg.kind == kind).count();
        let is_mixed = n_of(LegKind::Collateral) > 1 || n_of(LegKind::Debt) > 1;
        lending_refusal(legs).or(is_mixed.then_some(
            "has more than one collateral or debt in a Morpho market: give \
             each market's loan a position of its own",
        ))
    }
}
