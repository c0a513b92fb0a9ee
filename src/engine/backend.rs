//! The shape every backend has: a batch of path indices in, their outcomes and counters out.

use std::ops::Range;

use thiserror::Error;

use crate::tail::{Counters, Outcome};

/// Runs batches of one program.
pub trait Backend {
    /// Its name in reports: `cpu`, `gpu`, `reference`.
    fn name(&self) -> &'static str;

    /// The adapter it runs on, where there is one.
    fn adapter(&self) -> Option<&str> {
        None
    }

    /// What was asked for and could not be had, so far.
    fn fallbacks(&self) -> &[String] {
        &[]
    }

    /// Paths up to this one will be asked for, in order and in batches of one length: a backend may
    /// begin with the next batch while the host is busy with this one.
    fn expect(&mut self, _end: u64) {}

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
    #[error(
        "cannot start {n_threads} threads, {source}: ask for fewer with --threads, or raise the \
         system's limits of memory and processes"
    )]
    Threads {
        /// How many were asked for.
        n_threads: usize,
        /// What the system said.
        source: std::io::Error,
    },
    /// This build has no GPU backend.
    #[error(
        "no GPU: this build has none (feature `gpu`); `shortfall run --backend cpu` needs none"
    )]
    NoDevice,
    /// No adapter of the kind asked for.
    #[error(
        "there is not {wanted}; {}: see `shortfall devices`; \
         `shortfall run --backend cpu` needs none",
        present_text(present)
    )]
    NoAdapter {
        /// What was asked for.
        wanted: String,
        /// The adapters that there are.
        present: Vec<String>,
    },
    /// A device failed.
    #[error("{adapter}: {fault}")]
    Device {
        /// Which.
        adapter: String,
        /// How.
        fault: DeviceFault,
    },
}

fn present_text(present: &[String]) -> String {
    match present {
        [] => "there is no adapter at all".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    }
}

/// How a device fails.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceFault {
    /// It is gone.
    #[error("the device was lost")]
    Lost,
    /// It does not answer.
    #[error("no answer within {seconds} s")]
    Timeout {
        /// How long was waited.
        seconds: u64,
    },
    /// An allocation failed.
    #[error("out of device memory")]
    OutOfMemory,
    /// A buffer is larger than the device binds.
    #[error("{what} take {bytes} bytes, above the device's {bound}")]
    TooLarge {
        /// Which.
        what: &'static str,
        /// How large.
        bytes: u64,
        /// How large it may be.
        bound: u64,
    },
    /// One step of the market is too large for a workgroup.
    #[error("one step of all assets does not fit a workgroup's {bytes} bytes of memory")]
    WorkgroupMemory {
        /// Memory of a workgroup.
        bytes: usize,
    },
    /// The driver ended loops before they were done, however small the pieces.
    #[error("the driver cuts long loops short; what it found is not used")]
    CutShort,
    /// It computes something else.
    #[error("wrong answers from {stage}: do not use this device")]
    WrongAnswer {
        /// The stage.
        stage: &'static str,
    },
    /// The driver or the validation said no.
    #[error("{message}")]
    Refused {
        /// What it said.
        message: String,
    },
}
