//! Gates: which exit code, which words, which files; and refused before any path runs.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, command, fault, shortfall, stderr, stdout, text_of, write};

/// Paths enough for an interval of every figure that is asked for here.
const PATHS: [&str; 7] = ["run", SCENARIO, "--paths", "5000", "--backend", "cpu", "--quiet"];

/// Exit code and JSON of a run with these gates.
fn judged(gates: &[&str], more: &[&str]) -> (Option<i32>, Value) {
    let flags: Vec<&str> = gates.iter().flat_map(|gate| ["--fail-on", gate]).collect();
    let output = shortfall(&[&PATHS[..], &["--format", "json"], &flags, more].concat());
    assert_eq!(stderr(&output), "", "{gates:?}");
    (output.status.code(), serde_json::from_str(stdout(&output)).expect("JSON"))
}

/// The expected shortfall at 0.99: lower end, value, upper end.
fn shortfall_99() -> [f64; 3] {
    let (_, run) = judged(&[], &[]);
    let found = run["bad_debt"]["expected_shortfall"][1].clone();
    assert_eq!(found["level"], 0.99);
    ["low_usd", "value_usd", "high_usd"].map(|key| found[key].as_f64().expect("a number"))
}

#[test]
fn a_gate_is_passed_breached_or_inconclusive_by_the_ends_of_the_interval() {
    let [low, value, high] = shortfall_99();
    assert!(low < value && value < high);
    let above = |bound: f64| format!("es99 > {bound:?}");
    let cases = [
        (above(low.next_down()), 99, "breached"),
        (above(low), 98, "inconclusive"),
        (above(value), 98, "inconclusive"),
        (above(high.next_down()), 98, "inconclusive"),
        (above(high), 0, "passed"),
    ];
    for (gate, code, verdict) in &cases {
        let (found, run) = judged(&[gate], &[]);
        assert_eq!((found, &run["gates"][0]["verdict"]), (Some(*code), &Value::from(*verdict)));
        assert_eq!(run["gates"][0]["fail_on"], **gate);
        assert_eq!(run["gates"][0]["low"], low);
        assert_eq!(run["gates"][0]["high"], high);
    }
    let [breached, _, inconclusive, _, passed] = cases.map(|(gate, ..)| gate);
    assert_eq!(judged(&[&passed, &inconclusive, &breached, &passed], &[]).0, Some(99));
    assert_eq!(judged(&[&passed, &inconclusive, &passed], &[]).0, Some(98));
    assert_eq!(judged(&[&passed, "max < 0", "largest_step > 1e9"], &[]).0, Some(0));
}

#[test]
fn the_scenario_s_gates_and_the_flags_are_judged_alike() {
    let dir = TempDir::new().expect("a temporary folder");
    let plain = fs::read_to_string(SCENARIO).expect("the scenario");
    fs::copy("tests/valid/book.csv", dir.path().join("book.csv")).expect("the book");
    let gated =
        write(&dir, "gated.toml", &format!("{plain}\n[[gate]]\nfail_on = \"mean > 0.5\"\n"));
    let args =
        ["run", &gated, "--paths", "5000", "--backend", "cpu", "--fail-on", "probability < 1%"];
    let output = shortfall(&args);
    assert_eq!(output.status.code(), Some(99), "{}", stderr(&output));
    let lines: Vec<&str> = stdout(&output).lines().collect();
    let at = lines.iter().position(|line| *line == "Gates").expect("the gates");
    assert!(lines[at + 2].contains("mean > 0.5") && lines[at + 2].contains("breached"));
    assert!(lines[at + 3].contains("probability < 1%") && lines[at + 3].contains("passed"));
}

/// The last line on stderr, of a run that is not quiet.
#[test]
fn a_run_with_gates_ends_with_what_came_of_them_the_worst_first() {
    let run = ["run", SCENARIO, "--paths", "5000", "--backend", "cpu"];
    let last = |gates: &[&str], more: &[&str]| {
        let flags: Vec<&str> = gates.iter().flat_map(|gate| ["--fail-on", gate]).collect();
        let output = shortfall(&[&run[..], &flags, more].concat());
        (output.status.code(), stderr(&output).lines().last().unwrap_or_default().to_owned())
    };
    let [low, value, high] = shortfall_99();
    let (breached, open) =
        (format!("es99 > {:?}", value / 2.0), format!("es99 > {:?}", (value + high) / 2.0));
    let (code, told) = last(&[&open, "mean > 1e9", &breached], &[]);
    assert_eq!(code, Some(99));
    assert!(low > value / 2.0 && told.starts_with(&format!("{breached}: breached by ")), "{told}");
    assert!(told.contains(" (100 %); es99 > "), "{told}");
    // Half of half the width: four times the paths.
    assert!(told.ends_with("--paths 20000 would settle it; 1 passed"), "{told}");
    let told = last(&["mean > 1e9", "max > 1e9", "opening.n > 0"], &[]).1;
    assert_eq!(told, "all 3 gates passed");
    assert_eq!(last(&[&breached], &["--quiet"]), (Some(99), String::new()));
    assert_eq!(last(&[], &[]).1, "");
}

