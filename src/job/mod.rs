//! The one noun for every way to run: a [`Job`], walked all or until a figure is known, held
//! against a baseline or not, in memory or in a folder, whole or one machine's shard.
//!
//! A job is a plain struct: [`Job::of`] makes the usual one of a scenario, its fields say the rest.
//! It prints nothing and knows no clock; a [`Watch`] is told how far it is, may stop it, and lends
//! it the time.
//!
//! ```text
//! what is walked          until when         where it is kept       held against
//! subject (program,   x   stop           x   store              x   baseline
//!   facts, plan)          all, until         memory, directory      another run, or nothing
//! ```
//!
//! Whether every path is walked in infinitely deep markets too stands in the subject's plan, for it
//! is a part of what the run is: its folder keeps the sums. A baseline is not: the figures are held
//! against it once they are there. A run may have either, both or neither.

mod again;
mod ask;
mod baseline;
mod enough;
mod error;
mod explain;
mod finish;
mod keep;
mod machine;
mod merge;
mod mismatch;
mod outcome;
mod subject;
mod walk;
mod watch;

pub use again::{Sample, WalkedAgain, walk_again};
pub use ask::{Job, Stop, Store};
pub use baseline::Baseline;
pub use error::JobError;
pub use explain::{explain, first_of_window};
pub use machine::Machine;
pub use merge::merge;
pub use mismatch::Mismatch;
pub use outcome::{Ended, Walked};
pub use subject::subject;
pub use watch::{Begun, Times, Watch};
