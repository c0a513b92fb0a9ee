//! What the walk of prices takes for granted: a size that a thread has room for, and what each
//! model holds its own part to.

use super::{Unsound, index};
use crate::fixed::LOG_BITS;
use crate::market::model::CompiledMarket;
use crate::program::compile::MOST_CELLS;
use crate::scenario::{MOST_ASSETS, MOST_STEPS};

/// What rounding may add to interest over the horizon.
const ROUNDED: i64 = 1 << 48;

pub(super) fn check(market: &CompiledMarket) -> Result<(), Unsound> {
    let (n_assets, n_steps) = (market.n_assets, market.n_steps);
    index("n_steps", n_steps.wrapping_sub(1), MOST_STEPS)?;
    index("n_assets", n_assets.wrapping_sub(1), MOST_ASSETS)?;
    market.check()?;
    let n_rows = n_assets + market.n_factors();
    index("n_assets x n_steps", n_rows * n_steps, MOST_CELLS + 1)
}

/// Interest over the horizon, lsb 2^-56, is at most this many octaves.
pub(super) const fn most_growth(octaves: i64) -> i64 {
    (octaves << LOG_BITS) + ROUNDED
}
