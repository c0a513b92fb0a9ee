//! Depth, feeds, liquidators and insurance funds in integers: what couples the positions of a path.
//!
//! The market of an asset remembers what was sold into it as a *size* (Q7.56, of the depth's
//! scale): a part that recovers and a part that stays. Its curve turns the size into a displacement
//! of the log price, and the difference of two sizes into what a sale brings.

use std::slice::from_ref;

use bytemuck::Zeroable;
use serde::{Deserialize, Serialize};

pub use super::feeds::FeedRow;
use super::feeds::Feeds;
pub use super::layout::NONE;
use super::layout::from_words;
use super::standing::Standing;
use crate::book::action::to_words;
use crate::book::liquidators::{Execution, Liquidators, Order};
use crate::book::venue::{Rule, share_q31};
use crate::fixed::{rescale, scale_mark, scale_q31};
use crate::market::depth::{Curve, Depth, Feedback, SIZE_BITS};
use crate::market::model::Octaves;
use crate::rows;
use crate::rows::Part;
use crate::scenario::Scenario;

/// The part of a size that recovers, and the part that stays, are at most this.
pub const MOST_PART: i64 = (1 << 62) - 1;
/// Most that impact moves a log2 price, Q8.24: 32 octaves, so that logs stay words.
pub const MOST_IMPACT: i64 = 1 << 29;
/// Bits below the point of an entry of the cross-impact matrix.
pub const CROSS_BITS: u32 = 28;
/// Parts of a size among which the most profitable one is looked for.
pub const PARTS_LOG2: u32 = 10;
/// Debt below this, 2^-44 to 2^-43 of the gross book, is dust; money.
pub const DUST: i64 = 1 << 10;
/// Most that slippage may take from an account, a fine value.
pub const MOST_SLIPPAGE: u64 = 1 << 61;

/// Everything that couples the positions of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Liquidity {
    /// The curves that assets refer to.
    pub curves: Vec<Curve>,
    /// A row an asset.
    pub assets: Vec<AssetRow>,
    /// Depth by fall of the price, asset by asset.
    pub bands: Vec<BandRow>,
    /// Cross impact, Q4.28, row by row, `n_assets` squared; empty for none.
    pub cross: Vec<i32>,
    /// A row an asset, then those of single venues; empty where venues read the market itself.
    pub feeds: Vec<FeedRow>,
    /// 1 where a step of a feed goes unreported, feed by feed; empty for nowhere.
    pub stale: Vec<u32>,
    /// Who liquidates, when, how much.
    pub terms: LiquidationTerms,
    /// The insurance fund of each venue.
    pub funds: Vec<FundRow>,
    /// What settling the opening book has left; `None` for nothing.
    pub standing: Option<Standing>,
}

rows! {
    /// How an asset's market takes sales; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct AssetRow {
        /// Its curve, or [`NONE`].
        pub curve: u32,
        /// Share of a sale's size that stays, Q1.31.
        pub permanent: u32,
        /// Share of the rest that is left after a step, Q1.31.
        pub kept: u32,
        /// First of its bands.
        pub band_start: u32,
        /// Number of its bands; at least 1 with a curve.
        pub n_bands: u32,
    }
}

rows! {
    /// Depth from a fall of the price on; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct BandRow {
        /// Fall of the log2 price from its highest, Q8.24.
        pub fall: u32,
        /// A flow, money of value at a mark of 1, to a size: mantissa and shift of [`rescale`].
        pub size_mantissa: u32,
        /// Its shift.
        pub size_shift: i32,
        /// What was paid, Q7.56, to money: mantissa and shift of [`rescale`].
        pub money_mantissa: u32,
        /// Its shift.
        pub money_shift: i32,
    }
}

rows! {
    /// Who liquidates, when, how much; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct LiquidationTerms {
        /// Cost of a call, money, low and high word.
        pub gas: [u32; 2],
        /// What a call must earn beside its gas, a share of the debt it repays, Q1.31.
        pub margin: u32,
        /// Debt repaid in a step at most, money, low and high word.
        pub capital: [u32; 2],
        /// Events in a step at most.
        pub per_step: u32,
        /// 1 for the largest first, 0 for the worst health first.
        pub largest_first: u32,
        /// 1 if sales of a round see each other.
        pub in_turn: u32,
        /// 1 if liquidators stay away where they would lose.
        pub decline: u32,
        /// Rounds of a step at most; 0 where a step's flow moves the prices of the next.
        pub rounds: u32,
    }
}

rows! {
    /// The insurance fund of a venue; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct FundRow {
        /// What it holds at opening, money, low and high word.
        pub initial: [u32; 2],
        /// What a closed position pays into it, a share of the notional, Q1.31.
        pub fee: u32,
    }
}

