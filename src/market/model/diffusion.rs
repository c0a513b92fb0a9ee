//! Correlated geometric Brownian motion, exact in its log at every step; twin of
//! `shaders/model/diffusion.wgsl`.
//!
//! dx_i = Σ_j L_ij z_j with L = diag(σ_i √dt) chol(ρ) / ln 2, in log2 units; with common factors
//! dx_i = σ_i √dt (√(1 - Σ_k b_ik²) z_i + Σ_k b_ik f_k) / ln 2. Ignores: volatility that moves, fat
//! tails within a step (see the jumps).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::format::{LOG2_E, MOST_SHIFT, largest_shock, quantise_row, round_shift, shock_bias};
use super::part::{Hook, Law, Model, Part, PathAt, PathBuffer, Size};
use crate::fixed::{MAX_SHOCK, ONE_Q31, normal_shock};
use crate::market::correlation::cholesky;
use crate::market::factors::MOST_FACTORS;
use crate::market::rng::{BLOCK_DIFFUSION, BLOCK_FACTORS, words};
use crate::market::{Correlation, Market};
use crate::sound::{Unsound, between, index, length};

pub(super) const MODEL: Model = Model {
    name: "diffusion",
    sentence: "correlated geometric Brownian motion, exact in its log at every step",
    keys: &["assets.volatility", "market.correlation", "market.factors"],
    wgsl: &[("model/diffusion", include_str!("../../../shaders/model/diffusion.wgsl"))],
    hooks: &[Hook::Step, Hook::Move],
    needs: &[],
};

/// The quantised factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diffusion {
    /// Coefficients of the assets' own shocks, asset by asset: a dense lower factor, `n_assets`
    /// squared, or, beside common factors, each asset's alone; lsb 2^-(28 + shift of the row).
    pub factor: Vec<i32>,
    /// Coefficients of the common factors' shocks, asset by asset; empty without. Same lsb.
    pub loadings: Vec<i32>,
    /// Shift of each row.
    pub shifts: Vec<u32>,
}

impl Diffusion {
    pub(super) fn compile(market: &Market, step_years: f64) -> Self {
        let n_assets = market.assets.len();
        let (rows, n_factors) = match &market.correlation {
            Correlation::Dense(matrix) => (cholesky(matrix, n_assets), 0),
            Correlation::Factors(factors) => (factors.rows(), factors.n_factors),
        };
        let n_columns = rows.len() / n_assets;
        let (mut factor, mut loadings) = (Vec::new(), Vec::new());
        let mut shifts = Vec::with_capacity(n_assets);
        for (row, asset) in rows.chunks_exact(n_columns).zip(&market.assets) {
            let scale = asset.volatility * libm::sqrt(step_years) * LOG2_E;
            let scaled: Vec<f64> = row.iter().map(|value| value * scale).collect();
            let (quantised, shift) = quantise_row(&scaled);
            let (own, common) = quantised.split_at(n_columns - n_factors);
            factor.extend(own);
            loadings.extend(common);
            shifts.push(shift);
        }
        Self { factor, loadings, shifts }
    }

