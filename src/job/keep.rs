//! Walks a job into its folder: begun, or found and gone on with; whole, a shard, or prefix after
//! prefix until a figure is known.

use std::ops::ControlFlow;
use std::path::Path;

use super::ask::Job;
use super::enough::is_reached;
use super::error::JobError;
use super::machine::Machine;
use super::outcome::Ended;
use super::watch::{Begun, InFolder, Watch};
use crate::archive::{
    self, ArchiveError, Counted, Found, LocalDisk, Opened, Place, RunDirectory, RunPlan, Subject,
    grow, read_counted,
};
use crate::engine::prefixes;
use crate::figures::Precision;

/// Walks all paths of the run or of the shard that the folder lacks, and finishes it.
pub(super) fn whole(
    job: &Job,
    place: &Place,
    is_resumed: bool,
    watch: &mut dyn Watch,
) -> Result<Ended, JobError> {
    let (subject, n_threads) = (&job.subject, job.backend.n_threads);
    let mut disk = LocalDisk;
    if is_resumed && place.shard.is_none() {
        lengthen(&place.root, subject, &mut disk)?;
    }
    let mut directory = match RunDirectory::open(place.clone(), subject, &mut disk, is_resumed)? {
        Opened::Open(directory) => directory,
        Opened::Finished => {
            let folder = place.published();
            watch.note(&format!("{} holds this run already, finished", folder.display()));
            if place.shard.is_some() {
                return Ok(Ended::Shard(place.clone()));
            }
            let counted = read_counted(&folder, subject)?;
            let results = counted.results(subject, n_threads)?;
            return job.finished(counted, results, None, watch);
        }
    };
    let found = directory.find()?;
    found.notes.iter().for_each(|note| watch.note(note));
    let n_missing = directory.n_paths() - found.n_paths();
    let compared = subject.compared();
    let mut machine = Machine::open(&job.backend, job.batch, subject, compared.as_ref(), watch)?;
    let counted = match fill(subject, &mut machine, &mut directory, found, watch)? {
        ControlFlow::Continue(counted) => counted,
        ControlFlow::Break(ended) => return Ok(ended),
    };
    let run = machine.run_facts(n_missing, watch);
    if place.shard.is_some() {
        directory.finish(&counted, None, run)?;
        watch.note(&format!("{} is finished", place.published().display()));
        return Ok(Ended::Shard(place.clone()));
    }
    let results = counted.results(subject, n_threads)?;
    directory.finish(&counted, Some(&results), run.clone())?;
    job.finished(counted, results, Some(run), watch)
}

/// A run that is there may have fewer paths, or was stopped while it got more.
fn lengthen(root: &Path, subject: &Subject, disk: &mut LocalDisk) -> Result<(), ArchiveError> {
    match RunPlan::read(root) {
        Ok(Some(there)) if there.n_paths <= subject.plan.n_paths => grow(root, subject, disk),
        // A plan that is damaged is made again.
        Ok(_) | Err(ArchiveError::Damaged { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Walks as many paths as are enough: the folder holds the first prefix, and grows to the next
/// until a prefix is enough. What is left at the end is a run of just so many paths.
pub(super) fn until(
    job: &Job,
    until: &Precision,
    place: &Place,
    is_resumed: bool,
    watch: &mut dyn Watch,
) -> Result<Ended, JobError> {
    let (subject, root) = (&job.subject, &place.root);
    let most = subject.plan.n_paths;
    let compared = subject.compared();
    let mut machine = Machine::open(&job.backend, job.batch, subject, compared.as_ref(), watch)?;
    let there = if is_resumed { RunPlan::read(root)? } else { None };
    let (mut is_there, mut walked_paths) = (there.is_some(), 0);
    // One of more paths than there may be is refused by name.
    let first = there.map_or(0, |there| there.n_paths.min(most));
    for n_paths in prefixes(most).skip_while(|n_paths| *n_paths < first) {
        let prefix = Subject { plan: subject.plan.with_paths(n_paths), ..subject.clone() };
        let mut disk = LocalDisk;
        if is_there {
            grow(root, &prefix, &mut disk)?;
        }
        let opened = RunDirectory::open(place.clone(), &prefix, &mut disk, is_there)?;
        is_there = true;
        let (counted, directory) = match opened {
            Opened::Finished => (read_counted(root, &prefix)?, None),
            Opened::Open(mut directory) => {
                let found = directory.find()?;
                found.notes.iter().for_each(|note| watch.note(note));
                walked_paths += n_paths - found.n_paths();
                match fill(&prefix, &mut machine, &mut directory, found, watch)? {
                    ControlFlow::Continue(counted) => (counted, Some(directory)),
                    ControlFlow::Break(ended) => return Ok(ended),
                }
            }
        };
        if n_paths < most && !is_reached(until, &counted.tally, counted.paired.as_ref(), &prefix) {
            continue;
        }
        let results = counted.results(&prefix, job.backend.n_threads)?;
        let mut run = None;
        if let Some(directory) = directory {
            let facts = machine.run_facts(walked_paths, watch);
            directory.finish(&counted, Some(&results), facts.clone())?;
            run = Some(facts);
        }
        return job.finished(counted, results, run, watch);
    }
    panic!("a run of {most} paths ends with none of its prefixes")
}

/// Walks what a folder lacks until all paths are done, or the watcher asks for the end.
fn fill(
    subject: &Subject,
    machine: &mut Machine<'_>,
    directory: &mut RunDirectory<'_>,
    found: Found,
    watch: &mut dyn Watch,
) -> Result<ControlFlow<Ended, Counted>, JobError> {
    let (n_all, n_found) = (directory.n_paths(), found.n_paths());
    let stopped = |n_paths| Ok(ControlFlow::Break(Ended::Stopped { n_paths, n_all }));
    let begun = Begun { facts: &subject.facts, n_found, n_paths: n_all, is_kept: true };
    if watch.begin(begun).is_break() {
        return stopped(n_found);
    }
    let batch = machine.batch;
    match directory.walk(&mut machine.walkers(), batch, found, &mut InFolder(&mut *watch))? {
        archive::Ended::Finished(counted) => match watch.end(Some(&counted.tally)) {
            ControlFlow::Continue(()) => Ok(ControlFlow::Continue(*counted)),
            ControlFlow::Break(()) => stopped(n_all),
        },
        archive::Ended::Stopped { n_paths } => {
            // It has said so itself.
            let _ = watch.end(None);
            stopped(n_paths)
        }
    }
}
