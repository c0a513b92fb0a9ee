//! What changes no outcome: the order of the book, threads, batches, shards, bounds, neighbours.

use proptest::prelude::*;
use proptest::sample::Index;
use shortfall::book::venue::{CompoundV2, Rule};
use shortfall::book::{Leg, LegKind};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::reference::explain;
use shortfall::engine::shape::shape;
use shortfall::engine::{self, Backend, Plan};
use shortfall::lanes::Lanes;
use shortfall::market::{Asset, Correlation};
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::tail::{BLOCK_PATHS, Counters, Outcome, Tally};

use crate::support;
use crate::support::drawn::{ORDINARY, any_scenario, compiled, one_factor, scenario, two_factors};

const SEED: u64 = 13;

fn outcomes(cpu: &mut Cpu<'_>, program: &Program, n_paths: u64) -> (Vec<Outcome>, Counters) {
    let mut outcomes = vec![Outcome::default(); n_paths as usize];
    let mut counters = Counters::new(shape(program));
    cpu.run(0..n_paths, &mut outcomes, &mut counters).expect("threads");
    (outcomes, counters)
}

/// The book's positions in another order, or with others among them.
fn positions_of(scenario: &Scenario) -> Vec<(u32, Vec<Leg>)> {
    let positions = scenario.book.positions.iter();
    positions.map(|it| (it.venue.0, scenario.book.legs_of(it).to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn bounds_change_no_bit(scenario in any_scenario()) {
        let program = compiled(&scenario)?;
        let bounded = outcomes(&mut Cpu::new(&program, SEED, 1), &program, 40);
        let mut unbounded = Cpu::new(&program, SEED, 1).without_bounds();
        prop_assert_eq!(bounded, outcomes(&mut unbounded, &program, 40));
    }

    #[test]
    fn lanes_change_no_bit(
        scenario in any_scenario(),
        loadings in proptest::option::of(proptest::collection::vec((-1.0..1.0, 0.0..1.0), 4)),
    ) {
        let mut scenario = scenario;
        if let Some(loadings) = loadings {
            scenario.market.correlation = two_factors(&loadings);
        }
        let program = compiled(&scenario)?;
        let with = |lanes| outcomes(&mut Cpu::with_lanes(&program, SEED, 1, lanes), &program, 20);
        let here = Lanes::here();
        for lanes in &here[1..] {
            prop_assert_eq!(with(here[0]), with(*lanes), "{}", lanes);
        }
    }

    #[test]
    fn the_order_of_the_book_changes_no_position(
        scenario in any_scenario(),
        rotation in any::<Index>(),
    ) {
        let program = compiled(&scenario)?;
        let mut positions = positions_of(&scenario);
        let by = rotation.index(positions.len());
        positions.rotate_left(by);
        positions.swap(0, by / 2);
        let mut order: Vec<usize> = (0..positions.len()).collect();
        order.rotate_left(by);
        order.swap(0, by / 2);
        let permuted = Scenario { book: support::book(&positions), ..scenario };
        let permuted = compiled(&permuted)?;
        let (expected, of_book) = outcomes(&mut Cpu::new(&program, SEED, 1), &program, 20);
        let (found, of_permuted) = outcomes(&mut Cpu::new(&permuted, SEED, 1), &permuted, 20);
        prop_assert_eq!(expected, found);
        for (count, idx) in of_permuted.positions.iter().zip(order) {
            prop_assert_eq!(*count, of_book.positions[idx]);
        }
        prop_assert_eq!(of_permuted.steps, of_book.steps);
        prop_assert_eq!(of_permuted.pools, of_book.pools);
    }

    /// Words are drawn by asset and block, legs are rounded by position: neighbours change nothing.
    #[test]
    fn another_asset_and_another_position_change_no_other(
        scenario in any_scenario(),
        other in scenario(ORDINARY),
        loadings in proptest::collection::vec(-1.0..1.0, 5),
        place in any::<Index>(),
        parts in proptest::option::of(proptest::collection::vec(0.0..1.0, 5)),
    ) {
        let correlation = |n_assets: usize| match &parts {
            None => Correlation::Dense(one_factor(&loadings[..n_assets])),
            Some(parts) => {
                let pairs = loadings.iter().copied().zip(parts.iter().copied());
                two_factors(&pairs.take(n_assets).collect::<Vec<(f64, f64)>>())
            }
        };
        let mut small = scenario.clone();
        small.market.correlation = correlation(4);
        let mut large = small.clone();
        large.market.correlation = correlation(5);
        large.market.assets.push(other.market.assets[1].clone());
        if let Some(common) = &mut large.market.common_jumps {
            common.sizes.push(common.sizes[0]);
        }
        for venue in &mut large.venues {
            venue.terms.push(venue.terms[0].clone());
        }
        let mut positions = positions_of(&large);
        let added = place.index(positions.len() + 1);
        positions.insert(added, positions_of(&other)[0].clone());
        large.book = support::book(&positions);
        let (small, large) = (compiled(&small)?, compiled(&large)?);
        for path in 0..8 {
            let [expected, mut found] = [&small, &large].map(|program| {
                let mut events = explain(program, SEED, path).events;
                // One more asset numbers instruments anew.
                for leg in events.iter_mut().flat_map(|told| &mut told.legs) {
                    leg.instrument = program.instruments[leg.instrument as usize].asset;
                }
                events
            });
            found.retain(|told| told.position != added);
            found.iter_mut().for_each(|told| told.position -= usize::from(told.position > added));
            prop_assert_eq!(expected, found, "path {}", path);
        }
    }
}

/// Marks of a few hundred units are rounded by parts in a thousand, and the book's thresholds lie
/// closer than that: a filter that forgets the rounding of a mark is found out.
#[test]
fn bounds_change_no_bit_where_marks_are_coarse() {
    let falling = Asset { drift: -90.0, ..support::diffusing(1.0, 2.0) };
    let market = support::market(vec![falling.clone(), falling]);
    let rule = Rule::CompoundV2(CompoundV2::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.08); 2])];
    let position = |idx: u32| {
        let debt = 0.8 * (0.9 + 0.2 * f64::from(idx) / 500.0);
        (0, vec![support::leg(LegKind::Collateral, 0, 1.0), support::leg(LegKind::Debt, 1, debt)])
    };
    let positions: Vec<(u32, Vec<Leg>)> = (0..500).map(position).collect();
    let mut scenario = support::scenario(market, venues, support::book(&positions));
    scenario.run.n_steps = 11;
    scenario.run.step_years = 0.01;
    let program = support::compiled(&scenario);
    let bounded = outcomes(&mut Cpu::new(&program, SEED, 2), &program, 300);
    let mut unbounded = Cpu::new(&program, SEED, 2).without_bounds();
    assert_eq!(bounded, outcomes(&mut unbounded, &program, 300));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn threads_batches_and_shards_change_no_figure(scenario in scenario(ORDINARY)) {
        let program = compiled(&scenario)?;
        let n_paths = 3 * BLOCK_PATHS + 1000;
        let run = |batch, n_threads| {
            let plan = Plan { n_paths, batch, materiality: 1 };
            let mut cpu = Cpu::new(&program, SEED, n_threads);
            engine::run(&program, plan, &mut cpu, &mut ()).expect("threads")
        };
        let whole = run(n_paths, 1);
        for (batch, n_threads) in [(1, 1), (777, 3), (BLOCK_PATHS, 2)] {
            let other = run(batch, n_threads);
            prop_assert_eq!(&whole, &other);
        }
        let shard = |blocks: std::ops::Range<u64>| {
            let mut tally = Tally::new(1, shape(&program));
            let mut counters = Counters::new(shape(&program));
            for block in blocks {
                let paths = block * BLOCK_PATHS..((block + 1) * BLOCK_PATHS).min(n_paths);
                let mut outcomes = vec![Outcome::default(); (paths.end - paths.start) as usize];
                let mut cpu = Cpu::new(&program, SEED, 2);
                cpu.run(paths, &mut outcomes, &mut counters).expect("threads");
                tally.absorb_block(block, &outcomes);
            }
            tally.absorb_counters(&counters);
            tally
        };
        let mut merged = shard(3..4);
        merged.merge(shard(0..1));
        merged.merge(shard(1..3));
        prop_assert_eq!(merged.outcome_digest(), whole.outcome_digest());
        prop_assert_eq!(merged.tally_digest(), whole.tally_digest());
        prop_assert_eq!(merged, whole);
    }
}
