//! JSON for programs: the summary's fields, with `run` beside them; a ladder as an array of rows.

use std::io::{self, Write};

use super::Answer;
use crate::escape;

pub(super) fn write(answer: &Answer<'_>, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(answer)?;
    writeln!(out, "{}", escape::json(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, bench, fixture};

    fn written(report: Report<'_>) -> String {
        let mut out = Vec::new();
        write(&Answer::Report(report), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_report_is_golden() {
        let summary = fixture::summary();
        let run = fixture::run_facts();
        insta::assert_snapshot!(written(Report { run: Some(&run), ..Report::of(&summary) }));
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
        assert_eq!(written(Report::of(&summary)), pretty + "\n");
    }
}
