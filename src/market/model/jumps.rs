//! Merton's jumps of single assets, each on a clock of its own; twin of `shaders/model/jumps.wgsl`.
//!
//! Ignores: clustering of jumps, and double-exponential sizes.

use std::ops::Range;

use bytemuck::Zeroable;
use serde::{Deserialize, Serialize};

use super::device::Device;
use super::jump_table::{self, ClockRow, JumpSizesRow, JumpTable, PoissonTable};
use super::part::{Hook, Law, MarketError, Model, Part, PathAt, PathBuffer, Size};
use crate::market::Market;
use crate::market::rng::{BLOCK_JUMPS, words};
use crate::sound::{Unsound, between, index};

pub(super) const MODEL: Model = Model {
    name: "jumps",
    sentence: "Merton's jumps of single assets, each on a clock of its own",
    keys: &["assets.jumps"],
    wgsl: &[jump_table::WGSL, ("model/jumps", include_str!("../../../shaders/model/jumps.wgsl"))],
    hooks: &[Hook::Move],
    needs: &[],
};

/// The assets that jump alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JumpTables {
    /// Asset, clock and sizes of each.
    pub assets: Vec<(u32, PoissonTable, JumpTable)>,
}

impl JumpTables {
    pub(super) fn compile(market: &Market, step_years: f64) -> Result<Self, MarketError> {
        let mut assets = Vec::new();
        for (idx, asset) in market.assets.iter().enumerate() {
            if let Some(jumps) = asset.jumps.filter(|jumps| jumps.rate > 0.0) {
                let clock = PoissonTable::compile(jumps.rate * step_years, &asset.name)?;
                let table = JumpTable::compile(&clock, jumps.mean, jumps.deviation);
                assets.push((idx as u32, clock, table));
            }
        }
        Ok(Self { assets })
    }

    fn table(&self, asset: usize) -> Option<&JumpTable> {
        self.assets.iter().find(|(idx, ..)| *idx as usize == asset).map(|(.., table)| table)
    }
}

impl Part for JumpTables {
    fn is_used(&self) -> bool {
        !self.assets.is_empty()
    }

    fn is_drawn(&self) -> bool {
        self.is_used()
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
        let mut parts = Vec::new();
        for (asset, clock, table) in &self.assets {
            parts.push(("jumps.asset", bytemuck::bytes_of(asset)));
            parts.push(("jumps.thresholds", bytemuck::cast_slice(&clock.thresholds)));
            parts.push(("jumps.means", bytemuck::cast_slice(&table.means)));
            parts.push(("jumps.deviations", bytemuck::cast_slice(&table.deviations)));
            parts.push(("jumps.shift", bytemuck::bytes_of(&table.shift)));
        }
        parts
    }

    fn check(&self, size: Size) -> Result<(), Unsound> {
        // One after the other, so that there are no more than assets.
        let mut next = 0;
        for (asset, clock, table) in &self.assets {
            index("jumps.asset", *asset, size.n_assets)?;
            between("jumps.asset", *asset, (next, u32::MAX))?;
            next = asset + 1;
            clock.check()?;
            table.check(clock)?;
        }
        Ok(())
    }

    fn largest_move(&self, asset: usize) -> i128 {
        self.table(asset).map_or(0, JumpTable::largest_move)
    }

    fn law(&self, asset: usize) -> Law {
        self.table(asset).map_or_else(Law::default, JumpTable::law)
    }

    fn add(&self, at: PathAt, steps: Range<usize>, buffer: &mut PathBuffer) {
        for (asset, clock, table) in &self.assets {
            let row = &mut buffer.increments[*asset as usize * at.n_steps..][..at.n_steps];
            for (step, increment) in steps.clone().zip(&mut row[steps.clone()]) {
                let drawn = words(at.seed, at.path, step as u32, BLOCK_JUMPS + asset);
                let count = clock.count(drawn[0]);
                if count > 0 {
                    *increment += table.size(count, drawn[1]);
                }
            }
        }
    }

    /// The clock and the sizes of each asset; without thresholds where it does not jump.
    fn declare(&self, size: Size, device: &mut Device<'_>) {
        let mut clocks = vec![ClockRow::zeroed(); size.n_assets];
        let mut sizes = vec![JumpSizesRow::zeroed(); size.n_assets];
        for (asset, clock, table) in &self.assets {
            clocks[*asset as usize] = clock.row(device);
            sizes[*asset as usize] = table.row(device);
        }
        device.rows("T_CLOCKS", &clocks);
        device.rows("T_JUMP_SIZES", &sizes);
    }
}
