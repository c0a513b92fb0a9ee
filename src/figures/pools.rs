//! Pools in figures: the lenders of one asset at one venue.

use serde::Serialize;

use super::facts::Facts;
use super::positions::TailTotals;
use crate::tail::Tally;

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

pub(super) fn pools(
    tally: &Tally,
    facts: &Facts,
    totals: Option<&TailTotals<'_>>,
) -> Vec<PoolFigures> {
    let losses = tally.counters.pools.iter().enumerate();
    losses
        .zip(&facts.pools)
        .map(|((pool_idx, &loss), label)| PoolFigures {
            venue: facts.venue(label.venue).to_owned(),
            debt_asset: label.debt_asset.clone(),
            mean_bad_debt_usd: facts.per_path(tally, loss),
            expected_shortfall_share: totals.and_then(|of| of.pool_share(pool_idx)),
        })
        .collect()
}
