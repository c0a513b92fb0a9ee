//! The tally of any set of paths: exact, mergeable, and the same in whatever order they came.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::merkle::{self, Digest};
use super::sum_tree::{self, Leaf, Node};
use super::sums::{Scalars, Sums, is_material};
use super::windows::{Batches, Windows};
use super::worst::{Worst, WorstPath};
use super::{BLOCK_PATHS, Counters, Outcome, Shape};

/// How many of the worst paths are kept: quantiles are exact while the tail fits.
pub const N_WORST: usize = 1 << 17;

/// A set of whole blocks, counted. `merge` is associative and commutative, [`Tally::new`] its
/// identity: batches, threads, shards and resumed runs join the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Loss from which a path counts as material, quanta.
    pub materiality: i64,
    /// Sums over paths.
    pub sums: Sums,
    /// All losses, in buckets.
    pub histogram: Histogram,
    /// The worst paths.
    pub worst: Worst,
    /// Digest and scalars of each block.
    pub blocks: BTreeMap<u64, Leaf>,
    /// Who, when, whose money.
    pub counters: Counters,
    /// The paths by the time of the windows that they follow, where they replay any.
    #[serde(default)]
    pub batches: Option<Batches>,
    /// The one block that has fewer paths than a block holds.
    short_block: Option<u64>,
}

impl Tally {
    /// Of no paths.
    #[must_use]
    pub fn new(materiality: i64, shape: Shape) -> Self {
        Self::keeping(N_WORST, materiality, shape)
    }

    /// Of no paths, with another number of worst paths to keep.
    #[must_use]
    pub fn keeping(n_worst: usize, materiality: i64, shape: Shape) -> Self {
        Self {
            materiality,
            sums: Sums::default(),
            histogram: Histogram::empty(),
            worst: Worst::keeping(n_worst),
            blocks: BTreeMap::new(),
            counters: Counters::new(shape),
            batches: None,
            short_block: None,
        }
    }

    /// The same, of paths that follow those windows of a history.
    #[must_use]
    pub fn over(self, windows: Option<Windows>) -> Self {
        Self { batches: windows.map(Batches::of), ..self }
    }

    /// Counts the paths of a block. Only the last block of a run may be short.
    ///
    /// # Panics
    /// If the block is empty, too long, counted before, or short and not the last; or if a loss
    /// is not in 0..2^62. Each is a fault of the engine that no figure should survive.
    pub fn absorb_block(&mut self, block_idx: u64, outcomes: &[Outcome]) {
        self.complete_block(block_idx, outcomes, 0);
    }

    /// Counts the paths of a block of which the first `n_counted` are counted already: of a run
    /// that ended within the block, and goes on.
    ///
    /// # Panics
    /// As [`Tally::absorb_block`], and if so many paths of the block are not what is counted.
    pub fn complete_block(&mut self, block_idx: u64, outcomes: &[Outcome], n_counted: usize) {
        let n_paths = outcomes.len() as u64;
        assert!((1..=BLOCK_PATHS).contains(&n_paths), "block {block_idx} has {n_paths} paths");
        let start = block_idx * BLOCK_PATHS;
        let (counted, new) = outcomes.split_at(n_counted);
        let mut scalars = Scalars::default();
        if n_counted > 0 {
            scalars = Scalars::of(start, counted, self.materiality);
            let there = self.blocks.remove(&block_idx);
            let here = Leaf::new(merkle::leaf(block_idx, counted), &scalars);
            assert!(there == Some(here), "block {block_idx} is not what was counted of it");
            self.short_block = None;
        }
        scalars.merge(&self.absorb(start + n_counted as u64, new));
        let leaf = Leaf::new(merkle::leaf(block_idx, outcomes), &scalars);
        let counted = self.blocks.insert(block_idx, leaf);
        assert!(counted.is_none(), "block {block_idx} is counted twice");
        if n_paths < BLOCK_PATHS {
            self.end_at(block_idx);
        }
        self.check_end();
    }

    /// Counts paths without a digest of them: for parts of a run that hold no whole blocks.
    ///
    /// # Panics
    /// If a loss is not in 0..2^62.
    pub fn absorb_paths(&mut self, start: u64, outcomes: &[Outcome]) {
        self.absorb(start, outcomes);
    }

    fn absorb(&mut self, start: u64, outcomes: &[Outcome]) -> Scalars {
        let scalars = Scalars::of(start, outcomes, self.materiality);
        self.sums.merge(&scalars.sums);
        for (path_idx, outcome) in (start..).zip(outcomes) {
            let loss = outcome.loss();
            self.histogram.add(loss as u64);
            self.worst.push(WorstPath { loss, path_idx });
            if let Some(batches) = &mut self.batches {
                batches.absorb(path_idx, loss, is_material(loss, self.materiality));
            }
        }
        scalars
    }

    /// Adds the counters of paths whose blocks are absorbed by themselves.
    pub fn absorb_counters(&mut self, counters: &Counters) {
        self.counters.merge(counters);
    }

