//! Exactly at a threshold, whatever the numbers: is none liquidated where equality is no breach,
//! and all where it is one?
//!
//! In floats and in words of 32 bits hardly any of these ties is one: rounding would decide.

use shortfall::program::Program;
use shortfall::scenario::{Opening, Scenario};

use crate::support;
use crate::support::ties::{Moves, STILL, accounts, lending_rules, loans};
use crate::support::twins::story_of;

/// By how much a health factor is off 1 where the exact arithmetic must decide.
const NUDGE: f64 = 3e-7;

/// Indices of the positions that have an event on the path.
fn with_events(program: &Program) -> Vec<usize> {
    let mut positions: Vec<usize> =
        story_of(program, 1, 0).events.iter().map(|told| told.position).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// Whether positions are liquidatable at the opening, settled there, and liquidated after a step of
/// unmoved prices: all of them, or none.
fn all_are(is_liquidated: bool, what: &str, mut scenario: Scenario) {
    let n = scenario.book.positions.len();
    let expected = if is_liquidated { n as u64 } else { 0 };
    let kept = support::compiled(&scenario);
    assert_eq!(kept.opening.n, expected, "{what}: liquidatable at the opening, of {n}");
    let found = with_events(&kept);
    assert_eq!(found.len() as u64, expected, "{what}: liquidated after a step, of {n}");
    scenario.run.opening = Opening::Settle;
    let settled = support::compiled(&scenario).opening;
    let found = (settled.n, settled.liquidated);
    assert_eq!(found, (expected, expected), "{what}: settled at the opening, of {n}");
}

/// The same where prices move to the tie.
fn all_are_when_moved(is_liquidated: bool, what: &str, scenario: &Scenario) {
    let n = scenario.book.positions.len();
    let found = with_events(&support::compiled(scenario));
    let not = (0..n).filter(|idx| found.binary_search(idx).is_err() == is_liquidated);
    let wrong: Vec<String> = not
        .map(|idx| {
            let position = &scenario.book.positions[idx];
            format!("{idx}: {:?}", scenario.book.legs_of(position))
        })
        .collect();
    let first = wrong.first();
    assert!(wrong.is_empty(), "{what}: {} of {n} are wrong, the first {first:?}", wrong.len());
}

#[test]
fn loans_at_their_threshold_are_liquidated_below_it_or_at_it_as_the_venue_says() {
    for rule in lending_rules() {
        let at_equality = rule.liquidation().liquidatable_at_equality();
        for (off, is_liquidated) in [(0.0, at_equality), (-NUDGE, false), (NUDGE, true)] {
            let what = format!("{} off by {off}", rule.name());
            all_are(is_liquidated, &what, loans(&rule, STILL, off));
        }
    }
}

#[test]
fn accounts_at_their_margin_are_closed_below_it_or_at_it_as_the_venue_says() {
    for at_equality in [true, false] {
        for (off, is_closed) in [(0.0, at_equality), (-NUDGE, false), (NUDGE, true)] {
            let what = format!("at equality {at_equality}, off by {off}");
            all_are(is_closed, &what, accounts(at_equality, STILL, off));
        }
    }
}

/// Changes whose logs no word holds.
const CHANGES: [f64; 6] = [-0.3, -0.1, -0.07, -0.35, 0.05, 0.9];

#[test]
fn loans_that_prices_bring_to_their_threshold_are_liquidated_below_it_or_at_it_as_the_venue_says() {
    for rule in lending_rules() {
        let at_equality = rule.liquidation().liquidatable_at_equality();
        for change in CHANGES {
            let moves = Moves { change, ..STILL };
            for (off, is_liquidated) in [(0.0, at_equality), (-NUDGE, false), (NUDGE, true)] {
                // Those that a rise saves are liquidatable before it.
                let what = format!("{} moved by {change}, off by {off}", rule.name());
                all_are_when_moved(is_liquidated, &what, &loans(&rule, moves, off));
            }
        }
    }
}

#[test]
fn accounts_that_prices_bring_to_their_margin_are_closed_as_the_venue_says() {
    for at_equality in [true, false] {
        for change in CHANGES {
            let moves = Moves { change, ..STILL };
            for (off, is_closed) in [(0.0, at_equality), (-NUDGE, false), (NUDGE, true)] {
                let what = format!("at equality {at_equality}, moved by {change}, off by {off}");
                all_are_when_moved(is_closed, &what, &accounts(at_equality, moves, off));
            }
        }
    }
}

/// However little of the price is left, where the error of a mark is larger than the nudge.
#[test]
fn loans_that_a_crash_brings_to_their_threshold_are_left_or_not_as_the_venue_says() {
    for rule in lending_rules() {
        let at_equality = rule.liquidation().liquidatable_at_equality();
        for change in [-0.99, -0.9999, 19.0] {
            let moves = Moves { change, ..STILL };
            let what = format!("{} moved by {change}", rule.name());
            all_are_when_moved(at_equality, &what, &loans(&rule, moves, 0.0));
        }
    }
}

#[test]
fn loans_that_interest_brings_to_their_threshold_are_liquidated_below_it_or_at_it_as_the_venue_says()
 {
    for rule in lending_rules() {
        let at_equality = rule.liquidation().liquidatable_at_equality();
        for (borrow_rate, n_steps) in [(0.05, 1), (0.31, 24), (2.0, 7)] {
            let moves = Moves { change: -0.01, borrow_rate, n_steps };
            for (off, is_liquidated) in [(0.0, at_equality), (-NUDGE, false), (NUDGE, true)] {
                let what = format!("{} at {borrow_rate} a year, off by {off}", rule.name());
                all_are_when_moved(is_liquidated, &what, &loans(&rule, moves, off));
            }
        }
    }
}
