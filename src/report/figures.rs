//! The figures of a summary, named as in `summary.json`; `null` where there is no such figure.

use serde::Serialize;

use super::aftermath::{AftermathFigures, FeedbackFigures};
use super::facts::OpeningFacts;
use super::void::VoidFigures;
use super::windows::WindowFigures;
use crate::tail::Digest;

/// All that a run says of a scenario; byte for byte the same however the run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of Shortfall.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Digest of the program, hexadecimal.
    pub program_digest: String,
    /// Digest of all outcomes.
    pub outcome_digest: Digest,
    /// Digest of all counters.
    pub tally_digest: Digest,
    /// What the run commits to: outcomes, counters, program and meaning; absent unless the run is
    /// kept in a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_digest: Option<Digest>,
    /// Key of the generator.
    pub seed: u64,
    /// Paths.
    pub n_paths: u64,
    /// Positions of the program.
    pub n_positions: u64,
    /// Steps of a path.
    pub n_steps: u32,
    /// Length of a step.
    pub step_hours: f64,
    /// What was liquidatable before the first step.
    pub opening: OpeningFacts,
    /// Void paths, on which a price left what the numbers hold; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub void: Option<VoidFigures>,
    /// The bad debt of a path.
    pub bad_debt: BadDebt,
    /// What finite depth adds to it; absent unless it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackFigures>,
    /// Debt that liquidators repaid, mean over paths.
    pub liquidated_usd: f64,
    /// Liquidation events, mean over paths.
    pub events_per_path: f64,
    /// Most liquidation events in one step of one path.
    pub largest_step_events: u32,
    /// Cascades, backlogs and insurance funds; absent where nothing couples positions.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<AftermathFigures>,
    /// Void paths: a mark hit its upper bound, or a log price its clamp.
    pub saturated_paths: u64,
    /// Paths on which a mark fell below 2^-12 of its opening value.
    pub small_mark_paths: u64,
    /// Paths times positions times steps: checks, skipped by a bound or not.
    pub position_checks: u128,
    /// Which paths `expected_shortfall_share` comes from.
    pub tail: Option<TailFigures>,
    /// The positions that lose most on average, then default most; none that never default.
    pub positions: Vec<PositionFigures>,
    /// The pools, in the order of venues and assets.
    pub pools: Vec<PoolFigures>,
    /// How the mean path goes.
    pub steps: Vec<StepFigures>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// The bad debt of a path; intervals hold the truth in 95 of 100 runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BadDebt {
    /// Whether some paths are void, so that all of these are lower bounds and have no upper ends;
    /// absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Paths that lose anything.
    pub losing_paths: u64,
    /// Mean over paths.
    pub mean_usd: f64,
    /// Standard error of the mean; none of a single path.
    pub std_error_usd: Option<f64>,
    /// Lower end of the mean's interval; none if too few paths lose to know one.
    pub low_usd: Option<f64>,
    /// Upper end of the mean's interval.
    pub high_usd: Option<f64>,
    /// Share of paths that lose at least `materiality_usd`.
    pub probability: f64,
    /// Lower end of its interval (Wilson; Clopper and Pearson near 0 and 1).
    pub probability_low: f64,
    /// Upper end of its interval (Wilson).
    pub probability_high: f64,
    /// Loss from which a path counts.
    pub materiality_usd: f64,
    /// What that is lowered by before it is compared, since rounding may have taken as much from a
    /// loss.
    pub materiality_rounding_usd: f64,
    /// Part of the mean: written off on the way.
    pub realised_usd: f64,
    /// Part of the mean: left on the books.
    pub stranded_usd: f64,
    /// Part of the mean: of positions still open at the horizon.
    pub under_water_usd: f64,
    /// Of the worst path.
    pub max_usd: f64,
    /// By level.
    pub value_at_risk: Vec<ValueAtRiskFigures>,
    /// By level.
    pub expected_shortfall: Vec<ExpectedShortfallFigures>,
    /// What intervals rest on where paths follow windows of a history; absent elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowFigures>,
}

/// Value at risk at a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueAtRiskFigures {
    /// The level.
    pub level: f64,
    /// The ceil(level x n)-th loss.
    pub value_usd: f64,
    /// Lower end of its interval.
    pub low_usd: f64,
    /// Upper end of its interval; none where so few paths may all lie below it.
    pub high_usd: Option<f64>,
    /// Whether the value is that loss itself and not the mean of its bucket.
    pub exact: bool,
}

/// Expected shortfall at a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectedShortfallFigures {
    /// The level.
    pub level: f64,
    /// Mean loss of the worst (1 - level) share of paths.
    pub value_usd: f64,
    /// Lower end of its interval; none if too few paths lie beyond value at risk.
    pub low_usd: Option<f64>,
    /// Upper end of its interval.
    pub high_usd: Option<f64>,
    /// Its standard error.
    pub std_error_usd: Option<f64>,
}

/// The paths that were replayed to see who bears the tail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TailFigures {
    /// The level beyond which they lie.
    pub level: f64,
    /// How many they are.
    pub n_paths: u64,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionFigures {
    /// Its name in the book.
    pub position: String,
    /// Its venue.
    pub venue: String,
    /// Whether it owes and owns nothing when the first step begins: its defaults are no
    /// liquidations. Left out where it is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_bare: bool,
    /// Share of paths on which it is breached.
    pub probability_of_default: f64,
    /// Its bad debt, mean over paths.
    pub mean_loss_usd: f64,
    /// Its debt at its first breach, mean over the paths on which it is breached.
    pub exposure_at_default_usd: Option<f64>,
    /// Its bad debt over that exposure.
    pub loss_given_default: Option<f64>,
    /// Its share of the losses of the tail.
    pub expected_shortfall_share: Option<f64>,
}

/// A pool: the lenders of one asset at one venue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolFigures {
    /// The venue.
    pub venue: String,
    /// The asset lent.
    pub debt_asset: String,
    /// Its bad debt, mean over paths.
    pub mean_bad_debt_usd: f64,
    /// Its share of the losses of the tail.
    pub expected_shortfall_share: Option<f64>,
}

/// A step of the mean path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepFigures {
    /// Which step, from 0.
    pub step_idx: u64,
    /// Liquidation events.
    pub n_events_per_path: f64,
    /// Debt that liquidators repaid.
    pub mean_liquidated_usd: f64,
    /// Bad debt that came to light.
    pub mean_bad_debt_usd: f64,
    /// Bad debt that came to light up to and including this step.
    pub cumulative_bad_debt_usd: f64,
}
