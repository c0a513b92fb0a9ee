//! One body, every backend and adapter: are stages and outcomes equal, bit for bit?
//!
//! Runs on every adapter of the machine, software ones included. Without any it compares the CPU
//! with the reference walker alone and says how many tests could not run, unless
//! `SHORTFALL_REQUIRE_ADAPTER` is set, as it is in CI.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::ops::Range;
use std::path::{Path, PathBuf};

use shortfall::book::{Book, Leg, LegKind, Position};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::fallback::Fallback;
use shortfall::engine::gpu::probe::{Probe, Prober};
use shortfall::engine::gpu::self_test::self_test;
use shortfall::engine::gpu::{Gpu, Options};
use shortfall::engine::{self, Backend, EngineError, Plan};
use shortfall::fixed;
use shortfall::market::factors::Factors;
use shortfall::market::rng::words;
use shortfall::market::{Correlation, Shock};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::tail::{Counters, Outcome, Tally};
use shortfall::units::{AssetId, VenueId};
use support::adapters::{adapters, assert_same_prices};
use support::twins::{Walked, everywhere};

/// Every way to compile the kernel.
fn all_options() -> Vec<Options> {
    let plain = Options::default();
    vec![
        plain,
        Options { checks: true, ..plain },
        Options { emulate_int64: true, ..plain },
        Options { emulate_int64: true, checks: true, ..plain },
        Options { use_bounds: false, ..plain },
        Options { group_size: Some(128), ..plain },
    ]
}

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    paths.sort();
    paths
}

fn compiled(path: &Path) -> (Scenario, Program) {
    let scenario = load(path, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let program = shortfall::engine::compile(&scenario).unwrap();
    (scenario, program)
}

fn tally(program: &Program, backend: &mut dyn Backend, n_paths: u64, batch: u64) -> Tally {
    let plan = Plan { n_paths, batch, materiality: 1 };
    engine::run(program, plan, backend, &mut ()).unwrap_or_else(|error| panic!("{error}"))
}

/// All lending venues in a market of common factors, more of them than a block of words holds; one
/// asset is all factors, one none.
fn by_factors() -> (Program, u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lending.toml");
    let mut scenario = load(&path, &Overrides::default()).unwrap();
    let n_factors = 5;
    let row = |asset: usize| match asset {
        0 => vec![0.6, 0.0, -0.8, 0.0, 0.0],
        1 => vec![0.0; n_factors],
        _ => (0..n_factors).map(|k| 0.4 - 0.1 * ((asset + k) % 7) as f64).collect(),
    };
    let loadings = (0..scenario.market.assets.len()).flat_map(row).collect();
    scenario.market.correlation = Correlation::Factors(Factors { n_factors, loadings });
    let program = shortfall::engine::compile(&scenario).unwrap();
    (program, scenario.run.seed)
}

/// A file's scenario is the same everywhere.
fn assert_same(path: &Path, kernels: &[Options], n_paths: u64) {
    let (scenario, program) = compiled(path);
    let name = path.display().to_string();
    assert_same_program(&name, &program, scenario.run.seed, kernels, n_paths);
}

/// A program is the same everywhere, and something happens on its paths.
fn assert_same_program(
    name: &str,
    program: &Program,
    seed: u64,
    kernels: &[Options],
    n_paths: u64,
) -> Walked {
    let walked = everywhere(name, program, seed, n_paths, kernels);
    assert!(walked.n_events() > 0, "{name}: nothing happens");
    walked
}

#[test]
fn every_scenario_is_the_same_on_every_backend() {
    for path in shipped() {
        assert_same(&path, &[Options::default()], 20);
    }
    let (program, seed) = by_factors();
    assert_same_program("factors", &program, seed, &[Options::default()], 20);
}

#[test]
fn however_the_kernel_is_compiled_paths_are_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let kernels = all_options().split_off(1);
    // All lending venues, jumps, interest and two windows of steps; perpetuals, funding.
    for name in ["lending.toml", "perpetual.toml"] {
        assert_same(&folder.join(name), &kernels, 8);
    }
    let (program, seed) = by_factors();
    assert_same_program("factors", &program, seed, &kernels, 8);
}

