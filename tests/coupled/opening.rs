//! The opening book is settled by the desk of the paths: where prices stand still in the first
//! step, does settling it come to what keeping it does, and is no money lost on the way?

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shortfall::book::LegKind;
use shortfall::book::account::values;
use shortfall::book::venue::Rule;
use shortfall::engine::cpu::Cpu;
use shortfall::engine::story::Story;
use shortfall::fixed::ONE_MARK;
use shortfall::market::Shock;
use shortfall::program::Program;
use shortfall::scenario::{Opening, Scenario};
use shortfall::tail::Aftermath;
use shortfall::units::AssetId;

use super::drawn::coupled_scenario;
use super::laws::positions_of;
use crate::outcomes;
use crate::support::book;
use crate::support::drawn::{COMET, MAKER, N_ASSETS, PERPETUAL, compiled};
use crate::support::twins::story_of;

const SEED: u64 = 23;

/// Prices stand still in the first step, and later move by shocks alone.
fn standing_still(mut scenario: Scenario, shocks: &[(u32, f64)]) -> Scenario {
    for asset in &mut scenario.market.assets {
        (asset.volatility, asset.drift, asset.borrow_rate, asset.jumps) = (0.0, 0.0, 0.0, None);
    }
    (scenario.market.common_jumps, scenario.market.regimes) = (None, None);
    // Feeds begin the first step with the opening's price, not with what the opening's last round
    // has reported: within their deviation the two may differ.
    scenario.market.liquidity.feeds.clear();
    scenario.market.liquidity.own_feeds.clear();
    let step_years = scenario.run.step_years;
    let n_later = scenario.run.n_steps.saturating_sub(1);
    let later = shocks.iter().filter(|_| n_later > 0).zip(0..);
    let shock = |((asset, change), idx): (&(u32, f64), u32)| Shock {
        asset: AssetId(*asset),
        change: *change,
        at_years: step_years * f64::from(1 + idx * 7 % n_later),
        over_years: 0.0,
    };
    scenario.market.shocks = later.map(shock).collect();
    let terms = scenario.venues.iter_mut().flat_map(|venue| &mut venue.terms);
    terms.for_each(|terms| terms.funding_rate = 0.0);
    scenario
}

/// One event does all that a position needs, since a path has one a position and round. Comet and
/// Maker sell in another event than the one in which they take an account over.
fn at_once(scenario: Scenario) -> Scenario {
    let mut scenario = without(scenario, &[COMET, MAKER]);
    for venue in &mut scenario.venues {
        match &mut venue.rule {
            Rule::Reference(rule) => (rule.close_factor, rule.full_close_below) = (1.0, 1.0),
            Rule::AaveV3(rule) => {
                (rule.close_factor, rule.target_health, rule.calls_per_step) = (1.0, 0.0, 64);
            }
            Rule::CompoundV2(rule) => (rule.close_factor, rule.calls_per_step) = (1.0, 64),
            Rule::EulerV2(rule) => rule.calls_per_step = 64,
            _ => {}
        }
    }
    scenario
}

/// Debts are of assets whose price nothing moves, so that what is not repaid is worth at the
/// horizon what it was at the opening.
fn with_still_debts(mut scenario: Scenario) -> Scenario {
    let owed: Vec<AssetId> = {
        let legs = scenario.book.legs.iter().filter(|leg| leg.kind == LegKind::Debt);
        legs.map(|leg| leg.asset).collect()
    };
    let moves = |asset: &AssetId| !owed.contains(asset);
    scenario.market.shocks.retain(|shock| moves(&shock.asset));
    scenario.market.liquidity.depths.retain(|depth| moves(&depth.asset));
    scenario.market.liquidity.cross_impact.clear();
    scenario
}

fn shocks() -> impl Strategy<Value = Vec<(u32, f64)>> {
    proptest::collection::vec((0..N_ASSETS as u32, prop_oneof![-0.9..0.0, 0.0..1.0]), 1..6)
}

