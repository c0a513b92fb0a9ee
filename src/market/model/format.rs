//! The integer formats of log prices and of the coefficients of shocks, and what rounding to them
//! does to a mean price.

use crate::fixed::{LOG_BITS, MAX_SHOCK};

/// One over the natural logarithm of 2.
pub(crate) const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// Most that |log2 price| may reach: beyond it a path is held there and reported as saturated.
pub const LOG_CLAMP: i64 = 1 << 62;
/// Most that one step may move |log2 price|, so that sums cannot overflow before the clamp: 2^32
/// times.
pub(crate) const MAX_STEP: f64 = (1_u64 << 61) as f64;
/// Worst relative bias of a mean price over the horizon that a program may have.
pub const MAX_BIAS: f64 = 1e-5;
/// Coefficients of shocks have at most this many bits beyond those of a shock.
pub(crate) const MOST_SHIFT: u32 = 31;
/// The largest coefficient of a shock, absolute.
pub(crate) const MOST_COEFFICIENT: i32 = 1 << 30;
/// Error of [`crate::fixed::normal_shock`] within its range, at most (tested).
pub(crate) const SHOCK_ERROR: f64 = 1.3e-7;
/// Rounding of the log price to Q8.24 and the error of `exp2`, together, relative.
pub(super) const MARK_BIAS: f64 = 2.5e-8;

/// One in the format of log prices, 2^56.
pub(crate) fn unit() -> f64 {
    (1_u64 << LOG_BITS) as f64
}

/// The largest shock as a number of standard deviations.
pub(crate) fn largest_shock() -> f64 {
    f64::from(MAX_SHOCK) / f64::from(1 << 28)
}

/// Bound on the bias of E[exp(a Z')] relative to exp(a^2 / 2) for the quantised normal Z', which is
/// symmetric: 0 for a = 0, and of second order in a.
///
/// Within its range Z' is off by at most e = [`SHOCK_ERROR`], with the sign of Z, so that E[cosh]
/// moves by at most e a E[sinh(a |Z|)] = e a exp(a^2 / 2) (2 Φ(a) - 1). Beyond the largest shock c
/// the law is held at c: what it lacks is E[cosh(a Z) - cosh(a c); |Z| > c], counted twice, since
/// the last words stand for shocks on either side of it.
pub(crate) fn shock_bias(deviation: f64) -> f64 {
    let (a, c) = (deviation, largest_shock());
    let above = |x: f64| 0.5 * libm::erfc(x / std::f64::consts::SQRT_2);
    let within = SHOCK_ERROR * a * libm::erf(a / std::f64::consts::SQRT_2);
    let held = 2.0 * above(c) * libm::cosh(a * c) * libm::exp(-0.5 * a * a);
    let beyond = (above(c - a) + above(c + a) - held).max(0.0);
    within + 2.0 * beyond
}

/// Quantises a row of coefficients of normal shocks so that their products share the lsb
/// 2^-(56 + shift): as fine as i32 allows while the row's absolute sum stays below 2^30.
pub(crate) fn quantise_row(row: &[f64]) -> (Vec<i32>, u32) {
    let total: f64 = row.iter().map(|value| value.abs()).sum();
    let mut shift = 0;
    while shift < MOST_SHIFT
        && total * libm::exp2(f64::from(28 + shift + 1)) < f64::from(MOST_COEFFICIENT) - 64.0
    {
        shift += 1;
    }
    let scale = libm::exp2(f64::from(28 + shift));
    let limit = f64::from(MOST_COEFFICIENT);
    let quantise = |value: &f64| libm::round(value * scale).clamp(-limit, limit) as i32;
    (row.iter().map(quantise).collect(), shift)
}

/// Rounds a sum of coefficient x shock, lsb 2^-(56 + shift), to the format of log prices.
#[inline(always)]
pub(crate) fn round_shift(sum: i64, shift: u32) -> i64 {
    let half = (1_i64 << shift) >> 1;
    (sum + half) >> shift
}
