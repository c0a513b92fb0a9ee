//! The correlation matrix nearest to one that is not positive semidefinite.

use super::eigen::Eigen;

/// The nearest matrix is found when an iteration moves no entry by more than this.
const CONVERGED: f64 = 1e-12;

/// Iterations after which the nearest matrix is near enough: valid all the same, though not the
/// very nearest. Alternating projections gain a digit in about ten.
const MAX_ITERATIONS: usize = 500;

/// The nearest correlation matrix, and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// The matrix: symmetric, unit diagonal, positive semidefinite within rounding.
    pub matrix: Vec<f64>,
    /// Frobenius norm of the change.
    pub distance: f64,
}

/// The nearest correlation matrix in the Frobenius norm: alternating projections onto the positive
/// semidefinite matrices (R = Y - ΔS, X = P_S(R), ΔS = X - R) and onto those of unit diagonal
/// (Y = P_U(X)), with Dykstra's correction ΔS.
///
/// Source: N. J. Higham, "Computing the nearest correlation matrix", IMA J. Numer. Anal. 22
/// (2002), algorithm 3.3. The last X is scaled to unit diagonal, which keeps it semidefinite, so
/// the result is valid even where `MAX_ITERATIONS` ends the search.
#[must_use]
pub fn nearest(matrix: &[f64], n: usize) -> Nearest {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let mut unit_diagonal = matrix.to_vec();
    let mut correction = vec![0.0; n * n];
    let mut semidefinite = Vec::new();
    let mut eigen = Eigen::identity(n);
    for _ in 0..MAX_ITERATIONS {
        let corrected: Vec<f64> =
            unit_diagonal.iter().zip(&correction).map(|(y, ds)| y - ds).collect();
        eigen = Eigen::near(&corrected, n, &eigen);
        semidefinite = eigen.positive_part();
        let mut moved: f64 = 0.0;
        for at in 0..n * n {
            correction[at] = semidefinite[at] - corrected[at];
            let next = if at % (n + 1) == 0 { 1.0 } else { semidefinite[at] };
            moved = moved.max((next - unit_diagonal[at]).abs());
            unit_diagonal[at] = next;
        }
        if moved <= CONVERGED {
            break;
        }
    }
    let scaled = scale_to_unit_diagonal(&semidefinite, n);
    let squares = scaled.iter().zip(matrix).map(|(new, old)| (new - old) * (new - old));
    let distance = libm::sqrt(squares.sum());
    Nearest { matrix: scaled, distance }
}

/// D^-½ X D^-½ with D the diagonal of X: unit diagonal, and semidefinite if X is.
fn scale_to_unit_diagonal(matrix: &[f64], n: usize) -> Vec<f64> {
    let scales: Vec<f64> =
        (0..n).map(|idx| libm::sqrt(matrix[idx * n + idx]).max(f64::MIN_POSITIVE)).collect();
    let mut scaled = vec![1.0; n * n];
    for row in 0..n {
        for column in 0..row {
            let value = matrix[row * n + column] / (scales[row] * scales[column]);
            scaled[row * n + column] = value.clamp(-1.0, 1.0);
            scaled[column * n + row] = scaled[row * n + column];
        }
    }
    scaled
}

#[cfg(test)]
pub(in crate::market) mod tests {
    use super::super::correlation::{is_psd, least_eigenvalue};
    use super::*;

    pub(in crate::market) const INDEFINITE: [f64; 9] =
        [1.0, 0.9, -0.6, 0.9, 1.0, 0.9, -0.6, 0.9, 1.0];

    /// Pseudo-random correlations of `rank` factors: valid, and singular when `rank < n`.
    pub(in crate::market) fn of_rank(n: usize, rank: usize) -> Vec<f64> {
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let loads: Vec<f64> = (0..n * rank).map(|_| draw()).collect();
        let row = |idx: usize| &loads[idx * rank..][..rank];
        let products: Vec<f64> = (0..n * n)
            .map(|at| row(at / n).iter().zip(row(at % n)).map(|(a, b)| a * b).sum())
            .collect();
        scale_to_unit_diagonal(&products, n)
    }

    #[test]
    fn nearest_is_that_of_higham() {
        // Source: Higham 2002; alternating projections.
        let found = nearest(&INDEFINITE, 3);
        let off_diagonal = [found.matrix[1], found.matrix[2], found.matrix[5]];
        let expected =
            [0.580_837_216_571_192_5, -0.325_256_255_691_659_67, 0.580_837_216_571_192_7];
        for (value, truth) in off_diagonal.into_iter().zip(expected) {
            assert!((value - truth).abs() < 1e-10, "{value} is not {truth}");
        }
        assert!((found.distance - 0.747_280_254_909_246_7).abs() < 1e-10);
        assert!(least_eigenvalue(&found.matrix, 3) > -1e-14);
    }

    #[test]
    fn nearest_of_a_valid_matrix_is_itself() {
        let matrix = of_rank(12, 12);
        assert!(nearest(&matrix, 12).distance < 1e-11);
    }

    #[test]
    fn nearest_is_valid_for_many_assets() {
        let n = 64;
        let mut matrix = of_rank(n, 8);
        for row in 0..n {
            for column in 0..row {
                let sign = if (row * 7 + column * 3) % 5 < 2 { -0.2 } else { 0.2 };
                let value = (matrix[row * n + column] + sign).clamp(-1.0, 1.0);
                matrix[row * n + column] = value;
                matrix[column * n + row] = value;
            }
        }
        assert!(!is_psd(&matrix, n));
        let found = nearest(&matrix, n);
        assert!(is_psd(&found.matrix, n));
        assert!((0..n).all(|idx| found.matrix[idx * n + idx] == 1.0));
        assert!(found.distance > 0.0 && found.distance.is_finite());
    }
}
