//! Does the quantised shock keep the error that the bias of a program is computed from, and is the
//! clamp met wherever it has to be?

use proptest::prelude::*;

use super::format::{LOG_CLAMP, shock_bias};
use super::{Hook, MODELS, Model, add_up};
use crate::fixed::normal_shock;

#[test]
fn every_model_has_its_functions_and_a_row_of_the_guide() {
    let guide = include_str!("../../guide/models.md");
    for (model, _) in MODELS {
        let Model { name, sentence, keys, wgsl, hooks, needs } = model;
        let (stem, text) = wgsl.last().copied().unwrap_or_default();
        assert_eq!(stem, format!("model/{name}"));
        for hook in *hooks {
            let functions = match hook {
                Hook::Climate => ["draw", "enter", "in"].map(|it| format!("{it}_climate")).into(),
                Hook::Path => vec![format!("{name}_path")],
                Hook::Step => vec![format!("{name}_step")],
                Hook::Move => vec![format!("{name}_move")],
                Hook::Log => vec![format!("{name}_log")],
            };
            for function in functions {
                assert!(text.contains(&format!("fn {function}(")), "{name} has no {function}");
            }
        }
        for needed in *needs {
            assert!(MODELS.iter().any(|(other, _)| other.name == *needed), "{name}: {needed}");
        }
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        let row = format!("| {name} | {} | {sentence} |", keys.join(", "));
        assert!(guide.contains(&row), "the guide lacks the row\n{row}");
    }
}

/// Midpoints that stand for a segment of the quantile, on which it is one polynomial.
const N_POINTS: u64 = 4096;

/// E[f(Z)] over all words, of an even f: twice the half of negative shocks, segment by segment.
fn expected(even: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    // Odd words 2 w + 1 with a leading one at each bit, in quarters, are the table's segments.
    for octave in 0..32 {
        for quarter in 0..4_u64 {
            let edge = |quarter: u64| (1_u64 << octave) + ((quarter << octave) >> 2);
            let (start, end) = (edge(quarter) >> 1, edge(quarter + 1) >> 1);
            let n_words = end - start;
            let n_points = n_words.min(N_POINTS);
            let at = |point: u64| start + (2 * point + 1) * n_words / (2 * n_points);
            let of = |word: u64| even(f64::from(normal_shock(word as u32)) / 268_435_456.0);
            let values: f64 = (0..n_points).map(|point| of(at(point))).sum();
            sum += values * n_words as f64 / n_points.max(1) as f64;
        }
    }
    2.0 * sum / 4_294_967_296.0
}

#[test]
fn the_mean_price_of_a_step_is_within_its_stated_bias() {
    for deviation in [1e-4, 1e-3, 1e-2, 0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0] {
        // E[cosh(a Z)] - 1 = 2 E[sinh(a Z / 2)^2], without cancellation for small a.
        let moved = 2.0 * expected(|shock| libm::sinh(0.5 * deviation * shock).powi(2));
        let truth = libm::expm1(0.5 * deviation * deviation);
        let bias = ((moved - truth) / (1.0 + truth)).abs();
        let stated = shock_bias(deviation);
        assert!(bias <= stated, "{deviation}: {bias:e} is above {stated:e}");
    }
    assert_eq!(shock_bias(0.0), 0.0);
    // A minute at a volatility of 0.8, a million times.
    let minute = 0.8 / libm::sqrt(525_600.0);
    assert!(shock_bias(minute) < 1e-12, "{:e}", shock_bias(minute));
}

/// Whether the clamp is met where every step is held against it, which gives the same logs.
fn meets_the_clamp(increments: &[i64]) -> bool {
    let (mut log, mut meets) = (1_i64 << 31, false);
    let mut one_by_one = Vec::new();
    for increment in increments {
        log += increment;
        meets |= !(-LOG_CLAMP..=LOG_CLAMP).contains(&log);
        log = log.clamp(-LOG_CLAMP, LOG_CLAMP);
        one_by_one.push((log >> 32) as i32);
    }
    let mut logs = vec![0; increments.len()];
    assert_eq!(add_up(0, increments, &mut logs), meets, "{increments:?}");
    assert_eq!(logs, one_by_one, "{increments:?}");
    meets
}

#[test]
fn the_clamp_is_met_wherever_steps_add_up_to_it() {
    for shift in [61, 60, 59, 58, 57, 56, 55, 54, 53, 50] {
        for increment in [(1_i64 << shift) - 1, 1 << shift, (1 << shift) + 1] {
            let n_steps = (LOG_CLAMP / increment) as usize + 2;
            for sign in [-1, 1] {
                // There, and back again.
                let mut increments = vec![sign * increment; n_steps];
                increments.extend(vec![-sign * increment; 2 * n_steps]);
                assert!(meets_the_clamp(&increments), "steps of {increment}");
                assert!(!meets_the_clamp(&increments[..n_steps - 3]), "steps of {increment}");
            }
        }
    }
}

proptest! {
    #[test]
    fn the_clamp_is_met_or_not_by_any_steps(
        steps in proptest::collection::vec((any::<i64>(), 2..64_u32), 1..300),
    ) {
        let increments: Vec<i64> = steps.iter().map(|(it, shift)| it >> shift).collect();
        meets_the_clamp(&increments);
    }
}
