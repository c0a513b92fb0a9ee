//! The market of every asset as sales move it, and as the venues read it.

use shortfall::engine::cpu::walk::When;
use shortfall::fixed::{SMALL_MARK, mark_of_log, scale_q31};
use shortfall::market::depth::OVERBOUGHT;
use shortfall::program::Program;
use shortfall::program::layout::{INSTRUMENT_PRICE, from_words};
use shortfall::program::liquidity::{BandRow, CROSS_BITS, Liquidity, MOST_IMPACT, MOST_PART, NONE};

/// One asset at the present.
#[derive(Debug, Clone, Default)]
struct Asset<'a> {
    /// log2 price at the opening.
    opening: i32,
    /// Size sold that recovers.
    recovering: i64,
    /// Size sold that stays.
    staying: i64,
    /// Money of value at a mark of 1 that this round has sold.
    flow: i64,
    /// Of that, what the opening had sold before the first round.
    pending: i64,
    /// Highest log price at the beginning of a step so far.
    highest: i64,
    /// Depth of this step; none where the market is infinitely deep.
    band: Option<&'a BandRow>,
    /// log2 price as sales have moved it.
    market: i32,
    /// The same without what sales of the asset itself have moved.
    rest: i32,
    reported: i32,
    reported_at: i64,
    /// What was reported at the end of each step so far.
    history: Vec<i32>,
    /// log2 price that the venues read.
    read: i32,
}

/// All assets of a path.
pub(crate) struct Market<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    /// log2 prices that no sale has moved, asset by asset.
    logs: &'a [i32],
    step: usize,
    assets: Vec<Asset<'a>>,
    /// Running sums of marks, by instrument.
    sums: Vec<u64>,
    /// A mark on the market saturated, one was small.
    pub(crate) strained: (bool, bool),
}

fn with_sign_of(magnitude: u64, signed: i64) -> i64 {
    if signed < 0 { -(magnitude as i64) } else { magnitude as i64 }
}

fn clamped(part: i128) -> i64 {
    part.clamp(-i128::from(MOST_PART), i128::from(MOST_PART)) as i64
}

impl Asset<'_> {
    /// What the opening has left of it.
    fn at_opening(program: &Program, liquidity: &Liquidity, idx: usize) -> Self {
        let opening = program.market.octaves.opening_log(idx);
        let plain = Self { opening, highest: opening.into(), reported: opening, ..Self::default() };
        let Some(standing) = &liquidity.standing else { return plain };
        let flow = standing.flows[idx];
        let has_curve = liquidity.assets[idx].curve != NONE;
        let held = |size: i64| if has_curve { size } else { 0 };
        Self {
            recovering: held(standing.recovering[idx]),
            staying: held(standing.staying[idx]),
            flow,
            pending: flow,
            ..plain
        }
    }
}

impl<'a> Market<'a> {
    pub(crate) fn new(program: &'a Program, liquidity: &'a Liquidity, logs: &'a [i32]) -> Self {
        let mut market = Self {
            program,
            liquidity,
            logs,
            step: 0,
            assets: (0..liquidity.assets.len())
                .map(|idx| Asset::at_opening(program, liquidity, idx))
                .collect(),
            sums: vec![0; program.instruments.len()],
            strained: (false, false),
        };
        market.look_at_purchases();
        market
    }

