//! `shortfall merge`: the shards of a run, joined to what one machine would have written.

use std::path::PathBuf;

use clap::Args;

use shortfall::archive::merge::{Shards, compare_with_shards};
use shortfall::archive::{LocalDisk, Opened, read_counted};
use shortfall::report::{Answer, FORMATS, Format, Report};

use super::exit::Exit;
use super::{CliError, number, output};

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The --out of the shards
    dir: PathBuf,
    /// Threads that walk the tail again [default: all]
    #[arg(long, value_name = "N", value_parser = number::count::<u16>(1, 4096),
          allow_negative_numbers = true)]
    threads: Option<u16>,
    /// How the results are written to stdout
    #[arg(long, value_parser = super::formats(), default_value = FORMATS[0].name)]
    format: &'static Format,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

pub(super) fn main(args: &MergeArgs) -> Result<Exit, CliError> {
    let shards = Shards::find(&args.dir)?;
    let n_threads = super::backend::n_threads(args.threads);
    let mut disk = LocalDisk;
    let results = match shards.open(&mut disk)? {
        Opened::Finished => {
            compare_with_shards(&args.dir, &shards)?;
            let note = format!("{} holds these shards already, merged", args.dir.display());
            output::print_notes(&[note], args.quiet);
            read_counted(&args.dir, &shards.subject)?.results(&shards.subject, n_threads)?
        }
        Opened::Open(mut directory) => {
            output::print_notes(&directory.notes, args.quiet);
            let counted = directory.take_shards(&shards)?;
            let results = counted.results(&shards.subject, n_threads)?;
            directory.finish(&counted, Some(&results), shards.run_facts()?)?;
            results
        }
    };
    let report = Report::of(&results.summary);
    let told = output::to_stdout(|out| (args.format.write)(&Answer::Report(report), out));
    if let Some(void) = &report.summary.void {
        output::to_stderr(&void.told());
    }
    output::ended(told, Exit::of(report.summary.void.is_some(), None))
}
