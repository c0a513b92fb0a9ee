//! The shape every price model has: compiled to integers once, then adding its increments to a
//! path.
//!
//! A path is the sum of what its models contribute, in log2 of the price with lsb 2^-56:
//! drift + diffusion + own jumps + common jumps + shocks + history. Each model draws its words from
//! blocks of its own, so that adding one changes no word of another.

mod common_jumps;
mod diffusion;
mod jump_table;
mod jumps;
mod octaves;
mod replay;
mod shock;
mod zero;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Market;
use crate::fixed::{LOG_BITS, MAX_SHOCK};
use crate::lanes::Lanes;

pub use common_jumps::CommonJumpTable;
pub use diffusion::Diffusion;
pub use jump_table::{JumpTable, PoissonTable};
pub use jumps::JumpTables;
pub(crate) use octaves::MOST as MOST_OCTAVES;
pub use octaves::Octaves;
pub use replay::ReplayTable;
pub use shock::ShockTable;
pub use zero::{ZERO_LOG, ZeroTable};

/// One over the natural logarithm of 2.
pub(crate) const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// Most that |log2 price| may reach: beyond it a path is held there and reported as saturated.
pub const LOG_CLAMP: i64 = 1 << 62;
/// Most that one step may move |log2 price|, so that sums cannot overflow before the clamp: 2^32
/// times.
pub(crate) const MAX_STEP: f64 = (1_u64 << 61) as f64;
/// Worst relative bias of a mean price over the horizon that a program may have.
pub const MAX_BIAS: f64 = 1e-5;
/// Coefficients of shocks have at most this many bits beyond those of a shock.
pub(crate) const MOST_SHIFT: u32 = 31;
/// The largest coefficient of a shock, absolute.
pub(crate) const MOST_COEFFICIENT: i32 = 1 << 30;
/// Error of [`crate::fixed::normal_shock`] within its range, at most (tested).
pub(crate) const SHOCK_ERROR: f64 = 1.3e-7;

/// What a path is made of: the increments of every asset, and scratch space for the models.
#[derive(Debug, Clone, Default)]
pub struct PathBuffer {
    /// Increments of log2 prices, lsb 2^-56, asset by asset, `n_steps` each.
    pub increments: Vec<i64>,
    /// log2 prices after each step, Q8.24 rounded to nearest, asset by asset; what the opening's
    /// are say [`Octaves`].
    pub logs: Vec<i32>,
    /// Whether some log price met [`LOG_CLAMP`].
    pub clamped: bool,
    /// The lanes that fill it.
    pub lanes: Lanes,
    pub(crate) shocks: Vec<i32>,
    /// What the increments of an asset are mixed of: factors, and where their shocks begin.
    pub(crate) mixed: Vec<(i32, usize)>,
}

/// The market as integers: what a path's prices follow from, with its seed and index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompiledMarket {
    /// Steps of a path.
    pub n_steps: usize,
    /// Assets.
    pub n_assets: usize,
    /// Deterministic part of every step, an asset; includes what keeps the mean price in place.
    pub drift: Vec<i64>,
    /// Correlated normal increments.
    pub diffusion: Diffusion,
    /// Jumps of single assets; empty without.
    pub jumps: JumpTables,
    /// Jumps that hit many assets at once; empty without.
    pub common_jumps: CommonJumpTable,
    /// Deterministic moves by step; empty without.
    pub shocks: ShockTable,
    /// Recorded history; empty without.
    pub replay: ReplayTable,
    /// Where prices are 0; empty for nowhere.
    pub zeros: ZeroTable,
    /// By how many octaves marks are coarser, so that they hold what prices may rise to.
    pub octaves: Octaves,
    /// Worst relative bias of a mean price over the horizon; at most [`MAX_BIAS`].
    pub worst_bias: f64,
}

/// Why a market cannot be put into integers.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MarketError {
    /// A single step may move a price beyond what the format holds.
    #[error(
        "asset {asset}: one step may move the price by a factor of 2^{log2_move:.1}, beyond 2^32: \
         use shorter steps, or lower volatility, drift, jumps or shocks"
    )]
    StepTooLarge {
        /// The asset.
        asset: String,
        /// Largest move, in powers of two.
        log2_move: f64,
    },
    /// More jumps a step than the table of counts holds.
    #[error(
        "asset {asset}: {mean_count} jumps expected in one step, above 64: \
         use shorter steps or a lower jump rate"
    )]
    TooManyJumps {
        /// The asset, or the common clock.
        asset: String,
        /// Expected number in a step.
        mean_count: f64,
    },
    /// Quantisation would move the mean price.
    #[error(
        "asset {asset}: the mean price would be off by {bias:.1e} of itself at the horizon, \
         above 1e-5: use shorter steps or lower volatility"
    )]
    Biased {
        /// The asset.
        asset: String,
        /// Relative bias.
        bias: f64,
    },
}

