//! Common factors: what moves an asset is a few factors that it shares with others, and a rest of
//! its own.
//!
//! z_i = Σ_k b_ik f_k + √(1 - Σ_k b_ik²) e_i, with f_k and e_i independent standard normals, so
//! that z_i has variance 1 and the correlation of i and j is Σ_k b_ik b_jk. A step of n assets
//! costs n (1 + k) products, where a dense correlation costs n (n + 1) / 2.
//! Source: Glasserman, Monte Carlo Methods in Financial Engineering, 2.3.3, on factor models.

/// The most factors: beyond it a matrix says more.
pub(crate) const MOST_FACTORS: usize = 64;

/// Squares may add up to this much above 1, so that loadings printed with ten or more digits pass.
const SQUARES_TOLERANCE: f64 = 1e-9;

/// The loadings of every asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// Common factors, at least 1.
    pub n_factors: usize,
    /// b_ik, asset by asset, `n_factors` each; the squares of an asset add up to at most 1.
    pub loadings: Vec<f64>,
}

/// Why numbers are not the loadings of an asset.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoLoadings {
    /// Not as many as factors.
    #[error("has {n_entries} entries for {n_factors} factors: write one for each, in their order")]
    WrongLength {
        /// As written.
        n_entries: usize,
        /// Factors of the scenario.
        n_factors: usize,
    },
    /// More than the whole of an asset's variance.
    #[error(
        "has squares that add up to {sum}, which is not at most 1 (they are the shares of the \
         asset's variance that the factors explain): lower the loadings"
    )]
    SquaresAboveOne {
        /// Σ b².
        sum: f64,
    },
}

/// Checks the loadings of one asset on as many factors.
///
/// # Errors
///
/// If there are more or fewer, or they explain more than the whole of the asset's variance.
pub fn check(loadings: &[f64], n_factors: usize) -> Result<(), NoLoadings> {
    let n_entries = loadings.len();
    if n_entries != n_factors {
        return Err(NoLoadings::WrongLength { n_entries, n_factors });
    }
    let sum = explained(loadings);
    if sum <= 1.0 + SQUARES_TOLERANCE { Ok(()) } else { Err(NoLoadings::SquaresAboveOne { sum }) }
}

/// Σ b², from the first to the last: the order is part of the result.
fn explained(loadings: &[f64]) -> f64 {
    loadings.iter().fold(0.0, |sum, loading| sum + loading * loading)
}

impl Factors {
    /// The correlations of all pairs, row by row: Σ_k b_ik b_jk, and 1 on the diagonal.
    #[must_use]
    pub fn matrix(&self) -> Vec<f64> {
        let n_assets = self.loadings.len() / self.n_factors;
        let mut matrix = Vec::with_capacity(n_assets * n_assets);
        for (i, left) in self.loadings.chunks_exact(self.n_factors).enumerate() {
            for (j, right) in self.loadings.chunks_exact(self.n_factors).enumerate() {
                let products = left.iter().zip(right).fold(0.0, |sum, (a, b)| sum + a * b);
                matrix.push(if i == j { 1.0 } else { products });
            }
        }
        matrix
    }

    /// Coefficients of the shocks of every asset: its own shock's, then those of the factors.
    #[must_use]
    pub(super) fn rows(&self) -> Vec<f64> {
        let rows = self.loadings.chunks_exact(self.n_factors);
        rows.flat_map(|row| std::iter::once(own(row)).chain(row.iter().copied())).collect()
    }
}

/// √(1 - Σ b²): what is left for the asset's own shock.
fn own(loadings: &[f64]) -> f64 {
    libm::sqrt((1.0 - explained(loadings)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_its_own_shock_and_then_the_factors_and_has_length_one() {
        let factors = Factors { n_factors: 2, loadings: vec![0.6, 0.0, 0.0, 0.0, 0.6, -0.8] };
        assert_eq!(factors.rows(), [0.8, 0.6, 0.0, 1.0, 0.0, 0.0, 0.0, 0.6, -0.8]);
    }

    #[test]
    fn correlations_are_the_products_of_loadings() {
        let factors = Factors { n_factors: 2, loadings: vec![0.6, 0.0, 0.5, 0.5, 0.5, -0.8] };
        let expected = [1.0, 0.3, 0.3, 0.3, 1.0, -0.15, 0.3, -0.15, 1.0];
        for (found, expected) in factors.matrix().into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
        }
    }

    #[test]
    fn loadings_explain_the_whole_variance_at_most() {
        assert_eq!(check(&[0.6, -0.8], 2), Ok(()));
        assert_eq!(check(&[1.0 + 1e-10], 1), Ok(()));
        let sum = 0.9 * 0.9 + 0.5 * 0.5;
        assert_eq!(check(&[0.9, 0.5], 2), Err(NoLoadings::SquaresAboveOne { sum }));
        let short = NoLoadings::WrongLength { n_entries: 1, n_factors: 2 };
        assert_eq!(check(&[0.9], 2), Err(short));
        assert!(check(&[f64::NAN], 1).is_err());
    }
}
