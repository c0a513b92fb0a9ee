//! Bounds of all other positions: over what is left of the horizon, then over a window of steps,
//! with room for what sales may move and for how late venues read it.

use std::ops::Range;

use super::Around;
use super::accounts::Accounts;
use super::market::MovedMarket;
use crate::engine::cpu::bound::Surplus;
use crate::engine::cpu::marks::{Extremes, Marks, WINDOW_STEPS};
use crate::engine::cpu::positions::{ScanList, Scanned, Term};
use crate::fixed::ONE_MARK;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, from_words};
use crate::program::liquidity::{Liquidity, NONE};

/// The first room for impact, in log2 of the price, Q8.24: 2^-10 of an octave.
const FIRST_ROOM: i32 = 1 << 14;

/// The positions that are looked at in a window, each with the steps in which it may be breached:
/// bit 0 is the first step.
#[derive(Debug, Default)]
struct Window {
    start: usize,
    /// As they were at the opening, by their place in `near`.
    idle: Vec<(u32, u32)>,
    /// Accounts of those that were breached once.
    open: Vec<(u32, u32)>,
    /// Steps in which any of them may be breached.
    any: u32,
}

/// All steps of a window.
const EVERY_STEP: u32 = u32::MAX;

/// What has been cleared, and for how much impact.
#[derive(Debug)]
pub(super) struct Bounds {
    /// Impact on each asset for which the bounds hold: from, to; Q8.24.
    room: Vec<(i32, i32)>,
    first_room: Vec<(i32, i32)>,
    /// Steps by which venues may read an asset late.
    reach: Vec<usize>,
    /// For sums, the instrument of the price that they sum up.
    price_of: Vec<u32>,
    asset_of: Vec<u32>,
    /// The room of each instrument's asset; no bound where it is read late.
    log_room: Vec<(i32, i32)>,
    /// Interest of each instrument over its reach, in log2.
    growth: Vec<f64>,
    /// What the room for impact and late reading do to each instrument's lowest and highest mark.
    factors: Vec<(f64, f64)>,
    extremes: Vec<Extremes>,
    /// Not cleared for this window.
    window: Window,
    /// Accounts of all that were breached once.
    open: Vec<u32>,
    /// Relative change of any mark that there is room for; none where venues read late.
    error: Option<f64>,
    /// Those that are not cleared for the rest of the horizon and have no account, one after
    /// another, so that they are at hand: their place among the others, themselves, their terms.
    near: Vec<(u32, Scanned)>,
    near_terms: Vec<Term>,
    /// Which of the others have an account.
    is_open: Vec<bool>,
    use_bounds: bool,
}