#[test]
fn verdicts_are_kept_where_the_report_is_not_read() {
    for (gate, code) in [("mean > 0", 99), ("mean > 1e9", 74)] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let args = [&PATHS[..], &["--fail-on", gate]].concat();
        let status = command(&args).stdout(writer).status().expect("it starts");
        assert_eq!(status.code(), Some(code), "{gate}");
    }
}

#[test]
fn junit_and_markdown_tell_the_verdicts() {
    let dir = TempDir::new().expect("a temporary folder");
    let file = |name: &str| text_of(&dir.path().join(name));
    let (junit, markdown) = (file("gates.xml"), file("summary.md"));
    let gates = ["mean > 0", "mean > 1e9"];
    let files = ["--junit", &junit, "--markdown", &markdown];
    for _ in 0..2 {
        let (code, _) = judged(&gates, &files);
        assert_eq!(code, Some(99));
        assert_eq!(names_in(dir.path()), ["gates.xml", "summary.md"]);
    }
    let xml = fs::read_to_string(&junit).expect("the XML");
    let document = roxmltree::Document::parse(&xml).expect("well-formed XML");
    let count = |tag: &str| document.descendants().filter(|it| it.has_tag_name(tag)).count();
    assert_eq!((count("testcase"), count("failure"), count("error")), (2, 1, 0));
    let markdown = fs::read_to_string(&markdown).expect("the Markdown");
    assert!(markdown.starts_with("## everything: bad debt\n\n| fail on |"), "{markdown}");
    assert!(markdown.contains("| `mean > 0` | ❌ breached |"), "{markdown}");
    assert!(markdown.contains("\nmean \\> 0: breached by "), "{markdown}");
    assert!(xml.contains("<system-out>mean &gt; 0: breached by "), "{xml}");
    assert!(markdown.contains("| `mean > 1e9` | ✅ passed |"), "{markdown}");
}

#[test]
fn markdown_is_a_format_of_every_command_that_has_formats() {
    let told = super::told;
    assert!(
        told(&[&PATHS[..], &["--format", "markdown"]].concat()).contains("| mean bad debt, USD |")
    );
    assert!(
        told(&["ladder", SCENARIO, "--format", "markdown"]).starts_with("| drop | liquidatable |")
    );
    let path = told(&["explain", SCENARIO, "--path", "3", "--format", "markdown"]);
    assert!(path.starts_with("```text\neverything: path 3"), "{path}");
}

/// 2^40 paths would take weeks: that the command ends shows that none ran.
const NEVER: [&str; 4] = ["run", SCENARIO, "--paths", "1_099_511_627_776"];

#[test]
fn what_no_report_can_tell_is_refused_before_any_path_runs() {
    let lacking = [
        ("feedback.difference > 0", "--compare-feedback"),
        ("spiral.probability > 1%", "[market.depth]"),
        ("delta.es99 > 0", "--baseline DIR"),
    ];
    for (gate, remedy) in lacking {
        let told = fault(&[&NEVER[..], &["--fail-on", gate]].concat(), 2);
        assert!(told.contains(gate) && told.contains(remedy), "{told}");
    }
    let told = fault(&[&NEVER[..], &["--fail-on", "es98 > 1"]].concat(), 2);
    assert!(told.starts_with("--fail-on = \"es98 > 1\" names \"es98\""), "{told}");
    // A shard has no figures: gates are held against the merged run.
    let shard = ["--out", "nowhere", "--shard", "0/2", "--fail-on", "mean > 0"];
    let told = fault(&[&NEVER[..], &shard].concat(), 2);
    assert!(told.contains("cannot be used with '--fail-on <GATE>'"), "{told}");
    let told = fault(&[&NEVER[..], &["--junit", "gates.xml"]].concat(), 2);
    assert!(told.contains("there is no gate") && told.contains("--fail-on"), "{told}");
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_any_path_runs() {
    let dir = TempDir::new().expect("a temporary folder");
    let (folder, under) = (text_of(dir.path()), text_of(&dir.path().join("none/file")));
    for flag in ["--junit", "--markdown", "--metrics"] {
        for path in [&folder, &under] {
            let args = [&NEVER[..], &["--fail-on", "mean > 0", flag, path]].concat();
            let told = fault(&args, 74);
            assert!(
                told.contains(&format!("choose another {flag}")) && told.contains(path),
                "{told}"
            );
        }
    }
    assert_eq!(names_in(dir.path()), [""; 0]);
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}
