//! The report of a run: the headline first, then who, where and when, then what to beware of.

use super::aftermath::aftermath;
use super::{Cell, Document, Line, Section, Table, compared, error, interval, opening};
use crate::escape;
use crate::figures::number::{
    at_least_if, count, counted, duration, known, percent, percent_or_none, significant, usd,
    usd_or_none,
};
use crate::figures::{
    BadDebt, PoolFigures, PositionFigures, RunFacts, StepFigures, Summary, Unit, WindowFigures,
};
use crate::report::format::Report;
use crate::report::gates::GateFigures;

/// Rows of the tables of positions and pools.
const N_ROWS: usize = 10;
/// Rows of the table over time.
const N_TIMES: usize = 8;

pub(in crate::report) fn run(report: &Report<'_>) -> Document {
    let summary = report.summary;
    let mut sections = vec![title(summary), headline(report), levels(&summary.bad_debt)];
    sections.extend(gates(report.gates));
    sections.extend(report.baseline.into_iter().flat_map(compared));
    sections.extend(aftermath(summary));
    sections.push(positions(summary));
    sections.extend(pools(summary));
    sections.extend(times(summary));
    sections.extend(warnings(report));
    sections.push(digests(summary));
    sections.extend(report.run.map(speed));
    Document { sections }
}

fn title(summary: &Summary) -> Section {
    Section::headline(format!(
        "{}: {} of {} of {} ({}), {}, seed {}",
        escape::name(&summary.scenario),
        counted(summary.n_paths, "path"),
        counted(summary.n_steps.into(), "step"),
        duration(summary.step_hours),
        duration(summary.step_hours * f64::from(summary.n_steps)),
        counted(summary.n_positions, "position"),
        summary.seed,
    ))
}

fn headline(report: &Report<'_>) -> Section {
    let summary = report.summary;
    let bad_debt = &summary.bad_debt;
    let bounded = |shown: String| at_least_if(bad_debt.at_least, shown);
    let (of_mean, of_probability) = intervals(bad_debt);
    let (mean, error) = (bounded(usd(bad_debt.mean_usd)), error(bad_debt.std_error_usd));
    let probability = format!(
        "{} that a path loses {} USD or more ({of_probability})",
        bounded(percent(bad_debt.probability)),
        usd(bad_debt.materiality_usd),
    );
    let parts = format!(
        "{} realised, {} stranded, {} under water",
        usd(bad_debt.realised_usd),
        usd(bad_debt.stranded_usd),
        usd(bad_debt.under_water_usd),
    );
    let liquidated = format!(
        "{} USD in {} events a path, at most {} in one step",
        usd(summary.liquidated_usd),
        significant(summary.events_per_path, 4),
        count(summary.largest_step_events.into()),
    );
    let mut lines = Vec::new();
    lines.extend(summary.void.as_ref().map(|void| Line::Labelled("Void", void.told())));
    lines.extend([
        Line::Labelled("Mean bad debt", format!("{mean} USD{error} ({of_mean})")),
        Line::Labelled("Probability", probability),
        Line::Labelled("Of the mean", parts),
        Line::Labelled("Worst path", format!("{} USD", bounded(usd(bad_debt.max_usd)))),
        Line::Labelled("Liquidated", liquidated),
    ]);
    lines.extend(opening(&summary.opening));
    lines.extend(report.until.map(|until| Line::Labelled("Stopped", until.told())));
    Section::untitled(lines)
}

/// What the mean and the probability rest on.
fn intervals(bad_debt: &BadDebt) -> (String, String) {
    let is_whole = bad_debt.windows.as_ref().is_some_and(WindowFigures::is_whole);
    if is_whole && !bad_debt.at_least {
        return ("exact: every window walked".to_owned(), "exact".to_owned());
    }
    let (low, high) = (bad_debt.probability_low, bad_debt.probability_high);
    let of_probability = format!("95 %: {} to {}", percent(low), percent(high));
    (interval(bad_debt.low_usd, bad_debt.high_usd), of_probability)
}

fn levels(bad_debt: &BadDebt) -> Section {
    let headings =
        ["level", "value at risk", "95 % from", "to", "expected shortfall", "95 % from", "to"];
    let mut table = Table::new(1, headings);
    let bounded = |shown: String| at_least_if(bad_debt.at_least, shown);
    for (value, shortfall) in bad_debt.value_at_risk.iter().zip(&bad_debt.expected_shortfall) {
        let about = if value.exact { "" } else { "~" };
        let cells = [
            value.level.to_string(),
            bounded(format!("{about}{}", usd(value.value_usd))),
            usd(value.low_usd),
            known(value.high_usd, Unit::Usd),
            bounded(usd(shortfall.value_usd)),
            known(shortfall.low_usd, Unit::Usd),
            known(shortfall.high_usd, Unit::Usd),
        ];
        table.row([], cells);
    }
    Section::titled("The tail, USD", table)
}

