//! A path told to people: prices, liquidations in time, what was left over.

use std::io::{self, Write};

use super::rounds::{self, change};
use super::table::Table;
use crate::escape;
use crate::report::explain::{Explanation, ToldState};
use crate::report::format::number::{count, counted, duration, significant, usd};

/// Rows of a table shown; JSON has all.
pub(super) const N_ROWS: usize = 40;

/// States of the market shown; JSON has all.
const N_STATES: usize = 8;

pub(in crate::report::format) fn write(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    escape::through(out, |out| write_story(told, out))
}

fn write_story(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: path {}, seed {}", escape::name(&told.scenario), told.path_idx, told.seed)?;
    writeln!(out)?;
    writeln!(
        out,
        "Bad debt          {} USD: {} realised, {} stranded, {} under water",
        usd(told.bad_debt_usd),
        usd(told.realised_usd),
        usd(told.stranded_usd),
        usd(told.under_water_usd),
    )?;
    writeln!(
        out,
        "Liquidated        {} USD in {} of {}",
        usd(told.liquidated_usd),
        counted(told.n_events.into(), "event"),
        counted(told.n_defaults.into(), "position"),
    )?;
    if let Some(window) = &told.window {
        let dates = match (&window.opens, &window.closes) {
            (Some(opens), Some(closes)) => format!(": {opens} to {closes}"),
            _ => String::new(),
        };
        writeln!(out, "History           from row {} of the table{dates}", window.first_row)?;
    }
    if let Some(climate) = &told.climate {
        write_climate(told, climate, out)?;
    }
    write_prices(told, out)?;
    match &told.rounds {
        None => write_events(told, out)?,
        Some(rounds) => rounds::write(told, rounds, out)?,
    }
    write_left_over(told, out)
}

/// The states of the market in a line.
fn write_climate(told: &Explanation, climate: &[ToldState], out: &mut dyn Write) -> io::Result<()> {
    let shown = climate.iter().take(N_STATES).map(|it| {
        let hours = it.n_steps as f64 * told.step_hours;
        format!("{} for {}", escape::name(&it.state), duration(hours))
    });
    let mut shown: Vec<String> = shown.collect();
    let n_more = climate.len().saturating_sub(N_STATES) as u64;
    shown.extend((n_more > 0).then(|| format!("and {}", counted(n_more, "change"))));
    writeln!(out, "Climate           {}", shown.join(", "))
}

fn write_prices(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nPrices, USD")?;
    let headings = ["asset", "open", "low", "after", "high", "after", "close", "change"];
    let mut table = Table::new(1, &headings);
    let after = |step_idx: usize| told.when(step_idx);
    for price in &told.prices {
        let change = (price.close_usd / price.open_usd - 1.0) * 100.0;
        table.row([
            price.asset.clone(),
            significant(price.open_usd, 6),
            significant(price.low_usd, 6),
            after(price.low_step_idx),
            significant(price.high_usd, 6),
            after(price.high_step_idx),
            significant(price.close_usd, 6),
            format!("{change:+.1} %"),
        ]);
    }
    table.write(out)?;
    write_moved(told, out)
}

/// The prices that sales have moved, as they were on the market.
fn write_moved(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    if told.prices.iter().all(|price| price.moved.is_none()) {
        return Ok(());
    }
    writeln!(out, "\nOn the market, where sales move them, USD")?;
    let headings = ["asset", "low", "after", "close", "change", "furthest from sales", "after"];
    let mut table = Table::new(1, &headings);
    let after = |step_idx: usize| told.when(step_idx);
    for price in &told.prices {
        let Some(moved) = &price.moved else { continue };
        table.row([
            price.asset.clone(),
            significant(moved.low_usd, 6),
            after(moved.low_step_idx),
            significant(moved.close_usd, 6),
            format!("{:+.1} %", (moved.close_usd / price.open_usd - 1.0) * 100.0),
            change(moved.furthest_impact),
            after(moved.furthest_step_idx),
        ]);
    }
    table.write(out)
}

fn write_events(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    if told.events.is_empty() {
        return writeln!(out, "\nNobody is liquidated.");
    }
    writeln!(out, "\nLiquidations, USD at the time")?;
    let headings = [
        "position",
        "venue",
        "step",
        "after",
        "calls",
        "repaid",
        "seized",
        "written off",
        "debt left",
        "collateral left",
    ];
    let mut table = Table::new(2, &headings);
    for event in told.events.iter().take(N_ROWS) {
        table.row([
            event.position.clone(),
            event.venue.clone(),
            event.step_idx.to_string(),
            told.when(event.step_idx),
            event.n_calls.to_string(),
            usd(event.repaid_usd),
            usd(event.seized_usd),
            usd(event.written_off_usd),
            usd(event.debt_left_usd),
            usd(event.collateral_left_usd),
        ]);
    }
    table.write(out)?;
    write_rest(told.events.len(), out)
}

fn write_left_over(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    if told.left_over.is_empty() {
        return writeln!(out, "\nNothing is left over at the horizon.");
    }
    writeln!(out, "\nLeft over at the horizon, USD")?;
    let mut table = Table::new(2, &["position", "venue", "stranded", "under water"]);
    for left in told.left_over.iter().take(N_ROWS) {
        table.row([
            left.position.clone(),
            left.venue.clone(),
            usd(left.stranded_usd),
            usd(left.under_water_usd),
        ]);
    }
    table.write(out)?;
    write_rest(told.left_over.len(), out)
}

/// How many rows were left out.
pub(super) fn write_rest(n_rows: usize, out: &mut dyn Write) -> io::Result<()> {
    match n_rows.checked_sub(N_ROWS) {
        None | Some(0) => Ok(()),
        Some(rest) => {
            writeln!(out, "  ... and {} more (--format json has all)", count(rest as u128))
        }
    }
}
