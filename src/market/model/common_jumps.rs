//! Jumps of many assets on one clock, so that they fall together; twin of
//! `shaders/model/common_jumps.wgsl`.
//!
//! The clock is shared, the sizes are drawn apart. Ignores: correlation of the sizes beyond their
//! means.

use std::ops::Range;

use bytemuck::Zeroable;
use serde::{Deserialize, Serialize};

use super::device::Device;
use super::jump_table::{self, JumpSizesRow, JumpTable, PoissonTable};
use super::part::{Hook, Law, MarketError, Model, Part, PathAt, PathBuffer, Size};
use crate::market::Market;
use crate::market::rng::{BLOCK_COMMON_JUMPS, words};
use crate::sound::{Unsound, between, index};

pub(super) const MODEL: Model = Model {
    name: "common_jumps",
    sentence: "jumps of many assets on one clock, so that they fall together",
    keys: &["market.common_jumps"],
    wgsl: &[
        jump_table::WGSL,
        ("model/common_jumps", include_str!("../../../shaders/model/common_jumps.wgsl")),
    ],
    hooks: &[Hook::Step, Hook::Move],
    needs: &[],
};

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
}

impl Part for CommonJumpTable {
    fn is_used(&self) -> bool {
        !self.assets.is_empty()
    }

    fn is_drawn(&self) -> bool {
        self.is_used()
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
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

    fn check(&self, size: Size) -> Result<(), Unsound> {
        let mut next = 0;
        self.clock.check()?;
        for (asset, table) in &self.assets {
            index("common_jumps.asset", *asset, size.n_assets)?;
            between("common_jumps.asset", *asset, (next, u32::MAX))?;
            next = asset + 1;
            table.check(&self.clock)?;
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
        if self.assets.is_empty() {
            return;
        }
        for step in steps {
            let clock = words(at.seed, at.path, step as u32, BLOCK_COMMON_JUMPS)[0];
            let count = self.clock.count(clock);
            if count == 0 {
                continue;
            }
            for (asset, table) in &self.assets {
                let block = BLOCK_COMMON_JUMPS + 1 + asset / 4;
                let word = words(at.seed, at.path, step as u32, block)[(asset % 4) as usize];
                buffer.increments[*asset as usize * at.n_steps + step] += table.size(count, word);
            }
        }
    }

    /// The clock, and the sizes of each asset.
    fn declare(&self, size: Size, device: &mut Device<'_>) {
        let mut sizes = vec![JumpSizesRow::zeroed(); size.n_assets];
        for (asset, table) in &self.assets {
            sizes[*asset as usize] = table.row(device);
        }
        device.rows("T_COMMON_SIZES", &sizes);
        let clock = self.clock.row(device);
        device.rows("T_COMMON_CLOCK", &[clock]);
    }
}
