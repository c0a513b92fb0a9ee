//! Do the scenarios that ship load, run to the same bits however they run, and keep their figures?

use std::path::{Path, PathBuf};

use shortfall::engine::cpu::Cpu;
use shortfall::engine::{self, Plan};
use shortfall::lanes::Lanes;
use shortfall::program::Program;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::tail::{Digest, Tally};

const N_PATHS: u64 = 512;
const N_GOLDEN_PATHS: &str = "4096";
/// The least share of paths that lose something, where it is not `LEAST_SHARE`. In calm markets an
/// hour moves prices by less than the thresholds leave: the reference book loses on no path of
/// 100,000, and so does that of compound-v2.
const LEAST_SHARES: &[(&str, f64)] = &[("reference-calm", 0.0), ("compound-v2", 0.0)];
const LEAST_SHARE: f64 = 0.05;
/// Every scenario that ships, so that none is lost from the folder unnoticed.
const SHIPPED: &[&str] = &[
    "black-thursday",
    "calm-and-panic",
    "compound-v2",
    "lending",
    "oracle-lag",
    "perpetual",
    "reference",
    "reference-calm",
    "spiral",
    "spring-2022",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// The scenarios in the folder, by name.
fn shipped() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().expect("a stem").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn loaded(name: &str) -> Scenario {
    let path = folder().join(name).with_extension("toml");
    load(&path, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn compiled(name: &str) -> (Scenario, Program) {
    let scenario = loaded(name);
    let program =
        shortfall::engine::compile(&scenario).unwrap_or_else(|error| panic!("{name}: {error}"));
    (scenario, program)
}

fn tally(scenario: &Scenario, program: &Program, n_threads: usize, batch: u64) -> Tally {
    tally_by(scenario, program, batch, Cpu::new(program, scenario.run.seed, n_threads))
}

fn tally_by(scenario: &Scenario, program: &Program, batch: u64, cpu: Cpu<'_>) -> Tally {
    let unit = libm::exp2(-f64::from(program.money_log2));
    let materiality = libm::ceil(scenario.run.materiality_usd * unit) as i64;
    // As `Facts::materiality` has it.
    let materiality = materiality - program.rounding_bound().min(materiality / 2);
    let plan = Plan { n_paths: N_PATHS, batch, materiality };
    let mut backend = cpu;
    engine::run(program, plan, &mut backend, &mut ()).expect("threads")
}

fn digests(tally: &Tally) -> (Digest, Digest) {
    (tally.outcome_digest(), tally.tally_digest())
}

#[test]
fn the_folder_holds_the_scenarios_that_ship() {
    assert_eq!(shipped(), SHIPPED);
}

#[test]
fn every_scenario_is_named_after_its_file_and_needs_no_note() {
    for name in shipped() {
        let scenario = loaded(&name);
        assert_eq!(scenario.name, name);
        assert_eq!(scenario.notes, [""; 0], "{name}");
    }
}

#[test]
fn no_shipped_book_is_liquidatable_at_opening() {
    for name in shipped() {
        assert_eq!(compiled(&name).1.opening.n, 0, "{name}");
    }
}

#[test]
fn threads_and_batches_change_no_bit() {
    for name in shipped() {
        let (scenario, program) = compiled(&name);
        let first = digests(&tally(&scenario, &program, 1, 4096));
        for (n_threads, batch) in [(1, 100), (2, 100), (2, 4096)] {
            let other = digests(&tally(&scenario, &program, n_threads, batch));
            assert_eq!(other, first, "{name}, {n_threads} threads, batches of {batch}");
        }
    }
}

/// Every width that this machine has; one without AVX-512 cannot say anything of it.
#[test]
fn lanes_change_no_bit() {
    let here = Lanes::here();
    println!(
        "lanes of this machine: {}",
        here.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ")
    );
    for name in shipped() {
        let (scenario, program) = compiled(&name);
        let with = |lanes| {
            let cpu = Cpu::with_lanes(&program, scenario.run.seed, 2, lanes);
            tally_by(&scenario, &program, 4096, cpu)
        };
        let portable = with(here[0]);
        assert_eq!(portable.sums.n_paths, N_PATHS);
        for lanes in &here[1..] {
            let other = with(*lanes);
            assert_eq!(other.counters, portable.counters, "{name}, {lanes}");
            assert_eq!(digests(&other), digests(&portable), "{name}, {lanes}");
            assert!(other == portable, "{name}, {lanes}: another tally");
        }
    }
}

#[test]
fn every_scenario_loses_on_a_fair_share_of_its_paths() {
    for name in shipped() {
        let (scenario, program) = compiled(&name);
        let tally = tally(&scenario, &program, 2, N_PATHS);
        let share = tally.sums.n_material as f64 / N_PATHS as f64;
        let special = LEAST_SHARES.iter().find(|(special, _)| *special == name);
        let least = special.map_or(LEAST_SHARE, |(_, least)| *least);
        assert!(share >= least, "{name} loses on {share} of its paths, fewer than {least}");
    }
}

/// Not black-thursday: its wstETH slips from ETH too slowly for loops at morpho-blue-eth to fail.
#[test]
fn every_venue_of_a_stressed_scenario_loses_somewhere() {
    for name in ["lending", "oracle-lag", "perpetual", "reference", "spiral"] {
        let (scenario, program) = compiled(name);
        let tally = tally(&scenario, &program, 2, N_PATHS);
        for (venue_idx, venue) in scenario.venues.iter().enumerate() {
            let losses = program.pools.iter().zip(&tally.counters.pools);
            let of_venue = losses.filter(|((id, _), _)| id.idx() == venue_idx);
            let loss: i128 = of_venue.map(|(_, loss)| *loss).sum();
            assert!(loss > 0, "{name}: {} loses on no path", venue.name);
        }
    }
}

/// The summary as JSON, but for what is not of the scenario (`version`, `run`) and the long lists,
/// whose counters `tally_digest` covers.
#[test]
fn figures_are_golden() {
    for name in shipped() {
        let output = assert_cmd::Command::cargo_bin("shortfall")
            .expect("the program")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["run", &format!("scenarios/{name}.toml"), "--paths", N_GOLDEN_PATHS])
            .args(["--backend", "cpu", "--quiet", "--format", "json"])
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        let mut summary: serde_json::Value = serde_json::from_slice(&output).expect("JSON");
        let fields = summary.as_object_mut().expect("an object");
        for left_out in ["version", "run", "steps", "positions"] {
            assert!(fields.remove(left_out).is_some(), "{name} has no {left_out}");
        }
        insta::assert_json_snapshot!(name, summary);
    }
}
