//! What is to be run: which paths, until when, held against what, kept where, on which machine.

use std::path::PathBuf;

use super::baseline::Baseline;
use super::error::JobError;
use super::subject::subject;
use crate::archive::{Place, Subject};
use crate::engine::{self, BackendChoice};
use crate::figures::Precision;
use crate::program::CompileError;
use crate::scenario::Scenario;

/// A run that is to be made.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is walked: the program, what is to be known of it, and the plan, which says how many
    /// paths there are at most and whether each is walked in infinitely deep markets too.
    pub subject: Subject,
    /// When it has walked enough.
    pub stop: Stop,
    /// Another run on the same paths, which its figures are held against.
    pub baseline: Option<Baseline>,
    /// Where it is kept.
    pub store: Store,
    /// What walks the paths.
    pub backend: BackendChoice,
    /// Paths handed to it at a time; changes no figure. `None`: as many as suit it.
    pub batch: Option<u64>,
}

/// When a job has walked enough.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// With the plan's last path.
    All,
    /// Once a figure's interval is as narrow as that, asked after 1, 2, 4, 8 ... blocks; with the
    /// plan's last path at the latest.
    Until(Precision),
}

/// Where a job is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// Nowhere: what is not finished is lost.
    Memory,
    /// In a folder, from which it can be gone on with, merged and verified.
    Directory {
        /// Which folder, and which shard of the run this machine walks.
        place: Place,
        /// Whether the job goes on with a run that is there already, even one of fewer paths; else
        /// such a folder is refused.
        is_resumed: bool,
    },
}

impl Job {
    /// The usual job of a scenario: its paths, or until the precision that it asks for; beside
    /// infinitely deep markets where it asks for that and there is depth; in memory, on all threads
    /// of the CPU.
    ///
    /// # Errors
    ///
    /// If the scenario does not fit the integer formats.
    pub fn of(scenario: &Scenario) -> Result<Self, CompileError> {
        let program = engine::compile(scenario)?;
        let mut subject = subject(scenario, program, scenario.run.n_paths, false);
        subject.plan.compares_feedback = scenario.run.compare_feedback && has_depth(&subject);
        let stop = scenario.run.until.clone().map_or(Stop::All, Stop::Until);
        let backend = BackendChoice::default();
        Ok(Self { subject, stop, baseline: None, store: Store::Memory, backend, batch: None })
    }

    /// Walks every path in infinitely deep markets too.
    ///
    /// # Errors
    ///
    /// [`JobError::NothingToCompare`] where all markets are so deep.
    pub fn compare_feedback(&mut self) -> Result<(), JobError> {
        if !has_depth(&self.subject) {
            let scenario = self.subject.facts.scenario.clone();
            return Err(JobError::NothingToCompare { scenario });
        }
        self.subject.plan.compares_feedback = true;
        Ok(())
    }

    /// Keeps it whole in a folder; `is_resumed` goes on with a run that is there already.
    #[must_use]
    pub fn kept_in(self, folder: impl Into<PathBuf>, is_resumed: bool) -> Self {
        let place = Place { root: folder.into(), shard: None };
        Self { store: Store::Directory { place, is_resumed }, ..self }
    }
}

/// Whether sales move any price.
fn has_depth(subject: &Subject) -> bool {
    subject.facts.coupling.as_ref().is_some_and(|it| it.feedback.is_some())
}
