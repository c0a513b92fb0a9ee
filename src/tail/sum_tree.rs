//! The tree that commits to a run: every block with its outcomes and its scalars, every node with
//! the scalars of all below it.
//!
//! A leaf is the BLAKE3 of its block's index, the digest of its outcomes and its scalars; an inner
//! node that of the digests and the scalars of its two children, each by itself: were only their
//! sum hashed, two branches could each understate the other (Chalkias et al., "Distributed auditing
//! proofs of liabilities", 2020). An odd node at the end of a row moves up unchanged, so that an
//! aligned range of 2^k blocks is a node of any longer run. Both kinds use BLAKE3 contexts of their
//! own.

use serde::{Deserialize, Serialize};

use super::sums::Scalars;
use super::{BLOCK_PATHS, Digest, Outcome, merkle};

/// A node: its digest, and the scalars of all blocks below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Binds all below it.
    pub digest: Digest,
    /// Of all paths below it.
    pub scalars: Scalars,
}

/// What a tally keeps of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(Digest, Scalars)", try_from = "(Digest, Scalars)")]
pub struct Leaf {
    /// Digest of the outcomes: see [`merkle::leaf`].
    pub outcomes: Digest,
    /// The scalars as they are hashed; in memory, too, that is their shortest form.
    packed: Box<[u8]>,
}

impl Leaf {
    /// Of the outcomes of a block, of which those with at least the materiality are counted.
    ///
    /// # Panics
    /// If an amount of an outcome is negative, or its loss 2^62 or more.
    #[must_use]
    pub fn of(block_idx: u64, outcomes: &[Outcome], materiality: i64) -> Self {
        let scalars = Scalars::of(block_idx * BLOCK_PATHS, outcomes, materiality);
        Self::new(merkle::leaf(block_idx, outcomes), &scalars)
    }

    /// Of a block's digest and scalars.
    #[must_use]
    pub fn new(outcomes: Digest, scalars: &Scalars) -> Self {
        Self { outcomes, packed: scalars.bytes().into() }
    }

    /// The scalars of the block.
    #[must_use]
    pub fn scalars(&self) -> Scalars {
        postcard::from_bytes(&self.packed)
            .unwrap_or_else(|error| panic!("scalars that were packed are not read: {error}"))
    }

    /// The node of the block.
    #[must_use]
    pub fn node(&self, block_idx: u64) -> Node {
        let mut hasher = blake3::Hasher::new_derive_key("shortfall block with scalars v1");
        hasher.update(&block_idx.to_le_bytes()).update(&self.outcomes.0).update(&self.packed);
        Node { digest: Digest(*hasher.finalize().as_bytes()), scalars: self.scalars() }
    }
}

impl From<Leaf> for (Digest, Scalars) {
    fn from(leaf: Leaf) -> Self {
        (leaf.outcomes, leaf.scalars())
    }
}

impl TryFrom<(Digest, Scalars)> for Leaf {
    type Error = super::sums::NotScalars;

    fn try_from((outcomes, scalars): (Digest, Scalars)) -> Result<Self, Self::Error> {
        scalars.check()?;
        Ok(Self::new(outcomes, &scalars))
    }
}

impl Node {
    /// Of the blocks of both.
    fn over(left: &Self, right: &Self) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("shortfall sum tree node v1");
        for child in [left, right] {
            let bytes = child.scalars.bytes();
            hasher.update(&child.digest.0);
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
        }
        let mut scalars = left.scalars.clone();
        scalars.merge(&right.scalars);
        Self { digest: Digest(*hasher.finalize().as_bytes()), scalars }
    }
}

/// The tree over a run's blocks, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct SumTree {
    /// The leaves first, the root last.
    rows: Vec<Vec<Node>>,
}

impl SumTree {
    /// Over the nodes of blocks.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn over(leaves: Vec<Node>) -> Self {
        assert!(!leaves.is_empty(), "a tree over no blocks");
        let mut rows = vec![leaves];
        while let [.., row] = &rows[..]
            && row.len() > 1
        {
            let parents = row.chunks(2).map(|children| match children {
                [left, right] => Node::over(left, right),
                rest => rest[0].clone(),
            });
            let parents = parents.collect();
            rows.push(parents);
        }
        Self { rows }
    }

    /// Binds all blocks.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.rows[self.rows.len() - 1][0]
    }

    /// The blocks' nodes.
    #[must_use]
    pub fn leaves(&self) -> &[Node] {
        &self.rows[0]
    }

    /// The nodes of a row, `height` above the blocks.
    #[must_use]
    pub fn row(&self, height: u32) -> Vec<Node> {
        self.rows[(height as usize).min(self.rows.len() - 1)].clone()
    }

    /// The siblings that lead from the block at `place` up to the row at `height`.
    ///
    /// # Panics
    /// If there is no such block.
    #[must_use]
    pub fn branch(&self, place: usize, height: u32) -> Vec<Node> {
        assert!(place < self.rows[0].len(), "no block {place} among {}", self.rows[0].len());
        let rows = self.rows.iter().take(height as usize).enumerate();
        rows.filter_map(|(depth, row)| row.get((place >> depth) ^ 1).cloned()).collect()
    }
}

