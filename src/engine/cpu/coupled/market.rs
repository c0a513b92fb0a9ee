//! The market of a path as sales have moved it, and as the venues read it; twin of
//! `shaders/coupled/market.wgsl`.

use bytemuck::Zeroable as _;

use crate::fixed::{SMALL_MARK, mark_of_log, scale_q31};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, from_words};
use crate::program::liquidity::{
    AssetRow, BandRow, CROSS_BITS, Liquidity, MOST_IMPACT, MOST_PART, NONE,
};

/// Log marks, Q8.24, between which a mark is neither small nor saturated.
const LEAST_USUAL_LOG: i32 = -(11 << 24);
/// Above.
const MOST_USUAL_LOG: i32 = (8 << 24) - (1 << 20);

/// Prices of one step of one path; logs Q8.24, by asset, and marks, by instrument.
#[derive(Debug, Clone)]
pub struct MovedMarket<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    lanes: Lanes,
    /// Sizes sold into each market that recover, and that stay.
    recovering: Vec<i64>,
    staying: Vec<i64>,
    /// What was sold in this round, money at opening value; negative where more was bought.
    pub flow: Vec<i64>,
    /// Displacement of each asset by its own sales.
    own: Vec<i32>,
    /// Displacement of each asset in all.
    pub impact: Vec<i32>,
    /// Log prices on the market.
    pub market: Vec<i32>,
    /// The highest of each since opening.
    highest: Vec<i32>,
    /// Log price of each asset's market at rest: moved by other assets' sales, not by its own.
    rest: Vec<i32>,
    /// Band of each asset's depth in this step.
    band: Vec<BandRow>,
    /// Log prices last reported, and after how many steps.
    reported: Vec<i32>,
    reported_at: Vec<u32>,
    /// Reported log prices after every step, asset by asset.
    history: Vec<i32>,
    /// Log prices as venues read them.
    pub read: Vec<i32>,
    /// Growth of every instrument by interest after each step, step by step.
    growths: Vec<i32>,
    /// Where the present step's begin.
    growth: usize,
    sums: Vec<u64>,
    has_sums: bool,
    has_marks: bool,
    /// Marks on the market, once they are asked for.
    pub market_marks: Vec<u32>,
    /// Marks as venues that read late have them.
    late_marks: Vec<u32>,
    /// Whether a mark on the market met the upper bound of its format, and whether one was small.
    pub strained: (bool, bool),
}

impl<'a> MovedMarket<'a> {
    pub(super) fn new(program: &'a Program, liquidity: &'a Liquidity, lanes: Lanes) -> Self {
        let n_assets = program.market.n_assets;
        let n_instruments = program.instruments.len();
        let has_delay = liquidity.feeds.iter().any(|feed| feed.delay > 0);
        let n_history = if has_delay { n_assets * program.market.n_steps } else { 0 };
        let whole = |row: &AssetRow| {
            let has_bands = row.n_bands > 0;
            if has_bands { *liquidity.band(row, 0) } else { BandRow::zeroed() }
        };
        Self {
            program,
            liquidity,
            lanes,
            recovering: vec![0; n_assets],
            staying: vec![0; n_assets],
            flow: vec![0; n_assets],
            own: vec![0; n_assets],
            impact: vec![0; n_assets],
            market: vec![0; n_assets],
            highest: vec![0; n_assets],
            rest: vec![0; n_assets],
            band: liquidity.assets.iter().map(whole).collect(),
            reported: vec![0; n_assets],
            reported_at: vec![0; n_assets],
            history: vec![0; n_history],
            read: vec![0; n_assets],
            growths: growths(program),
            growth: 0,
            sums: vec![0; n_instruments],
            has_sums: program.instruments.iter().any(|it| it.kind != INSTRUMENT_PRICE),
            has_marks: false,
            market_marks: vec![0; n_instruments],
            late_marks: vec![0; n_instruments],
            strained: (false, false),
        }
    }

    /// A new path, at its opening.
    pub(super) fn begin(&mut self) {
        for sizes in [&mut self.recovering, &mut self.staying, &mut self.flow] {
            sizes.fill(0);
        }
        for logs in [&mut self.own, &mut self.impact, &mut self.highest, &mut self.reported] {
            logs.fill(0);
        }
        self.reported_at.fill(0);
        self.sums.fill(0);
        self.strained = (false, false);
    }

    /// Passes over the first steps, in which nothing is sold and venues read the market itself.
    pub(super) fn skip(&mut self, n_skipped: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        for (asset, highest) in self.highest.iter_mut().enumerate() {
            if self.liquidity.assets[asset].n_bands > 1 {
                let skipped = &logs[asset * n_steps..][..n_skipped];
                *highest = skipped.iter().copied().max().unwrap_or(0).max(0);
            }
        }
        for (instrument, sum) in self.program.instruments.iter().zip(&mut self.sums) {
            if instrument.kind != INSTRUMENT_PRICE {
                let skipped = &logs[instrument.asset as usize * n_steps..][..n_skipped];
                *sum = skipped.iter().map(|log| u64::from(mark_of_log(*log))).sum();
            }
        }
    }

