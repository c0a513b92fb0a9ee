//! What a price path costs: its random words, its shocks, its log prices, its marks.

mod workload;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::marks::Marks;
use shortfall::fixed::normal_shock;
use shortfall::market::rng::{BLOCK_DIFFUSION, words};
use workload::SEED;

const N_WORDS: u32 = 4096;

fn words_and_shocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("draws");
    group.throughput(Throughput::Elements(N_WORDS.into()));
    group.bench_function("words", |bencher| {
        bencher.iter(|| {
            let blocks =
                (0..N_WORDS / 4).map(|step| words(black_box(SEED), 7, step, BLOCK_DIFFUSION));
            blocks.fold(0, |sum, block| block.iter().fold(sum, |sum, word| sum ^ word))
        });
    });
    let drawn: Vec<u32> =
        (0..N_WORDS / 4).flat_map(|step| words(SEED, 7, step, BLOCK_DIFFUSION)).collect();
    let mut shocks = vec![0; drawn.len()];
    group.bench_function("shocks", |bencher| {
        bencher.iter(|| {
            for (shock, word) in shocks.iter_mut().zip(black_box(&drawn)) {
                *shock = normal_shock(*word);
            }
            black_box(&shocks);
        });
    });
    group.finish();
}

fn prices_and_marks(criterion: &mut Criterion) {
    let program = workload::program(1);
    let market = &program.market;
    let mut buffer = market.buffer();
    let mut group = criterion.benchmark_group("path");
    group.throughput(Throughput::Elements((market.n_assets * market.n_steps) as u64));
    let mut path = 0;
    group.bench_function("log prices", |bencher| {
        bencher.iter(|| {
            path += 1;
            market.walk(SEED, path, &mut buffer);
            black_box(&buffer.logs);
        });
    });
    let mut marks = Marks::new(&program);
    group.throughput(Throughput::Elements((program.instruments.len() * market.n_steps) as u64));
    group.bench_function("marks", |bencher| {
        bencher.iter(|| {
            marks.fill(&program.instruments, black_box(&mut buffer.logs));
            marks.need_all();
            black_box(&marks);
        });
    });
    group.finish();
}

criterion_group!(benches, words_and_shocks, prices_and_marks);
criterion_main!(benches);
