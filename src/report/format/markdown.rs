//! Markdown for a pull request: verdicts first, then the headline; what is long stands as text.

use std::io::{self, Write};

use super::{Answer, Report, text};
use crate::escape;
use crate::figures::number::{at_least_if, counted, duration, known, measured, usd};
use crate::figures::{Summary, Unit};
use crate::report::document::{
    Body, Cell, Document, Line, Section, Table, compared, gates, opening, run,
};
use crate::report::gates::GateFigures;
use crate::report::gates::closing;
use crate::report::verdict::Verdict;

pub(super) fn write(answer: &Answer<'_>, out: &mut dyn Write) -> io::Result<()> {
    match answer {
        Answer::Report(report) => write_report(report, out),
        // A story, of tables too wide for a page.
        Answer::Path(_) => out.write_all(fenced(&answer.document()).as_bytes()),
        _ => out.write_all(rendered(&answer.document()).as_bytes()),
    }
}

fn write_report(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    writeln!(out, "## {}: bad debt\n", named(&summary.scenario))?;
    out.write_all(rendered(&summarised(report)).as_bytes())?;
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
    out.write_all(fenced(&run(report)).as_bytes())?;
    writeln!(out, "\n</details>")
}

/// What a reviewer asks first.
fn summarised(report: &Report<'_>) -> Document {
    let summary = report.summary;
    let void = summary.void.as_ref().map(|void| Line::Strong(format!("{}.", void.told())));
    let mut sections: Vec<Section> =
        void.into_iter().map(|void| Section::untitled(vec![void])).collect();
    sections.extend(gates(report.gates).map(|section| verdicts(section, report.gates)));
    sections.push(figures(summary));
    sections.push(Section::untitled(opening(&summary.opening)));
    if let Some(baseline) = report.baseline {
        let title =
            format!("The same paths under the baseline, {}:", escape::name(&baseline.scenario));
        let titles = std::iter::once(Some(title)).chain(std::iter::repeat(None));
        let compared = compared(baseline).into_iter().zip(titles);
        sections.extend(compared.map(|(section, title)| section.retitled(title)));
    }
    let stopped = report.until.map(|until| Line::Labelled("Stopped", until.told()));
    sections.push(Section::untitled(Vec::from_iter(stopped)));
    Document { sections }
}

/// The table of the gates, and in a sentence what it comes to.
fn verdicts(section: Section, gates: &[GateFigures]) -> Section {
    let closing = closing(gates).map(|closing| format!("{closing}."));
    section.retitled(None).noted(closing)
}

/// The mean, the probability and the tail, with their intervals.
fn figures(summary: &Summary) -> Section {
    let bad_debt = &summary.bad_debt;
    let mut table = Table::new(1, ["figure", "value", "95 % from", "to"]);
    let bounded = |shown| at_least_if(bad_debt.at_least, shown);
    let mut row = |name: String, unit, value, [low, high]: [Option<f64>; 2]| {
        let value = bounded(measured(value, unit));
        table.row([], [name, value, known(low, unit), known(high, unit)]);
    };
    let mean = "mean bad debt, USD".to_owned();
    row(mean, Unit::Usd, bad_debt.mean_usd, [bad_debt.low_usd, bad_debt.high_usd]);
    let probability = format!("probability of {} USD or more", usd(bad_debt.materiality_usd));
    let ends = [bad_debt.probability_low, bad_debt.probability_high].map(Some);
    row(probability, Unit::Share, bad_debt.probability, ends);
    for found in &bad_debt.value_at_risk {
        let name = format!("value at risk {}, USD", found.level);
        row(name, Unit::Usd, found.value_usd, [Some(found.low_usd), found.high_usd]);
    }
    for found in &bad_debt.expected_shortfall {
        let name = format!("expected shortfall {}, USD", found.level);
        row(name, Unit::Usd, found.value_usd, [found.low_usd, found.high_usd]);
    }
    let worst = bounded(usd(bad_debt.max_usd));
    table.row([], ["worst path, USD".to_owned(), worst, String::new(), String::new()]);
    Section::untitled(table)
}

