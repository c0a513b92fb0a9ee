//! Poisson counts and compound normal jumps as tables of integers; twin of
//! `shaders/model/jump_table.wgsl`.
//!
//! The count is the inverse CDF of one word; the sum of k jumps N(m, d) is exactly N(k m, √k d),
//! one normal shock. Merton, "Option pricing when underlying stock returns are discontinuous",
//! 1976.

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::format::{
    LOG2_E, MOST_COEFFICIENT, MOST_SHIFT, largest_shock, quantise_row, round_shift, shock_bias,
    unit,
};
use super::part::{Law, MarketError};
use crate::fixed::{MAX_SHOCK, normal_shock};
use crate::rows;
use crate::sound::{Unsound, between, holds, index, length};

/// Its WGSL, which that of the clocked models is built on.
pub(super) const WGSL: (&str, &str) =
    ("model/jump_table", include_str!("../../../shaders/model/jump_table.wgsl"));

/// A Poisson count of the largest mean that a step may have is above this never in 2^32 words.
const MOST_COUNTS: usize = 256;
rows! {
    /// The clock of an asset's jumps.
    pub struct ClockRow {
        /// Where its thresholds begin.
        pub thresholds: u32,
        /// How many there are.
        pub n_thresholds: u32,
    }

    /// How far an asset jumps.
    pub struct JumpSizesRow {
        /// Where the means begin, by number of jumps.
        pub means: u32,
        /// Where the deviations begin.
        pub deviations: u32,
        /// Shift of a deviation times a shock.
        pub shift: u32,
        /// 0 for an asset that does not jump.
        pub takes_part: u32,
    }
}

/// Most jumps expected in a step.
const MAX_MEAN_COUNT: f64 = 64.0;

/// Thresholds of the count of a Poisson clock in one step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PoissonTable {
    /// round(2^32 P(N <= k)) for k = 0, 1, ... while below 2^32: the count is how many are <= the
    /// word.
    pub thresholds: Vec<u32>,
}

impl PoissonTable {
    /// The table of a mean count.
    pub(super) fn compile(mean_count: f64, asset: &str) -> Result<Self, MarketError> {
        if mean_count > MAX_MEAN_COUNT {
            return Err(MarketError::TooManyJumps { asset: asset.to_owned(), mean_count });
        }
        let mut thresholds = Vec::new();
        let mut mass = libm::exp(-mean_count);
        let mut total = mass;
        for count in 1.. {
            let threshold = libm::round(total * 4_294_967_296.0);
            if threshold >= 4_294_967_295.5 || mass == 0.0 {
                break;
            }
            thresholds.push(threshold as u32);
            mass *= mean_count / f64::from(count);
            total += mass;
        }
        Ok(Self { thresholds })
    }

    pub(super) fn check(&self) -> Result<(), Unsound> {
        index("jumps.thresholds", self.thresholds.len(), MOST_COUNTS)?;
        holds(self.thresholds.is_sorted(), "jumps.thresholds", "they do not fall")
    }

    /// Its row, once its thresholds are declared.
    pub(super) fn row(&self, device: &mut Device<'_>) -> ClockRow {
        let n_thresholds = self.thresholds.len() as u32;
        ClockRow { thresholds: device.push(&self.thresholds), n_thresholds }
    }

    /// Probabilities of the counts as quantised.
    fn masses(&self) -> Vec<f64> {
        let mut below = 0.0;
        let mut masses = Vec::with_capacity(self.thresholds.len() + 1);
        for threshold in &self.thresholds {
            let upto = f64::from(*threshold) / 4_294_967_296.0;
            masses.push(upto - below);
            below = upto;
        }
        masses.push(1.0 - below);
        masses
    }

    /// How many jumps a word stands for.
    #[inline(always)]
    pub(super) fn count(&self, word: u32) -> usize {
        match self.thresholds.first() {
            Some(first) if word >= *first => {
                1 + self.thresholds[1..].iter().take_while(|threshold| word >= **threshold).count()
            }
            _ => 0,
        }
    }
}

