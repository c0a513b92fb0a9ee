//! Watches a run for those who asked: shows how far it is, has it saved now and then, and stops it
//! when a signal or the time limit says so.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

use shortfall::archive::Next;
use shortfall::engine::{Done, Progress};
use shortfall::job::{self, Begun, Times};
use shortfall::tail::Tally;

use super::error::CliError;
use super::kept::KeptArgs;
use super::output;
use super::progress::{self, ProgressArgs};
use super::signals::{self, Held};
use super::stopped::StoppedBy;

/// How often what is done is saved, unless a flag says otherwise.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// Checkpoints then take at most one part in so many of the time.
const PART_OF_TIME: u32 = 200;

/// Prints notes, and watches nothing else.
pub(super) struct Notes {
    pub(super) quiet: bool,
}

impl job::Watch for Notes {
    fn note(&mut self, note: &str) {
        output::print_note(note, self.quiet);
    }
}

/// Watches a run from the beginning of its command on.
pub(super) struct Watch<'a> {
    progress: &'a ProgressArgs,
    kept: &'a KeptArgs,
    quiet: bool,
    begun: Instant,
    cpu: ProcessTime,
    shown: Option<progress::Watch>,
    keeper: Option<Keeper>,
    /// Time that went into checkpoints.
    saving: Duration,
    /// Why the run cannot be watched as it was asked for.
    fault: Option<CliError>,
    stopped_by: Option<StoppedBy>,
}

impl<'a> Watch<'a> {
    /// The run begins now.
    pub(super) fn new(progress: &'a ProgressArgs, kept: &'a KeptArgs, quiet: bool) -> Self {
        Self {
            progress,
            kept,
            quiet,
            begun: Instant::now(),
            cpu: ProcessTime::now(),
            shown: None,
            keeper: None,
            saving: Duration::ZERO,
            fault: None,
            stopped_by: None,
        }
    }

    /// Why the run was stopped with so many of its paths done.
    pub(super) fn stopped(mut self, n_paths: u64, n_all: u64) -> CliError {
        match (self.fault.take(), self.stopped_by) {
            (Some(fault), _) => fault,
            (None, Some(by)) => CliError::Stopped { by, n_paths, n_all },
            (None, None) => panic!("stopped at {n_paths} of {n_all}, and no rule said so"),
        }
    }
}

impl job::Watch for Watch<'_> {
    fn note(&mut self, note: &str) {
        output::print_note(note, self.quiet);
    }

    fn begin(&mut self, begun: Begun<'_>) -> ControlFlow<()> {
        let paths = (begun.n_found, begun.n_paths);
        match self.progress.watch(paths, begun.facts, self.quiet) {
            Ok(shown) => self.shown = Some(shown),
            Err(fault) => {
                self.fault = Some(fault);
                return ControlFlow::Break(());
            }
        }
        // Where nothing is kept a signal ends the process.
        self.keeper = begun.is_kept.then(|| Keeper::of(self.kept, self.begun));
        ControlFlow::Continue(())
    }

    fn after(&mut self, done: Done<'_>) -> Next {
        if let Some(shown) = &mut self.shown {
            // The display of how far a run is has no say in when it ends.
            let _ = shown.done(done);
        }
        self.keeper.as_mut().map_or(Next::GoOn, Keeper::next)
    }

    fn saved(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            self.saving += keeper.saved();
        }
    }

    fn end(&mut self, tally: Option<&Tally>) -> ControlFlow<()> {
        self.stopped_by = self.keeper.take().and_then(Keeper::release);
        let is_signalled = !matches!(self.stopped_by, None | Some(StoppedBy::TimeLimit));
        match (self.shown.take(), tally.filter(|_| !is_signalled)) {
            (Some(shown), Some(tally)) => shown.finish(tally),
            (Some(shown), None) => shown.clear(),
            (None, _) => {}
        }
        if is_signalled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn times(&self) -> Times {
        Times {
            wall_seconds: self.begun.elapsed().as_secs_f64(),
            cpu_seconds: self.cpu.elapsed().as_secs_f64(),
            checkpoint_seconds: self.saving.as_secs_f64(),
        }
    }
}

/// Asks for a checkpoint now and then, and for the end when it is time.
struct Keeper {
    every: Duration,
    /// Whether the user has said how often.
    is_given: bool,
    saved: Instant,
    asked: Instant,
    end: Option<Instant>,
    /// A signal waits until what is done is saved.
    held: Held,
    /// Whether the time limit is over.
    is_over: bool,
}

impl Keeper {
    /// Of a run that began at this instant.
    fn of(kept: &KeptArgs, begun: Instant) -> Self {
        Self {
            every: kept.checkpoint_every.unwrap_or(CHECKPOINT_EVERY),
            is_given: kept.checkpoint_every.is_some(),
            saved: Instant::now(),
            asked: Instant::now(),
            end: kept.time_limit.map(|limit| begun + limit),
            held: signals::hold(),
            is_over: false,
        }
    }

    /// What is to be done after paths that have been walked.
    fn next(&mut self) -> Next {
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

    /// How long it took to save what was asked to be saved.
    fn saved(&mut self) -> Duration {
        self.saved = Instant::now();
        let took = self.saved.duration_since(self.asked);
        if !self.is_given {
            self.every = CHECKPOINT_EVERY.max(took * PART_OF_TIME);
        }
        took
    }

    /// Why the run is to end, if it is; from here on a signal ends it at once.
    fn release(self) -> Option<StoppedBy> {
        let of_time = self.is_over.then_some(StoppedBy::TimeLimit);
        self.held.release().or(of_time)
    }
}
