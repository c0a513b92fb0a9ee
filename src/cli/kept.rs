//! `--out` and its kin: a run that is kept on disk, and when it is saved or stopped.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use shortfall::archive::{
    ArchiveError, Disk, Next, Opened, Place, RunDirectory, RunPlan, Subject, Watch, grow,
};
use shortfall::engine::{Done, Progress};

use super::shard::ShardArgs;
use super::signals::{self, Held, StoppedBy};
use super::{CliError, number};

#[derive(Debug, Args)]
pub(super) struct KeptArgs {
    /// Keep the run in a folder: figures, tables, and all that is needed to go on with it, merge
    /// or verify it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out, if there is one
    #[arg(long, requires = "out")]
    resume: bool,
    /// How often what is done is saved [default: 5s, or less often where that would take more than
    /// half a percent of the time]
    #[arg(long, value_name = "DURATION", value_parser = number::duration, requires = "out")]
    checkpoint_every: Option<Duration>,
    /// Save and end with exit code 75 after so long: 55m
    #[arg(long, value_name = "DURATION", value_parser = number::duration, requires = "out")]
    time_limit: Option<Duration>,
    #[command(flatten)]
    shard: ShardArgs,
}

impl KeptArgs {
    /// Opens the run directory; `None` if the run is not to be kept.
    pub(super) fn open<'a>(
        &self,
        subject: &'a Subject,
        disk: &'a mut dyn Disk,
    ) -> Result<Option<(Place, Opened<'a>)>, CliError> {
        let Some(root) = &self.out else { return Ok(None) };
        let place = Place { root: root.clone(), shard: self.shard.shard()? };
        if self.resume && place.shard.is_none() {
            match RunPlan::read(root) {
                // The run that is there may have fewer paths, or was stopped while it got more.
                Ok(Some(there)) if there.n_paths <= subject.plan.n_paths => {
                    grow(root, subject, disk)?;
                }
                // A plan that is damaged is made again.
                Ok(_) | Err(ArchiveError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let opened = RunDirectory::open(place.clone(), subject, disk, self.resume)?;
        Ok(Some((place, opened)))
    }

    /// Whether the run is to be kept.
    pub(super) fn is_kept(&self) -> bool {
        self.out.is_some()
    }

    /// Whether what is there is to be gone on with.
    pub(super) fn is_resumed(&self) -> bool {
        self.resume
    }

    /// The folder that was named; empty without one.
    pub(super) fn folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_default()
    }

    /// Watches a run that began at this instant.
    pub(super) fn keeper<'p>(&self, begun: Instant, progress: &'p mut dyn Progress) -> Keeper<'p> {
        Keeper {
            progress,
            every: self.checkpoint_every.unwrap_or(CHECKPOINT_EVERY),
            is_given: self.checkpoint_every.is_some(),
            saved: Instant::now(),
            asked: Instant::now(),
            end: self.time_limit.map(|limit| begun + limit),
            held: signals::hold(),
            saving: Duration::ZERO,
            is_over: false,
        }
    }
}

/// Asks for a checkpoint now and then, and for the end when it is time.
pub(super) struct Keeper<'p> {
    progress: &'p mut dyn Progress,
    every: Duration,
    /// Whether the user has said how often.
    is_given: bool,
    saved: Instant,
    asked: Instant,
    end: Option<Instant>,
    /// A signal waits until what is done is saved.
    held: Held,
    /// Time that saving took.
    pub(super) saving: Duration,
    /// Whether the time limit is over.
    is_over: bool,
}

impl Keeper<'_> {
    /// Why the run is to end, if it is; from here on a signal ends it at once.
    pub(super) fn release(self) -> Option<StoppedBy> {
        let of_time = self.is_over.then_some(StoppedBy::TimeLimit);
        self.held.release().or(of_time)
    }
}

/// How often what is done is saved, unless a flag says otherwise.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// Checkpoints then take at most one part in so many of the time.
const PART_OF_TIME: u32 = 200;

impl Watch for Keeper<'_> {
    fn after(&mut self, done: Done<'_>) -> Next {
        // The display of how far a run is has no say in when it ends.
        let _ = self.progress.done(done);
        self.asked = Instant::now();
        self.is_over = self.end.is_some_and(|end| self.asked >= end);
        if self.is_over || self.held.stopped_by().is_some() {
            Next::Stop
        } else if self.asked.duration_since(self.saved) >= self.every {
            Next::Save
        } else {
            Next::GoOn
        }
    }

    fn saved(&mut self) {
        self.saved = Instant::now();
        let took = self.saved.duration_since(self.asked);
        self.saving += took;
        if !self.is_given {
            self.every = CHECKPOINT_EVERY.max(took * PART_OF_TIME);
        }
    }
}
