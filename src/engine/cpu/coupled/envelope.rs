//! The envelope within which bounds hold: the impact of sales, and how late venues may read.

use std::ops::Range;

use super::around::Around;
use super::holdings::FIRST_ENVELOPE;
use super::market::MovedMarket;
use crate::engine::cpu::extremes::Extremes;
use crate::engine::cpu::filter::Filter;
use crate::engine::cpu::horizon::Widening;
use crate::engine::cpu::mark_ratios::ROUNDED;
use crate::engine::cpu::marks::{Marks, RUN_STEPS};
use crate::engine::scan::pairs::PairClass;
use crate::engine::scan::terms::Term;
use crate::fixed::OCTAVE;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, from_words};
use crate::program::liquidity::{Liquidity, NONE};

/// The first envelope of taken accounts, which is dearer to widen than to leave wide: 2^-7.
const FIRST_TAKEN: i32 = OCTAVE >> 7;
/// Marks are within 3.6e-9 and half a unit of 2^log, so their products are widened by more.
const WIDER: f64 = 2e-8;

/// How an impact fits into the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It does.
    Holds,
    /// It did not: taken accounts whose assets have a wider envelope now are to be bounded anew.
    Tight,
    /// Nor into that of those who were taken: there may be more.
    Beyond,
}

/// How far the envelope lets an instrument's marks go, down and up, as floats.
#[derive(Debug, Clone, Copy)]
struct Floats {
    /// But for what is rounded, of what is held and, with its sign, of what is owed.
    plain: [f32; 2],
    /// The absolute values of these, times the highest of the path's marks.
    most: [f32; 2],
    /// What is rounded, of any mark.
    rounded: f32,
    /// In all, for the lowest of the path's marks and so for any.
    of_ratio: (f32, f32),
}

/// The impact that bounds allow for, and the extremes of what venues may read within it.
#[derive(Debug)]
pub(super) struct Envelope {
    /// Impact on each asset for which the bounds hold: from, to; Q8.24.
    envelope: (Vec<i32>, Vec<i32>),
    first_envelope: (Vec<i32>, Vec<i32>),
    /// Whether it is for impacts below an octave only.
    is_narrow: bool,
    /// Assets that had too little when it was last found not to fit.
    has_grown: Vec<bool>,
    /// Steps by which venues may read an asset late.
    reach: Vec<usize>,
    is_late: bool,
    /// For sums, the instrument of the price that they sum up.
    price_of: Vec<u32>,
    asset_of: Vec<u32>,
    /// Interest of each instrument over its reach, in log2.
    growth: Vec<f64>,
    /// Impact on any asset for which those were taken who may be breached at all.
    taken: (i32, i32),
    /// What that does to bounds, and the same when a path begins.
    widening: Widening,
    first_taken: (i32, i32),
    first_widening: Widening,
    /// What it does to each instrument's lowest and highest mark.
    factors: Vec<(f64, f64)>,
    first_factors: Vec<(f64, f64)>,
    /// The same as floats, of this path's marks.
    floats: Vec<Floats>,
    extremes: Vec<Extremes>,
}

impl Envelope {
    pub(super) fn new(program: &Program, liquidity: &Liquidity) -> Self {
        let n_assets = program.market.n_assets;
        let has_curve = |asset: usize| liquidity.assets[asset].curve != NONE;
        let moves = |asset: usize| {
            let row = liquidity.cross.get(asset * n_assets..(asset + 1) * n_assets);
            has_curve(asset)
                || row.is_some_and(|row| (0..n_assets).any(|it| row[it] != 0 && has_curve(it)))
        };
        let down = |asset| if moves(asset) { -FIRST_ENVELOPE } else { 0 };
        let first_envelope = ((0..n_assets).map(down).collect::<Vec<i32>>(), vec![0; n_assets]);
        let price_of = |idx: usize| {
            let asset = program.instruments[idx].asset;
            let mut prices = program.instruments.iter();
            prices
                .position(|it| {
                    it.asset == asset && it.kind == INSTRUMENT_PRICE && it.accrual == [0; 2]
                })
                .map_or(NONE, |idx| idx as u32)
        };
        let reach: Vec<usize> =
            (0..n_assets).map(|asset| reach(program, liquidity, asset)).collect();
        let growth = program.instruments.iter().map(|instrument| {
            let a_step = from_words(instrument.accrual) as f64 * libm::exp2(-56.0);
            a_step * reach[instrument.asset as usize] as f64
        });
        let is_moved = first_envelope.0.iter().any(|from| *from < 0);
        let first_taken = if is_moved { (-FIRST_TAKEN, 0) } else { (0, 0) };
        let mut envelope = Self {
            growth: growth.collect(),
            has_grown: vec![false; n_assets],
            envelope: first_envelope.clone(),
            taken: first_taken,
            widening: widening(first_taken),
            first_taken,
            first_widening: widening(first_taken),
            first_envelope,
            is_narrow: true,
            is_late: reach.iter().any(|reach| *reach > 0),
            reach,
            price_of: (0..program.instruments.len()).map(price_of).collect(),
            asset_of: program.instruments.iter().map(|it| it.asset).collect(),
            factors: Vec::new(),
            first_factors: Vec::new(),
            floats: Vec::new(),
            extremes: Vec::new(),
        };
        envelope.set_factors();
        envelope.first_factors.clone_from(&envelope.factors);
        envelope
    }

