//! The market of a path as sales have moved it, and as the venues read it; twin of
//! `shaders/coupled/market.wgsl`.

use bytemuck::Zeroable as _;

use super::moved_marks::MovedMarks;
use crate::engine::cpu::marks::Marks;
use crate::fixed::{mark_of_log, scale_q31};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::INSTRUMENT_PRICE;
use crate::program::liquidity::{
    AssetRow, BandRow, CROSS_BITS, Liquidity, MOST_IMPACT, MOST_PART, NONE,
};

/// What a market holds of all that was sold to it.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Its mark of rest.
    rest: u32,
    /// What that has brought, money.
    brought: i64,
}

/// Prices of one step of one path; logs Q8.24, by asset.
#[derive(Debug, Clone)]
pub struct MovedMarket<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    lanes: Lanes,
    /// Sizes sold into each market that recover, and that stay.
    recovering: Vec<i64>,
    /// Share of the first that is left after a step, Q1.31.
    kept: Vec<u32>,
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
    /// What each market holds in this round, once somebody asks what it brings.
    held: Vec<Option<Held>>,
    /// Log prices last reported, and after how many steps.
    reported: Vec<i32>,
    reported_at: Vec<u32>,
    /// Reported log prices after every step, asset by asset.
    history: Vec<i32>,
    /// Log prices as venues read them.
    pub read: Vec<i32>,
    /// Whether nobody reports prices, and none hangs on more than its own asset's sales and only
    /// through what the market holds of them.
    is_plain: bool,
    /// Impacts between which those of later steps will be; by asset.
    pub(super) ahead: [Vec<i32>; 2],
    /// Marks at these prices.
    pub marks: MovedMarks<'a>,
}

impl<'a> MovedMarket<'a> {
    pub(super) fn new(program: &'a Program, liquidity: &'a Liquidity, lanes: Lanes) -> Self {
        let n_assets = program.market.n_assets;
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
            kept: liquidity.assets.iter().map(|row| row.kept).collect(),
            staying: vec![0; n_assets],
            flow: vec![0; n_assets],
            own: vec![0; n_assets],
            impact: vec![0; n_assets],
            market: vec![0; n_assets],
            highest: vec![0; n_assets],
            rest: vec![0; n_assets],
            band: liquidity.assets.iter().map(whole).collect(),
            held: vec![None; n_assets],
            reported: vec![0; n_assets],
            reported_at: vec![0; n_assets],
            history: vec![0; n_history],
            read: vec![0; n_assets],
            is_plain: liquidity.feeds.is_empty()
                && liquidity.cross.is_empty()
                && liquidity.assets.iter().all(|row| row.n_bands <= 1)
                && program.instruments.iter().all(|it| it.kind == INSTRUMENT_PRICE),
            ahead: [vec![0; n_assets], vec![0; n_assets]],
            marks: MovedMarks::new(program, lanes, !liquidity.feeds.is_empty()),
        }
    }

    /// A new path, at its opening, of these marks before anything moves them.
    pub(super) fn begin(&mut self, marks: &Marks) {
        self.marks.begin(marks);
        for sizes in [&mut self.recovering, &mut self.staying, &mut self.flow] {
            sizes.fill(0);
        }
        for logs in [&mut self.own, &mut self.impact, &mut self.highest, &mut self.reported] {
            logs.fill(0);
        }
        self.reported_at.fill(0);
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
        self.marks.skip(n_skipped, logs);
    }

    /// A step in which nobody looks at prices: markets recover.
    pub(super) fn pass(&mut self) {
        let sizes = self.recovering.iter_mut().zip(&self.kept);
        self.lanes.run(
            #[inline(always)]
            || {
                for (size, kept) in sizes {
                    let sign = *size >> 63;
                    let left = scale_q31(size.unsigned_abs(), *kept) as i64;
                    *size = (left ^ sign) - sign;
                }
            },
        );
    }

    /// The next step: markets recover, prices move, feeds report.
    pub(super) fn step(&mut self, step: usize, logs: &[i32]) {
        self.pass();
        for asset in 0..self.own.len() {
            // What holds nothing is not displaced.
            if self.recovering[asset] | self.staying[asset] | i64::from(self.own[asset]) != 0 {
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
        self.marks.step(step, &self.read);
        self.marks.forget(&self.impact, &self.market, &self.read);
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
            self.marks.forget(&self.impact, &self.market, &self.read);
        }
    }

    /// Whether steps in which nobody looks at prices can be passed over while impacts are below an
    /// octave.
    pub(super) fn can_pass(&self) -> bool {
        self.is_plain && self.marks.are_usual()
    }

    /// Finds impacts between which those of all later steps will be if nothing more is sold: as
    /// they are, and when all that can has recovered. A curve may fall back by a unit.
    pub(super) fn look_ahead(&mut self) {
        let beyond = |log: i32| log + 2 * log.signum();
        let [now, at_rest] = &mut self.ahead;
        now.iter_mut().zip(&self.own).for_each(|(ahead, own)| *ahead = beyond(*own));
        let staying = self.liquidity.assets.iter().zip(&self.staying);
        for (ahead, (row, staying)) in at_rest.iter_mut().zip(staying) {
            let stays = *staying != 0;
            *ahead = if stays { beyond(self.liquidity.displacement(row, *staying)) } else { 0 };
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
    pub(super) fn brings(&mut self, asset: usize, before: i64, flow: i64) -> Option<i64> {
        let row = &self.liquidity.assets[asset];
        if row.curve == NONE {
            return None;
        }
        if self.held[asset].is_none() {
            let rest = mark_of_log(self.rest[asset]);
            self.held[asset] = Some(Held { rest, brought: self.brought(asset, rest, 0) });
        }
        let Held { rest, brought } = self.held[asset]?;
        let before_it = if before == 0 { brought } else { self.brought(asset, rest, before) };
        Some(self.brought(asset, rest, before.saturating_add(flow)).saturating_sub(before_it))
    }

    /// What a flow and all that the market holds have brought, at a mark of rest.
    fn brought(&self, asset: usize, rest: u32, flow: i64) -> i64 {
        let (row, band) = (&self.liquidity.assets[asset], &self.band[asset]);
        self.liquidity.brought(row, band, rest, self.size(asset, flow))
    }

    fn move_prices(&mut self, step: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        let n_assets = self.program.market.n_assets;
        for (asset, log) in self.rest.iter_mut().enumerate() {
            *log = logs[asset * n_steps + step];
        }
        self.impact.copy_from_slice(&self.own);
        for (impact, row) in self.impact.iter_mut().zip(self.liquidity.cross.chunks(n_assets)) {
            let parts = row.iter().zip(&self.own);
            let total: i64 =
                parts.map(|(a, b)| (i64::from(*a) * i64::from(*b)) >> CROSS_BITS).sum();
            *impact = total.clamp(-MOST_IMPACT, MOST_IMPACT) as i32;
        }
        self.held.fill(None);
        let Self { own, impact, market, rest, .. } = self;
        let most = MOST_IMPACT as i32;
        for (((own, impact), market), rest) in own.iter().zip(impact).zip(market).zip(rest) {
            let total = (*impact).clamp(-most, most);
            *impact = total;
            *market = *rest + total;
            *rest += total - own;
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

    /// Computes the marks, unless they stand.
    #[inline]
    pub(super) fn set_marks(&mut self) {
        self.marks.set(&self.market, &self.read);
    }
}
