//! Paths whose positions meet in the market: do the CPU and every adapter find what the reference
//! walker does, to the bit?
//!
//! Runs on every adapter of the machine, software ones included. Without any it says so, unless
//! `SHORTFALL_REQUIRE_ADAPTER` is set, as it is in CI.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::path::Path;

use shortfall::book::liquidators::{Execution, Liquidators, Order};
use shortfall::book::venue::Rule;
use shortfall::book::{LegKind, Position};
use shortfall::engine::gpu::{Gpu, Options};
use shortfall::engine::reference::Reference;
use shortfall::market::depth::{
    ConstantProduct, Depth, DepthBand, DepthForm, Feedback, PowerLaw, Quote, Quotes,
};
use shortfall::market::oracle::{Feed, Stale};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::tail::Counters;
use shortfall::units::AssetId;
use support::HOUR_YEARS;
use support::adapters::adapters;
use support::twins::{Walked, everywhere};

fn shipped(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    load(&folder.join(name), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Every so manieth position, for so many steps: llvmpipe ends an invocation's loops after 65,535
/// turns, and what is coupled cannot be sliced.
fn thinned(name: &str, one_in: usize, n_steps: u32) -> Scenario {
    let mut scenario = shipped(name);
    scenario.run.n_steps = n_steps;
    let whole = std::mem::take(&mut scenario.book);
    for position in whole.positions.iter().step_by(one_in) {
        let leg_start = scenario.book.legs.len() as u32;
        scenario.book.legs.extend_from_slice(whole.legs_of(position));
        let leg_end = scenario.book.legs.len() as u32;
        scenario.book.positions.push(Position { leg_start, leg_end, ..position.clone() });
    }
    scenario
}

/// A scenario whose positions are coupled is the same everywhere.
fn assert_twins(scenario: &Scenario, kernels: &[Options], n_paths: u64) -> Walked {
    let program = shortfall::engine::compile(scenario).unwrap();
    assert!(program.liquidity.is_some(), "{}: nothing couples positions", scenario.name);
    everywhere(&scenario.name, &program, scenario.run.seed, n_paths, kernels)
}

/// Dollars of an asset in the book, all legs alike.
fn held_usd(scenario: &Scenario, asset: usize) -> f64 {
    let legs = scenario.book.legs.iter().filter(|leg| leg.asset.idx() == asset);
    let exposed = legs.filter(|leg| leg.kind != LegKind::Debt);
    let price_usd = scenario.market.assets[asset].price_usd;
    exposed.map(|leg| leg.amount.abs() * price_usd).sum::<f64>().max(1.0)
}

/// Depth of every asset that is not stable, of a form that its holdings in dollars decide.
fn deepen(scenario: &mut Scenario, form: impl Fn(f64) -> DepthForm) {
    let band = |fall, share| DepthBand { fall, share };
    let volatile = (0..scenario.market.assets.len())
        .filter(|asset| !scenario.market.assets[*asset].is_stable)
        .map(|asset| Depth {
            asset: AssetId(asset as u32),
            form: form(held_usd(scenario, asset)),
            fee: 0.003,
            permanent: 0.3,
            half_life_years: 6.0 * HOUR_YEARS,
            by_drawdown: vec![band(0.1, 0.6), band(0.25, 0.3)],
        });
    scenario.market.liquidity.depths = volatile.collect();
}

fn constant_product(share: f64) -> impl Fn(f64) -> DepthForm {
    move |usd| DepthForm::ConstantProduct(ConstantProduct { reserve_usd: share * usd })
}

/// Sales of one asset move the others by half as much.
fn cross(scenario: &mut Scenario) {
    let n_assets = scenario.market.assets.len();
    let entry = |idx: usize| if idx.is_multiple_of(n_assets + 1) { 1.0 } else { 0.25 };
    scenario.market.liquidity.cross_impact = (0..n_assets * n_assets).map(entry).collect();
}

/// A thin lending market whose sales move the prices of the next step, and one another's.
fn thin_lending() -> Scenario {
    let mut scenario = thinned("lending.toml", 16, 48);
    deepen(&mut scenario, constant_product(0.05));
    cross(&mut scenario);
    scenario
}

/// The same, round after round within a step, by liquidators with little capital.
fn spiral() -> Scenario {
    let mut scenario = thinned("lending.toml", 16, 48);
    deepen(&mut scenario, constant_product(0.04));
    scenario.market.liquidity.feedback = Feedback::SameStep { rounds: 8 };
    scenario.liquidators = Some(Liquidators {
        gas_usd: 60.0,
        margin: 0.0,
        capital_usd: Some(3e5),
        per_step: Some(10),
        order: Order::Largest,
        execution: Execution::InTurn,
        decline: true,
    });
    scenario
}

/// Every way in which a feed may be late.
fn late_feeds() -> Scenario {
    let mut scenario = thin_lending();
    let hours = |n: f64| n * HOUR_YEARS;
    scenario.market.liquidity.feeds = (0..scenario.market.assets.len())
        .map(|asset| match asset % 4 {
            0 => Feed {
                heartbeat_years: Some(hours(24.0)),
                deviation: Some(0.005),
                delay_years: hours(1.0),
                stale: vec![Stale { at_years: hours(30.0), over_years: hours(12.0) }],
            },
            1 => Feed { heartbeat_years: Some(hours(4.0)), ..Feed::default() },
            2 => Feed { deviation: Some(0.01), delay_years: hours(3.0), ..Feed::default() },
            _ => Feed::default(),
        })
        .collect();
    scenario.liquidators = Some(Liquidators::default());
    scenario
}

/// Perpetuals closed into markets of a square-root law, and funds that pay for what is left.
fn perpetuals() -> Scenario {
    let mut scenario = thinned("perpetual.toml", 2, 168);
    deepen(&mut scenario, |usd| {
        DepthForm::PowerLaw(PowerLaw { is_linear: false, impact: 0.05, at_usd: 0.05 * usd })
    });
    for venue in &mut scenario.venues {
        if let Rule::Perpetual(rule) = &mut venue.rule {
            rule.insurance_fund_usd = 1e6;
            rule.insurance_fee = 0.002;
        }
    }
    scenario
}

/// Quoted slippage, and liquidators who see no other sales and pay no gas.
fn quoted() -> Scenario {
    let mut scenario = thinned("lending.toml", 16, 48);
    let quote = |usd_sold, slippage| Quote { usd_sold, slippage };
    deepen(&mut scenario, |usd| {
        let quotes = vec![quote(1e-3 * usd, 0.002), quote(0.02 * usd, 0.05), quote(0.1 * usd, 0.3)];
        DepthForm::Quotes(Quotes { quotes })
    });
    scenario.liquidators = Some(Liquidators::default());
    scenario
}

fn thin_compound() -> Scenario {
    let mut scenario = thinned("compound-v2.toml", 4, 48);
    deepen(&mut scenario, constant_product(0.03));
    scenario.market.liquidity.feedback = Feedback::SameStep { rounds: 3 };
    scenario.liquidators = Some(Liquidators { gas_usd: 100.0, ..Liquidators::default() });
    scenario
}

/// Pro-rata seizure into a linear market, declined where it does not pay.
fn thin_reference() -> Scenario {
    let mut scenario = thinned("reference.toml", 10, 36);
    deepen(&mut scenario, |usd| {
        DepthForm::PowerLaw(PowerLaw { is_linear: true, impact: 0.2, at_usd: 0.1 * usd })
    });
    scenario.liquidators =
        Some(Liquidators { gas_usd: 5.0, execution: Execution::InTurn, ..Liquidators::default() });
    scenario
}

#[test]
fn sales_that_move_the_next_step_are_the_same_on_every_backend() {
    let scenarios =
        [thin_lending(), quoted(), late_feeds(), thin_compound(), thin_reference(), perpetuals()];
    for scenario in scenarios {
        let walked = assert_twins(&scenario, &[Options::default()], 20);
        assert!(walked.n_events() > 0, "{}: nothing happens", scenario.name);
    }
}

#[test]
fn worthless_debt_is_written_off_for_nothing_on_every_backend() {
    let walked = assert_twins(&support::worthless_debt(), &[Options::default()], 1);
    assert_eq!((walked.n_events(), walked.outcomes[0].loss()), (0, 0));
    assert_eq!(walked.counters.positions[0].n_defaults, 1);
}

#[test]
fn rounds_within_a_step_are_the_same_however_the_kernel_is_compiled() {
    let plain = Options::default();
    let options = [
        plain,
        Options { checks: true, ..plain },
        Options { emulate_int64: true, ..plain },
        Options { use_bounds: false, ..plain },
        Options { group_size: Some(64), ..plain },
    ];
    let walked = assert_twins(&spiral(), &options, 20);
    let aftermath = walked.counters.aftermath.unwrap();
    assert!(aftermath.most_rounds > 1 && aftermath.n_backlogged > 0, "{aftermath:?}");
}

#[test]
fn neutral_coupling_changes_no_outcome_on_any_adapter() {
    for name in ["lending.toml", "perpetual.toml"] {
        let scenario = shipped(name);
        let alone = shortfall::engine::compile(&scenario).unwrap();
        let coupled = Program { liquidity: Some(support::neutral(&scenario)), ..alone.clone() };
        let seed = scenario.run.seed;
        let expected = Walked::of(&alone, &mut Reference::new(&alone, seed, 2), 0..12, 12);
        for adapter in adapters() {
            let mut gpu = Gpu::new(&coupled, seed, &adapter, Options::default()).unwrap();
            let mut found = Walked::of(&coupled, &mut gpu, 0..12, 12);
            found.counters = Counters { aftermath: None, ..found.counters };
            expected.assert_found(&found, 0, name);
        }
    }
}
