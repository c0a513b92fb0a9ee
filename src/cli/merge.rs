//! `shortfall merge`: the shards of a run, joined to what one machine would have written.

use std::path::PathBuf;

use clap::Args;

use shortfall::job::merge;
use shortfall::report::{Answer, FORMATS, Format};

use super::asked::formats;
use super::backend::n_threads;
use super::error::CliError;
use super::exit::Exit;
use super::watch::Notes;
use super::{number, output};

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The --out of the shards
    dir: PathBuf,
    /// Threads that walk the tail again [default: all]
    #[arg(long, value_name = "N", value_parser = number::count::<u16>(1, 4096),
          allow_negative_numbers = true)]
    threads: Option<u16>,
    /// How the results are written to stdout
    #[arg(long, value_parser = formats(), default_value = FORMATS[0].name)]
    format: &'static Format,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

pub(super) fn main(args: &MergeArgs) -> Result<Exit, CliError> {
    let mut watch = Notes { quiet: args.quiet };
    let walked = merge(&args.dir, n_threads(args.threads), &mut watch)?;
    let told = output::to_stdout(|out| (args.format.write)(&Answer::Report(walked.report()), out));
    let void = &walked.summary().void;
    if let Some(void) = void {
        output::to_stderr(&void.told());
    }
    output::ended(told, Exit::of(void.is_some(), None))
}
