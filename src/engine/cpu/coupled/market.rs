//! The market of a path as sales have moved it, and as the venues read it; twin of
//! `shaders/coupled/market.wgsl`.

use bytemuck::Zeroable as _;

use super::holdings::Holdings;
use super::moved_marks::MovedMarks;
use crate::engine::cpu::marks::Marks;
use crate::fixed::{mark_of_log, scale_mark};
use crate::lanes::Lanes;
use crate::market::depth::Curve;
use crate::program::Program;
use crate::program::layout::INSTRUMENT_PRICE;
use crate::program::liquidity::{AssetRow, BandRow, CROSS_BITS, Liquidity, MOST_IMPACT, NONE};

/// What a market was asked in a round.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Its mark of rest.
    rest: u32,
    /// What all that it holds has brought at that, money.
    brought: i64,
}

/// Prices of one step of one path; logs Q8.24, by asset.
#[derive(Debug, Clone)]
pub(super) struct MovedMarket<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    pub(super) holdings: Holdings<'a>,
    /// Of every curve, as [`Curve::most_cheap`].
    most_cheap: Vec<i64>,
    /// What was sold in this round, money of value at a mark of 1; negative where more was bought.
    pub(super) flow: Vec<i64>,
    /// The same sale by sale: asset, flow.
    pub(super) sales: Vec<(u32, i64)>,
    /// By asset, what the opening has sold and the first round goes on from.
    pub(super) pending: Vec<i64>,
    /// Whether no step has gone by since the opening, so that nothing has recovered.
    is_opening: bool,
    /// Log prices at the opening.
    opening_logs: Vec<i32>,
    /// Whether more of an asset was bought on this path than its curve has prices for.
    pub(super) is_overbought: bool,
    /// Displacement of each asset in all.
    pub(super) impact: Vec<i32>,
    /// Log prices on the market.
    pub(super) market: Vec<i32>,
    /// The highest of each since opening.
    highest: Vec<i32>,
    /// Band of each asset's depth in this step.
    band: Vec<BandRow>,
    /// Assets with more than one.
    banded: Vec<u32>,
    /// What each was asked in this round, and which were.
    asked: Vec<Option<Asked>>,
    all_asked: Vec<u32>,
    /// By feed, log prices last reported, and after how many steps.
    reported: Vec<i32>,
    reported_at: Vec<u32>,
    /// Reported log prices after every step, feed by feed.
    history: Vec<i32>,
    /// By feed, log prices as venues read them.
    late: Vec<i32>,
    /// Whether no feed reports prices, and none hangs on more than its own asset's sales and only
    /// through what the market holds of them.
    is_plain: bool,
    /// Marks at these prices.
    pub(super) marks: MovedMarks<'a>,
}

impl<'a> MovedMarket<'a> {
    pub(super) fn new(program: &'a Program, liquidity: &'a Liquidity, lanes: Lanes) -> Self {
        let n_assets = program.market.n_assets;
        let has_delay = liquidity.feeds.iter().any(|feed| feed.delay > 0);
        let n_feeds = liquidity.feeds.len();
        let n_history = if has_delay { n_feeds * program.market.n_steps } else { 0 };
        let whole = |row: &AssetRow| {
            let has_bands = row.n_bands > 0;
            if has_bands { *liquidity.band(row, 0) } else { BandRow::zeroed() }
        };
        Self {
            program,
            liquidity,
            holdings: Holdings::new(liquidity, lanes),
            most_cheap: liquidity.curves.iter().map(Curve::most_cheap).collect(),
            flow: vec![0; n_assets],
            sales: Vec::new(),
            pending: vec![0; n_assets],
            is_opening: false,
            opening_logs: (0..n_assets).map(|it| program.market.octaves.opening_log(it)).collect(),
            is_overbought: false,
            impact: vec![0; n_assets],
            market: vec![0; n_assets],
            highest: vec![0; n_assets],
            band: liquidity.assets.iter().map(whole).collect(),
            banded: (0..)
                .zip(&liquidity.assets)
                .filter_map(|(asset, row)| (row.n_bands > 1).then_some(asset))
                .collect(),
            asked: vec![None; n_assets],
            all_asked: Vec::new(),
            reported: vec![0; n_feeds],
            reported_at: vec![0; n_feeds],
            history: vec![0; n_history],
            late: vec![0; n_feeds],
            is_plain: liquidity.feeds.is_empty()
                && liquidity.cross.is_empty()
                && liquidity.assets.iter().all(|row| row.n_bands <= 1)
                && program.instruments.iter().all(|it| it.kind == INSTRUMENT_PRICE),
            marks: MovedMarks::new(program, lanes, !liquidity.feeds.is_empty()),
        }
    }

