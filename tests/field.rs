//! Do cases from the field come out right: a figure within its tolerance, a note, or a refusal?
//!
//! `field/cases.tsv` has a row a figure, and a folder beside it has the case's inputs. `figure` is
//! the path of a number in the report's JSON, with its true `value` and a `tolerance`, or in that
//! of `explain` where it says so; or `note` or `refused`, and `value` then lists the words of one
//! note, or of the one line of the refusal, with `; ` between them; a word that begins with `!` may
//! not stand there. `runs` asks for no more than a run that ends well.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

const CASES: &str = include_str!("field/cases.tsv");

/// A row of the table.
struct Case<'a> {
    id: &'a str,
    figure: &'a str,
    value: &'a str,
    tolerance: &'a str,
}

fn cases() -> impl Iterator<Item = Case<'static>> {
    CASES.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [id, _, figure, value, tolerance, ..] = fields[..] else {
            panic!("a row has at least five fields: {line}");
        };
        Case { id, figure, value, tolerance }
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field")
}

/// What the program does with a scenario.
fn shortfall(command: &str, scenario: &str, flags: &[&str]) -> Output {
    assert_cmd::Command::cargo_bin("shortfall")
        .expect("the program")
        .current_dir(folder())
        .args([command, scenario, "--format", "json"])
        .args(flags)
        .output()
        .expect("the program runs")
}

fn run(scenario: &str, flags: &[&str]) -> Output {
    shortfall("run", scenario, &[&["--backend", "cpu"], flags].concat())
}

/// The report of a run that ends well.
fn report(scenario: &str, flags: &[&str]) -> Value {
    let output = run(scenario, flags);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}: {:?}\n{told}", output.status.code());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{scenario}: {error}"))
}

