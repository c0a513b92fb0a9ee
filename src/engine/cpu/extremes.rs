//! The lowest and the highest mark of an instrument in some steps, and how far a ratio of two marks
//! between such may be off.

/// The lowest and the highest mark of an instrument in some steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extremes {
    /// Lowest.
    pub low: u32,
    /// Highest.
    pub high: u32,
}

impl Extremes {
    /// Of no step at all.
    pub(super) const NONE: Self = Self { low: u32::MAX, high: 0 };

    pub(super) fn join(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// What the log ratio of any two marks between these extremes may be off by, in units of 2^-24,
/// rounded up; `None` where a mark is too small or saturated for a ratio to mean anything, or a
/// ratio of two may be 2^7 and so leave the format of marks.
///
/// A mark is within 3.6e-9 and half a unit of 2^log (`mark_of_log`), so a log ratio that is above a
/// threshold by log2(1 + e_c) + log2(1 + e_d) <= 1.01 (e_c + e_d) / ln 2, with
/// e = 3.6e-9 + 0.5 / mark, proves that the ratio of the marks is above it too.
pub(in crate::engine) fn mark_slack(all: Extremes) -> Option<i32> {
    const LEAST_MARK: u32 = 256;
    let is_wide = u64::from(all.high) >= u64::from(all.low) << 7;
    if all.low < LEAST_MARK || all.high == u32::MAX || is_wide {
        return None;
    }
    let errors = 7.2e-9 + 1.0 / f64::from(all.low);
    Some((errors * 1.01 * std::f64::consts::LOG2_E * f64::from(1 << 24)) as i32 + 1)
}
