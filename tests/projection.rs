//! Does a change of the house change a figure?
//!
//! Outcomes are pinned by their digest. Counters may get more fields, which changes `tally_digest`
//! and no figure: so those that there were when this test was written are pinned by a digest of
//! their own, made here, of these fields in this order. Neither ever moves: a commit that changes a
//! number of `projection.tsv` is **value-breaking** and says so.
//!
//! The real book does not ship: `SHORTFALL_REAL_BOOK=BOOK.csv.gz,ASSETS.csv` walks it too. The
//! reference walker is slow: it walks some paths of each scenario, drawn anew every day, and all of
//! them where `SHORTFALL_FULL` is 1.

mod support;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use shortfall::engine::cpu::Cpu;
use shortfall::engine::reference::Reference;
use shortfall::engine::{self, Backend, Plan};
use shortfall::lanes::Lanes;
use shortfall::market::depth::{ConstantProduct, Depth, DepthForm};
use shortfall::market::rng::words;
use shortfall::program::Program;
use shortfall::scenario::workload::Workload;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::tail::{Counters, Digest, Tally};
use shortfall::units::AssetId;
use support::twins::on_host;

const N_PATHS: u64 = 4096;
/// Paths of each scenario that are drawn for the reference walker.
const N_DRAWN: u64 = 8;
const PINNED: &str = include_str!("projection.tsv");

/// Counters as they were: fields that have come since are not read.
#[derive(Serialize, Deserialize)]
struct CountersThen {
    positions: Vec<PositionThen>,
    steps: Vec<StepThen>,
    pools: Vec<i128>,
    aftermath: Option<AftermathThen>,
}

#[derive(Serialize, Deserialize)]
struct PositionThen {
    n_defaults: u64,
    loss: i128,
    exposure: i128,
}

#[derive(Serialize, Deserialize)]
struct StepThen {
    n_events: u64,
    liquidated: i128,
    loss: i128,
}

#[derive(Serialize, Deserialize)]
struct AftermathThen {
    n_paths: u64,
    n_backlogged: u64,
    n_waiting: u128,
    backlog: AmountsThen,
    most_rounds: u32,
    n_spiralling: u64,
    funds: Vec<FundThen>,
}

#[derive(Serialize, Deserialize)]
struct FundThen {
    n_emptied: u64,
    drawn: AmountsThen,
}

#[derive(Serialize, Deserialize)]
struct AmountsThen {
    sum: i128,
    largest: i64,
    histogram: Vec<(u32, u64, u128)>,
}

/// The digest of the fields that there were.
fn projection(counters: &Counters) -> Digest {
    let text = serde_json::to_string(counters).unwrap_or_else(|error| panic!("{error}"));
    let then: CountersThen = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let bytes = serde_json::to_vec(&then).unwrap_or_else(|error| panic!("{error}"));
    Digest(blake3::derive_key("shortfall projection of counters", &bytes))
}

fn shipped(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    load(&path.with_extension("toml"), &Overrides::default()).unwrap_or_else(|it| panic!("{it}"))
}

/// The week of Compound at four times its volatilities, in which positions are liquidated; with a
/// pool of so many dollars for every volatile asset, or none.
fn stressed(mut scenario: Scenario, reserve_usd: Option<f64>) -> Scenario {
    let assets = &mut scenario.market.assets;
    assets.iter_mut().for_each(|asset| asset.volatility *= 4.0);
    let depth = |(idx, reserve_usd): (usize, f64)| Depth {
        asset: AssetId(idx as u32),
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd }),
        fee: 0.003,
        permanent: 0.2,
        half_life_years: 6.0 / 8760.0,
        by_drawdown: Vec::new(),
    };
    let volatile = assets.iter().enumerate().filter(|(_, asset)| !asset.is_stable);
    let depths = volatile.filter_map(|(idx, _)| Some(depth((idx, reserve_usd?))));
    scenario.market.liquidity.depths = depths.collect();
    scenario
}

/// Every scenario whose digests are pinned, by name.
fn scenarios() -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).expect("the folder of the scenarios");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let files = files.filter(|file| file.extension().is_some_and(|it| it == "toml"));
    let name = |file: PathBuf| file.file_stem().expect("a stem").to_string_lossy().into_owned();
    let calm = Workload { health_factors: (8.0, 12.0), ..Workload::default() };
    let tight = Workload { health_factors: (1.0, 1.01), n_positions: 60, ..Workload::default() };
    let mut found: Vec<(String, Scenario)> =
        files.map(name).map(|name| (name.clone(), shipped(&name))).collect();
    found.extend([
        ("W".to_owned(), Workload::default().scenario()),
        ("W calm".to_owned(), calm.scenario()),
        ("W at the threshold".to_owned(), tight.scenario()),
        ("compound-v2 stressed".to_owned(), stressed(shipped("compound-v2"), None)),
        ("compound-v2 in pools".to_owned(), stressed(shipped("compound-v2"), Some(20e6))),
    ]);
    found.extend(real_book());
    found
}