    /// A new path, at its opening, of these marks before anything moves them.
    pub(super) fn begin(&mut self, marks: &Marks) {
        self.marks.begin(marks);
        self.clear();
        let Some(standing) = &self.liquidity.standing else { return };
        self.is_opening = true;
        self.pending.copy_from_slice(&standing.flows);
        for (asset, row) in self.liquidity.assets.iter().enumerate() {
            if standing.flows[asset] != 0 {
                self.sell(asset, standing.flows[asset]);
            }
            let (recovering, staying) = (standing.recovering[asset], standing.staying[asset]);
            if row.curve != NONE && (recovering != 0 || staying != 0) {
                self.holdings.restore(asset, recovering, staying);
                self.look_at_purchases(asset);
            }
        }
    }

    fn clear(&mut self) {
        self.holdings.clear();
        self.flow.fill(0);
        self.sales.clear();
        self.impact.fill(0);
        self.highest.copy_from_slice(&self.opening_logs);
        for (reported, feed) in self.reported.iter_mut().zip(&self.liquidity.feeds) {
            *reported = self.opening_logs[feed.asset as usize];
        }
        self.is_overbought = false;
        self.reported_at.fill(0);
    }

    /// Passes over the first steps, in which nothing is sold and venues read the market itself.
    pub(super) fn skip(&mut self, n_skipped: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        for asset in self.banded.iter().map(|it| *it as usize) {
            let skipped = &logs[asset * n_steps..][..n_skipped];
            let highest = &mut self.highest[asset];
            *highest = skipped.iter().fold(*highest, |highest, log| highest.max(*log));
        }
        self.marks.skip(n_skipped, logs);
    }

    /// The next step, after some in which no account looked at prices: markets recover, prices
    /// move, feeds report.
    pub(super) fn step(&mut self, step: usize, n_passed: usize, logs: &[i32]) {
        self.holdings.recover(n_passed + usize::from(!std::mem::take(&mut self.is_opening)));
        self.holdings.displace();
        self.move_prices(step, logs);
        for asset in self.banded.iter().map(|it| *it as usize) {
            self.highest[asset] = self.highest[asset].max(self.market[asset]);
            let fall = i64::from(self.highest[asset]) - i64::from(self.market[asset]);
            self.band[asset] = *self.liquidity.band(&self.liquidity.assets[asset], fall);
        }
        self.report(step, true);
        self.marks.step(step, &self.market, &self.late);
        self.marks.forget(&self.impact, &self.market, &self.late);
    }

    /// Something is sold in this round.
    #[inline]
    pub(super) fn sell(&mut self, asset: usize, flow: i64) {
        self.flow[asset] += flow;
        self.sales.push((asset as u32, flow));
    }

    /// The round is over: what was sold in it moves prices, at once if the step has more rounds.
    pub(super) fn end_round(&mut self, step: usize, logs: &[i32], goes_on: bool) {
        self.take_sales();
        if goes_on {
            self.holdings.displace();
            self.move_prices(step, logs);
            self.report(step, false);
            self.marks.forget(&self.impact, &self.market, &self.late);
        }
    }

    /// The markets take what was sold.
    fn take_sales(&mut self) {
        while let Some((asset, _)) = self.sales.pop() {
            let asset = asset as usize;
            let flow = std::mem::take(&mut self.flow[asset]);
            self.pending[asset] = 0;
            if self.liquidity.assets[asset].curve != NONE && flow != 0 {
                self.holdings.take(asset, self.band[asset].size(flow));
                self.look_at_purchases(asset);
            }
        }
    }

    fn look_at_purchases(&mut self, asset: usize) {
        self.is_overbought |= self.holdings.is_overbought(asset);
    }

    /// Whether steps in which no account looks at prices can be passed over while impacts are below
    /// an octave.
    pub(super) fn can_pass(&self) -> bool {
        self.is_plain && self.marks.are_usual()
    }

    /// The step is over: what was reported last is remembered.
    pub(super) fn end_step(&mut self, step: usize) {
        if !self.history.is_empty() {
            let n_steps = self.program.market.n_steps;
            for (idx, log) in self.reported.iter().enumerate() {
                self.history[idx * n_steps + step] = *log;
            }
        }
    }

    /// What a sale of `flow` brings after one of `before`, money; both at opening value. `None`
    /// where the market is infinitely deep. Negative is what a purchase costs.
    pub(super) fn brings(&mut self, asset: usize, before: i64, flow: i64) -> Option<i64> {
        let row = &self.liquidity.assets[asset];
        if row.curve == NONE {
            return None;
        }
        let (size, own) = self.holdings.of(asset);
        let (liquidity, band) = (self.liquidity, &self.band[asset]);
        let brought = |rest: u32, flow: i64| {
            let size = if flow == 0 { size } else { size.saturating_add(band.size(flow)) };
            liquidity.brought(row, band, rest, size)
        };
        let asked = &mut self.asked[asset];
        if asked.is_none() {
            // Moved by other assets' sales, not by its own.
            let rest = mark_of_log(self.market[asset] - own);
            *asked = Some(Asked { rest, brought: brought(rest, 0) });
            self.all_asked.push(asset as u32);
        }
        let Asked { rest, brought: held } = (*asked)?;
        let before_it = if before == 0 { held } else { brought(rest, before) };
        Some(brought(rest, before.saturating_add(flow)).saturating_sub(before_it))
    }

