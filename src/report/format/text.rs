//! Tables for people: the headline first, then who, where and when, then what to beware of.

mod aftermath;
mod bench;
mod compared;
mod rounds;
mod table;
mod told;

use std::io::{self, Write};

use super::{LADDER_HEADINGS, Report, ladder_cells};
use crate::escape;
use crate::figures::number::{
    at_least_if, count, counted, duration, percent, percent_or_none, significant,
};
use crate::figures::number::{known, usd, usd_or_none};
use crate::figures::{BadDebt, PoolFigures, RunFacts, StepFigures, Summary, Unit, WindowFigures};
use crate::report::gates::GateFigures;
use crate::report::ladder::LadderRow;
use table::Table;

pub(super) use bench::{write_bench, write_growth};
pub(super) use told::write as write_explanation;

/// Rows of the tables of positions and pools.
const N_ROWS: usize = 10;
/// Rows of the table over time.
const N_TIMES: usize = 8;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    escape::through(out, |out| write_report(report, out))
}

fn write_report(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    write_headline(summary, out)?;
    if let Some(until) = report.until {
        writeln!(out, "Stopped           {}", until.told())?;
    }
    write_levels(&summary.bad_debt, out)?;
    write_gates(report.gates, out)?;
    compared::write(report.baseline, out)?;
    aftermath::write(summary, out)?;
    write_positions(summary, out)?;
    write_pools(summary, out)?;
    write_times(summary, out)?;
    write_warnings(report, out)?;
    writeln!(out)?;
    writeln!(out, "program  {}", escape::name(&summary.program_digest))?;
    writeln!(out, "outcomes {}", summary.outcome_digest)?;
    writeln!(out, "tally    {}", summary.tally_digest)?;
    if let Some(run_digest) = summary.run_digest {
        writeln!(out, "run      {run_digest}")?;
    }
    report.run.map_or(Ok(()), |run| write_speed(run, out))
}

pub(super) fn write_ladder(rows: &[LadderRow], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(0, &LADDER_HEADINGS);
    for row in rows {
        table.row(ladder_cells(row));
    }
    table.write(out)
}

fn write_headline(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let bad_debt = &summary.bad_debt;
    writeln!(
        out,
        "{}: {} of {} of {} ({}), {}, seed {}",
        escape::name(&summary.scenario),
        counted(summary.n_paths, "path"),
        counted(summary.n_steps.into(), "step"),
        duration(summary.step_hours),
        duration(summary.step_hours * f64::from(summary.n_steps)),
        counted(summary.n_positions, "position"),
        summary.seed,
    )?;
    writeln!(out)?;
    if let Some(void) = &summary.void {
        writeln!(out, "Void              {}", void.told())?;
    }
    let bounded = |shown: String| at_least_if(bad_debt.at_least, shown);
    let is_whole = bad_debt.windows.as_ref().is_some_and(WindowFigures::is_whole);
    let (of_mean, of_probability) = if is_whole && !bad_debt.at_least {
        ("exact: every window walked".to_owned(), "exact".to_owned())
    } else {
        let (low, high) = (bad_debt.probability_low, bad_debt.probability_high);
        let of_probability = format!("95 %: {} to {}", percent(low), percent(high));
        (interval(bad_debt.low_usd, bad_debt.high_usd), of_probability)
    };
    let (mean, error) = (bounded(usd(bad_debt.mean_usd)), error(bad_debt.std_error_usd));
    writeln!(out, "Mean bad debt     {mean} USD{error} ({of_mean})")?;
    writeln!(
        out,
        "Probability       {} that a path loses {} USD or more ({of_probability})",
        bounded(percent(bad_debt.probability)),
        usd(bad_debt.materiality_usd),
    )?;
    writeln!(
        out,
        "Of the mean       {} realised, {} stranded, {} under water",
        usd(bad_debt.realised_usd),
        usd(bad_debt.stranded_usd),
        usd(bad_debt.under_water_usd),
    )?;
    writeln!(out, "Worst path        {} USD", bounded(usd(bad_debt.max_usd)))?;
    writeln!(
        out,
        "Liquidated        {} USD in {} events a path, at most {} in one step",
        usd(summary.liquidated_usd),
        significant(summary.events_per_path, 4),
        count(summary.largest_step_events.into()),
    )?;
    write_opening(summary, out)
}

/// The standard error behind a mean, USD; nothing where there is none.
fn error(std_error: Option<f64>) -> String {
    std_error.map_or_else(String::new, |error| format!(" ± {} s.e.", usd(error)))
}