    /// The next step: markets recover, prices move, feeds report.
    pub(super) fn step(&mut self, step: usize, logs: &[i32]) {
        for (asset, row) in self.liquidity.assets.iter().enumerate() {
            if row.curve != NONE && self.recovering[asset] != 0 {
                let left = scale_q31(self.recovering[asset].unsigned_abs(), row.kept) as i64;
                self.recovering[asset] = left * self.recovering[asset].signum();
                self.own[asset] = self.displaced(asset, 0);
            }
        }
        self.move_prices(step, logs);
        for (asset, row) in self.liquidity.assets.iter().enumerate() {
            if row.n_bands > 1 {
                self.highest[asset] = self.highest[asset].max(self.market[asset]);
                let fall = i64::from(self.highest[asset]) - i64::from(self.market[asset]);
                self.band[asset] = *self.liquidity.band(row, fall);
            }
        }
        self.report(step, true);
        self.growth = step * self.program.instruments.len();
        if self.has_sums {
            for (instrument, sum) in self.program.instruments.iter().zip(&mut self.sums) {
                if instrument.kind != INSTRUMENT_PRICE {
                    *sum += u64::from(mark_of_log(self.read[instrument.asset as usize]));
                }
            }
        }
        self.forget_marks();
    }

    /// The round is over: what was sold in it moves prices, at once if the step has more rounds.
    pub(super) fn end_round(&mut self, step: usize, logs: &[i32], goes_on: bool) {
        for (asset, row) in self.liquidity.assets.iter().enumerate() {
            if row.curve == NONE || self.flow[asset] == 0 {
                continue;
            }
            let size = self.band[asset].size(self.flow[asset]);
            let stays = scale_q31(size.unsigned_abs(), row.permanent) as i64 * size.signum();
            let most = MOST_PART;
            self.staying[asset] = (self.staying[asset] + stays).clamp(-most, most);
            self.recovering[asset] = (self.recovering[asset] + (size - stays)).clamp(-most, most);
            self.own[asset] = self.displaced(asset, 0);
        }
        self.flow.fill(0);
        if goes_on {
            self.move_prices(step, logs);
            self.report(step, false);
            self.forget_marks();
        }
    }

    /// The step is over: what was reported last is remembered.
    pub(super) fn end_step(&mut self, step: usize) {
        if !self.history.is_empty() {
            let n_steps = self.program.market.n_steps;
            for (asset, log) in self.reported.iter().enumerate() {
                self.history[asset * n_steps + step] = *log;
            }
        }
    }

    /// The size an asset's market holds, and a flow on top of it.
    fn size(&self, asset: usize, flow: i64) -> i64 {
        let held = self.recovering[asset] + self.staying[asset];
        if flow == 0 { held } else { held.saturating_add(self.band[asset].size(flow)) }
    }

    fn displaced(&self, asset: usize, flow: i64) -> i32 {
        self.liquidity.displacement(&self.liquidity.assets[asset], self.size(asset, flow))
    }

    /// What a sale of `flow` brings after one of `before`, money; both at opening value. `None`
    /// where the market is infinitely deep. Negative is what a purchase costs.
    pub(super) fn brings(&self, asset: usize, before: i64, flow: i64) -> Option<i64> {
        let row = &self.liquidity.assets[asset];
        if row.curve == NONE {
            return None;
        }
        let (band, rest) = (&self.band[asset], mark_of_log(self.rest[asset]));
        let at = |flow| self.liquidity.brought(row, band, rest, self.size(asset, flow));
        Some(at(before.saturating_add(flow)).saturating_sub(at(before)))
    }

    fn move_prices(&mut self, step: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        let n_assets = self.program.market.n_assets;
        let has_cross = !self.liquidity.cross.is_empty();
        for asset in 0..n_assets {
            let own = i64::from(self.own[asset]);
            let mut total = own;
            if has_cross {
                let row = &self.liquidity.cross[asset * n_assets..][..n_assets];
                let parts = row.iter().zip(&self.own);
                total = parts.map(|(a, b)| (i64::from(*a) * i64::from(*b)) >> CROSS_BITS).sum();
            }
            let total = total.clamp(-MOST_IMPACT, MOST_IMPACT);
            let log = logs[asset * n_steps + step];
            self.impact[asset] = total as i32;
            self.market[asset] = log + total as i32;
            self.rest[asset] = log + (total - own) as i32;
        }
    }

