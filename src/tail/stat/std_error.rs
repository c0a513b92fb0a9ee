//! Means of amounts, and how far they may be off.

use crate::tail::wide::U256;

/// A mean, quanta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error; `None` of a single path, which says nothing about spread.
    pub std_error: Option<f64>,
    /// Its 95 % interval; `None` where fewer than [`LEAST_AMOUNTS`](super::skewed::LEAST_AMOUNTS)
    /// paths say how large an amount may be.
    pub interval: Option<(f64, f64)>,
}

/// A sum over `n_paths` paths as their mean; `None` of no paths.
#[must_use]
pub fn mean_of(sum: i128, n_paths: u64) -> Option<f64> {
    (n_paths > 0).then(|| sum as f64 / n_paths as f64)
}

/// Standard error of the mean of `n` values: sqrt((n sum x^2 - (sum x)^2) / (n^2 (n - 1))).
///
/// The difference is taken between 256-bit integers, so that nothing cancels: as floats the two
/// products agree in all digits when the spread is small. `None` below two values.
#[must_use]
pub fn std_error(n: u64, sum: u128, sum_squared: U256) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let (squares, square) = (sum_squared.times(n), U256::product(sum, sum));
    // Squares by the means of buckets may be less than those of the exact sum by what is rounded.
    let spread = if squares > square { squares.minus(square).to_f64() } else { 0.0 };
    let count = n as f64;
    Some((spread / (count * count * (count - 1.0))).sqrt())
}
