//! How the kernel of a program is compiled.

use crate::program::Program;

/// Invocations of a workgroup that walks a slice of the positions.
const GROUP_SIZE: u32 = 64;
/// Of one that walks all positions of a path: as many as every device has.
const COUPLED_GROUP_SIZE: u32 = 256;

/// How the kernel is compiled; none of it changes a bit of the outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Keep the driver's bounds checks and zeroed memory.
    pub checks: bool,
    /// Compute 64-bit integers on pairs of words even where the device has them.
    pub emulate_int64: bool,
    /// Clear windows by bounds before their steps are walked.
    pub use_bounds: bool,
    /// Invocations of a workgroup; `None` for as many as suit the program.
    pub group_size: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { checks: false, emulate_int64: false, use_bounds: true, group_size: None }
    }
}

impl Options {
    /// Invocations of a workgroup for a program.
    #[must_use]
    pub fn group_size_for(&self, program: &Program) -> u32 {
        let suits = if program.liquidity.is_some() { COUPLED_GROUP_SIZE } else { GROUP_SIZE };
        self.group_size.unwrap_or(suits)
    }
}
