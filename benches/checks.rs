//! What a check costs: a book along a group of paths, by what decides about its positions, and a
//! path told again.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::path::PathWorker;
use shortfall::engine::reference;
use shortfall::lanes::Lanes;
use shortfall::program::Program;
use shortfall::scenario::Workload;
use shortfall::tail::Outcome;

const SEED: u64 = 42;
/// A small book, of which the path itself is a good part, and one where only checks count.
const BOOKS: [usize; 2] = [100, 10_000];
/// Paths that a worker is given at a time: whole groups, however many a group has.
const N_PATHS: u64 = 64;

fn program(workload: Workload) -> Program {
    shortfall::engine::compile(&workload.scenario()).expect("a workload compiles")
}

/// One book, walked along many paths; `bench_function` reports nominal checks a second.
fn walk(criterion: &mut Criterion, group: &str, id: BenchmarkId, worker: PathWorker<'_>, n: usize) {
    let mut worker = worker;
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(N_PATHS * n as u64));
    let mut outcomes = [Outcome::default(); N_PATHS as usize];
    let mut first = 0;
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            let paths: [u64; N_PATHS as usize] = std::array::from_fn(|idx| first + idx as u64);
            first += N_PATHS;
            worker.run_all(SEED, black_box(&paths), &mut outcomes);
            black_box(&outcomes);
        });
    });
    group.finish();
}

fn checks(criterion: &mut Criterion) {
    for n_positions in BOOKS {
        let program = program(Workload { n_positions, ..Workload::default() });
        let n_checks = n_positions * program.market.n_steps;
        for (name, use_bounds) in [("with bounds", true), ("without bounds", false)] {
            let worker = PathWorker::new(&program, Lanes::widest());
            let worker = if use_bounds { worker } else { worker.without_bounds() };
            walk(criterion, "checks", BenchmarkId::new(name, n_positions), worker, n_checks);
        }
    }
}

/// Books in which one stage does nearly all of the work, prices aside: where all are far from
/// the threshold, the bounds over the horizon; where few are breached that the horizon does not
/// clear, the search for a breach; where all are at the threshold, their liquidation and what
/// follows.
fn stages(criterion: &mut Criterion) {
    let n_positions = BOOKS[1];
    for (name, health_factors) in
        [("bounds", (8.0, 12.0)), ("search", (1.5, 1.6)), ("replay", (1.0, 1.01))]
    {
        let program = program(Workload { n_positions, health_factors, ..Workload::default() });
        let worker = PathWorker::new(&program, Lanes::widest());
        let n_checks = n_positions * program.market.n_steps;
        walk(criterion, "stage", BenchmarkId::new(name, n_positions), worker, n_checks);
    }
}

fn told(criterion: &mut Criterion) {
    let program = program(Workload { n_positions: BOOKS[1], ..Workload::default() });
    let mut group = criterion.benchmark_group("explain");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one path told", |bencher| {
        bencher.iter(|| reference::explain(&program, SEED, black_box(3)));
    });
    group.finish();
}

criterion_group!(benches, checks, stages, told);
criterion_main!(benches);
