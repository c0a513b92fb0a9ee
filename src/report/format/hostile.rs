//! Tests: names that a stranger wrote, in a run folder of his own, act on nothing that shows them.

use std::io::{self, Write};

use proptest::prelude::*;

use super::{Answer, FORMATS, Report};
use crate::escape::{NAME_CHARS, NOTE_CHARS, is_hidden};
use crate::figures::Summary;
use crate::report::baseline::BaselineFigures;
use crate::report::bench::{self, Bench};
use crate::report::explain::{Explanation, ToldState};
use crate::report::gates::GateFigures;
use crate::report::until::UntilFigures;
use crate::report::{fixture, junit};

/// Clears the screen, turns the writing, ends lines, cells, code, tags and fences.
const HOSTILE: &str =
    "x\u{1b}[2J\u{202e}\r\n\n# h\n```\n| a |</details><img src=x>`=cmd\u{9b}\u{85}";

fn summary(name: &str) -> Summary {
    let mut summary = fixture::coupled_summary();
    let rename = |it: &mut String| name.clone_into(it);
    rename(&mut summary.scenario);
    rename(&mut summary.program_digest);
    summary.notes.iter_mut().for_each(rename);
    summary.positions.iter_mut().for_each(|it| {
        rename(&mut it.position);
        rename(&mut it.venue);
    });
    summary.pools.iter_mut().for_each(|it| {
        rename(&mut it.venue);
        rename(&mut it.debt_asset);
    });
    summary.opening.largest.iter_mut().for_each(|it| {
        rename(&mut it.position);
        rename(&mut it.venue);
    });
    summary.void = fixture::void_summary().void;
    summary.void.iter_mut().filter_map(|it| it.asset.as_mut()).for_each(rename);
    summary
}

fn gates(name: &str) -> Vec<GateFigures> {
    let mut gates = fixture::gates();
    gates.iter_mut().for_each(|it| name.clone_into(&mut it.fail_on));
    gates
}

fn baseline(name: &str) -> BaselineFigures {
    let mut baseline = fixture::baseline();
    let rename = |it: &mut String| name.clone_into(it);
    rename(&mut baseline.scenario);
    rename(&mut baseline.program_digest);
    baseline.differences.iter_mut().for_each(|it| rename(&mut it.figure));
    baseline.pools.iter_mut().for_each(|it| {
        rename(&mut it.venue);
        rename(&mut it.debt_asset);
    });
    baseline.positions.iter_mut().for_each(|it| {
        rename(&mut it.position);
        rename(&mut it.venue);
    });
    baseline
}

fn explanation(name: &str, mut told: Explanation) -> Explanation {
    let rename = |it: &mut String| name.clone_into(it);
    rename(&mut told.scenario);
    told.climate = Some(vec![ToldState { state: name.to_owned(), step_idx: 0, n_steps: 1 }]);
    told.prices.iter_mut().for_each(|it| rename(&mut it.asset));
    let sales = told.rounds.iter_mut().flatten().flat_map(|it| &mut it.sales);
    sales.for_each(|it| rename(&mut it.asset));
    told.events.iter_mut().for_each(|it| rename(&mut it.venue));
    told.left_over.iter_mut().for_each(|it| {
        rename(&mut it.position);
        rename(&mut it.venue);
    });
    told
}

fn bench(name: &str) -> Bench {
    let mut bench = bench::fixture::bench();
    name.clone_into(&mut bench.scenario);
    bench.backends.iter_mut().for_each(|it| name.clone_into(&mut it.backend));
    bench
}

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Whatever is written of everything that bears this name, by format.
fn all_of(name: &str) -> Vec<(&'static str, String)> {
    let (summary, gates, baseline) = (summary(name), gates(name), baseline(name));
    let until = UntilFigures { target: name.to_owned(), ..fixture::until() };
    let report = Report {
        until: Some(&until),
        gates: &gates,
        baseline: Some(&baseline),
        ..Report::of(&summary)
    };
    let mut all = Vec::new();
    for format in FORMATS {
        let bench = bench(name);
        let told = [fixture::explanation(), fixture::coupled_explanation()]
            .map(|told| explanation(name, told));
        let answers = [Answer::Report(report), Answer::Bench(&bench)].into_iter();
        for answer in answers.chain(told.iter().map(Answer::Path)) {
            all.push((format.name, written(|out| (format.write)(&answer, out))));
        }
    }
    all.push(("junit", written(|out| junit::write(name, &gates, out))));
    all
}

/// The lines of Markdown that are not fenced.
fn outside_of_fences(text: &str) -> Vec<&str> {
    let mut fence = None;
    let mut outside = Vec::new();
    for line in text.lines() {
        if fence == Some(line) {
            fence = None;
        } else if fence.is_none() && line.starts_with("```") {
            fence = Some(line.trim_end_matches("text"));
        } else if fence.is_none() {
            outside.push(line);
        }
    }
    assert_eq!(fence, None, "a fence that nothing closes: {text}");
    outside
}

/// What no name may do to a text, held against that of a name that does nothing.
fn check(name: &str) {
    for ((format, text), (_, plain)) in all_of(name).into_iter().zip(all_of("plain")) {
        let hidden = text.chars().find(|sign| is_hidden(*sign) && *sign != '\n');
        assert_eq!(hidden, None, "{format}: {text}");
        assert_eq!(text.lines().count(), plain.lines().count(), "{format}: {text}\n{plain}");
        if format == "markdown" {
            // A bar is escaped by an odd number of backslashes, or, to other readers, by any.
            let cells = |text: &str, pairs: &str| -> Vec<usize> {
                let outside = outside_of_fences(text).into_iter();
                let rows = outside.filter(|line| line.starts_with('|'));
                rows.map(|row| row.replace("\\\\", pairs).replace("\\|", "").matches('|').count())
                    .collect()
            };
            assert_eq!(cells(&text, ""), cells(&plain, ""), "{text}");
            assert_eq!(cells(&text, "\\"), cells(&plain, "\\"), "{text}");
            // In code a tag is none, and what is written as code begins with a backtick.
            let mut outside = outside_of_fences(&text).into_iter();
            let is_tag = |line: &str| line.replace("\\<", "").contains("<img");
            assert!(!outside.any(|it| is_tag(it) && !it.contains(" `")), "{text}");
        }
    }
}

#[test]
fn hostile_names_act_on_no_medium() {
    check(HOSTILE);
    check(&HOSTILE.repeat(100));
    check("\\|");
    check("a\\\\|b");
}

#[test]
fn long_names_are_cut_in_tables() {
    let name = "y".repeat(60_000);
    for (format, text) in all_of(&name).into_iter().filter(|(format, _)| *format == "text") {
        let lines = text.lines().map(|line| line.trim().trim_end_matches('…'));
        let (notes, others): (Vec<&str>, Vec<&str>) =
            lines.partition(|line| line.chars().all(|sign| sign == 'y'));
        let longest = others.iter().flat_map(|it| it.split(|sign| sign != 'y')).map(str::len).max();
        assert!(longest.is_some_and(|it| it < NAME_CHARS), "{format}: {text}");
        assert!(notes.iter().all(|it| it.len() < NOTE_CHARS), "{format}: {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_name_is_more_than_a_name(name in "\\PC{0,20}|\\p{any}{0,100}") {
        check(&name);
    }
}