impl Bounds {
    pub(super) fn new(program: &Program, liquidity: &Liquidity) -> Self {
        let n_assets = program.market.n_assets;
        let has_curve = |asset: usize| liquidity.assets[asset].curve != NONE;
        let moves = |asset: usize| {
            let row = liquidity.cross.get(asset * n_assets..(asset + 1) * n_assets);
            has_curve(asset)
                || row.is_some_and(|row| (0..n_assets).any(|it| row[it] != 0 && has_curve(it)))
        };
        let room = |asset| if moves(asset) { (-FIRST_ROOM, FIRST_ROOM) } else { (0, 0) };
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
            factors: Vec::new(),
            room: Vec::new(),
            first_room: (0..n_assets).map(room).collect(),
            reach,
            price_of: (0..program.instruments.len()).map(price_of).collect(),
            log_room: Vec::new(),
            asset_of: program.instruments.iter().map(|it| it.asset).collect(),
            extremes: Vec::new(),
            window: Window::default(),
            open: Vec::new(),
            error: None,
            near: Vec::new(),
            near_terms: Vec::new(),
            is_open: Vec::new(),
            use_bounds: true,
        }
    }

    /// A new path.
    pub(super) fn begin(&mut self, list: &ScanList, use_bounds: bool) {
        self.use_bounds = use_bounds;
        self.room.clone_from(&self.first_room);
        self.set_factors();
        self.open.clear();
        self.is_open.clear();
        self.is_open.resize(list.others.len(), false);
    }

    /// By how much impact may move the log ratio of two instruments down, 0 or negative; further
    /// than any log where venues read late.
    #[inline(always)]
    pub(super) fn ratio_room(&self, collateral: u32, debt: u32) -> i32 {
        let (down, _) = self.log_room[collateral as usize];
        let (_, up) = self.log_room[debt as usize];
        down.saturating_sub(up)
    }

    /// The first step of the first window in which one may be breached while nothing moves prices.
    pub(super) fn first_step(&mut self, at: &Around<'_>, market: &MovedMarket<'_>) -> usize {
        let n_steps = at.program.market.n_steps;
        self.clear_horizon(at, 0, market);
        for window in 0..n_steps.div_ceil(WINDOW_STEPS) {
            let extremes = at.marks.window(window);
            let mut near = self.near.iter();
            if near.any(|(_, it)| surplus_of(at, it, &self.near_terms).bound(extremes) < 0) {
                return window * WINDOW_STEPS;
            }
        }
        n_steps
    }

    /// Whether sales have moved prices no further than there is room for; if not, there now is.
    pub(super) fn has_room(&mut self, market: &MovedMarket<'_>) -> bool {
        let mut has_room = true;
        for ((from, to), impact) in self.room.iter_mut().zip(&market.impact) {
            if impact < from {
                *from = impact.saturating_mul(2);
                has_room = false;
            } else if impact > to {
                *to = impact.saturating_mul(2);
                has_room = false;
            }
        }
        if !has_room {
            self.set_factors();
        }
        has_room
    }

    /// Marks are within 3.6e-9 and half a unit of 2^log, so their products are widened by more.
    fn set_factors(&mut self) {
        const WIDER: f64 = 2e-8;
        let scale = libm::exp2(-24.0);
        let Self { log_room, asset_of, reach, room, .. } = self;
        let most = room.iter().map(|(from, to)| (-from).max(*to)).max().unwrap_or(0);
        let is_late = reach.iter().any(|reach| *reach > 0);
        let moved = libm::exp2(f64::from(most) * scale) - 1.0 + WIDER;
        self.error = (!is_late).then_some(moved);
        log_room.clear();
        log_room.extend(asset_of.iter().map(|asset| match reach[*asset as usize] {
            0 => room[*asset as usize],
            _ => (i32::MIN, i32::MAX),
        }));
        self.factors.clear();
        for (asset, growth) in self.asset_of.iter().zip(&self.growth) {
            let (least, most) = self.room[*asset as usize];
            let down = libm::exp2(f64::from(least) * scale + growth.min(0.0)) * (1.0 - WIDER);
            let up = libm::exp2(f64::from(most) * scale + growth.max(0.0)) * (1.0 + WIDER);
            self.factors.push((down, up));
        }
    }

    /// Clears what can be for the rest of the horizon.
    pub(super) fn clear_horizon(&mut self, at: &Around<'_>, step: usize, market: &MovedMarket<'_>) {
        self.set_extremes(at, &(step..at.program.market.n_steps), market);
        self.near.clear();
        self.near_terms.clear();
        for (idx, scanned) in at.list.others.iter().enumerate() {
            let terms = at.list.terms_of(scanned);
            let is_near = !self.use_bounds
                || surplus_of(at, scanned, at.list.terms()).bound(&self.extremes) < 0;
            if is_near && !self.is_open[idx] {
                let term_start = self.near_terms.len() as u32;
                self.near_terms.extend_from_slice(terms);
                self.near.push((idx as u32, Scanned { term_start, ..*scanned }));
            }
        }
    }

    /// Clears what can be for the steps of a window.
    pub(super) fn enter_window(
        &mut self,
        at: &Around<'_>,
        steps: &Range<usize>,
        market: &MovedMarket<'_>,
        accounts: &Accounts,
    ) {
        self.set_extremes(at, steps, market);
        let Self { window, open, extremes, near, near_terms, is_open, use_bounds, error, .. } =
            self;
        let error = *error;
        let steps_of = |surplus: Surplus<'_>, has_tiers: bool| match error {
            _ if !*use_bounds => EVERY_STEP,
            _ if surplus.bound(extremes) >= 0 => 0,
            Some(error) if !has_tiers => surplus.near_steps(at.marks, steps, error),
            _ => EVERY_STEP,
        };
        window.start = steps.start;
        window.any = 0;
        window.idle.clear();
        for (idx, (place, scanned)) in (0..).zip(&*near) {
            if !is_open[*place as usize] {
                let steps = steps_of(surplus_of(at, scanned, near_terms), scanned.has_tiers);
                if steps != 0 {
                    window.idle.push((idx, steps));
                    window.any |= steps;
                }
            }
        }
        window.open.clear();
        for account in &*open {
            let state = &accounts.list[*account as usize];
            if !state.is_over {
                let steps = steps_of(accounts.surplus(at.program, state), state.has_tiers);
                // Kept even so: a liquidation in this window may bring it back.
                window.open.push((*account, steps));
                window.any |= steps;
            }
        }
    }

    /// The extremes of what venues may read from a step to another, for the impact there is room
    /// for.
    fn set_extremes(&mut self, at: &Around<'_>, steps: &Range<usize>, market: &MovedMarket<'_>) {
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
            let reach = self.reach[asset];
            let extremes = extremes_of(at.marks, idx, steps, reach);
            let (down, up) = self.factors[idx];
            self.extremes.push(Extremes {
                low: ((f64::from(extremes.low) - 1.0) * down - 1.0) as u32,
                high: ((f64::from(extremes.high) + 1.0) * up + 2.0) as u32,
            });
        }
    }

    /// Adds the breached ones to the queue.
    pub(super) fn find_breached(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &mut MovedMarket<'_>,
        accounts: &mut Accounts,
        queue: &mut Vec<(u32, u32, u32)>,
    ) {
        let Self { window, open, near, near_terms, is_open, .. } = self;
        let bit = 1 << (step - window.start);
        if window.any & bit == 0 {
            return;
        }
        market.set_marks();
        let is_near = |(_, steps): &&(u32, u32)| steps & bit != 0;
        for (account, _) in window.open.iter().filter(is_near) {
            let state = &accounts.list[*account as usize];
            let surplus = accounts.surplus(at.program, state);
            if !state.is_over && surplus.with(|it| market.read_marks()[it as usize]) < 0 {
                queue.push((0, state.position, *account));
            }
        }
        for (idx, _) in window.idle.iter().filter(is_near) {
            let (place, scanned) = &near[*idx as usize];
            let surplus = surplus_of(at, scanned, near_terms);
            if is_open[*place as usize] || surplus.with(|it| market.read_marks()[it as usize]) >= 0
            {
                continue;
            }
            let account = accounts.open(at.program, scanned, surplus.terms);
            queue.push((0, scanned.position, account));
            window.open.push((account, EVERY_STEP));
            open.push(account);
            is_open[*place as usize] = true;
        }
    }

    /// An account was liquidated: nothing that was cleared of it still is.
    pub(super) fn changed(&mut self, account: u32) {
        let opened = self.window.open.iter_mut().find(|(open, _)| *open == account);
        if let Some((_, steps)) = opened {
            *steps = EVERY_STEP;
            self.window.any = EVERY_STEP;
        }
    }
}

