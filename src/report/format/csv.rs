//! CSV for spreadsheets and scripts: a line for each figure, or for each row of another answer.
//! Numbers are written in full; what is not known, or what there is none of, is left empty.

use std::io::{self, Write};

use serde::Serialize;

use super::Answer;
use crate::escape;
use crate::figures::{Figure, Reading, Unit};
use crate::report::bench::{BackendRates, Growth, GrowthPoint};
use crate::report::explain::{Explanation, ToldLiquidation};

pub(super) fn write(answer: &Answer<'_>, out: &mut dyn Write) -> io::Result<()> {
    match answer {
        Answer::Report(report) => rows(report.summary.readings().iter().map(Line::of), out),
        Answer::Ladder(ladder) => rows(ladder.iter(), out),
        Answer::Bench(bench) => rows(bench.backends.iter().map(named), out),
        Answer::Growth(growth) => rows(growth.iter().flat_map(grown), out),
        Answer::Path(told) => liquidations(told, out),
    }
}

/// A figure; the columns are its fields.
#[derive(Serialize)]
struct Line {
    figure: String,
    value: f64,
    std_error: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: Unit,
}

impl Line {
    fn of((figure, reading): &(Figure, Reading)) -> Self {
        let Reading { value, std_error, low, high } = *reading;
        let unit = figure.row.unit;
        Self { figure: escape::cell(&figure.to_string()), value, std_error, low, high, unit }
    }
}

fn named(rates: &BackendRates) -> BackendRates {
    BackendRates { backend: escape::cell(&rates.backend), ..rates.clone() }
}

/// What grows, before the points of its growth.
#[derive(Serialize)]
struct Grows {
    dimension: String,
    variant: String,
}

fn grown(growth: &Growth) -> impl Iterator<Item = (Grows, GrowthPoint)> {
    let Growth { dimension, variant, points, .. } = growth;
    points.iter().map(move |point| {
        let variant = variant.as_deref().map(escape::cell).unwrap_or_default();
        (Grows { dimension: escape::cell(dimension), variant }, point.clone())
    })
}

/// The columns of a path's liquidations; the last three are empty where nothing couples positions.
const LIQUIDATION: [&str; 12] = [
    "step_idx",
    "position",
    "venue",
    "n_calls",
    "repaid_usd",
    "seized_usd",
    "written_off_usd",
    "debt_left_usd",
    "collateral_left_usd",
    "round_idx",
    "loan_to_value_before",
    "loan_to_value_after",
];

fn liquidations(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    // Before the rows, which may be none.
    writer.write_record(LIQUIDATION)?;
    for it in &told.events {
        let ToldLiquidation { step_idx, n_calls, repaid_usd, seized_usd, written_off_usd, .. } = it;
        let names = (escape::cell(&it.position), escape::cell(&it.venue));
        let done = (n_calls, repaid_usd, seized_usd, written_off_usd);
        let left = (it.debt_left_usd, it.collateral_left_usd);
        let coupling = it.coupling.as_ref();
        let coupled = (
            coupling.map(|it| it.round_idx),
            coupling.and_then(|it| it.loan_to_value_before),
            coupling.and_then(|it| it.loan_to_value_after),
        );
        writer.serialize((step_idx, names, done, left, coupled))?;
    }
    writer.flush()
}

fn rows<T: Serialize>(rows: impl Iterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, bench, fixture};

    fn written(answer: &Answer<'_>) -> String {
        let mut out = Vec::new();
        write(answer, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_figures_are_golden() {
        let summary = fixture::coupled_summary();
        insta::assert_snapshot!(written(&Answer::Report(Report::of(&summary))));
    }

    #[test]
    fn every_figure_has_a_line_and_what_void_paths_leave_open_is_empty() {
        let void = fixture::void_summary();
        let text = written(&Answer::Report(Report::of(&void)));
        assert_eq!(text.lines().count(), 1 + void.readings().len());
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
        let cells = |name| line(name).split(',').collect::<Vec<_>>();
        // The upper end is not known, and the lower end is.
        assert!(cells("es99,")[4].is_empty() && !cells("es99,")[3].is_empty());
        assert_eq!(cells("void_paths,"), ["void_paths", "2.0", "", "", "", "count"]);
    }

    #[test]
    fn other_answers_are_golden() {
        let (bench, growth) = (bench::fixture::bench(), bench::fixture::growth());
        let (alone, coupled) = (fixture::explanation(), fixture::coupled_explanation());
        let all = [
            Answer::Bench(&bench),
            Answer::Growth(&growth),
            Answer::Path(&alone),
            Answer::Path(&coupled),
        ];
        insta::assert_snapshot!(all.map(|it| written(&it)).concat());
    }

    #[test]
    fn a_name_is_no_formula_of_a_spreadsheet() {
        let mut bench = bench::fixture::bench();
        bench.backends[0].backend = "=HYPERLINK(\"x\")".to_owned();
        let text = written(&Answer::Bench(&bench));
        assert!(text.contains("\n\"'=HYPERLINK(\"\"x\"\")\","), "{text}");
    }

    #[test]
    fn a_path_without_a_liquidation_has_its_columns() {
        let told = Explanation { events: Vec::new(), ..fixture::explanation() };
        assert_eq!(written(&Answer::Path(&told)), LIQUIDATION.join(",") + "\n");
    }
}
