//! Pools in figures: the lenders of one asset at one venue.

use serde::Serialize;

use super::facts::Facts;
use super::positions::TailTotals;
use super::reading::Reading;
use super::row::{Parameter, ROW, Row, Unit};
use super::summary::{Summary, per_path};
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

pub(super) static POOLS: [Row; 2] = [
    Row {
        name: "pool.*.mean",
        json: "pools.*.mean_bad_debt_usd",
        about: "bad debt of a pool, mean over paths",
        read: |summary, of| Reading::reported(pool_of(summary, of)?.mean_bad_debt_usd),
        ..ROW
    },
    Row {
        name: "pool.*.es_share",
        json: "pools.*.expected_shortfall_share",
        unit: Unit::Share,
        about: "share of a pool in the losses of the tail",
        read: |summary, of| Reading::reported(pool_of(summary, of)?.expected_shortfall_share?),
        ..ROW
    },
];

fn pool_of<'a>(summary: &'a Summary, of: &Parameter) -> Option<&'a PoolFigures> {
    let Parameter::Pool { venue, debt_asset } = of else { return None };
    summary.pools.iter().find(|pool| (&pool.venue, &pool.debt_asset) == (venue, debt_asset))
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
            mean_bad_debt_usd: per_path(tally, facts, loss),
            expected_shortfall_share: totals.and_then(|of| of.pool_share(pool_idx)),
        })
        .collect()
}
