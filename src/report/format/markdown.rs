//! Markdown for a pull request: verdicts first, then the headline; what is long stands as text.

use std::io::{self, Write};

use super::{LADDER_HEADINGS, Report, ladder_cells, text};
use crate::escape;
use crate::figures::Summary;
use crate::figures::Unit;
use crate::figures::number::{at_least_if, counted, duration, known, measured, usd};
use crate::report::baseline::{BaselineFigures, DIFFERENCE_HEADINGS};
use crate::report::bench::{BENCH_HEADINGS, BENCH_NOTES, Bench, Growth};
use crate::report::explain::Explanation;
use crate::report::gates::{GateFigures, Verdict};
use crate::report::ladder::LadderRow;
use crate::report::moved::{MOVED_HEADINGS, Moved};
use crate::report::verdict::closing;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    writeln!(out, "## {}: bad debt\n", named(&summary.scenario))?;
    if let Some(void) = &summary.void {
        writeln!(out, "**{}.**\n", escape::markdown(&void.told()))?;
    }
    write_gates(report.gates, out)?;
    write_figures(summary, out)?;
    write_opening(summary, out)?;
    write_baseline(report.baseline, out)?;
    if let Some(until) = report.until {
        writeln!(out, "\nStopped {}.", escape::markdown(&until.told()))?;
    }
    writeln!(
        out,
        "\n{} of {} ({}), {}, seed {}. Outcomes `{}` of program {}: the same on every machine.",
        counted(summary.n_paths, "path"),
        counted(summary.n_steps.into(), "step"),
        duration(summary.step_hours * f64::from(summary.n_steps)),
        counted(summary.n_positions, "position"),
        summary.seed,
        summary.outcome_digest,
        code_in_cell(&summary.program_digest),
    )?;
    writeln!(out, "\n<details><summary>The whole report</summary>\n")?;
    write_fenced(out, |out| text::write(report, out))?;
    writeln!(out, "\n</details>")
}

pub(super) fn write_ladder(rows: &[LadderRow], out: &mut dyn Write) -> io::Result<()> {
    write_headings(&LADDER_HEADINGS, 0, out)?;
    rows.iter().try_for_each(|row| write_row(&ladder_cells(row), out))
}

pub(super) fn write_bench(bench: &Bench, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", escape::markdown(&bench.headline()))?;
    write_headings(&BENCH_HEADINGS, 1, out)?;
    bench.backends.iter().try_for_each(|it| write_named_row(&it.cells(), out))?;
    writeln!(out, "\n{}\n", bench.compared())?;
    BENCH_NOTES.iter().try_for_each(|note| writeln!(out, "{note}"))
}

pub(super) fn write_growth(growth: &[Growth], out: &mut dyn Write) -> io::Result<()> {
    for (idx, it) in growth.iter().enumerate() {
        let gap = if idx == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{}\n", escape::markdown(&it.headline()))?;
        write_headings(&it.headings(), 0, out)?;
        it.points.iter().try_for_each(|point| write_row(&point.cells(), out))?;
    }
    Ok(())
}

pub(super) fn write_explanation(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    write_fenced(out, |out| text::write_explanation(told, out))
}

fn write_gates(gates: &[GateFigures], out: &mut dyn Write) -> io::Result<()> {
    if gates.is_empty() {
        return Ok(());
    }
    write_headings(&["fail on", "verdict", "figure", "95 % from", "to"], 2, out)?;
    for gate in gates {
        let sign = match gate.verdict {
            Verdict::Passed => "✅",
            Verdict::Inconclusive => "❔",
            Verdict::Breached => "❌",
        };
        let [fail_on, verdict, value, low, high] = gate.cells();
        write_row(&[code_in_cell(&fail_on), format!("{sign} {verdict}"), value, low, high], out)?;
    }
    let closing = closing(gates).unwrap_or_default();
    writeln!(out, "\n{}.\n", escape::markdown(&closing))
}

/// The mean, the probability and the tail, with their intervals.
fn write_figures(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let bad_debt = &summary.bad_debt;
    write_headings(&["figure", "value", "95 % from", "to"], 1, out)?;
    let bounded = |shown| at_least_if(bad_debt.at_least, shown);
    let mut row = |name: String, unit, value, low, high| {
        let value = bounded(measured(value, unit));
        write_row(&[name, value, known(low, unit), known(high, unit)], out)
    };
    let mean = "mean bad debt, USD".to_owned();
    row(mean, Unit::Usd, bad_debt.mean_usd, bad_debt.low_usd, bad_debt.high_usd)?;
    let probability = format!("probability of {} USD or more", usd(bad_debt.materiality_usd));
    let (low, high) = (Some(bad_debt.probability_low), Some(bad_debt.probability_high));
    row(probability, Unit::Share, bad_debt.probability, low, high)?;
    for found in &bad_debt.value_at_risk {
        let name = format!("value at risk {}, USD", found.level);
        row(name, Unit::Usd, found.value_usd, Some(found.low_usd), found.high_usd)?;
    }
    for found in &bad_debt.expected_shortfall {
        let name = format!("expected shortfall {}, USD", found.level);
        row(name, Unit::Usd, found.value_usd, found.low_usd, found.high_usd)?;
    }
    let worst = bounded(usd(bad_debt.max_usd));
    write_row(&["worst path, USD".to_owned(), worst, String::new(), String::new()], out)
}

