//! Does the quantised shock keep the error that the bias of a program is computed from?

use super::SHOCK_VARIANCE_ERROR;
use crate::fixed::normal_shock;

/// Midpoints that stand for a segment of the quantile, on which it is one polynomial.
const N_POINTS: u64 = 4096;

/// E[Z^2] over all words: twice the half of negative shocks, segment by segment.
fn second_moment() -> f64 {
    let mut sum = 0.0;
    // Odd words 2 w + 1 with a leading one at each bit, in quarters, are the table's segments.
    for octave in 0..32 {
        for quarter in 0..4_u64 {
            let edge = |quarter: u64| (1_u64 << octave) + ((quarter << octave) >> 2);
            let (start, end) = (edge(quarter) >> 1, edge(quarter + 1) >> 1);
            let n_words = end - start;
            let n_points = n_words.min(N_POINTS);
            let at = |point: u64| start + (2 * point + 1) * n_words / (2 * n_points);
            let square = |word: u64| (f64::from(normal_shock(word as u32)) / 268_435_456.0).powi(2);
            let squares: f64 = (0..n_points).map(|point| square(at(point))).sum();
            sum += squares * n_words as f64 / n_points.max(1) as f64;
        }
    }
    2.0 * sum / 4_294_967_296.0
}

#[test]
fn the_variance_of_the_shock_is_within_its_stated_error() {
    let error = second_moment() - 1.0;
    assert!(error.abs() < SHOCK_VARIANCE_ERROR, "{error:e}");
}
