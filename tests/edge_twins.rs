//! At the edges of the formats, do the CPU and every adapter find what the reference walker finds,
//! and is that the truth?
//!
//! Runs on every adapter of the machine, software ones included. Without any the host's figures are
//! still held to the truth, unless `SHORTFALL_REQUIRE_ADAPTER` is set, as it is in CI.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use shortfall::book::liquidators::Execution;
use shortfall::engine::gpu::Options;
use shortfall::engine::reference::explain;
use shortfall::engine::story::ToldEvent;
use shortfall::engine::void::{Beyond, first_beyond};
use shortfall::market::depth::Feedback;
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::tail::outcome::SATURATED;
use support::twins::{Walked, everywhere};
use support::{edges, ties};

const SEED: u64 = 1;

/// What the reference walker finds, after the CPU and every adapter found the same.
fn walked(scenario: &Scenario, n_paths: u64) -> (Program, Walked) {
    walked_with(&[Options::default()], scenario, n_paths)
}

/// The same of some ways to compile the kernels.
fn walked_with(kernels: &[Options], scenario: &Scenario, n_paths: u64) -> (Program, Walked) {
    let program = support::compiled(scenario);
    let walked = everywhere(&scenario.name, &program, SEED, n_paths, kernels);
    (program, walked)
}

/// A device counts in words of 32 bits: three of them, with a carry into each. Every path is the
/// same, so that what they come to is known however many there are.
#[test]
fn sums_over_paths_are_carried_into_their_third_word() {
    let n_paths = 256;
    let plain = Options::default();
    let both = [plain, Options { emulate_int64: true, ..plain }];
    let (_, found) = walked_with(&both, &edges::dear_debt(), n_paths);
    let one = &found.outcomes[0];
    let n = i128::from(n_paths);
    let position = found.counters.positions[0];
    let two_words = 1_i128 << 64;
    assert!(
        position.exposure > 4 * two_words,
        "{} does not ask for a third word",
        position.exposure
    );
    assert!(position.loss > 4 * two_words, "{} does not ask for a third word", position.loss);
    assert_eq!(position.exposure % n, 0, "exposure of paths that are all the same");
    assert_eq!(position.loss, n * i128::from(one.loss()));
    assert_eq!(found.counters.steps[0].loss, position.loss);
    assert_eq!(found.counters.pools.iter().sum::<i128>(), position.loss);
    assert_eq!(found.counters.steps[0].liquidated, n * i128::from(one.liquidated));
}

#[test]
fn of_perpetuals_that_all_are_worthless_the_first_one_s_pool_bears_the_loss() {
    let (program, found) = walked(&edges::worthless_longs(), 3);
    let one = &found.outcomes[0];
    let lacking = program.usd(i128::from(one.realised));
    assert!((lacking - 150.0).abs() < 1e-4, "{lacking} is lost, not 150");
    assert_eq!((one.n_events, one.liquidated), (1, 0));
    let of_all_paths = 3 * i128::from(one.realised);
    assert_eq!(found.counters.pools, [of_all_paths, 0]);
    assert_eq!(found.counters.positions[0].loss, of_all_paths);
}

/// A price that its format cannot hold is not what the market says: a path that met one says so,
/// at the lower end as at the upper.
#[test]
fn a_log_price_that_is_held_at_its_lowest_raises_the_flag() {
    let (_, found) = walked(&edges::beyond_the_lowest_price(), 3);
    for outcome in &found.outcomes {
        assert_eq!(outcome.flags & SATURATED, SATURATED, "{outcome:?}");
    }
    let mut scenario = edges::beyond_the_lowest_price();
    scenario.market.shocks.truncate(2);
    let (_, found) = walked(&scenario, 3);
    for outcome in &found.outcomes {
        assert_eq!(outcome.flags & SATURATED, 0, "two falls stay within the format: {outcome:?}");
    }
}

/// A venue that reads late finds out late, but what it closes is sold on the market.
#[test]
fn a_perpetual_whose_venue_reads_late_is_closed_at_the_market() {
    let (program, found) = walked(&edges::closed_late(), 3);
    let one = &found.outcomes[0];
    assert_eq!(one.n_events, 1);
    let usd = |money: i64| program.usd(i128::from(money));
    assert!((usd(one.liquidated) - 25.0).abs() < 1e-4, "{} is closed", usd(one.liquidated));
    let lacking = 75.0 + 2.5 - 20.0;
    assert!((usd(one.realised) - lacking).abs() < 1e-4, "{} is lost", usd(one.realised));
}

/// Sums of marks that all but fill their word.
#[test]
fn funding_on_the_highest_marks_is_the_twins() {
    let (_, found) = walked(&edges::dear_funding(1.0, 100.0, 0.9), 3);
    assert_eq!(found.outcomes[0].n_events, 1);
}

/// What a late feed hides is under water all the same, breached or not.
#[test]
fn what_late_feeds_hide_at_the_horizon_is_under_water_at_the_market() {
    let (program, found) = walked(&edges::hidden_by_feeds(), 3);
    let one = &found.outcomes[0];
    assert_eq!((one.n_events, one.n_defaults, one.realised, one.stranded), (0, 0, 0, 0));
    for (position, truth) in found.counters.positions.iter().zip(edges::hidden_usd()) {
        let usd = program.usd(position.loss) / 3.0;
        assert!((usd - truth).abs() < 0.01, "{usd} is under water, not {truth}");
    }
    let truth: f64 = edges::hidden_usd().iter().sum();
    assert!((program.usd(one.under_water.into()) - truth).abs() < 0.05, "{one:?}");
}

