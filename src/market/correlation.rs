//! Correlation matrices: why one is refused, its Cholesky factor, and the nearest that is valid.
//!
//! Sequential f64 with `libm` alone, so that every platform quantises the same factor
//! whatever the CPU. A matrix is a slice, row by row.

use super::eigen::Eigen;

pub use super::nearest::{Nearest, nearest};

/// Entries that should be equal may differ by this much, so that matrices printed with ten or more
/// digits pass.
const ENTRY_TOLERANCE: f64 = 1e-9;

/// A matrix counts as positive semidefinite while its least eigenvalue is above minus this: far
/// above the rounding of 1,024 assets (1024 x 2^-52 = 2e-13), far below what moves a price.
pub const PSD_TOLERANCE: f64 = 1e-10;

/// A pivot up to this is zero: its asset is a mix of the assets before it. What is left of its
/// column is below the square root, 3e-7, by the Cauchy-Schwarz inequality, and is dropped.
const ZERO_PIVOT: f64 = 1e-13;

/// Why a matrix is not a correlation matrix.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Not as many rows as assets.
    #[error(
        "has {n_rows} rows for {n_assets} assets: write one row for each asset, in their order"
    )]
    WrongSize {
        /// Rows as written.
        n_rows: usize,
        /// Assets of the scenario.
        n_assets: usize,
    },
    /// A row with not as many entries as assets.
    #[error("has {n_entries} entries for {n_assets} assets: write one for each, in their order")]
    WrongRowSize {
        /// The row.
        row_idx: usize,
        /// Entries as written.
        n_entries: usize,
        /// Assets of the scenario.
        n_assets: usize,
    },
    /// An asset that does not move with itself.
    #[error("= {value} is not 1: an asset moves with itself; write 1 on the diagonal")]
    DiagonalNotOne {
        /// Row and column.
        row_idx: usize,
        /// As written.
        value: f64,
    },
    /// An entry below -1 or above 1.
    #[error("= {value} is not between -1 and 1: write a correlation, 0.8 for 80 %")]
    EntryOutside {
        /// Row of the entry.
        row_idx: usize,
        /// Column of the entry.
        column_idx: usize,
        /// As written.
        value: f64,
    },
    /// An entry that differs from its mirror image.
    #[error(
        "= {value} is not {mirrored}, which stands at [{column_idx}][{row_idx}]: \
         write the same number on both sides of the diagonal"
    )]
    NotSymmetric {
        /// Row of the entry.
        row_idx: usize,
        /// Column of the entry.
        column_idx: usize,
        /// As written.
        value: f64,
        /// As written at the mirrored place.
        mirrored: f64,
    },
    /// No prices can move together like this.
    #[error(
        "has the eigenvalue {least_eigenvalue:.3e}, which is not at least 0 (no prices move \
         together like this): lower the correlations, or set `nearest = true` to take the nearest \
         valid matrix"
    )]
    NotPositiveSemidefinite {
        /// The least eigenvalue.
        least_eigenvalue: f64,
    },
    /// The same, of a matrix so large that its eigenvalues would take minutes.
    #[error(
        "has an eigenvalue below 0 (no prices move together like this), and {n_assets} assets: \
         lower the correlations, or write [market.factors]; of at most {most} assets \
         `nearest = true` takes the nearest valid matrix"
    )]
    NotPositiveSemidefiniteAndLarge {
        /// Assets of the scenario.
        n_assets: usize,
        /// Of how many assets the nearest matrix is sought.
        most: usize,
    },
}

/// The rows as one slice, or why they are not symmetric with ones on the diagonal.
pub fn flatten(rows: &[Vec<f64>], n_assets: usize) -> Result<Vec<f64>, Refusal> {
    if rows.len() != n_assets {
        return Err(Refusal::WrongSize { n_rows: rows.len(), n_assets });
    }
    if let Some((row_idx, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != n_assets) {
        return Err(Refusal::WrongRowSize { row_idx, n_entries: row.len(), n_assets });
    }
    for (row_idx, row) in rows.iter().enumerate() {
        for (column_idx, &value) in row.iter().enumerate().take(row_idx + 1) {
            if row_idx == column_idx && !is_near(value, 1.0) {
                return Err(Refusal::DiagonalNotOne { row_idx, value });
            }
            if row_idx != column_idx && !(-1.0..=1.0).contains(&value) {
                return Err(Refusal::EntryOutside { row_idx, column_idx, value });
            }
            let mirrored = rows[column_idx][row_idx];
            if !is_near(value, mirrored) {
                return Err(Refusal::NotSymmetric { row_idx, column_idx, value, mirrored });
            }
        }
    }
    let mut flat = rows.concat();
    for row_idx in 0..n_assets {
        flat[row_idx * n_assets + row_idx] = 1.0;
        for column_idx in 0..row_idx {
            flat[column_idx * n_assets + row_idx] = flat[row_idx * n_assets + column_idx];
        }
    }
    Ok(flat)
}

/// Whether two entries are equal but for the digits that were not printed; NaN never is.
fn is_near(value: f64, other: f64) -> bool {
    (value - other).abs() <= ENTRY_TOLERANCE
}

/// Whether the least eigenvalue of a symmetric matrix is above minus [`PSD_TOLERANCE`]: whether
/// the matrix with that much added to its diagonal has a Cholesky factor.
#[must_use]
pub fn is_psd(matrix: &[f64], n: usize) -> bool {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let mut factor = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let at = row * n + column;
            let rest = matrix[at] - dot(&factor[row * n..at], &factor[column * n..][..column]);
            if row != column {
                factor[at] = rest / factor[column * n + column];
            } else if rest + PSD_TOLERANCE > 0.0 {
                factor[at] = libm::sqrt(rest + PSD_TOLERANCE);
            } else {
                return false;
            }
        }
    }
    true
}