    /// A new path of these marks.
    pub(super) fn begin(&mut self, marks: &Marks) {
        self.envelope.0.copy_from_slice(&self.first_envelope.0);
        self.envelope.1.copy_from_slice(&self.first_envelope.1);
        self.is_narrow = true;
        self.taken = self.first_taken;
        self.widening = self.first_widening;
        self.factors.clone_from(&self.first_factors);
        self.set_floats(marks);
    }

    /// Whether impacts on each asset, from one to another, are within the envelope.
    #[inline]
    pub(super) fn holds(&self, least: &[i32], most: &[i32]) -> bool {
        let (from, to) = &self.envelope;
        let is_in = |from: &[i32], least: &[i32]| {
            from.iter().zip(least).fold(true, |all, (from, least)| all & (from <= least))
        };
        is_in(from, least) & is_in(most, to)
    }

    /// Whether impacts on each asset, from one to another, are within the envelope; if not, it
    /// now is wider.
    pub(super) fn fit(&mut self, least: &[i32], most: &[i32], marks: &Marks) -> Fit {
        if self.holds(least, most) {
            return Fit::Holds;
        }
        let (from, to) = &mut self.envelope;
        let impacts = least.iter().zip(most);
        let envelope = from.iter_mut().zip(to).zip(&mut self.has_grown);
        for (((from, to), has_grown), (least, most)) in envelope.zip(impacts) {
            *has_grown = least < from || most > to;
            if least < from {
                *from = least.saturating_mul(2).min(-FIRST_ENVELOPE);
            }
            if most > to {
                *to = most.saturating_mul(2).max(FIRST_ENVELOPE);
            }
        }
        self.set_factors();
        self.set_floats(marks);
        let least = self.envelope.0.iter().copied().min().unwrap_or(0);
        let most = self.envelope.1.iter().copied().max().unwrap_or(0);
        self.is_narrow = least > -OCTAVE && most < OCTAVE;
        let (from, to) = self.taken;
        if from <= least && most <= to {
            return Fit::Tight;
        }
        if least < from {
            self.taken.0 = least.saturating_mul(2).min(-FIRST_TAKEN);
        }
        if most > to {
            self.taken.1 = most.saturating_mul(2).max(FIRST_TAKEN);
        }
        self.widening = widening(self.taken);
        Fit::Beyond
    }

    /// Whether some term's asset has a wider envelope since an impact was last beyond it.
    #[inline]
    pub(super) fn has_grown(&self, terms: &[Term]) -> bool {
        terms.iter().any(|it| self.has_grown[self.asset_of[it.instrument as usize] as usize])
    }

    /// Whether it holds impacts below an octave only.
    pub(super) fn is_narrow(&self) -> bool {
        self.is_narrow
    }

    fn set_factors(&mut self) {
        let scale = libm::exp2(-24.0);
        self.factors.clear();
        for (asset, growth) in self.asset_of.iter().zip(&self.growth) {
            let (least, most) =
                (self.envelope.0[*asset as usize], self.envelope.1[*asset as usize]);
            let down = libm::exp2(f64::from(least) * scale + growth.min(0.0)) * (1.0 - WIDER);
            let up = libm::exp2(f64::from(most) * scale + growth.max(0.0)) * (1.0 + WIDER);
            self.factors.push((down, up));
        }
    }

    /// A mark m stands for m - 1/2 to m + 1/2; moved and rounded again it is at least
    /// m down - (1 + up) and at most m up + (1 + up).
    fn set_floats(&mut self, marks: &Marks) {
        let floats = |((down, up), whole): (&(f64, f64), &Extremes)| {
            let rounded = (1.0 + up) / f64::from(whole.low);
            let high = f64::from(whole.high);
            Floats {
                plain: [*down as f32, -*up as f32],
                most: [(down * high) as f32, (up * high) as f32],
                rounded: (1.1 * (1.0 + up)) as f32,
                of_ratio: ((down - rounded).max(0.0) as f32, (up + rounded) as f32),
            }
        };
        self.floats.clear();
        self.floats.extend(self.factors.iter().zip(marks.whole()).map(floats));
    }

    /// The ratio of unmoved marks, collateral over debt, above which a pair of a class is healthy
    /// wherever it may be within the envelope.
    #[inline(always)]
    pub(super) fn least_ratio(&self, class: &PairClass, weighted: u32, debt: u32) -> f32 {
        let (down, _) = self.floats[class.collateral as usize].of_ratio;
        let (_, up) = self.floats[class.debt as usize].of_ratio;
        (debt as f32 * up) / (weighted as f32 * down) * ROUNDED
    }