#[test]
fn a_device_destroyed_in_the_middle_is_rebuilt_and_nothing_is_lost() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let (scenario, program) = compiled(&folder.join("reference.toml"));
    let seed = scenario.run.seed;
    let expected = tally(&program, &mut Cpu::new(&program, seed, 2), 64, 4096);
    for adapter in adapters() {
        let rebuild = || Gpu::new(&program, seed, &adapter, Options::default());
        // Alone, a lost device is an error, and says so.
        let first = Dying { gpu: rebuild().unwrap(), n_batches: 0 };
        let plan = Plan { n_paths: 64, batch: 16, materiality: 1 };
        let mut alone = first;
        let error = engine::run(&program, plan, &mut alone, &mut ()).unwrap_err();
        assert!(error.to_string().contains("lost"), "{error}");
        // With something to fall back on, it is a line in the report.
        for rebuilds in [true, false] {
            let first = Box::new(Dying { gpu: rebuild().unwrap(), n_batches: 0 });
            let again = Box::new(move || {
                let built = if rebuilds { rebuild() } else { Err(EngineError::NoDevice) };
                Ok(Box::new(built?) as Box<dyn Backend>)
            });
            let cpu = Box::new(Cpu::new(&program, seed, 1));
            let mut backend = Fallback::new(Ok(first), again, cpu);
            let found = tally(&program, &mut backend, 64, 16);
            assert_eq!(found.outcome_digest(), expected.outcome_digest());
            assert_eq!(found.tally_digest(), expected.tally_digest());
            assert_eq!(backend.fallbacks().len(), if rebuilds { 1 } else { 2 });
            assert_eq!(backend.name(), if rebuilds { "gpu" } else { "cpu" });
        }
    }
}

/// A GPU whose device is destroyed after its second batch.
struct Dying<'a> {
    gpu: Gpu<'a>,
    n_batches: u32,
}

impl Backend for Dying<'_> {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        self.n_batches += 1;
        if self.n_batches == 3 {
            self.gpu.destroy_device();
        }
        self.gpu.run(paths, outcomes, counters)
    }
}

#[test]
fn words_shocks_and_marks_are_known_on_every_adapter() {
    let program = shortfall::engine::compile(&Scenario::smallest()).unwrap();
    for adapter in adapters() {
        self_test(&adapter, &program).unwrap();
    }
}

#[test]
fn wide_arithmetic_is_the_twins_native_and_emulated() {
    let program = shortfall::engine::compile(&Scenario::smallest()).unwrap();
    let edges = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_ffff, 0x0001_0000];
    let mut input = Vec::new();
    for idx in 0..2048_u64 {
        let drawn = words(3, idx, 0, 0);
        let more = words(3, idx, 1, 0);
        let pick = |word: u32| {
            if word & 7 == 0 { edges[(word >> 3) as usize % edges.len()] } else { word }
        };
        input.extend([drawn[0], drawn[1], drawn[2], drawn[3], more[0], more[1]].map(pick));
    }
    let mut expected = Vec::new();
    for case in input.chunks_exact(6) {
        let wide = |lo: u32, hi: u32| u64::from(lo) | u64::from(hi) << 32;
        let (a, b) = (wide(case[0], case[1]), wide(case[2], case[3]));
        let (f, d) = (case[4], case[5]);
        let one = shortfall::fixed::ONE_Q31;
        let halves = |value: u64| [value as u32, (value >> 32) as u32];
        // The ratio is of a part to the whole; its twin is asked within that bound only.
        let (n, whole) = (a.min(b), a.max(b));
        expected.extend(halves(fixed::mul_div(a, f, d)));
        expected.extend(halves(fixed::scale_q32(a, f)));
        expected.extend(halves(fixed::scale_q31(a >> 1, f.min(one))));
        expected.push(fixed::ratio_q32(n, whole));
        expected.push(fixed::weigh(f, d.min(one)));
        let sar = halves(((a as i64) >> (d & 63)) as u64);
        expected.extend([sar[0] ^ u32::from((a as i64) < (b as i64)), sar[1]]);
    }
    for adapter in adapters() {
        for options in all_options() {
            let prober = Prober::new(&adapter, &program, options).unwrap();
            let found = prober
                .ask(&Probe {
                    entry_point: "probe_wide",
                    seed: 0,
                    first_path: 0,
                    n_items: 2048,
                    n_groups: 2048_u32.div_ceil(options.group_size_for(&program)),
                    input: &input,
                    n_output: expected.len(),
                })
                .unwrap();
            let at = found.iter().zip(&expected).position(|(a, b)| a != b);
            assert_eq!(at.map(|at| (at / 10, at % 10)), None, "{options:?}");
        }
    }
}

