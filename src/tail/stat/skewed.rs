//! The 95 % interval of a mean of amounts of which few are not zero, so that the normal one lies.
//!
//! A mean m of n amounts with standard error s and skewness a = k3 / s^3 (k3 its third cumulant).
//! A sample without its largest possible losses has a mean *and* a spread that are too small, so
//! m -+ 1.96 s misses mostly on the unsafe side. With t Student's quantile of n - 1:
//!
//! - Johnson, "Modified t tests and confidence intervals for asymmetrical populations" (1978):
//!   both ends of m -+ t s are moved up by s a (2 t^2 + 1) / 6.
//! - Hall, "On the removal of skewness by transformation" (1992): T = (m - mu) / s is transformed
//!   to g(T) = T + a T^2 / 3 + a^2 T^3 / 27 + a / 6, which is normal to the next order. The ends
//!   are m - s T(t) and m - s T(-t), T(y) = 3 ((1 + a (y - a / 6))^(1/3) - 1) / a.
//! - Fay and Feuer, "Confidence intervals for directly standardized rates: a method based on the
//!   gamma distribution" (1997): the upper end is that of a gamma law with mean m + w and variance
//!   s^2 + w^2, as if one loss more, as large as the largest, had been seen: w = largest / n, here
//!   less the mean's own share. For equal amounts it is the exact end of a Poisson count.
//!
//! The lower end is Hall's, the upper that of Fay and Feuer, or Hall's if it is higher. Hall's last
//! term is itself a guess where a handful of amounts decide; there, with the share 10 / (amounts),
//! Johnson's lower end replaces it, and nothing its upper. A study of puts, calls, lognormal,
//! exponential and Pareto tails and equal amounts settled on this: see `coverage`.

use serde::{Deserialize, Serialize};

use super::Z_95;
use super::std_error::{Mean, std_error};
use crate::tail::wide::U256;

/// With fewer amounts than this, nothing is known of how large others may be.
pub const LEAST_AMOUNTS: u64 = 10;

/// Sums of powers of amounts that are not zero: exact, and the same in whatever order they came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Powers {
    /// How many.
    pub n: u64,
    /// Their sum.
    pub sum: u128,
    /// The sum of their squares.
    pub squared: U256,
    /// The sum of their cubes.
    pub cubed: U256,
    /// The largest.
    pub largest: u64,
}

impl Powers {
    /// Counts `n` amounts of that size, below 2^62; zeros are none.
    pub fn add(&mut self, amount: u64, n: u64) {
        if amount == 0 {
            return;
        }
        let square = U256::square(amount);
        self.n += n;
        self.sum += u128::from(amount) * u128::from(n);
        self.squared = self.squared.plus(square.times(n));
        self.cubed = self.cubed.plus(square.times(amount).times(n));
        self.largest = self.largest.max(amount);
    }

    /// Counts those of another.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squared = self.squared.plus(other.squared);
        self.cubed = self.cubed.plus(other.cubed);
        self.largest = self.largest.max(other.largest);
    }

    /// Their mean over so many paths, all others without an amount. `None` of no paths.
    #[must_use]
    pub fn mean(&self, n_paths: u64) -> Option<Mean> {
        let value = (n_paths > 0).then(|| self.sum as f64 / n_paths as f64)?;
        let std_error = std_error(n_paths, self.sum, self.squared);
        let is_known = self.n >= LEAST_AMOUNTS;
        let interval = std_error.filter(|_| is_known).map(|error| self.ends(n_paths, error));
        Some(Mean { value, std_error, interval })
    }

    /// The ends of the mean's interval, however few amounts there are.
    pub(super) fn ends(&self, n_paths: u64, std_error: f64) -> (f64, f64) {
        let n = n_paths as f64;
        let mean = self.sum as f64 / n;
        let cubes = self.cubed.to_f64();
        let skewed = Skewed::of(n_paths, mean, std_error, [self.squared.to_f64(), cubes]);
        if skewed.std_error == 0.0 {
            return (mean, mean);
        }
        let share = few(self.n);
        let (hall, johnson) = (skewed.hall(), skewed.johnson());
        let low = (1.0 - share) * hall.0 + share * johnson.0;
        let high = skewed.fay_feuer((self.largest as f64 - mean) / n);
        (low.max(0.0), high + (1.0 - share) * (hall.1 - high).max(0.0))
    }
}

