//! `shortfall run`: the distribution of the bad debt.

use clap::Args;

use shortfall::archive::{Counted, Ended, LocalDisk, Opened, RunDirectory, Subject};
use shortfall::archive::{Found, read_counted};
use shortfall::engine::{self, Stretch};
use shortfall::report::gates::{judge, worst};
use shortfall::report::verdict::closing;
use shortfall::report::{Answer, Report, RunFacts, Summary, UntilFigures};
use shortfall::scenario::{Overrides, Scenario};

use super::backend::BackendArgs;
use super::baseline::{Baseline, BaselineArgs};
use super::exit::Exit;
use super::gates::{Compared, GateArgs, GateFiles};
use super::history::History;
use super::kept::KeptArgs;
use super::machine::{Begun, Machine};
use super::progress::{ProgressArgs, Watch};
use super::signals::StoppedBy;
use super::until::UntilArgs;
use super::{CliError, PathArgs, ScenarioArgs, number, output, until};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) scenario: ScenarioArgs,
    /// Paths to simulate
    #[arg(long, value_name = "N", conflicts_with = "max_paths",
          value_parser = number::count::<u64>(1, 1 << 40), allow_negative_numbers = true)]
    paths: Option<u64>,
    #[command(flatten)]
    until: UntilArgs,
    #[command(flatten)]
    path_args: PathArgs,
    #[command(flatten)]
    pub(super) backend: BackendArgs,
    /// Paths of a batch; changes no figure
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, 1 << 24),
          allow_negative_numbers = true)]
    pub(super) batch: Option<u64>,
    /// Walk every path in infinitely deep markets too, and tell what feedback adds
    #[arg(long)]
    compare_feedback: bool,
    #[command(flatten)]
    baseline: BaselineArgs,
    #[command(flatten)]
    gates: GateArgs,
    #[command(flatten)]
    pub(super) kept: KeptArgs,
    #[command(flatten)]
    progress: ProgressArgs,
}

/// What is to be run, and what is asked of it.
struct Asked {
    scenario: Scenario,
    subject: Subject,
    baseline: Option<Baseline>,
    files: GateFiles,
}

pub(super) fn main(args: &RunArgs) -> Result<Exit, CliError> {
    let begun = Begun::now();
    let asked = asked(args)?;
    let subject = &asked.subject;
    if let Some(until) = asked.scenario.run.until.as_ref().filter(|_| args.kept.is_kept()) {
        let (summary, run) = until::keep(args, subject, until, begun)?;
        return report(args, &asked, &summary, run.as_ref());
    }
    let mut disk = LocalDisk;
    let Some((place, opened)) = args.kept.open(subject, &mut disk)? else {
        return match &asked.baseline {
            Some(baseline) if !subject.plan.compares_feedback => {
                walk_both(args, &asked, baseline, begun)
            }
            _ => walk(args, &asked, begun),
        };
    };
    let directory = match opened {
        Opened::Open(directory) => directory,
        Opened::Finished => {
            let folder = place.published();
            note(args, format!("{} holds this run already, finished", folder.display()));
            if place.shard.is_some() {
                return Ok(Exit::Done);
            }
            let counted = read_counted(&folder, subject)?;
            let results = counted.results(subject, args.backend.n_threads())?;
            return report(args, &asked, &results.summary, None);
        }
    };
    keep(args, &asked, begun, directory)
}

/// Reads the scenario and all that it is held against; nothing is walked before it is sound.
fn asked(args: &RunArgs) -> Result<Asked, CliError> {
    let overrides = Overrides {
        paths: args.paths.or(args.until.max_paths),
        gates: args.gates.fail_on.clone(),
        until: args.until.until.clone(),
        ..Overrides::default()
    };
    let scenario = args.scenario.load(Some(&args.path_args), overrides)?;
    if let Some(history) = History::of(&scenario) {
        note(args, history.told());
    }
    let subject = subject(args, &scenario)?;
    let baseline = args.baseline.read(&subject)?;
    let compared = Compared {
        feedback: subject.plan.compares_feedback,
        baseline: baseline.as_ref().map(Baseline::facts),
    };
    let files = args.gates.open(&scenario.gates, &subject.facts, compared)?;
    Ok(Asked { scenario, subject, baseline, files })
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
    Ok(super::subject::subject(scenario, program, scenario.run.n_paths, compares))
}

/// Walks all paths, or as many as are enough, in memory.
fn walk(args: &RunArgs, asked: &Asked, begun: Begun) -> Result<Exit, CliError> {
    let Asked { scenario, subject, .. } = asked;
    let (n_paths, quiet) = (subject.plan.n_paths, args.scenario.quiet);
    let compared = subject.compared();
    let mut machine = Machine::open(&args.backend, args.batch, subject, compared.as_ref(), quiet)?;
    let mut watch = watch(args, subject)?;
    let part = match &scenario.run.until {
        None => {
            let mut part = subject.part(0);
            let stretch = Stretch { to: n_paths, expected: n_paths, batch: machine.batch };
            engine::walk(&mut machine.walkers(), &mut part, stretch, &mut watch)?;
            part
        }
        Some(until) => until::walk(&mut machine, subject, until, &mut watch)?,
    };
    watch.finish(&part.tally);
    let run = machine.run_facts(begun, part.paths.end, quiet);
    let results = Counted::at_once(part).results(subject, args.backend.n_threads())?;
    report(args, asked, &results.summary, Some(&run))
}

