//! How likely bad debt is, with Wilson's interval; near 0 and 1 the end on that side is exact.

use super::Z_95;
use crate::tail::Tally;

/// A share of the paths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probability {
    /// The share.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

/// The probability that a path loses at least the materiality. `None` of no paths.
#[must_use]
pub fn probability(tally: &Tally) -> Option<Probability> {
    wilson(tally.sums.n_material, tally.sums.n_paths)
}

/// Wilson, "Probable inference, the law of succession, and statistical inference" (1927):
/// (p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n).
///
/// Unlike p -+ z s it is not empty at zero hits: of n paths without one, up to 3.84 / (n + 3.84),
/// and its upper end is right for few hits. Its lower end is not: of one hit it claims more than
/// 0.177 / n, and a true 0.176 / n shows a hit in one run of six. So up to `FEW` hits the lower
/// end is that of Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the
/// case of the binomial" (1934): the p at which so many hits or more come in 1 run of 40. The same
/// of few paths without a hit, from above.
#[must_use]
pub fn wilson(n_hits: u64, n_paths: u64) -> Option<Probability> {
    if n_paths == 0 {
        return None;
    }
    let n = n_paths as f64;
    let value = n_hits as f64 / n;
    let square = Z_95 * Z_95;
    let centre = value + square / (2.0 * n);
    let half_width = Z_95 * (value * (1.0 - value) / n + square / (4.0 * n * n)).sqrt();
    let scale = 1.0 + square / n;
    let n_others = n_paths - n_hits;
    let low = if n_hits <= FEW { few_low(n_hits, n_paths) } else { (centre - half_width) / scale };
    let high = if n_others <= FEW {
        1.0 - few_low(n_others, n_paths)
    } else {
        (centre + half_width) / scale
    };
    Some(Probability { value, low, high })
}

/// Hits up to which the end towards them is exact; of more, Wilson's is as good.
const FEW: u64 = 100;

/// The p of which `n_hits` or more of `n` hit with probability 0.025, by halving; 0 of no hits.
fn few_low(n_hits: u64, n: u64) -> f64 {
    if n_hits == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, n_hits as f64 / n as f64);
    for _ in 0..64 {
        let middle = (low + high) / 2.0;
        // What rounding leaves of 1 - 0.975 is 14 digits: more than an end needs.
        if 1.0 - fewer(n_hits, n, middle) < 0.025 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The probability of fewer than `n_hits` of `n`, from none up by pmf(k + 1) / pmf(k).
fn fewer(n_hits: u64, n: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    let mut weight = libm::exp(n as f64 * libm::log1p(-p));
    let mut total = weight;
    for k in 0..n_hits - 1 {
        weight *= (n - k) as f64 / (k + 1) as f64 * odds;
        total += weight;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_intervals() {
        // Newcombe (1998), table I: 81/263, 15/148, 0/20, 1/29, by method 3 (Wilson), and by
        // method 5 (Clopper and Pearson) the lower ends of few hits, the upper of few others.
        let published = [
            (81, 263, 0.2527, 0.3662),
            (0, 20, 0.0, 0.1684),
            (15, 148, 0.0578, 0.1605),
            (1, 29, 0.0009, 0.1776),
        ];
        for (n_hits, n_paths, low, high) in published {
            let found = wilson(n_hits, n_paths).unwrap();
            assert!((found.low - low).abs() < 5.1e-5, "{found:?}");
            assert!((found.high - high).abs() < 5.1e-5, "{found:?}");
        }
    }

    #[test]
    fn the_ends_stay_in_the_unit_interval() {
        for n_paths in [1, 2, 1000, 1 << 40] {
            assert_eq!(wilson(0, n_paths).unwrap().low, 0.0);
            assert_eq!(wilson(n_paths, n_paths).unwrap().high, 1.0);
            assert!(wilson(0, n_paths).unwrap().high > 0.0);
        }
        assert_eq!(wilson(0, 0), None);
    }
}
