//! `shortfall check`: is this scenario sound?

use std::io::Write;

use clap::Args;
use serde::Serialize;

use shortfall::escape;
use shortfall::market::Liquidity;
use shortfall::market::depth::Feedback;
use shortfall::market::oracle::Feed;
use shortfall::report::{Format, Glance, counted, usd};
use shortfall::scenario::{Overrides, Scenario};

use super::climate::Climate;
use super::history::History;
use super::{CliError, PathArgs, ScenarioArgs, facts, output};

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
    /// What couples the positions of a path.
    couplings: Vec<String>,
    /// The history that paths follow; absent without a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<History>,
    /// The states that the market goes through; absent where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    climate: Option<Climate>,
    /// The book at the opening prices.
    book: Glance,
    notes: &'a [String],
}

pub(super) fn main(args: &CheckArgs) -> Result<(), CliError> {
    let scenario = args.scenario.load(Some(&args.path_args), Overrides::default())?;
    let program = args.scenario.compile(&scenario)?;
    let notes = facts::notes(&scenario, &program);
    let checked = Checked {
        scenario: &scenario.name,
        program_digest: program.digest().to_string(),
        n_assets: scenario.market.assets.len(),
        n_venues: scenario.venues.len(),
        n_positions: scenario.book.positions.len(),
        n_legs: scenario.book.legs.len(),
        n_steps: scenario.run.n_steps,
        n_paths: scenario.run.n_paths,
        couplings: couplings(&scenario),
        history: History::of(&scenario),
        climate: Climate::of(&scenario),
        book: Glance::of(&scenario),
        notes: &notes,
    };
    output::to_stdout(|out| write(&checked, args.scenario.format, out))
}

/// What the positions of a path share: markets, feeds that report late, liquidators, funds.
fn couplings(scenario: &Scenario) -> Vec<String> {
    let assets = &scenario.market.assets;
    let Liquidity { depths, feeds, feedback, .. } = &scenario.market.liquidity;
    let mut couplings = Vec::new();
    if !depths.is_empty() {
        let names: Vec<&str> = depths.iter().map(|it| &*assets[it.asset.idx()].name).collect();
        let when = match feedback {
            Feedback::NextStep => "the prices of the next step".to_owned(),
            Feedback::SameStep { rounds } => {
                format!("prices at once, {} a step at most", counted((*rounds).into(), "round"))
            }
        };
        couplings.push(format!("sales of {} move {when}", names.join(", ")));
    }
    let at_once = Feed { heartbeat_years: None, deviation: None, delay_years: 0.0, stale: vec![] };
    let late = feeds.iter().zip(assets).filter(|(feed, _)| **feed != at_once);
    let late: Vec<&str> = late.map(|(_, asset)| &*asset.name).collect();
    if !late.is_empty() {
        couplings.push(format!("an oracle reports {}", late.join(", ")));
    }
    if let Some(it) = &scenario.liquidators {
        let capital = it.capital_usd.map(|most| format!("{} USD a step", usd(most)));
        let per_step = it.per_step.map(|most| format!("{} a step", counted(most.into(), "event")));
        let bounds: Vec<String> = capital.into_iter().chain(per_step).collect();
        let bounds = if bounds.is_empty() { "any".to_owned() } else { bounds.join(", ") };
        let stays = if it.decline { "decline what loses money" } else { "take whatever is due" };
        couplings.push(format!(
            "liquidators {stays}; gas {} USD a call, most they take: {bounds}",
            usd(it.gas_usd)
        ));
    }
    for venue in &scenario.venues {
        let (initial_usd, _) = venue.rule.liquidation().insurance_fund();
        if initial_usd > 0.0 {
            let fund = usd(initial_usd);
            couplings.push(format!("an insurance fund of {} with {fund} USD", venue.name));
        }
    }
    couplings
}

fn write(checked: &Checked<'_>, format: &Format, out: &mut dyn Write) -> std::io::Result<()> {
    // A sentence is the same in all the others.
    if format.name == "json" {
        return writeln!(out, "{}", escape::json(&serde_json::to_string_pretty(checked)?));
    }
    let sized = |n: usize, noun| counted(n as u64, noun);
    writeln!(
        out,
        "{} is sound: {}, {}, {} with {}, {} of {}",
        escape::name(checked.scenario),
        sized(checked.n_assets, "asset"),
        sized(checked.n_venues, "venue"),
        sized(checked.n_positions, "position"),
        sized(checked.n_legs, "leg"),
        counted(checked.n_paths, "path"),
        counted(checked.n_steps.into(), "step"),
    )?;
    let history = checked.history.as_ref().map(History::told);
    let climate = checked.climate.as_ref().map(Climate::told);
    for line in history.iter().chain(&climate).chain(&checked.couplings) {
        writeln!(out, "  {line}")?;
    }
    checked.book.write(out)?;
    for note in checked.notes {
        writeln!(out, "  note: {}", escape::line(note))?;
    }
    writeln!(out, "program {}", checked.program_digest)
}
