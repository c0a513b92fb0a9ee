//! `--until`: walks until a figure is known well enough, in memory or into a run directory.

use clap::Args;

use shortfall::archive::{LocalDisk, Opened, Place, RunDirectory, RunPlan, Subject};
use shortfall::archive::{grow, read_counted};
use shortfall::engine::{Part, Progress, prefixes, walk_until};
use shortfall::report::{RunFacts, Summary, UntilFigures};
use shortfall::scenario::Precision;
use shortfall::tail::{Paired, Tally};

use super::machine::{Begun, Machine};
use super::run::{RunArgs, walk_kept};
use super::{CliError, number, output};

#[derive(Debug, Args)]
pub(super) struct UntilArgs {
    /// Stop once a figure is known so well, as in "es99 rel 1%" or "mean abs 1e5": asked at 1, 2,
    /// 4, 8 ... blocks of 4,096 paths
    #[arg(long, value_name = "PRECISION", conflicts_with = "shard")]
    pub(super) until: Option<String>,
    /// Paths to simulate at most, with --until
    #[arg(long, value_name = "N", requires = "until",
          value_parser = number::count::<u64>(1, 1 << 40), allow_negative_numbers = true)]
    pub(super) max_paths: Option<u64>,
}

/// Walks as many paths as are enough, in memory.
pub(super) fn walk(
    machine: &mut Machine<'_>,
    subject: &Subject,
    until: &Precision,
    watch: &mut dyn Progress,
) -> Result<Part, CliError> {
    let mut part = subject.part(0);
    let paths = (subject.plan.n_paths, machine.batch);
    let mut is_enough = |part: &Part| is_reached(until, &part.tally, part.paired.as_ref(), subject);
    walk_until(&mut machine.walkers(), &mut part, paths, watch, &mut is_enough)?;
    Ok(part)
}

/// Walks as many paths as are enough, into a run directory: that of the first prefix, which grows
/// to the next until a prefix is enough. What is left at the end is a run of just so many paths.
pub(super) fn keep(
    args: &RunArgs,
    subject: &Subject,
    until: &Precision,
    begun: Begun,
) -> Result<(Summary, Option<RunFacts>), CliError> {
    let (root, most, quiet) = (args.kept.folder(), subject.plan.n_paths, args.scenario.quiet);
    let compared = subject.compared();
    let mut machine = Machine::open(&args.backend, args.batch, subject, compared.as_ref(), quiet)?;
    let there = if args.kept.is_resumed() { RunPlan::read(&root)? } else { None };
    let (mut is_there, mut walked_paths) = (there.is_some(), 0);
    // One of more paths than there may be is refused by name.
    let first = there.map_or(0, |there| there.n_paths.min(most));
    for n_paths in prefixes(most).skip_while(|n_paths| *n_paths < first) {
        let prefix = Subject { plan: subject.plan.with_paths(n_paths), ..subject.clone() };
        let mut disk = LocalDisk;
        if is_there {
            grow(&root, &prefix, &mut disk)?;
        }
        let place = Place { root: root.clone(), shard: None };
        let opened = RunDirectory::open(place, &prefix, &mut disk, is_there)?;
        is_there = true;
        let (counted, directory) = match opened {
            Opened::Finished => (read_counted(&root, &prefix)?, None),
            Opened::Open(mut directory) => {
                let found = directory.find()?;
                output::print_notes(&found.notes, quiet);
                walked_paths += n_paths - found.n_paths();
                let counted = walk_kept(args, &prefix, &mut machine, begun, &mut directory, found)?;
                (counted, Some(directory))
            }
        };
        if n_paths < most && !is_reached(until, &counted.tally, counted.paired.as_ref(), &prefix) {
            continue;
        }
        let results = counted.results(&prefix, args.backend.n_threads())?;
        let run = match directory {
            None => None,
            Some(directory) => {
                let run = machine.run_facts(begun, walked_paths, quiet);
                directory.finish(&counted, Some(&results), run.clone())?;
                Some(run)
            }
        };
        return Ok((results.summary, run));
    }
    panic!("a run of {most} paths ends with none of its prefixes")
}

/// Whether paths that have been counted are enough.
fn is_reached(
    until: &Precision,
    tally: &Tally,
    paired: Option<&Paired>,
    subject: &Subject,
) -> bool {
    let mut summary = Summary::of(tally, &subject.facts, None);
    if let Some(paired) = paired {
        summary = summary.with_feedback(paired, &subject.facts);
    }
    UntilFigures::of(until, &summary).is_reached
}