/// The real book, where the environment names it.
fn real_book() -> Vec<(String, Scenario)> {
    let Ok(named) = std::env::var("SHORTFALL_REAL_BOOK") else { return Vec::new() };
    let (book, assets) = named.split_once(',').expect("BOOK,ASSETS");
    let (book, assets) = (Some(book.into()), Some(assets.into()));
    let overrides = Overrides { book, assets, ..Overrides::default() };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/compound-v2.toml");
    let real = load(&path, &overrides).unwrap_or_else(|faults| panic!("{faults}"));
    vec![
        ("real book".to_owned(), stressed(real.clone(), None)),
        ("real book in pools".to_owned(), stressed(real, Some(20e6))),
    ]
}

fn walked(scenario: &Scenario, lanes: Lanes, batch: u64) -> Tally {
    let program = compiled(scenario);
    walked_on(&program, &mut Cpu::with_lanes(&program, scenario.run.seed, 2, lanes), batch)
}

fn compiled(scenario: &Scenario) -> Program {
    engine::compile(scenario).unwrap_or_else(|error| panic!("{error}"))
}

fn walked_on(program: &Program, backend: &mut dyn Backend, batch: u64) -> Tally {
    let plan = Plan { n_paths: N_PATHS, batch, materiality: 1 };
    engine::run(program, plan, backend, &mut ()).unwrap_or_else(|error| panic!("{error}"))
}

fn row(name: &str, tally: &Tally) -> String {
    format!("{name}\t{}\t{}", tally.outcome_digest(), projection(&tally.counters))
}

#[test]
fn outcomes_and_the_counters_that_there_were_stay() {
    let pinned: Vec<&str> = PINNED.lines().skip(1).collect();
    let mut found = Vec::new();
    for (name, scenario) in scenarios() {
        let tally = walked(&scenario, Lanes::widest(), 4096);
        let is_calm = ["compound-v2", "reference-calm", "W calm"].contains(&&*name);
        assert!(is_calm || tally.sums.n_losing > 0, "{name} loses nothing: it says little");
        found.push(row(&name, &tally));
    }
    let missing: Vec<&String> = found.iter().filter(|row| !pinned.contains(&&***row)).collect();
    assert!(missing.is_empty(), "not pinned so:\n{missing:#?}");
}

#[test]
fn the_reference_walker_finds_what_is_pinned() {
    let is_whole = std::env::var("SHORTFALL_FULL").is_ok_and(|it| it == "1");
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let day = since.as_secs() / 86_400;
    for (name, scenario) in scenarios() {
        let (program, seed) = (compiled(&scenario), scenario.run.seed);
        if is_whole {
            let tally = walked_on(&program, &mut Reference::new(&program, seed, 2), N_PATHS);
            let row = row(&name, &tally);
            assert!(PINNED.lines().any(|pinned| pinned == row), "not pinned so: {row}");
        }
        for draw in 0..N_DRAWN {
            // The CPU's are pinned, and so are these if they are the same.
            let path = u64::from(words(day, draw, 0, 0)[0]) % N_PATHS;
            on_host(&format!("{name}, day {day}"), &program, seed, path..path + 1);
        }
    }
}

#[test]
fn a_field_that_is_added_is_not_read_and_one_that_changes_is() {
    let tally = walked(&shipped("spiral"), Lanes::widest(), 4096);
    let mut counters = tally.counters.clone();
    let before = projection(&counters);
    counters.steps[3].n_events += 1;
    assert_ne!(projection(&counters), before);
    let text = serde_json::to_string(&tally.counters).unwrap_or_else(|error| panic!("{error}"));
    let longer = text.replacen("{\"positions\"", "{\"waiting\":7,\"positions\"", 1);
    assert_ne!(longer, text);
    let then: CountersThen =
        serde_json::from_str(&longer).unwrap_or_else(|error| panic!("{error}"));
    let bytes = serde_json::to_vec(&then).unwrap_or_else(|error| panic!("{error}"));
    let digest = blake3::derive_key("shortfall projection of counters", &bytes);
    assert_eq!(Digest(digest), before);
}
