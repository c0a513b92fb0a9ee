//! Flags to calls; the only place that prints progress or errors, or exits.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | a fault of the program |
//! | 2 | a fault in what the user wrote: flags, scenario, tables |
//! | 65 | a run directory or a shard is damaged |
//! | 69 | no device: the backend asked for is not there |
//! | 70 | the same paths gave other outcomes: a machine computes wrongly |
//! | 74 | a file could not be written or read |
//! | 75 | not at the end: stopped in time, unfinished, shards missing, in use; try again |
//! | 130 | interrupted; what was done is kept, if there is an `--out` |

mod backend;
mod check;
mod devices;
mod explain;
mod facts;
mod fault;
mod kept;
mod ladder;
mod machine;
mod merge;
mod number;
mod output;
mod progress;
mod run;
mod shard;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use thiserror::Error;

use shortfall::archive::ArchiveError;
use shortfall::engine::EngineError;
use shortfall::program::{CompileError, Program};
use shortfall::report::{Format, format_named};
use shortfall::scenario::{self, Faults, Overrides, Scenario};

use kept::StoppedBy;
use shard::ShardError;

/// How much bad debt a book of leveraged positions can leave behind, how likely it is, and who
/// pays.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate a scenario: the distribution of its bad debt.
    Run(run::RunArgs),
    /// Join the shards of a run to what one machine would have written.
    Merge(merge::MergeArgs),
    /// Is a run directory true? Check every byte, and walk a sample of its paths again.
    Verify(verify::VerifyArgs),
    /// Check a scenario and its tables; name every fault.
    Check(check::CheckArgs),
    /// The book under an instantaneous fall of every asset that is not stable.
    Ladder(ladder::LadderArgs),
    /// Tell one path again: prices, each liquidation, what was left over.
    Explain(explain::ExplainArgs),
    /// List the GPUs, what --backend auto would take, and whether they compute what they should.
    Devices(devices::DevicesArgs),
}

/// What every command that reads a scenario takes.
#[derive(Debug, Args)]
struct ScenarioArgs {
    /// The scenario, a TOML file
    scenario: PathBuf,
    /// Another book than the scenario's: CSV or CSV.gz of position,venue,kind,asset,amount
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
    /// Prices, thresholds and stability over the scenario's: CSV of
    /// asset,price_usd,liquidation_threshold,is_stable
    #[arg(long, value_name = "FILE")]
    assets: Option<PathBuf>,
    /// How results are written to stdout
    #[arg(long, value_enum, default_value = "text")]
    format: FormatName,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

/// What changes the paths themselves.
#[derive(Debug, Args)]
struct PathArgs {
    /// Steps of a path; the step keeps its length
    #[arg(long, value_name = "N", value_parser = number::count::<u32>(1, 1_000_000),
          allow_negative_numbers = true)]
    steps: Option<u32>,
    /// Key of the generator
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, i64::MAX as u64),
          allow_negative_numbers = true)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Tables for people
    Text,
    /// One JSON value, for programs
    Json,
}

/// Why a command ends early.
#[derive(Debug, Error)]
enum CliError {
    #[error(transparent)]
    Faults(#[from] Faults),
    #[error("{scenario}: {source}")]
    Compile { scenario: String, source: CompileError },
    #[error(
        "{path} is a table, not a scenario: name a TOML file, and the table with --book or --assets"
    )]
    TableAsScenario { path: PathBuf },
    #[error(
        "--compare-feedback: sales move no price in {scenario}, so there is nothing to compare: \
         give an asset a [market.depth], or leave the flag out"
    )]
    NothingToCompare { scenario: String },
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Shard(#[from] ShardError),
    #[error("no random seed can be had, {0}: give --seed")]
    NoEntropy(getrandom::Error),
    #[error("signals cannot be watched, {0}: run without --out, or see to the system's limits")]
    Signals(std::io::Error),
    #[error(
        "stopped by {by}; {n_paths} of {n_all} paths are done and kept: the same command with \
         --resume goes on"
    )]
    Stopped { by: StoppedBy, n_paths: u64, n_all: u64 },
    #[error("stdout cannot be written, {0}: write elsewhere, or make room")]
    Stdout(std::io::Error),
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Faults(_)
            | Self::Compile { .. }
            | Self::TableAsScenario { .. }
            | Self::NothingToCompare { .. }
            | Self::Shard(_) => 2,
            Self::Engine(error) => of_engine(error),
            Self::Archive(error) => of_archive(error),
            Self::Signals(_) | Self::NoEntropy(_) => 1,
            Self::Stopped { by, .. } => by.exit_code(),
            Self::Stdout(_) => 74,
        }
    }
}