    /// A surplus without tiers that is nowhere above what it may be within the envelope: every mark
    /// is at its worst.
    #[inline(always)]
    pub(super) fn filter<'m, const N: usize>(
        &self,
        constant: i64,
        terms: &[Term],
        marks: &'m Marks,
    ) -> Filter<'m, N> {
        let mut rounded = 0.0;
        let filter = Filter::of_few(marks, constant, terms, |term| {
            let floats = &self.floats[term.instrument as usize];
            let (magnitude, side) = (term.magnitude as f32, usize::from(term.is_negative));
            rounded += magnitude * floats.rounded;
            (magnitude * floats.plain[side], magnitude * floats.most[side])
        });
        filter.with_doubt(rounded)
    }

    /// Whether venues read some asset late.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// What it does to the bounds of those who may be breached at all.
    pub(super) fn widening(&self) -> Widening {
        self.widening
    }

    /// The same when a path begins.
    pub(super) fn first_widening(&self) -> Widening {
        self.first_widening
    }

    /// The extremes of what venues may read from a step to another, impacts being within the
    /// envelope.
    pub(super) fn extremes(
        &mut self,
        at: &Around<'_>,
        steps: &Range<usize>,
        market: &MovedMarket<'_>,
    ) -> &[Extremes] {
        self.extremes.clear();
        for (idx, instrument) in at.program.instruments.iter().enumerate() {
            let asset = instrument.asset as usize;
            if instrument.kind != INSTRUMENT_PRICE {
                let low = market.marks.sum(idx);
                let price = self.extremes.get(self.price_of[idx] as usize);
                let high = price.map_or(u32::MAX, |price| price.high);
                let most = low + steps.len() as u64 * u64::from(high);
                let shift = instrument.sum_shift;
                let [low, high] = [low, most].map(|sum| (sum >> shift).min(u32::MAX.into()) as u32);
                self.extremes.push(Extremes { low, high });
                continue;
            }
            let opening = at.program.market.octaves.opening_mark(asset);
            let extremes = extremes_of((at.marks, opening), idx, steps, self.reach[asset]);
            let (down, up) = self.factors[idx];
            self.extremes.push(Extremes {
                low: ((f64::from(extremes.low) - 1.0) * down - 1.0) as u32,
                high: ((f64::from(extremes.high) + 1.0) * up + 2.0) as u32,
            });
        }
        &self.extremes
    }

    /// The extremes that were asked for last.
    pub(super) fn last_extremes(&self) -> &[Extremes] {
        &self.extremes
    }
}

/// What impacts within an envelope do to log ratios and to marks.
fn widening((down, up): (i32, i32)) -> Widening {
    let most = down.saturating_neg().max(up);
    let moved = libm::exp2(f64::from(most) * libm::exp2(-24.0)) - 1.0 + WIDER;
    // Rounded down, after a hair more than the logarithm may be off.
    let log2 = (-libm::log2(moved) - 1e-9).clamp(0.0, 31.0) as u32;
    Widening {
        log_ratios: up.saturating_sub(down),
        coarser: libm::exp2(-f64::from(down) * libm::exp2(-24.0)),
        marks_log2: Some(log2),
    }
}

/// Steps by which what some venue reads of an asset may lie behind the market.
fn reach(program: &Program, liquidity: &Liquidity, asset: usize) -> usize {
    let n_steps = program.market.n_steps;
    let feeds = liquidity.feeds.iter().enumerate();
    let reaches = feeds.filter(|(_, feed)| feed.asset as usize == asset).map(|(idx, feed)| {
        let stale = liquidity.stale.get(idx * n_steps..(idx + 1) * n_steps);
        let n_stale = stale.map_or(0, |flags| flags.iter().filter(|flag| **flag == 1).count());
        let between = if feed.heartbeat == 1 { 0 } else { feed.heartbeat as usize };
        between.saturating_add(feed.delay as usize).saturating_add(n_stale).min(n_steps)
    });
    reaches.max().unwrap_or(0)
}

/// The extremes of an instrument's marks over the runs that hold some steps and those before them
/// that venues may still read.
fn extremes_of(
    (marks, opening): (&Marks, u32),
    instrument: usize,
    steps: &Range<usize>,
    reach: usize,
) -> Extremes {
    let opening = Extremes { low: opening, high: opening };
    let mut extremes = if reach > steps.start { opening } else { Extremes::NONE };
    let first = steps.start.saturating_sub(reach);
    for run in first / RUN_STEPS..steps.end.div_ceil(RUN_STEPS) {
        extremes = extremes.join(marks.of_run(run)[instrument]);
    }
    extremes
}

#[cfg(test)]
mod tests;
