//! What the walk of prices takes for granted: shifts below the width, tables that rise, sums of
//! increments that fit.

use super::{Unsound, between, holds, index, length, length_or_none};
use crate::fixed::{LOG_BITS, MAX_SHOCK, ONE_Q31};
use crate::market::model::{
    CompiledMarket, Diffusion, JumpTable, MAX_BIAS, MAX_STEP, MOST_COEFFICIENT, MOST_OCTAVES,
    MOST_SHIFT, PoissonTable, ReplayTable,
};
use crate::program::compile::MOST_CELLS;
use crate::scenario::{MOST_ASSETS, MOST_FACTORS, MOST_STEPS};

/// A Poisson count of the largest mean that a step may have is above this never in 2^32 words.
const MOST_COUNTS: usize = 256;
/// What rounding of all coefficients may add to the largest move of a step.
const ROUNDED: i64 = 1 << 48;

pub(super) fn check(market: &CompiledMarket) -> Result<(), Unsound> {
    let (n_assets, n_steps) = (market.n_assets, market.n_steps);
    index("n_steps", n_steps.wrapping_sub(1), MOST_STEPS)?;
    index("n_assets", n_assets.wrapping_sub(1), MOST_ASSETS)?;
    length("drift", market.drift.len(), n_assets)?;
    check_diffusion(&market.diffusion, n_assets)?;
    let n_rows = n_assets + market.diffusion.n_factors();
    index("n_assets x n_steps", n_rows * n_steps, MOST_CELLS + 1)?;
    check_clocks(market)?;
    let shocks = &market.shocks;
    length_or_none("shocks.increments", shocks.increments.len(), n_assets * n_steps)?;
    let expected = if shocks.increments.is_empty() { 0 } else { n_steps };
    length("shocks.n_steps", shocks.n_steps, expected)?;
    length_or_none("zeros.dead_from", market.zeros.dead_from.len(), n_assets)?;
    check_replay(&market.replay, (n_assets, n_steps))?;
    let n_cells = market.replay.logs.len();
    length_or_none("zeros.rows", market.zeros.rows.len(), n_cells)?;
    for flag in &market.zeros.rows {
        between("zeros.rows", *flag, (0, 1))?;
    }
    length_or_none("octaves", market.octaves.all().len(), n_assets)?;
    for octaves in market.octaves.all() {
        between("octaves", *octaves, (0, MOST_OCTAVES))?;
    }
    let is_bias = (0.0..=MAX_BIAS).contains(&market.worst_bias);
    holds(is_bias, "worst_bias", "at least 0 and at most 1e-5")?;
    check_moves(market)
}

fn check_diffusion(diffusion: &Diffusion, n_assets: usize) -> Result<(), Unsound> {
    length("diffusion.shifts", diffusion.shifts.len(), n_assets)?;
    let n_factors = diffusion.n_factors();
    index("n_factors", n_factors, MOST_FACTORS + 1)?;
    length("diffusion.loadings", diffusion.loadings.len(), n_assets * n_factors)?;
    let n_columns = if n_factors == 0 { n_assets } else { 1 };
    length("diffusion.factor", diffusion.factor.len(), n_assets * n_columns)?;
    for shift in &diffusion.shifts {
        between("diffusion.shift", *shift, (0, MOST_SHIFT))?;
    }
    for asset in 0..n_assets {
        // Products with shocks, which are below 2^31, then add up to less than 2^62.
        between("diffusion row", row_sum(diffusion, asset), (0, ONE_Q31))?;
    }
    Ok(())
}

/// The absolute sum of an asset's coefficients.
fn row_sum(diffusion: &Diffusion, asset: usize) -> i128 {
    let (own, common) = diffusion.row(asset);
    own.iter().chain(common).map(|it| i128::from(it.unsigned_abs())).sum()
}

fn check_clocks(market: &CompiledMarket) -> Result<(), Unsound> {
    let n_assets = market.n_assets;
    // One after the other, so that there are no more than assets.
    let mut next = 0;
    for (asset, clock, table) in &market.jumps.assets {
        index("jumps.asset", *asset, n_assets)?;
        between("jumps.asset", *asset, (next, u32::MAX))?;
        next = asset + 1;
        check_clock(clock)?;
        check_jumps(clock, table)?;
    }
    let mut next = 0;
    check_clock(&market.common_jumps.clock)?;
    for (asset, table) in &market.common_jumps.assets {
        index("common_jumps.asset", *asset, n_assets)?;
        between("common_jumps.asset", *asset, (next, u32::MAX))?;
        next = asset + 1;
        check_jumps(&market.common_jumps.clock, table)?;
    }
    Ok(())
}

