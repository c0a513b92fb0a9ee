//! Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi rotations in a fixed order.

/// Sweeps over all pairs; six to ten reach rounding for any matrix of interest.
const MAX_SWEEPS: usize = 60;

/// A = V diag(values) Vᵀ; row k of `vectors` is the eigenvector of `values[k]`.
#[derive(Debug, Clone)]
pub(super) struct Eigen {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Vec<f64>,
}

impl Eigen {
    /// The decomposition of the identity: the start of a search that knows nothing.
    pub(super) fn identity(n: usize) -> Self {
        let mut vectors = vec![0.0; n * n];
        vectors.iter_mut().step_by(n + 1).for_each(|diagonal| *diagonal = 1.0);
        Self { values: vec![1.0; n], vectors }
    }

    /// The decomposition of a symmetric matrix.
    pub(super) fn of(matrix: &[f64], n: usize) -> Self {
        rotate(matrix.to_vec(), Self::identity(n).vectors, n)
    }

    /// The decomposition of a matrix whose eigenvectors are close to those of `start`: one or two
    /// sweeps instead of eight.
    pub(super) fn near(matrix: &[f64], n: usize, start: &Self) -> Self {
        // B = V A Vᵀ with the old vectors as rows of V, made symmetric to the last bit.
        let half = times_transposed(&start.vectors, matrix, n);
        let mut turned = times_transposed(&half, &start.vectors, n);
        for row in 0..n {
            for column in 0..row {
                turned[column * n + row] = turned[row * n + column];
            }
        }
        rotate(turned, start.vectors.clone(), n)
    }

    /// Σ max(λ, 0) v vᵀ: the nearest positive semidefinite matrix in the Frobenius norm.
    pub(super) fn positive_part(&self) -> Vec<f64> {
        let n = self.values.len();
        let mut part = vec![0.0; n * n];
        for (value, vector) in self.values.iter().zip(self.vectors.chunks_exact(n)) {
            if *value <= 0.0 {
                continue;
            }
            for row in 0..n {
                let scaled = value * vector[row];
                for (entry, v) in part[row * n..][..=row].iter_mut().zip(vector) {
                    *entry += scaled * v;
                }
            }
        }
        for row in 0..n {
            for column in 0..row {
                part[column * n + row] = part[row * n + column];
            }
        }
        part
    }
}

/// A Bᵀ, with rows of both read in order; B is symmetric or given transposed.
fn times_transposed(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut product = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..n {
            let pairs = a[row * n..][..n].iter().zip(&b[column * n..][..n]);
            product[row * n + column] = pairs.fold(0.0, |sum, (x, y)| sum + x * y);
        }
    }
    product
}

/// Cyclic Jacobi: each rotation makes one off-diagonal pair zero; sweeps until all are rounding.
/// Source: Golub and Van Loan, Matrix Computations, 8.5.
fn rotate(mut matrix: Vec<f64>, mut vectors: Vec<f64>, n: usize) -> Eigen {
    for _ in 0..MAX_SWEEPS {
        // Entries this small turn no eigenvalue: what a rotation leaves is rounding of the largest.
        let diagonal = matrix.iter().step_by(n + 1).map(|value| value.abs());
        let rounding = f64::EPSILON * diagonal.fold(1.0, f64::max);
        let mut is_diagonal = true;
        for p in 0..n {
            for q in p + 1..n {
                if matrix[p * n + q].abs() > rounding {
                    is_diagonal = false;
                    let (cos, sin) = rotation(&matrix, n, p, q);
                    turn_rows(&mut matrix, n, (p, q), (cos, sin));
                    turn_columns(&mut matrix, n, (p, q), (cos, sin));
                    (matrix[p * n + q], matrix[q * n + p]) = (0.0, 0.0);
                    turn_rows(&mut vectors, n, (p, q), (cos, sin));
                }
            }
        }
        if is_diagonal {
            break;
        }
    }
    let values = (0..n).map(|idx| matrix[idx * n + idx]).collect();
    Eigen { values, vectors }
}

/// Cosine and sine of the smaller angle that makes the entry (p, q) zero:
/// τ = (a_qq - a_pp) / 2 a_pq, t = sign(τ) / (|τ| + √(1 + τ²)), c = 1 / √(1 + t²), s = t c.
fn rotation(matrix: &[f64], n: usize, p: usize, q: usize) -> (f64, f64) {
    let tau = (matrix[q * n + q] - matrix[p * n + p]) / (2.0 * matrix[p * n + q]);
    let tangent = 1.0_f64.copysign(tau) / (tau.abs() + libm::sqrt(1.0 + tau * tau));
    let cos = 1.0 / libm::sqrt(1.0 + tangent * tangent);
    (cos, tangent * cos)
}

fn turn_rows(matrix: &mut [f64], n: usize, (p, q): (usize, usize), (cos, sin): (f64, f64)) {
    let (upper, lower) = matrix.split_at_mut(q * n);
    for (x, y) in upper[p * n..][..n].iter_mut().zip(&mut lower[..n]) {
        (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
    }
}

fn turn_columns(matrix: &mut [f64], n: usize, (p, q): (usize, usize), (cos, sin): (f64, f64)) {
    for row in matrix.chunks_exact_mut(n) {
        (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
    }
}
