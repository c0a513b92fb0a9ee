//! Prices of 0: a mask on (asset, step), since 0 has no logarithm; twin of
//! `shaders/model/zero.wgsl`.
//!
//! While it stands the log price is [`ZERO_LOG`], so low that every mark is 0 however far sales and
//! interest move it; below the mask the log price goes on as if nothing had happened.

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::part::{Hook, Model, Part, Size};
use crate::fixed::OCTAVE;
use crate::market::Market;
use crate::sound::{Unsound, between, length_or_none};

pub(super) const MODEL: Model = Model {
    name: "zero",
    sentence: "prices of 0, after a fall of all or where the recorded table has one",
    keys: &["market.shocks", "market.replay"],
    wgsl: &[("model/zero", include_str!("../../../shaders/model/zero.wgsl"))],
    hooks: &[Hook::Log],
    needs: &["replay"],
};

/// The log2 price, Q8.24, of what is worthless: below any mark, and words are left for what moves
/// it: 32 octaves of impact and 8 of interest either way, and 15 of a coarser mark.
pub const ZERO_LOG: i32 = -72 * OCTAVE;

/// Where prices are 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ZeroTable {
    /// The step from which an asset is worthless to the horizon, [`u32::MAX`] for none; empty where
    /// no asset ever is.
    pub dead_from: Vec<u32>,
    /// 1 where a row of the replayed table holds a price of 0, column by column; empty for nowhere.
    pub rows: Vec<u32>,
}

impl ZeroTable {
    pub(super) fn compile(market: &Market, step_years: f64) -> Self {
        let mut table = Self::default();
        for shock in market.shocks.iter().filter(|shock| shock.change <= -1.0) {
            if table.dead_from.is_empty() {
                table.dead_from = vec![u32::MAX; market.assets.len()];
            }
            // The first step that ends after the shock; a billionth of a step forgives rounding.
            let step = libm::floor(shock.at_years / step_years + 1e-9) as u32;
            let from = &mut table.dead_from[shock.asset.idx()];
            *from = step.min(*from);
        }
        let Some(replay) = &market.replay else { return table };
        if replay.prices.contains(&0.0) {
            let n_columns = replay.assets.len();
            for column in 0..n_columns {
                let prices = replay.prices[column..].iter().step_by(n_columns);
                table.rows.extend(prices.map(|price| u32::from(*price == 0.0)));
            }
        }
        table
    }

    /// Masks the log prices of a path, asset by asset; its window of the replayed table, whose
    /// columns are those of `assets`, opens at a row.
    pub(super) fn mask(&self, logs: &mut [i32], n_steps: usize, (assets, start): (&[u32], usize)) {
        for (logs, from) in logs.chunks_exact_mut(n_steps).zip(&self.dead_from) {
            let from = (*from as usize).min(n_steps);
            logs[from..].fill(ZERO_LOG);
        }
        if self.rows.is_empty() {
            return;
        }
        let n_rows = self.rows.len() / assets.len();
        for (asset, rows) in assets.iter().zip(self.rows.chunks_exact(n_rows)) {
            let logs = &mut logs[*asset as usize * n_steps..][..n_steps];
            for (log, is_zero) in logs.iter_mut().zip(&rows[start + 1..]) {
                *log = if *is_zero == 1 { ZERO_LOG } else { *log };
            }
        }
    }
}

impl Part for ZeroTable {
    fn is_used(&self) -> bool {
        !self.dead_from.is_empty() || !self.rows.is_empty()
    }

    fn check(&self, size: Size) -> Result<(), Unsound> {
        length_or_none("zeros.dead_from", self.dead_from.len(), size.n_assets)?;
        length_or_none("zeros.rows", self.rows.len(), size.n_recorded)?;
        for flag in &self.rows {
            between("zeros.rows", *flag, (0, 1))?;
        }
        Ok(())
    }

    fn declare(&self, _size: Size, device: &mut Device<'_>) {
        device.signed("ZERO_LOG", ZERO_LOG);
        device.flag("HAS_DEAD", !self.dead_from.is_empty());
        device.flag("HAS_ZERO_ROWS", !self.rows.is_empty());
        device.table("T_DEAD_FROM", &self.dead_from);
        device.table("T_ZERO_ROWS", &self.rows);
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
        // Programs without have the digest that they had before there were any.
        let parts: [(_, &[u32]); 2] =
            [("zeros.dead_from", &self.dead_from), ("zeros.rows", &self.rows)];
        let parts = parts.into_iter().filter(|(_, words)| !words.is_empty());
        parts.map(|(name, words)| (name, bytemuck::cast_slice(words))).collect()
    }
}