/// Puts a market into integers.
///
/// # Errors
///
/// If a step is too large for the formats, or the mean price would be biased.
pub fn compile(
    market: &Market,
    n_steps: u32,
    step_years: f64,
) -> Result<CompiledMarket, MarketError> {
    let n_assets = market.assets.len();
    let name_of = |asset: usize| market.assets[asset].name.clone();
    let diffusion = Diffusion::compile(market, step_years);
    let jumps = JumpTables::compile(market, step_years)?;
    let common_jumps = CommonJumpTable::compile(market, step_years)?;
    let shocks = ShockTable::compile(market, n_steps, step_years);
    let replay = ReplayTable::compile(market, n_steps);
    let zeros = ZeroTable::compile(market, step_years);
    let mut drift = Vec::with_capacity(n_assets);
    let mut log2_drifts = Vec::with_capacity(n_assets);
    let mut worst_bias: f64 = 0.0;
    for (idx, asset) in market.assets.iter().enumerate() {
        let compensation =
            diffusion.log2_mean(idx) + jumps.log2_mean(idx) + common_jumps.log2_mean(idx);
        let log2_drift = asset.drift * step_years * LOG2_E - compensation;
        let largest = log2_drift.abs()
            + diffusion.largest(idx)
            + jumps.largest(idx)
            + common_jumps.largest(idx)
            + shocks.largest(idx)
            + replay.largest(idx);
        if largest * unit() > MAX_STEP {
            return Err(MarketError::StepTooLarge { asset: name_of(idx), log2_move: largest });
        }
        drift.push(libm::round(log2_drift * unit()) as i64);
        log2_drifts.push(log2_drift);
        let a_step = diffusion.bias(idx) + jumps.bias(idx) + common_jumps.bias(idx);
        let bias = f64::from(n_steps) * (a_step + 1.0 / unit()) + MARK_BIAS;
        if bias > MAX_BIAS {
            return Err(MarketError::Biased { asset: name_of(idx), bias });
        }
        worst_bias = worst_bias.max(bias);
    }
    Ok(CompiledMarket {
        n_steps: n_steps as usize,
        n_assets,
        drift,
        diffusion,
        jumps,
        common_jumps,
        shocks,
        replay,
        zeros,
        octaves: Octaves::compile(market, n_steps, step_years, &log2_drifts),
        worst_bias,
    })
}

/// Rounding of the log price to Q8.24 and the error of `exp2`, together, relative.
const MARK_BIAS: f64 = 2.5e-8;

/// One in the format of log prices, 2^56.
pub(crate) fn unit() -> f64 {
    (1_u64 << LOG_BITS) as f64
}

/// The largest shock as a number of standard deviations.
pub(crate) fn largest_shock() -> f64 {
    f64::from(MAX_SHOCK) / f64::from(1 << 28)
}

/// Bound on the bias of E[exp(a Z')] relative to exp(a^2 / 2) for the quantised normal Z', which is
/// symmetric: 0 for a = 0, and of second order in a.
///
/// Within its range Z' is off by at most e = [`SHOCK_ERROR`], with the sign of Z, so that E[cosh]
/// moves by at most e a E[sinh(a |Z|)] = e a exp(a^2 / 2) (2 Φ(a) - 1). Beyond the largest shock c
/// the law is held at c: what it lacks is E[cosh(a Z) - cosh(a c); |Z| > c], counted twice, since
/// the last words stand for shocks on either side of it.
pub(crate) fn shock_bias(deviation: f64) -> f64 {
    let (a, c) = (deviation, largest_shock());
    let above = |x: f64| 0.5 * libm::erfc(x / std::f64::consts::SQRT_2);
    let within = SHOCK_ERROR * a * libm::erf(a / std::f64::consts::SQRT_2);
    let held = 2.0 * above(c) * libm::cosh(a * c) * libm::exp(-0.5 * a * a);
    let beyond = (above(c - a) + above(c + a) - held).max(0.0);
    within + 2.0 * beyond
}

