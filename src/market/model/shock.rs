//! Deterministic moves: an instant, or a ramp straight in the log price; twin of
//! `shaders/model/shock.wgsl`.

use serde::{Deserialize, Serialize};

use super::{Market, PathBuffer, unit};

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

    pub(super) fn largest(&self, asset: usize) -> f64 {
        let row = self.increments.get(asset * self.n_steps..(asset + 1) * self.n_steps);
        row.into_iter().flatten().map(|value| (*value as f64 / unit()).abs()).fold(0.0, f64::max)
    }

    pub(super) fn add(&self, buffer: &mut PathBuffer) {
        for (increment, shock) in buffer.increments.iter_mut().zip(&self.increments) {
            *increment += shock;
        }
    }

    pub(super) fn parts(&self) -> Vec<(&'static str, &[u8])> {
        vec![("shocks.increments", bytemuck::cast_slice(&self.increments))]
    }
}
