//! The rows of the stage that tests 64-bit numbers.

use super::words::Declarations;
use crate::rows;

rows! {
    /// What `probe_wide` reads of an item.
    pub struct WideCase {
        /// A 64-bit number.
        pub a: [u32; 2],
        /// Another.
        pub b: [u32; 2],
        /// A factor.
        pub f: u32,
        /// A divisor, and the bits of a shift.
        pub d: u32,
    }

    /// What it writes.
    pub struct WideAnswer {
        /// `mul_div(a, f, d)`.
        pub product: [u32; 2],
        /// `scale_q32(a, f)`.
        pub scaled: [u32; 2],
        /// `scale_q31` of half of a and of f, which is 1 at most.
        pub part: [u32; 2],
        /// `ratio_q32` of the smaller to the larger.
        pub ratio: u32,
        /// `weigh(f, d)`, d being 1 at most.
        pub weighed: u32,
        /// a shifted right with its sign, its lowest bit flipped if a is below b as signed numbers.
        pub shifted: [u32; 2],
    }
}

/// Declares them.
pub(super) fn declare_rows(to: &mut Declarations<'_>) {
    to.kept::<WideCase>();
    to.places::<WideAnswer>();
}
