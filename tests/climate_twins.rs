//! A market that goes through states: do the CPU and every adapter find what the reference walker
//! does, to the bit, on paths that are held whole, in windows, and in pieces?
//!
//! Runs on every adapter of the machine, software ones included. Without any it passes and says so,
//! unless `SHORTFALL_REQUIRE_ADAPTER` is set, as it is in CI.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::path::Path;

use shortfall::book::Position;
use shortfall::engine::gpu::Options;
use shortfall::engine::gpu::probe::Prober;
use shortfall::market::climate::{Regime, Regimes};
use shortfall::market::depth::{ConstantProduct, Depth, DepthForm};
use shortfall::market::{CommonJumps, JumpSize, Jumps};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::units::AssetId;
use support::adapters::{adapters, assert_same_prices};
use support::twins::everywhere;

/// A shipped scenario for so many steps, in a climate of so many states that change every few
/// hours and differ in all that states may, and with jumps.
fn in_states(name: &str, n_steps: u32, n_states: usize, start: Option<usize>) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let overrides = Overrides { steps: Some(n_steps), ..Overrides::default() };
    let mut scenario = load(&folder.join(name), &overrides).unwrap();
    let step_years = scenario.run.step_years;
    let assets = &mut scenario.market.assets;
    let n_assets = assets.len();
    for asset in assets.iter_mut().filter(|asset| !asset.is_stable) {
        asset.jumps = Some(Jumps { rate: 100.0, mean: -0.02, deviation: 0.03 });
    }
    let sizes = (0..n_assets).map(|asset| JumpSize { mean: -0.01, deviation: 0.01 * asset as f64 });
    scenario.market.common_jumps = Some(CommonJumps { rate: 200.0, sizes: sizes.collect() });
    let state = |idx: usize| {
        let share = 1.0 / (n_states - 1) as f64;
        let next = (0..n_states).map(|to| if to == idx { 0.0 } else { share });
        Regime {
            name: format!("state {idx}"),
            stay_years: (2.0 + 3.0 * idx as f64) * step_years,
            next: next.collect(),
            volatility: 0.6 + 0.4 * idx as f64,
            jumps: idx as f64,
            drift: (0..n_assets).map(|asset| 3.0 - (asset + idx) as f64).collect(),
            entry: vec![-0.01 * idx as f64; n_assets],
        }
    };
    let states = (0..n_states).map(state).collect();
    scenario.market.regimes = Some(Regimes { states, start });
    scenario
}

/// The same with every so manieth position, in pools of so many dollars for every volatile asset.
fn in_pools(name: &str, n_steps: u32, n_states: usize) -> Scenario {
    let mut scenario = in_states(name, n_steps, n_states, None);
    let whole = std::mem::take(&mut scenario.book);
    for position in whole.positions.iter().step_by(16) {
        let leg_start = scenario.book.legs.len() as u32;
        scenario.book.legs.extend_from_slice(whole.legs_of(position));
        let leg_end = scenario.book.legs.len() as u32;
        scenario.book.positions.push(Position { leg_start, leg_end, ..position.clone() });
    }
    let assets = scenario.market.assets.iter().enumerate();
    let depths = assets.filter(|(_, asset)| !asset.is_stable).map(|(idx, _)| Depth {
        asset: AssetId(idx as u32),
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 1e6 }),
        fee: 0.003,
        permanent: 0.3,
        half_life_years: 6.0 / 8760.0,
        by_drawdown: Vec::new(),
    });
    scenario.market.liquidity.depths = depths.collect();
    scenario
}

/// What the reference walker finds, by all lanes of the CPU and on every adapter.
fn assert_same(scenario: &Scenario, options: &[Options], n_paths: u64) -> Program {
    let program = shortfall::engine::compile(scenario).unwrap();
    let name = &scenario.name;
    let walked = everywhere(name, &program, scenario.run.seed, n_paths, options);
    assert!(walked.n_events() > 0, "{name}: nothing happens");
    program
}

#[test]
fn prices_in_any_number_of_states_are_the_twins() {
    for (n_states, start) in [(2, None), (3, Some(2)), (8, None)] {
        let scenario = in_states("reference-calm.toml", 168, n_states, start);
        let program = shortfall::engine::compile(&scenario).unwrap();
        for adapter in adapters() {
            let name = format!("{n_states} states");
            assert_same_prices(&name, &program, scenario.run.seed, &adapter);
        }
    }
}

#[test]
fn tallies_of_whole_paths_are_the_twins_however_the_kernel_is_compiled() {
    let plain = Options::default();
    let options = [
        plain,
        Options { checks: true, ..plain },
        Options { emulate_int64: true, ..plain },
        Options { group_size: Some(128), ..plain },
    ];
    assert_same(&in_states("reference.toml", 100, 3, None), &options, 8);
}

#[test]
fn tallies_of_paths_that_are_held_in_windows_are_the_twins() {
    let program =
        assert_same(&in_states("reference-calm.toml", 1200, 2, Some(0)), &[Options::default()], 6);
    for adapter in adapters() {
        let prober = Prober::new(&adapter, &program, Options::default()).unwrap();
        assert!(prober.window() < 1200, "a window of {} steps", prober.window());
    }
}

#[test]
fn tallies_of_coupled_paths_in_pieces_are_the_twins() {
    assert_same(&in_pools("lending.toml", 48, 4), &[Options::default()], 8);
}