/// The extremes of an instrument's marks over some steps and those before them that venues may
/// still read.
fn extremes_of(marks: &Marks, instrument: usize, steps: &Range<usize>, reach: usize) -> Extremes {
    let mut extremes = Extremes { low: u32::MAX, high: 0 };
    if reach == 0 && steps.len() < WINDOW_STEPS {
        for mark in &marks.of(instrument as u32)[steps.clone()] {
            extremes = extremes.join(Extremes { low: *mark, high: *mark });
        }
        return extremes;
    }
    let first = steps.start.saturating_sub(reach);
    for window in first / WINDOW_STEPS..steps.end.div_ceil(WINDOW_STEPS) {
        extremes = extremes.join(marks.window(window)[instrument]);
    }
    if reach > steps.start {
        extremes = extremes.join(Extremes { low: ONE_MARK, high: ONE_MARK });
    }
    extremes
}

fn surplus_of<'s>(at: &Around<'s>, scanned: &Scanned, terms: &'s [Term]) -> Surplus<'s> {
    let position = &at.program.positions[scanned.position as usize];
    let tiered = if scanned.has_tiers { at.program.legs_of(position) } else { &[] };
    let start = scanned.term_start as usize;
    let terms = &terms[start..start + scanned.n_terms as usize];
    Surplus { program: at.program, constant: scanned.constant, terms, tiered }
}
