//! Does a tally depend on anything but the paths? Asked of any split and any order of merges.

use proptest::prelude::*;

use super::{BLOCK_PATHS, Counters, Outcome, PositionCount, Shape, StepCount, Tally};

const SHAPE: Shape = Shape { n_positions: 2, n_steps: 2, n_pools: 1, n_funds: None };
const MATERIALITY: i64 = 100;
/// Fewer than the paths of a block, so that selections happen.
const N_WORST: usize = 300;

/// A block of outcomes that is a function of its index; the last one is short.
fn block(block_idx: u64, n_blocks: u64) -> Vec<Outcome> {
    let n_paths = if block_idx + 1 == n_blocks { 1000 } else { BLOCK_PATHS };
    let outcome = |path_idx: u64| {
        let word = path_idx.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let loss = if word >> 62 == 0 { (word >> (word & 63)) as i64 >> 3 } else { 0 };
        Outcome {
            realised: loss / 2,
            stranded: loss / 3,
            under_water: loss - loss / 2 - loss / 3,
            liquidated: loss,
            n_events: (word >> 40) as u32 & 7,
            largest_step: (word >> 50) as u32 & 3,
            n_defaults: 1,
            flags: (word >> 33) as u32 & 3,
        }
    };
    (block_idx * BLOCK_PATHS..).take(n_paths as usize).map(outcome).collect()
}

fn counters(block_idx: u64) -> Counters {
    let money = i128::from(block_idx) + (1 << 70);
    let position = PositionCount { n_defaults: block_idx, loss: money, exposure: 2 * money };
    let step = StepCount { n_events: 3 * block_idx, liquidated: money, loss: money };
    Counters {
        positions: vec![position; 2],
        steps: vec![step; 2],
        pools: vec![money],
        aftermath: None,
    }
}

fn empty() -> Tally {
    Tally::keeping(N_WORST, MATERIALITY, SHAPE)
}

fn absorb(tally: &mut Tally, block_idx: u64, n_blocks: u64) {
    tally.absorb_block(block_idx, &block(block_idx, n_blocks));
    tally.absorb_counters(&counters(block_idx));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_and_order_of_merges_gives_the_same_tally(
        order in (1_u64..9).prop_flat_map(|n| Just((0..n).collect::<Vec<u64>>()).prop_shuffle()),
        shards in prop::collection::vec(0_usize..3, 8),
        is_reversed: bool,
    ) {
        let n_blocks = order.len() as u64;
        let mut in_order = empty();
        (0..n_blocks).for_each(|block_idx| absorb(&mut in_order, block_idx, n_blocks));

        let mut parts = [empty(), empty(), empty()];
        for (&block_idx, &shard) in order.iter().zip(&shards) {
            // Half of them join as a tally of one block, the others as a block.
            if block_idx % 2 == 0 {
                let mut single = empty();
                absorb(&mut single, block_idx, n_blocks);
                parts[shard].merge(single);
            } else {
                absorb(&mut parts[shard], block_idx, n_blocks);
            }
        }
        if is_reversed {
            parts.reverse();
        }
        let merged = parts.into_iter().reduce(|mut left, right| { left.merge(right); left });
        let merged = merged.unwrap();
        prop_assert_eq!(merged.outcome_digest(), in_order.outcome_digest());
        prop_assert_eq!(merged.tally_digest(), in_order.tally_digest());
        prop_assert!(merged == in_order);
    }

    #[test]
    fn an_empty_tally_is_the_identity(block_idx in 0_u64..100) {
        let mut tally = empty();
        absorb(&mut tally, block_idx, block_idx + 1);
        let before = tally.clone();
        tally.merge(empty());
        prop_assert!(tally == before);
        let mut other = empty();
        other.merge(before.clone());
        prop_assert!(other == before);
    }
}

#[test]
fn every_path_is_in_the_histogram() {
    let outcomes = block(0, 2);
    let mut tally = Tally::new(MATERIALITY, SHAPE);
    for block_idx in 0..200 {
        tally.absorb_block(block_idx, &outcomes);
    }
    assert_eq!(tally.sums.n_paths, 200 * BLOCK_PATHS);
    assert_eq!(tally.histogram.worst_first().map(|f| f.bucket.n).sum::<u64>(), 200 * BLOCK_PATHS);
}