/// The gates and what came of them; no section without any.
pub(in crate::report) fn gates(gates: &[GateFigures]) -> Option<Section> {
    if gates.is_empty() {
        return None;
    }
    let mut table = Table::new(2, ["fail on", "verdict", "figure", "95 % from", "to"]);
    for gate in gates {
        let [fail_on, _, figures @ ..] = gate.cells();
        let words = [Cell::Code(fail_on), Cell::Verdict(gate.verdict)];
        table.rows.push(words.into_iter().chain(figures.map(Cell::Figure)).collect());
    }
    Some(Section::titled("Gates", table))
}

fn positions(summary: &Summary) -> Section {
    if summary.positions.is_empty() {
        return Section::line("No position defaults on any path.");
    }
    let headings = [
        "position",
        "venue",
        "defaults",
        "mean loss, USD",
        "exposure at default",
        "loss given default",
        "share of tail",
    ];
    let mut table = Table::new(2, headings);
    let rows: Vec<&PositionFigures> = summary.positions.iter().take(N_ROWS).collect();
    for position in &rows {
        let names = [starred(&position.position, position.is_bare), position.venue.clone()];
        let figures = [
            percent(position.probability_of_default),
            usd(position.mean_loss_usd),
            usd_or_none(position.exposure_at_default_usd),
            percent_or_none(position.loss_given_default),
            percent_or_none(position.expected_shortfall_share),
        ];
        table.row(names, figures);
    }
    let bare = rows.iter().any(|position| position.is_bare).then(|| {
        "(* owes and owns nothing from the opening on: no call can liquidate it)".to_owned()
    });
    let tail = summary.tail.map(|tail| {
        let n_paths = counted(tail.n_paths, "path");
        format!("(the tail: the worst {n_paths}, beyond level {})", tail.level)
    });
    Section::titled("Who loses and defaults most", table).noted(bare).noted(tail)
}

/// A name, with a star behind it if its row has a note.
fn starred(name: &str, is_starred: bool) -> String {
    // So that the star is not cut off with what is long.
    let name = escape::cut(name, escape::NAME_CHARS - 2);
    format!("{name}{}", if is_starred { " *" } else { "" })
}

fn pools(summary: &Summary) -> Option<Section> {
    let mut pools: Vec<&PoolFigures> =
        summary.pools.iter().filter(|pool| pool.mean_bad_debt_usd > 0.0).collect();
    if pools.is_empty() {
        return None;
    }
    // A stable sort, so that equal pools stay in the order of the scenario.
    pools.sort_by(|a, b| b.mean_bad_debt_usd.total_cmp(&a.mean_bad_debt_usd));
    let mut table = Table::new(2, ["venue", "debt asset", "mean bad debt, USD", "share of tail"]);
    for pool in pools.into_iter().take(N_ROWS) {
        let figures = [usd(pool.mean_bad_debt_usd), percent_or_none(pool.expected_shortfall_share)];
        table.row([pool.venue.clone(), pool.debt_asset.clone()], figures);
    }
    Some(Section::titled("Which pools lose", table))
}

fn times(summary: &Summary) -> Option<Section> {
    let steps = &summary.steps;
    if steps.is_empty() {
        return None;
    }
    let headings = ["until", "events", "liquidated, USD", "bad debt, USD", "bad debt so far, USD"];
    let mut table = Table::new(0, headings);
    let mut start = 0;
    for part in 1..=N_TIMES {
        let end = (part * steps.len()).div_ceil(N_TIMES);
        let Some(last) = steps[start..end].last() else {
            continue;
        };
        let sum = |of: fn(&StepFigures) -> f64| steps[start..end].iter().map(of).sum::<f64>();
        let cells = [
            duration(summary.step_hours * end as f64),
            significant(sum(|step| step.n_events_per_path), 3),
            usd(sum(|step| step.mean_liquidated_usd)),
            usd(sum(|step| step.mean_bad_debt_usd)),
            usd(last.cumulative_bad_debt_usd),
        ];
        table.row([], cells);
        start = end;
    }
    Some(Section::titled("How it accumulates, mean path", table))
}

fn warnings(report: &Report<'_>) -> Option<Section> {
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
        return None;
    }
    let told = |warning: &String| {
        Line::Plain(escape::line(&escape::cut(warning, escape::NOTE_CHARS)).into_owned())
    };
    Some(Section::titled("To know", warnings.iter().map(told).collect::<Vec<_>>()))
}

fn digests(summary: &Summary) -> Section {
    let mut lines = vec![
        Line::Plain(format!("program  {}", escape::name(&summary.program_digest))),
        Line::Plain(format!("outcomes {}", summary.outcome_digest)),
        Line::Plain(format!("tally    {}", summary.tally_digest)),
    ];
    lines.extend(summary.run_digest.map(|it| Line::Plain(format!("run      {it}"))));
    Section::untitled(lines)
}

fn speed(run: &RunFacts) -> Section {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "n/a".to_owned(), |r| significant(r, 3));
    let adapter = run.adapter.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let lanes = match &*run.lanes {
        "" => String::new(),
        lanes => format!(" with {lanes} lanes"),
    };
    Section::line(format!(
        "{} s on {}{adapter}, {}{lanes}: {} paths a second, {} checks a CPU second",
        significant(run.wall_seconds, 3),
        run.backend,
        counted(run.threads as u64, "thread"),
        rate(run.paths_per_second),
        rate(run.checks_per_cpu_second),
    ))
}
