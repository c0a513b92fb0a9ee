//! One path, told: its prices, every liquidation, and what was left over.

use serde::Serialize;

use crate::figures::number::duration;

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
    /// The stretch of history that it follows; absent without a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<ToldWindow>,
    /// The states of the market, by time; absent where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub climate: Option<Vec<ToldState>>,
    /// How prices went.
    pub prices: Vec<ToldPrice>,
    /// Rounds of liquidations, by time; absent where nothing couples positions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Vec<ToldRound>>,
    /// The liquidations, by time.
    pub events: Vec<ToldLiquidation>,
    /// What is owed at the horizon and cannot be repaid, largest first.
    pub left_over: Vec<ToldLeftOver>,
}

/// The rows of a recorded table that a path follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldWindow {
    /// The row at which it opens, from 0.
    pub first_row: usize,
    /// The time of that row; none where the table does not say.
    pub opens: Option<String>,
    /// The time of the last row.
    pub closes: Option<String>,
    /// The time at the end of each step; empty where the table does not say.
    #[serde(skip)]
    pub ends: Vec<String>,
}

impl Explanation {
    /// When a step ends: the date where history has one, else how long after the opening.
    #[must_use]
    pub fn when(&self, step_idx: usize) -> String {
        let date = self.window.as_ref().and_then(|window| window.ends.get(step_idx));
        let short =
            date.map(|date| date.replacen('T', " ", 1).replace(":00Z", "").replace('Z', ""));
        short.unwrap_or_else(|| duration(self.step_hours * (step_idx + 1) as f64))
    }
}

/// A stretch of steps in one state of the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldState {
    /// The state.
    pub state: String,
    /// Its first step, from 0.
    pub step_idx: usize,
    /// Steps until it is left, or until the horizon.
    pub n_steps: usize,
}

/// How one price went, as no sale has moved it.
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
    /// As sales have moved it; absent where they have not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<ToldMoved>,
}

/// How one price went on the market, where sales moved it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ToldMoved {
    /// Lowest after a step.
    pub low_usd: f64,
    /// The step of the lowest, from 0.
    pub low_step_idx: usize,
    /// After the last step.
    pub close_usd: f64,
    /// Change of the price by sales where they moved it furthest, a share.
    pub furthest_impact: f64,
    /// The step of that, from 0.
    pub furthest_step_idx: usize,
}

/// A round of liquidations: all at the prices of its beginning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldRound {
    /// The step, from 0.
    pub step_idx: usize,
    /// The round of the step, from 0.
    pub round_idx: u32,
    /// Positions that were liquidated.
    pub n_events: u32,
    /// What was sold, by asset; those of which nothing was sold are left out.
    pub sales: Vec<ToldSale>,
}

/// What a round sold of one asset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldSale {
    /// The asset.
    pub asset: String,
    /// Value at `price_usd`; negative where more was bought.
    pub sold_usd: f64,
    /// The market's price at the beginning of the round.
    pub price_usd: f64,
    /// Change of that price by the sales before, a share.
    pub impact: f64,
    /// The market's price when the sale has moved it: in the same step where it has another round,
    /// else after the next step's own moves and recovery; none beyond the horizon.
    pub price_after_usd: Option<f64>,
    /// Change of that price by sales, a share.
    pub impact_after: Option<f64>,
    /// The price that the venues read at the beginning of the round.
    pub read_usd: f64,
}

/// A liquidation: what was done, on the market, and what was left, as the venue reads prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldLiquidation {
    /// The step, from 0; prices are those at its end.
    pub step_idx: usize,
    /// The time at its end, of a path that follows history whose table says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
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
    /// What there is to tell where positions are coupled; its fields are absent elsewhere.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub coupling: Option<ToldCoupling>,
}

/// A liquidation of a coupled path; ratios are as the venue reads prices, and none of perpetuals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ToldCoupling {
    /// The round of the step, from 0.
    pub round_idx: u32,
    /// Why the position was not liquidated; none if it was.
    pub untaken: Option<Untaken>,
    /// Weighted collateral over debt before; none without debt.
    pub health_factor_before: Option<f64>,
    /// The same after.
    pub health_factor_after: Option<f64>,
    /// Debt over collateral before; none without collateral.
    pub loan_to_value_before: Option<f64>,
    /// The same after.
    pub loan_to_value_after: Option<f64>,
    /// Debt over collateral from which on a liquidation makes it worse, 1 / (1 + bonus), of the
    /// collateral that was seized; none if none was.
    pub toxic_loan_to_value: Option<f64>,
    /// Whether the position was at or above that, so that every further call makes it worse.
    pub is_toxic: bool,
}

/// Why a breached position is not liquidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untaken {
    /// The step has no room for a further liquidation.
    NoRoom,
    /// The liquidators' capital of the step is used up.
    NoCapital,
    /// A liquidator would lose money.
    Declined,
    /// Either of the two: capital is short, and what it still permits may not pay.
    DeclinedOrNoCapital,
    /// The venue's rule allows no liquidation.
    NotAllowed,
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
