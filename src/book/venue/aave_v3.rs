//! Aave v3.3 and later: half of the debt, all of it when deep or small, no dust left, deficits
//! burned.

use serde::Deserialize;

use crate::book::action::{Action, MOST_CALLS, PICK_LARGEST_PAIR, to_words};
use crate::fixed::ONE_Q30;

use super::{
    BrokenBound, HEALTH_ERROR, LEAST_SHARE, Leg, Liquidation, Terms, lending_refusal, outside,
    share_q31, share_q32,
};

/// Parameters of an `aave-v3` venue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AaveV3 {
    /// Share of the whole debt repayable in a call while health is not far below 1; above 0, to 1.
    pub close_factor: f64,
    /// Health factor at or below which one call may repay the whole chosen debt; 0 to 1.
    pub full_close_below: f64,
    /// The liquidator's extra collateral where an asset sets none; 0 to 1.
    pub liquidation_bonus: f64,
    /// Legs below this value may be repaid in full, USD; not negative.
    pub small_usd: f64,
    /// The least a call may leave of a leg that it does not clear, USD; not negative.
    pub dust_usd: f64,
    /// Health factor to which a call restores the account, as Aave v4 does, 1 to 2; 0 for the close
    /// factor.
    pub target_health: f64,
    /// The protocol's share of the liquidator's extra collateral where an asset sets none; 0 to 1.
    pub liquidation_protocol_fee: f64,
    /// Liquidation calls in a step's event; 1 to 64.
    pub calls_per_step: u32,
}

impl Default for AaveV3 {
    fn default() -> Self {
        Self {
            close_factor: 0.5,
            full_close_below: 0.95,
            liquidation_bonus: 0.05,
            small_usd: 2000.0,
            dust_usd: 1000.0,
            target_health: 0.0,
            liquidation_protocol_fee: 0.1,
            calls_per_step: 16,
        }
    }
}

impl Liquidation for AaveV3 {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        let least_target = if self.target_health == 0.0 { 0.0 } else { 1.0 };
        outside(&[
            ("target_health", self.target_health, least_target, 2.0, "0, or between 1 and 2"),
            ("close_factor", self.close_factor, LEAST_SHARE, 1.0, "above 0 and at most 1"),
            ("full_close_below", self.full_close_below, 0.0, 1.0, "between 0 and 1"),
            ("liquidation_bonus", self.liquidation_bonus, 0.0, 1.0, "between 0 and 1"),
            ("small_usd", self.small_usd, 0.0, 1e15, "between 0 and 1e15"),
            ("dust_usd", self.dust_usd, 0.0, 1e15, "between 0 and 1e15"),
            (
                "liquidation_protocol_fee",
                self.liquidation_protocol_fee,
                0.0,
                1.0,
                "between 0 and 1",
            ),
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

    /// A reserve with a threshold of 0 cannot be used as collateral: it is not seized, and does not
    /// keep what is owed from being a deficit. Source: `aave-v3-origin` @ fd1fbd91,
    /// `GenericLogic.sol` and `LiquidationLogic.sol`.
    fn seizes_uncounted(&self) -> bool {
        false
    }

    /// E-modes: a position that is in one has its category's threshold and bonus for the category's
    /// collaterals, and each reserve's own for all others. Source: `aave-v3-origin` @ fd1fbd91,
    /// `docs/3.2`, `GenericLogic.sol`.
    fn has_categories(&self) -> bool {
        true
    }

    fn protocol_key(&self) -> Option<&'static str> {
        Some("liquidation_protocol_fee")
    }

    /// Of the bonus alone: fee x (1 - 1 / (1 + bonus)) of what is seized. Source:
    /// `LiquidationLogic.sol`, `_calculateAvailableCollateralToLiquidate`.
    fn protocol_share(&self, terms: &Terms) -> f64 {
        let fee = terms.protocol_fee.unwrap_or(self.liquidation_protocol_fee);
        fee * (1.0 - 1.0 / self.incentive(terms))
    }

    fn action(&self, money: &dyn Fn(f64) -> i64) -> Action {
        Action {
            close_factor: share_q31(self.close_factor),
            of_whole_debt: 1,
            target_health: libm::round(self.target_health * f64::from(ONE_Q30)) as u32,
            // At the bound itself the whole may be repaid.
            full_close_below: share_q32(self.full_close_below * (1.0 + HEALTH_ERROR)),
            writes_off: 1,
            calls_per_step: self.calls_per_step,
            small: to_words(money(self.small_usd)),
            dust: to_words(money(self.dust_usd)),
            ..Action::new(PICK_LARGEST_PAIR)
        }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        lending_refusal(legs)
    }
}
