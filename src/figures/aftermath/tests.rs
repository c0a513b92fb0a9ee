//! Are the figures of coupled paths those of a hand calculation?

use super::*;
use crate::figures::fixture;
use crate::tail::{Outcome, Shape};
use crate::units::VenueId;

/// A dollar, in quanta of the fixture.
const USD: i64 = 1 << 16;

const NO_FUND: FundFacts = FundFacts { venue: VenueId(0), initial_usd: 0.0, fee: 0.0 };
const FUND: FundFacts = FundFacts { venue: VenueId(1), initial_usd: 100.0, fee: 0.0 };

/// The figures of paths that end like this: backlog, positions waiting, most rounds, and what
/// was drawn from a fund of 100 dollars; all money in dollars.
fn figures_of(paths: &[[i64; 4]], timing: FeedbackTiming) -> AftermathFigures {
    let shape = Shape { n_funds: Some(2), ..Shape::default() };
    let mut tally = Tally::new(1, shape);
    let outcome = Outcome { largest_step: 7, ..Outcome::default() };
    tally.absorb_block(0, &vec![outcome; paths.len()]);
    let aftermath = tally.counters.aftermath.as_mut().unwrap();
    for [backlog, n_waiting, n_rounds, drawn] in paths.iter().copied() {
        let emptied = i64::from(drawn == 100);
        aftermath.absorb(&[backlog * USD, n_waiting, n_rounds, 2, 0, 0, drawn * USD, emptied]);
    }
    let coupling = CouplingFacts { feedback: Some(timing), funds: vec![NO_FUND, FUND] };
    figures(&tally, &Facts { coupling: Some(coupling), ..fixture::facts() }).unwrap()
}

#[test]
fn a_small_aftermath_has_the_figures_of_a_hand_calculation() {
    let paths = [[0, 0, 1, 0], [2, 1, 1, 10], [6, 3, 3, 40], [0, 0, 2, 100]];
    let AftermathFigures { cascade, backlog, insurance_funds } =
        figures_of(&paths, FeedbackTiming::SameStep);
    assert_eq!((cascade.largest_step_events, cascade.most_rounds), (7, 3));
    assert_eq!(cascade.spiral_probability, Some(0.5));

    assert_eq!((backlog.probability, backlog.max_usd), (0.5, 6.0));
    assert_eq!((backlog.mean_usd, backlog.mean_positions), (2.0, 1.0));
    // Sample variance (4 * 40 - 8^2) / (4 * 3) = 8, over 4 paths.
    assert_eq!(backlog.std_error_usd, Some(2.0_f64.sqrt()));
    let half = wilson(2, 4).unwrap();
    assert_eq!((backlog.probability_low, backlog.probability_high), (half.low, half.high));

    let [fund] = &insurance_funds[..] else { panic!("{insurance_funds:?}") };
    assert_eq!((&*fund.venue, fund.initial_usd, fund.emptied_probability), ("morpho", 100.0, 0.25));
    // Drawn: 150 in all, squares 11,700; (4 * 11,700 - 150^2) / (4^2 * 3) = 22.5^2.
    let minimum = PathMinimum {
        mean: 62.5,
        std_error: Some(22.5),
        mean_low: None,
        mean_high: None,
        p05: 0.0,
        p01: 0.0,
        lowest: 0.0,
    };
    assert_eq!(fund.path_minimum_usd, minimum);
}

#[test]
fn quantiles_of_a_fund_are_order_statistics_of_its_minimum() {
    // Of 200 paths the ceil(0.01 * 200) = 2nd and ceil(0.05 * 200) = 10th smallest.
    let paths: Vec<[i64; 4]> = (0..200).map(|path| [0, 0, 0, path / 2]).collect();
    let found = figures_of(&paths, FeedbackTiming::NextStep);
    let minimum = found.insurance_funds[0].path_minimum_usd;
    assert_eq!((minimum.lowest, minimum.p01, minimum.p05), (1.0, 1.0, 5.0));
}

