//! How likely bad debt is, with Wilson's interval, which holds near 0 and 1 as well.

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
/// Unlike p -+ z s it is not empty at zero hits: of n paths without one, up to 3.84 / (n + 3.84).
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
    // At no hits and at hits only, the end is reached exactly; rounding must not pass it.
    let low = if n_hits == 0 { 0.0 } else { (centre - half_width) / scale };
    let high = if n_hits == n_paths { 1.0 } else { (centre + half_width) / scale };
    Some(Probability { value, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_intervals() {
        // Newcombe (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
        let published = [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
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
