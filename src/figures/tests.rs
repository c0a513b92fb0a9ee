//! Does the list say what the report has: no row without its place in JSON, no number of JSON
//! without its row?

use std::collections::BTreeSet;

use serde_json::Value;

use super::fixture;
use super::row::{Of, Parameter, Row};
use super::{FIGURES, Figure};

/// Names of gates and their places in JSON, where they differ by design: a gate is typed, so that
/// it is short; a key of JSON names its unit, as all of them do.
const DIFFER: [(&str, &str); 13] = [
    ("mean", "bad_debt.mean_usd"),
    ("probability", "bad_debt.probability"),
    ("var*", "bad_debt.value_at_risk.*.value_usd"),
    ("es*", "bad_debt.expected_shortfall.*.value_usd"),
    ("max", "bad_debt.max_usd"),
    ("largest_step", "largest_step_events"),
    ("opening.repaid", "opening.repaid_usd"),
    ("opening.bad_debt", "opening.bad_debt_usd"),
    ("feedback.difference", "feedback.difference_usd"),
    ("spiral.probability", "cascade.spiral_probability"),
    ("backlog.mean", "backlog.mean_usd"),
    ("fund.*.emptied", "insurance_funds.*.emptied_probability"),
    ("fund.*.minimum", "insurance_funds.*.path_minimum_usd.mean"),
];

/// Numbers of JSON that are no figures: what was asked for, counts of the program, and what stands
/// in both of two sections.
const BESIDE: [&str; 15] = [
    "seed",
    "n_paths",
    "n_positions",
    "n_steps",
    "step_hours",
    "position_checks",
    "bad_debt.materiality_usd",
    "bad_debt.materiality_rounding_usd",
    "bad_debt.value_at_risk.*.level",
    "bad_debt.expected_shortfall.*.level",
    "opening.largest.usd",
    "feedback.n_paths",
    "cascade.largest_step_events",
    "tail.level",
    "tail.n_paths",
];

/// Tables of rows by position and by step, which Parquet and JSON have whole.
const TABLES: [&str; 2] = ["positions.*", "steps.*"];

fn rows() -> impl Iterator<Item = (Of, &'static Row)> {
    FIGURES.iter().flat_map(|group| group.rows.iter().map(|row| (group.of, row)))
}

fn json() -> Value {
    serde_json::to_value(fixture::coupled_summary()).unwrap()
}

/// What stands at a place of JSON.
fn at<'a>(json: &'a Value, place: &str, of: &Parameter) -> Option<&'a Value> {
    let is_entry = |entry: &&Value| match of {
        Parameter::Run => false,
        Parameter::Level(level) => entry["level"] == *level,
        Parameter::Fund(venue) => entry["venue"] == **venue,
        Parameter::Pool { venue, debt_asset } => {
            entry["venue"] == **venue && entry["debt_asset"] == **debt_asset
        }
    };
    place.split('.').try_fold(json, |json, key| match key {
        "*" => json.as_array()?.iter().find(is_entry),
        key => json.get(key),
    })
}

/// The places of all numbers, `*` for the entries of lists.
fn places(json: &Value, place: &str, found: &mut BTreeSet<String>) {
    let below =
        |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match json {
        Value::Number(_) => drop(found.insert(place.to_owned())),
        Value::Array(entries) => entries.iter().for_each(|it| places(it, &below("*"), found)),
        Value::Object(keys) => keys.iter().for_each(|(key, it)| places(it, &below(key), found)),
        _ => {}
    }
}

#[test]
fn every_row_has_its_place_in_json_and_both_say_the_same() {
    let (summary, json) = (fixture::coupled_summary(), json());
    for figure in Figure::all(&fixture::parameters()) {
        let reading = summary.reading(&figure).unwrap_or_else(|| panic!("no {figure}"));
        let found = at(&json, figure.row.json, &figure.of).and_then(Value::as_f64);
        assert_eq!(found, Some(reading.value), "{figure} at {}", figure.row.json);
    }
}

#[test]
fn every_number_in_json_has_its_row() {
    let mut found = BTreeSet::new();
    places(&json(), "", &mut found);
    let of_rows: BTreeSet<&str> = rows().map(|(_, row)| row.json).collect();
    let section =
        |place: &str| place.rsplit_once('.').map_or("", |(section, _)| section).to_owned();
    let sections: BTreeSet<String> = of_rows.iter().map(|place| section(place)).collect();
    let is_end = |place: &str| {
        let key = place.rsplit('.').next().unwrap_or_default();
        let is_one = ["low", "high", "std_error"].iter().any(|end| key.contains(end));
        is_one && sections.contains(&section(place))
    };
    let is_beside = |place: &str| {
        BESIDE.contains(&place) || TABLES.iter().any(|table| place.starts_with(table))
    };
    let bare: Vec<&String> = found
        .iter()
        .filter(|place| !of_rows.contains(&***place) && !is_end(place) && !is_beside(place))
        .collect();
    assert_eq!(bare, [""; 0], "numbers of JSON without a row in a list of figures");
    for place in BESIDE {
        assert!(found.contains(place), "{place} is not in JSON");
    }
}

#[test]
fn names_of_gates_differ_from_places_in_json_only_where_it_is_meant() {
    let differ: Vec<(&str, &str)> = rows()
        .filter(|(_, row)| row.is_gate() && row.name != row.json)
        .map(|(_, row)| (row.name, row.json))
        .collect();
    assert_eq!(differ, DIFFER);
}

#[test]
fn rows_are_told_apart_and_say_what_they_are() {
    let names: BTreeSet<&str> = rows().map(|(_, row)| row.name).collect();
    let places: BTreeSet<&str> = rows().map(|(_, row)| row.json).collect();
    let n_rows = rows().count();
    assert_eq!((names.len(), places.len()), (n_rows, n_rows));
    for (of, row) in rows() {
        for text in [row.name, row.json] {
            assert_eq!(text.matches('*').count(), usize::from(of != Of::Run), "{text}");
        }
        let is_phrase = row.about.starts_with(char::is_lowercase) && !row.about.ends_with('.');
        assert!(is_phrase, "{}: {}", row.name, row.about);
    }
}