fn write_opening(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let told = summary.opening.told();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nAt the opening {}.", escape::markdown(&told.join("; ")))
}

fn write_baseline(baseline: Option<&BaselineFigures>, out: &mut dyn Write) -> io::Result<()> {
    let Some(baseline) = baseline else { return Ok(()) };
    writeln!(out, "\nThe same paths under the baseline, {}:\n", named(&baseline.scenario))?;
    write_headings(&DIFFERENCE_HEADINGS, 1, out)?;
    baseline.differences.iter().try_for_each(|it| write_named_row(&it.cells(), out))?;
    write_moved(baseline, out)
}

/// Whose mean bad debt moved.
fn write_moved(baseline: &BaselineFigures, out: &mut dyn Write) -> io::Result<()> {
    let named = |names: [&String; 2], moved: &Moved| {
        let names = names.into_iter().map(|name| named(name));
        names.chain(moved.cells()).collect::<Vec<_>>()
    };
    let pools = baseline.pools.iter().filter(|pool| pool.is_told());
    let pools: Vec<_> = pools.map(|it| named([&it.venue, &it.debt_asset], &it.moved)).collect();
    let positions = baseline.positions.iter();
    let positions: Vec<_> =
        positions.map(|it| named([&it.venue, &it.position], &it.moved)).collect();
    for (what, rows) in [("debt asset", pools), ("position", positions)] {
        if rows.is_empty() {
            continue;
        }
        writeln!(out)?;
        write_headings(&[&["venue", what][..], &MOVED_HEADINGS].concat(), 2, out)?;
        rows.iter().try_for_each(|row| write_row(row, out))?;
    }
    Ok(())
}

/// The first `n_left` columns are words and stand to the left.
fn write_headings(headings: &[&str], n_left: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", headings.join(" | "))?;
    let rules = (0..headings.len()).map(|column| if column < n_left { ":--" } else { "--:" });
    writeln!(out, "| {} |", rules.collect::<Vec<_>>().join(" | "))
}

/// A row of cells that hold figures, or names that have no meaning any more.
fn write_row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

/// A row whose first cell is a name, and whose others are figures.
fn write_named_row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    let cells = cells.iter().enumerate();
    let cells: Vec<String> =
        cells.map(|(idx, it)| if idx == 0 { named(it) } else { it.clone() }).collect();
    write_row(&cells, out)
}

/// Text as it is, between fences longer than any run of backticks in it.
fn write_fenced(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(out, "{fence}text\n{}{fence}", text)
}

/// A name without a meaning in Markdown or HTML, cut if it is long.
fn named(name: &str) -> String {
    escape::markdown(&escape::cut(name, escape::NAME_CHARS))
}

/// What was written, as code in a cell, which a bar would end even there.
///
/// A bar after a backslash is no code: some readers of tables count the backslashes before a bar,
/// others look at the last alone, and only an odd number of them means the same to both.
fn code_in_cell(text: &str) -> String {
    if text.contains("\\|") {
        return named(text);
    }
    escape::code(&escape::cut(text, escape::NAME_CHARS)).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{bench, fixture};

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_report_is_golden() {
        let (summary, gates, until) = (fixture::summary(), fixture::gates(), fixture::until());
        let baseline = fixture::baseline();
        let report = Report {
            gates: &gates,
            until: Some(&until),
            baseline: Some(&baseline),
            ..Report::of(&summary)
        };
        insta::assert_snapshot!(written(|out| super::write(&report, out)));
    }

    #[test]
    fn benchmarks_are_golden() {
        let written_bench = written(|out| write_bench(&bench::fixture::bench(), out));
        insta::assert_snapshot!(
            written_bench + &written(|out| write_growth(&bench::fixture::growth(), out))
        );
    }

    #[test]
    fn void_paths_are_told_first_and_make_figures_lower_bounds() {
        let told = written(|out| super::write(&Report::of(&fixture::void_summary()), out));
        let fold = told.find("<details>").unwrap();
        insta::assert_snapshot!(told[..fold]);
    }

    #[test]
    fn a_bar_ends_no_cell_be_it_in_a_name_or_in_code() {
        assert_eq!(code_in_cell("fund.a|b.emptied > 1"), "`fund.a\\|b.emptied > 1`");
        assert_eq!(code_in_cell("a\\|b"), "a\\\\\\|b");
        let cells = ["a|b\n<i>", "1"].map(str::to_owned);
        let row = written(|out| write_named_row(&cells, out));
        assert_eq!(row, "| a\\|b\\\\n\\<i\\> | 1 |\n");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_what_it_holds() {
        let fenced = written(|out| write_fenced(out, |out| writeln!(out, "a ```` b")));
        assert_eq!(fenced, "`````text\na ```` b\n`````\n");
        let told = written(|out| write_explanation(&fixture::explanation(), out));
        assert!(
            told.starts_with("```text\nmade-up: path 7") && told.ends_with("\n```\n"),
            "{told}"
        );
    }
}
