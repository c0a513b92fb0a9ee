//! Flags to calls; the only place that prints progress or errors, or exits.

mod asked;
mod backend;
mod bench;
mod check;
mod devices;
mod error;
mod exit;
mod explain;
mod fault;
mod gates;
mod kept;
mod ladder;
mod merge;
mod number;
mod output;
mod progress;
mod prove;
mod run;
mod shard;
mod signals;
mod stderr;
mod stopped;
mod verify;
mod watch;

use std::process::ExitCode;

#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) use output::look_at_stdout;

use clap::{Parser, Subcommand};

use error::CliError;
use exit::Exit;

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
