//! The rows of pools.

use crate::figures::pools::PoolFigures;
use crate::figures::reading::Reading;
use crate::figures::row::{Parameter, ROW, Row, Unit};
use crate::figures::summary::Summary;

pub(in crate::figures) static POOLS: [Row; 2] = [
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
