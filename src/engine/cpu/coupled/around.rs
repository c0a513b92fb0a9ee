//! What a path has before anything is sold.

use crate::engine::cpu::horizon::Horizon;
use crate::engine::cpu::marks::Marks;
use crate::engine::scan::list::ScanList;
use crate::program::Program;

/// The book, the path's prices, and what its horizon does not clear.
pub(in crate::engine::cpu) struct Around<'p> {
    pub(super) program: &'p Program,
    pub(super) list: &'p ScanList,
    pub(super) marks: &'p Marks,
    /// Log prices, asset by asset.
    pub(super) logs: &'p [i32],
    /// The horizon, widened as asked for, and the path's lane there.
    pub(super) horizon: (&'p Horizon, usize),
    /// What of `list.others` it does not clear.
    pub(super) eligible: &'p [u32],
}

impl<'p> Around<'p> {
    pub(in crate::engine::cpu) fn new(
        program: &'p Program,
        list: &'p ScanList,
        marks: &'p Marks,
        horizon: (&'p Horizon, usize),
        eligible: &'p [u32],
    ) -> Self {
        Self { program, list, marks, logs: marks.prices(), horizon, eligible }
    }
}
