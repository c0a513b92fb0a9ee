//! `shortfall ladder`: the book after instantaneous falls.

use clap::Args;

use shortfall::report::Answer;
use shortfall::report::ladder::{DEFAULT_DROPS, ladder};
use shortfall::scenario::Overrides;

use super::asked::ScenarioArgs;
use super::error::CliError;
use super::{number, output};

#[derive(Debug, Args)]
pub(super) struct LadderArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Falls of every asset that is not stable, as fractions: 0.05,0.1,0.2
    #[arg(long, value_delimiter = ',', value_name = "DROPS", value_parser = number::fall,
          allow_negative_numbers = true)]
    drops: Option<Vec<f64>>,
}

pub(super) fn main(args: &LadderArgs) -> Result<(), CliError> {
    let drops = args.drops.as_deref().unwrap_or(&DEFAULT_DROPS);
    let scenario = args.scenario.load(None, Overrides::default())?;
    output::print_notes(&scenario.notes, args.scenario.quiet);
    let rows = ladder(&scenario, drops);
    output::to_stdout(|out| (args.scenario.format.write)(&Answer::Ladder(&rows), out))
}
