//! How far prices may rise, and by how many octaves marks are made coarser so that they hold them.
//!
//! A mark has 8 octaves above the opening price. An asset whose price may rise further opens that
//! many octaves lower: its log price starts at -n instead of 0, so that every mark of it is 2^-n of
//! the usual one, and what the book holds of it counts 2^n times as many units. Nothing else knows
//! of it. What a mark loses below its point is told in a note ([`Octaves::coarse`]).

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::format::LOG2_E;
use crate::fixed::{MARK_BITS, OCTAVE};
use crate::market::{Market, Replay, ReplayWindows};
use crate::sound::{Unsound, between, length_or_none};
use crate::units::AssetId;

/// Octaves above the opening price that a mark holds, less a little for rounding.
const HELD: f64 = 7.99;
/// No mark is made coarser than by this: 2^-16 of the opening price is left.
const MOST: u32 = 8;
/// A normal variable is above this once in 10^10.
const Z: f64 = 6.4;
/// A Poisson count is above mean + [`Z`] sqrt(mean) + this less often than that.
const MORE_JUMPS: f64 = 6.0;
/// Octaves by which purchases may raise a price beyond that; further up paths are void.
const BY_PURCHASES: f64 = 2.0;

/// By how many octaves the marks of each asset are coarser; empty where none are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Octaves(Vec<u32>);

impl Octaves {
    /// For so many steps, whose log2 prices drift by at most so much a step, asset by asset. Where
    /// there is a climate, it is taken to be at its wildest throughout.
    pub(super) fn compile(market: &Market, n_steps: u32, step_years: f64, drifts: &[f64]) -> Self {
        let wildest = market.at_its_wildest();
        let rises = (0..market.assets.len()).map(|idx| {
            let years = f64::from(n_steps) * step_years;
            let drift = f64::from(n_steps) * drifts[idx];
            let drawn = drawn(&wildest, AssetId(idx as u32), drift, years);
            let rises = drawn
                + entered(market, idx, n_steps, step_years)
                + shocked(market, idx)
                + replayed(market, idx, n_steps as usize)
                + (market.assets[idx].borrow_rate * years).max(0.0) * LOG2_E;
            // For purchases alone, which few paths see, no mark is made coarser.
            let bought = if rises > HELD { purchased(market, idx) } else { 0.0 };
            libm::ceil(rises + bought - HELD).clamp(0.0, f64::from(MOST)) as u32
        });
        let octaves: Vec<u32> = rises.collect();
        if octaves.iter().all(|it| *it == 0) { Self::default() } else { Self(octaves) }
    }

    /// Of an asset.
    #[must_use]
    pub fn of(&self, asset: usize) -> u32 {
        self.0.get(asset).copied().unwrap_or(0)
    }

    /// The log2 price, Q8.24, at which an asset opens.
    #[must_use]
    pub fn opening_log(&self, asset: usize) -> i32 {
        -(self.of(asset) as i32 * OCTAVE)
    }

    /// Log prices at which assets open; empty where all open at 0.
    #[must_use]
    pub fn opening_logs(&self) -> Vec<i32> {
        (0..self.0.len()).map(|asset| self.opening_log(asset)).collect()
    }

    /// Adds to log prices, asset by asset, what they are at the opening, so many times.
    pub fn open(&self, logs: &mut [i32], times: i32) {
        if self.0.is_empty() || logs.is_empty() {
            return;
        }
        for (asset, logs) in logs.chunks_exact_mut(logs.len() / self.0.len()).enumerate() {
            logs.iter_mut().for_each(|log| *log += times * self.opening_log(asset));
        }
    }

    /// The mark at which an asset opens.
    #[must_use]
    pub fn opening_mark(&self, asset: usize) -> u32 {
        1 << (MARK_BITS - self.of(asset))
    }

    /// Assets with coarser marks, and the step of a mark as a share of the opening price.
    pub fn coarse(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let coarse = self.0.iter().enumerate().filter(|(_, octaves)| **octaves > 0);
        let bits = f64::from(MARK_BITS);
        coarse.map(move |(asset, octaves)| (asset, libm::exp2(f64::from(*octaves) - bits)))
    }

    pub(super) fn check(&self, n_assets: usize) -> Result<(), Unsound> {
        length_or_none("octaves", self.0.len(), n_assets)?;
        for octaves in &self.0 {
            between("octaves", *octaves, (0, MOST))?;
        }
        Ok(())
    }

    pub(super) fn declare(&self, device: &mut Device<'_>) {
        device.flag("HAS_OCTAVES", !self.0.is_empty());
        device.table_signed("T_OPENING_LOGS", &self.opening_logs());
    }

