//! How far bounds hold: the impact of sales that there is room for, and how late venues may read.

use std::ops::Range;

use super::Around;
use super::market::MovedMarket;
use crate::engine::cpu::horizon::Widening;
use crate::engine::cpu::marks::{Extremes, Marks, RUN_STEPS};
use crate::fixed::ONE_MARK;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, from_words};
use crate::program::liquidity::{Liquidity, NONE};

/// The first room for impact, in log2 of the price, Q8.24: 2^-10 of an octave.
const FIRST_ROOM: i32 = 1 << 14;
/// Marks are within 3.6e-9 and half a unit of 2^log, so their products are widened by more.
const WIDER: f64 = 2e-8;

/// The room that bounds leave, and the extremes of what venues may read within it.
#[derive(Debug)]
pub(super) struct Room {
    /// Impact on each asset for which the bounds hold: from, to; Q8.24.
    room: Vec<(i32, i32)>,
    first_room: Vec<(i32, i32)>,
    /// Steps by which venues may read an asset late.
    reach: Vec<usize>,
    is_late: bool,
    /// For sums, the instrument of the price that they sum up.
    price_of: Vec<u32>,
    asset_of: Vec<u32>,
    /// Interest of each instrument over its reach, in log2.
    growth: Vec<f64>,
    /// What the room does to bounds, and what it did at first.
    widening: Widening,
    first: Widening,
    /// What it does to each instrument's lowest and highest mark.
    factors: Vec<(f64, f64)>,
    extremes: Vec<Extremes>,
}

impl Room {
    pub(super) fn new(program: &Program, liquidity: &Liquidity) -> Self {
        let n_assets = program.market.n_assets;
        let has_curve = |asset: usize| liquidity.assets[asset].curve != NONE;
        let moves = |asset: usize| {
            let row = liquidity.cross.get(asset * n_assets..(asset + 1) * n_assets);
            has_curve(asset)
                || row.is_some_and(|row| (0..n_assets).any(|it| row[it] != 0 && has_curve(it)))
        };
        let room = |asset| if moves(asset) { (-FIRST_ROOM, FIRST_ROOM) } else { (0, 0) };
        let first_room: Vec<(i32, i32)> = (0..n_assets).map(room).collect();
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
            (0..n_assets).map(|asset| MovedMarket::reach(program, liquidity, asset)).collect();
        let growth = program.instruments.iter().map(|instrument| {
            let a_step = from_words(instrument.accrual) as f64 * libm::exp2(-56.0);
            a_step * reach[instrument.asset as usize] as f64
        });
        Self {
            growth: growth.collect(),
            room: Vec::new(),
            first: widening(&first_room),
            widening: widening(&first_room),
            first_room,
            is_late: reach.iter().any(|reach| *reach > 0),
            reach,
            price_of: (0..program.instruments.len()).map(price_of).collect(),
            asset_of: program.instruments.iter().map(|it| it.asset).collect(),
            factors: Vec::new(),
            extremes: Vec::new(),
        }
    }

    /// A new path.
    pub(super) fn begin(&mut self) {
        self.room.clone_from(&self.first_room);
        self.widening = self.first;
        self.set_factors();
    }

    /// Whether sales have moved prices no further than there is room for; if not, there now is.
    pub(super) fn holds(&mut self, market: &MovedMarket<'_>) -> bool {
        let mut holds = true;
        for ((from, to), impact) in self.room.iter_mut().zip(&market.impact) {
            if impact < from {
                *from = impact.saturating_mul(2);
                holds = false;
            } else if impact > to {
                *to = impact.saturating_mul(2);
                holds = false;
            }
        }
        if !holds {
            self.widening = widening(&self.room);
            self.set_factors();
        }
        holds
    }

    fn set_factors(&mut self) {
        let scale = libm::exp2(-24.0);
        self.factors.clear();
        for (asset, growth) in self.asset_of.iter().zip(&self.growth) {
            let (least, most) = self.room[*asset as usize];
            let down = libm::exp2(f64::from(least) * scale + growth.min(0.0)) * (1.0 - WIDER);
            let up = libm::exp2(f64::from(most) * scale + growth.max(0.0)) * (1.0 + WIDER);
            self.factors.push((down, up));
        }
    }

    /// Whether venues read some asset late.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// What the room does to bounds.
    pub(super) fn widening(&self) -> Widening {
        self.widening
    }

    /// What it does to them when a path begins.
    pub(super) fn first(&self) -> Widening {
        self.first
    }

    /// The extremes of what venues may read from a step to another, for the impact there is room
    /// for.
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
                let low = market.sum(idx);
                let price = self.extremes.get(self.price_of[idx] as usize);
                let high = price.map_or(u32::MAX, |price| price.high);
                let most = low + steps.len() as u64 * u64::from(high);
                let shift = instrument.sum_shift;
                let [low, high] = [low, most].map(|sum| (sum >> shift).min(u32::MAX.into()) as u32);
                self.extremes.push(Extremes { low, high });
                continue;
            }
            let extremes = extremes_of(at.marks, idx, steps, self.reach[asset]);
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

/// What impact within a room does to log ratios and to marks.
fn widening(room: &[(i32, i32)]) -> Widening {
    let down = room.iter().map(|(from, _)| *from).min().unwrap_or(0);
    let up = room.iter().map(|(_, to)| *to).max().unwrap_or(0);
    let most = down.saturating_neg().max(up);
    let moved = libm::exp2(f64::from(most) * libm::exp2(-24.0)) - 1.0 + WIDER;
    // Rounded down, after a hair more than the logarithm may be off.
    let log2 = (-libm::log2(moved) - 1e-9).clamp(0.0, 31.0) as u32;
    Widening { log_ratios: up.saturating_sub(down), marks_log2: Some(log2) }
}

/// The extremes of an instrument's marks over the runs that hold some steps and those before them
/// that venues may still read.
fn extremes_of(marks: &Marks, instrument: usize, steps: &Range<usize>, reach: usize) -> Extremes {
    let opening = Extremes { low: ONE_MARK, high: ONE_MARK };
    let mut extremes = if reach > steps.start { opening } else { Extremes::NONE };
    let first = steps.start.saturating_sub(reach);
    for run in first / RUN_STEPS..steps.end.div_ceil(RUN_STEPS) {
        extremes = extremes.join(marks.of_run(run)[instrument]);
    }
    extremes
}