    /// Columns of `factor`: as many as assets, or 1 beside common factors.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.factor.len() / self.shifts.len()
    }

    /// Common factors.
    #[must_use]
    pub fn n_factors(&self) -> usize {
        self.loadings.len() / self.shifts.len()
    }

    /// Shocks of a step, in whole blocks: the assets' own, and the common factors'.
    #[must_use]
    pub fn n_shocks(&self) -> [usize; 2] {
        [self.shifts.len(), self.n_factors()].map(|n| n.next_multiple_of(4))
    }

    /// An asset's coefficients of the assets' own shocks, and of the common factors'.
    pub(crate) fn row(&self, asset: usize) -> (&[i32], &[i32]) {
        let (n_columns, n_factors) = (self.n_columns(), self.n_factors());
        let own = &self.factor[asset * n_columns..(asset + 1) * n_columns];
        (own, &self.loadings[asset * n_factors..(asset + 1) * n_factors])
    }

    /// The coefficients of an asset as quantised, in log2 units.
    fn coefficients(&self, asset: usize) -> impl Iterator<Item = f64> + '_ {
        let lsb = libm::exp2(-f64::from(28 + self.shifts[asset]));
        let (own, common) = self.row(asset);
        own.iter().chain(common).map(move |value| f64::from(*value) * lsb)
    }

    /// Standard deviation of a step of the natural log price, as quantised.
    fn deviation(&self, asset: usize) -> f64 {
        libm::sqrt(self.coefficients(asset).map(|value| value * value).sum()) / LOG2_E
    }

    /// The absolute sum of an asset's coefficients.
    fn row_sum(&self, asset: usize) -> i128 {
        let (own, common) = self.row(asset);
        own.iter().chain(common).map(|it| i128::from(it.unsigned_abs())).sum()
    }

    /// What an asset's increments are mixed of: factors, but for those that are 0, and where the
    /// shocks begin that they belong to.
    fn mixed(&self, asset: usize, n_steps: usize) -> impl Iterator<Item = (i32, usize)> + '_ {
        let (own, common) = self.row(asset);
        // A row of one column holds the asset's own shock alone.
        let first = if own.len() == 1 { asset } else { 0 };
        let own = own.iter().zip(first..);
        let common = common.iter().zip(self.n_shocks()[0]..);
        let terms = own.chain(common).filter(|(factor, _)| **factor != 0);
        terms.map(move |(factor, row)| (*factor, row * n_steps))
    }
}

impl Part for Diffusion {
    fn is_used(&self) -> bool {
        true
    }

    fn is_drawn(&self) -> bool {
        self.factor.iter().chain(&self.loadings).any(|it| *it != 0)
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
        let mut parts: Vec<(_, &[u8])> = vec![
            ("diffusion.factor", bytemuck::cast_slice(&self.factor)),
            ("diffusion.shifts", bytemuck::cast_slice(&self.shifts)),
        ];
        // Programs without have the digest that they had before there were any.
        if !self.loadings.is_empty() {
            parts.push(("diffusion.loadings", bytemuck::cast_slice(&self.loadings)));
        }
        parts
    }

    fn check(&self, size: Size) -> Result<(), Unsound> {
        let n_assets = size.n_assets;
        length("diffusion.shifts", self.shifts.len(), n_assets)?;
        let n_factors = self.n_factors();
        index("n_factors", n_factors, MOST_FACTORS + 1)?;
        length("diffusion.loadings", self.loadings.len(), n_assets * n_factors)?;
        let n_columns = if n_factors == 0 { n_assets } else { 1 };
        length("diffusion.factor", self.factor.len(), n_assets * n_columns)?;
        for shift in &self.shifts {
            between("diffusion.shift", *shift, (0, MOST_SHIFT))?;
        }
        for asset in 0..n_assets {
            // Products with shocks, which are below 2^31, then add up to less than 2^62.
            between("diffusion row", self.row_sum(asset), (0, ONE_Q31))?;
        }
        Ok(())
    }

    fn largest_move(&self, asset: usize) -> i128 {
        (self.row_sum(asset) * i128::from(MAX_SHOCK)) >> self.shifts[asset]
    }

    fn law(&self, asset: usize) -> Law {
        let deviation = self.deviation(asset);
        Law {
            log2_mean: 0.5 * deviation * deviation * LOG2_E,
            largest: self.coefficients(asset).map(f64::abs).sum::<f64>() * largest_shock(),
            bias: shock_bias(deviation),
        }
    }

    fn draw(&self, at: PathAt, buffer: &mut PathBuffer) {
        let PathAt { seed, path, n_steps } = at;
        let PathBuffer { shocks, lanes, .. } = buffer;
        let (own_shocks, common_shocks) = shocks.split_at_mut(self.n_shocks()[0] * n_steps);
        lanes.run(
            #[inline(always)]
            || {
                for (rows, first) in
                    [(&mut *own_shocks, BLOCK_DIFFUSION), (&mut *common_shocks, BLOCK_FACTORS)]
                {
                    for (block, rows) in (first..).zip(rows.chunks_exact_mut(4 * n_steps)) {
                        draw(n_steps, seed, path, block, rows);
                    }
                }
            },
        );
    }