#[test]
fn feedback_of_the_next_step_has_no_spiral_and_one_path_no_errors() {
    let found = figures_of(&[[3, 1, 1, 0]], FeedbackTiming::NextStep);
    assert_eq!(found.cascade.spiral_probability, None);
    assert_eq!((found.backlog.mean_usd, found.backlog.std_error_usd), (3.0, None));
    assert_eq!(found.insurance_funds[0].path_minimum_usd.std_error, None);
}

#[test]
fn a_small_comparison_has_the_figures_of_a_hand_calculation() {
    let outcomes =
        |losses: [i64; 3]| losses.map(|usd| Outcome { realised: usd * USD, ..Outcome::default() });
    let mut paired = Paired::default();
    paired.absorb(&outcomes([3, 0, 5]), &outcomes([1, 1, 4]));
    let found = feedback(&paired, &fixture::facts()).unwrap();
    // Differences 2, -1, 1: mean 2/3, (3 * 6 - 2^2) / (3^2 * 2) = 7/9.
    let (mean, error) = (2.0 / 3.0, 7.0_f64.sqrt() / 3.0);
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-14;
    assert_eq!(found.amplification, Some(8.0 / 6.0));
    assert!(near(found.bad_debt_with_usd, 8.0 / 3.0) && near(found.bad_debt_without_usd, 2.0));
    assert!(near(found.difference_usd, mean));
    assert!(near(found.difference_std_error_usd.unwrap(), error));
    assert_eq!((found.difference_low_usd, found.difference_high_usd), (None, None));
    assert_eq!((found.worse_paths, found.better_paths, found.n_paths), (2, 1, 3));
}

#[test]
fn ten_paths_tell_the_interval_of_a_backlog_and_of_a_fund() {
    let mut paths = vec![[0, 0, 1, 0]; 100];
    for (idx, path) in (1..).zip(&mut paths[..10]) {
        *path = [idx, 1, 1, 10 * idx];
    }
    let AftermathFigures { backlog, insurance_funds, .. } =
        figures_of(&paths, FeedbackTiming::SameStep);
    let (low, high) = (backlog.low_usd.unwrap(), backlog.high_usd.unwrap());
    assert!(0.0 < low && low < backlog.mean_usd && backlog.mean_usd < high);
    // The fund is drawn by ten times the backlog: its interval hangs from the 100 it opened at.
    let minimum = insurance_funds[0].path_minimum_usd;
    assert!((minimum.mean_low.unwrap() - (100.0 - 10.0 * high)).abs() < 1e-9);
    assert!((minimum.mean_high.unwrap() - (100.0 - 10.0 * low)).abs() < 1e-9);
    let nine = figures_of(&paths[1..], FeedbackTiming::SameStep);
    assert_eq!((nine.backlog.low_usd, nine.backlog.high_usd), (None, None));
    assert_eq!(nine.insurance_funds[0].path_minimum_usd.mean_low, None);
}

#[test]
fn what_is_not_coupled_leaves_no_trace_in_json() {
    let json = serde_json::to_value(fixture::summary()).unwrap();
    for part in ["feedback", "aftermath", "cascade", "backlog", "insurance_funds"] {
        assert!(json.get(part).is_none(), "{part}");
    }
    let json = serde_json::to_value(fixture::coupled_summary()).unwrap();
    for part in ["feedback", "cascade", "backlog", "insurance_funds"] {
        assert!(json.get(part).is_some(), "{part}");
    }
    assert!(json.get("aftermath").is_none());
}

#[test]
#[should_panic(expected = "an aftermath of other paths")]
fn an_aftermath_counts_every_path() {
    let mut tally = Tally::new(1, Shape { n_funds: Some(0), ..Shape::default() });
    tally.absorb_block(0, &[Outcome::default()]);
    let coupling = CouplingFacts { feedback: None, funds: Vec::new() };
    figures(&tally, &Facts { coupling: Some(coupling), ..fixture::facts() });
}
