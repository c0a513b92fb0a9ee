//! Prices of a path, as sales move them and as the venues read them, and the marks at these prices.

use crate::fixed::{SMALL_MARK, mark_of_log, scale_q31};
use crate::market::depth::OVERBOUGHT;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, InstrumentRow, from_words};
use crate::program::liquidity::{
    AssetRow, BandRow, CROSS_BITS, Liquidity, MOST_IMPACT, MOST_PART, NONE,
};
use crate::program::standing::Standing;

/// The market of one asset at present. Logs are log2 prices, Q8.24.
#[derive(Debug, Clone, Copy, Default)]
struct Asset<'a> {
    /// Log price at the opening.
    opening: i32,
    /// Size sold into it that recovers, and that stays; negative where more was bought.
    recovering: i64,
    staying: i64,
    /// What this round has sold, money of value at a mark of 1.
    flow: i64,
    /// What the opening had sold before the first round, which is part of that flow.
    pending: i64,
    /// Displacement by its own sales.
    own: i32,
    /// Log price on the market, the highest so far at the beginning of a step, and the band of
    /// depth that the fall from there lies in; `None` where the market is infinitely deep.
    market: i32,
    highest: i32,
    band: Option<&'a BandRow>,
}

/// An asset's price as some venues read it.
#[derive(Debug, Clone, Copy)]
struct Reading {
    asset: usize,
    /// Log price last reported, and after how many steps.
    reported: i32,
    reported_at: usize,
    /// Log price that these venues read.
    read: i32,
}

/// All of them, on one path.
pub(super) struct Market<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    /// Log prices that no sale has moved, asset by asset.
    logs: &'a [i32],
    /// Steps that have begun: none at the opening.
    n_begun: usize,
    assets: Vec<Asset<'a>>,
    /// One an asset, then those of single venues.
    readings: Vec<Reading>,
    /// Log prices reported at the end of each step, step by step.
    history: Vec<Vec<i32>>,
    /// Running sums of marks, by instrument.
    sums: Vec<u64>,
    /// By instrument, the mark that the venues read and the mark on the market.
    pub(super) marks: Vec<[u32; 2]>,
    /// Whether a mark on the market met the upper bound of its format, and whether one was small.
    pub(super) strained: (bool, bool),
    /// The first step in which more of an asset was bought than its curve has prices for, and the
    /// asset.
    pub(super) overbought: Option<(usize, usize)>,
}

/// A share of a size, rounded towards 0.
fn share_of(size: i64, share: u32) -> i64 {
    scale_q31(size.unsigned_abs(), share) as i64 * size.signum()
}

impl<'a> Market<'a> {
    /// The markets at the opening, with what settling the opening book has left in them.
    pub(super) fn new(program: &'a Program, liquidity: &'a Liquidity, logs: &'a [i32]) -> Self {
        let asset = |(idx, row): (usize, &AssetRow)| {
            let log = program.market.octaves.opening_log(idx);
            let band = (row.curve != NONE).then(|| liquidity.band(row, 0));
            let (market, highest) = (log, log);
            Asset { opening: log, market, highest, band, ..Asset::default() }
        };
        // Without feeds, as where liquidators are unlimited, they read the market itself.
        let feeds = program.liquidity.as_ref().map_or(&[][..], |it| &it.feeds);
        let own = feeds.iter().skip(program.market.n_assets);
        let assets = (0..program.market.n_assets).chain(own.map(|feed| feed.asset as usize));
        let reading = |asset: usize| {
            let log = program.market.octaves.opening_log(asset);
            Reading { asset, reported: log, reported_at: 0, read: log }
        };
        let mut market = Self {
            program,
            liquidity,
            logs,
            n_begun: 0,
            assets: liquidity.assets.iter().enumerate().map(asset).collect(),
            readings: assets.map(reading).collect(),
            history: Vec::new(),
            sums: vec![0; program.instruments.len()],
            marks: Vec::new(),
            strained: (false, false),
            overbought: None,
        };
        if let Some(standing) = &liquidity.standing {
            market.resume(standing);
        }
        market.set_marks();
        market
    }

    fn resume(&mut self, standing: &Standing) {
        for (idx, asset) in self.assets.iter_mut().enumerate() {
            (asset.flow, asset.pending) = (standing.flows[idx], standing.flows[idx]);
            if asset.band.is_some() {
                asset.recovering = standing.recovering[idx];
                asset.staying = standing.staying[idx];
            }
        }
        self.look_for_overbought();
    }

