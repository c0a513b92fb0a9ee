//! Walks a job: in memory, into its folder, and beside its baseline.

use super::ask::{Job, Stop, Store};
use super::baseline::Baseline;
use super::enough::is_reached;
use super::error::JobError;
use super::keep;
use super::machine::Machine;
use super::outcome::{Ended, Walked};
use super::watch::{Begun, InMemory, Watch};
use crate::archive::Counted;
use crate::engine::{Part, Stretch, walk, walk_until};

impl Job {
    /// Walks it to its end, or until the watcher stops it.
    ///
    /// # Errors
    ///
    /// If a backend fails, its folder holds another run or cannot be written, two things are asked
    /// for that exclude each other, or paths that are walked again come out otherwise.
    pub fn walk(&self, watch: &mut dyn Watch) -> Result<Ended, JobError> {
        self.refuse_exclusions()?;
        match (&self.store, &self.stop, &self.baseline) {
            (Store::Directory { place, is_resumed }, Stop::All, _) => {
                keep::whole(self, place, *is_resumed, watch)
            }
            (Store::Directory { place, is_resumed }, Stop::Until(until), _) => {
                keep::until(self, until, place, *is_resumed, watch)
            }
            // One walk does for both.
            (Store::Memory, _, Some(baseline)) if !self.subject.plan.compares_feedback => {
                self.walk_both(baseline, watch)
            }
            (Store::Memory, ..) => self.walk_in_memory(watch),
        }
    }

    fn refuse_exclusions(&self) -> Result<(), JobError> {
        let is_shard =
            matches!(&self.store, Store::Directory { place, .. } if place.shard.is_some());
        let stops_early = matches!(self.stop, Stop::Until(_));
        let (one, other, why) = if stops_early && is_shard {
            let why = "shards are cut by the number of paths, which is not known before";
            ("a stop by precision", "a shard", why)
        } else if stops_early && self.baseline.is_some() {
            let why = "a baseline has as many paths as the run, and these are not known before";
            ("a stop by precision", "a baseline", why)
        } else if is_shard && self.baseline.is_some() {
            let why = "a shard has no figures to hold against another run's: merge the shards";
            ("a shard", "a baseline", why)
        } else {
            return Ok(());
        };
        Err(JobError::NotTogether { one, other, why })
    }

    /// Walks all paths, or as many as are enough, in memory.
    fn walk_in_memory(&self, watch: &mut dyn Watch) -> Result<Ended, JobError> {
        let subject = &self.subject;
        let n_all = subject.plan.n_paths;
        let compared = subject.compared();
        let mut machine =
            Machine::open(&self.backend, self.batch, subject, compared.as_ref(), watch)?;
        if watch.begin(Begun::in_memory(subject)).is_break() {
            return Ok(Ended::Stopped { n_paths: 0, n_all });
        }
        let (mut part, batch) = (subject.part(0), machine.batch);
        let mut told = InMemory { watch: &mut *watch, n_paths: 0 };
        let mut is_enough = false;
        match &self.stop {
            Stop::All => {
                let stretch = Stretch { to: n_all, expected: n_all, batch };
                walk(&mut machine.walkers(), &mut part, stretch, &mut told)?;
            }
            Stop::Until(until) => {
                let mut ask = |part: &Part| {
                    is_enough = is_reached(until, &part.tally, part.paired.as_ref(), subject);
                    is_enough
                };
                let paths = (n_all, batch);
                walk_until(&mut machine.walkers(), &mut part, paths, &mut told, &mut ask)?;
            }
        }
        let n_paths = part.paths.end;
        let is_whole = is_enough || n_paths == n_all;
        if watch.end(is_whole.then_some(&part.tally)).is_break() || !is_whole {
            return Ok(Ended::Stopped { n_paths, n_all });
        }
        let run = machine.run_facts(n_paths, watch);
        let counted = Counted::at_once(part);
        let results = counted.results(subject, self.backend.n_threads)?;
        self.finished(counted, results, Some(run), watch)
    }

    /// Walks all paths under the baseline's program too, in memory.
    fn walk_both(&self, baseline: &Baseline, watch: &mut dyn Watch) -> Result<Ended, JobError> {
        let subject = &self.subject;
        let other = Some(baseline.program());
        let mut machine = Machine::open(&self.backend, self.batch, subject, other, watch)?;
        let mut told = InMemory { watch: &mut *watch, n_paths: 0 };
        let n_all = subject.plan.n_paths;
        let Some((tally, figures)) = baseline.walk(&mut machine, subject, &mut told)? else {
            return Ok(Ended::Stopped { n_paths: told.n_paths, n_all });
        };
        let run = machine.run_facts(n_all, watch);
        let counted = Counted { tally, ..Counted::none(subject) };
        let results = counted.results(subject, self.backend.n_threads)?;
        let walked = Walked::of(counted, results, Some(run));
        Ok(Ended::Finished(Box::new(Walked { baseline: Some(figures), ..walked })))
    }
}
