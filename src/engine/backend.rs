//! The shape every backend has: a batch of path indices in, their outcomes and counters out.

use std::ops::Range;

use thiserror::Error;

use crate::tail::{Counters, Outcome};

/// Runs batches of one program.
pub trait Backend {
    /// Its name in reports: `cpu`, `gpu`.
    fn name(&self) -> &'static str;

    /// The adapter it runs on, where there is one.
    fn adapter(&self) -> Option<&str> {
        None
    }

    /// Runs paths `paths`, writes their outcomes in order and adds to the counters.
    ///
    /// # Errors
    ///
    /// If the device fails; nothing that was written is then to be used.
    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError>;
}

/// Why a run cannot begin or go on.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The threads could not be started.
    #[error("cannot start {n_threads} threads: {source}")]
    Threads {
        /// How many were asked for.
        n_threads: usize,
        /// What the system said.
        source: std::io::Error,
    },
    /// A GPU was asked for by name.
    #[error("no GPU: this build has no GPU backend; run with --backend cpu or --backend auto")]
    NoDevice,
}
