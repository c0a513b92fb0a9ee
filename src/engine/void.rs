//! Where a void path left what the numbers hold: the first step and asset, from its index alone.
//!
//! A path is void where a mark that the book holds meets the upper bound of its format, a log
//! price its clamp, or a purchase the end of its market ([`crate::tail::SATURATED`]). Beyond that
//! its losses are those of prices that stand still: lower bounds, and no more.

use super::reference::explain;
use super::story::Story;
use crate::fixed::mark_of_log;
use crate::market::model::LOG_CLAMP;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, from_words};

/// The first place at which a path left the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beyond {
    /// The step, from 0.
    pub step_idx: usize,
    /// Place of the asset in the scenario; the first of several in one step.
    pub asset: usize,
}

/// Walks a path once more and finds where it left the formats; `None` if it did not.
#[must_use]
pub fn first_beyond(program: &Program, seed: u64, path: u64) -> Option<Beyond> {
    let story = explain(program, seed, path);
    let n_steps = program.market.n_steps;
    let mut found: Option<Beyond> = None;
    let mut look_at = |step_idx: usize, asset: usize, is_beyond: bool| {
        let here = Beyond { step_idx, asset };
        if is_beyond && found.is_none_or(|found| here < found) {
            found = Some(here);
        }
    };
    let walked = |asset: usize, log: i32| log + program.market.octaves.opening_log(asset);
    for (place, log) in story.logs.iter().enumerate() {
        let (asset, step) = (place / n_steps, place % n_steps);
        let log = walked(asset, *log);
        look_at(step, asset, is_clamped(log) || is_cut(program, asset, step, log));
    }
    if let Some((step, asset)) = story.overbought {
        look_at(step, asset, true);
    }
    for (step, asset, log) in moved(&story, n_steps) {
        look_at(step, asset, is_cut(program, asset, step, walked(asset, log)));
    }
    found
}

/// Whether a log price stands at its clamp.
fn is_clamped(log: i32) -> bool {
    i64::from(log).unsigned_abs() >= LOG_CLAMP.unsigned_abs() >> 32
}

/// Whether a mark that follows the asset's log price after a step meets the bound of its format.
fn is_cut(program: &Program, asset: usize, step: usize, log: i32) -> bool {
    let prices = program.instruments.iter();
    let mut prices = prices.filter(|it| it.kind == INSTRUMENT_PRICE && it.asset as usize == asset);
    prices.any(|it| {
        // As `grow` of the walk has it, and `price_mark` in `shaders/marks.wgsl`.
        let grown = from_words(it.accrual).wrapping_mul(step as i64 + 1).wrapping_add(1 << 31);
        mark_of_log(log.saturating_add((grown >> 32) as i32)) == u32::MAX
    })
}

/// Log prices as sales have moved them, at the beginning of rounds and at the end of steps: step,
/// asset, log.
fn moved(story: &Story, n_steps: usize) -> impl Iterator<Item = (usize, usize, i32)> + '_ {
    let ends = story.moved.iter().enumerate();
    let ends = ends.map(move |(place, log)| (place % n_steps, place / n_steps, *log));
    let rounds = story.rounds.iter().flat_map(|round| {
        let logs = round.market.iter().enumerate();
        logs.map(|(asset, log)| (round.when.step, asset, *log))
    });
    ends.chain(rounds)
}
