//! What moves prices in one state of the climate; a market without a climate has one state.

use serde::{Deserialize, Serialize};

use super::common_jumps::CommonJumpTable;
use super::diffusion::Diffusion;
use super::jumps::JumpTables;
use super::part::{MarketError, Stretch};
use crate::market::Market;

/// What moves prices in one state of the climate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateTables {
    /// Deterministic part of a step, asset by asset for each state that the one before may be;
    /// includes what keeps the mean price in place.
    pub drift: Vec<i64>,
    /// Correlated normal increments.
    pub diffusion: Diffusion,
    /// Jumps of single assets; empty without.
    pub jumps: JumpTables,
    /// Jumps that hit many assets at once; empty without.
    pub common_jumps: CommonJumpTable,
}

impl StateTables {
    /// All but the drifts, which the other parts decide too.
    pub(super) fn compile(market: &Market, step_years: f64) -> Result<Self, MarketError> {
        Ok(Self {
            drift: Vec::new(),
            diffusion: Diffusion::compile(market, step_years),
            jumps: JumpTables::compile(market, step_years)?,
            common_jumps: CommonJumpTable::compile(market, step_years)?,
        })
    }

    /// The drifts of a stretch of steps, asset by asset: the first step also enters the state.
    pub(super) fn begin(&self, stretch: Stretch, n_steps: usize, increments: &mut [i64]) {
        let n_assets = increments.len() / n_steps;
        let drifts = |before: usize| &self.drift[before * n_assets..][..n_assets];
        let rows = increments.chunks_exact_mut(n_steps);
        for ((row, stays), enters) in rows.zip(drifts(stretch.state)).zip(drifts(stretch.before)) {
            row[stretch.start..stretch.end].fill(*stays);
            row[stretch.start] = *enters;
        }
    }
}
