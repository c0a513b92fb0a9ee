//! Jumps of many assets on one clock, so that they fall together; twin of
//! `shaders/model/common_jumps.wgsl`.
//!
//! The clock is shared, the sizes are drawn apart. Ignores: correlation of the sizes beyond their
//! means.

use serde::{Deserialize, Serialize};

use super::jump_table::{JumpTable, PoissonTable};
use super::{Market, MarketError, PathBuffer};
use crate::market::rng::{BLOCK_COMMON_JUMPS, words};

/// The common clock and who takes part.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CommonJumpTable {
    /// Law of the number of jumps in a step; no thresholds means never.
    pub clock: PoissonTable,
    /// Assets that take part, and their sizes.
    pub assets: Vec<(u32, JumpTable)>,
}

impl CommonJumpTable {
    pub(super) fn compile(market: &Market, step_years: f64) -> Result<Self, MarketError> {
        let Some(common) = market.common_jumps.as_ref().filter(|common| common.rate > 0.0) else {
            return Ok(Self::default());
        };
        let clock = PoissonTable::compile(common.rate * step_years, "common_jumps")?;
        let assets = (0_u32..)
            .zip(&common.sizes)
            .filter(|(_, size)| size.mean != 0.0 || size.deviation != 0.0)
            .map(|(idx, size)| (idx, JumpTable::compile(&clock, size.mean, size.deviation)))
            .collect();
        Ok(Self { clock, assets })
    }

    fn table(&self, asset: usize) -> Option<&JumpTable> {
        self.assets.iter().find(|(idx, _)| *idx as usize == asset).map(|(_, table)| table)
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
        if self.assets.is_empty() {
            return;
        }
        for step in 0..n_steps {
            let clock = words(seed, path, step as u32, BLOCK_COMMON_JUMPS)[0];
            let count = self.clock.count(clock);
            if count == 0 {
                continue;
            }
            for (asset, table) in &self.assets {
                let block = BLOCK_COMMON_JUMPS + 1 + asset / 4;
                let word = words(seed, path, step as u32, block)[(asset % 4) as usize];
                buffer.increments[*asset as usize * n_steps + step] += table.size(count, word);
            }
        }
    }

    pub(super) fn parts(&self) -> Vec<(&'static str, &[u8])> {
        let mut parts =
            vec![("common_jumps.thresholds", bytemuck::cast_slice(&self.clock.thresholds))];
        for (asset, table) in &self.assets {
            parts.push(("common_jumps.asset", bytemuck::bytes_of(asset)));
            parts.push(("common_jumps.means", bytemuck::cast_slice(&table.means)));
            parts.push(("common_jumps.deviations", bytemuck::cast_slice(&table.deviations)));
            parts.push(("common_jumps.shift", bytemuck::bytes_of(&table.shift)));
        }
        parts
    }
}