    /// What the markets hold, and what was sold into them and has not moved prices yet; funds and
    /// allowances are not their part.
    pub(super) fn standing(&self) -> Standing {
        let mut standing = Standing::none(self.assets.len(), Vec::new());
        for (idx, asset) in self.assets.iter().enumerate() {
            standing.flows[idx] = asset.flow;
            (standing.recovering[idx], standing.staying[idx]) = (asset.recovering, asset.staying);
        }
        standing
    }

    /// The step that has begun last; the opening shares the first one's.
    fn step(&self) -> usize {
        self.n_begun.saturating_sub(1)
    }

    /// The next step: markets recover, prices move, feeds report what is due.
    pub(super) fn begin_step(&mut self) {
        // The first step goes on where the opening has ended.
        let is_resumed = self.n_begun == 0 && self.liquidity.standing.is_some();
        self.n_begun += 1;
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            if !is_resumed {
                asset.recovering = share_of(asset.recovering, row.kept);
            }
        }
        self.strain_unmoved();
        self.move_prices();
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            asset.highest = asset.highest.max(asset.market);
            let fall = i64::from(asset.highest) - i64::from(asset.market);
            asset.band = asset.band.map(|_| self.liquidity.band(row, fall));
        }
        self.report(true);
        for (row, sum) in self.program.instruments.iter().zip(&mut self.sums) {
            let reading = row.reading(self.assets.len());
            *sum += u64::from(mark_of_log(self.readings[reading].read));
        }
        self.set_marks();
    }

    /// Another round of the same step, at prices that the last one's sales have moved.
    pub(super) fn begin_round(&mut self) {
        self.move_prices();
        self.report(false);
        self.set_marks();
    }

    /// The round is over: the markets hold what it has sold.
    pub(super) fn end_round(&mut self) {
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            if let Some(band) = asset.band {
                let size = band.size(asset.flow);
                let stays = share_of(size, row.permanent);
                let held = |part: i64, more: i64| (part + more).clamp(-MOST_PART, MOST_PART);
                asset.staying = held(asset.staying, stays);
                asset.recovering = held(asset.recovering, size - stays);
            }
            (asset.flow, asset.pending) = (0, 0);
        }
        self.look_for_overbought();
    }

    /// A round of the opening is over: its sales move prices at once where those of a step's rounds
    /// do; else the next round sells after them.
    pub(super) fn end_opening_round(&mut self) {
        if self.liquidity.terms.rounds == 0 {
            self.assets.iter_mut().for_each(|asset| asset.pending = asset.flow);
            return;
        }
        self.end_round();
        self.begin_round();
    }

    pub(super) fn end_step(&mut self) {
        self.history.push(self.readings.iter().map(|it| it.reported).collect());
    }

    /// Log price that no sale has moved.
    fn unmoved(&self, asset: usize) -> i32 {
        let n_steps = self.program.market.n_steps;
        let of_step = |step: usize| self.logs[asset * n_steps + step];
        self.n_begun.checked_sub(1).map_or(self.assets[asset].opening, of_step)
    }

    /// Every market is displaced by what it holds, and where impacts cross by what others hold.
    fn move_prices(&mut self) {
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            let size = asset.recovering + asset.staying;
            let curve = self.liquidity.curves.get(row.curve as usize);
            asset.own = curve.map_or(0, |curve| curve.displacement(size));
        }
        let n_assets = self.assets.len();
        for idx in 0..n_assets {
            let total = if self.liquidity.cross.is_empty() {
                i64::from(self.assets[idx].own)
            } else {
                let row = self.liquidity.cross[idx * n_assets..][..n_assets].iter();
                let parts = row.zip(&self.assets);
                parts.map(|(c, asset)| (i64::from(*c) * i64::from(asset.own)) >> CROSS_BITS).sum()
            };
            let impact = total.clamp(-MOST_IMPACT, MOST_IMPACT) as i32;
            self.assets[idx].market = self.unmoved(idx) + impact;
        }
    }

    /// Feeds report the market where it has moved far enough, or, at the beginning of a step, where
    /// a heartbeat is due; what they report arrives after their delay.
    fn report(&mut self, is_new_step: bool) {
        let (step, n_steps) = (self.step(), self.program.market.n_steps);
        for (idx, reading) in self.readings.iter_mut().enumerate() {
            let asset = &self.assets[reading.asset];
            let Some(feed) = self.liquidity.feeds.get(idx) else {
                reading.read = asset.market;
                continue;
            };
            let stale = self.liquidity.stale.get(idx * n_steps + step);
            let rise = i64::from(asset.market) - i64::from(reading.reported);
            let is_far = rise >= i64::from(feed.rise) || -rise >= i64::from(feed.fall);
            let age = self.n_begun - reading.reported_at;
            let is_due = is_new_step && age as u64 >= u64::from(feed.heartbeat);
            if stale != Some(&1) && (is_due || is_far) {
                (reading.reported, reading.reported_at) = (asset.market, self.n_begun);
            }
            let sent = step.checked_sub(feed.delay as usize);
            reading.read = match feed.delay {
                0 => reading.reported,
                _ => sent.map_or(asset.opening, |step| self.history[step][idx]),
            };
        }
    }

    /// The mark of an instrument of a price, which interest grows step by step.
    fn price_mark(&self, row: &InstrumentRow, log: i32) -> u32 {
        let grown = from_words(row.accrual) * self.n_begun as i64 + (1 << 31);
        mark_of_log(log + (grown >> 32) as i32)
    }

    fn set_marks(&mut self) {
        let mark = |(row, sum): (&InstrumentRow, &u64)| {
            let market = self.assets[row.asset as usize].market;
            let read = self.readings[row.reading(self.assets.len())].read;
            if row.kind == INSTRUMENT_PRICE {
                [read, market].map(|log| self.price_mark(row, log))
            } else {
                [(sum >> row.sum_shift) as u32; 2]
            }
        };
        self.marks = self.program.instruments.iter().zip(&self.sums).map(mark).collect();
        let marks = self.program.instruments.iter().zip(&self.marks);
        let prices = marks.filter(|(row, _)| row.kind == INSTRUMENT_PRICE);
        for (_, [_, market]) in prices.filter(|_| self.n_begun > 0) {
            self.strained.0 |= *market == u32::MAX;
            self.strained.1 |= *market < SMALL_MARK;
        }
    }

    /// Prices that no sale has moved strain a path as well.
    fn strain_unmoved(&mut self) {
        for row in self.program.instruments.iter().filter(|row| row.kind == INSTRUMENT_PRICE) {
            let mark = self.price_mark(row, self.unmoved(row.asset as usize));
            self.strained.0 |= mark == u32::MAX;
            self.strained.1 |= mark < SMALL_MARK;
        }
    }

    fn look_for_overbought(&mut self) {
        let step = self.step();
        for (idx, row) in self.liquidity.assets.iter().enumerate() {
            let size = self.assets[idx].recovering + self.assets[idx].staying;
            let curve = self.liquidity.curves.get(row.curve as usize).filter(|_| size < 0);
            if curve.is_some_and(|curve| curve.displacement(size) >= OVERBOUGHT) {
                self.overbought.get_or_insert((step, idx));
            }
        }
    }

    /// What a sale of `flow` brings after one of `before` in this round, money; `None` where the
    /// market is infinitely deep. Negative is what a purchase costs.
    pub(super) fn brings(&self, asset: usize, before: i64, flow: i64) -> Option<i128> {
        let row = &self.liquidity.assets[asset];
        let Asset { recovering, staying, own, market, band, .. } = self.assets[asset];
        let band = band?;
        // Of a market that its own sales have not displaced.
        let rest = mark_of_log(market - own);
        let brought = |sold: i64| {
            let size = i128::from(recovering) + i128::from(staying) + i128::from(band.size(sold));
            let size = size.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            i128::from(self.liquidity.brought(row, band, rest, size))
        };
        Some(brought(before.saturating_add(flow)) - brought(before))
    }

    /// Something is sold in this round.
    pub(super) fn sell(&mut self, asset: usize, flow: i64) {
        self.assets[asset].flow += flow;
    }

    /// All that this round has sold of an asset.
    pub(super) fn flow(&self, asset: usize) -> i64 {
        self.assets[asset].flow
    }

    /// What the opening had sold of an asset before the first round.
    pub(super) fn pending(&self, asset: usize) -> i64 {
        self.assets[asset].pending
    }

    /// All flows, log prices on the market, log prices as they are reported to all, by asset.
    pub(super) fn told(&self) -> (Vec<i64>, Vec<i32>, Vec<i32>) {
        let flows = self.assets.iter().map(|asset| asset.flow).collect();
        let market = self.assets.iter().map(|asset| asset.market).collect();
        let to_all = self.readings[..self.assets.len()].iter();
        (flows, market, to_all.map(|reading| reading.read).collect())
    }
}
