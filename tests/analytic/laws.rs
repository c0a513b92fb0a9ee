//! The laws that the engine is held against, in f64.

use shortfall::book::LegKind;
use shortfall::book::venue::{Reference, Rule};
use shortfall::market::Asset;
use shortfall::program::Program;
use shortfall::scenario::Scenario;

use crate::support;

/// Paths of a run that is compared with a closed form.
pub(crate) const N_PATHS: u64 = 1_000_000;

/// The standard normal distribution function.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// `found` lies within four standard errors of `expected`.
#[track_caller]
pub(crate) fn agree(what: &str, found: f64, expected: f64, std_error: f64) {
    let errors = (found - expected) / std_error;
    assert!(
        errors.abs() <= 4.0,
        "{what} is {found}, not {expected}: off by {errors:.2} standard errors of {std_error:.3e}"
    );
}

/// The greatest distance between the distribution function of a sorted sample and a law, times the
/// root of the sample's size: above 2.3 in one of 20,000 samples (Kolmogorov's law).
pub(crate) fn kolmogorov_smirnov(sorted: &[f64], law: impl Fn(f64) -> f64) -> f64 {
    let n = sorted.len() as f64;
    let mut greatest: f64 = 0.0;
    let mut start = 0;
    while start < sorted.len() {
        let value = sorted[start];
        let end = start + sorted[start..].partition_point(|other| *other <= value);
        let upto = law(value);
        // Below the value only what a continuous law allows: ties are judged at their upper end.
        greatest = greatest.max((end as f64 / n - upto).abs());
        start = end;
    }
    greatest * n.sqrt()
}

/// The critical value that goes with it.
pub(crate) const KS_BOUND: f64 = 2.3;

/// Merton's firm as a loan: `asset` worth 150 backs a debt of 100, counts in full, earns the
/// liquidator nothing, and is looked at once, after a quarter of a year.
pub(crate) fn loan_to_horizon(asset: Asset) -> Scenario {
    let rule = Rule::Reference(Reference { liquidation_bonus: 0.0, ..Reference::default() });
    let terms = vec![support::terms(1.0, 0.0); 2];
    let legs =
        vec![support::leg(LegKind::Collateral, 0, 1.0), support::leg(LegKind::Debt, 1, DEBT)];
    let assets = vec![asset, support::still(1.0)];
    let venues = vec![support::venue(rule, terms)];
    let mut scenario =
        support::scenario(support::market(assets), venues, support::book(&[(0, legs)]));
    scenario.run.step_years = YEARS;
    scenario
}

pub(crate) const ASSETS: f64 = 150.0;
pub(crate) const DEBT: f64 = 100.0;
pub(crate) const YEARS: f64 = 0.25;
pub(crate) const SIGMA: f64 = 0.9;

/// Dollars of a quantum of the program.
pub(crate) fn quantum_usd(program: &Program) -> f64 {
    program.usd(1)
}

/// E[(K - V)+^k] of the lognormal V = V0 exp(-σ²T/2 + σ√T Z), by the binomial theorem and
/// E[V^j; V < K] = V0^j exp(j (j - 1) σ²T/2) Φ(-d2 - j σ√T).
pub(crate) fn put_moment(strike: f64, order: i32) -> f64 {
    let deviation = SIGMA * YEARS.sqrt();
    let d2 = (libm::log(ASSETS / strike) - 0.5 * deviation * deviation) / deviation;
    let mut sum = 0.0;
    let mut binomial = 1.0;
    for j in 0..=order {
        let power = f64::from(j);
        let below = ASSETS.powi(j)
            * libm::exp(0.5 * power * (power - 1.0) * deviation * deviation)
            * normal_cdf(-d2 - power * deviation);
        sum += binomial * (-1_f64).powi(j) * strike.powi(order - j) * below;
        binomial *= f64::from(order - j) / f64::from(j + 1);
    }
    sum
}

/// Density of the loss (K - V)+ at `loss`.
pub(crate) fn loss_density(loss: f64) -> f64 {
    let deviation = SIGMA * YEARS.sqrt();
    let value = DEBT - loss;
    let z = (libm::log(value / ASSETS) + 0.5 * deviation * deviation) / deviation;
    libm::exp(-0.5 * z * z) / (value * deviation * libm::sqrt(2.0 * std::f64::consts::PI))
}
