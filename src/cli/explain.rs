//! `shortfall explain`: one path, walked again and told.

use clap::Args;

use shortfall::job::{explain, first_of_window};
use shortfall::report::{Answer, counted};
use shortfall::scenario::Overrides;

use super::asked::{PathArgs, ScenarioArgs};
use super::error::CliError;
use super::{number, output};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    path_args: PathArgs,
    /// Index of the path, from 0; `run --out` lists the worst in worst_paths.csv
    #[arg(long, value_name = "I", value_parser = number::count::<u64>(0, (1 << 40) - 1),
          allow_negative_numbers = true)]
    path: u64,
}

pub(super) fn main(args: &ExplainArgs) -> Result<(), CliError> {
    let scenario = args.scenario.load(Some(&args.path_args), Overrides::default())?;
    let program = args.scenario.compile(&scenario)?;
    output::print_notes(&scenario.notes, args.scenario.quiet);
    if let Some(first) = first_of_window(&program, args.path).filter(|_| !args.scenario.quiet) {
        output::to_stderr(&format!(
            "note: path {} follows the window of path {first} again: the table has {}",
            args.path,
            counted(u64::from(program.market.replay.n_windows), "window"),
        ));
    }
    let told = explain(&scenario, &program, args.path);
    output::to_stdout(|out| (args.scenario.format.write)(&Answer::Path(&told), out))
}
