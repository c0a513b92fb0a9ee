//! Do the 95 % intervals hold the truth in 95 % of runs? Asked of a law whose truth is known.
//!
//! Loss = max(0, K - S), S lognormal: the put of Black, Scholes and Merton, with K = 100,
//! S0 = 150, sigma = 0.9, T = 0.25 and no drift. With d = sigma sqrt(T), z = N^-1(1 - level),
//! q = S0 exp(-d^2/2 + d z):  VaR = K - q,  ES = K - S0 N(z - d) / (1 - level).

use super::sectioning::{N_SECTIONS, Section, half_width, start_of};
use super::{expected_shortfall, mean, probability, value_at_risk};
use crate::tail::{BLOCK_PATHS, Level, Ordered, Outcome, Shape, Tally};

const STRIKE: f64 = 100.0;
const SPOT: f64 = 150.0;
/// sigma sqrt(T).
const DEVIATION: f64 = 0.45;
const LEVEL: f64 = 0.99;
/// N^-1(0.01).
const Z_LEVEL: f64 = -2.326_347_874_040_840_8;
const N_PATHS: u64 = 20_000;
const N_RUNS: u64 = 1_000;
/// A quantum of 2^-40 dollars: rounding is far below every interval.
const QUANTA: f64 = (1_u64 << 40) as f64;

/// Vigna's SplitMix64, as uniform numbers in (0, 1).
struct Uniforms(u64);

impl Uniforms {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Two independent normals, by Box and Muller.
    fn normals(&mut self) -> [f64; 2] {
        let radius = (-2.0 * self.next().ln()).sqrt();
        let angle = std::f64::consts::TAU * self.next();
        [radius * angle.cos(), radius * angle.sin()]
    }
}

fn normal_below(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Standard normals of a run's paths.
fn normals(seed: u64) -> Vec<f64> {
    let mut uniforms = Uniforms(seed.wrapping_mul(0xd134_2543_de82_ef95));
    (0..N_PATHS / 2).flat_map(|_| uniforms.normals()).collect()
}

/// Losses of a put on paths of that deviation.
fn losses(normals: &[f64], deviation: f64) -> Vec<Outcome> {
    let of = |normal: &f64| {
        let price = SPOT * (-deviation * deviation / 2.0 + deviation * normal).exp();
        let under_water = ((STRIKE - price).max(0.0) * QUANTA) as i64;
        Outcome { under_water, ..Outcome::default() }
    };
    normals.iter().map(of).collect()
}

fn run(seed: u64) -> Tally {
    let mut tally = Tally::new(1, Shape::default());
    let outcomes = losses(&normals(seed), DEVIATION);
    for (block_idx, block) in (0..).zip(outcomes.chunks(BLOCK_PATHS as usize)) {
        tally.absorb_block(block_idx, block);
    }
    tally
}

/// The put's mean, the probability that it loses, value at risk and expected shortfall.
fn truths(deviation: f64) -> [f64; 4] {
    let moneyness = ((SPOT / STRIKE).ln() + deviation * deviation / 2.0) / deviation;
    let mean = STRIKE * normal_below(deviation - moneyness) - SPOT * normal_below(-moneyness);
    let quantile = SPOT * (-deviation * deviation / 2.0 + deviation * Z_LEVEL).exp();
    let shortfall = STRIKE - SPOT * normal_below(Z_LEVEL - deviation) / (1.0 - LEVEL);
    [mean, normal_below(deviation - moneyness), STRIKE - quantile, shortfall]
}

#[test]
fn intervals_hold_the_truth_of_a_put_in_95_percent_of_runs() {
    let [true_mean, _, true_value_at_risk, true_shortfall] = truths(DEVIATION);

    let mut n_held = [0_u64; 3];
    for seed in 1..=N_RUNS {
        let tally = run(seed);
        let ordered = Ordered::of(&tally);
        let level = Level::nearest(LEVEL);
        let value_at_risk = value_at_risk(&ordered, level);
        let intervals = [
            mean(&tally).unwrap().interval().unwrap(),
            (value_at_risk.low as f64, value_at_risk.high as f64),
            expected_shortfall(&ordered, level).interval().unwrap(),
        ];
        let truths = [true_mean, true_value_at_risk, true_shortfall];
        for ((held, (low, high)), truth) in n_held.iter_mut().zip(intervals).zip(truths) {
            *held += u64::from((low..=high).contains(&(truth * QUANTA)));
        }
    }
    for (name, held) in ["mean", "value at risk", "expected shortfall"].iter().zip(n_held) {
        let share = held as f64 / N_RUNS as f64;
        assert!((0.93..=0.97).contains(&share), "{name}: {share} of {n_held:?}");
    }
}

/// The figures of paths, in quanta but for the probability.
fn figures(outcomes: &[Outcome]) -> [f64; 4] {
    let mut tally = Tally::new(1, Shape::default());
    tally.absorb_paths(0, outcomes);
    let (ordered, level) = (Ordered::of(&tally), Level::nearest(LEVEL));
    [
        mean(&tally).unwrap().value,
        probability(&tally).unwrap().value * QUANTA,
        value_at_risk(&ordered, level).value as f64,
        expected_shortfall(&ordered, level).value,
    ]
}

/// The second put's deviation, and how its normals correlate with the first's.
const OTHER_DEVIATION: f64 = 0.5;
const CORRELATION: f64 = 0.9;

/// The normals of two puts on the same paths.
fn pairs(seed: u64) -> [Vec<f64>; 2] {
    let (one, own) = (normals(seed), normals(seed + N_RUNS));
    let mixed = |(one, own): (&f64, &f64)| {
        CORRELATION * one + (1.0 - CORRELATION * CORRELATION).sqrt() * own
    };
    let other = one.iter().zip(&own).map(mixed).collect();
    [one, other]
}

#[test]
fn paired_intervals_hold_the_true_difference_of_two_puts_in_95_percent_of_runs() {
    let (one, other) = (truths(DEVIATION), truths(OTHER_DEVIATION));
    let names = ["mean", "probability", "value at risk", "expected shortfall"];
    let mut n_held = [0_u64; 4];
    for seed in 1..=N_RUNS {
        let [normals, others] = pairs(seed);
        let sides = [losses(&normals, DEVIATION), losses(&others, OTHER_DEVIATION)];
        let differences = |paths: std::ops::Range<u64>| {
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
    for (name, held) in names.iter().zip(n_held) {
        let share = held as f64 / N_RUNS as f64;
        assert!((0.93..=0.97).contains(&share), "{name}: {share} of {n_held:?}");
    }
}