/// The 95 % interval of a mean, USD.
fn interval(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("95 %: {} to {}", usd(low), usd(high)),
        (Some(low), None) => format!("95 %: {} or more", usd(low)),
        _ => "95 %: not known".to_owned(),
    }
}

fn write_opening(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let told = summary.opening.told();
    let names = std::iter::once("At the opening").chain(std::iter::repeat(""));
    names.zip(&told).try_for_each(|(name, told)| writeln!(out, "{name:<18}{told}"))
}

fn write_levels(bad_debt: &BadDebt, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nThe tail, USD")?;
    let mut table = Table::new(
        1,
        &["level", "value at risk", "95 % from", "to", "expected shortfall", "95 % from", "to"],
    );
    let bounded = |shown: String| at_least_if(bad_debt.at_least, shown);
    for (value, shortfall) in bad_debt.value_at_risk.iter().zip(&bad_debt.expected_shortfall) {
        let about = if value.exact { "" } else { "~" };
        table.row([
            value.level.to_string(),
            bounded(format!("{about}{}", usd(value.value_usd))),
            usd(value.low_usd),
            known(value.high_usd, Unit::Usd),
            bounded(usd(shortfall.value_usd)),
            known(shortfall.low_usd, Unit::Usd),
            known(shortfall.high_usd, Unit::Usd),
        ]);
    }
    table.write(out)
}

fn write_gates(gates: &[GateFigures], out: &mut dyn Write) -> io::Result<()> {
    if gates.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nGates")?;
    let mut table = Table::new(2, &["fail on", "verdict", "figure", "95 % from", "to"]);
    for gate in gates {
        table.row(gate.cells());
    }
    table.write(out)
}

fn write_positions(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    if summary.positions.is_empty() {
        return writeln!(out, "\nNo position defaults on any path.");
    }
    writeln!(out, "\nWho loses and defaults most")?;
    let mut table = Table::new(
        2,
        &[
            "position",
            "venue",
            "defaults",
            "mean loss, USD",
            "exposure at default",
            "loss given default",
            "share of tail",
        ],
    );
    let rows = summary.positions.iter().take(N_ROWS);
    for position in rows.clone() {
        table.row([
            starred(&position.position, position.is_bare),
            position.venue.clone(),
            percent(position.probability_of_default),
            usd(position.mean_loss_usd),
            usd_or_none(position.exposure_at_default_usd),
            percent_or_none(position.loss_given_default),
            percent_or_none(position.expected_shortfall_share),
        ]);
    }
    table.write(out)?;
    if rows.into_iter().any(|position| position.is_bare) {
        writeln!(out, "  (* owes and owns nothing from the opening on: no call can liquidate it)")?;
    }
    summary.tail.map_or(Ok(()), |tail| {
        let n_paths = counted(tail.n_paths, "path");
        writeln!(out, "  (the tail: the worst {n_paths}, beyond level {})", tail.level)
    })
}

/// A name, with a star behind it if its row has a note.
fn starred(name: &str, is_starred: bool) -> String {
    // So that the star is not cut off with what is long.
    let name = escape::cut(name, escape::NAME_CHARS - 2);
    format!("{name}{}", if is_starred { " *" } else { "" })
}

fn write_pools(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let mut pools: Vec<&PoolFigures> =
        summary.pools.iter().filter(|pool| pool.mean_bad_debt_usd > 0.0).collect();
    if pools.is_empty() {
        return Ok(());
    }
    // A stable sort, so that equal pools stay in the order of the scenario.
    pools.sort_by(|a, b| b.mean_bad_debt_usd.total_cmp(&a.mean_bad_debt_usd));
    writeln!(out, "\nWhich pools lose")?;
    let mut table = Table::new(2, &["venue", "debt asset", "mean bad debt, USD", "share of tail"]);
    for pool in pools.into_iter().take(N_ROWS) {
        table.row([
            pool.venue.clone(),
            pool.debt_asset.clone(),
            usd(pool.mean_bad_debt_usd),
            percent_or_none(pool.expected_shortfall_share),
        ]);
    }
    table.write(out)
}

