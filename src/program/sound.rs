//! Is a program that was read from a file one that a backend can walk? Every index in its bounds,
//! every array of its length.
//!
//! A compiled program is so by construction, and its digest says that it is the one that was
//! compiled. This stands between a file of unknown origin and arrays without bounds checks
//! on a device.

use thiserror::Error;

use super::Program;
use super::liquidity::{Liquidity, NONE};
use crate::fixed::ONE_Q31;
use crate::market::depth::CURVE_ROWS;
use crate::market::model::{CompiledMarket, JumpTable, PoissonTable};

/// What a backend would stumble over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsound {
    /// An array of another length than the program asks for.
    #[error("{array} has {found} entries, not {expected}")]
    Length {
        /// Which.
        array: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// An index beyond its array.
    #[error("{index} is {found}, not below {bound}")]
    Index {
        /// Which.
        index: &'static str,
        /// Its value.
        found: usize,
        /// Length of the array that it points into.
        bound: usize,
    },
}

/// Thresholds are widened a little beyond 1; see `program::ties`.
const MOST_THRESHOLD: usize = ONE_Q31 as usize + 256;
/// Most steps of a path, as scenarios bound them.
const MOST_STEPS: usize = 1_000_000;

impl Program {
    /// Checks what a backend takes for granted.
    ///
    /// # Errors
    ///
    /// The first index out of bounds, or array of another length.
    pub fn check(&self) -> Result<(), Unsound> {
        check_market(&self.market)?;
        let n_assets = self.market.n_assets;
        for row in &self.instruments {
            index("instruments.asset", row.asset, n_assets)?;
        }
        for row in &self.legs {
            index("legs.instrument", row.instrument, self.instruments.len())?;
            index("legs.threshold", row.threshold, MOST_THRESHOLD)?;
            index("legs.pool", row.pool, self.pools.len().max(1))?;
            stretch("legs.tier_start", row.tier_start, row.n_tiers, self.tiers.len())?;
        }
        for row in &self.positions {
            index("positions.action", row.action, self.actions.len())?;
            stretch("positions.leg_start", row.leg_start, row.n_legs, self.legs.len())?;
        }
        for (venue, asset) in &self.pools {
            index("pools.venue", venue.0, self.actions.len())?;
            index("pools.asset", asset.0, n_assets)?;
        }
        self.liquidity.as_ref().map_or(Ok(()), |it| self.check_liquidity(it))
    }

    fn check_liquidity(&self, liquidity: &Liquidity) -> Result<(), Unsound> {
        let (n_assets, n_steps) = (self.market.n_assets, self.market.n_steps);
        length("liquidity.assets", liquidity.assets.len(), n_assets)?;
        length("liquidity.funds", liquidity.funds.len(), self.actions.len())?;
        length_or_none("liquidity.cross", liquidity.cross.len(), n_assets * n_assets)?;
        length_or_none("liquidity.feeds", liquidity.feeds.len(), n_assets)?;
        length_or_none("liquidity.stale", liquidity.stale.len(), n_assets * n_steps)?;
        if let Some(standing) = &liquidity.standing {
            length("standing.flows", standing.flows.len(), n_assets)?;
            length("standing.recovering", standing.recovering.len(), n_assets)?;
            length("standing.staying", standing.staying.len(), n_assets)?;
            length("standing.funds", standing.funds.len(), self.actions.len())?;
            length("standing.lowest", standing.lowest.len(), self.actions.len())?;
        }
        for curve in &liquidity.curves {
            length("liquidity.sold", curve.sold.len(), CURVE_ROWS)?;
            length("liquidity.bought", curve.bought.len(), CURVE_ROWS)?;
        }
        for row in liquidity.assets.iter().filter(|row| row.curve != NONE) {
            index("liquidity.curve", row.curve, liquidity.curves.len())?;
            stretch("liquidity.band_start", row.band_start, row.n_bands, liquidity.bands.len())?;
            index("liquidity.n_bands", u32::from(row.n_bands == 0), 1)?;
        }
        Ok(())
    }
}