    /// Feeds report what their rules say; a heart beats at the beginning of a step only.
    fn report(&mut self, step: usize, is_new_step: bool) {
        if self.liquidity.feeds.is_empty() {
            self.read.copy_from_slice(&self.market);
            return;
        }
        let n_steps = self.program.market.n_steps;
        for (asset, feed) in self.liquidity.feeds.iter().enumerate() {
            let is_stale =
                self.liquidity.stale.get(asset * n_steps + step).is_some_and(|it| *it == 1);
            let by = i64::from(self.market[asset]) - i64::from(self.reported[asset]);
            let age = step as u32 + 1 - self.reported_at[asset];
            let is_due = is_new_step && age >= feed.heartbeat;
            let is_far = by >= i64::from(feed.rise) || -by >= i64::from(feed.fall);
            if !is_stale && (is_due || is_far) {
                self.reported[asset] = self.market[asset];
                self.reported_at[asset] = step as u32 + 1;
            }
            let delay = feed.delay as usize;
            self.read[asset] = match step.checked_sub(delay) {
                _ if delay == 0 => self.reported[asset],
                Some(then) => self.history[asset * n_steps + then],
                None => 0,
            };
        }
    }

    /// Prices have moved; marks at the ends of their format are looked at even if nobody asks.
    fn forget_marks(&mut self) {
        self.has_marks = false;
        let mut is_strained = false;
        let growths = &self.growths[self.growth..];
        for (instrument, growth) in self.program.instruments.iter().zip(growths) {
            let log = self.market[instrument.asset as usize] + growth;
            is_strained |= !(LEAST_USUAL_LOG..=MOST_USUAL_LOG).contains(&log);
        }
        if is_strained {
            self.strain();
        }
    }

    /// Computes the marks, unless they stand.
    #[inline]
    pub(super) fn set_marks(&mut self) {
        if !self.has_marks {
            self.compute_marks();
        }
    }

    fn compute_marks(&mut self) {
        self.has_marks = true;
        let instruments = &self.program.instruments;
        let growths = &self.growths[self.growth..];
        // Logs first, then all marks at once.
        let log = |logs: &[i32], idx: usize| {
            (logs[instruments[idx].asset as usize] + growths[idx]) as u32
        };
        for (idx, mark) in self.market_marks.iter_mut().enumerate() {
            *mark = log(&self.market, idx);
        }
        let marks = &mut self.market_marks;
        self.lanes.run(
            #[inline(always)]
            || marks.iter_mut().for_each(|mark| *mark = mark_of_log(*mark as i32)),
        );
        if !self.liquidity.feeds.is_empty() {
            for (idx, mark) in self.late_marks.iter_mut().enumerate() {
                *mark = mark_of_log(log(&self.read, idx) as i32);
            }
        }
        if self.has_sums {
            for (idx, instrument) in instruments.iter().enumerate() {
                if instrument.kind != INSTRUMENT_PRICE {
                    let sum = (self.sums[idx] >> instrument.sum_shift) as u32;
                    self.market_marks[idx] = sum;
                    self.late_marks[idx] = sum;
                }
            }
        }
    }

    /// Whether price marks on the market are at the ends of their format.
    fn strain(&mut self) {
        self.set_marks();
        let instruments = self.program.instruments.iter().zip(&self.market_marks);
        for (_, mark) in instruments.filter(|(it, _)| it.kind == INSTRUMENT_PRICE) {
            self.strained.0 |= *mark == u32::MAX;
            self.strained.1 |= *mark < SMALL_MARK;
        }
    }

    /// Marks as venues read them, once they are asked for.
    #[inline(always)]
    pub fn read_marks(&self) -> &[u32] {
        if self.liquidity.feeds.is_empty() { &self.market_marks } else { &self.late_marks }
    }

    /// The running sum behind an instrument, before the step that comes next.
    pub(super) fn sum(&self, instrument: usize) -> u64 {
        self.sums[instrument]
    }

    /// Steps by which what a venue reads of an asset may lie behind the market.
    pub(super) fn reach(program: &Program, liquidity: &Liquidity, asset: usize) -> usize {
        let Some(feed) = liquidity.feeds.get(asset) else { return 0 };
        let n_steps = program.market.n_steps;
        let stale = liquidity.stale.get(asset * n_steps..(asset + 1) * n_steps);
        let n_stale = stale.map_or(0, |flags| flags.iter().filter(|flag| **flag == 1).count());
        let between = if feed.heartbeat == 1 { 0 } else { feed.heartbeat as usize };
        between.saturating_add(feed.delay as usize).saturating_add(n_stale).min(n_steps)
    }
}

/// Growth of every instrument by interest, Q8.24, after each step, step by step.
fn growths(program: &Program) -> Vec<i32> {
    let steps = 1..=program.market.n_steps as i64;
    let grown = |accrual: i64, step: i64| accrual.wrapping_mul(step).wrapping_add(1 << 31);
    let of_step = |step| {
        let accruals = program.instruments.iter().map(|it| from_words(it.accrual));
        accruals.map(move |accrual| (grown(accrual, step) >> 32) as i32)
    };
    steps.flat_map(of_step).collect()
}
