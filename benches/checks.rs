//! What a check costs: a book along one path, with bounds and, where they are off, step by step.

mod workload;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::path::PathWorker;
use shortfall::engine::cpu::replay;
use shortfall::lanes::Lanes;
use workload::SEED;

/// A small book, of which the path itself is a good part, and one where only checks count.
const BOOKS: [usize; 2] = [100, 10_000];

fn checks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checks");
    for n_positions in BOOKS {
        let program = workload::program(n_positions);
        group.throughput(Throughput::Elements((n_positions * program.market.n_steps) as u64));
        for (name, use_bounds) in [("with bounds", true), ("without bounds", false)] {
            let worker = PathWorker::new(&program, Lanes::widest());
            let mut worker = if use_bounds { worker } else { worker.without_bounds() };
            let mut path = 0;
            group.bench_function(BenchmarkId::new(name, n_positions), |bencher| {
                bencher.iter(|| {
                    path += 1;
                    worker.run(SEED, black_box(path), &mut ())
                });
            });
        }
    }
    group.finish();
}

fn told(criterion: &mut Criterion) {
    let program = workload::program(BOOKS[1]);
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one path told", |bencher| {
        bencher.iter(|| replay::explain(&program, SEED, black_box(3)));
    });
    group.finish();
}

criterion_group!(benches, checks, told);
criterion_main!(benches);
