//! The summary of a run: all of its figures.

use serde::Serialize;

use super::aftermath::{AftermathFigures, FeedbackFigures};
use super::bad_debt::BadDebt;
use super::opening::OpeningFacts;
use super::pools::PoolFigures;
use super::positions::PositionFigures;
use super::steps::StepFigures;
use super::void::VoidFigures;
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

/// The paths that were replayed to see who bears the tail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TailFigures {
    /// The level beyond which they lie.
    pub level: f64,
    /// How many they are.
    pub n_paths: u64,
}
