//! One loan looked at once: bad debt is Merton's put.
//!
//! Merton, "On the pricing of corporate debt" (1974); with jumps, "Option pricing when underlying
//! stock returns are discontinuous" (1976).

use shortfall::market::{Asset, Jumps};
use shortfall::tail::stat::{expected_shortfall, mean, value_at_risk};
use shortfall::tail::{Level, Ordered};

use super::laws::{
    ASSETS, DEBT, N_PATHS, SIGMA, agree, loan_to_horizon, loss_density, put_moment, quantum_usd,
};
use crate::support;

/// E[(D - V)+], P(V < D), and the share of the debt that is lost in a default.
const EXPECTED_BAD_DEBT: f64 = 5.439618311567283;
const PROBABILITY: f64 = 0.24950966462877006;
const LOSS_GIVEN_DEFAULT: f64 = 0.2180123290879555;
const DEVIATION: f64 = 12.150377235256476;
/// Level, value at risk, expected shortfall.
const TAIL: [(f64, f64, f64); 3] = [
    (0.95, 35.33622441365911, 45.723990625751945),
    (0.99, 52.41446869844279, 58.76998431159816),
    (0.999, 66.25673788600682, 70.0168772926717),
];
/// Standard errors of the two at 10^6 paths.
const TAIL_STD_ERRORS: [(f64, f64, f64); 2] = [
    (0.99, 0.07994161393198454, 0.08198653522615641),
    (0.999, 0.1425369916705497, 0.15625973132871496),
];

/// √(p (1 - p) / n) / f(VaR).
fn std_error_of_var(level: f64, value_at_risk: f64) -> f64 {
    (level * (1.0 - level) / N_PATHS as f64).sqrt() / loss_density(value_at_risk)
}

/// √(Var((L - VaR)+) / n) / (1 - p): the excess is a put struck at D - VaR.
fn std_error_of_es(level: f64, value_at_risk: f64) -> f64 {
    let strike = DEBT - value_at_risk;
    let variance = put_moment(strike, 2) - put_moment(strike, 1).powi(2);
    (variance / N_PATHS as f64).sqrt() / (1.0 - level)
}

#[test]
fn the_closed_forms_agree_with_each_other() {
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} is not {b}");
    close(put_moment(DEBT, 0), PROBABILITY);
    close(put_moment(DEBT, 1), EXPECTED_BAD_DEBT);
    close((put_moment(DEBT, 2) - put_moment(DEBT, 1).powi(2)).sqrt(), DEVIATION);
    for ((level, var, _), (_, of_var, of_es)) in TAIL[1..].iter().zip(TAIL_STD_ERRORS) {
        close(std_error_of_var(*level, *var), of_var);
        close(std_error_of_es(*level, *var), of_es);
    }
}

#[test]
fn bad_debt_at_the_horizon_is_mertons_put() {
    let program = support::compiled(&loan_to_horizon(support::diffusing(ASSETS, SIGMA)));
    let tally = support::tally(&program, N_PATHS, 1, 1);
    let quantum = quantum_usd(&program);
    let root = (N_PATHS as f64).sqrt();

    let found = mean(&Ordered::of(&tally));
    agree("mean", found.value * quantum, EXPECTED_BAD_DEBT, DEVIATION / root);
    let losing = tally.sums.n_losing as f64 / N_PATHS as f64;
    agree("probability", losing, PROBABILITY, (PROBABILITY * (1.0 - PROBABILITY)).sqrt() / root);

    let count = &tally.counters.positions[0];
    let lost = count.loss as f64 / count.exposure as f64;
    let mean_if_default = EXPECTED_BAD_DEBT / PROBABILITY;
    let variance_if_default = put_moment(DEBT, 2) / PROBABILITY - mean_if_default.powi(2);
    let n_defaults = PROBABILITY * N_PATHS as f64;
    let std_error = (variance_if_default / n_defaults).sqrt() / DEBT;
    agree("loss given default", lost, LOSS_GIVEN_DEFAULT, std_error);

    let ordered = Ordered::of(&tally);
    for (level, var, es) in TAIL {
        let of = Level::nearest(level);
        let found = value_at_risk(&ordered, of).value as f64 * quantum;
        agree("value at risk", found, var, std_error_of_var(level, var));
        let found = expected_shortfall(&ordered, of).value * quantum;
        agree("expected shortfall", found, es, std_error_of_es(level, var));
    }
}

/// A stated error is itself estimated: of a mean of squares (fourth moments say how well), or from
/// the gap between two order statistics k apart (relative error 1 / √k).
#[test]
fn the_stated_standard_errors_are_those_of_the_closed_forms() {
    let program = support::compiled(&loan_to_horizon(support::diffusing(ASSETS, SIGMA)));
    let tally = support::tally(&program, N_PATHS, 2, 1);
    let quantum = quantum_usd(&program);
    let n = N_PATHS as f64;

    let stated = mean(&Ordered::of(&tally)).std_error.expect("paths") * quantum;
    let expected = DEVIATION / n.sqrt();
    agree("of the mean", stated, expected, expected * relative_error(DEBT));

    let ordered = Ordered::of(&tally);
    for ((level, var, _), (_, of_var, of_es)) in TAIL[1..].iter().zip(TAIL_STD_ERRORS) {
        let found = value_at_risk(&ordered, Level::nearest(*level));
        let half_width = 0.5 * (found.high.expect("both ends") - found.low) as f64 * quantum;
        let n_between = 2.0 * 1.96 * (n * level * (1.0 - level)).sqrt();
        agree("of value at risk", half_width / 1.96, of_var, of_var / n_between.sqrt());
        let found = expected_shortfall(&ordered, Level::nearest(*level));
        let stated = found.std_error.expect("a tail") * quantum;
        agree("of expected shortfall", stated, of_es, of_es * relative_error(DEBT - var));
    }
}

/// Relative standard error of the deviation of (K - V)+ as estimated from the paths:
/// √((m4 / m2² - 1) / 4n) with central moments.
fn relative_error(strike: f64) -> f64 {
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|order| put_moment(strike, order));
    let m2 = second - first * first;
    let m4 = fourth - 4.0 * first * third + 6.0 * first * first * second - 3.0 * first.powi(4);
    ((m4 / (m2 * m2) - 1.0) / (4.0 * N_PATHS as f64)).sqrt()
}

/// The mean and the probability are sums over Poisson counts; the deviation of the mean is that of
/// the run.
#[test]
fn bad_debt_under_jumps_is_mertons_put_of_jump_diffusions() {
    const EXPECTED: f64 = 2.721093772398607;
    const P: f64 = 0.1584102557231356;
    let jumps = Some(Jumps { rate: 4.0, mean: -0.1, deviation: 0.15 });
    let asset = Asset { jumps, ..support::diffusing(ASSETS, 0.6) };
    let program = support::compiled(&loan_to_horizon(asset));
    let tally = support::tally(&program, N_PATHS, 3, 1);
    let found = mean(&Ordered::of(&tally));
    let quantum = quantum_usd(&program);
    let std_error = found.std_error.expect("paths") * quantum;
    agree("mean", found.value * quantum, EXPECTED, std_error);
    let losing = tally.sums.n_losing as f64 / N_PATHS as f64;
    agree("probability", losing, P, (P * (1.0 - P) / N_PATHS as f64).sqrt());
}
