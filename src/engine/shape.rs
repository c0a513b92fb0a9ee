//! How large a program's counters are, and which windows of history its paths follow.

use crate::program::Program;
use crate::tail::{Shape, Windows};

/// The windows that a program's paths follow; `None` where they follow none, or all the same.
#[must_use]
pub fn windows(program: &Program) -> Option<Windows> {
    let market = &program.market;
    let replay = &market.replay;
    let n_steps = market.n_steps;
    let is_each = replay.each == 1 && !replay.assets.is_empty();
    is_each.then(|| Windows {
        n_windows: replay.n_windows(n_steps),
        multiplier: u64::from(replay.multiplier),
        window_rows: n_steps as u64,
        stride: u64::from(replay.stride),
        decides_all: !market.is_drawn(),
    })
}

/// Sizes of a program's counters.
#[must_use]
pub fn shape(program: &Program) -> Shape {
    Shape {
        n_positions: program.positions.len(),
        n_steps: program.market.n_steps,
        n_pools: program.pools.len(),
        n_funds: program.liquidity.as_ref().map(|it| it.funds.len()),
    }
}