/// The lower factor L with L Lᵀ = C of a positive semidefinite matrix, singular or not:
/// l_jj = √(c_jj - Σ l_jk²), l_ij = (c_ij - Σ l_ik l_jk) / l_jj, and a column of zeros where the
/// pivot is zero (Golub and Van Loan, Matrix Computations, 4.2.8).
///
/// The caller has checked [`is_psd`]; a pivot below zero is the rounding of a zero.
#[must_use]
pub fn cholesky(matrix: &[f64], n: usize) -> Vec<f64> {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let mut factor = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let at = row * n + column;
            let rest = matrix[at] - dot(&factor[row * n..at], &factor[column * n..][..column]);
            let pivot = factor[column * n + column];
            factor[at] = if row == column {
                if rest > ZERO_PIVOT { libm::sqrt(rest) } else { 0.0 }
            } else if pivot > 0.0 {
                rest / pivot
            } else {
                0.0
            };
        }
    }
    factor
}

/// The least eigenvalue of a symmetric matrix.
#[must_use]
pub fn least_eigenvalue(matrix: &[f64], n: usize) -> f64 {
    Eigen::of(matrix, n).values.into_iter().fold(f64::INFINITY, f64::min)
}

/// The sum of products, from the first to the last: the order is part of the result.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).fold(0.0, |sum, (a, b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::super::nearest::tests::{INDEFINITE, of_rank};
    use super::*;

    fn worst_residual(matrix: &[f64], n: usize) -> f64 {
        let factor = cholesky(matrix, n);
        let mut worst: f64 = 0.0;
        for row in 0..n {
            for column in 0..n {
                let product = dot(&factor[row * n..][..n], &factor[column * n..][..n]);
                worst = worst.max((product - matrix[row * n + column]).abs());
            }
        }
        worst
    }

    #[test]
    fn factor_times_its_transpose_is_the_matrix() {
        for (n, rank) in [(1, 1), (5, 5), (20, 20), (64, 64)] {
            let matrix = of_rank(n, rank);
            assert!(is_psd(&matrix, n));
            assert!(worst_residual(&matrix, n) < 1e-12, "{n} assets");
        }
    }

    #[test]
    fn singular_matrices_have_factors() {
        assert_eq!(cholesky(&[1.0, 1.0, 1.0, 1.0], 2), [1.0, 0.0, 1.0, 0.0]);
        assert_eq!(cholesky(&[1.0, -1.0, -1.0, 1.0], 2), [1.0, 0.0, -1.0, 0.0]);
        for (n, rank) in [(3, 1), (10, 4), (64, 7), (256, 30)] {
            let matrix = of_rank(n, rank);
            assert!(is_psd(&matrix, n), "{n} assets of rank {rank}");
            assert!(worst_residual(&matrix, n) < 1e-6, "{n} assets of rank {rank}");
        }
    }

    #[test]
    fn least_eigenvalues_are_those_of_closed_forms() {
        assert!((least_eigenvalue(&[1.0, 0.3, 0.3, 1.0], 2) - 0.7).abs() < 1e-15);
        // Source: Higham 2002; alternating projections.
        assert!((least_eigenvalue(&INDEFINITE, 3) - -0.607_669_683_062_202_1).abs() < 1e-14);
        assert!(!is_psd(&INDEFINITE, 3));
    }

    #[test]
    fn semidefinite_means_down_to_minus_the_tolerance() {
        let at = |least: f64| [1.0, 1.0 - least, 1.0 - least, 1.0];
        assert!(is_psd(&at(-0.9 * PSD_TOLERANCE), 2));
        assert!(!is_psd(&at(-1.1 * PSD_TOLERANCE), 2));
    }

    #[test]
    fn what_is_no_correlation_matrix_is_refused() {
        let refusal = |rows: &[&[f64]], n| {
            flatten(&rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>(), n).unwrap_err()
        };
        assert!(matches!(refusal(&[&[1.0]], 2), Refusal::WrongSize { n_rows: 1, n_assets: 2 }));
        let ragged = refusal(&[&[1.0, 0.0], &[0.0]], 2);
        assert!(matches!(ragged, Refusal::WrongRowSize { row_idx: 1, n_entries: 1, .. }));
        let diagonal = refusal(&[&[1.0, 0.0], &[0.0, 0.9]], 2);
        assert_eq!(diagonal, Refusal::DiagonalNotOne { row_idx: 1, value: 0.9 });
        let outside = refusal(&[&[1.0, 1.1], &[1.1, 1.0]], 2);
        assert!(matches!(outside, Refusal::EntryOutside { row_idx: 1, column_idx: 0, .. }));
        let skewed = refusal(&[&[1.0, 0.2], &[0.1, 1.0]], 2);
        assert!(matches!(skewed, Refusal::NotSymmetric { row_idx: 1, mirrored: 0.2, .. }));
        assert!(matches!(refusal(&[&[f64::NAN]], 1), Refusal::DiagonalNotOne { .. }));
    }
}
