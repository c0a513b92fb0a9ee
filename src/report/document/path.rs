//! A path told to people: prices, liquidations in time, what was left over.

use super::rounds::{N_ROWS, change, rounds};
use super::{Document, Line, Section, Table, rest};
use crate::escape;
use crate::figures::number::{counted, duration, significant, usd};
use crate::report::explain::{Explanation, ToldState};

/// States of the market shown; JSON has all.
const N_STATES: usize = 8;

pub(in crate::report) fn path(told: &Explanation) -> Document {
    let Explanation { path_idx, seed, .. } = told;
    let headline = format!("{}: path {path_idx}, seed {seed}", escape::name(&told.scenario));
    let mut sections = vec![Section::headline(headline), totals(told), prices(told)];
    sections.extend(moved(told));
    match &told.rounds {
        None => sections.push(events(told)),
        Some(found) => sections.extend(rounds(told, found)),
    }
    sections.push(left_over(told));
    Document { sections }
}

fn totals(told: &Explanation) -> Section {
    let bad_debt = format!(
        "{} USD: {} realised, {} stranded, {} under water",
        usd(told.bad_debt_usd),
        usd(told.realised_usd),
        usd(told.stranded_usd),
        usd(told.under_water_usd),
    );
    let liquidated = format!(
        "{} USD in {} of {}",
        usd(told.liquidated_usd),
        counted(told.n_events.into(), "event"),
        counted(told.n_defaults.into(), "position"),
    );
    let mut lines =
        vec![Line::Labelled("Bad debt", bad_debt), Line::Labelled("Liquidated", liquidated)];
    if let Some(window) = &told.window {
        let dates = match (&window.opens, &window.closes) {
            (Some(opens), Some(closes)) => format!(": {opens} to {closes}"),
            _ => String::new(),
        };
        let rows = format!("from row {} of the table{dates}", window.first_row);
        lines.push(Line::Labelled("History", rows));
    }
    lines.extend(told.climate.as_ref().map(|it| Line::Labelled("Climate", climate(told, it))));
    Section::untitled(lines)
}

/// The states of the market in a line.
fn climate(told: &Explanation, states: &[ToldState]) -> String {
    let shown = states.iter().take(N_STATES).map(|it| {
        let hours = it.n_steps as f64 * told.step_hours;
        format!("{} for {}", escape::name(&it.state), duration(hours))
    });
    let mut shown: Vec<String> = shown.collect();
    let n_more = states.len().saturating_sub(N_STATES) as u64;
    shown.extend((n_more > 0).then(|| format!("and {}", counted(n_more, "change"))));
    shown.join(", ")
}

fn prices(told: &Explanation) -> Section {
    let headings = ["asset", "open", "low", "after", "high", "after", "close", "change"];
    let mut table = Table::new(1, headings);
    for price in &told.prices {
        let change = (price.close_usd / price.open_usd - 1.0) * 100.0;
        let figures = [
            significant(price.open_usd, 6),
            significant(price.low_usd, 6),
            told.when(price.low_step_idx),
            significant(price.high_usd, 6),
            told.when(price.high_step_idx),
            significant(price.close_usd, 6),
            format!("{change:+.1} %"),
        ];
        table.row([price.asset.clone()], figures);
    }
    Section::titled("Prices, USD", table)
}

/// The prices that sales have moved, as they were on the market.
fn moved(told: &Explanation) -> Option<Section> {
    if told.prices.iter().all(|price| price.moved.is_none()) {
        return None;
    }
    let headings = ["asset", "low", "after", "close", "change", "furthest from sales", "after"];
    let mut table = Table::new(1, headings);
    for price in &told.prices {
        let Some(moved) = &price.moved else { continue };
        let figures = [
            significant(moved.low_usd, 6),
            told.when(moved.low_step_idx),
            significant(moved.close_usd, 6),
            format!("{:+.1} %", (moved.close_usd / price.open_usd - 1.0) * 100.0),
            change(moved.furthest_impact),
            told.when(moved.furthest_step_idx),
        ];
        table.row([price.asset.clone()], figures);
    }
    Some(Section::titled("On the market, where sales move them, USD", table))
}

fn events(told: &Explanation) -> Section {
    if told.events.is_empty() {
        return Section::line("No position is liquidated.");
    }
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
    let mut table = Table::new(2, headings);
    for event in told.events.iter().take(N_ROWS) {
        let figures = [
            event.step_idx.to_string(),
            told.when(event.step_idx),
            event.n_calls.to_string(),
            usd(event.repaid_usd),
            usd(event.seized_usd),
            usd(event.written_off_usd),
            usd(event.debt_left_usd),
            usd(event.collateral_left_usd),
        ];
        table.row([event.position.clone(), event.venue.clone()], figures);
    }
    Section::titled("Liquidations, USD at the time", table).noted(rest(told.events.len(), N_ROWS))
}

fn left_over(told: &Explanation) -> Section {
    if told.left_over.is_empty() {
        return Section::line("Nothing is left over at the horizon.");
    }
    let mut table = Table::new(2, ["position", "venue", "stranded", "under water"]);
    for left in told.left_over.iter().take(N_ROWS) {
        let figures = [usd(left.stranded_usd), usd(left.under_water_usd)];
        table.row([left.position.clone(), left.venue.clone()], figures);
    }
    let note = rest(told.left_over.len(), N_ROWS);
    Section::titled("Left over at the horizon, USD", table).noted(note)
}
