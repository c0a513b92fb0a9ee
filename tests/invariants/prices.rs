//! A second walk of prices: step by step, asset by asset, from the words of the program alone.
//!
//! It takes from the engine the generator, the shocks and the tables, and nothing of how a path is
//! cut into stretches, lanes or runs.

use proptest::prelude::*;
use shortfall::fixed::normal_shock;
use shortfall::lanes::Lanes;
use shortfall::market::model::{
    CompiledMarket, JumpTable, LOG_CLAMP, PoissonTable, StateTables, ZERO_LOG,
};
use shortfall::market::rng::{
    BLOCK_CLIMATE, BLOCK_COMMON_JUMPS, BLOCK_DIFFUSION, BLOCK_FACTORS, BLOCK_JUMPS, words,
};

use crate::support::drawn::{any_scenario, compiled};

const SEED: u64 = 23;

/// Draws of a path at a step.
struct Draws {
    path: u64,
    step: usize,
}

impl Draws {
    fn word(&self, block: u32, word: usize) -> u32 {
        words(SEED, self.path, self.step as u32, block)[word]
    }

    /// The `idx`-th normal from a block on, four a block.
    fn shock(&self, block: u32, idx: usize) -> i128 {
        normal_shock(self.word(block + idx as u32 / 4, idx % 4)).into()
    }
}

fn rounded(sum: i128, shift: u32) -> i128 {
    (sum + ((1 << shift) >> 1)) >> shift
}

fn jumps_of(clock: &PoissonTable, sizes: &JumpTable, word: u32, size: impl Fn() -> u32) -> i128 {
    match clock.thresholds.iter().filter(|threshold| **threshold <= word).count() {
        0 => 0,
        count => {
            let product =
                i128::from(sizes.deviations[count - 1]) * i128::from(normal_shock(size()));
            i128::from(sizes.means[count - 1]) + rounded(product, sizes.shift)
        }
    }
}

/// What a state moves the log price of an asset by.
fn moved(state: &StateTables, before: usize, asset: usize, n_assets: usize, draws: &Draws) -> i128 {
    let mut sum = i128::from(state.drift[before * n_assets + asset]);
    let diffusion = &state.diffusion;
    let (n_columns, n_factors) = (diffusion.n_columns(), diffusion.n_factors());
    let mut product = 0;
    for column in 0..n_columns {
        let own = if n_columns == 1 { asset } else { column };
        let coefficient = diffusion.factor[asset * n_columns + column];
        product += i128::from(coefficient) * draws.shock(BLOCK_DIFFUSION, own);
    }
    for factor in 0..n_factors {
        let loading = diffusion.loadings[asset * n_factors + factor];
        product += i128::from(loading) * draws.shock(BLOCK_FACTORS, factor);
    }
    sum += rounded(product, diffusion.shifts[asset]);
    for (idx, clock, sizes) in &state.jumps.assets {
        if *idx as usize == asset {
            let block = BLOCK_JUMPS + idx;
            sum += jumps_of(clock, sizes, draws.word(block, 0), || draws.word(block, 1));
        }
    }
    for (idx, sizes) in &state.common_jumps.assets {
        if *idx as usize == asset {
            let clock = &state.common_jumps.clock;
            let size = || draws.word(BLOCK_COMMON_JUMPS + 1 + idx / 4, asset % 4);
            sum += jumps_of(clock, sizes, draws.word(BLOCK_COMMON_JUMPS, 0), size);
        }
    }
    sum
}

/// The state that follows by a row of thresholds; `own` where a word is above them all.
fn next(market: &CompiledMarket, row: usize, own: usize, word: u32) -> usize {
    let n = market.states.len();
    let others = (0..n).filter(|state| *state != own);
    let thresholds = market.regimes.thresholds.iter().skip(row * (n - 1));
    others.zip(thresholds).find(|(_, threshold)| word < **threshold).map_or(own, |(it, _)| it)
}

/// Log prices of a path, asset by asset, and whether one was held in its range.
fn walk(market: &CompiledMarket, path: u64) -> (Vec<i32>, bool) {
    let (n_assets, n_steps) = (market.n_assets, market.n_steps);
    let opening = |asset| (i128::from(market.octaves.opening_log(asset)) << 32) + (1 << 31);
    let mut logs: Vec<i128> = (0..n_assets).map(opening).collect();
    let mut found = vec![0; n_assets * n_steps];
    let (mut is_held, mut state) = (false, 0);
    for step in 0..n_steps {
        let draws = Draws { path, step };
        let word = draws.word(BLOCK_CLIMATE, 0);
        let before = state;
        let (row, own) = match step {
            0 => (market.states.len(), market.regimes.first as usize),
            _ => (before, before),
        };
        state = next(market, row, own, word);
        let before = if step == 0 { state } else { before };
        for (asset, log) in logs.iter_mut().enumerate() {
            *log += moved(&market.states[state], before, asset, n_assets, &draws);
            let increments = &market.shocks.increments;
            *log += increments.get(asset * n_steps + step).map_or(0, |it| i128::from(*it));
            let most = i128::from(LOG_CLAMP);
            is_held |= !(-most..=most).contains(log);
            *log = (*log).clamp(-most, most);
            let dead_from = market.zeros.dead_from.get(asset).copied().unwrap_or(u32::MAX);
            let is_dead = step >= dead_from as usize;
            found[asset * n_steps + step] = if is_dead { ZERO_LOG } else { (*log >> 32) as i32 };
        }
    }
    (found, is_held)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn prices_are_those_of_a_walk_step_by_step(scenario in any_scenario(), first in any::<u64>()) {
        let program = compiled(&scenario)?;
        for path in [0, 1, 2, first] {
            let expected = walk(&program.market, path);
            for lanes in Lanes::here() {
                let mut buffer = program.market.buffer();
                buffer.lanes = lanes;
                program.market.walk(SEED, path, &mut buffer);
                prop_assert_eq!(&(buffer.logs, buffer.clamped), &expected, "{}", lanes);
            }
        }
    }
}
