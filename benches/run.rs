//! What a whole run costs: paths a second and checks a second of the shipped reference scenario.

use std::path::Path;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::Cpu;
use shortfall::engine::{self, Plan};
use shortfall::program::Program;
use shortfall::scenario::{self, Overrides};

const SCENARIO: &str = "scenarios/reference.toml";
const N_PATHS: u64 = 8_192;

fn whole_run(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIO);
    let scenario = scenario::load(&path, &Overrides::default())
        .unwrap_or_else(|faults| panic!("{SCENARIO} is shipped and sound: {faults}"));
    let program = Program::compile(&scenario).expect("the reference scenario compiles");
    let plan = Plan { n_paths: N_PATHS, batch: N_PATHS, materiality: 1 };
    let n_checks = N_PATHS * program.positions.len() as u64 * program.market.n_steps as u64;
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for (unit, n) in [("paths", N_PATHS), ("checks", n_checks)] {
        let mut group = criterion.benchmark_group(format!("run, {unit}"));
        group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(n));
        for n_threads in [1, all] {
            let mut backend = Cpu::new(&program, scenario.run.seed, n_threads);
            group.bench_function(format!("{n_threads} threads"), |bencher| {
                bencher.iter(|| engine::run(&program, plan, &mut backend, &mut ()));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, whole_run);
criterion_main!(benches);
