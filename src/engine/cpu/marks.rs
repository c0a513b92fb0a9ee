//! Prices and marks along a path, their extremes over runs of steps, and the marks themselves
//! where positions are looked at.

use bytemuck::{Pod, Zeroable};

use crate::fixed::{Exp2, SMALL_MARK, mark_of_log};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, InstrumentRow, from_words};

use super::extremes::{Extremes, mark_slack};

/// Steps of a run: what bounds clear together, and what a search looks at together.
pub const RUN_STEPS: usize = 16;

/// Marks of a run as floats, in one line of the cache.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(super) struct FloatRun(pub(super) [f32; RUN_STEPS]);

/// Where the log marks of an instrument stand.
#[derive(Debug, Clone, Copy)]
enum LogRow {
    /// They are those of an asset's price.
    Price(usize),
    /// In this row of those that interest has grown.
    Grown(usize),
    /// It is a sum and has none.
    None,
}

impl LogRow {
    /// The logs that stand there.
    #[inline(always)]
    fn logs<'l>(self, prices: &'l [i32], grown: &'l [i32], n_steps: usize) -> &'l [i32] {
        match self {
            Self::Price(asset) => &prices[asset * n_steps..][..n_steps],
            Self::Grown(row) => &grown[row * n_steps..][..n_steps],
            Self::None => &[],
        }
    }
}

/// The marks of a path.
#[derive(Debug, Clone)]
pub struct Marks {
    n_steps: usize,
    n_instruments: usize,
    lanes: Lanes,
    /// log2 prices since opening after each step, Q8.24, asset by asset.
    prices: Vec<i32>,
    log_rows: Vec<LogRow>,
    /// log2 marks of what interest grows, Q8.24, row by row.
    grown: Vec<i32>,
    /// Marks after each step, instrument by instrument, of those that were asked for; a run longer
    /// than the path, so that one can be read from any step.
    marks: Vec<u32>,
    /// The same as floats, for filters, run by run; what is beyond the path is anything.
    floats: Vec<FloatRun>,
    has_marks: Vec<bool>,
    /// Run by run, a row of all instruments, where bounds ask for runs.
    runs: Vec<Extremes>,
    /// Whether they do on every path, whether where ratios bound nothing, and whether they do on
    /// this one.
    needs_runs: bool,
    is_coupled: bool,
    has_runs: bool,
    /// Over the whole horizon.
    whole: Vec<Extremes>,
    slack: Option<i32>,
}