    fn add(&self, at: PathAt, steps: Range<usize>, buffer: &mut PathBuffer) {
        let PathBuffer { increments, shocks, lanes, mixed, .. } = buffer;
        let Range { start, end } = steps;
        let shocks = &shocks[start..];
        lanes.run(
            #[inline(always)]
            || {
                for (asset, increments) in increments.chunks_exact_mut(at.n_steps).enumerate() {
                    mixed.clear();
                    mixed.extend(self.mixed(asset, at.n_steps));
                    mix(mixed, self.shifts[asset], shocks, &mut increments[start..end]);
                }
            },
        );
    }

    fn declare(&self, _size: Size, device: &mut Device<'_>) {
        let [n_own, n_common] = self.n_shocks();
        device.word("N_SHOCKS", n_own);
        device.word("N_FACTOR_SHOCKS", n_common);
        device.word("N_COLUMNS", self.n_columns());
        device.word("N_FACTORS", self.n_factors());
        device.table_signed("T_FACTOR", &self.factor);
        device.table_signed("T_LOADINGS", &self.loadings);
        device.table("T_SHIFTS", &self.shifts);
    }
}

/// The shocks of a block's four words in every step, word by word.
#[inline(always)]
fn draw(n_steps: usize, seed: u64, path: u64, block: u32, rows: &mut [i32]) {
    let (first, rest) = rows.split_at_mut(n_steps);
    let (second, rest) = rest.split_at_mut(n_steps);
    let (third, fourth) = rest.split_at_mut(n_steps);
    for step in 0..n_steps {
        let drawn = words(seed, path, step as u32, block);
        first[step] = drawn[0] as i32;
        second[step] = drawn[1] as i32;
        third[step] = drawn[2] as i32;
        fourth[step] = drawn[3] as i32;
    }
    for word in rows {
        *word = normal_shock(*word as u32);
    }
}

/// Adds one asset's row of factor x shocks, rounded once, in runs of steps whose sums fit into
/// registers.
#[inline(always)]
fn mix(terms: &[(i32, usize)], shift: u32, shocks: &[i32], increments: &mut [i64]) {
    let (long, rest) = increments.as_chunks_mut::<32>();
    mix_runs(terms, shift, shocks, long);
    let done = 32 * long.len();
    let (short, rest) = rest.as_chunks_mut::<8>();
    mix_runs(terms, shift, &shocks[done..], short);
    let done = done + 8 * short.len();
    mix_runs(terms, shift, &shocks[done..], rest.as_chunks_mut::<1>().0);
}

#[inline(always)]
fn mix_runs<const RUN: usize>(
    terms: &[(i32, usize)],
    shift: u32,
    shocks: &[i32],
    runs: &mut [[i64; RUN]],
) {
    for (increments, first) in runs.iter_mut().zip((0..).step_by(RUN)) {
        let mut sums = [0_i64; RUN];
        for (factor, row) in terms {
            let shocks = &shocks[row + first..][..RUN];
            for (sum, shock) in sums.iter_mut().zip(shocks) {
                *sum += i64::from(*factor) * i64::from(*shock);
            }
        }
        for (increment, sum) in increments.iter_mut().zip(sums) {
            *increment += round_shift(sum, shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_any_length_are_mixed_as_step_by_step() {
        let shocks: Vec<i32> = (0..3 * 110_u32)
            .map(|idx| normal_shock(idx.wrapping_mul(0x9e37_79b9).wrapping_add(7)))
            .collect();
        for n_steps in 1..110 {
            let terms = [(i32::MAX >> 2, 0), (-12_345_678, n_steps), (1, 2 * n_steps)];
            let mut mixed = vec![-5; n_steps];
            mix(&terms, 3, &shocks, &mut mixed);
            for (step, mixed) in mixed.iter().enumerate() {
                let of_term = |(factor, row): &(i32, usize)| {
                    i64::from(*factor) * i64::from(shocks[row + step])
                };
                let sum = terms.iter().map(of_term).sum();
                assert_eq!(*mixed, round_shift(sum, 3) - 5, "step {step} of {n_steps}");
            }
        }
    }
}
