//! Paths whose positions meet in the market: is nothing changed where nothing couples them, and do
//! all ways of walking them agree?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

mod coupled {
    mod drawn;
    mod edges;
    mod laws;
    mod octaves;
    mod opening;
    mod reference;
}

use std::path::Path;

use shortfall::engine::cpu::Cpu;
use shortfall::engine::{self, Backend as _};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::tail::{Counters, Outcome};

fn shipped() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let scenarios = entries.filter(|path| path.extension().is_some_and(|it| it == "toml"));
    scenarios.map(|path| load(&path, &Overrides::default()).unwrap()).collect()
}

fn outcomes(program: &Program, cpu: Cpu<'_>, n_paths: u64) -> (Vec<Outcome>, Counters) {
    let mut cpu = cpu;
    let mut outcomes = vec![Outcome::default(); n_paths as usize];
    let mut counters = Counters::new(engine::shape::shape(program));
    cpu.run(0..n_paths, &mut outcomes, &mut counters).unwrap();
    (outcomes, counters)
}

#[test]
fn neutral_coupling_changes_no_outcome() {
    for scenario in shipped() {
        let alone = shortfall::engine::compile(&scenario).unwrap();
        let alone = Program { liquidity: None, ..alone };
        let coupled = Program { liquidity: Some(support::neutral(&scenario)), ..alone.clone() };
        let seed = scenario.run.seed;
        let expected = outcomes(&alone, Cpu::new(&alone, seed, 2), 300);
        let found = outcomes(&coupled, Cpu::new(&coupled, seed, 2), 300);
        for (path, (found, expected)) in found.0.iter().zip(&expected.0).enumerate() {
            assert_eq!(found, expected, "{} path {path}", scenario.name);
        }
        let without = Counters { aftermath: None, ..found.1 };
        assert_eq!(without, expected.1, "{}", scenario.name);
    }
}
