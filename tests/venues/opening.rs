//! The opening book: what settling a position that cannot be saved leaves behind.
//!
//! Repeated closes at a constant price exhaust the collateral when debt / collateral is above
//! 1 / (1 + bonus), and leave R = D - C / (1 + bonus).

use shortfall::book::LegKind;
use shortfall::book::venue::{AaveV3, CompoundV2, MorphoBlue, Reference, Rule};
use shortfall::program::Program;
use shortfall::scenario::{Opening, Scenario};

use crate::support;
use crate::support::twins::story_of;

const COLLATERAL: f64 = 100_000.0;
const BONUS: f64 = 0.08;

fn opened(rule: Rule, debt: f64, opening: Opening) -> Scenario {
    let legs = vec![
        support::leg(LegKind::Collateral, 0, COLLATERAL),
        support::leg(LegKind::Debt, 1, debt),
    ];
    let venues = vec![support::venue(rule, vec![support::terms(0.8, BONUS); 2])];
    let market = support::market(vec![support::still(1.0); 2]);
    let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    scenario.run.opening = opening;
    scenario
}

fn rules() -> [Rule; 4] {
    [
        Rule::Reference(Reference::default()),
        Rule::AaveV3(AaveV3::default()),
        Rule::CompoundV2(CompoundV2::default()),
        Rule::MorphoBlue(MorphoBlue::default()),
    ]
}

#[test]
fn settling_leaves_the_debt_that_the_collateral_does_not_cover() {
    for rule in rules() {
        for debt in [93_000.0, 99_000.0, 120_000.0] {
            let program = support::compiled(&opened(rule.clone(), debt, Opening::Settle));
            let name = rule.name();
            // Each call may round by a unit, and collateral is taken by halves.
            let bound = 64.0 * support::units_usd(&program, 0).0;
            let expected = debt - COLLATERAL / (1.0 + BONUS);
            let bad_debt = program.usd(program.opening.bad_debt);
            assert!((bad_debt - expected).abs() <= bound, "{name}: {bad_debt}, not {expected}");
            assert!((program.usd(program.opening.debt) - debt).abs() <= bound);
            let found = program.opening;
            assert_eq!((found.n, found.liquidated, found.n_bare), (1, 1, 0), "{name}");
            // What liquidators do not repay is bad.
            let repaid = program.usd(found.repaid);
            assert!((repaid - (debt - expected)).abs() <= bound, "{name}: {repaid} repaid");
            assert_eq!(found.largest, Some((0, found.bad_debt)), "{name}");
            assert!(program.legs.iter().all(|leg| leg.quantity == 0), "{name}");
            assert!(story_of(&program, 1, 0).events.is_empty(), "{name}");
        }
    }
}

/// A position that can be saved is: no bad debt, and nothing left to do at the opening prices.
#[test]
fn settling_a_solvent_position_leaves_it_healthy() {
    for rule in rules() {
        let program = support::compiled(&opened(rule.clone(), 85_000.0, Opening::Settle));
        assert_eq!((program.opening.n, program.opening.bad_debt), (1, 0), "{}", rule.name());
        assert!(story_of(&program, 1, 0).events.is_empty(), "{}", rule.name());
    }
}

#[test]
fn dropped_positions_are_gone_and_kept_ones_are_liquidated_on_every_path() {
    let rule = Rule::AaveV3(AaveV3::default());
    let dropped = support::compiled(&opened(rule.clone(), 99_000.0, Opening::Drop));
    assert_eq!((dropped.opening.n, dropped.opening.bad_debt), (1, 0));
    assert!(story_of(&dropped, 1, 0).events.is_empty());
    let kept = support::compiled(&opened(rule, 99_000.0, Opening::Keep));
    assert_eq!((kept.opening.n, kept.opening.bad_debt), (1, 0));
    assert_eq!(story_of(&kept, 1, 0).events.len(), 1);
}

/// Three positions: one that can be saved, one that cannot, one that owes and owns nothing.
fn mixed(opening: Opening) -> Scenario {
    let loan = |collateral: Option<f64>, debt| {
        let collateral = collateral.map(|it| support::leg(LegKind::Collateral, 0, it));
        let legs = collateral.into_iter().chain([support::leg(LegKind::Debt, 1, debt)]);
        (0, legs.collect::<Vec<_>>())
    };
    let book = support::book(&[
        loan(Some(COLLATERAL), 85_000.0),
        loan(Some(COLLATERAL), 99_000.0),
        loan(None, 5_000.0),
    ]);
    let mut scenario = opened(Rule::AaveV3(AaveV3::default()), 1.0, opening);
    scenario.book = book;
    scenario
}

#[test]
fn what_owes_and_owns_nothing_is_told_apart_from_what_is_liquidated() {
    for (opening, liquidated) in [(Opening::Settle, 2), (Opening::Keep, 0), (Opening::Drop, 0)] {
        let found = support::compiled(&mixed(opening)).opening;
        assert_eq!((found.n, found.liquidated, found.n_bare), (3, liquidated, 1), "{opening:?}");
    }
    let kept = support::compiled(&mixed(Opening::Keep));
    assert_eq!([0, 1, 2].map(|idx| kept.is_bare(idx)), [false, false, true]);
    let settled = support::compiled(&mixed(Opening::Settle));
    assert!([0, 1, 2].iter().all(|idx| !settled.is_bare(*idx)), "written off at the opening");
}

#[test]
fn the_largest_at_the_opening_is_so_by_bad_debt_and_else_by_debt() {
    let usd = |program: &Program| {
        program.opening.largest.map(|(idx, money)| (idx, program.usd(money).round()))
    };
    // 99,000 less 100,000 / 1.08 is 6,407, and 5,000 are owed against nothing.
    assert_eq!(usd(&support::compiled(&mixed(Opening::Settle))), Some((1, 6407.0)));
    assert_eq!(usd(&support::compiled(&mixed(Opening::Keep))), Some((1, 99_000.0)));
    let healthy = opened(Rule::AaveV3(AaveV3::default()), 1.0, Opening::Settle);
    assert_eq!(usd(&support::compiled(&healthy)), None);
}
