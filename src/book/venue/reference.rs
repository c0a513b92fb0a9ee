//! The rule of the peers' workload W: pro-rata seizure, one call a step, debt stays on the books.

use serde::Deserialize;

use crate::book::action::{Action, PICK_PRO_RATA};

use super::{
    BrokenBound, LEAST_SHARE, Leg, Liquidation, lending_refusal, outside, share_q31, share_q32,
};

/// Parameters of a `reference` venue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reference {
    /// Share of the whole debt repaid at once while health is not far below 1; above 0, to 1.
    pub close_factor: f64,
    /// Health factor below which the whole debt is repaid; 0 to 1.
    pub full_close_below: f64,
    /// The liquidator's extra collateral, 0.06 for 6 %; 0 to 1.
    pub liquidation_bonus: f64,
}

impl Default for Reference {
    fn default() -> Self {
        Self { close_factor: 0.5, full_close_below: 0.95, liquidation_bonus: 0.06 }
    }
}

impl Liquidation for Reference {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        outside(&[
            ("close_factor", self.close_factor, LEAST_SHARE, 1.0, "above 0 and at most 1"),
            ("full_close_below", self.full_close_below, 0.0, 1.0, "between 0 and 1"),
            ("liquidation_bonus", self.liquidation_bonus, 0.0, 1.0, "between 0 and 1"),
        ])
    }

    fn default_bonus(&self, _: f64) -> f64 {
        self.liquidation_bonus
    }

    fn action(&self, _: &dyn Fn(f64) -> i64) -> Action {
        Action {
            close_factor: share_q31(self.close_factor),
            full_close_below: share_q32(self.full_close_below),
            ..Action::new(PICK_PRO_RATA)
        }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        lending_refusal(legs)
    }
}