/// A document in paragraphs and tables, with an empty line between any two.
fn rendered(document: &Document) -> String {
    let blocks: Vec<String> = document.sections.iter().flat_map(blocks).collect();
    blocks.join("\n")
}

fn blocks(section: &Section) -> Vec<String> {
    let paragraph = |text: &String| format!("{}\n", escape::markdown(text));
    let mut blocks: Vec<String> = section.title.iter().map(paragraph).collect();
    match &section.body {
        Body::Nothing => {}
        Body::Table(table) => blocks.push(tabular(table)),
        Body::Lines(lines) if lines.is_empty() => {}
        Body::Lines(lines) => blocks.push(paragraphs(lines)),
    }
    blocks.extend(section.notes.iter().map(paragraph));
    blocks
}

/// Lines; a label and all that goes on behind it are a sentence.
fn paragraphs(lines: &[Line]) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for line in lines {
        match (line, sentences.last_mut()) {
            (Line::Labelled("", words), Some(sentence)) => {
                // Its full stop.
                sentence.pop();
                *sentence += &format!("; {}.", escape::markdown(words));
            }
            (Line::Labelled(label, words), _) => {
                sentences.push(format!("{label} {}.", escape::markdown(words)));
            }
            (Line::Plain(words), _) => sentences.push(escape::markdown(words)),
            (Line::Strong(words), _) => sentences.push(format!("**{}**", escape::markdown(words))),
        }
    }
    sentences.join("\n") + "\n"
}

fn tabular(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = |column| if column < table.n_left { ":--" } else { "--:" }.to_owned();
    let headings = row(table.headings.clone());
    let rules = row((0..table.headings.len()).map(rule).collect());
    let rows = table.rows.iter().map(|cells| row(cells.iter().map(shown).collect()));
    [headings, rules].into_iter().chain(rows).collect()
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Figure(words) => words.clone(),
        Cell::Name(name) => named(name),
        Cell::Code(text) => code_in_cell(text),
        Cell::Verdict(verdict) => {
            let sign = match verdict {
                Verdict::Passed => "✅",
                Verdict::Inconclusive => "❔",
                Verdict::Breached => "❌",
            };
            format!("{sign} {}", verdict.name())
        }
    }
}

/// A document as text, between fences longer than any run of backticks in it.
fn fenced(document: &Document) -> String {
    let text = text::printed(document);
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}{fence}\n")
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

    fn written(answer: &Answer<'_>) -> String {
        let mut out = Vec::new();
        write(answer, &mut out).unwrap();
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
        insta::assert_snapshot!(written(&Answer::Report(report)));
    }

    #[test]
    fn benchmarks_are_golden() {
        let (bench, growth) = (bench::fixture::bench(), bench::fixture::growth());
        let all = [Answer::Bench(&bench), Answer::Growth(&growth)].map(|it| written(&it));
        insta::assert_snapshot!(all.concat());
    }

    #[test]
    fn void_paths_are_told_first_and_make_figures_lower_bounds() {
        let told = written(&Answer::Report(Report::of(&fixture::void_summary())));
        let fold = told.find("<details>").unwrap();
        insta::assert_snapshot!(told[..fold]);
    }

    #[test]
    fn a_bar_ends_no_cell_be_it_in_a_name_or_in_code() {
        assert_eq!(code_in_cell("fund.a|b.emptied > 1"), "`fund.a\\|b.emptied > 1`");
        assert_eq!(code_in_cell("a\\|b"), "a\\\\\\|b");
        let mut table = Table::new(1, ["name", "n"]);
        table.row(["a|b\n<i>".to_owned()], ["1".to_owned()]);
        assert!(tabular(&table).ends_with("| a\\|b\\\\n\\<i\\> | 1 |\n"), "{}", tabular(&table));
    }

    #[test]
    fn a_fence_is_longer_than_any_in_what_it_holds() {
        let section = Section::line("a ```` b");
        let fenced = fenced(&Document { sections: vec![section] });
        assert_eq!(fenced, "`````text\na ```` b\n`````\n");
        let told = written(&Answer::Path(&fixture::explanation()));
        assert!(
            told.starts_with("```text\nmade-up: path 7") && told.ends_with("\n```\n"),
            "{told}"
        );
    }
}