    /// Counts all that another has counted.
    ///
    /// # Panics
    /// If the two are of different programs or windows, or share a block.
    pub fn merge(&mut self, other: Self) {
        assert_eq!(self.materiality, other.materiality, "tallies of different materiality");
        assert_eq!(self.worst.n_kept(), other.worst.n_kept(), "tallies that keep different tails");
        self.sums.merge(&other.sums);
        self.histogram.merge(other.histogram);
        self.worst.merge(other.worst);
        self.counters.merge(&other.counters);
        assert_eq!(self.batches.is_some(), other.batches.is_some(), "one tally is of a replay");
        if let (Some(mine), Some(theirs)) = (&mut self.batches, &other.batches) {
            mine.merge(theirs);
        }
        for (block_idx, leaf) in other.blocks {
            let counted = self.blocks.insert(block_idx, leaf);
            assert!(counted.is_none(), "block {block_idx} is counted twice");
        }
        if let Some(block_idx) = other.short_block {
            self.end_at(block_idx);
        }
        self.check_end();
    }

    /// Whether its blocks are those of just these paths, its counters of that shape and its worst
    /// paths as many as there are: asked of a tally that was read and has passed [`Tally::check`],
    /// before it is merged.
    #[must_use]
    pub fn is_of(&self, paths: &Range<u64>, shape: Shape) -> bool {
        let blocks = paths.start / BLOCK_PATHS..paths.end.div_ceil(BLOCK_PATHS);
        let n_paths = paths.end.saturating_sub(paths.start);
        let is_short = !paths.end.is_multiple_of(BLOCK_PATHS);
        self.worst.n_paths() as u64 == n_paths.min(self.worst.n_kept() as u64)
            && self.blocks.keys().copied().eq(blocks.clone())
            && self.short_block == is_short.then(|| blocks.end - 1)
            && self.counters.shape() == shape
    }

    /// The root over the blocks' digests, in the order of the blocks.
    #[must_use]
    pub fn outcome_digest(&self) -> Digest {
        sum_tree::outcome_digest(self.blocks.values())
    }

    /// The blocks as leaves of the tree that commits to a run, in their order.
    #[must_use]
    pub fn leaves(&self) -> Vec<Node> {
        self.blocks.iter().map(|(block_idx, leaf)| leaf.node(*block_idx)).collect()
    }

    /// The digest of the counters.
    #[must_use]
    pub fn tally_digest(&self) -> Digest {
        self.counters.digest()
    }

    fn end_at(&mut self, block_idx: u64) {
        if let Some(other) = self.short_block.replace(block_idx) {
            panic!("blocks {other} and {block_idx} are both short");
        }
    }

    fn check_end(&self) {
        if let (Some(short), Some((&last, _))) = (self.short_block, self.blocks.last_key_value()) {
            assert!(short == last, "block {short} is short, and block {last} comes after it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::sums::LOSS_BOUND;
    use crate::tail::wide::U256;
    use crate::tail::{SATURATED, SMALL_MARK};

    fn block_of(n_paths: usize) -> Vec<Outcome> {
        vec![Outcome { realised: 3, stranded: 4, ..Outcome::default() }; n_paths]
    }

    #[test]
    fn a_path_is_material_from_the_materiality_on_and_never_without_loss() {
        for (materiality, n_material) in [(8, 0), (7, 5), (0, 5)] {
            let mut tally = Tally::new(materiality, Shape::default());
            let mut outcomes = block_of(5);
            outcomes.push(Outcome::default());
            tally.absorb_block(0, &outcomes);
            assert_eq!((tally.sums.n_losing, tally.sums.n_material), (5, n_material));
        }
    }

    #[test]
    fn the_first_void_path_is_the_least_index_in_whatever_order_blocks_come() {
        let void = Outcome { flags: SATURATED | SMALL_MARK, ..Outcome::default() };
        let block = |block_idx, places: &[usize]| {
            let mut outcomes = block_of(4096);
            places.iter().for_each(|place| outcomes[*place] = void);
            let mut tally = Tally::new(1, Shape::default());
            tally.absorb_block(block_idx, &outcomes);
            tally
        };
        let blocks = [block(0, &[]), block(1, &[7, 9]), block(2, &[0])];
        let merged = |order: [usize; 3]| {
            let mut whole = Tally::new(1, Shape::default());
            order.iter().for_each(|idx| whole.merge(blocks[*idx].clone()));
            (whole.sums.n_saturated, whole.sums.first_void)
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            assert_eq!(merged(order), (3, Some(4096 + 7)));
        }
        assert_eq!(blocks[0].sums.first_void, None);
    }

    #[test]
    fn the_largest_losses_are_summed_exactly() {
        let mut tally = Tally::new(1, Shape::default());
        let loss = LOSS_BOUND - 1;
        let outcomes = [Outcome { under_water: loss, ..Outcome::default() }; 4096];
        tally.absorb_block(0, &outcomes);
        assert_eq!(tally.sums.loss, 4096 * i128::from(loss));
        assert_eq!(tally.sums.loss_squared, U256::square(loss as u64).times(4096));
    }

    #[test]
    #[should_panic(expected = "block 0 is short, and block 1 comes after it")]
    fn a_short_block_is_the_last() {
        let mut tally = Tally::new(1, Shape::default());
        tally.absorb_block(1, &block_of(4096));
        tally.absorb_block(0, &block_of(5));
    }

    #[test]
    #[should_panic(expected = "block 2 is counted twice")]
    fn a_block_counts_once() {
        let mut tally = Tally::new(1, Shape::default());
        tally.absorb_block(2, &block_of(4096));
        tally.merge(tally.clone());
    }

    #[test]
    #[should_panic(expected = "path 4096 loses -1 quanta")]
    fn a_negative_loss_stops_the_run() {
        let mut tally = Tally::new(1, Shape::default());
        tally.absorb_block(1, &[Outcome { realised: -1, ..Outcome::default() }]);
    }
}
