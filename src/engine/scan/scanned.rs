//! A position as it is scanned: its constant, and where its terms and legs stand.

use crate::program::layout::PositionRow;

/// A position and its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Scanned {
    /// Its index in the program.
    pub(in crate::engine) position: u32,
    /// First of its plain terms.
    pub(in crate::engine) term_start: u32,
    /// Number of its plain terms.
    pub(in crate::engine) n_terms: u32,
    /// First of its legs in the list.
    pub(in crate::engine) leg_start: u32,
    /// Whether legs have margin tiers beside the plain terms.
    pub(in crate::engine) has_tiers: bool,
    /// Constant of the surplus; a breach is a surplus below 0.
    pub(in crate::engine) constant: i64,
    /// Its row in the program, here so that one look finds all.
    pub(in crate::engine) in_program: PositionRow,
}
