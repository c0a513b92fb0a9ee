//! Watches a job: is told how far it is, may ask that it be saved or end, and lends it the time.

use std::ops::ControlFlow;

use crate::archive::{self, Next, Subject};
use crate::engine::{Done, Progress};
use crate::report::Facts;
use crate::tail::Tally;

/// Watches a job. All of it may be left as it is: `()` watches nothing.
pub trait Watch {
    /// What the user should know: why this backend, what was damaged, what could not be had.
    fn note(&mut self, _note: &str) {}

    /// Paths are about to be walked: once for the run, for each prefix of one that stops by
    /// precision and is kept, and once more beside a baseline. A break ends the job.
    fn begin(&mut self, _begun: Begun<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// So much is done. What is kept in memory cannot be saved, and goes on.
    fn after(&mut self, _done: Done<'_>) -> Next {
        Next::GoOn
    }

    /// What was asked to be saved is saved.
    fn saved(&mut self) {}

    /// The walk is over: with the tally of all of its paths, or none if it was stopped or walked a
    /// sample. A break ends the job before anything is made of them; what a folder keeps is saved.
    fn end(&mut self, _tally: Option<&Tally>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The time that the run has taken so far.
    fn times(&self) -> Times {
        Times::default()
    }
}

impl Watch for () {}

/// A walk that begins.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// What is known of the program.
    pub facts: &'a Facts,
    /// Paths that need not be walked, for a folder keeps them.
    pub n_found: u64,
    /// Paths that there are to be.
    pub n_paths: u64,
    /// Whether what is done is kept in a folder when the watcher asks for the end.
    pub is_kept: bool,
}

impl<'a> Begun<'a> {
    /// A walk of all paths of a subject in memory.
    pub(super) fn in_memory(subject: &'a Subject) -> Self {
        let n_paths = subject.plan.n_paths;
        Self { facts: &subject.facts, n_found: 0, n_paths, is_kept: false }
    }
}

/// What a run has taken; all zero where nothing measures it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Times {
    /// On the clock.
    pub wall_seconds: f64,
    /// Of all threads of the process.
    pub cpu_seconds: f64,
    /// Of the first, that went into checkpoints.
    pub checkpoint_seconds: f64,
}

/// Watches a walk in memory.
pub(super) struct InMemory<'w> {
    pub(super) watch: &'w mut dyn Watch,
    /// Paths that are done.
    pub(super) n_paths: u64,
}

impl Progress for InMemory<'_> {
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()> {
        self.n_paths = done.n_paths();
        match self.watch.after(done) {
            Next::Stop => ControlFlow::Break(()),
            Next::GoOn | Next::Save => ControlFlow::Continue(()),
        }
    }
}

/// Watches a walk into a folder.
pub(super) struct InFolder<'w>(pub(super) &'w mut dyn Watch);

impl archive::Watch for InFolder<'_> {
    fn after(&mut self, done: Done<'_>) -> Next {
        self.0.after(done)
    }

    fn saved(&mut self) {
        self.0.saved();
    }
}
