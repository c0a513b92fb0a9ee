//! Marks of every instrument along a path, and their extremes over windows of steps.

use crate::fixed::{SMALL_MARK, mark_of_log};
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, InstrumentRow, from_words};

/// Steps of a window: short enough that its extremes are near, long enough to be worth the bound.
pub const WINDOW_STEPS: usize = 24;

/// The lowest and the highest mark of an instrument in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extremes {
    /// Lowest.
    pub low: u32,
    /// Highest.
    pub high: u32,
}

impl Extremes {
    /// Of no step at all.
    const NONE: Self = Self { low: u32::MAX, high: 0 };

    pub(super) fn join(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// The marks of a path.
#[derive(Debug, Clone)]
pub struct Marks {
    n_steps: usize,
    n_instruments: usize,
    /// log2 marks after each step, Q8.24, instrument by instrument; 0 for sums.
    logs: Vec<i32>,
    /// Marks after each step, instrument by instrument.
    marks: Vec<u32>,
    /// Window by window, a row of all instruments.
    windows: Vec<Extremes>,
    /// Over the whole horizon.
    whole: Vec<Extremes>,
}

impl Marks {
    /// Room for a path of the program.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let n_steps = program.market.n_steps;
        let n_instruments = program.instruments.len();
        Self {
            n_steps,
            n_instruments,
            logs: vec![0; n_steps * n_instruments],
            marks: vec![0; n_steps * n_instruments],
            windows: vec![Extremes::NONE; n_steps.div_ceil(WINDOW_STEPS) * n_instruments],
            whole: vec![Extremes::NONE; n_instruments],
        }
    }

    /// Fills in the marks from the log prices, asset by asset.
    pub fn fill(&mut self, instruments: &[InstrumentRow], prices: &[i32]) {
        for (idx, instrument) in instruments.iter().enumerate() {
            let row = idx * self.n_steps..(idx + 1) * self.n_steps;
            let marks = &mut self.marks[row.clone()];
            let prices = &prices[instrument.asset as usize * self.n_steps..][..self.n_steps];
            if instrument.kind == INSTRUMENT_PRICE {
                fill_price(instrument, prices, &mut self.logs[row], marks);
            } else {
                fill_sum(instrument, prices, marks);
            }
            let mut whole = Extremes::NONE;
            for (window, chunk) in marks.chunks(WINDOW_STEPS).enumerate() {
                let mut extremes = Extremes::NONE;
                for mark in chunk {
                    extremes = extremes.join(Extremes { low: *mark, high: *mark });
                }
                self.windows[window * self.n_instruments + idx] = extremes;
                whole = whole.join(extremes);
            }
            self.whole[idx] = whole;
        }
    }

    /// Extremes of all instruments over the horizon.
    #[must_use]
    pub fn whole(&self) -> &[Extremes] {
        &self.whole
    }

    /// Extremes of all instruments in a window.
    #[must_use]
    pub fn window(&self, window: usize) -> &[Extremes] {
        &self.windows[window * self.n_instruments..(window + 1) * self.n_instruments]
    }

    /// Marks of an instrument, step by step.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, instrument: u32) -> &[u32] {
        &self.marks[instrument as usize * self.n_steps..][..self.n_steps]
    }

    /// log2 marks of an instrument, Q8.24, step by step.
    #[inline(always)]
    #[must_use]
    pub fn logs_of(&self, instrument: u32) -> &[i32] {
        &self.logs[instrument as usize * self.n_steps..][..self.n_steps]
    }

    /// Whether a price mark met the upper bound of its format, and whether one fell below 2^-12.
    #[must_use]
    pub fn strained(&self, instruments: &[InstrumentRow]) -> (bool, bool) {
        let prices = instruments.iter().zip(&self.whole);
        let mut strained = (false, false);
        for (_, extremes) in prices.filter(|(row, _)| row.kind == INSTRUMENT_PRICE) {
            strained.0 |= extremes.high == u32::MAX;
            strained.1 |= extremes.low < SMALL_MARK;
        }
        strained
    }
}

/// Marks of a price that interest grows; twin of `price_mark` in `shaders/marks.wgsl`.
fn fill_price(instrument: &InstrumentRow, prices: &[i32], logs: &mut [i32], marks: &mut [u32]) {
    let accrual = from_words(instrument.accrual);
    // Growth is rounded to the log's upper word on its own, so that logs stay words.
    let mut grown = 1_i64 << 31;
    for (log, price) in logs.iter_mut().zip(prices) {
        grown += accrual;
        *log = price + (grown >> 32) as i32;
    }
    for (mark, log) in marks.iter_mut().zip(logs) {
        *mark = mark_of_log(*log);
    }
}

/// Running sum of a price's marks; twin of `sum_mark` in `shaders/marks.wgsl`.
fn fill_sum(instrument: &InstrumentRow, prices: &[i32], marks: &mut [u32]) {
    let mut sum = 0_u64;
    for (mark, price) in marks.iter_mut().zip(prices) {
        sum += u64::from(mark_of_log(*price));
        *mark = (sum >> instrument.sum_shift) as u32;
    }
}
