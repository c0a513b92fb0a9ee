//! `shortfall check`: is this scenario sound?

use std::io::Write;

use clap::Args;
use serde::Serialize;

use shortfall::report::Format;
use shortfall::scenario::Overrides;

use super::{CliError, PathArgs, ScenarioArgs, output};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    path_args: PathArgs,
}

/// What was found sound.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    scenario: &'a str,
    program_digest: String,
    n_assets: usize,
    n_venues: usize,
    n_positions: usize,
    n_legs: usize,
    n_steps: u32,
    n_paths: u64,
    notes: &'a [String],
}

pub(super) fn main(args: &CheckArgs) -> Result<(), CliError> {
    let scenario = args.scenario.load(Some(&args.path_args), Overrides::default())?;
    let program = args.scenario.compile(&scenario)?;
    let checked = Checked {
        scenario: &scenario.name,
        program_digest: program.digest().to_string(),
        n_assets: scenario.market.assets.len(),
        n_venues: scenario.venues.len(),
        n_positions: scenario.book.positions.len(),
        n_legs: scenario.book.legs.len(),
        n_steps: scenario.run.n_steps,
        n_paths: scenario.run.n_paths,
        notes: &scenario.notes,
    };
    output::to_stdout(|out| write(&checked, args.scenario.format, out))
}

fn write(checked: &Checked<'_>, format: &Format, out: &mut dyn Write) -> std::io::Result<()> {
    // A sentence is the same in all the others.
    if format.name == "json" {
        serde_json::to_writer_pretty(&mut *out, checked)?;
        return writeln!(out);
    }
    writeln!(
        out,
        "{} is sound: {} assets, {} venues, {} positions with {} legs, {} paths of {} steps",
        checked.scenario,
        checked.n_assets,
        checked.n_venues,
        checked.n_positions,
        checked.n_legs,
        checked.n_paths,
        checked.n_steps,
    )?;
    for note in checked.notes {
        writeln!(out, "  {note}")?;
    }
    writeln!(out, "program {}", checked.program_digest)
}
