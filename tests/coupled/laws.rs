//! What holds of coupled paths whatever couples them: what changes no outcome, and where coupling
//! has no effect.

use proptest::prelude::*;
use shortfall::book::liquidators::Liquidators;
use shortfall::book::{Leg, LegKind};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::shape::shape;
use shortfall::engine::story::Story;
use shortfall::engine::{self, Backend as _, Plan};
use shortfall::lanes::Lanes;
use shortfall::market::depth::{ConstantProduct, Depth, DepthForm};
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::tail::Counters;
use shortfall::units::AssetId;

use super::drawn::{coupled_scenario, gross_usd};
use crate::support::drawn::{COMPOUND, N_ASSETS, PERPETUAL, any_scenario, compiled, scaled};
use crate::support::twins::story_of;
use crate::{outcomes, support};

const SEED: u64 = 19;

/// The program with its positions coupled by nothing that has an effect, or not at all.
fn alone(program: &Program) -> Program {
    Program { liquidity: None, ..program.clone() }
}

fn without_aftermath(counters: Counters) -> Counters {
    Counters { aftermath: None, ..counters }
}

pub(crate) fn positions_of(scenario: &Scenario) -> Vec<(u32, Vec<Leg>)> {
    let positions = scenario.book.positions.iter();
    positions.map(|it| (it.venue.0, scenario.book.legs_of(it).to_vec())).collect()
}

/// A path's story without what a price that no position is liquidated at may change: what is
/// strained, and whether a path without events was walked.
fn told(program: &Program, path: u64) -> Story {
    let mut story = story_of(program, SEED, path);
    story.outcome.flags = 0;
    story.left_over.sort_by_key(|left| left.position);
    if story.moved.is_empty() {
        story.moved.clone_from(&story.logs);
    }
    story
}

