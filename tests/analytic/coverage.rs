//! Do the stated 95 % intervals hold the truth in 95 % of runs?

use shortfall::tail::stat::{expected_shortfall, mean, value_at_risk};
use shortfall::tail::{Level, Ordered};

use super::laws::{ASSETS, SIGMA, loan_to_horizon, quantum_usd};
use crate::support;

const N_RUNS: u64 = 2000;
const N_PATHS: u64 = 20_000;

/// Mean, value at risk and expected shortfall at 99 % of Merton's put.
const TRUTHS: [f64; 3] = [5.439618311567283, 52.41446869844279, 58.76998431159816];

#[test]
fn stated_intervals_hold_the_truth_in_95_of_100_runs() {
    let program = support::compiled(&loan_to_horizon(support::diffusing(ASSETS, SIGMA)));
    let quantum = quantum_usd(&program);
    let level = Level::nearest(0.99);
    let mut n_held = [0; 3];
    for seed in 0..N_RUNS {
        let tally = support::tally(&program, N_PATHS, 1000 + seed, 1);
        let ordered = Ordered::of(&tally);
        let var = value_at_risk(&ordered, level);
        let intervals = [
            mean(&ordered).interval,
            var.high.map(|high| (var.low as f64, high as f64)),
            expected_shortfall(&ordered, level).interval,
        ];
        for ((n_held, interval), truth) in n_held.iter_mut().zip(intervals).zip(TRUTHS) {
            let (low, high) = interval.expect("an interval of 20,000 paths");
            *n_held += u32::from(low * quantum <= truth && truth <= high * quantum);
        }
    }
    for (what, n_held) in ["mean", "value at risk", "expected shortfall"].iter().zip(n_held) {
        let share = f64::from(n_held) / N_RUNS as f64;
        assert!((0.93..=0.97).contains(&share), "the {what} is held by {share} of the intervals");
    }
}
