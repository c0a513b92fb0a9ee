//! What a job comes to.

use crate::archive::{Counted, Place, Results};
use crate::figures::Reading;
use crate::report::{BaselineFigures, Report, RunFacts, Summary, UntilFigures};

/// How a job ended.
#[derive(Debug)]
pub enum Ended {
    /// All paths are walked.
    Finished(Box<Walked>),
    /// The shard's paths are walked and kept; [`super::merge()`] makes the figures of all shards.
    Shard(Place),
    /// The watcher asked for the end. What a folder keeps is saved, and a job that is resumed goes
    /// on with it.
    Stopped {
        /// Paths done.
        n_paths: u64,
        /// Paths that there were to be.
        n_all: u64,
    },
}

/// What all paths of a job come to.
#[derive(Debug)]
pub struct Walked {
    /// The tally, with its windows and the sums of pairs, and the segments that a folder keeps.
    pub counted: Counted,
    /// The summary, whose losses the tail's are, and what the run commits to.
    pub results: Results,
    /// Where it stopped and why, if it was to stop by precision.
    pub until: Option<UntilFigures>,
    /// The differences from its baseline.
    pub baseline: Option<BaselineFigures>,
    /// How the run went; none of one that was found finished.
    pub run: Option<RunFacts>,
}

impl Ended {
    /// What all paths come to; `None` of a shard and of a job that was stopped.
    #[must_use]
    pub fn walked(self) -> Option<Walked> {
        match self {
            Self::Finished(walked) => Some(*walked),
            Self::Shard(_) | Self::Stopped { .. } => None,
        }
    }
}

impl Walked {
    /// What all paths come to, held against nothing.
    pub(super) fn of(counted: Counted, results: Results, run: Option<RunFacts>) -> Self {
        Self { counted, results, until: None, baseline: None, run }
    }

    /// The figures.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.results.summary
    }

    /// A figure and its 95 % interval, by its name in gates, as in `es99`; `None` if the run does
    /// not have it.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<Reading> {
        self.summary().figure(name)
    }

    /// What is written of it, before gates are held against it.
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        Report {
            until: self.until.as_ref(),
            baseline: self.baseline.as_ref(),
            run: self.run.as_ref(),
            ..Report::of(self.summary())
        }
    }
}