/// A pool a billion times the book for every asset, where all who can liquidate do.
///
/// Without perpetuals: what closing one costs is told to 2^-56 of the pool, which so deep a pool
/// makes more than nothing.
fn in_the_ocean(mut scenario: Scenario) -> Scenario {
    let reserve_usd = 1e9 * gross_usd(&scenario);
    let positions = positions_of(&scenario).into_iter().filter(|(venue, _)| *venue != PERPETUAL);
    scenario.book = support::book(&positions.collect::<Vec<_>>());
    let depth = |asset: u32| Depth {
        asset: AssetId(asset),
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd }),
        fee: 0.0,
        permanent: 0.5,
        half_life_years: scenario.run.step_years,
        by_drawdown: Vec::new(),
    };
    scenario.market.liquidity.depths = (0..N_ASSETS as u32).map(depth).collect();
    scenario.liquidators = Some(Liquidators { decline: false, ..Liquidators::default() });
    scenario
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bounds_change_no_bit_of_coupled_paths(scenario in coupled_scenario()) {
        let program = compiled(&scenario)?;
        let bounded = outcomes(&program, Cpu::new(&program, SEED, 1), 20);
        let unbounded = Cpu::new(&program, SEED, 1).without_bounds();
        prop_assert_eq!(bounded, outcomes(&program, unbounded, 20));
    }

    #[test]
    fn lanes_change_no_bit_of_coupled_paths(scenario in coupled_scenario()) {
        let program = compiled(&scenario)?;
        let with = |lanes| outcomes(&program, Cpu::with_lanes(&program, SEED, 1, lanes), 20);
        let here = Lanes::here();
        for lanes in &here[1..] {
            prop_assert_eq!(with(here[0]), with(*lanes), "{}", lanes);
        }
    }

    /// Where steps may be passed over: no feed reports prices, and they hang on sales alone.
    #[test]
    fn bounds_change_no_bit_of_plain_markets(mut scenario in coupled_scenario()) {
        let liquidity = &mut scenario.market.liquidity;
        liquidity.feeds.clear();
        liquidity.cross_impact.clear();
        liquidity.depths.iter_mut().for_each(|depth| depth.by_drawdown.clear());
        let program = compiled(&scenario)?;
        let bounded = outcomes(&program, Cpu::new(&program, SEED, 1), 20);
        let unbounded = Cpu::new(&program, SEED, 1).without_bounds();
        prop_assert_eq!(bounded, outcomes(&program, unbounded, 20));
    }

    #[test]
    fn neutral_coupling_changes_no_drawn_scenario(scenario in any_scenario()) {
        let program = alone(&compiled(&scenario)?);
        let neutral = Some(support::neutral(&scenario));
        let coupled = Program { liquidity: neutral, ..program.clone() };
        let expected = outcomes(&program, Cpu::new(&program, SEED, 1), 20);
        let (found, counters) = outcomes(&coupled, Cpu::new(&coupled, SEED, 1), 20);
        prop_assert_eq!((found, without_aftermath(counters)), expected);
    }

    /// What a whole book sells moves no log price by half of its last bit.
    #[test]
    fn markets_of_boundless_depth_change_nothing(scenario in any_scenario()) {
        let scenario = in_the_ocean(scenario);
        prop_assume!(!scenario.book.positions.is_empty());
        let program = compiled(&scenario)?;
        let alone = alone(&program);
        let expected = outcomes(&alone, Cpu::new(&alone, SEED, 1), 20);
        let (found, counters) = outcomes(&program, Cpu::new(&program, SEED, 1), 20);
        prop_assert_eq!((found, without_aftermath(counters)), expected);
    }

    #[test]
    fn a_power_of_two_scales_coupled_losses_exactly(
        scenario in coupled_scenario(),
        power in -8..8_i32,
    ) {
        let scaled = scaled(&scenario, libm::exp2(f64::from(power)));
        let (small, large) = (compiled(&scenario)?, compiled(&scaled)?);
        prop_assert_eq!(small.money_log2 + power, large.money_log2);
        let expected = outcomes(&small, Cpu::new(&small, SEED, 1), 20);
        prop_assert_eq!(expected, outcomes(&large, Cpu::new(&large, SEED, 1), 20));
    }

    /// One that owes a hundredth of what it holds in the same asset is never due, and what happens
    /// to the others is as if it were not there.
    #[test]
    fn a_healthy_position_is_untouched_and_touches_none(
        drawn in coupled_scenario(),
        asset in 0..N_ASSETS as u32,
    ) {
        let program = compiled(&drawn)?;
        prop_assume!(program.liquidity.is_some());
        let mut scenario = drawn;
        let usd = 1e-6 * gross_usd(&scenario);
        let amount = usd / scenario.market.assets[asset as usize].price_usd;
        let terms = &mut scenario.venues[COMPOUND as usize].terms[asset as usize];
        // Interest grows a debt 256 times at most: here it grows none.
        scenario.market.assets[asset as usize].borrow_rate = 0.0;
        terms.liquidation_threshold = terms.liquidation_threshold.max(0.5);
        let before = compiled(&scenario)?;
        let mut positions = positions_of(&scenario);
        positions.push((COMPOUND, vec![
            support::leg(LegKind::Collateral, asset, amount),
            support::leg(LegKind::Debt, asset, 0.01 * amount),
        ]));
        scenario.book = support::book(&positions);
        let after = compiled(&scenario)?;
        // The book's size sets the quantum of money.
        prop_assume!(before.money_log2 == after.money_log2);
        for path in 0..8 {
            let (expected, found) = (told(&before, path), told(&after, path));
            prop_assert_eq!(expected, found, "path {}", path);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn threads_and_batches_change_no_figure_of_coupled_paths(scenario in coupled_scenario()) {
        let program = compiled(&scenario)?;
        let run = |batch, n_threads| {
            let plan = Plan { n_paths: 500, batch, materiality: 1 };
            let mut cpu = Cpu::new(&program, SEED, n_threads);
            engine::run(&program, plan, &mut cpu, &mut ()).expect("threads")
        };
        let whole = run(500, 1);
        prop_assert_eq!(&whole, &run(77, 3));
        prop_assert_eq!(&whole, &run(1, 1));
        // A worker forgets a path before the next: any path is the same walked first.
        let mut cpu = Cpu::new(&program, SEED, 1);
        let mut counters = Counters::new(shape(&program));
        let (all, _) = outcomes(&program, Cpu::new(&program, SEED, 1), 40);
        for path in (0..40).rev() {
            let mut one = [Default::default()];
            cpu.run(path..path + 1, &mut one, &mut counters).expect("a thread");
            prop_assert_eq!(one[0], all[path as usize], "path {}", path);
        }
    }
}
