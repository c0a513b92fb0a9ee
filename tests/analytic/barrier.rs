//! A loan checked at equal intervals: the probability that it is ever liquidatable.
//!
//! Broadie, Glasserman, Kou, "A continuity correction for discrete barrier options" (1997). The
//! exact values come from the recursion of the killed Gaussian kernel. Interest on the debt enters
//! as drift of the ratio: ν = -0.05 - 0.9² / 2 = -0.455.

use shortfall::book::LegKind;
use shortfall::book::venue::{Reference, Rule};
use shortfall::market::Asset;

use super::laws::{N_PATHS, SIGMA, YEARS, agree};
use crate::support;

fn probability_of_default(n_checks: u32, seed: u64) -> f64 {
    let debt_asset = Asset { borrow_rate: 0.05, ..support::still(1.0) };
    let assets = vec![support::diffusing(150.0, SIGMA), debt_asset];
    let rule = Rule::Reference(Reference::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.06); 2])];
    let legs =
        vec![support::leg(LegKind::Collateral, 0, 1.0), support::leg(LegKind::Debt, 1, 100.0)];
    let mut scenario =
        support::scenario(support::market(assets), venues, support::book(&[(0, legs)]));
    scenario.run.n_steps = n_checks;
    scenario.run.step_years = YEARS / f64::from(n_checks);
    let program = support::compiled(&scenario);
    let tally = support::tally(&program, N_PATHS, seed, 2);
    tally.counters.positions[0].n_defaults as f64 / N_PATHS as f64
}

fn compare(n_checks: u32, expected: f64) {
    let found = probability_of_default(n_checks, u64::from(n_checks));
    let std_error = (expected * (1.0 - expected) / N_PATHS as f64).sqrt();
    agree("probability of default", found, expected, std_error);
}

#[test]
fn a_loan_checked_13_times_defaults_as_the_killed_kernel_says() {
    compare(13, 0.6555248613995796);
}

#[test]
fn a_loan_checked_91_times_defaults_as_the_killed_kernel_says() {
    compare(91, 0.7147869469774847);
}

#[test]
fn a_loan_checked_364_times_defaults_as_the_killed_kernel_says() {
    compare(364, 0.7336374157186938);
}