impl Liquidity {
    /// Compiles what couples positions; `None` where nothing does.
    pub(super) fn compile(
        scenario: &Scenario,
        (octaves, feeds): (&Octaves, &Feeds),
        money_log2: i32,
        money: &dyn Fn(f64) -> i64,
    ) -> Option<Self> {
        let model = &scenario.market.liquidity;
        let funds: Vec<FundRow> = scenario.venues.iter().map(|it| fund(&it.rule, money)).collect();
        let has_fund = funds.iter().any(|fund| from_words(fund.initial) > 0 || fund.fee > 0);
        if model.depths.is_empty()
            && feeds.is_empty()
            && scenario.liquidators.is_none()
            && !has_fund
        {
            return None;
        }
        let (n_steps, step_years) = (scenario.run.n_steps, scenario.run.step_years);
        let free = AssetRow { curve: NONE, ..AssetRow::zeroed() };
        let mut compiled = Self {
            curves: Vec::new(),
            assets: vec![free; scenario.market.assets.len()],
            bands: Vec::new(),
            cross: model.cross_impact.iter().map(|entry| q28(*entry)).collect(),
            feeds: feeds.rows(step_years),
            stale: feeds.stale(n_steps, step_years),
            terms: terms(scenario.liquidators.as_ref(), model.feedback, money),
            funds,
            standing: None,
        };
        for depth in &model.depths {
            compiled.push(depth, octaves.of(depth.asset.idx()), step_years, money_log2);
        }
        Some(compiled)
    }

    /// Flows are of value at a mark of 1, so many octaves above the opening price.
    fn push(&mut self, depth: &Depth, octaves: u32, step_years: f64, money_log2: i32) {
        let form = depth.form.form();
        let row = &mut self.assets[depth.asset.idx()];
        // All constant products share one curve; their scales tell them apart.
        let curve = Curve::of(form);
        let known = self.curves.iter().position(|it| *it == curve);
        row.curve = known.unwrap_or(self.curves.len()) as u32;
        if known.is_none() {
            self.curves.push(curve);
        }
        row.permanent = share_q31(depth.permanent);
        // At once, 2^-infinity, is 0; never, 2^0, is 1.
        row.kept = share_q31(libm::exp2(-step_years / depth.half_life_years));
        row.band_start = self.bands.len() as u32;
        row.n_bands = 1 + depth.by_drawdown.len() as u32;
        let falls = depth.by_drawdown.iter().map(|band| (band.fall, band.share));
        for (fall, share) in std::iter::once((0.0, 1.0)).chain(falls) {
            let scale = libm::ldexp(form.scale_usd() * share, octaves as i32);
            let [one, quantum] = [SIZE_BITS as i32, money_log2].map(|it| libm::exp2(it.into()));
            let (size_mantissa, size_shift) = mantissa(quantum * one * (1.0 - depth.fee) / scale);
            let (money_mantissa, money_shift) = mantissa(scale / (one * quantum));
            self.bands.push(BandRow {
                fall: libm::round(-libm::log2(1.0 - fall) * libm::exp2(24.0)) as u32,
                size_mantissa,
                size_shift,
                money_mantissa,
                money_shift,
            });
        }
    }

    /// The same in infinitely deep markets; all else stays.
    #[must_use]
    pub fn without_depth(&self) -> Option<Self> {
        let mut free = self.clone();
        free.curves.clear();
        free.bands.clear();
        free.cross.clear();
        for row in &mut free.assets {
            *row = AssetRow { curve: NONE, ..AssetRow::zeroed() };
        }
        if let Some(standing) = &mut free.standing {
            for sizes in [&mut standing.flows, &mut standing.recovering, &mut standing.staying] {
                sizes.fill(0);
            }
        }
        let none = terms(None, Feedback::NextStep, &|_| 0);
        let has_fund = free.funds.iter().any(|it| from_words(it.initial) > 0 || it.fee > 0);
        // Rounds do nothing where prices do not move.
        let is_free = LiquidationTerms { rounds: 0, ..free.terms } == none
            && free.feeds.is_empty()
            && !has_fund;
        (!is_free).then_some(free)
    }

