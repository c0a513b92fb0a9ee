//! Batch means over windows that overlap: a put on a walk, of which every row may open a window.
//!
//! The moves of a window sum to a standard normal Z; it loses max(0, Z - k):
//! the mean is phi(k) - k N(-k), the probability N(-k).

use shortfall::tail::{Outcome, Shape, Tally, Windows};

use crate::laws::Uniforms;
use crate::{QUANTA, is_full};

/// Of 6,400 windows a quarter is walked, evenly.
const N_WINDOWS: u64 = 6400;
const N_PATHS: u64 = 1600;
/// A number near N_WINDOWS over the golden ratio, without a common divisor with it.
const MULTIPLIER: u64 = 3957;

fn truths(k: f64) -> [f64; 2] {
    let below = 0.5 * libm::erfc(k / std::f64::consts::SQRT_2);
    let density = (-k * k / 2.0).exp() / std::f64::consts::TAU.sqrt();
    [density - k * below, below]
}

fn run(windows: Windows, k: f64, seed: u64) -> Tally {
    let mut uniforms = Uniforms::of(seed);
    let rows = windows.window_rows;
    let mut walked = vec![0.0];
    for row in 0..(N_WINDOWS + rows) as usize {
        walked.push(walked[row] + uniforms.normal() / (rows as f64).sqrt());
    }
    let outcome = |path_idx: u64| {
        let start = windows.window_of(path_idx) as usize;
        let moved: f64 = walked[start + rows as usize] - walked[start];
        let under_water = ((moved - k).max(0.0) * QUANTA) as i64;
        Outcome { under_water, ..Outcome::default() }
    };
    let outcomes: Vec<Outcome> = (0..N_PATHS).map(outcome).collect();
    let mut tally = Tally::new(1, Shape::default()).over(Some(windows));
    tally.absorb_paths(0, &outcomes);
    tally
}

#[test]
fn batch_means_of_overlapping_windows_hold_the_truth() {
    let n_runs = if is_full() { 2000 } else { 200 };
    for (window_rows, k) in [(50, 0.5), (100, 0.5), (200, 0.5), (50, 1.5)] {
        let windows = Windows {
            n_windows: N_WINDOWS,
            multiplier: MULTIPLIER,
            window_rows,
            stride: 1,
            decides_all: true,
        };
        let (mut n_known, mut n_above, mut n_below) = ([0_u64; 2], [0_u64; 2], [0_u64; 2]);
        for seed in 1..=n_runs {
            let batches = run(windows, k, seed).batches.unwrap();
            let ends = [
                batches.mean().unwrap().interval.map(|(low, high)| (low / QUANTA, high / QUANTA)),
                batches.probability().unwrap().interval,
            ];
            for (figure, (ends, truth)) in ends.iter().zip(truths(k)).enumerate() {
                let Some((low, high)) = *ends else { continue };
                n_known[figure] += 1;
                n_above[figure] += u64::from(truth > high);
                n_below[figure] += u64::from(truth < low);
            }
        }
        for (figure, name) in ["mean", "probability"].iter().enumerate() {
            let n = n_known[figure] as f64;
            let share = |n_missed: u64| n_missed as f64 / n;
            let held = 1.0 - share(n_above[figure] + n_below[figure]);
            println!(
                "{window_rows:3} rows, k {k}, {name:11} {:5.1} % held, {:4.1} % above; {:4} of \
                 {n_runs} not known",
                100.0 * held,
                100.0 * share(n_above[figure]),
                n_runs - n_known[figure],
            );
            // The law of a spread over 32 batches is not known closer than this.
            let slack = 3.0 * (0.95 * 0.05 / n).sqrt();
            assert!(held >= 0.935 - slack, "{name}: {held}");
            assert!(share(n_above[figure]) <= 0.035 + slack, "{name} understated");
        }
    }
}