/// Exit code of what is not at its end and can be tried again.
const EXIT_AGAIN: u8 = 75;
/// Exit code of what was interrupted, as shells have it.
const EXIT_INTERRUPTED: u8 = 130;

fn of_engine(error: &EngineError) -> u8 {
    if matches!(error, EngineError::Threads { .. }) { 1 } else { 69 }
}

fn of_archive(error: &ArchiveError) -> u8 {
    match error {
        ArchiveError::NotEmpty { .. }
        | ArchiveError::Exists { .. }
        | ArchiveError::NoRun { .. }
        | ArchiveError::Differs { .. }
        | ArchiveError::TwoSplits { .. } => 2,
        ArchiveError::Damaged { .. } => 65,
        ArchiveError::Violation { .. }
        | ArchiveError::WrongBlock { .. }
        | ArchiveError::WrongCounters { .. }
        | ArchiveError::WrongPath { .. } => 70,
        ArchiveError::IsFile { .. } | ArchiveError::Write { .. } | ArchiveError::Read { .. } => 74,
        ArchiveError::Busy { .. }
        | ArchiveError::Unfinished { .. }
        | ArchiveError::MissingShards { .. } => EXIT_AGAIN,
        ArchiveError::Engine(error) => of_engine(error),
    }
}

/// Runs the command line; the process's exit code.
pub(crate) fn main() -> ExitCode {
    let command = Cli::parse().command;
    let result = fault::guarded(|| match command {
        Command::Run(args) => run::main(&args),
        Command::Merge(args) => merge::main(&args),
        Command::Verify(args) => verify::main(&args),
        Command::Check(args) => check::main(&args),
        Command::Ladder(args) => ladder::main(&args),
        Command::Explain(args) => explain::main(&args),
        Command::Devices(args) => devices::main(&args),
    });
    match result {
        None => ExitCode::FAILURE,
        Some(Ok(())) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Some(Err(CliError::Stdout(error))) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Some(Err(error)) => {
            output::to_stderr(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    }
}

impl ScenarioArgs {
    fn load(&self, paths: Option<u64>, path_args: Option<&PathArgs>) -> Result<Scenario, CliError> {
        let extension = self.scenario.extension().unwrap_or_default();
        if ["csv", "gz"].iter().any(|table| extension.eq_ignore_ascii_case(table)) {
            return Err(CliError::TableAsScenario { path: self.scenario.clone() });
        }
        let overrides = Overrides {
            book: self.book.clone(),
            assets: self.assets.clone(),
            paths,
            steps: path_args.and_then(|args| args.steps),
            seed: path_args.and_then(|args| args.seed),
            ..Overrides::default()
        };
        Ok(scenario::load(&self.scenario, &overrides)?)
    }

    fn compile(&self, scenario: &Scenario) -> Result<Program, CliError> {
        Program::compile(scenario).map_err(|source| CliError::Compile {
            scenario: self.scenario.display().to_string(),
            source,
        })
    }

    fn format(&self) -> &'static Format {
        format_of(self.format)
    }
}

fn format_of(name: FormatName) -> &'static Format {
    let name = match name {
        FormatName::Text => "text",
        FormatName::Json => "json",
    };
    format_named(name).unwrap_or(&shortfall::report::FORMATS[0])
}
