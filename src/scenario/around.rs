//! What stands around a section: what its values are checked against.

use super::RunSpec;
use super::reach::Reach;
use crate::market::Asset;

/// Where the parts of the scenario stand that liquidity is checked against.
pub(super) struct Around<'a> {
    /// The assets, in the order of the file.
    pub(super) assets: &'a [Asset],
    /// Which files the scenario may name.
    pub(super) reach: &'a Reach,
    /// How long a path is.
    pub(super) run: &'a RunSpec,
}
