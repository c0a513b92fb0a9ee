//! Outcomes to figures: exact, mergeable, order-free counting first, floats only at the very end.

pub mod aftermath;
pub mod agree;
pub mod bounds;
pub mod counters;
pub mod histogram;
pub mod level;
pub mod merkle;
pub mod ordered;
pub mod outcome;
pub mod paired;
#[cfg(test)]
mod properties;
pub mod shares;
pub mod sound;
pub mod stat;
pub mod sum_tree;
pub mod sums;
pub mod tally;
pub mod wide;
pub mod windows;
pub mod worst;

pub use aftermath::{Aftermath, FundAftermath, PathAftermath, aftermath_words};
pub use agree::Disagreement;
pub use bounds::TailBounds;
pub use counters::{AMOUNT_WORDS, Counters, Counts, PositionCount, Shape, StepCount, add_amount};
pub use level::Level;
pub use merkle::Digest;
pub use ordered::Ordered;
pub use outcome::{BLOCK_PATHS, Outcome, SATURATED, SMALL_MARK};
pub use paired::Paired;
pub use shares::TailShares;
pub use sound::Unbalanced;
pub use sum_tree::{Leaf, Node, SumTree};
pub use sums::{Scalars, Sums};
pub use tally::Tally;
pub use windows::Windows;
pub use worst::WorstPath;
