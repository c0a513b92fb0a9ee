//! What a whole run costs: paths a second and checks a second of the shipped reference scenario, on
//! the CPU and on a hardware GPU if there is one. `SHORTFALL_BENCH_DEVICE` names another adapter, a
//! software one too.

use std::path::Path;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::Cpu;
use shortfall::engine::{self, Backend, Plan};
use shortfall::program::Program;
use shortfall::scenario::{self, Overrides};

const SCENARIO: &str = "scenarios/reference.toml";
const N_PATHS: u64 = 8_192;

fn whole_run(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIO);
    let scenario = scenario::load(&path, &Overrides::default())
        .unwrap_or_else(|faults| panic!("{SCENARIO} is shipped and sound: {faults}"));
    let program = shortfall::engine::compile(&scenario).expect("the reference scenario compiles");
    let plan = Plan { n_paths: N_PATHS, batch: N_PATHS, materiality: 1 };
    let n_checks = N_PATHS * program.positions.len() as u64 * program.market.n_steps as u64;
    let seed = scenario.run.seed;
    for (unit, n) in [("paths", N_PATHS), ("checks", n_checks)] {
        let mut group = criterion.benchmark_group(format!("run, {unit}"));
        group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(n));
        for (name, mut backend) in cpus(&program, seed).into_iter().chain(gpu(&program, seed)) {
            group.bench_function(name, |bencher| {
                bencher.iter(|| engine::run(&program, plan, backend.as_mut(), &mut ()));
            });
        }
        group.finish();
    }
}

type Named<'a> = (String, Box<dyn Backend + 'a>);

/// One thread, and all there are.
fn cpus(program: &Program, seed: u64) -> Vec<Named<'_>> {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpu = |n_threads| -> Named<'_> {
        (format!("{n_threads} threads"), Box::new(Cpu::new(program, seed, n_threads)))
    };
    [1, all].map(cpu).into()
}

#[cfg(feature = "gpu")]
fn gpu(program: &Program, seed: u64) -> Option<Named<'_>> {
    use shortfall::engine::gpu::adapter::{Choice, choose};
    use shortfall::engine::gpu::{Gpu, Options};

    let asked = std::env::var("SHORTFALL_BENCH_DEVICE").ok();
    let found = choose(asked.as_deref().map_or(Choice::Hardware, Choice::Named));
    let candidate = match found {
        Ok(candidate) => candidate,
        // None was asked for.
        Err(_) if asked.is_none() => return None,
        Err(error) => panic!("SHORTFALL_BENCH_DEVICE: {error}"),
    };
    let gpu = Gpu::new(program, seed, &candidate, Options::default());
    let gpu = gpu.unwrap_or_else(|error| panic!("{error}"));
    Some((candidate.label(), Box::new(gpu)))
}

#[cfg(not(feature = "gpu"))]
fn gpu(_: &Program, _: u64) -> Option<Named<'_>> {
    None
}

criterion_group!(benches, whole_run);
criterion_main!(benches);
