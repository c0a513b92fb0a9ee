//! Text for a terminal: sections with an empty line between them, columns that line up.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Answer;
use crate::escape;
use crate::report::document::{Body, Cell, Document, Line, Section, Table};

pub(super) fn write(answer: &Answer<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(printed(&answer.document()).as_bytes())
}

/// A document in lines, of which no character but the ends of lines acts without being seen.
pub(in crate::report) fn printed(document: &Document) -> String {
    escape::lines(&rendered(document)).into_owned()
}

/// A document in lines, its titles and sentences as they are.
fn rendered(document: &Document) -> String {
    let sections: Vec<String> = document.sections.iter().map(section).collect();
    sections.join("\n")
}

fn section(section: &Section) -> String {
    let mut text = String::new();
    // Below a title lines are indented, and labels end in the same column.
    let indent = if section.title.is_some() { "  " } else { "" };
    if let Some(title) = &section.title {
        push(&mut text, title);
    }
    match &section.body {
        Body::Nothing => {}
        Body::Table(table) => push_table(&mut text, table),
        Body::Lines(lines) => {
            for line in lines {
                match line {
                    Line::Labelled(label, words) => {
                        push(&mut text, &format!("{:<18}{words}", format!("{indent}{label}")));
                    }
                    Line::Plain(words) | Line::Strong(words) => {
                        push(&mut text, &format!("{indent}{words}"));
                    }
                }
            }
        }
    }
    for note in &section.notes {
        push(&mut text, &format!("  {note}"));
    }
    text
}

fn push(text: &mut String, line: &str) {
    let _infallible = writeln!(text, "{line}");
}

/// Columns that line up, indented by two; what is long is cut.
fn push_table(text: &mut String, table: &Table) {
    let headings: Vec<String> = table.headings.iter().map(|it| escape::name(it)).collect();
    let mut rows = vec![headings];
    rows.extend(table.rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>()));
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..).map_while(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            line.push_str("  ");
            line.push_str(&if column < table.n_left {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            });
        }
        push(text, line.trim_end());
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Figure(words) | Cell::Name(words) | Cell::Code(words) => escape::name(words),
        Cell::Verdict(verdict) => verdict.name().to_owned(),
    }
}

/// An answer in lines.
#[cfg(test)]
pub(in crate::report) fn written(answer: &Answer<'_>) -> String {
    let mut out = Vec::new();
    write(answer, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Summary;
    use crate::report::fixture;
    use crate::report::format::Report;
    use crate::report::ladder::LadderRow;
    use crate::tail::{Outcome, Shape, Tally};

    fn told(report: Report<'_>) -> String {
        written(&Answer::Report(report))
    }

    #[test]
    fn the_report_is_golden() {
        let summary = fixture::summary();
        let run = fixture::run_facts();
        insta::assert_snapshot!(told(Report { run: Some(&run), ..Report::of(&summary) }));
    }

    #[test]
    fn the_report_of_coupled_paths_is_golden() {
        let summary = fixture::coupled_summary();
        insta::assert_snapshot!(told(Report::of(&summary)));
    }

    #[test]
    fn void_paths_are_told_first_and_make_figures_lower_bounds() {
        let told = told(Report::of(&fixture::void_summary()));
        let head: Vec<&str> = told.lines().take(19).collect();
        insta::assert_snapshot!(head.join("\n"));
    }

    #[test]
    fn what_was_not_compared_is_said_to_be_so() {
        let remedy = "what feedback adds is not measured: give --compare-feedback";
        assert_eq!(told(Report::of(&fixture::uncompared_summary())).matches(remedy).count(), 1);
        for summary in [fixture::coupled_summary(), fixture::summary()] {
            assert!(!told(Report::of(&summary)).contains("--compare-feedback"));
        }
    }

    #[test]
    fn a_single_path_without_loss_is_golden() {
        let mut tally =
            Tally::new(1, Shape { n_positions: 0, n_steps: 0, n_pools: 2, n_funds: None });
        tally.absorb_block(0, &[Outcome::default()]);
        let summary = Summary::of(&tally, &fixture::facts(), None);
        insta::assert_snapshot!(told(Report::of(&summary)));
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
        insta::assert_snapshot!(written(&Answer::Ladder(&rows)));
    }
}
