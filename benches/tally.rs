//! What counting costs: blocks of outcomes into the tally, its merge, its digests, its statistics.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::path::PathWorker;
use shortfall::engine::shape::shape;
use shortfall::lanes::Lanes;
use shortfall::program::Program;
use shortfall::scenario::Workload;
use shortfall::tail::stat::{expected_shortfall, mean, value_at_risk};
use shortfall::tail::{BLOCK_PATHS, Counters, Level, Ordered, Outcome, Tally};

const SEED: u64 = 42;
const N_BLOCKS: u64 = 64;

fn program(n_positions: usize) -> Program {
    let workload = Workload { n_positions, ..Workload::default() };
    shortfall::engine::compile(&workload.scenario()).expect("a workload compiles")
}

/// Outcomes of a block of paths of a small book: losses as they really fall.
fn block(program: &Program) -> Vec<Outcome> {
    let mut worker = PathWorker::new(program, Lanes::widest());
    let paths: Vec<u64> = (0..BLOCK_PATHS).collect();
    let mut outcomes = vec![Outcome::default(); paths.len()];
    worker.run_all(SEED, &paths, &mut outcomes);
    outcomes
}

fn absorbing(criterion: &mut Criterion) {
    let program = program(30);
    let outcomes = block(&program);
    let empty = || Tally::new(1, shape(&program));
    let filled = |first: u64| {
        let mut tally = empty();
        for block_idx in first..first + N_BLOCKS {
            tally.absorb_block(block_idx, &outcomes);
        }
        tally
    };
    let mut group = criterion.benchmark_group("tally");
    group.throughput(Throughput::Elements(BLOCK_PATHS));
    group.bench_function("absorb a block", |bencher| {
        let absorb = |mut tally: Tally| {
            tally.absorb_block(0, black_box(&outcomes));
            tally
        };
        bencher.iter_batched(empty, absorb, BatchSize::LargeInput);
    });
    group.throughput(Throughput::Elements(N_BLOCKS * BLOCK_PATHS));
    let (left, right) = (filled(0), filled(N_BLOCKS));
    group.bench_function("merge two", |bencher| {
        let merge = |(mut left, right): (Tally, Tally)| {
            left.merge(right);
            left
        };
        bencher.iter_batched(|| (left.clone(), right.clone()), merge, BatchSize::LargeInput);
    });
    group.bench_function("outcome digest", |bencher| bencher.iter(|| left.outcome_digest()));
    group.bench_function("statistics", |bencher| {
        bencher.iter(|| {
            let ordered = Ordered::of(black_box(&left));
            let level = Level::nearest(0.99);
            (mean(&ordered), value_at_risk(&ordered, level), expected_shortfall(&ordered, level))
        });
    });
    group.finish();
}

fn counting(criterion: &mut Criterion) {
    let program = program(100_000);
    let mut group = criterion.benchmark_group("counters");
    group.throughput(Throughput::Elements(program.positions.len() as u64));
    let (mut sum, more) = (Counters::new(shape(&program)), Counters::new(shape(&program)));
    group.bench_function("merge", |bencher| bencher.iter(|| sum.merge(black_box(&more))));
    group.bench_function("digest", |bencher| bencher.iter(|| more.digest()));
    group.finish();
}

criterion_group!(benches, absorbing, counting);
criterion_main!(benches);