/// The node at `height` that a branch leads to from a block at `place` among `n_blocks`; `None` if
/// it has too few or too many siblings, or one whose scalars no paths have.
#[must_use]
pub fn climb(
    leaf: Node,
    (place, n_blocks): (u64, u64),
    siblings: &[Node],
    height: u32,
) -> Option<Node> {
    if place >= n_blocks {
        return None;
    }
    let (mut node, mut place, mut width) = (leaf, place, n_blocks);
    let mut siblings = siblings.iter();
    for _ in 0..height {
        // The last node of an odd row has no sibling and moves up as it is.
        if (place ^ 1) < width {
            let sibling = siblings.next()?;
            sibling.scalars.check().ok()?;
            let (left, right) = if place & 1 == 0 { (&node, sibling) } else { (sibling, &node) };
            node = Node::over(left, right);
            node.scalars.check().ok()?;
        }
        place /= 2;
        width = width.div_ceil(2);
    }
    siblings.next().is_none().then_some(node)
}

/// The root over the digests of the blocks' outcomes alone.
pub(super) fn outcome_digest<'l>(leaves: impl Iterator<Item = &'l Leaf>) -> Digest {
    let digests: Vec<Digest> = leaves.map(|leaf| leaf.outcomes).collect();
    merkle::root(&digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: u64) -> Vec<Node> {
        let leaf = |block_idx: u64| {
            let outcome = Outcome { realised: 7 << (block_idx % 5), ..Outcome::default() };
            let outcomes = [outcome, Outcome::default()];
            Leaf::of(block_idx, &outcomes, 1).node(block_idx)
        };
        (0..n).map(leaf).collect()
    }

    #[test]
    fn every_block_of_every_tree_leads_to_every_row_and_no_other_in_its_place() {
        for n_blocks in 1..=33_u64 {
            let tree = SumTree::over(leaves(n_blocks));
            assert_eq!(tree.root().scalars.sums.n_paths, 2 * n_blocks);
            let heights = n_blocks.next_power_of_two().ilog2();
            assert_eq!(tree.row(heights), [tree.root().clone()]);
            for (place, height) in (0..n_blocks).flat_map(|it| (0..=heights).map(move |h| (it, h)))
            {
                let expected = Some(tree.row(height)[(place >> height) as usize].clone());
                let leaf = tree.leaves()[place as usize].clone();
                let siblings = tree.branch(place as usize, height);
                let climbed = |leaf: &Node, place, siblings: &[Node]| {
                    climb(leaf.clone(), (place, n_blocks), siblings, height)
                };
                assert_eq!(climbed(&leaf, place, &siblings), expected);
                assert_eq!(climbed(&leaf, n_blocks, &siblings), None);
                let longer = [&siblings[..], std::slice::from_ref(&leaf)].concat();
                assert_eq!(climbed(&leaf, place, &longer), None);
                if let [_, fewer @ ..] = &siblings[..] {
                    let other = &tree.leaves()[((place + 1) % n_blocks) as usize];
                    assert_ne!(climbed(other, place, &siblings), expected);
                    assert_eq!(climbed(&leaf, place, fewer), None);
                }
            }
        }
    }

    /// What a forger would like: a sibling that tells less than it holds, though the digests stay.
    #[test]
    fn a_sibling_that_understates_its_scalars_leads_to_another_root() {
        let tree = SumTree::over(leaves(6));
        // One to the right, one to the left, and once more to the right.
        for (place, n_paths) in [2, 4, 4].into_iter().enumerate() {
            let mut siblings = tree.branch(2, 3);
            let less = Scalars::of(0, &[Outcome::default(); 4][..n_paths], 1);
            assert_eq!(siblings[place].scalars.sums.n_paths, less.sums.n_paths);
            assert_ne!(siblings[place].scalars, less);
            siblings[place].scalars = less;
            let found = climb(tree.leaves()[2].clone(), (2, 6), &siblings, 3).unwrap();
            assert_ne!(found.digest, tree.root().digest, "sibling {place}");
        }
    }

    #[test]
    fn a_leaf_binds_its_place_its_outcomes_and_its_scalars() {
        let outcome = Outcome { realised: 7, ..Outcome::default() };
        let leaf = Leaf::of(3, &[outcome], 1);
        let less = Leaf::new(leaf.outcomes, &Scalars::of(3, &[Outcome::default()], 1));
        let other = Leaf::new(Digest([7; 32]), &leaf.scalars());
        let digest = leaf.node(3).digest;
        assert_eq!(leaf.clone().node(3).digest, digest);
        for changed in [leaf.node(4), less.node(3), other.node(3)] {
            assert_ne!(changed.digest, digest);
        }
    }

    #[test]
    fn an_aligned_range_of_blocks_is_a_node_of_any_longer_run() {
        let (short, long) = (SumTree::over(leaves(8)), SumTree::over(leaves(13)));
        assert_eq!(short.root(), &long.rows[3][0]);
    }
}
