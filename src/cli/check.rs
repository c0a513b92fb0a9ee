//! `shortfall check`: is this scenario sound?

use clap::Args;

use shortfall::escape;
use shortfall::report::Checked;
use shortfall::scenario::Overrides;

use super::asked::{PathArgs, ScenarioArgs};
use super::error::CliError;
use super::output;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    path_args: PathArgs,
}

pub(super) fn main(args: &CheckArgs) -> Result<(), CliError> {
    let scenario = args.scenario.load(Some(&args.path_args), Overrides::default())?;
    let program = args.scenario.compile(&scenario)?;
    let checked = Checked::of(&scenario, &program);
    output::to_stdout(|out| {
        // A sentence is the same in all the other formats.
        if args.scenario.format.name == "json" {
            return writeln!(out, "{}", escape::json(&serde_json::to_string_pretty(&checked)?));
        }
        checked.write(out)
    })
}
