//! Flags to calls; the only place that prints progress or errors, or exits.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | a fault of the program |
//! | 2 | a fault in what the user wrote: flags, scenario, tables |
//! | 69 | no device: the backend asked for is not there |
//! | 74 | a file could not be written |

mod backend;
mod check;
mod devices;
mod explain;
mod facts;
mod fault;
mod ladder;
mod number;
mod output;
mod progress;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use thiserror::Error;

use shortfall::engine::EngineError;
use shortfall::program::{CompileError, Program};
use shortfall::report::{Format, format_named};
use shortfall::scenario::{self, Faults, Overrides, Scenario};

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
    #[error("{path} is a file: name a folder with --out")]
    OutIsFile { path: PathBuf },
    #[error("{path} cannot be written, {source}: choose another --out, or make room")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("stdout cannot be written, {0}: write elsewhere, or make room")]
    Stdout(std::io::Error),
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Faults(_)
            | Self::Compile { .. }
            | Self::TableAsScenario { .. }
            | Self::NothingToCompare { .. } => 2,
            Self::Engine(EngineError::Threads { .. }) => 1,
            Self::Engine(_) => 69,
            Self::OutIsFile { .. } | Self::Write { .. } | Self::Stdout(_) => 74,
        }
    }
}

/// Runs the command line; the process's exit code.
pub(crate) fn main() -> ExitCode {
    let command = Cli::parse().command;
    let result = fault::guarded(|| match command {
        Command::Run(args) => run::main(&args),
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
        let name = match self.format {
            FormatName::Text => "text",
            FormatName::Json => "json",
        };
        format_named(name).unwrap_or(&shortfall::report::FORMATS[0])
    }
}