/// The size of `count` jumps together, a row a count.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JumpTable {
    /// Mean of the sum of 1, 2, ... jumps, lsb 2^-56.
    pub means: Vec<i64>,
    /// Standard deviation of the sum of 1, 2, ... jumps, lsb 2^-(28 + shift).
    pub deviations: Vec<i32>,
    /// Shift of the deviations.
    pub shift: u32,
    /// log2 of the mean of 2^jumps in a step, the count's law included.
    pub log2_mean: f64,
    /// Most that a step may jump, log2.
    pub largest: f64,
    /// Relative bias of the mean price, a step.
    pub bias: f64,
}

impl JumpTable {
    pub(super) fn compile(clock: &PoissonTable, mean: f64, deviation: f64) -> Self {
        let n_counts = clock.thresholds.len();
        let roots = (1..=n_counts).map(|count| libm::sqrt(count as f64));
        let scaled: Vec<f64> = roots.map(|root| root * deviation * LOG2_E).collect();
        // Only one of the rows is used at a time, so the largest alone bounds the product.
        let largest_row = scaled.last().copied().unwrap_or(0.0);
        let shift = quantise_row(&[largest_row]).1;
        let scale = libm::exp2(f64::from(28 + shift));
        let limit = f64::from(1 << 30);
        let deviations: Vec<i32> = scaled
            .iter()
            .map(|value| libm::round(value * scale).clamp(-limit, limit) as i32)
            .collect();
        let means: Vec<i64> = (1..=n_counts)
            .map(|count| libm::round(count as f64 * mean * LOG2_E * unit()) as i64)
            .collect();
        let (mut expected, mut bias) = (0.0, 0.0);
        for (count, mass) in clock.masses().into_iter().enumerate() {
            let (mean, deviation) = match count {
                0 => (0.0, 0.0),
                _ => (means[count - 1] as f64 / unit(), f64::from(deviations[count - 1]) / scale),
            };
            let natural = deviation / LOG2_E;
            let factor = libm::exp(mean / LOG2_E + 0.5 * natural * natural);
            expected += mass * factor;
            bias += mass * factor * shock_bias(natural);
        }
        let largest = means.last().map_or(0.0, |mean| (*mean as f64 / unit()).abs())
            + largest_row * largest_shock();
        Self {
            means,
            deviations,
            shift,
            log2_mean: libm::log2(expected),
            largest,
            bias: bias / expected,
        }
    }

    pub(super) fn check(&self, clock: &PoissonTable) -> Result<(), Unsound> {
        length("jumps.means", self.means.len(), clock.thresholds.len())?;
        length("jumps.deviations", self.deviations.len(), clock.thresholds.len())?;
        for deviation in &self.deviations {
            between("jumps.deviation", *deviation, (-MOST_COEFFICIENT, MOST_COEFFICIENT))?;
        }
        between("jumps.shift", self.shift, (0, MOST_SHIFT))
    }

    /// Most that a step may jump, lsb 2^-56.
    pub(super) fn largest_move(&self) -> i128 {
        let jumps = self.means.iter().zip(&self.deviations).map(|(mean, deviation)| {
            let shock = i128::from(deviation.unsigned_abs()) * i128::from(MAX_SHOCK);
            i128::from(mean.unsigned_abs()) + (shock >> self.shift)
        });
        jumps.max().unwrap_or(0)
    }

    pub(super) fn law(&self) -> Law {
        Law { log2_mean: self.log2_mean, largest: self.largest, bias: self.bias }
    }

    /// Its row, once its sizes are declared.
    pub(super) fn row(&self, device: &mut Device<'_>) -> JumpSizesRow {
        JumpSizesRow {
            means: device.push_wide(&self.means),
            deviations: device.push(bytemuck::cast_slice(&self.deviations)),
            shift: self.shift,
            takes_part: 1,
        }
    }

    /// The sum of `count` >= 1 jumps whose shock is drawn by `word`.
    #[inline(always)]
    pub(super) fn size(&self, count: usize, word: u32) -> i64 {
        let product = i64::from(self.deviations[count - 1]) * i64::from(normal_shock(word));
        self.means[count - 1] + round_shift(product, self.shift)
    }
}