#[test]
fn prices_are_the_twins_on_every_adapter() {
    for adapter in adapters() {
        for path in shipped() {
            let (scenario, program) = compiled(&path);
            let name = path.display().to_string();
            assert_same_prices(&name, &program, scenario.run.seed, &adapter);
        }
        let (program, seed) = by_factors();
        assert_same_prices("factors", &program, seed, &adapter);
    }
}

#[test]
fn log_prices_that_are_held_in_range_and_come_back_are_the_twins() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reference.toml");
    let (mut scenario, _) = compiled(&path);
    // Three moves of 2^28 leave the range of 2^64, four of 2^-28 come back from where it ends; and
    // the other way around. Increments are scanned 64 steps at a time: some cross from one scan to
    // the next.
    let mut shock = |asset, hour: usize, log2: f64| {
        let at_years = hour as f64 * scenario.run.step_years;
        let change = libm::exp2(log2) - 1.0;
        let asset = AssetId(asset);
        scenario.market.shocks.push(Shock { asset, change, at_years, over_years: 0.0 });
    };
    for (asset, away) in [(0, 28.0), (1, -28.0)] {
        for hour in [40, 50, 60] {
            shock(asset, hour, away);
        }
        for hour in [61, 70, 80, 130] {
            shock(asset, hour, -away);
        }
    }
    let program = shortfall::engine::compile(&scenario).unwrap();
    let seed = scenario.run.seed;
    for adapter in adapters() {
        let clamped = assert_same_prices("held in range", &program, seed, &adapter);
        assert!(clamped, "no price left its range");
    }
    let kernels =
        [false, true].map(|emulate_int64| Options { emulate_int64, ..Options::default() });
    assert_same_program("held in range", &program, seed, &kernels, 8);
}

#[test]
fn paths_that_are_held_in_windows_are_the_twins() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for (name, steps) in [("reference.toml", 1200), ("lending.toml", 500)] {
        let overrides = Overrides { steps: Some(steps), ..Overrides::default() };
        let scenario = load(&folder.join(name), &overrides).unwrap();
        let program = shortfall::engine::compile(&scenario).unwrap();
        for adapter in adapters() {
            let prober = Prober::new(&adapter, &program, Options::default()).unwrap();
            let window = prober.window();
            assert!(window < steps as usize, "{name}: a window of {window} steps");
        }
        assert_same_program(name, &program, scenario.run.seed, &[Options::default()], 6);
    }
}

/// All prices fall at once to 2^-14 of the opening, where a mark is a thousand units or so and a
/// ratio of two of them is off by a tenth of a percent; positions lie closer than that.
#[test]
fn bounds_leave_room_for_the_rounding_of_small_marks() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reference.toml");
    let (mut scenario, _) = compiled(&path);
    scenario.run.n_steps = 48;
    let change = libm::exp2(-14.0) - 1.0;
    scenario.market.shocks = (0..4)
        .map(|asset| Shock { asset: AssetId(asset), change, at_years: 0.0, over_years: 0.0 })
        .collect();
    scenario.book = Book::default();
    let assets = &scenario.market.assets;
    for idx in 0..1200 {
        // Every other position has a second collateral, and is no pair.
        let health_factor = 1.0005 + 2e-4 * f64::from(idx);
        let parts: &[(usize, f64)] = if idx % 2 == 0 { &[(0, 1.0)] } else { &[(0, 0.7), (2, 0.3)] };
        let leg_start = scenario.book.legs.len() as u32;
        let leg = |kind, asset: usize, usd: f64| Leg {
            kind,
            asset: AssetId(asset as u32),
            amount: usd / assets[asset].price_usd,
            entry_usd: 0.0,
        };
        for (asset, part) in parts {
            let usd = 1e6 * health_factor * part / assets[*asset].liquidation_threshold;
            scenario.book.legs.push(leg(LegKind::Collateral, *asset, usd));
        }
        scenario.book.legs.push(leg(LegKind::Debt, 1, 1e6));
        let leg_end = scenario.book.legs.len() as u32;
        let name = format!("p{idx}").into();
        scenario.book.positions.push(Position {
            name,
            venue: VenueId(0),
            category: None,
            leg_start,
            leg_end,
        });
    }
    let program = shortfall::engine::compile(&scenario).unwrap();
    let seed = scenario.run.seed;
    assert_same_program("small marks", &program, seed, &[Options::default()], 64);
}
