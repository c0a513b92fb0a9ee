//! What a price path costs: its random words, its shocks, its log prices, its marks.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use shortfall::engine::cpu::marks::Marks;
use shortfall::fixed::normal_shock;
use shortfall::market::rng::{BLOCK_DIFFUSION, words};
use shortfall::scenario::Workload;

const SEED: u64 = 42;
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

/// Log prices of the reference market, then of 64 assets by a matrix and by three factors; the
/// least and the most of every ratio to the first asset; marks.
fn prices_and_marks(criterion: &mut Criterion) {
    for (n_assets, by_factors) in [(4, false), (64, false), (64, true)] {
        let workload = Workload { n_assets, by_factors, n_positions: 1, ..Workload::default() };
        let program =
            shortfall::engine::compile(&workload.scenario()).expect("a workload compiles");
        let market = &program.market;
        let mut buffer = market.buffer();
        let mut group = criterion.benchmark_group("path");
        group.throughput(Throughput::Elements(market.n_steps as u64));
        let together = if by_factors { "three factors" } else { "a matrix" };
        let mut path = 0;
        group.bench_function(format!("log prices, {n_assets} assets by {together}"), |bencher| {
            bencher.iter(|| {
                path += 1;
                market.walk(SEED, path, &mut buffer);
                black_box(&buffer.logs);
            });
        });
        group.bench_function(format!("and extremes, {n_assets} assets by {together}"), |bencher| {
            bencher.iter(|| {
                path += 1;
                market.walk(SEED, path, &mut buffer);
                buffer.lanes.run(
                    #[inline(always)]
                    || black_box(extremes(&buffer.logs, market.n_steps)),
                )
            });
        });
        if n_assets > 4 {
            continue;
        }
        let mut marks = Marks::new(&program);
        let n_marks = program.instruments.len() * market.n_steps;
        group.throughput(Throughput::Elements(n_marks as u64));
        group.bench_function("marks", |bencher| {
            bencher.iter(|| {
                marks.fill(&program.instruments, black_box(&mut buffer.logs));
                marks.need_all();
                black_box(&marks);
            });
        });
        group.finish();
    }
}

/// The sum of the least and the most log ratio of every asset to the first.
#[inline(always)]
fn extremes(logs: &[i32], n_steps: usize) -> i64 {
    let (first, others) = logs.split_at(n_steps);
    let mut sum = 0;
    for row in others.chunks_exact(n_steps) {
        let (mut least, mut most) = (i32::MAX, i32::MIN);
        for (log, first) in row.iter().zip(first) {
            let ratio = log.wrapping_sub(*first);
            (least, most) = (least.min(ratio), most.max(ratio));
        }
        sum += i64::from(least) + i64::from(most);
    }
    sum
}

criterion_group!(benches, words_and_shocks, prices_and_marks);
criterion_main!(benches);
