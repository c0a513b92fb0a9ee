//! Flags to calls; the only place that prints progress or errors, or exits.

mod backend;
mod baseline;
mod bench;
mod check;
mod climate;
mod devices;
mod exit;
mod explain;
mod facts;
mod fault;
mod gates;
mod history;
mod kept;
mod ladder;
mod machine;
mod merge;
mod number;
mod output;
mod progress;
mod prove;
mod run;
mod shard;
mod signals;
mod subject;
mod until;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) use output::look_at_stdout;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use thiserror::Error;

use shortfall::archive::signature::SignatureError;
use shortfall::archive::{ArchiveError, ProofError};
use shortfall::engine::EngineError;
use shortfall::program::{CompileError, Program};
use shortfall::report::{FORMATS, Format, format_named};
use shortfall::scenario::{self, Faults, Overrides, Scenario};
use shortfall::tail::Digest;

use exit::Exit;
use shard::ShardError;
use signals::StoppedBy;

/// How much bad debt a book of leveraged positions can leave behind, how likely it is, and who
/// pays.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = exit::help())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate a scenario: the distribution of its bad debt.
    Run(Box<run::RunArgs>),
    /// Join the shards of a run to what one machine would have written.
    Merge(merge::MergeArgs),
    /// Is a run directory or a proof true? Check every byte, and walk a sample of its paths again.
    Verify(Box<verify::VerifyArgs>),
    /// Write a proof of a run, for those who do not have its folder.
    Prove(prove::ProveArgs),
    /// Check a scenario and its tables; name every fault.
    Check(check::CheckArgs),
    /// The book under an instantaneous fall of every asset that is not stable.
    Ladder(ladder::LadderArgs),
    /// Tell one path again: prices, each liquidation, what was left over.
    Explain(explain::ExplainArgs),
    /// What each backend of this machine does a second, and the share of its own floor.
    Bench(bench::BenchArgs),
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
    #[command(flatten)]
    reach: ReachArgs,
    /// How results are written to stdout
    #[arg(long, value_parser = formats(), default_value = FORMATS[0].name)]
    format: &'static Format,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

/// Which files a scenario may name.
#[derive(Debug, Clone, Copy, Args)]
struct ReachArgs {
    /// Let the scenario name files outside of its own folder
    #[arg(long)]
    allow_outside: bool,
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

/// How a command writes whose results no other format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// A table for people
    Text,
    /// One JSON value, for programs
    Json,
}

/// A parser of the names in the list of formats.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let known = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(known).try_map(|name| format_named(&name).ok_or(UnknownFormat))
}

/// Not in the list; the list of possible values says so first.
#[derive(Debug, Error)]
#[error("not a format")]
struct UnknownFormat;

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
    #[error("{}: {source}", path.display())]
    Proof { path: PathBuf, source: ProofError },
    #[error(
        "{} is drawn by {}, not by the beacon {here:?}: ask for a proof with that",
        path.display(),
        there.as_ref().map_or("no beacon".to_owned(), |it| format!("the beacon {it:?}"))
    )]
    OtherBeacon { path: PathBuf, there: Option<String>, here: String },
    #[error(
        "{} has {n_drawn} blocks, fewer than --least-blocks {least}: ask for one of `shortfall \
         prove --blocks {least}`",
        path.display()
    )]
    FewBlocks { path: PathBuf, n_drawn: u64, least: u64 },
    #[error("{flag} {}: {source}", path.display())]
    Key { path: PathBuf, flag: &'static str, source: SignatureError },
    #[error("{flag} {} cannot be read, {source}", path.display())]
    ReadKey { path: PathBuf, flag: &'static str, source: std::io::Error },
    #[error(
        "{} is a proof, and proves nothing without its scenario: give --scenario FILE",
        path.display()
    )]
    NoScenario { path: PathBuf },
    #[error(
        "--beacon, --signed-by and --least-blocks are of proofs, and {} is none: name the file \
         that `shortfall prove` wrote",
        path.display()
    )]
    NoProof { path: PathBuf },
    #[error("no random seed can be had, {0}: give --seed")]
    NoEntropy(getrandom::Error),
    #[error("signals cannot be watched, {0}: see to the system's limits")]
    Signals(std::io::Error),
    #[error(
        "stopped by {by}; {n_paths} of {n_all} paths are done and kept: the same command with \
         --resume goes on"
    )]
    Stopped { by: StoppedBy, n_paths: u64, n_all: u64 },
    #[error("{path} cannot be written, {source}: choose another {flag}, or make room")]
    WriteFile { path: PathBuf, flag: &'static str, source: std::io::Error },
    #[error(
        "--junit {path}: there is no gate to report on: give one with --fail-on, as in \
         --fail-on \"es99 > 2.5e6\", or [[gate]] in the scenario"
    )]
    NoGates { path: PathBuf },
    #[error("gate \"{gate}\" is of a figure that {whose} does not have: it takes {lacking}")]
    GateLacks { gate: String, whose: &'static str, lacking: &'static str },
    #[error(
        "--baseline {}: its {what} is {there} and this run's is {here}, so their paths are no \
         pairs: give {flag} {there}, or another baseline",
        folder.display()
    )]
    OtherPaths { folder: PathBuf, what: &'static str, flag: &'static str, there: u64, here: u64 },
    #[error("--baseline {}: {what}", folder.display())]
    OtherBook { folder: PathBuf, what: baseline::Mismatch },
    #[error(
        "{} has outcomes {there}, and its program has {found} here: one of the two machines \
         computes wrongly; `shortfall verify` tells more",
        folder.display()
    )]
    OtherOutcomes { folder: PathBuf, there: Digest, found: Digest },
    #[error(
        "{one} and {other} found different outcomes on the same {n_paths} paths: one of them \
         computes wrongly; `shortfall devices` tests them"
    )]
    Disagree { one: String, other: String, n_paths: u64 },
    #[error("stdout cannot be written, {0}: write elsewhere, or make room")]
    Stdout(std::io::Error),
    #[error("stdout is closed: open it, or send it to a file or the null device")]
    ClosedStdout,
}

