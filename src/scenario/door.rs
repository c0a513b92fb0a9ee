//! The door's machinery: files as they were written, what may be wrong with them, and how it is
//! said. What the keys mean stands beside it, a file a section.

pub(super) mod bounds;
pub(super) mod broken;
pub(super) mod category_fault;
pub(super) mod columns;
pub mod error;
pub(super) mod gate_fault;
pub(super) mod limit;
pub(super) mod reach;
pub(super) mod read;
pub(super) mod replay_fault;
pub(super) mod separator;
pub(super) mod spelling;
pub(super) mod stream;
pub(super) mod table;
pub(super) mod written;