/// Each venue liquidates when it reads the fall, at the market's price, which is the same by then.
#[test]
fn venues_read_the_same_market_at_delays_of_their_own() {
    let (program, found) = walked(&edges::read_hours_apart(), 3);
    assert_eq!(program.liquidity.as_ref().unwrap().feeds.len(), 6);
    let story = explain(&program, SEED, 0);
    let first = |position: usize| {
        let mut events = story.events.iter().filter(|told| told.position == position);
        events.next().map(|told| told.when.step)
    };
    assert_eq!([0, 1, 2].map(first), [Some(2), Some(1), Some(3)]);
    let repaid = |told: &ToldEvent| (told.event.repaid, told.event.seized);
    let events: Vec<_> = story.events.iter().take(3).map(repaid).collect();
    assert!(events.windows(2).all(|two| two[0] == two[1]), "{events:?}");
    assert_eq!(found.outcomes[0].n_defaults, 3);
}

/// Thresholds are widened by a hair against rounding, what is owed is not.
#[test]
fn a_hair_that_no_venue_sees_is_under_water_at_the_market() {
    let (program, found) = walked(&edges::owed_a_hair_more_than_held(), 3);
    let one = &found.outcomes[0];
    assert_eq!((one.n_events, one.n_defaults), (0, 0));
    let lacking = program.usd(one.under_water.into());
    assert!((lacking - edges::HAIR_USD).abs() < 1e-8, "{lacking} is under water");
}

/// What the opening has used of the first step's means, and what it has sold, is the same for all.
#[test]
fn what_settling_the_opening_leaves_standing_is_the_twins() {
    for (feedback, execution) in [
        (Feedback::SameStep { rounds: 5 }, Execution::InTurn),
        (Feedback::NextStep, Execution::Together),
    ] {
        let (program, found) = walked(&edges::settled_opening(feedback, execution), 8);
        let liquidity = program.liquidity.as_ref().unwrap();
        let standing = liquidity.standing.as_ref().unwrap();
        let what = format!("{feedback:?} {execution:?}: {standing:?}");
        assert!(standing.capital > 0 && standing.n_events > 0, "{what}");
        let initial = liquidity.funds.last().unwrap().initial();
        assert_ne!(*standing.funds.last().unwrap(), initial, "{what}");
        let held = standing.flows.iter().chain(&standing.recovering);
        assert!(held.clone().any(|size| *size != 0), "{what}");
        assert!(found.outcomes.iter().any(|it| it.n_events > 0), "{what}");
    }
}

/// Every mark and ratio of what is worthless is total, on devices as well.
#[test]
fn what_is_worth_nothing_is_worth_nothing_on_every_adapter() {
    let (program, found) = walked(&edges::worthless(), 3);
    // 1,000 of what is gone, and 20,000 that repay 20,000 / 1.05; longs on 2,000 USD.
    let of_rest = 80_000.0 - 20_000.0 / 1.05;
    let loans = [70_000.0, 0.0, of_rest].repeat(3);
    let truth = [&loans[..], &[70_000.0, 0.0].repeat(3)[..], &[8_000.0, 0.0]].concat();
    assert_eq!(truth.len(), found.counters.positions.len());
    for (idx, (position, truth)) in found.counters.positions.iter().zip(truth).enumerate() {
        let usd = program.usd(position.loss) / 3.0;
        assert!((usd - truth).abs() < 0.1, "{idx} loses {usd}, not {truth}");
    }
}

/// Ties at every venue, and positions just off them.
#[test]
fn exact_ties_are_decided_alike_on_every_adapter() {
    for change in [0.0, -0.3] {
        let scenario = ties::all_venues(ties::Moves { change, ..ties::STILL });
        let (_, found) = walked(&scenario, 1);
        let n = scenario.book.positions.len();
        let n_events = found.outcomes[0].n_events as usize;
        assert!(n / 4 < n_events && n_events < 3 * n / 4, "{n_events} of {n} are liquidated");
    }
}

/// A mark that is coarser by an octave holds what the usual one does not.
#[test]
fn a_price_of_300_times_the_opening_s_is_told_as_it_is() {
    let (program, found) = walked(&edges::risen_short(), 3);
    assert_eq!(program.market.octaves.of(1), 1);
    let one = &found.outcomes[0];
    assert_eq!((one.n_events, one.flags & SATURATED), (1, 0));
    let lacking = program.usd(i128::from(one.realised));
    assert!((lacking - 29_800.0).abs() < 0.02, "{lacking} is lost, not 29,800");
}

#[test]
fn a_purchase_beyond_the_end_of_its_market_makes_the_path_void() {
    for (reserve_usd, flag) in [(50.0, SATURATED), (130.0, SATURATED), (137.0, 0), (1e6, 0)] {
        let (program, found) = walked(&edges::bought_back(reserve_usd), 3);
        let beyond = (flag == SATURATED).then_some(Beyond { step_idx: 1, asset: 1 });
        assert_eq!(first_beyond(&program, SEED, 0), beyond, "a pool of {reserve_usd} USD");
        for outcome in &found.outcomes {
            assert_eq!(outcome.n_events, 1);
            assert_eq!(outcome.flags & SATURATED, flag, "a pool of {reserve_usd} USD");
        }
    }
}

/// Coarser marks in all that couples positions: feeds, what the market holds, what sales bring.
#[test]
fn loans_whose_prices_rise_a_thousand_times_have_the_same_tally_on_every_adapter() {
    let (program, found) = walked(&edges::risen_loans(), 64);
    assert_eq!([0, 1].map(|asset| program.market.octaves.of(asset)), [5, 3]);
    assert!(found.outcomes.iter().all(|it| it.n_events > 0 && it.flags & SATURATED == 0));
}
