//! The only place that runs a program: paths to outcomes to a tally, on any backend.
//!
//! The reference walker states the meaning; the CPU and the kernels are schedules of it.

pub mod backend;
pub mod choice;
pub mod contrast;
pub mod cpu;
pub mod fallback;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod prefix;
pub mod reference;
pub mod run;
mod scan;
pub mod shape;
pub mod story;
pub mod void;

use crate::program::{CompileError, Program};
use crate::scenario::Scenario;

pub use backend::{Backend, DeviceFault, EngineError};
pub use choice::{BackendChoice, BackendKind, OpenBackend, all_threads};
pub use contrast::{Side, contrast};
pub use prefix::{prefixes, walk_until};
pub use run::{Done, Part, Plan, Progress, Stretch, Walkers, run, single_paths, tail_shares, walk};

/// The program of a scenario, its opening book dealt with as the scenario says.
///
/// # Errors
///
/// If prices, interest or the book's value do not fit the integer formats.
pub fn compile(scenario: &Scenario) -> Result<Program, CompileError> {
    let mut program = Program::compile(scenario)?;
    reference::settle(&mut program, scenario.run.opening);
    debug_assert_eq!(program.check(), Ok(()), "a compiled program is sound");
    Ok(program)
}
