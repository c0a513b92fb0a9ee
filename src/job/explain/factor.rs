//! Log prices as the factors that they are.

/// Below this a log2 price is that of an asset that is worthless: its marks are 0.
const WORTHLESS: i64 = -(30 << 24);

/// A change of a log2 price, Q8.24, as the factor that it is.
pub(super) fn factor(log: i64) -> f64 {
    if log < WORTHLESS {
        return 0.0;
    }
    libm::exp2(log as f64 / f64::from(1 << 24))
}
