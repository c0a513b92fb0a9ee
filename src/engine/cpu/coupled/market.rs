//! The market of a path as sales have moved it, and as the venues read it; twin of
//! `shaders/coupled/market.wgsl`.

use bytemuck::Zeroable as _;

use super::moved_marks::MovedMarks;
use crate::engine::cpu::marks::Marks;
use crate::fixed::{mark_of_log, scale_q31};
use crate::lanes::Lanes;
use crate::market::depth::Curve;
use crate::program::Program;
use crate::program::layout::INSTRUMENT_PRICE;
use crate::program::liquidity::{
    AssetRow, BandRow, CROSS_BITS, Liquidity, MOST_IMPACT, MOST_PART, NONE,
};

/// A market of finite depth into which something was sold on this path.
#[derive(Debug, Clone, Copy)]
struct Holding<'a> {
    asset: u32,
    /// Share of what recovers that is left after a step, Q1.31.
    kept: u32,
    /// Sizes sold into it that recover, and that stay.
    recovering: i64,
    staying: i64,
    /// Displacement by its own sales.
    own: i32,
    curve: &'a Curve,
    /// Least and most size that displaces nothing, and so need not be looked up.
    still: (i64, i64),
}

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
pub struct MovedMarket<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    /// All others hold nothing.
    holdings: Vec<Holding<'a>>,
    /// By asset, where it is among those, or [`NONE`].
    holding_of: Vec<u32>,
    /// Of every curve.
    still: Vec<(i64, i64)>,
    /// What was sold in this round, money at opening value; negative where more was bought.
    pub flow: Vec<i64>,
    /// The same sale by sale: asset, flow.
    pub(super) sales: Vec<(u32, i64)>,
    /// Displacement of each asset in all.
    pub impact: Vec<i32>,
    /// Log prices on the market.
    pub market: Vec<i32>,
    /// The highest of each since opening.
    highest: Vec<i32>,
    /// Band of each asset's depth in this step.
    band: Vec<BandRow>,
    /// Assets with more than one.
    banded: Vec<u32>,
    /// What each was asked in this round, and which were.
    asked: Vec<Option<Asked>>,
    all_asked: Vec<u32>,
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
    /// Impacts between which those of later steps will be: from, to; by asset.
    pub(super) ahead: (Vec<i32>, Vec<i32>),
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
            holdings: Vec::new(),
            holding_of: vec![NONE; n_assets],
            still: liquidity.curves.iter().map(Curve::still).collect(),
            flow: vec![0; n_assets],
            sales: Vec::new(),
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
            reported: vec![0; n_assets],
            reported_at: vec![0; n_assets],
            history: vec![0; n_history],
            read: vec![0; n_assets],
            is_plain: liquidity.feeds.is_empty()
                && liquidity.cross.is_empty()
                && liquidity.assets.iter().all(|row| row.n_bands <= 1)
                && program.instruments.iter().all(|it| it.kind == INSTRUMENT_PRICE),
            ahead: (vec![0; n_assets], vec![0; n_assets]),
            marks: MovedMarks::new(program, lanes, !liquidity.feeds.is_empty()),
        }
    }

    /// A new path, at its opening, of these marks before anything moves them.
    pub(super) fn begin(&mut self, marks: &Marks) {
        self.marks.begin(marks);
        for holding in self.holdings.drain(..) {
            self.holding_of[holding.asset as usize] = NONE;
        }
        self.flow.fill(0);
        self.sales.clear();
        let (from, to) = &mut self.ahead;
        for logs in [&mut self.impact, &mut self.highest, &mut self.reported, from, to] {
            logs.fill(0);
        }
        self.reported_at.fill(0);
    }

    /// Passes over the first steps, in which nothing is sold and venues read the market itself.
    pub(super) fn skip(&mut self, n_skipped: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        for asset in self.banded.iter().map(|it| *it as usize) {
            let skipped = &logs[asset * n_steps..][..n_skipped];
            self.highest[asset] = skipped.iter().copied().max().unwrap_or(0).max(0);
        }
        self.marks.skip(n_skipped, logs);
    }

    /// A few steps in which nobody looks at prices: markets recover.
    pub(super) fn pass(&mut self, n_steps: usize) {
        self.holdings.iter_mut().for_each(|holding| holding.recover(n_steps));
    }

    /// The next step: markets recover, prices move, feeds report.
    pub(super) fn step(&mut self, step: usize, logs: &[i32]) {
        for holding in &mut self.holdings {
            holding.recover(1);
            holding.displace();
        }
        self.move_prices(step, logs);
        for asset in self.banded.iter().map(|it| *it as usize) {
            self.highest[asset] = self.highest[asset].max(self.market[asset]);
            let fall = i64::from(self.highest[asset]) - i64::from(self.market[asset]);
            self.band[asset] = *self.liquidity.band(&self.liquidity.assets[asset], fall);
        }
        self.report(step, true);
        self.marks.step(step, &self.read);
        self.marks.forget(&self.impact, &self.market, &self.read);
    }

    /// Something is sold in this round.
    #[inline]
    pub(super) fn sell(&mut self, asset: usize, flow: i64) {
        self.flow[asset] += flow;
        self.sales.push((asset as u32, flow));
    }

    /// The round is over: what was sold in it moves prices, at once if the step has more rounds.
    pub(super) fn end_round(&mut self, step: usize, logs: &[i32], goes_on: bool) {
        while let Some((asset, _)) = self.sales.pop() {
            let flow = std::mem::take(&mut self.flow[asset as usize]);
            self.hold(asset as usize, flow);
        }
        if goes_on {
            self.move_prices(step, logs);
            self.report(step, false);
            self.marks.forget(&self.impact, &self.market, &self.read);
        }
    }

    /// A market takes what was sold to it.
    fn hold(&mut self, asset: usize, flow: i64) {
        let row = &self.liquidity.assets[asset];
        if row.curve == NONE || flow == 0 {
            return;
        }
        let idx = &mut self.holding_of[asset];
        if *idx == NONE {
            *idx = self.holdings.len() as u32;
            self.holdings.push(Holding {
                asset: asset as u32,
                kept: row.kept,
                recovering: 0,
                staying: 0,
                own: 0,
                curve: &self.liquidity.curves[row.curve as usize],
                still: self.still[row.curve as usize],
            });
        }
        let holding = &mut self.holdings[*idx as usize];
        let size = self.band[asset].size(flow);
        let stays = scale_q31(size.unsigned_abs(), row.permanent) as i64 * size.signum();
        let most = MOST_PART;
        holding.staying = (holding.staying + stays).clamp(-most, most);
        holding.recovering = (holding.recovering + (size - stays)).clamp(-most, most);
        holding.displace();
        // From where it is to where it will be when all that can has recovered; a curve may fall
        // back by a unit.
        let beyond = |log: i32| log + 2 * log.signum();
        let now = beyond(holding.own);
        let stays = holding.staying != 0;
        let at_rest = if stays { beyond(holding.curve.displacement(holding.staying)) } else { 0 };
        let (from, to) = &mut self.ahead;
        (from[asset], to[asset]) = (now.min(at_rest), now.max(at_rest));
    }

    /// Whether steps in which nobody looks at prices can be passed over while impacts are below an
    /// octave.
    pub(super) fn can_pass(&self) -> bool {
        self.is_plain && self.marks.are_usual()
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

    fn holding(&self, asset: usize) -> Option<&Holding<'a>> {
        self.holdings.get(self.holding_of[asset] as usize)
    }

    /// What a sale of `flow` brings after one of `before`, money; both at opening value. `None`
    /// where the market is infinitely deep. Negative is what a purchase costs.
    pub(super) fn brings(&mut self, asset: usize, before: i64, flow: i64) -> Option<i64> {
        let row = &self.liquidity.assets[asset];
        if row.curve == NONE {
            return None;
        }
        let (size, own) = self.holding(asset).map_or((0, 0), |it| (it.size(), it.own));
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

    fn move_prices(&mut self, step: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        for (market, logs) in self.market.iter_mut().zip(logs.chunks_exact(n_steps)) {
            *market = logs[step];
        }
        let cross = self.liquidity.cross.chunks(self.program.market.n_assets);
        for (asset, row) in cross.enumerate() {
            let own = self.holdings.iter().map(|it| i64::from(it.own));
            let parts = self.holdings.iter().map(|it| i64::from(row[it.asset as usize]));
            let total = own.zip(parts).map(|(own, part)| (part * own) >> CROSS_BITS).sum();
            displace(&mut self.impact[asset], &mut self.market[asset], total);
        }
        if self.liquidity.cross.is_empty() {
            for holding in &self.holdings {
                let asset = holding.asset as usize;
                let own = holding.own.into();
                displace(&mut self.impact[asset], &mut self.market[asset], own);
            }
        }
        for asset in self.all_asked.drain(..) {
            self.asked[asset as usize] = None;
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

impl Holding<'_> {
    /// All that it holds.
    #[inline(always)]
    fn size(&self) -> i64 {
        self.recovering + self.staying
    }

    #[inline(always)]
    fn displace(&mut self) {
        let (size, (least, most)) = (self.size(), self.still);
        let is_still = (least <= size) & (size <= most);
        self.own = if is_still { 0 } else { self.curve.displacement(size) };
    }

    /// A few steps go by.
    #[inline(always)]
    fn recover(&mut self, n_steps: usize) {
        let sign = self.recovering >> 63;
        let mut left = self.recovering.unsigned_abs();
        for _ in 0..n_steps {
            left = scale_q31(left, self.kept);
        }
        self.recovering = (left as i64 ^ sign) - sign;
    }
}

/// Moves a price, at rest so far.
#[inline(always)]
fn displace(impact: &mut i32, market: &mut i32, total: i64) {
    *impact = total.clamp(-MOST_IMPACT, MOST_IMPACT) as i32;
    *market += *impact;
}