    /// Every array, named, for the program's digest.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = vec![
            Part::rows("liquidity.assets", &self.assets),
            Part::rows("liquidity.bands", &self.bands),
            Part::words("liquidity.cross", bytemuck::cast_slice(&self.cross)),
            Part::rows("liquidity.feeds", &self.feeds),
            Part::words("liquidity.stale", bytemuck::cast_slice(&self.stale)),
            Part::rows("liquidity.terms", from_ref(&self.terms)),
            Part::rows("liquidity.funds", &self.funds),
        ];
        let standing = self.standing.iter().flat_map(Standing::parts);
        parts.extend(standing.map(|(name, bytes)| Part::words(name, bytes)));
        for curve in &self.curves {
            parts.push(Part::rows("liquidity.sold", &curve.sold));
            parts.push(Part::rows("liquidity.bought", &curve.bought));
        }
        parts
    }

    /// Whether it makes a difference in which order the liquidations of a round are carried out:
    /// where means are limited, or one sees what another has sold.
    #[must_use]
    pub fn has_order(&self) -> bool {
        self.terms.has_limited_capital()
            || self.terms.per_step != NONE
            || self.terms.in_turn == 1
            || self.funds.iter().any(|fund| fund.initial() > 0 || fund.fee > 0)
    }

    /// The band that a fall of the log2 price from its highest lies in.
    #[must_use]
    pub fn band(&self, asset: &AssetRow, fall: i64) -> &BandRow {
        let bands = &self.bands[asset.band_start as usize..][..asset.n_bands as usize];
        let below = bands.iter().rposition(|band| i64::from(band.fall) <= fall);
        &bands[below.unwrap_or(0)]
    }

    /// What all sales up to a size have brought, money, at a mark of rest.
    #[must_use]
    pub fn brought(&self, asset: &AssetRow, band: &BandRow, mark: u32, size: i64) -> i64 {
        let paid = self.curves[asset.curve as usize].worth(size);
        let money = scale_mark(band.money(paid as i64) as u64, mark) as i64;
        if size < 0 { -money } else { money }
    }
}

impl BandRow {
    /// Money of value at a mark of 1 as a size; the sign stays.
    #[must_use]
    pub fn size(&self, flow: i64) -> i64 {
        let size = rescale(flow.unsigned_abs(), self.size_mantissa, self.size_shift) as i64;
        if flow < 0 { -size } else { size }
    }

    /// A size that is no purchase, as money of value at a mark of 1; without the fee, which sizes
    /// bear.
    #[must_use]
    pub fn money(&self, size: i64) -> i64 {
        rescale(size as u64, self.money_mantissa, self.money_shift) as i64
    }
}

impl LiquidationTerms {
    /// Cost of a call, money.
    #[must_use]
    pub fn gas(&self) -> i64 {
        from_words(self.gas)
    }

    /// What a call that repays a debt must bring at least: the debt, the margin on it, and gas.
    #[inline(always)]
    #[must_use]
    pub fn cost(&self, repaid: i64) -> i64 {
        repaid + scale_q31(repaid.unsigned_abs(), self.margin) as i64 + self.gas()
    }

    /// Debt repaid in a step at most, money.
    #[must_use]
    pub fn capital(&self) -> i64 {
        from_words(self.capital)
    }

    /// Whether there is a most.
    #[must_use]
    pub fn has_limited_capital(&self) -> bool {
        self.capital() != i64::MAX
    }
}

impl FundRow {
    /// What it holds at opening, money.
    #[must_use]
    pub fn initial(&self) -> i64 {
        from_words(self.initial)
    }
}

fn terms(
    liquidators: Option<&Liquidators>,
    feedback: Feedback,
    money: &dyn Fn(f64) -> i64,
) -> LiquidationTerms {
    let free = Liquidators { decline: false, ..Liquidators::default() };
    let it = liquidators.unwrap_or(&free);
    LiquidationTerms {
        gas: to_words(money(it.gas_usd)),
        margin: share_q31(it.margin),
        capital: to_words(it.capital_usd.map_or(i64::MAX, money)),
        per_step: it.per_step.unwrap_or(NONE),
        largest_first: u32::from(it.order == Order::Largest),
        in_turn: u32::from(it.execution == Execution::InTurn),
        decline: u32::from(it.decline),
        rounds: match feedback {
            Feedback::NextStep => 0,
            Feedback::SameStep { rounds } => rounds,
        },
    }
}

fn fund(rule: &Rule, money: &dyn Fn(f64) -> i64) -> FundRow {
    let (initial, fee) = rule.liquidation().insurance_fund();
    FundRow { initial: to_words(money(initial)), fee: share_q31(fee) }
}

/// A factor as the mantissa and the shift of [`rescale`].
fn mantissa(factor: f64) -> (u32, i32) {
    let (fraction, exponent) = libm::frexp(factor);
    // 1/2 <= fraction < 1; what rounds up to 1 is a bit too small.
    let mantissa = libm::round(fraction * libm::exp2(32.0)).min(f64::from(u32::MAX));
    (mantissa as u32, exponent)
}

fn q28(entry: f64) -> i32 {
    libm::round(entry * libm::exp2(f64::from(CROSS_BITS))) as i32
}
