//! JSON for programs: the summary's fields, with `run` beside them; a ladder as an array of rows.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::escape;
use crate::report::bench::{Bench, Growth};
use crate::report::explain::Explanation;
use crate::report::ladder::LadderRow;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_value(report, out)
}

pub(super) fn write_ladder(rows: &[LadderRow], out: &mut dyn Write) -> io::Result<()> {
    write_value(rows, out)
}

pub(super) fn write_bench(bench: &Bench, out: &mut dyn Write) -> io::Result<()> {
    write_value(bench, out)
}

pub(super) fn write_growth(growth: &[Growth], out: &mut dyn Write) -> io::Result<()> {
    write_value(growth, out)
}

pub(super) fn write_explanation(told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    write_value(told, out)
}

fn write_value(value: &(impl Serialize + ?Sized), out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out, "{}", escape::json(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{bench, fixture};

    fn written(report: &Report<'_>) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_report_is_golden() {
        let summary = fixture::summary();
        let run = fixture::run_facts();
        insta::assert_snapshot!(written(&Report { run: Some(&run), ..Report::of(&summary) }));
    }

    #[test]
    fn what_a_run_was_held_against_is_golden() {
        let (until, gates) = (fixture::until(), fixture::gates());
        insta::assert_json_snapshot!((until, gates, fixture::baseline()));
    }

    #[test]
    fn benchmarks_are_golden() {
        insta::assert_json_snapshot!((bench::fixture::bench(), bench::fixture::growth()));
    }

    #[test]
    fn the_figures_of_coupled_paths_are_golden() {
        let of = fixture::coupled_summary();
        insta::assert_json_snapshot!((of.feedback, of.aftermath));
    }

    #[test]
    fn without_a_run_only_the_summary_is_written() {
        let summary = fixture::summary();
        let pretty = serde_json::to_string_pretty(&summary).unwrap();
        assert_eq!(written(&Report::of(&summary)), pretty + "\n");
    }
}
