//! `bench`: do its figures follow from each other, and do the backends agree?

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, fault, json, shortfall, stdout, told};

/// A benchmark so short that only what follows from its figures can be asked.
fn bench(seconds: &str, flags: &[&str]) -> Value {
    json(&[&["bench", "--seconds", seconds, "--threads", "2"], flags].concat())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn same(left: f64, right: f64) {
    assert!((left / right - 1.0).abs() < 1e-9, "{left} is not {right}");
}

#[test]
fn rates_follow_from_paths_a_second_and_the_digest_is_that_of_a_run() {
    let bench = bench("0.5s", &[SCENARIO]);
    let backends = bench["backends"].as_array().expect("a list");
    let names: Vec<&str> = backends.iter().filter_map(|it| it["backend"].as_str()).collect();
    assert_eq!(names[..2], ["cpu, 1 thread", "cpu, 2 threads"]);
    let (n_steps, n_positions) = (number(&bench["n_steps"]), number(&bench["n_positions"]));
    assert_eq!((n_steps, n_positions), (48.0, 2.0));
    for it in backends {
        let paths = number(&it["paths_per_second"]);
        assert!(paths > 0.0 && number(&it["n_paths"]) > 0.0 && number(&it["spread"]) >= 0.0);
        same(number(&it["path_steps_per_second"]), paths * n_steps);
        same(number(&it["checks_per_second"]), paths * n_steps * n_positions);
        let share = number(&it["floor_seconds_per_path"]) / number(&it["seconds_per_path"]);
        same(number(&it["share_of_floor"]), share);
        let of_cores = number(&it["seconds_per_path"]) * number(&it["checks_per_cpu_second"]);
        let is_cpu = it["backend"].as_str().is_some_and(|name| name.starts_with("cpu"));
        assert!(!is_cpu || (of_cores / (n_steps * n_positions) - 1.0).abs() < 1e-9, "{it}");
        if cfg!(target_os = "linux") {
            assert!(number(&it["peak_resident_bytes"]) > 1e6, "{it}");
        }
    }
    let n_paths = bench["n_compared_paths"].to_string();
    let run = json(&["run", SCENARIO, "--paths", &n_paths, "--backend", "cpu"]);
    assert_eq!(run["outcome_digest"], bench["outcome_digest"]);
    assert_eq!(run["tally_digest"], bench["tally_digest"]);
}

#[test]
fn the_reference_walker_is_measured_beside_the_cpu_and_finds_the_same() {
    let bench = bench("0.5s", &[SCENARIO, "--reference"]);
    let backends = bench["backends"].as_array().expect("a list").iter();
    let rate = |name: &str| {
        let found = backends.clone().find(|it| it["backend"] == name);
        number(&found.unwrap_or_else(|| panic!("no {name}"))["paths_per_second"])
    };
    assert!(rate("reference, 1 thread") > 0.0);
    assert!(rate("reference, 1 thread") < rate("cpu, 1 thread"));
}

/// Without a scenario there is one; each adapter of this machine, asked for by its number, agrees
/// with the CPU, or the command would have failed.
#[test]
fn every_adapter_is_measured_beside_the_cpu() {
    let listed = shortfall(&["devices", "--format", "json"]);
    let adapters: Value = serde_json::from_str(stdout(&listed)).unwrap_or_default();
    let n_adapters = adapters.as_array().map_or(0, Vec::len);
    let numbers: Vec<String> = (0..n_adapters).map(|idx| idx.to_string()).collect();
    let flags: Vec<&str> = numbers.iter().flat_map(|it| ["--device", it]).collect();
    let bench = bench("0.5s", &flags);
    assert_eq!((&bench["n_positions"], &bench["n_assets"]), (&1000.into(), &4.into()));
    assert_eq!(bench["backends"].as_array().map(Vec::len), Some(2 + n_adapters));
}

#[test]
fn the_table_says_what_the_floor_is() {
    for format in ["text", "markdown"] {
        let told = told(&["bench", SCENARIO, "--seconds", "0.2s", "--format", format]);
        for words in ["checks/CPU-s", "of floor", "same market with an empty book", "spread"] {
            assert!(told.contains(words), "{format}: {words} in {told}");
        }
    }
}

#[test]
fn cost_grows_along_every_dimension_and_is_drawn() {
    let dir = TempDir::new().expect("a temporary folder");
    let svg = dir.path().join("growth.svg");
    let path = svg.to_str().expect("UTF-8");
    let growth = bench("0.05s", &["--scale", "--largest", "100", "--svg", path]);
    let growth = growth.as_array().expect("a list");
    let sizes: Vec<(&str, usize)> = growth
        .iter()
        .map(|it| (it["dimension"].as_str().unwrap(), it["points"].as_array().unwrap().len()))
        .collect();
    assert_eq!(sizes, [("positions", 1), ("steps", 1), ("assets", 6), ("assets", 6)]);
    for it in growth {
        let points = it["points"].as_array().unwrap();
        for (idx, point) in points.iter().enumerate() {
            let a_path = number(&point["cpu_seconds_per_path"]);
            same(number(&point["cpu_seconds_per_unit"]) * number(&point["size"]), a_path);
            assert_eq!(point["exponent"].is_number(), idx > 0, "{point}");
        }
    }
    let drawn = fs::read_to_string(&svg).expect("the picture");
    assert_eq!(drawn.matches("<circle").count(), 14);
}

#[test]
fn what_cannot_be_measured_is_told() {
    let mistakes: [(&[&str], i32, &str); 7] = [
        (&["bench", "--seconds", "5"], 2, "as in 5s"),
        (&["bench", "--svg", "a.svg"], 2, "--scale"),
        (&["bench", "--largest", "100"], 2, "--scale"),
        (&["bench", SCENARIO, "--scale"], 2, "--scale"),
        (&["bench", "--scale", "--svg", "nowhere/a.svg"], 74, "--svg"),
        (&["bench", "nowhere.toml"], 2, "nowhere.toml does not exist"),
        (&["bench", "--device", "no such card"], 69, "no such card"),
    ];
    for (args, code, words) in mistakes {
        let told = fault(args, code);
        assert!(told.contains(words), "{args:?}: {words} in {told}");
    }
}
