//! The differences of two programs on the same paths, by sections: two puts on correlated prices.
//!
//! Loss = max(0, K - S), K = 100, S0 = 150. With d = sigma sqrt(T), z = N^-1(1 - level) and
//! q = S0 exp(-d^2 / 2 + d z):  VaR = K - q,  ES = K - S0 N(z - d) / (1 - level).

use std::ops::Range;

use shortfall::tail::stat::sectioning::{N_SECTIONS, Section, half_width, start_of};
use shortfall::tail::stat::{expected_shortfall, mean, probability, value_at_risk};
use shortfall::tail::{Level, Ordered, Outcome, Shape, Tally};

use crate::laws::Uniforms;
use crate::{QUANTA, is_full};

const STRIKE: f64 = 100.0;
const SPOT: f64 = 150.0;
/// sigma sqrt(T) of this run's put, and of the baseline's.
const DEVIATIONS: [f64; 2] = [0.45, 0.5];
const CORRELATION: f64 = 0.9;
const LEVEL: f64 = 0.99;
/// N^-1(0.01).
const Z_LEVEL: f64 = -2.326_347_874_040_840_8;
/// The fewest that have six beyond the level in each section, about.
const N_PATHS: u64 = 20_000;

fn normal_below(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

fn losses(normals: &[f64], deviation: f64) -> Vec<Outcome> {
    let of = |normal: &f64| {
        let price = SPOT * (-deviation * deviation / 2.0 + deviation * normal).exp();
        let under_water = ((STRIKE - price).max(0.0) * QUANTA) as i64;
        Outcome { under_water, ..Outcome::default() }
    };
    normals.iter().map(of).collect()
}

/// The put's mean, the probability that it loses, value at risk and expected shortfall.
fn truths(deviation: f64) -> [f64; 4] {
    let moneyness = ((SPOT / STRIKE).ln() + deviation * deviation / 2.0) / deviation;
    let mean = STRIKE * normal_below(deviation - moneyness) - SPOT * normal_below(-moneyness);
    let quantile = SPOT * (-deviation * deviation / 2.0 + deviation * Z_LEVEL).exp();
    let shortfall = STRIKE - SPOT * normal_below(Z_LEVEL - deviation) / (1.0 - LEVEL);
    [mean, normal_below(deviation - moneyness), STRIKE - quantile, shortfall]
}

/// The figures of paths, in quanta but for the probability.
fn figures(outcomes: &[Outcome]) -> [f64; 4] {
    let mut tally = Tally::new(1, Shape::default());
    tally.absorb_paths(0, outcomes);
    let (ordered, level) = (Ordered::of(&tally), Level::nearest(LEVEL));
    [
        mean(&ordered).value,
        probability(&tally).unwrap().value * QUANTA,
        value_at_risk(&ordered, level).value as f64,
        expected_shortfall(&ordered, level).value,
    ]
}

fn sides(seed: u64) -> [Vec<Outcome>; 2] {
    let mut uniforms = Uniforms::of(seed);
    let one: Vec<f64> = (0..N_PATHS).map(|_| uniforms.normal()).collect();
    let own = (1.0 - CORRELATION * CORRELATION).sqrt();
    let other: Vec<f64> =
        one.iter().map(|normal| CORRELATION * normal + own * uniforms.normal()).collect();
    [losses(&one, DEVIATIONS[0]), losses(&other, DEVIATIONS[1])]
}

#[test]
fn paired_intervals_hold_the_true_difference_of_two_puts() {
    let [one, other] = DEVIATIONS.map(truths);
    let names = ["mean", "probability", "value at risk", "expected shortfall"];
    let n_runs = if is_full() { 1000 } else { 100 };
    let mut n_held = [0_u64; 4];
    for seed in 1..=n_runs {
        let sides = sides(seed);
        let differences = |paths: Range<u64>| {
            let paths = paths.start as usize..paths.end as usize;
            let [one, other] = sides.each_ref().map(|side| figures(&side[paths.clone()]));
            std::array::from_fn::<f64, 4, _>(|figure| one[figure] - other[figure])
        };
        let whole = differences(0..N_PATHS);
        let sections: Vec<(u64, [f64; 4])> = (0..N_SECTIONS)
            .map(|idx| start_of(idx, N_PATHS)..start_of(idx + 1, N_PATHS))
            .map(|paths| (paths.end - paths.start, differences(paths)))
            .collect();
        for (figure, held) in n_held.iter_mut().enumerate() {
            let section =
                |&(n_paths, values): &(u64, [f64; 4])| Section { n_paths, value: values[figure] };
            let sections: Vec<Section> = sections.iter().map(section).collect();
            let half_width = half_width(whole[figure], &sections).unwrap();
            let truth = (one[figure] - other[figure]) * QUANTA;
            *held += u64::from((whole[figure] - truth).abs() <= half_width);
        }
    }
    let n_runs = n_runs as f64;
    // A binomial share of so many runs is off by three standard deviations of its own.
    let slack = if is_full() { 0.0 } else { 3.0 * (0.95_f64 * 0.05 / n_runs).sqrt() };
    for (name, held) in names.iter().zip(n_held) {
        let share = held as f64 / n_runs;
        println!("{name:18} {:5.1} % held", 100.0 * share);
        assert!((0.93 - slack..=0.97 + slack).contains(&share), "{name}: {share} of {n_held:?}");
    }
}
