//! Run directories: a run on disk, so that it can be stopped, gone on with, split and verified.

pub mod sealed;

pub use sealed::{Damage, Kind};