/// Quantises a row of coefficients of normal shocks so that their products share the lsb
/// 2^-(56 + shift): as fine as i32 allows while the row's absolute sum stays below 2^30.
pub(crate) fn quantise_row(row: &[f64]) -> (Vec<i32>, u32) {
    let total: f64 = row.iter().map(|value| value.abs()).sum();
    let mut shift = 0;
    while shift < MOST_SHIFT
        && total * libm::exp2(f64::from(28 + shift + 1)) < f64::from(MOST_COEFFICIENT) - 64.0
    {
        shift += 1;
    }
    let scale = libm::exp2(f64::from(28 + shift));
    let limit = f64::from(MOST_COEFFICIENT);
    let quantise = |value: &f64| libm::round(value * scale).clamp(-limit, limit) as i32;
    (row.iter().map(quantise).collect(), shift)
}

/// Rounds a sum of coefficient x shock, lsb 2^-(56 + shift), to the format of log prices.
#[inline(always)]
pub(crate) fn round_shift(sum: i64, shift: u32) -> i64 {
    let half = (1_i64 << shift) >> 1;
    (sum + half) >> shift
}

/// Adds increments up to log prices from that at the opening, Q8.24, rounded to their upper words;
/// whether one met [`LOG_CLAMP`].
fn add_up(opening: i32, increments: &[i64], logs: &mut [i32]) -> bool {
    const RUN: usize = 64;
    let mut clamped = false;
    // Half a unit of 2^-24 to begin with: the upper word is then rounded, not cut.
    let mut log = (i64::from(opening) << 32) + (1 << 31);
    for (increments, logs) in increments.chunks(RUN).zip(logs.chunks_mut(RUN)) {
        // A run of increments from -2^54 to 2^54 - 1 moves a log by 2^60 at most.
        let far = increments.iter().fold(0, |far, it| far | it.wrapping_add(1 << 54));
        if far as u64 >> 55 == 0 && log.unsigned_abs() < LOG_CLAMP as u64 / 2 {
            for (increment, upper) in increments.iter().zip(logs) {
                log += increment;
                *upper = (log >> 32) as i32;
            }
            continue;
        }
        for (increment, upper) in increments.iter().zip(logs) {
            log += increment;
            if log.unsigned_abs() > LOG_CLAMP as u64 {
                log = log.clamp(-LOG_CLAMP, LOG_CLAMP);
                clamped = true;
            }
            *upper = (log >> 32) as i32;
        }
    }
    clamped
}

impl CompiledMarket {
    /// A buffer of the right size.
    #[must_use]
    pub fn buffer(&self) -> PathBuffer {
        PathBuffer {
            increments: vec![0; self.n_assets * self.n_steps],
            logs: vec![0; self.n_assets * self.n_steps],
            clamped: false,
            lanes: Lanes::widest(),
            shocks: vec![0; self.diffusion.n_shocks().iter().sum::<usize>() * self.n_steps],
            mixed: Vec::new(),
        }
    }

    /// Walks the prices of a path: `buffer.logs` afterwards holds its log prices.
    pub fn walk(&self, seed: u64, path: u64, buffer: &mut PathBuffer) {
        for (row, drift) in buffer.increments.chunks_exact_mut(self.n_steps).zip(&self.drift) {
            row.fill(*drift);
        }
        self.diffusion.add(self.n_steps, seed, path, buffer);
        self.jumps.add(self.n_steps, seed, path, buffer);
        self.common_jumps.add(self.n_steps, seed, path, buffer);
        self.shocks.add(buffer);
        self.replay.add(self.n_steps, path, buffer);
        buffer.clamped = false;
        let rows = buffer.increments.chunks_exact(self.n_steps);
        let rows = rows.zip(buffer.logs.chunks_exact_mut(self.n_steps)).enumerate();
        for (asset, (increments, logs)) in rows {
            buffer.clamped |= add_up(self.octaves.opening_log(asset), increments, logs);
        }
        let window = (&*self.replay.assets, self.replay.start_row_of(path));
        self.zeros.mask(&mut buffer.logs, self.n_steps, window);
    }

    /// Every array that decides a path, named, for the program's digest.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, &[u8])> {
        let mut parts = vec![("market.drift", bytemuck::cast_slice(&self.drift))];
        parts.extend(self.diffusion.parts());
        parts.extend(self.jumps.parts());
        parts.extend(self.common_jumps.parts());
        parts.extend(self.shocks.parts());
        parts.extend(self.replay.parts());
        parts.extend(self.zeros.parts());
        parts.extend(self.octaves.parts());
        parts
    }
}

#[cfg(test)]
mod tests;