/// The mean of amounts of which some count as more and some as less than nothing.
#[must_use]
pub fn signed_mean(more: &Powers, less: &Powers, n_paths: u64) -> Option<Mean> {
    if less.n == 0 {
        return more.mean(n_paths);
    }
    if more.n == 0 {
        let Mean { value, std_error, interval } = less.mean(n_paths)?;
        let interval = interval.map(|(low, high)| (-high, -low));
        return Some(Mean { value: -value, std_error, interval });
    }
    let value = (n_paths > 0).then(|| (more.sum as f64 - less.sum as f64) / n_paths as f64)?;
    let squared = more.squared.plus(less.squared);
    let std_error = std_error(n_paths, more.sum.abs_diff(less.sum), squared);
    let n_amounts = more.n + less.n;
    let interval = std_error.filter(|_| n_amounts >= LEAST_AMOUNTS).map(|error| {
        let cubes = more.cubed.to_f64() - less.cubed.to_f64();
        let skewed = Skewed::of(n_paths, value, error, [squared.to_f64(), cubes]);
        let (hall, johnson, share) = (skewed.hall(), skewed.johnson(), few(n_amounts));
        let mixed = |hall: f64, johnson: f64| (1.0 - share) * hall + share * johnson;
        (mixed(hall.0, johnson.0), mixed(hall.1, johnson.1))
    });
    Some(Mean { value, std_error, interval })
}

/// The standard error of a mean of all paths, and its interval, by the spread of batches: of each
/// its paths and their sum. The spread shows `share` of the variance. Hall's interval.
pub(in crate::tail) fn of_batches(
    mean: f64,
    batches: &[(f64, f64)],
    share: f64,
) -> (f64, (f64, f64)) {
    let (n_batches, n_paths) = (batches.len() as f64, batches.iter().map(|(n, _)| n).sum::<f64>());
    let power = |exponent: i32| {
        let term = |(n, sum): &(f64, f64)| n * libm::pow(sum / n - mean, f64::from(exponent));
        batches.iter().map(term).sum::<f64>() / n_paths
    };
    let spread = power(2) / (n_batches - 1.0);
    let std_error = (spread / share).sqrt();
    let cube = spread * spread.sqrt();
    let skewness = if spread > 0.0 { power(3) / (n_batches * n_batches * cube) } else { 0.0 };
    let skewed = Skewed { mean, std_error, skewness, t: student(n_batches - 1.0) };
    (std_error, skewed.hall())
}

/// How much less a third-order term is worth where a handful of amounts decide: 1 to 0.
fn few(n_amounts: u64) -> f64 {
    (LEAST_AMOUNTS as f64 / n_amounts.max(1) as f64).min(1.0)
}

/// A mean, its standard error and its skewness.
#[derive(Debug, Clone, Copy)]
struct Skewed {
    mean: f64,
    std_error: f64,
    skewness: f64,
    /// Student's quantile.
    t: f64,
}

impl Skewed {
    fn of(n_paths: u64, mean: f64, std_error: f64, [squares, cubes]: [f64; 2]) -> Self {
        let n = n_paths as f64;
        let third = cubes / n - 3.0 * mean * squares / n + 2.0 * mean * mean * mean;
        // Below that spread the three terms cancel to their last digits, and the law is narrow.
        let is_narrow = std_error * n.sqrt() <= 1e-4 * mean.abs();
        let cube = std_error * std_error * std_error;
        let skewness = if is_narrow { 0.0 } else { third / (n * n * cube) };
        Self { mean, std_error, skewness, t: student(n - 1.0) }
    }

    fn johnson(&self) -> (f64, f64) {
        let Self { mean, std_error, skewness, t } = *self;
        // His series is of small skewness; where one amount decides, it would shift past the mean.
        let shift = skewness.clamp(-0.5, 0.5) * (2.0 * t * t + 1.0) / 6.0;
        (mean - std_error * (t - shift), mean + std_error * (t + shift))
    }

    fn hall(&self) -> (f64, f64) {
        let Self { mean, std_error, skewness, t } = *self;
        if skewness.abs() < 1e-6 {
            return self.johnson();
        }
        let inverse =
            |y: f64| (libm::cbrt(1.0 + skewness * (y - skewness / 6.0)) - 1.0) * 3.0 / skewness;
        (mean - std_error * inverse(t), mean - std_error * inverse(-t))
    }

    /// (s^2 + w^2) / (2 (m + w)) chi^2 with 2 (m + w)^2 / (s^2 + w^2) degrees of freedom.
    fn fay_feuer(&self, weight: f64) -> f64 {
        let mean = self.mean + weight;
        let variance = self.std_error * self.std_error + weight * weight;
        variance / (2.0 * mean) * chi_squared(2.0 * mean * mean / variance)
    }
}

/// The 0.975 quantile of chi^2. Wilson and Hilferty, "The distribution of chi-square" (1931):
/// nu (1 - 2 / (9 nu) + z sqrt(2 / (9 nu)))^3, off by 1 in 1,000 at 4 degrees of freedom.
fn chi_squared(freedom: f64) -> f64 {
    let ninth = 2.0 / (9.0 * freedom);
    let root = 1.0 - ninth + Z_95 * ninth.sqrt();
    freedom * root * root * root
}

