//! Deterministic moves: an instant, or a ramp straight in the log price; twin of
//! `shaders/model/shock.wgsl`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::format::unit;
use super::part::{Hook, Law, Model, Part, PathAt, PathBuffer, Size};
use crate::market::Market;
use crate::sound::{Unsound, length, length_or_none};

pub(super) const MODEL: Model = Model {
    name: "shock",
    sentence: "deterministic moves, at an instant or along a ramp",
    keys: &["market.shocks"],
    wgsl: &[("model/shock", include_str!("../../../shaders/model/shock.wgsl"))],
    hooks: &[Hook::Move],
    needs: &[],
};

/// Increments of every asset at every step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ShockTable {
    /// lsb 2^-56, asset by asset; empty without shocks.
    pub increments: Vec<i64>,
    pub(crate) n_steps: usize,
}

impl ShockTable {
    pub(super) fn compile(market: &Market, n_steps: u32, step_years: f64) -> Self {
        if market.shocks.is_empty() {
            return Self::default();
        }
        let n_steps = n_steps as usize;
        let mut increments = vec![0; n_steps * market.assets.len()];
        // A fall of all is a mask, and no increment.
        for shock in market.shocks.iter().filter(|shock| shock.change > -1.0) {
            let whole = libm::log2(1.0 + shock.change) * unit();
            // Times in steps; a billionth of a step forgives how "12h" / "1h" rounds.
            let begin = shock.at_years / step_years + 1e-9;
            let length = shock.over_years / step_years;
            let done = |time: f64| {
                let share = if length > 0.0 {
                    ((time - begin) / length).clamp(0.0, 1.0)
                } else {
                    f64::from(u8::from(time > begin))
                };
                libm::round(whole * share) as i64
            };
            let row = &mut increments[shock.asset.idx() * n_steps..][..n_steps];
            for (step, increment) in row.iter_mut().enumerate() {
                *increment += done(step as f64 + 1.0) - done(step as f64);
            }
        }
        Self { increments, n_steps }
    }

    /// An asset's increments; none without shocks.
    fn row(&self, asset: usize) -> &[i64] {
        let row = self.increments.get(asset * self.n_steps..(asset + 1) * self.n_steps);
        row.unwrap_or_default()
    }
}

impl Part for ShockTable {
    fn is_used(&self) -> bool {
        !self.increments.is_empty()
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
        vec![("shocks.increments", bytemuck::cast_slice(&self.increments))]
    }

    fn check(&self, size: Size) -> Result<(), Unsound> {
        let n_cells = size.n_assets * size.n_steps;
        length_or_none("shocks.increments", self.increments.len(), n_cells)?;
        let expected = if self.increments.is_empty() { 0 } else { size.n_steps };
        length("shocks.n_steps", self.n_steps, expected)
    }

    fn largest_move(&self, asset: usize) -> i128 {
        self.row(asset).iter().map(|it| i128::from(*it).abs()).max().unwrap_or(0)
    }

    fn law(&self, asset: usize) -> Law {
        let moves = self.row(asset).iter().map(|value| (*value as f64 / unit()).abs());
        Law { largest: moves.fold(0.0, f64::max), ..Law::default() }
    }

    fn add(&self, _at: PathAt, _steps: Range<usize>, buffer: &mut PathBuffer) {
        for (increment, shock) in buffer.increments.iter_mut().zip(&self.increments) {
            *increment += shock;
        }
    }

    fn declare(&self, _size: Size, device: &mut Device<'_>) {
        device.table_wide("T_SHOCKS", &self.increments);
    }
}
