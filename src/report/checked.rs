//! What a scenario is found to be once it is sound: its sizes, what couples its positions, its book
//! at a glance, what the reader should know.

use std::io::{self, Write};

use serde::Serialize;

use super::climate::Climate;
use super::compiled::notes;
use super::glance::Glance;
use super::history::History;
use crate::escape;
use crate::figures::Unit;
use crate::figures::number::{counted, measured, usd};
use crate::market::Liquidity;
use crate::market::depth::Feedback;
use crate::market::oracle::Feed;
use crate::program::Program;
use crate::scenario::Scenario;

/// What was found sound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Name of the scenario.
    pub scenario: String,
    /// Digest of its program, hexadecimal.
    pub program_digest: String,
    /// Assets.
    pub n_assets: usize,
    /// Venues.
    pub n_venues: usize,
    /// Positions.
    pub n_positions: usize,
    /// Legs of all positions.
    pub n_legs: usize,
    /// Steps of a path.
    pub n_steps: u32,
    /// Paths, at most.
    pub n_paths: u64,
    /// What couples the positions of a path.
    pub couplings: Vec<String>,
    /// The history that paths follow; absent without a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// The states that the market goes through; absent where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub climate: Option<Climate>,
    /// The book at the opening prices.
    pub book: Glance,
    /// What the reader should know.
    pub notes: Vec<String>,
}

impl Checked {
    /// Of a scenario and the program that it was compiled to.
    #[must_use]
    pub fn of(scenario: &Scenario, program: &Program) -> Self {
        Self {
            scenario: scenario.name.clone(),
            program_digest: program.digest().to_string(),
            n_assets: scenario.market.assets.len(),
            n_venues: scenario.venues.len(),
            n_positions: scenario.book.positions.len(),
            n_legs: scenario.book.legs.len(),
            n_steps: scenario.run.n_steps,
            n_paths: scenario.run.n_paths,
            couplings: couplings(scenario),
            history: History::of(scenario),
            climate: Climate::of(scenario),
            book: Glance::of(scenario),
            notes: notes(scenario, program),
        }
    }

    /// Writes it for people.
    ///
    /// # Errors
    ///
    /// If `out` does.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let sized = |n: usize, noun| counted(n as u64, noun);
        writeln!(
            out,
            "{} is sound: {}, {}, {} with {}, {} of {}",
            escape::name(&self.scenario),
            sized(self.n_assets, "asset"),
            sized(self.n_venues, "venue"),
            sized(self.n_positions, "position"),
            sized(self.n_legs, "leg"),
            counted(self.n_paths, "path"),
            counted(self.n_steps.into(), "step"),
        )?;
        let history = self.history.as_ref().map(History::told);
        let climate = self.climate.as_ref().map(Climate::told);
        for line in history.iter().chain(&climate).chain(&self.couplings) {
            writeln!(out, "  {line}")?;
        }
        self.book.write(out)?;
        for note in &self.notes {
            writeln!(out, "  note: {}", escape::line(note))?;
        }
        writeln!(out, "program {}", self.program_digest)
    }
}

/// What the positions of a path share: markets, feeds that report late, liquidators, funds.
fn couplings(scenario: &Scenario) -> Vec<String> {
    let assets = &scenario.market.assets;
    let Liquidity { depths, feeds, own_feeds, feedback, .. } = &scenario.market.liquidity;
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
    let own = own_feeds.iter().map(|(venue, _)| &scenario.venues[venue.idx()].name);
    couplings.extend(own.map(|venue| format!("{venue} reads prices by feeds of its own")));
    if let Some(it) = &scenario.liquidators {
        let capital = it.capital_usd.map(|most| format!("{} USD a step", usd(most)));
        let per_step = it.per_step.map(|most| format!("{} a step", counted(most.into(), "event")));
        let bounds: Vec<String> = capital.into_iter().chain(per_step).collect();
        let bounds = if bounds.is_empty() { "any".to_owned() } else { bounds.join(", ") };
        let stays = match it.decline {
            true if it.margin > 0.0 => {
                format!(
                    "decline what earns less than {} of the debt",
                    measured(it.margin, Unit::Share)
                )
            }
            true => "decline what loses money".to_owned(),
            false => "take whatever is due".to_owned(),
        };
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
