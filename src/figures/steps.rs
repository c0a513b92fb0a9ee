//! The mean path, step by step.

use serde::Serialize;

use super::facts::Facts;
use crate::tail::Tally;

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

pub(super) fn steps(tally: &Tally, facts: &Facts) -> Vec<StepFigures> {
    let mut cumulative = 0;
    let figures = (0..).zip(&tally.counters.steps).map(|(step_idx, step)| {
        cumulative += step.loss;
        StepFigures {
            step_idx,
            n_events_per_path: step.n_events as f64 / tally.sums.n_paths as f64,
            mean_liquidated_usd: facts.per_path(tally, step.liquidated),
            mean_bad_debt_usd: facts.per_path(tally, step.loss),
            cumulative_bad_debt_usd: facts.per_path(tally, cumulative),
        }
    });
    figures.collect()
}