    pub(super) fn parts(&self) -> Vec<(&'static str, &[u8])> {
        // Programs without have the digest that they had before there were any.
        if self.0.is_empty() {
            return Vec::new();
        }
        vec![("market.octaves", bytemuck::cast_slice(&self.0))]
    }
}

/// The highest that diffusion and jumps bring a log2 price with a drift over the horizon, but for
/// one path in 10^10, about.
fn drawn(market: &Market, id: AssetId, drift: f64, years: f64) -> f64 {
    let asset = &market.assets[id.idx()];
    let mut variance = asset.volatility * asset.volatility * years;
    let mut jumps = 0.0;
    let mut add = |rate: f64, mean: f64, deviation: f64| {
        if rate > 0.0 {
            let expected = rate * years;
            let most = expected + Z * libm::sqrt(expected) + MORE_JUMPS;
            jumps += (most * mean).max(0.0);
            variance += most * deviation * deviation;
        }
    };
    if let Some(own) = &asset.jumps {
        add(own.rate, own.mean, own.deviation);
    }
    if let Some(common) = &market.common_jumps {
        let size = common.sizes[id.idx()];
        add(common.rate, size.mean, size.deviation);
    }
    let spread = Z * libm::sqrt(variance) * LOG2_E;
    // The highest of d t + s sqrt(t) over the horizon, t from 0 to 1.
    let highest = if drift < 0.0 && spread < -2.0 * drift {
        spread * spread / (-4.0 * drift)
    } else {
        drift + spread
    };
    highest + jumps * LOG2_E
}

/// The highest that entering states of the climate brings it.
fn entered(market: &Market, asset: usize, n_steps: u32, step_years: f64) -> f64 {
    let Some(regimes) = &market.regimes else { return 0.0 };
    let rises = (0..regimes.states.len()).map(|state| market.entries(state)[asset]);
    let leaves = regimes.states.iter().map(|state| (step_years / state.stay_years).min(1.0));
    let expected = f64::from(n_steps) * leaves.fold(0.0, f64::max);
    let most = expected + Z * libm::sqrt(expected) + MORE_JUMPS;
    most.min(f64::from(n_steps)) * rises.fold(0.0, f64::max)
}

/// The highest that named shocks bring it.
fn shocked(market: &Market, asset: usize) -> f64 {
    let own = market.shocks.iter().filter(|shock| shock.asset.idx() == asset);
    own.map(|shock| libm::log2(1.0 + shock.change.max(0.0))).sum()
}

/// The most that its price rises above that at which a window opens.
fn replayed(market: &Market, asset: usize, n_steps: usize) -> f64 {
    let Some(replay) = &market.replay else { return 0.0 };
    let Some(column) = replay.assets.iter().position(|id| id.idx() == asset) else { return 0.0 };
    let prices: Vec<f64> =
        replay.prices[column..].iter().step_by(replay.assets.len()).copied().collect();
    let most = |start: usize| {
        let window = prices[start..].iter().take(n_steps + 1);
        window.fold(0.0_f64, |most, price| most.max(*price)) / prices[start]
    };
    let ratio = match replay.windows {
        ReplayWindows::From(start) => most(start),
        ReplayWindows::Each { .. } => most_of_windows(replay, &prices, n_steps),
    };
    libm::log2(ratio).max(0.0)
}

/// The most over all rows: highest of the rows ahead, kept as a falling queue.
fn most_of_windows(replay: &Replay, prices: &[f64], n_steps: usize) -> f64 {
    let mut ahead: std::collections::VecDeque<usize> = std::collections::VecDeque::new();
    let (mut most, mut next) = (1.0_f64, 0);
    for start in 0..replay.n_rows {
        while next < replay.n_rows && next <= start + n_steps {
            while ahead.back().is_some_and(|row| prices[*row] <= prices[next]) {
                ahead.pop_back();
            }
            ahead.push_back(next);
            next += 1;
        }
        while ahead.front().is_some_and(|row| *row < start) {
            ahead.pop_front();
        }
        // No window opens at a price of 0.
        if let Some(row) = ahead.front().filter(|_| prices[start] > 0.0) {
            most = most.max(prices[*row] / prices[start]);
        }
    }
    most
}

/// The highest that purchases bring it, of itself or of others.
fn purchased(market: &Market, asset: usize) -> f64 {
    let liquidity = &market.liquidity;
    let n_assets = market.assets.len();
    let moves = |other: usize| match liquidity.cross_impact.get(asset * n_assets + other) {
        Some(impact) => impact.abs(),
        None => f64::from(u8::from(other == asset)),
    };
    let octaves = liquidity.depths.iter().map(|depth| BY_PURCHASES * moves(depth.asset.idx()));
    octaves.sum::<f64>().min(BY_PURCHASES)
}