    /// The market half recovers, prices move, feeds report what is due.
    pub(crate) fn begin_step(&mut self, step: usize) {
        self.step = step;
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            // The first step shares its time with the opening.
            let is_opening = step == 0 && self.liquidity.standing.is_some();
            if row.curve != NONE && !is_opening {
                let kept = scale_q31(asset.recovering.unsigned_abs(), row.kept);
                asset.recovering = with_sign_of(kept, asset.recovering);
            }
        }
        self.move_prices();
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            asset.highest = asset.highest.max(i64::from(asset.market));
            let fall = asset.highest - i64::from(asset.market);
            asset.band = (row.curve != NONE).then(|| self.liquidity.band(row, fall));
        }
        self.report(true);
        for (row, sum) in self.program.instruments.iter().zip(&mut self.sums) {
            *sum += u64::from(mark_of_log(self.assets[row.asset as usize].read));
        }
        self.strain();
    }

    /// Another round of the same step: sales have moved prices.
    pub(crate) fn begin_round(&mut self) {
        self.move_prices();
        self.report(false);
        self.strain();
    }

    /// What the round has sold becomes a part that recovers and a part that stays.
    pub(crate) fn end_round(&mut self) {
        for (row, asset) in self.liquidity.assets.iter().zip(&mut self.assets) {
            asset.pending = 0;
            let Some(band) = asset.band else {
                asset.flow = 0;
                continue;
            };
            let size = band.size(asset.flow);
            let stays = with_sign_of(scale_q31(size.unsigned_abs(), row.permanent), size);
            asset.staying = clamped(i128::from(asset.staying) + i128::from(stays));
            asset.recovering = clamped(i128::from(asset.recovering) + i128::from(size - stays));
            asset.flow = 0;
        }
        self.look_at_purchases();
    }

    /// Beyond the end of its curve nothing is known of what a purchase costs.
    fn look_at_purchases(&mut self) {
        for (row, asset) in self.liquidity.assets.iter().zip(&self.assets) {
            let size = asset.recovering + asset.staying;
            if row.curve != NONE && size < 0 {
                let curve = &self.liquidity.curves[row.curve as usize];
                self.strained.0 |= curve.displacement(size) >= OVERBOUGHT;
            }
        }
    }

    pub(crate) fn end_step(&mut self) {
        for asset in &mut self.assets {
            asset.history.push(asset.reported);
        }
    }

    fn move_prices(&mut self) {
        let n_assets = self.assets.len();
        let n_steps = self.program.market.n_steps;
        let rows = self.liquidity.assets.iter().zip(&self.assets);
        let own: Vec<i64> = rows
            .map(|(row, asset)| {
                let is_deep = row.curve == NONE;
                let sold = || asset.recovering + asset.staying;
                if is_deep {
                    0
                } else {
                    self.liquidity.curves[row.curve as usize].displacement(sold()).into()
                }
            })
            .collect();
        for idx in 0..n_assets {
            let impact = if self.liquidity.cross.is_empty() {
                own[idx]
            } else {
                let row = &self.liquidity.cross[idx * n_assets..][..n_assets];
                let parts = row.iter().zip(&own);
                let sum: i64 = parts.map(|(c, own)| (i64::from(*c) * own) >> CROSS_BITS).sum();
                sum.clamp(-MOST_IMPACT, MOST_IMPACT)
            };
            let log = i64::from(self.logs[idx * n_steps + self.step]);
            self.assets[idx].market = i32::try_from(log + impact).expect("a log is a word");
            self.assets[idx].rest = i32::try_from(log + impact - own[idx]).expect("a word");
        }
    }

    fn report(&mut self, is_beginning: bool) {
        let n_steps = self.program.market.n_steps;
        let now = self.step as i64 + 1;
        for (idx, asset) in self.assets.iter_mut().enumerate() {
            let Some(feed) = self.liquidity.feeds.get(idx) else {
                asset.read = asset.market;
                continue;
            };
            let is_stale =
                self.liquidity.stale.get(idx * n_steps + self.step).is_some_and(|it| *it != 0);
            let rise = i64::from(asset.market) - i64::from(asset.reported);
            let is_late = is_beginning && now - asset.reported_at >= i64::from(feed.heartbeat);
            let is_moved = rise >= i64::from(feed.rise) || -rise >= i64::from(feed.fall);
            if !is_stale && (is_late || is_moved) {
                asset.reported = asset.market;
                asset.reported_at = now;
            }
            let sent = self.step.checked_sub(feed.delay as usize);
            asset.read = match feed.delay {
                0 => asset.reported,
                _ => sent.map_or(asset.opening, |step| asset.history[step]),
            };
        }
    }

    /// The marks of an instrument: as the venues read it, and on the market.
    pub(crate) fn marks(&self, instrument: u32) -> (u32, u32) {
        let row = &self.program.instruments[instrument as usize];
        if row.kind != INSTRUMENT_PRICE {
            let mark = (self.sums[instrument as usize] >> row.sum_shift) as u32;
            return (mark, mark);
        }
        let growth = (from_words(row.accrual) * (self.step as i64 + 1) + (1 << 31)) >> 32;
        let asset = &self.assets[row.asset as usize];
        let mark = |log: i32| mark_of_log(log + growth as i32);
        (mark(asset.read), mark(asset.market))
    }

    fn strain(&mut self) {
        for (idx, row) in self.program.instruments.iter().enumerate() {
            if row.kind == INSTRUMENT_PRICE {
                let (_, market) = self.marks(idx as u32);
                self.strained.0 |= market == u32::MAX;
                self.strained.1 |= market < SMALL_MARK;
            }
        }
    }

    /// What a sale of `flow` brings after one of `before` in this round; none where the market is
    /// infinitely deep.
    pub(crate) fn brings(&self, asset: usize, before: i64, flow: i64) -> Option<i128> {
        let row = &self.liquidity.assets[asset];
        let now = &self.assets[asset];
        let band = now.band?;
        let brought = |sold: i64| {
            let size =
                i128::from(now.recovering) + i128::from(now.staying) + i128::from(band.size(sold));
            // The curve ends there.
            let size = size.clamp(-i128::from(i64::MAX), i128::from(i64::MAX)) as i64;
            i128::from(self.liquidity.brought(row, band, mark_of_log(now.rest), size))
        };
        Some(brought(before + flow) - brought(before))
    }

    pub(crate) fn flow(&self, asset: usize) -> i64 {
        self.assets[asset].flow
    }

    pub(crate) fn pending(&self, asset: usize) -> i64 {
        self.assets[asset].pending
    }

    pub(crate) fn sell(&mut self, asset: usize, flow: i64) {
        self.assets[asset].flow += flow;
    }

    /// Of each asset, of all in their order.
    pub(crate) fn flows(&self) -> Vec<i64> {
        self.assets.iter().map(|asset| asset.flow).collect()
    }

    pub(crate) fn market_logs(&self) -> Vec<i32> {
        self.assets.iter().map(|asset| asset.market).collect()
    }

    pub(crate) fn read_logs(&self) -> Vec<i32> {
        self.assets.iter().map(|asset| asset.read).collect()
    }

    pub(crate) fn at(&self, round: u32) -> When {
        When { step: self.step, round }
    }
}