/// What the program tells of a scenario's first path.
fn explained(scenario: &str) -> Value {
    let output = shortfall("explain", scenario, &["--path", "0"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{scenario}: {error}"))
}

/// The number at a path such as `bad_debt.mean_usd` or `events.0.step_idx`.
fn number(report: &Value, path: &str) -> Option<f64> {
    let at = |value, key: &str| match key.parse::<usize>() {
        Ok(idx) => Value::get(value, idx),
        Err(_) => Value::get(value, key),
    };
    path.split('.').try_fold(report, at)?.as_f64()
}

/// The one line of a refusal.
fn refusal(scenario: &str, flags: &[&str]) -> String {
    let output = run(scenario, flags);
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{scenario}:\n{told}");
    assert_eq!(told.lines().count(), 1, "{scenario}:\n{told}");
    told
}

fn has_words(text: &str, words: &str) -> bool {
    words.split("; ").all(|word| match word.strip_prefix('!') {
        Some(word) => !text.contains(word),
        None => text.contains(word),
    })
}

/// The notes, but for those of too few paths, which say nothing of the inputs.
fn notes(report: &Value) -> Vec<&str> {
    let notes = report.get("notes").and_then(Value::as_array).into_iter().flatten();
    notes.filter_map(Value::as_str).filter(|note| !note.contains("too few paths")).collect()
}

#[test]
fn every_case_comes_out_as_its_row_says() {
    let mut wrong = Vec::new();
    for Case { id, figure, value, tolerance } in cases() {
        let scenario = format!("{id}/s.toml");
        match figure {
            "refused" => {
                let told = refusal(&scenario, &[]);
                if !has_words(&told, value) {
                    wrong.push(format!("{id}: refused, but {value:?} is not in\n    {told}"));
                }
            }
            "note" => {
                let report = report(&scenario, &[]);
                let notes = notes(&report);
                if !notes.iter().any(|note| has_words(note, value)) {
                    wrong.push(format!("{id}: {value:?} is in none of\n    {notes:?}"));
                }
            }
            "runs" => drop(report(&scenario, &[])),
            path => {
                let found = match path.strip_prefix("explain ") {
                    Some(path) => number(&explained(&scenario), path),
                    None => number(&report(&scenario, &[]), path),
                };
                let [value, tolerance] =
                    [value, tolerance].map(|it| it.parse::<f64>().expect("a number"));
                if found.is_none_or(|found| (found - value).abs() > tolerance) {
                    wrong.push(format!("{id}: {path} is {found:?}, not {value} +- {tolerance}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n  {}", wrong.len(), wrong.join("\n  "));
}

#[test]
fn every_window_once_is_the_truth_of_the_table() {
    let mean = |id: &str, n_paths: &str| {
        let report = report(&format!("{id}/s.toml"), &["--paths", n_paths]);
        number(&report, "bad_debt.mean_usd").expect("a mean")
    };
    for id in ["C8-100000", "C8-11"] {
        assert!((mean(id, "10") - 21.979).abs() < 0.01, "{}", mean(id, "10"));
    }
}

/// A scenario of the field with other bytes in the place of some of its own.
fn changed(id: &str, changes: &[(&str, &str)]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(folder().join(id)).expect("a case") {
        let path = entry.expect("an entry").path();
        let mut text = std::fs::read_to_string(&path).expect("text");
        for (old, new) in changes {
            text = text.replace(old, new);
        }
        let name = path.file_name().expect("a name");
        std::fs::write(copy.path().join(name), text).expect("a copy");
    }
    copy
}

fn changed_report(id: &str, changes: &[(&str, &str)]) -> Value {
    let copy = changed(id, changes);
    report(&copy.path().join("s.toml").to_string_lossy(), &[])
}

fn changed_refusal(id: &str, changes: &[(&str, &str)]) -> String {
    let copy = changed(id, changes);
    refusal(&copy.path().join("s.toml").to_string_lossy(), &[])
}

const REPLAY: &str = "prices = \"prices.csv\"";

#[test]
fn a_gap_that_is_allowed_is_one_step_and_told() {
    let report =
        changed_report("C6-gap", &[(REPLAY, "prices = \"prices.csv\"\nallow_gaps = true")]);
    assert!((number(&report, "bad_debt.mean_usd").expect("a mean") - 221.0).abs() < 0.02);
    assert!(notes(&report).iter().any(|note| has_words(note, "prices.csv:5 t; 30d; allow_gaps")));
}

/// As many steps as ten years of hours have, gaps and all: history has no bias that adds up.
#[test]
fn ten_years_of_hours_with_ten_gaps_are_walked() {
    let n_rows = 87_602_i64;
    let copy = changed("C6-ok", &[("paths = 1\n", "paths = 1\nsteps = 87601\n")]);
    let scenario = copy.path().join("s.toml");
    let text = std::fs::read_to_string(&scenario).expect("a scenario");
    let steps = text.lines().filter(|line| !line.starts_with("steps = ") || line.contains("87601"));
    let text = steps.collect::<Vec<_>>().join("\n");
    let text = text.replace(REPLAY, &format!("{REPLAY}\nallow_gaps = true"));
    std::fs::write(&scenario, text).expect("a scenario");
    let mut prices = String::from("t,ETH\n");
    for row in 0..n_rows {
        // A day is missing every 8,000 hours. The price swings, and ends where C6-ok does.
        let hour = row + 24 * (row / 8_000);
        let price = if row == n_rows - 1 { 779 } else { 1000 + row % 7 };
        prices += &format!("{},{price}\n", 3600 * hour);
    }
    std::fs::write(copy.path().join("prices.csv"), prices).expect("prices");
    let report = report(&scenario.to_string_lossy(), &[]);
    let notes = notes(&report);
    assert!(notes.iter().any(|note| has_words(note, "prices.csv; allow_gaps; 10 ")), "{notes:?}");
}

#[test]
fn rows_that_go_back_in_time_name_both_lines() {
    let told = changed_refusal("C6-asc", &[("7200,990", "1800,990")]);
    assert!(has_words(&told, "prices.csv:4 t = 1800 s; 3600 s on line 3"), "{told}");
}

#[test]
fn rows_of_another_spacing_name_both_durations() {
    let told = changed_refusal("C6-ok", &[("step = \"1h\"", "step = \"30m\"")]);
    assert!(has_words(&told, "prices.csv:3 t; 1h; 30m; step = \"1h\""), "{told}");
}

/// The times of the eight rows of C6-ok, written otherwise.
fn retimed(time: impl Fn(i64) -> String) -> tempfile::TempDir {
    let copy = changed("C6-ok", &[]);
    let path = copy.path().join("prices.csv");
    let prices = std::fs::read_to_string(&path).expect("prices");
    let rows = prices.lines().skip(1).zip(0..).map(|(row, hour)| {
        let (_, price) = row.split_once(',').expect("two fields");
        format!("{},{price}\n", time(hour))
    });
    std::fs::write(&path, "t,ETH\n".to_owned() + &rows.collect::<String>()).expect("prices");
    copy
}

#[test]
fn times_of_any_unit_and_dates_are_read() {
    let date = |hour: i64| format!("2022-06-12T{hour:02}:00:00Z");
    let local = |hour: i64| format!("2022-06-12 {:02}:30:00+05:30", hour + 5);
    let in_units = |per_second: i64| {
        move |hour: i64| ((1_655_000_000 + 3_600 * hour) * per_second).to_string()
    };
    for copy in [
        retimed(date),
        retimed(local),
        retimed(in_units(1)),
        retimed(in_units(1_000)),
        retimed(in_units(1_000_000)),
        retimed(in_units(1_000_000_000)),
    ] {
        let report = report(&copy.path().join("s.toml").to_string_lossy(), &[]);
        assert!((number(&report, "bad_debt.mean_usd").expect("a mean") - 221.0).abs() < 0.02);
        assert_eq!(notes(&report), [""; 0]);
    }
}

#[test]
fn a_table_without_times_is_walked_row_by_row_and_told() {
    let report = changed_report("C6-ok", &[("t,ETH", "row,ETH")]);
    assert!((number(&report, "bad_debt.mean_usd").expect("a mean") - 221.0).abs() < 0.02);
    assert!(notes(&report).iter().any(|note| has_words(note, "no column `t`; one step each")));
}

#[test]
fn the_same_path_again_is_told() {
    let report = changed_report("C6-ok", &[("paths = 1\n", "paths = 5\n")]);
    assert!(notes(&report).iter().any(|note| has_words(note, "5 paths; same path; --paths 1")));
}

#[test]
fn json_is_called_json_in_one_line() {
    let told = changed_refusal("C9-semi", &[("position;venue", "{\"position\": 1, \"venue\"")]);
    assert!(has_words(&told, "book.csv; JSON; position,venue,kind,asset,amount"), "{told}");
}

#[test]
fn explain_tells_the_dates_of_history() {
    let copy = retimed(|hour| format!("2022-06-12T{hour:02}:00:00Z"));
    let scenario = copy.path().join("s.toml").to_string_lossy().into_owned();
    let output = shortfall("explain", &scenario, &["--path", "0"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["window"]["opens"], "2022-06-12T00:00:00Z");
    assert_eq!(told["window"]["closes"], "2022-06-12T07:00:00Z");
    assert_eq!(told["events"][0]["at"], "2022-06-12T05:00:00Z");
}

#[test]
fn check_tells_the_first_and_last_date_of_history() {
    let copy = retimed(|hour| format!("2022-06-12T{hour:02}:00:00Z"));
    let scenario = copy.path().join("s.toml").to_string_lossy().into_owned();
    let output = shortfall("check", &scenario, &["--steps", "3"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["history"]["first"], "2022-06-12T00:00:00Z");
    assert_eq!(told["history"]["last"], "2022-06-12T03:00:00Z");
    assert_eq!(told["history"]["n_windows"], 1);
}

#[test]
fn check_shows_the_book_at_a_glance() {
    let output = shortfall("check", "C10-usdc6/s.toml", &[]);
    let book = serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["book"].clone();
    assert_eq!(book["n_liquidatable"], 1);
    assert_eq!(book["n_under_water"], 1);
    // A debt of 700 million USDC on an ETH of 1,000 USD.
    assert_eq!(number(&book, "shortfall_usd"), Some(699_999_000.0));
    assert_eq!(number(&book, "largest_leg.value_usd"), Some(700_000_000.0));
    let least = &book["health_factors"][0];
    let truth = 0.86 * 1000.0 / 700_000_000.0;
    assert!((number(least, "health_factor").expect("a factor") / truth - 1.0).abs() < 1e-12);
}