fn check_market(market: &CompiledMarket) -> Result<(), Unsound> {
    let (n_assets, n_steps) = (market.n_assets, market.n_steps);
    index("n_steps", n_steps.wrapping_sub(1), MOST_STEPS)?;
    index("n_assets", n_assets.wrapping_sub(1), 1 << 16)?;
    length("drift", market.drift.len(), n_assets)?;
    let diffusion = &market.diffusion;
    length("diffusion.shifts", diffusion.shifts.len(), n_assets)?;
    let n_factors = diffusion.n_factors();
    length("diffusion.loadings", diffusion.loadings.len(), n_assets * n_factors)?;
    let n_columns = if n_factors == 0 { n_assets } else { 1 };
    length("diffusion.factor", diffusion.factor.len(), n_assets * n_columns)?;
    for shift in &diffusion.shifts {
        index("diffusion.shift", *shift, 64)?;
    }
    for (asset, clock, table) in &market.jumps.assets {
        index("jumps.asset", *asset, n_assets)?;
        check_jumps(clock, table)?;
    }
    for (asset, table) in &market.common_jumps.assets {
        index("common_jumps.asset", *asset, n_assets)?;
        check_jumps(&market.common_jumps.clock, table)?;
    }
    length_or_none("shocks.increments", market.shocks.increments.len(), n_assets * n_steps)?;
    length_or_none("zeros.dead_from", market.zeros.dead_from.len(), n_assets)?;
    let replay = &market.replay;
    let n_cells = replay.assets.len() * replay.n_rows;
    length_or_none("zeros.rows", market.zeros.rows.len(), n_cells)?;
    for asset in &replay.assets {
        index("replay.asset", *asset, n_assets)?;
    }
    length("replay.logs", replay.logs.len(), replay.assets.len() * replay.n_rows)?;
    if !replay.assets.is_empty() {
        index("replay.start_row", replay.start_row as usize + n_steps, replay.n_rows)?;
        // Windows stand within the table, and there is one at least.
        let n_windows = replay.n_windows(n_steps);
        length("replay.windows", replay.n_windows as usize, n_windows as usize)?;
        index("replay.stride", replay.stride.wrapping_sub(1), u32::MAX as usize)?;
        index("replay.multiplier", replay.multiplier, replay.n_windows as usize + 1)?;
    }
    Ok(())
}

fn check_jumps(clock: &PoissonTable, table: &JumpTable) -> Result<(), Unsound> {
    length("jumps.means", table.means.len(), clock.thresholds.len())?;
    length("jumps.deviations", table.deviations.len(), clock.thresholds.len())?;
    index("jumps.shift", table.shift, 64)
}

fn length(array: &'static str, found: usize, expected: usize) -> Result<(), Unsound> {
    if found == expected { Ok(()) } else { Err(Unsound::Length { array, found, expected }) }
}

fn length_or_none(array: &'static str, found: usize, expected: usize) -> Result<(), Unsound> {
    if found == 0 { Ok(()) } else { length(array, found, expected) }
}

fn index(index: &'static str, found: impl TryInto<usize>, bound: usize) -> Result<(), Unsound> {
    let found = found.try_into().unwrap_or(usize::MAX);
    if found < bound { Ok(()) } else { Err(Unsound::Index { index, found, bound }) }
}

/// Consecutive rows, each of which is to be there.
fn stretch(name: &'static str, start: u32, n: u32, bound: usize) -> Result<(), Unsound> {
    index(name, start as usize + n as usize, bound + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::units::{AssetId, VenueId};

    fn smallest() -> Program {
        Program::compile(&Scenario::smallest()).unwrap()
    }

    #[test]
    fn what_was_compiled_is_sound() {
        assert_eq!(smallest().check(), Ok(()));
    }

    #[test]
    fn an_array_of_another_length_and_an_index_beyond_its_array_are_named() {
        let mut program = smallest();
        program.market.drift.push(0);
        let told = program.check().unwrap_err().to_string();
        assert_eq!(told, "drift has 2 entries, not 1");
        let mut program = smallest();
        program.pools.push((VenueId(0), AssetId(0)));
        let told = program.check().unwrap_err().to_string();
        assert_eq!(told, "pools.venue is 0, not below 0");
        let mut program = smallest();
        program.market.diffusion.loadings.push(0);
        assert_eq!(program.check(), Ok(()));
        program.market.diffusion.factor.push(0);
        let told = program.check().unwrap_err().to_string();
        assert_eq!(told, "diffusion.factor has 2 entries, not 1");
        let mut program = smallest();
        program.market.n_steps = 0;
        assert!(program.check().is_err());
    }
}
