//! Why a command ends early, and with which exit code.

use std::path::PathBuf;

use thiserror::Error;

use shortfall::archive::signature::SignatureError;
use shortfall::archive::{ArchiveError, ProofError};
use shortfall::engine::EngineError;
use shortfall::job::JobError;
use shortfall::program::CompileError;
use shortfall::scenario::Faults;

use super::exit::Exit;
use super::shard::ShardError;
use super::stopped::StoppedBy;

/// Why a command ends early.
#[derive(Debug, Error)]
pub(super) enum CliError {
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
    Job(#[from] JobError),
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
    /// What the process ends with.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Faults(_)
            | Self::Compile { .. }
            | Self::TableAsScenario { .. }
            | Self::NothingToCompare { .. }
            | Self::NoGates { .. }
            | Self::GateLacks { .. }
            | Self::Shard(_) => Exit::Written,
            Self::Engine(error) => of_engine(error),
            Self::Archive(error) => of_archive(error),
            Self::Job(error) => of_job(error),
            Self::Disagree { .. } => Exit::Nondeterminism,
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

fn of_job(error: &JobError) -> Exit {
    match error {
        JobError::Engine(error) => of_engine(error),
        JobError::Archive(error) => of_archive(error),
        JobError::NothingToCompare { .. }
        | JobError::NotTogether { .. }
        | JobError::OtherPaths { .. }
        | JobError::OtherBook { .. } => Exit::Written,
        JobError::OtherOutcomes { .. } => Exit::Nondeterminism,
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