/// The 0.975 quantile of Student's t. Abramowitz and Stegun, "Handbook of Mathematical Functions"
/// (1964), 26.7.5, to the third term: off by 4 in 1,000 at 4 degrees of freedom.
fn student(freedom: f64) -> f64 {
    let z = Z_95;
    let (cube, fifth) = (z * z * z, z * z * z * z * z);
    let seventh = fifth * z * z;
    let freedom = freedom.max(1.0);
    z + (cube + z) / (4.0 * freedom)
        + (5.0 * fifth + 16.0 * cube + 3.0 * z) / (96.0 * freedom * freedom)
        + (3.0 * seventh + 19.0 * fifth + 17.0 * cube - 15.0 * z)
            / (384.0 * freedom * freedom * freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(amounts: &[u64]) -> Powers {
        let mut powers = Powers::default();
        amounts.iter().for_each(|&amount| powers.add(amount, 1));
        powers
    }

    fn near(found: f64, expected: f64, share: f64) {
        assert!((found / expected - 1.0).abs() < share, "{found} for {expected}");
    }

    #[test]
    fn quantiles_agree_with_tables() {
        // qt(0.975, c(5, 9, 31)) and qchisq(0.975, c(4, 20, 200)) of R.
        for (freedom, expected) in [(5.0, 2.570_582), (9.0, 2.262_157), (31.0, 2.039_513)] {
            near(student(freedom), expected, 2e-3);
        }
        for (freedom, expected) in [(4.0, 11.143_29), (20.0, 34.169_61), (200.0, 241.057_9)] {
            near(chi_squared(freedom), expected, 1.5e-3);
        }
    }

    #[test]
    fn hall_s_end_is_where_his_transformation_is_the_quantile() {
        for skewness in [-0.3, 0.01, 0.2, 0.45] {
            let it = Skewed { mean: 5.0, std_error: 0.5, skewness, t: 2.0 };
            let (low, high) = it.hall();
            for (end, quantile) in [(low, 2.0), (high, -2.0)] {
                let t: f64 = (5.0 - end) / 0.5;
                let g = t + skewness * t.powi(2) / 3.0 + skewness.powi(2) * t.powi(3) / 27.0;
                assert!((g + skewness / 6.0 - quantile).abs() < 1e-12, "{skewness} {quantile}");
            }
        }
    }

    #[test]
    fn equal_amounts_end_near_the_exact_ends_of_a_poisson_count() {
        // Of 20 events: 12.21691 to 30.88838 (Garwood 1936).
        let mean = powers(&[1 << 30; 20]).mean(1_000_000).unwrap();
        let (low, high) = mean.interval.unwrap();
        let count = 1_000_000.0 / f64::from(1 << 30);
        near(high * count, 30.888_38, 1e-2);
        near(low * count, 12.216_91, 3e-2);
    }

    #[test]
    fn nine_amounts_say_nothing_and_ten_say_more_above_than_below() {
        let amounts: Vec<u64> = (1..=10).map(|it| it * 1000).collect();
        assert_eq!(powers(&amounts[..9]).mean(4000).unwrap().interval, None);
        let mean = powers(&amounts).mean(4000).unwrap();
        let (low, high) = mean.interval.unwrap();
        assert!(low > 0.0 && high - mean.value > 1.5 * (mean.value - low), "{low} {high}");
        assert_eq!(powers(&[]).mean(4000).unwrap().interval, None);
        assert_eq!(powers(&[]).mean(0), None);
    }

    #[test]
    fn what_every_path_has_is_known_to_the_quantum() {
        let mut powers = Powers::default();
        powers.add(12_345, 4000);
        assert_eq!(powers.mean(4000).unwrap().interval, Some((12_345.0, 12_345.0)));
    }

    #[test]
    fn signs_mirror_the_interval() {
        let (more, less) = (powers(&[1, 2, 3, 50, 4, 5, 6]), powers(&[1, 1, 2, 9, 2, 1]));
        let (there, back) = (signed_mean(&more, &less, 500), signed_mean(&less, &more, 500));
        let (there, back) = (there.unwrap(), back.unwrap());
        assert_eq!((there.value, there.std_error), (-back.value, back.std_error));
        let ((low, high), (back_low, back_high)) =
            (there.interval.unwrap(), back.interval.unwrap());
        assert!((low + back_high).abs() < 1e-12 && (high + back_low).abs() < 1e-12);
        let all: Vec<u64> = (1..=20).collect();
        let only = powers(&all).mean(500).unwrap().interval.unwrap();
        let mirrored = signed_mean(&Powers::default(), &powers(&all), 500).unwrap();
        assert_eq!(mirrored.interval, Some((-only.1, -only.0)));
    }
}