fn check_clock(clock: &PoissonTable) -> Result<(), Unsound> {
    index("jumps.thresholds", clock.thresholds.len(), MOST_COUNTS)?;
    holds(clock.thresholds.is_sorted(), "jumps.thresholds", "they do not fall")
}

fn check_jumps(clock: &PoissonTable, table: &JumpTable) -> Result<(), Unsound> {
    length("jumps.means", table.means.len(), clock.thresholds.len())?;
    length("jumps.deviations", table.deviations.len(), clock.thresholds.len())?;
    for deviation in &table.deviations {
        between("jumps.deviation", *deviation, (-MOST_COEFFICIENT, MOST_COEFFICIENT))?;
    }
    between("jumps.shift", table.shift, (0, MOST_SHIFT))
}

fn check_replay(replay: &ReplayTable, (n_assets, n_steps): (usize, usize)) -> Result<(), Unsound> {
    if replay.assets.is_empty() {
        return holds(*replay == ReplayTable::default(), "replay", "without assets it is empty");
    }
    let mut is_there = vec![false; n_assets];
    for asset in &replay.assets {
        index("replay.asset", *asset, n_assets)?;
        let known = std::mem::replace(&mut is_there[*asset as usize], true);
        holds(!known, "replay.asset", "each has one column")?;
    }
    // Divided, since a product of numbers that were read may be anything.
    let n_rows = replay.logs.len() / replay.assets.len();
    length("replay.n_rows", replay.n_rows, n_rows)?;
    length("replay.logs", replay.logs.len(), replay.assets.len() * n_rows)?;
    between("replay.each", replay.each, (0, 1))?;
    index("replay.start_row", replay.start_row as usize + n_steps, n_rows)?;
    index("replay.stride", replay.stride.wrapping_sub(1), u32::MAX as usize)?;
    if replay.each == 1 {
        between("replay.start_row", replay.start_row, (0, 0))?;
    }
    // Windows stand within the table, there is one at least, and each is met.
    let n_windows = replay.n_windows(n_steps);
    length("replay.windows", replay.n_windows as usize, n_windows as usize)?;
    index("replay.windows", n_windows.wrapping_sub(1), u32::MAX as usize)?;
    index("replay.multiplier", replay.multiplier, n_windows as usize + 1)?;
    let is_met = common_divisor(replay.multiplier.into(), n_windows) == 1;
    holds(is_met, "replay.multiplier", "it has no common divisor with the number of windows")
}

fn common_divisor(mut above: u64, mut below: u64) -> u64 {
    while below != 0 {
        (above, below) = (below, above % below);
    }
    above
}

/// What a step moves a log price by is at most what a compiled market's does, so that no sum of an
/// increment and a clamped log overflows.
fn check_moves(market: &CompiledMarket) -> Result<(), Unsound> {
    let n_steps = market.n_steps;
    let mut most: Vec<i128> = (0..market.n_assets)
        .map(|asset| {
            let diffusion = &market.diffusion;
            let drift = i128::from(market.drift[asset].unsigned_abs());
            drift + ((row_sum(diffusion, asset) * i128::from(MAX_SHOCK)) >> diffusion.shifts[asset])
        })
        .collect();
    for (asset, _, table) in &market.jumps.assets {
        most[*asset as usize] += largest_jump(table);
    }
    for (asset, table) in &market.common_jumps.assets {
        most[*asset as usize] += largest_jump(table);
    }
    let largest = |moves: &mut dyn Iterator<Item = i128>| moves.map(i128::abs).max().unwrap_or(0);
    for (most, increments) in most.iter_mut().zip(market.shocks.increments.chunks(n_steps)) {
        *most += largest(&mut increments.iter().map(|it| i128::from(*it)));
    }
    let replay = &market.replay;
    for (asset, logs) in replay.assets.iter().zip(replay.logs.chunks(replay.n_rows.max(1))) {
        let moves = logs.windows(2).map(|pair| i128::from(pair[1]) - i128::from(pair[0]));
        most[*asset as usize] += largest(&mut moves.into_iter());
    }
    for most in most {
        between("the largest move of a step", most, (0, MAX_STEP as i64 + ROUNDED))?;
    }
    Ok(())
}

fn largest_jump(table: &JumpTable) -> i128 {
    let jumps = table.means.iter().zip(&table.deviations).map(|(mean, deviation)| {
        let shock = i128::from(deviation.unsigned_abs()) * i128::from(MAX_SHOCK);
        i128::from(mean.unsigned_abs()) + (shock >> table.shift)
    });
    jumps.max().unwrap_or(0)
}

/// Interest over the horizon, lsb 2^-56, is at most this many octaves.
pub(super) const fn most_growth(octaves: i64) -> i64 {
    (octaves << LOG_BITS) + ROUNDED
}
