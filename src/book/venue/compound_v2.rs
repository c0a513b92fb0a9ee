//! Compound v2 and its forks: a share of the chosen debt a call; what is left over stays on the
//! books.

use serde::Deserialize;

use crate::book::action::{Action, MOST_CALLS, PICK_LARGEST_PAIR};

use super::{
    BrokenBound, LEAST_SHARE, Leg, Liquidation, Terms, lending_refusal, outside, share_q31,
};

/// Parameters of a `compound-v2` venue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompoundV2 {
    /// Share of the chosen debt repayable in a call; above 0, to 1 (mainnet 0.5).
    pub close_factor: f64,
    /// The liquidator's extra collateral (liquidation incentive less 1); 0 to 1.
    pub liquidation_bonus: f64,
    /// The protocol's share of seized collateral where an asset sets none; 0 to 1.
    pub protocol_seize_share: f64,
    /// Liquidation calls in a step's event; 1 to 64.
    pub calls_per_step: u32,
}

impl Default for CompoundV2 {
    fn default() -> Self {
        Self {
            close_factor: 0.5,
            liquidation_bonus: 0.08,
            protocol_seize_share: 0.028,
            calls_per_step: 16,
        }
    }
}

impl Liquidation for CompoundV2 {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        outside(&[
            ("close_factor", self.close_factor, LEAST_SHARE, 1.0, "above 0 and at most 1"),
            ("liquidation_bonus", self.liquidation_bonus, 0.0, 1.0, "between 0 and 1"),
            ("protocol_seize_share", self.protocol_seize_share, 0.0, 1.0, "between 0 and 1"),
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
        self.liquidation_bonus
    }

    fn protocol_key(&self) -> Option<&'static str> {
        Some("protocol_seize_share")
    }

    /// Of all that is seized. Source: `compound-finance/compound-protocol` @ a3214f6,
    /// `CToken.sol`, `seizeInternal`.
    fn protocol_share(&self, terms: &Terms) -> f64 {
        terms.protocol_fee.unwrap_or(self.protocol_seize_share)
    }

    fn action(&self, _: &dyn Fn(f64) -> i64) -> Action {
        Action {
            close_factor: share_q31(self.close_factor),
            calls_per_step: self.calls_per_step,
            ..Action::new(PICK_LARGEST_PAIR)
        }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        lending_refusal(legs)
    }
}
