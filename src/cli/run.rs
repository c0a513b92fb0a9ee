//! `shortfall run`: the distribution of the bad debt.

use std::path::PathBuf;

use clap::Args;

use shortfall::job::{Baseline, Ended, Job, JobError, Walked};
use shortfall::report::History;
use shortfall::report::gates::closing;
use shortfall::report::gates::{judge, worst};
use shortfall::report::{Answer, Report};
use shortfall::scenario::{Overrides, Scenario};

use super::asked::{PathArgs, ScenarioArgs};
use super::backend::BackendArgs;
use super::error::CliError;
use super::exit::Exit;
use super::gates::{Compared, GateArgs, GateFiles};
use super::kept::KeptArgs;
use super::progress::ProgressArgs;
use super::watch::Watch;
use super::{number, output};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Paths to simulate
    #[arg(long, value_name = "N", conflicts_with = "max_paths",
          value_parser = number::count::<u64>(1, 1 << 40), allow_negative_numbers = true)]
    paths: Option<u64>,
    #[command(flatten)]
    until: UntilArgs,
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
    /// Compare with the run in a folder, path by path: walks its program too, and tells the
    /// difference of every figure
    #[arg(long, value_name = "DIR", conflicts_with_all = ["until", "shard"])]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    gates: GateArgs,
    #[command(flatten)]
    kept: KeptArgs,
    #[command(flatten)]
    progress: ProgressArgs,
}

#[derive(Debug, Args)]
struct UntilArgs {
    /// Stop once a figure is known so well, as in "es99 rel 1%" or "mean abs 1e5": asked at 1, 2,
    /// 4, 8 ... blocks of 4,096 paths
    #[arg(long, value_name = "PRECISION", conflicts_with = "shard")]
    until: Option<String>,
    /// Paths to simulate at most, with --until
    #[arg(long, value_name = "N", requires = "until",
          value_parser = number::count::<u64>(1, 1 << 40), allow_negative_numbers = true)]
    max_paths: Option<u64>,
}

/// What is to be run, and what is asked of it.
struct Asked {
    scenario: Scenario,
    job: Job,
    files: GateFiles,
}

pub(super) fn main(args: &RunArgs) -> Result<Exit, CliError> {
    let mut watch = Watch::new(&args.progress, &args.kept, args.scenario.quiet);
    let asked = asked(args)?;
    match asked.job.walk(&mut watch)? {
        Ended::Finished(walked) => write(args, &asked, &walked),
        Ended::Shard(_) => Ok(Exit::Done),
        Ended::Stopped { n_paths, n_all } => Err(watch.stopped(n_paths, n_all)),
    }
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
        output::print_note(&history.told(), args.scenario.quiet);
    }
    let mut job = args.scenario.job(&scenario)?;
    if args.compare_feedback {
        job.compare_feedback().map_err(|error| nothing_to_compare(args, error))?;
    }
    if let Some(folder) = &args.baseline {
        job.baseline = Some(Baseline::read(folder, &job.subject)?);
    }
    let compared = Compared {
        feedback: job.subject.plan.compares_feedback,
        baseline: job.baseline.as_ref().map(Baseline::facts),
    };
    let files = args.gates.open(&scenario.gates, &job.subject.facts, compared)?;
    let (backend, batch, store) = (args.backend.choice(), args.batch, args.kept.store()?);
    Ok(Asked { scenario, job: Job { backend, batch, store, ..job }, files })
}

/// The flag's own words, with the file's name.
fn nothing_to_compare(args: &RunArgs, error: JobError) -> CliError {
    match error {
        JobError::NothingToCompare { .. } => {
            let scenario = args.scenario.scenario.display().to_string();
            CliError::NothingToCompare { scenario }
        }
        other => other.into(),
    }
}

/// Holds the figures against all that was asked, writes them, and says how the command ends.
fn write(args: &RunArgs, asked: &Asked, walked: &Walked) -> Result<Exit, CliError> {
    let Asked { scenario, files, .. } = asked;
    let summary = walked.summary();
    let gates = judge(&scenario.gates, summary, walked.baseline.as_ref());
    let whole = Report { gates: &gates, ..walked.report() };
    files.write(&whole)?;
    let told = output::to_stdout(|out| (args.scenario.format.write)(&Answer::Report(whole), out));
    if let Some(void) = &summary.void {
        output::to_stderr(&void.told());
    }
    if let Some(closing) = closing(&gates).filter(|_| !args.scenario.quiet) {
        output::to_stderr(&closing);
    }
    output::ended(told, Exit::of(summary.void.is_some(), worst(&gates)))
}