fn with_opening(scenario: &Scenario, opening: Opening) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.run.opening = opening;
    scenario
}

/// A path and what it leaves of insurance funds.
fn walked(program: &Program) -> (Story, Option<Aftermath>) {
    let story = story_of(program, SEED, 0);
    let (all, counters) = outcomes(program, Cpu::new(program, SEED, 1), 1);
    assert_eq!(all, [story.outcome], "a path told is the path walked");
    (story, counters.aftermath)
}

/// The log prices on the market when the first step has ended, and after.
fn prices(program: &Program, story: &Story) -> Vec<i32> {
    let logs = if story.moved.is_empty() { &story.logs } else { &story.moved };
    let n_steps = program.market.n_steps;
    logs.chunks(n_steps).flat_map(|logs| &logs[1..]).copied().collect()
}

/// Whether a kept opening has used up the events of its first step.
fn is_used_up(scenario: &Scenario, kept: &Story) -> bool {
    let something = kept.events.iter().filter(|told| told.event.is_something());
    let n_first = something.filter(|told| told.when.step == 0).count();
    let per_step = scenario.liquidators.and_then(|it| it.per_step);
    per_step.is_some_and(|most| n_first as u32 == most)
}

/// Whether a position is liquidated in the first step that was healthy at the opening.
fn follows(scenario: &Scenario, settled: &Story) -> bool {
    let positions = positions_of(scenario);
    let mut first = settled.events.iter().filter(|told| told.when.step == 0);
    first.any(|told| {
        let mut alone = with_opening(scenario, Opening::Keep);
        alone.book = book(&positions[told.position..=told.position]);
        compiled(&alone).map_or(true, |program| program.opening.n == 0)
    })
}

/// Compares settling with keeping; whether the opening did something that is comparable.
fn check(scenario: &Scenario) -> Result<bool, TestCaseError> {
    let settled = compiled(&with_opening(scenario, Opening::Settle))?;
    let kept = compiled(&with_opening(scenario, Opening::Keep))?;
    let (of_settled, of_kept) = (walked(&settled), walked(&kept));
    // Where the first step's rounds end with a position to be liquidated, settling has as many
    // again; and who is liquidatable only for what the opening has sold waits for the first step.
    let goes_on = of_settled.0.events.iter().any(|told| told.when.step == 0);
    let has_more = goes_on && !is_used_up(scenario, &of_kept.0);
    let is_cut = has_more || follows(scenario, &of_settled.0);
    // A deficit goes bad in the opening even if the step's events are used up; on a path it waits.
    let is_counted = scenario.liquidators.is_some_and(|it| it.per_step.is_some());
    let is_otherwise = is_counted && settled.opening.n_bare > 0;
    if settled.opening.liquidated == 0 || is_cut || is_otherwise {
        return Ok(false);
    }
    let (found, expected) = (of_settled.0.outcome, of_kept.0.outcome);
    let money = |name: &str, found: i128, expected: i128| {
        // Each leg's part of a loss is cut to money by itself.
        let bound = 8 * settled.legs.len() as i128;
        let is_near = (found - expected).abs() <= bound;
        prop_assert!(is_near, "{name}: {found} settled, {expected} kept\n{scenario:#?}");
        Ok(())
    };
    money(
        "liquidated",
        i128::from(found.liquidated) + settled.opening.repaid,
        expected.liquidated.into(),
    )?;
    money("loss", i128::from(found.loss()) + settled.opening.bad_debt, expected.loss().into())?;
    let after = |(story, _): &(Story, _), program| prices(program, story);
    prop_assert_eq!(after(&of_settled, &settled), after(&of_kept, &kept), "prices");
    let later = |story: &Story| {
        let events = story.events.iter().filter(|told| told.when.step > 0);
        events.map(|told| (told.position, told.when, told.event)).collect::<Vec<_>>()
    };
    prop_assert_eq!(later(&of_settled.0), later(&of_kept.0), "events after the first step");
    let drawn = |aftermath: &Option<Aftermath>| -> Vec<(u64, i128)> {
        let funds = aftermath.iter().flat_map(|it| &it.funds);
        funds.map(|fund| (fund.n_emptied, fund.drawn.sum)).collect()
    };
    prop_assert_eq!(drawn(&of_settled.1), drawn(&of_kept.1), "insurance funds");
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn settling_the_opening_comes_to_what_keeping_it_does(
        scenario in coupled_scenario(),
        shocks in shocks(),
    ) {
        let scenario = with_still_debts(at_once(standing_still(scenario, &shocks)));
        prop_assume!(!scenario.book.positions.is_empty());
        check(&scenario)?;
    }
}