fn write_times(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let steps = &summary.steps;
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nHow it accumulates, mean path")?;
    let mut table = Table::new(
        0,
        &["until", "events", "liquidated, USD", "bad debt, USD", "bad debt so far, USD"],
    );
    let mut start = 0;
    for part in 1..=N_TIMES {
        let end = (part * steps.len()).div_ceil(N_TIMES);
        let Some(last) = steps[start..end].last() else {
            continue;
        };
        let sum = |of: fn(&StepFigures) -> f64| steps[start..end].iter().map(of).sum::<f64>();
        table.row([
            duration(summary.step_hours * end as f64),
            significant(sum(|step| step.n_events_per_path), 3),
            usd(sum(|step| step.mean_liquidated_usd)),
            usd(sum(|step| step.mean_bad_debt_usd)),
            usd(last.cumulative_bad_debt_usd),
        ]);
        start = end;
    }
    table.write(out)
}

fn write_warnings(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    let mut warnings: Vec<String> = Vec::new();
    if summary.small_mark_paths > 0 {
        let n_paths = counted(summary.small_mark_paths, "path");
        warnings.push(format!("{n_paths} had a price below 1/4096 of its opening value"));
    }
    if summary.bad_debt.value_at_risk.iter().any(|value| !value.exact) {
        warnings.push("figures with ~ are known to 1 part in 4096, not exactly".to_owned());
    }
    warnings.extend(summary.notes.iter().cloned());
    warnings.extend(report.run.into_iter().flat_map(|run| run.fallbacks.iter().cloned()));
    if warnings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nTo know")?;
    warnings.iter().try_for_each(|warning| {
        writeln!(out, "  {}", escape::line(&escape::cut(warning, escape::NOTE_CHARS)))
    })
}

fn write_speed(run: &RunFacts, out: &mut dyn Write) -> io::Result<()> {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "n/a".to_owned(), |r| significant(r, 3));
    let adapter = run.adapter.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let lanes = match &*run.lanes {
        "" => String::new(),
        lanes => format!(" with {lanes} lanes"),
    };
    writeln!(
        out,
        "\n{} s on {}{adapter}, {}{lanes}: {} paths a second, {} checks a CPU second",
        significant(run.wall_seconds, 3),
        run.backend,
        counted(run.threads as u64, "thread"),
        rate(run.paths_per_second),
        rate(run.checks_per_cpu_second),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::tail::{Outcome, Shape, Tally};

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_report_is_golden() {
        let summary = fixture::summary();
        let run = fixture::run_facts();
        let report = Report { run: Some(&run), ..Report::of(&summary) };
        insta::assert_snapshot!(written(|out| super::write(&report, out)));
    }

    #[test]
    fn the_report_of_coupled_paths_is_golden() {
        let summary = fixture::coupled_summary();
        let report = Report::of(&summary);
        insta::assert_snapshot!(written(|out| super::write(&report, out)));
    }

    #[test]
    fn void_paths_are_told_first_and_make_figures_lower_bounds() {
        let told = written(|out| super::write(&Report::of(&fixture::void_summary()), out));
        let head: Vec<&str> = told.lines().take(19).collect();
        insta::assert_snapshot!(head.join("\n"));
    }

    #[test]
    fn what_was_not_compared_is_said_to_be_so() {
        let told = |summary: &Summary| written(|out| super::write(&Report::of(summary), out));
        let remedy = "what feedback adds is not measured: give --compare-feedback";
        assert_eq!(told(&fixture::uncompared_summary()).matches(remedy).count(), 1);
        for summary in [fixture::coupled_summary(), fixture::summary()] {
            assert!(!told(&summary).contains("--compare-feedback"));
        }
    }

    #[test]
    fn a_single_path_without_loss_is_golden() {
        let mut tally =
            Tally::new(1, Shape { n_positions: 0, n_steps: 0, n_pools: 2, n_funds: None });
        tally.absorb_block(0, &[Outcome::default()]);
        let summary = Summary::of(&tally, &fixture::facts(), None);
        let report = Report::of(&summary);
        insta::assert_snapshot!(written(|out| super::write(&report, out)));
    }

    #[test]
    fn the_ladder_is_golden() {
        let row = |drop: f64| LadderRow {
            drop,
            n_liquidatable: (drop * 10_000.0) as u64,
            debt_liquidatable_usd: drop * 1e7,
            collateral_liquidatable_usd: drop * 1.1e7,
            n_underwater: 3,
            shortfall_usd: drop * 1234.5,
            total_debt_usd: 123_456_789.123,
        };
        let rows = [row(0.05), row(0.5)];
        insta::assert_snapshot!(written(|out| super::write_ladder(&rows, out)));
    }
}
