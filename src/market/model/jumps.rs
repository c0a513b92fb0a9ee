//! Merton's jumps of single assets, each on a clock of its own; twin of `shaders/model/jumps.wgsl`.
//!
//! Ignores: clustering of jumps, and double-exponential sizes.

use serde::{Deserialize, Serialize};

use super::jump_table::{JumpTable, PoissonTable};
use super::{Market, MarketError, PathBuffer};
use crate::market::rng::{BLOCK_JUMPS, words};

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

    pub(super) fn log2_mean(&self, asset: usize) -> f64 {
        self.table(asset).map_or(0.0, |table| table.log2_mean)
    }

    pub(super) fn largest(&self, asset: usize) -> f64 {
        self.table(asset).map_or(0.0, |table| table.largest)
    }

    pub(super) fn bias(&self, asset: usize) -> f64 {
        self.table(asset).map_or(0.0, |table| table.bias)
    }

    pub(super) fn add(&self, n_steps: usize, seed: u64, path: u64, buffer: &mut PathBuffer) {
        for (asset, clock, table) in &self.assets {
            let row = &mut buffer.increments[*asset as usize * n_steps..][..n_steps];
            for (step, increment) in row.iter_mut().enumerate() {
                let drawn = words(seed, path, step as u32, BLOCK_JUMPS + asset);
                let count = clock.count(drawn[0]);
                if count > 0 {
                    *increment += table.size(count, drawn[1]);
                }
            }
        }
    }

    pub(super) fn parts(&self) -> Vec<(&'static str, &[u8])> {
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
}