    /// Money that a sale of `flow` brings at least after one of `before`, if that is easily told;
    /// else 0. An instrument of the asset has that mark on the market.
    ///
    /// While the price is above 31/32 of rest by 1/256, what a sale brings is above 31/32 of its
    /// size at rest by more than all that is rounded: sizes and money have 15 bits at least, and of
    /// all that is sold, by whose mean price in units of 2^-27 sales are told, this sale is no less
    /// than 2^-16. Nor does the money of all that is sold leave its word, as it may in a program
    /// that no scenario compiles to: sales would then bring nothing more.
    #[inline]
    pub(super) fn surely_brings(
        &self,
        asset: usize,
        (instrument, mark): (u32, u32),
        before: i64,
        flow: i64,
    ) -> i64 {
        const LEAST: i64 = 1 << 15;
        // Times the largest mark below 2^63.
        const MOST: u64 = 1 << 54;
        let curve = self.liquidity.assets[asset].curve;
        let most = self.most_cheap.get(curve as usize).copied().unwrap_or(0);
        let (held, _) = self.holdings.of(asset);
        let band = &self.band[asset];
        let size = band.size(flow);
        let sold = if before == 0 { 0 } else { band.size(before) };
        let all = held.saturating_add(sold).saturating_add(size);
        let at_rest = band.money(size);
        let money = scale_mark(at_rest as u64, mark) as i64;
        // Who sold has not raised the price: the mark of rest is no lower than that of now.
        let is_below_rest = (held >= 0) & (sold >= 0) & !self.marks.has_grown(instrument);
        let is_cheap = (all < most) & (all >> 16 <= size);
        let is_fine = (size >= LEAST) & (at_rest >= LEAST) & (money >= LEAST);
        // All that is sold is at most 2^16 times as much: it is computed only where that may leave
        // the word.
        let is_held = at_rest as u64 <= MOST >> 17 || (band.money(all) as u64) < MOST;
        if is_below_rest & is_cheap & is_fine && is_held { money - (money >> 5) } else { 0 }
    }

    fn move_prices(&mut self, step: usize, logs: &[i32]) {
        self.find_impacts();
        let n_steps = self.program.market.n_steps;
        let mut at = step;
        for (market, impact) in self.market.iter_mut().zip(&self.impact) {
            *market = logs[at] + impact;
            at += n_steps;
        }
        self.forget_asked();
    }

    fn find_impacts(&mut self) {
        if self.liquidity.cross.is_empty() {
            for holding in &self.holdings.list {
                self.impact[holding.asset as usize] = impact_of(holding.own.into());
            }
        }
        let cross = self.liquidity.cross.chunks(self.program.market.n_assets);
        for (impact, row) in self.impact.iter_mut().zip(cross) {
            let own = self.holdings.list.iter().map(|it| i64::from(it.own));
            let parts = self.holdings.list.iter().map(|it| i64::from(row[it.asset as usize]));
            *impact = impact_of(own.zip(parts).map(|(own, part)| (part * own) >> CROSS_BITS).sum());
        }
    }

    fn forget_asked(&mut self) {
        for asset in self.all_asked.drain(..) {
            self.asked[asset as usize] = None;
        }
    }

    /// Feeds report what their rules say; a heart beats at the beginning of a step only.
    fn report(&mut self, step: usize, is_new_step: bool) {
        let n_steps = self.program.market.n_steps;
        for (idx, feed) in self.liquidity.feeds.iter().enumerate() {
            let asset = feed.asset as usize;
            let is_stale =
                self.liquidity.stale.get(idx * n_steps + step).is_some_and(|it| *it == 1);
            let by = i64::from(self.market[asset]) - i64::from(self.reported[idx]);
            let age = step as u32 + 1 - self.reported_at[idx];
            let is_due = is_new_step && age >= feed.heartbeat;
            let is_far = by >= i64::from(feed.rise) || -by >= i64::from(feed.fall);
            if !is_stale && (is_due || is_far) {
                self.reported[idx] = self.market[asset];
                self.reported_at[idx] = step as u32 + 1;
            }
            let delay = feed.delay as usize;
            self.late[idx] = match step.checked_sub(delay) {
                _ if delay == 0 => self.reported[idx],
                Some(then) => self.history[idx * n_steps + then],
                None => self.opening_logs[asset],
            };
        }
    }

    /// Computes the marks, unless they stand.
    #[inline]
    pub(super) fn set_marks(&mut self) {
        self.marks.set(&self.market, &self.late);
    }
}

/// How far a price is moved in all.
#[inline(always)]
fn impact_of(total: i64) -> i32 {
    total.clamp(-MOST_IMPACT, MOST_IMPACT) as i32
}