/// So that the law does not hold for want of cases.
#[test]
fn drawn_openings_are_settled() {
    let mut runner = TestRunner::deterministic();
    let (mut n_settled, mut n_standing, mut n_short, mut n_drawn) = (0, 0, 0, 0);
    for _ in 0..400 {
        let (scenario, shocks) =
            (coupled_scenario(), shocks()).new_tree(&mut runner).expect("a case").current();
        let scenario = with_still_debts(at_once(standing_still(scenario, &shocks)));
        let Ok(program) = compiled(&with_opening(&scenario, Opening::Settle)) else { continue };
        if !check(&scenario).is_ok_and(|it| it) {
            continue;
        }
        n_settled += 1;
        let Some(liquidity) = &program.liquidity else { continue };
        let Some(standing) = &liquidity.standing else { continue };
        n_standing += u32::from(standing.flows.iter().any(|flow| *flow != 0));
        n_short += u32::from(standing.capital > 0 || standing.n_events > 0);
        let initial = liquidity.funds.iter().map(|fund| fund.initial());
        n_drawn += u32::from(initial.zip(&standing.funds).any(|(was, is)| was != *is));
    }
    let found = [n_settled, n_standing, n_short, n_drawn];
    assert!(found.iter().all(|n| *n >= 5), "settled, with sales, short of means, funds: {found:?}");
}

/// The positions at all venues but some.
fn without(mut scenario: Scenario, venues: &[u32]) -> Scenario {
    let positions = positions_of(&scenario).into_iter();
    let positions = positions.filter(|(venue, _)| !venues.contains(venue));
    scenario.book = book(&positions.collect::<Vec<_>>());
    scenario
}

/// What positions owe, money, one by one.
fn owed(program: &Program) -> Vec<i128> {
    let owed = program.positions.iter().map(|position| {
        let legs = program.legs_of(position).iter();
        let legs: Vec<_> = legs.map(|row| row.state(row.quantity, ONE_MARK)).collect();
        i128::from(values(&legs).debt >> position.money_shift)
    });
    owed.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_was_owed_is_repaid_or_bad_or_still_owed(scenario in coupled_scenario()) {
        // What perpetuals repay is a notional, which is not owed; what Comet pays is.
        let scenario = with_still_debts(standing_still(scenario, &[]));
        let scenario = without(scenario, &[PERPETUAL, COMET, MAKER]);
        prop_assume!(!scenario.book.positions.is_empty());
        let kept = compiled(&with_opening(&scenario, Opening::Keep))?;
        let settled = compiled(&with_opening(&scenario, Opening::Settle))?;
        let found = settled.opening;
        prop_assert_eq!((found.n, found.debt), (kept.opening.n, kept.opening.debt));
        let (before, after) = (owed(&kept), owed(&settled));
        let touched = before.iter().zip(&after).filter(|(before, after)| before != after);
        let less: i128 = touched.map(|(before, after)| before - after).sum();
        let accounted = found.repaid + found.bad_debt;
        // Each event cuts what it repays to money: at most 10,000 a position, 2^-54 of the book.
        let bound = 20_000 * before.len() as i128;
        prop_assert!((less - accounted).abs() <= bound, "{less} less is owed, not {accounted}");
        prop_assert!(after.iter().zip(&before).all(|(after, before)| after <= before));
    }
}