impl Marks {
    /// Room for a path of the program.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        Self::with_lanes(program, Lanes::widest())
    }

    /// Room for a path of the program, to be filled by these lanes.
    #[must_use]
    pub(super) fn with_lanes(program: &Program, lanes: Lanes) -> Self {
        let n_steps = program.market.n_steps;
        let n_instruments = program.instruments.len();
        let mut n_grown = 0;
        let log_row = |instrument: &InstrumentRow| match instrument.kind {
            INSTRUMENT_PRICE if instrument.accrual == [0; 2] => {
                LogRow::Price(instrument.asset as usize)
            }
            INSTRUMENT_PRICE => {
                n_grown += 1;
                LogRow::Grown(n_grown - 1)
            }
            _ => LogRow::None,
        };
        Self {
            n_steps,
            n_instruments,
            lanes,
            prices: vec![0; n_steps * program.market.n_assets],
            log_rows: program.instruments.iter().map(log_row).collect(),
            grown: vec![0; n_steps * n_grown],
            marks: vec![0; (n_steps + RUN_STEPS) * n_instruments],
            floats: vec![FloatRun::zeroed(); n_steps.div_ceil(RUN_STEPS) * n_instruments],
            has_marks: vec![false; n_instruments],
            runs: vec![Extremes::NONE; n_steps.div_ceil(RUN_STEPS) * n_instruments],
            needs_runs: program.legs.iter().any(|leg| leg.n_tiers > 0)
                || program.liquidity.as_ref().is_some_and(|it| !it.feeds.is_empty()),
            is_coupled: program.liquidity.is_some(),
            has_runs: false,
            whole: vec![Extremes::NONE; n_instruments],
            slack: None,
        }
    }

    /// Marks that are words of a test's choosing, instrument by instrument, whatever their logs.
    #[cfg(test)]
    pub(super) fn of_words(words: &[Vec<u32>]) -> Self {
        let mut marks = Self::of_logs(&vec![vec![0; words[0].len()]; words.len()]);
        for (idx, words) in words.iter().enumerate() {
            let (row, runs) = (marks.row(idx), marks.float_runs(idx));
            marks.marks[row].copy_from_slice(words);
            let floats = bytemuck::cast_slice_mut::<_, f32>(&mut marks.floats[runs]);
            floats.iter_mut().zip(words).for_each(|(float, word)| *float = *word as f32);
            let ends = (words.iter().min(), words.iter().max());
            marks.whole[idx] = Extremes { low: *ends.0.unwrap(), high: *ends.1.unwrap() };
        }
        marks
    }

    /// Marks of log prices of a test's choosing, an instrument an asset.
    #[cfg(test)]
    pub(super) fn of_logs(logs: &[Vec<i32>]) -> Self {
        let mut program = Program::smallest();
        (program.market.n_steps, program.market.n_assets) = (logs[0].len(), logs.len());
        let price = |asset| InstrumentRow { asset, ..InstrumentRow::zeroed() };
        program.instruments = (0..logs.len() as u32).map(price).collect();
        let mut marks = Self::new(&program);
        marks.fill(&program.instruments, &mut logs.concat());
        marks.need_all();
        marks
    }

    /// Takes a path's log prices, asset by asset, for a buffer of the same size, and finds the
    /// extremes of all marks.
    pub fn fill(&mut self, instruments: &[InstrumentRow], prices: &mut Vec<i32>) {
        std::mem::swap(&mut self.prices, prices);
        self.has_marks.fill(false);
        for (idx, instrument) in instruments.iter().enumerate() {
            let row = self.row(idx);
            let prices = &self.prices[instrument.asset as usize * self.n_steps..][..self.n_steps];
            match self.log_rows[idx] {
                LogRow::None => {
                    fill_sum(instrument, prices, &mut self.marks[row]);
                }
                LogRow::Grown(grown) => {
                    grow(instrument, prices, &mut self.grown[grown * self.n_steps..]);
                }
                LogRow::Price(_) => {}
            }
            self.whole[idx] = self.extremes_of_all(idx);
        }
        let prices = instruments.iter().zip(&self.whole);
        let prices = prices.filter(|(row, _)| row.kind == INSTRUMENT_PRICE);
        let all = prices.fold(Extremes::NONE, |all, (_, extremes)| all.join(*extremes));
        self.slack = mark_slack(all);
        self.has_runs = self.needs_runs || self.is_coupled && self.slack.is_none();
        if self.has_runs {
            (0..instruments.len()).for_each(|idx| self.find_runs(idx));
        }
    }

    /// The extremes of an instrument over the horizon.
    fn extremes_of_all(&self, instrument: usize) -> Extremes {
        match self.logs_of(instrument as u32) {
            [] => extremes_of_sums(&self.marks[self.row(instrument)]),
            logs => self.lanes.run(
                #[inline(always)]
                || extremes_of_logs(logs),
            ),
        }
    }

    fn find_runs(&mut self, instrument: usize) {
        let row = self.row(instrument);
        let mut runs = std::mem::take(&mut self.runs);
        let of_instrument = runs[instrument..].iter_mut().step_by(self.n_instruments);
        match self.logs_of(instrument as u32) {
            [] => {
                for (extremes, run) in of_instrument.zip(self.marks[row].chunks(RUN_STEPS)) {
                    *extremes = extremes_of_sums(run);
                }
            }
            logs => self.lanes.run(
                #[inline(always)]
                || {
                    for (extremes, run) in of_instrument.zip(logs.chunks(RUN_STEPS)) {
                        *extremes = extremes_of_logs(run);
                    }
                },
            ),
        }
        self.runs = runs;
    }

    /// Computes the marks of an instrument, unless they stand.
    #[inline]
    pub fn need(&mut self, instrument: u32) {
        if !self.has_marks[instrument as usize] {
            self.compute(instrument);
        }
    }

    /// Computes the marks of all instruments.
    pub fn need_all(&mut self) {
        for instrument in 0..self.n_instruments as u32 {
            self.need(instrument);
        }
    }

    fn compute(&mut self, instrument: u32) {
        let row = self.row(instrument as usize);
        // Sums, which have no logs, stand already.
        let logs = self.log_rows[instrument as usize].logs(&self.prices, &self.grown, self.n_steps);
        let float_runs = self.float_runs(instrument as usize);
        let floats: &mut [f32] = bytemuck::cast_slice_mut(&mut self.floats[float_runs]);
        let marks = &mut self.marks[row];
        let exp2 = Exp2::for_lanes();
        self.lanes.run(
            #[inline(always)]
            || {
                for (mark, log) in marks.iter_mut().zip(logs) {
                    *mark = exp2.mark_of_log(*log);
                }
                for (float, mark) in floats.iter_mut().zip(marks) {
                    *float = *mark as f32;
                }
            },
        );
        self.has_marks[instrument as usize] = true;
    }

    /// Steps of the path.
    #[inline(always)]
    pub(super) fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Extremes of all instruments over the horizon.
    #[must_use]
    pub fn whole(&self) -> &[Extremes] {
        &self.whole
    }

    /// Extremes of all instruments in a run, whose first step is a multiple of its length; they
    /// are known where legs have tiers, venues read late, or ratios bound nothing of a coupled
    /// path.
    #[must_use]
    pub fn of_run(&self, run: usize) -> &[Extremes] {
        debug_assert!(self.has_runs, "runs that were not asked for");
        &self.runs[run * self.n_instruments..(run + 1) * self.n_instruments]
    }

    /// Marks of an instrument, step by step; [`Marks::need`] must have been called for it.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, instrument: u32) -> &[u32] {
        debug_assert!(self.has_marks[instrument as usize], "marks that were not asked for");
        &self.marks[self.row(instrument as usize)]
    }

    /// Marks of an instrument in the run that begins at a step; what is beyond the path is
    /// anything.
    #[inline(always)]
    pub(super) fn run(&self, instrument: u32, step: usize) -> &[u32; RUN_STEPS] {
        debug_assert!(self.has_marks[instrument as usize], "marks that were not asked for");
        let from = self.row(instrument as usize).start + step;
        self.marks[from..].first_chunk().unwrap_or(&[0; RUN_STEPS])
    }

    /// Marks of an instrument as floats, run by run; what is beyond the path is anything.
    #[inline(always)]
    pub(super) fn floats_of(&self, instrument: u32) -> &[FloatRun] {
        debug_assert!(self.has_marks[instrument as usize], "marks that were not asked for");
        &self.floats[self.float_runs(instrument as usize)]
    }

    /// Where these are.
    #[inline(always)]
    fn float_runs(&self, instrument: usize) -> std::ops::Range<usize> {
        let n_runs = self.n_steps.div_ceil(RUN_STEPS);
        instrument * n_runs..(instrument + 1) * n_runs
    }

    #[inline(always)]
    fn row(&self, instrument: usize) -> std::ops::Range<usize> {
        let start = instrument * (self.n_steps + RUN_STEPS);
        start..start + self.n_steps
    }

    /// log2 marks of an instrument, Q8.24, step by step; none of a sum.
    #[inline(always)]
    #[must_use]
    pub fn logs_of(&self, instrument: u32) -> &[i32] {
        self.log_rows[instrument as usize].logs(&self.prices, &self.grown, self.n_steps)
    }

    /// Marks of all instruments at the horizon, computed or not.
    pub(super) fn at_horizon(&self, marks: &mut Vec<u32>) {
        marks.clear();
        marks.extend((0..self.n_instruments).map(|idx| match self.logs_of(idx as u32).last() {
            Some(log) => mark_of_log(*log),
            // A sum only rises.
            None => self.whole[idx].high,
        }));
    }

    /// log2 prices since opening after each step, Q8.24, asset by asset.
    #[must_use]
    pub fn prices(&self) -> &[i32] {
        &self.prices
    }

    /// By how much the log ratio of any two marks of the path may be off: see [`mark_slack`].
    pub(super) fn slack(&self) -> Option<i32> {
        self.slack
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

/// The extremes of marks, which rise with their logs.
#[inline(always)]
fn extremes_of_logs(logs: &[i32]) -> Extremes {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for log in logs {
        low = low.min(*log);
        high = high.max(*log);
    }
    Extremes { low: mark_of_log(low), high: mark_of_log(high) }
}

/// The extremes of sums, which only rise.
fn extremes_of_sums(sums: &[u32]) -> Extremes {
    let end = |sum: Option<&u32>| sum.copied().unwrap_or(0);
    Extremes { low: end(sums.first()), high: end(sums.last()) }
}

/// Log marks of a price that interest grows; twin of `price_mark` in `shaders/marks.wgsl`.
fn grow(instrument: &InstrumentRow, prices: &[i32], logs: &mut [i32]) {
    let accrual = from_words(instrument.accrual);
    // Growth is rounded to the log's upper word on its own, so that logs stay words.
    let mut grown = 1_i64 << 31;
    for (log, price) in logs.iter_mut().zip(prices) {
        grown += accrual;
        *log = price + (grown >> 32) as i32;
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