impl CliError {
    fn exit(&self) -> Exit {
        match self {
            Self::Faults(_)
            | Self::Compile { .. }
            | Self::TableAsScenario { .. }
            | Self::NothingToCompare { .. }
            | Self::NoGates { .. }
            | Self::GateLacks { .. }
            | Self::OtherPaths { .. }
            | Self::OtherBook { .. }
            | Self::Shard(_) => Exit::Written,
            Self::Engine(error) => of_engine(error),
            Self::Archive(error) => of_archive(error),
            Self::OtherOutcomes { .. } | Self::Disagree { .. } => Exit::Nondeterminism,
            Self::OtherBeacon { .. }
            | Self::FewBlocks { .. }
            | Self::NoScenario { .. }
            | Self::NoProof { .. } => Exit::Written,
            Self::Key { source, .. } => match source {
                SignatureError::SecretKey | SignatureError::PublicKey => Exit::Written,
                SignatureError::Unsigned | SignatureError::Wrong => Exit::Damaged,
            },
            Self::Proof { source, .. } => match source {
                ProofError::Read(_) => Exit::Io,
                ProofError::NoProof => Exit::Written,
                ProofError::TooLarge | ProofError::Damaged(_) | ProofError::False(_) => {
                    Exit::Damaged
                }
                ProofError::Block { .. } => Exit::Nondeterminism,
            },
            Self::Signals(_) | Self::NoEntropy(_) => Exit::Fault,
            Self::Stopped { by, .. } => by.exit(),
            Self::WriteFile { .. }
            | Self::ReadKey { .. }
            | Self::Stdout(_)
            | Self::ClosedStdout => Exit::Io,
        }
    }
}

fn of_engine(error: &EngineError) -> Exit {
    // Threads are refused as memory is.
    if matches!(error, EngineError::Threads { .. }) { Exit::Io } else { Exit::NoDevice }
}

fn of_archive(error: &ArchiveError) -> Exit {
    match error {
        ArchiveError::NotEmpty { .. }
        | ArchiveError::Link { .. }
        | ArchiveError::NoFile { .. }
        | ArchiveError::TooLarge { .. }
        | ArchiveError::Exists { .. }
        | ArchiveError::NoRun { .. }
        | ArchiveError::NoShards { .. }
        | ArchiveError::Differs { .. }
        | ArchiveError::TwoSplits { .. } => Exit::Written,
        ArchiveError::Damaged { .. } => Exit::Damaged,
        ArchiveError::Violation { .. }
        | ArchiveError::WrongBlock { .. }
        | ArchiveError::WrongSection { .. }
        | ArchiveError::WrongPath { .. } => Exit::Nondeterminism,
        ArchiveError::IsFile { .. } | ArchiveError::Write { .. } | ArchiveError::Read { .. } => {
            Exit::Io
        }
        ArchiveError::Busy { .. }
        | ArchiveError::Unfinished { .. }
        | ArchiveError::MissingShards { .. } => Exit::TryAgain,
        ArchiveError::Engine(error) => of_engine(error),
    }
}

/// Runs the command line; the process's exit code.
pub(crate) fn main() -> ExitCode {
    let exit = match fault::guarded(obey) {
        None => Exit::Fault,
        Some(Ok(exit)) => exit,
        Some(Err(error)) => {
            output::to_stderr(&error.to_string());
            error.exit()
        }
    };
    exit.into()
}

fn obey() -> Result<Exit, CliError> {
    signals::watch().map_err(CliError::Signals)?;
    output::check_stdout()?;
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(told) => return output::tell(&told),
    };
    let done = |()| Exit::Done;
    match command {
        Command::Run(args) => run::main(&args),
        Command::Merge(args) => merge::main(&args),
        Command::Verify(args) => verify::main(&args).map(done),
        Command::Prove(args) => prove::main(&args).map(done),
        Command::Check(args) => check::main(&args).map(done),
        Command::Ladder(args) => ladder::main(&args).map(done),
        Command::Explain(args) => explain::main(&args).map(done),
        Command::Bench(args) => bench::main(&args).map(done),
        Command::Devices(args) => devices::main(&args).map(done),
    }
}

impl ScenarioArgs {
    /// Loads the scenario; what the command's own flags override stands in `overrides`.
    fn load(
        &self,
        path_args: Option<&PathArgs>,
        overrides: Overrides,
    ) -> Result<Scenario, CliError> {
        let extension = self.scenario.extension().unwrap_or_default();
        if ["csv", "gz"].iter().any(|table| extension.eq_ignore_ascii_case(table)) {
            return Err(CliError::TableAsScenario { path: self.scenario.clone() });
        }
        let overrides = Overrides {
            book: self.book.clone(),
            assets: self.assets.clone(),
            allow_outside: self.reach.allow_outside,
            steps: path_args.and_then(|args| args.steps),
            seed: path_args.and_then(|args| args.seed),
            ..overrides
        };
        Ok(scenario::load(&self.scenario, &overrides)?)
    }

    fn compile(&self, scenario: &Scenario) -> Result<Program, CliError> {
        compile(&self.scenario, scenario)
    }
}

/// The program of a scenario that was read from a file.
fn compile(path: &Path, scenario: &Scenario) -> Result<Program, CliError> {
    shortfall::engine::compile(scenario)
        .map_err(|source| CliError::Compile { scenario: path.display().to_string(), source })
}
