//! `shortfall run`: the distribution of the bad debt.

use clap::Args;

use shortfall::archive::{Counted, Ended, Input, LocalDisk, Opened, RunDirectory, Subject};
use shortfall::archive::{Found, read_counted};
use shortfall::engine::{self, Part, Stretch};
use shortfall::report::{Report, RunFacts, Summary};
use shortfall::scenario::Scenario;
use shortfall::tail::Digest;

use super::backend::BackendArgs;
use super::kept::KeptArgs;
use super::machine::{Begun, Machine};
use super::progress::Bar;
use super::{CliError, PathArgs, ScenarioArgs, facts, number, output};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Paths to simulate
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, 1 << 40),
          allow_negative_numbers = true)]
    paths: Option<u64>,
    #[command(flatten)]
    path_args: PathArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Paths of a batch; changes no figure
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, 1 << 24),
          allow_negative_numbers = true)]
    batch: Option<u64>,
    /// Walk every path in infinitely deep markets too, and tell what feedback adds
    #[arg(long)]
    compare_feedback: bool,
    #[command(flatten)]
    kept: KeptArgs,
}

pub(super) fn main(args: &RunArgs) -> Result<(), CliError> {
    let begun = Begun::now();
    let scenario = args.scenario.load(args.paths, Some(&args.path_args))?;
    let subject = subject(args, &scenario)?;
    let mut disk = LocalDisk;
    let Some((place, opened)) = args.kept.open(&subject, &mut disk)? else {
        let (counted, run) = walk(args, &subject, begun)?;
        return report(args, &subject, &counted, Some(&run));
    };
    let directory = match opened {
        Opened::Open(directory) => directory,
        Opened::Finished => {
            let folder = place.published();
            note(args, format!("{} holds this run already, finished", folder.display()));
            if place.shard.is_some() {
                return Ok(());
            }
            return report(args, &subject, &read_counted(&folder, &subject)?, None);
        }
    };
    keep(args, &subject, begun, directory)
}

/// The scenario's program, and what is to be known of it.
fn subject(args: &RunArgs, scenario: &Scenario) -> Result<Subject, CliError> {
    let program = args.scenario.compile(scenario)?;
    let has_depth = !scenario.market.liquidity.depths.is_empty();
    if args.compare_feedback && !has_depth {
        let scenario = args.scenario.scenario.display().to_string();
        return Err(CliError::NothingToCompare { scenario });
    }
    // Where the file asks for it in vain, a note has said so.
    let compares = has_depth && (args.compare_feedback || scenario.run.compare_feedback);
    let inputs = scenario
        .inputs
        .iter()
        .map(|input| Input { name: input.name.clone(), blake3: Digest(*input.blake3.as_bytes()) });
    let facts = facts::facts(scenario, &program);
    Ok(Subject::new(program, facts, scenario.run.n_paths, compares, inputs.collect()))
}

/// Walks all paths, in memory.
fn walk(args: &RunArgs, subject: &Subject, begun: Begun) -> Result<(Counted, RunFacts), CliError> {
    let (n_paths, quiet) = (subject.plan.n_paths, args.scenario.quiet);
    let compared = subject.compared();
    let mut machine = Machine::open(&args.backend, args.batch, subject, compared.as_ref(), quiet)?;
    let mut bar = Bar::new(n_paths, quiet);
    let mut part = subject.part(0);
    let stretch = Stretch { to: n_paths, expected: n_paths, batch: machine.batch };
    engine::walk(&mut machine.walkers(), &mut part, stretch, &mut bar)?;
    bar.finish();
    let Part { tally, paired, .. } = part;
    Ok((Counted { tally, paired }, machine.run_facts(begun, n_paths, quiet)))
}

/// Walks the paths that a run directory lacks, and finishes it.
fn keep(
    args: &RunArgs,
    subject: &Subject,
    begun: Begun,
    mut directory: RunDirectory<'_>,
) -> Result<(), CliError> {
    let quiet = args.scenario.quiet;
    let found = directory.find()?;
    output::print_notes(&found.notes, quiet);
    let (n_all, n_found) = (directory.n_paths(), found.n_paths());
    let compared = subject.compared();
    let mut machine = Machine::open(&args.backend, args.batch, subject, compared.as_ref(), quiet)?;
    let counted = walk_kept(args, &mut machine, begun, &mut directory, found)?;
    let run = machine.run_facts(begun, n_all - n_found, quiet);
    if directory.place().shard.is_some() {
        let folder = directory.place().published();
        directory.finish(&counted, None, run)?;
        note(args, format!("{} is finished", folder.display()));
        return Ok(());
    }
    let results = counted.results(subject, args.backend.n_threads())?;
    directory.finish(&counted, Some(&results), run.clone())?;
    write(args, &results.summary, Some(&run))
}

/// Walks until all paths are done, or something asks for the end.
fn walk_kept(
    args: &RunArgs,
    machine: &mut Machine<'_>,
    begun: Begun,
    directory: &mut RunDirectory<'_>,
    found: Found,
) -> Result<Counted, CliError> {
    let n_all = directory.n_paths();
    let mut bar = Bar::new(n_all, args.scenario.quiet);
    let mut keeper = args.kept.keeper(begun.wall, &mut bar)?;
    let batch = machine.batch;
    let ended = directory.walk(&mut machine.walkers(), batch, found, &mut keeper)?;
    let stopped_by = keeper.stopped_by;
    machine.saving += keeper.saving;
    bar.finish();
    match (ended, stopped_by) {
        (Ended::Finished(counted), _) => Ok(*counted),
        (Ended::Stopped { n_paths }, Some(by)) => Err(CliError::Stopped { by, n_paths, n_all }),
        (Ended::Stopped { n_paths }, None) => panic!("stopped at {n_paths}, and nobody said so"),
    }
}

fn report(
    args: &RunArgs,
    subject: &Subject,
    counted: &Counted,
    run: Option<&RunFacts>,
) -> Result<(), CliError> {
    write(args, &counted.results(subject, args.backend.n_threads())?.summary, run)
}

fn write(args: &RunArgs, summary: &Summary, run: Option<&RunFacts>) -> Result<(), CliError> {
    output::to_stdout(|out| (args.scenario.format().write)(&Report { summary, run }, out))
}

fn note(args: &RunArgs, note: String) {
    output::print_notes(&[note], args.scenario.quiet);
}