/// Walks the paths that a run directory lacks, and finishes it.
fn keep(
    args: &RunArgs,
    asked: &Asked,
    begun: Begun,
    mut directory: RunDirectory<'_>,
) -> Result<Exit, CliError> {
    let (subject, quiet) = (&asked.subject, args.scenario.quiet);
    let found = directory.find()?;
    output::print_notes(&found.notes, quiet);
    let (n_all, n_found) = (directory.n_paths(), found.n_paths());
    let compared = subject.compared();
    let mut machine = Machine::open(&args.backend, args.batch, subject, compared.as_ref(), quiet)?;
    let counted = walk_kept(args, subject, &mut machine, begun, &mut directory, found)?;
    let run = machine.run_facts(begun, n_all - n_found, quiet);
    if directory.place().shard.is_some() {
        let folder = directory.place().published();
        directory.finish(&counted, None, run)?;
        note(args, format!("{} is finished", folder.display()));
        return Ok(Exit::Done);
    }
    let results = counted.results(subject, args.backend.n_threads())?;
    directory.finish(&counted, Some(&results), run.clone())?;
    report(args, asked, &results.summary, Some(&run))
}

/// Walks until all paths are done, or something asks for the end.
pub(super) fn walk_kept(
    args: &RunArgs,
    subject: &Subject,
    machine: &mut Machine<'_>,
    begun: Begun,
    directory: &mut RunDirectory<'_>,
    found: Found,
) -> Result<Counted, CliError> {
    let n_all = directory.n_paths();
    let mut watch = args.progress.watch((found.n_paths(), n_all), &subject.facts, quiet(args))?;
    let mut keeper = args.kept.keeper(begun.wall, &mut watch);
    let batch = machine.batch;
    let ended = directory.walk(&mut machine.walkers(), batch, found, &mut keeper);
    machine.saving += keeper.saving;
    match (ended?, keeper.release()) {
        (Ended::Finished(_), Some(by @ (StoppedBy::Interrupt | StoppedBy::Termination))) => {
            watch.clear();
            Err(CliError::Stopped { by, n_paths: n_all, n_all })
        }
        (Ended::Finished(counted), _) => {
            watch.finish(&counted.tally);
            Ok(*counted)
        }
        (Ended::Stopped { n_paths }, Some(by)) => {
            watch.clear();
            Err(CliError::Stopped { by, n_paths, n_all })
        }
        (Ended::Stopped { n_paths }, None) => panic!("stopped at {n_paths}, and no rule said so"),
    }
}

/// Walks all paths under the baseline's program too, in memory.
fn walk_both(
    args: &RunArgs,
    asked: &Asked,
    baseline: &Baseline,
    begun: Begun,
) -> Result<Exit, CliError> {
    let (subject, quiet) = (&asked.subject, args.scenario.quiet);
    let other = Some(baseline.program());
    let mut machine = Machine::open(&args.backend, args.batch, subject, other, quiet)?;
    let watch = watch(args, subject)?;
    let (tally, figures) = baseline.walk(&mut machine, subject, watch)?;
    let run = machine.run_facts(begun, subject.plan.n_paths, quiet);
    let counted = Counted { tally, ..Counted::none(subject) };
    let results = counted.results(subject, args.backend.n_threads())?;
    write(
        args,
        asked,
        Report { run: Some(&run), baseline: Some(&figures), ..Report::of(&results.summary) },
    )
}

/// Writes the figures of a run. Where there is a baseline, all paths are walked once more beside
/// it: what a run directory keeps are sums, and pairs need both.
fn report(
    args: &RunArgs,
    asked: &Asked,
    summary: &Summary,
    run: Option<&RunFacts>,
) -> Result<Exit, CliError> {
    let (subject, quiet) = (&asked.subject, args.scenario.quiet);
    let Some(baseline) = &asked.baseline else {
        return write(args, asked, Report { run, ..Report::of(summary) });
    };
    let other = Some(baseline.program());
    let mut machine = Machine::open(&args.backend, args.batch, subject, other, quiet)?;
    let (tally, figures) = baseline.walk(&mut machine, subject, watch(args, subject)?)?;
    let (there, found) = (summary.outcome_digest, tally.outcome_digest());
    if there != found {
        let folder = args.kept.folder();
        return Err(CliError::OtherOutcomes { folder, there, found });
    }
    write(args, asked, Report { run, baseline: Some(&figures), ..Report::of(summary) })
}

/// Holds the figures against all that was asked, writes them, and says how the command ends.
fn write(args: &RunArgs, asked: &Asked, report: Report<'_>) -> Result<Exit, CliError> {
    let Asked { scenario, files, .. } = asked;
    let gates = judge(&scenario.gates, report.summary, report.baseline);
    let until = scenario.run.until.as_ref().map(|until| UntilFigures::of(until, report.summary));
    let whole = Report { until: until.as_ref(), gates: &gates, ..report };
    files.write(&whole)?;
    let told = output::to_stdout(|out| (args.scenario.format.write)(&Answer::Report(whole), out));
    if let Some(void) = &report.summary.void {
        output::to_stderr(&void.told());
    }
    if let Some(closing) = closing(&gates).filter(|_| !quiet(args)) {
        output::to_stderr(&closing);
    }
    output::ended(told, Exit::of(report.summary.void.is_some(), worst(&gates)))
}

/// Watches all paths of a run.
fn watch(args: &RunArgs, subject: &Subject) -> Result<Watch, CliError> {
    args.progress.watch((0, subject.plan.n_paths), &subject.facts, quiet(args))
}

fn quiet(args: &RunArgs) -> bool {
    args.scenario.quiet
}

fn note(args: &RunArgs, note: String) {
    output::print_notes(&[note], args.scenario.quiet);
}
