//! One path, told: its prices, every liquidation, and what was left over.

use serde::Serialize;

/// A path as a reader wants it; money in dollars.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Name of the scenario.
    pub scenario: String,
    /// Key of the generator.
    pub seed: u64,
    /// The path.
    pub path_idx: u64,
    /// Length of a step.
    pub step_hours: f64,
    /// Bad debt of the path.
    pub bad_debt_usd: f64,
    /// Of that, written off on the way.
    pub realised_usd: f64,
    /// Of that, left without collateral.
    pub stranded_usd: f64,
    /// Of that, beyond the collateral of positions still open.
    pub under_water_usd: f64,
    /// Debt repaid by liquidators, and notional closed.
    pub liquidated_usd: f64,
    /// Liquidations.
    pub n_events: u32,
    /// Positions that were breached.
    pub n_defaults: u32,
    /// How prices went.
    pub prices: Vec<ToldPrice>,
    /// The liquidations, by time.
    pub events: Vec<ToldLiquidation>,
    /// What is owed at the horizon and cannot be repaid, largest first.
    pub left_over: Vec<ToldLeftOver>,
}

/// How one price went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldPrice {
    /// The asset.
    pub asset: String,
    /// At the opening.
    pub open_usd: f64,
    /// Lowest after a step.
    pub low_usd: f64,
    /// The step of the lowest, from 0.
    pub low_step_idx: usize,
    /// Highest after a step.
    pub high_usd: f64,
    /// The step of the highest, from 0.
    pub high_step_idx: usize,
    /// After the last step.
    pub close_usd: f64,
}

/// A liquidation: what was done, and what was left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldLiquidation {
    /// The step, from 0; prices are those at its end.
    pub step_idx: usize,
    /// The position.
    pub position: String,
    /// The venue.
    pub venue: String,
    /// Liquidation calls made; 0 if the rule allowed none.
    pub n_calls: u32,
    /// Debt repaid, or notional closed.
    pub repaid_usd: f64,
    /// Collateral handed over.
    pub seized_usd: f64,
    /// Bad debt written off at once.
    pub written_off_usd: f64,
    /// Debt left.
    pub debt_left_usd: f64,
    /// Collateral left.
    pub collateral_left_usd: f64,
}

/// Bad debt of a position at the horizon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldLeftOver {
    /// The position.
    pub position: String,
    /// The venue.
    pub venue: String,
    /// Debt without any collateral.
    pub stranded_usd: f64,
    /// Debt beyond the collateral that is left.
    pub under_water_usd: f64,
}
