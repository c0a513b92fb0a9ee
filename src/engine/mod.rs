//! The only place that runs a program: paths to outcomes to a tally, on any backend.

pub mod backend;
pub mod contrast;
pub mod cpu;
pub mod fallback;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod prefix;
pub mod run;
pub mod void;

pub use backend::{Backend, DeviceFault, EngineError};
pub use contrast::{Side, contrast};
pub use prefix::{prefixes, walk_until};
pub use run::{
    Done, Part, Plan, Progress, Stretch, Walkers, compare, run, single_paths, tail_shares, walk,
};
