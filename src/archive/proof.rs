//! A proof of a run for those without its folder: whole blocks, drawn by what the run commits to.
//!
//! Every block holds its share of the tail, so a few of them say something of all. They are drawn
//! from the run's digest, and so not by the prover; a beacon that was unknown when the run
//! was made, mixed in, keeps the prover from making runs until one draws well. The scalars of the
//! root, which the proof holds, are what all blocks add up to. Between the root and the blocks
//! stands one row of the tree, short enough to be written whole: it shows where the losses lie.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::commitment::{Terms, run_digest, segments_digest};
use super::error::Damage;
use super::layout::n_blocks;
use super::sample::{Drawn, Holding, draw};
use super::sealed::{pack_json, unpack_json};
use super::verify::Sealed;
use crate::tail::{BLOCK_PATHS, Digest, Node, SumTree, sum_tree};
use crate::units::MOST_PATHS;

/// Format of proofs; another is refused.
const FORMAT: u32 = 1;
/// How every proof begins.
const BEGINNING: &[u8] = b"{\n  \"format\": ";
/// Nodes of the row that is written whole, at most.
const MOST_IN_ROW: u64 = 256;
/// Bytes of a proof, at most: room for all blocks that one may have, of the longest run.
pub const MOST_BYTES: u64 = 64 << 20;
/// Blocks of a proof, at most.
pub const MOST_BLOCKS: u64 = 1024;

/// A proof, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    format: u32,
    /// What the run commits to.
    pub run_digest: Digest,
    /// What the run is of.
    pub terms: Terms,
    /// The digest of its segments.
    segments_digest: Digest,
    /// The root of its blocks, with the scalars of all paths.
    pub root: Node,
    /// What was not known when the run was made.
    pub beacon: Option<String>,
    /// Of the run's digest and the beacon: what draws the blocks.
    challenge: Digest,
    /// The row of the tree, as high as it takes to be short.
    row: Vec<Packed>,
    /// The blocks that are drawn, in order, and their siblings up to the row.
    blocks: Vec<ProvenBlock>,
    /// The signature of the run's digest, hexadecimal.
    pub signature: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvenBlock {
    block: u64,
    siblings: Vec<Packed>,
}

/// A node as the hexadecimal digits of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Packed(Node);

/// Why a proof proves nothing.
#[derive(Debug, Error)]
pub enum ProofError {
    /// The file cannot be read.
    #[error("it cannot be read, {0}")]
    Read(std::io::Error),
    /// The file is larger than any proof.
    #[error("it has more than {MOST_BYTES} bytes, and no proof has")]
    TooLarge,
    /// The file is something else.
    #[error("it is neither a run directory nor a proof: name what `run --out` or `prove` wrote")]
    NoProof,
    /// The file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(Damage),
    /// Parts of it contradict each other.
    #[error("it is false: {0}")]
    False(Falsehood),
    /// A block is not what its branch leads up from.
    #[error(
        "it is false: block {block} (paths {first_path} to {last_path}), walked again, does not \
         lead to the root: its maker, or this machine, computes wrongly"
    )]
    Block {
        /// Which.
        block: u64,
        /// Its first path.
        first_path: u64,
        /// Its last.
        last_path: u64,
    },
}

/// What is false in a proof that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Falsehood {
    /// Another version's.
    #[error("its format is {found}, and this version reads {FORMAT}")]
    Format {
        /// As written.
        found: u32,
    },
    /// Not the number of paths of a run.
    #[error("it has {n_paths} paths, and a run has 1 to {MOST_PATHS}")]
    Paths {
        /// How many.
        n_paths: u64,
    },
    /// Not as many nodes, or paths in them, as the run has.
    #[error("its row is not that of {n_paths} paths")]
    Row {
        /// How many the run has.
        n_paths: u64,
    },
    /// The root is another.
    #[error("its row does not lead to its root")]
    Root,
    /// The digest of the run is another.
    #[error("its run_digest is not that of its parts")]
    RunDigest,
    /// Drawn by something else.
    #[error("its challenge is not that of its run_digest and its beacon")]
    Challenge,
    /// Chosen, not drawn.
    #[error("its blocks are not those that its challenge draws")]
    Chosen,
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = postcard::to_allocvec(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&digits_of(&bytes))
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let bytes = bytes_of(&digits).ok_or_else(|| de::Error::custom("no hexadecimal digits"))?;
        let node: Node = postcard::from_bytes(&bytes).map_err(de::Error::custom)?;
        node.scalars.check().map_err(de::Error::custom)?;
        Ok(Self(node))
    }
}

/// Two hexadecimal digits for each byte.
pub(super) fn digits_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of pairs of hexadecimal digits.
pub(super) fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hex || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.as_bytes().chunks(2).map(pair).collect()
}

/// How high the row stands over the blocks.
fn height(n_blocks: u64) -> u32 {
    let rows = (0..64).find(|height| n_blocks.div_ceil(1 << height) <= MOST_IN_ROW);
    rows.unwrap_or(63)
}

fn challenge(run_digest: Digest, beacon: Option<&str>) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("shortfall proof challenge v1");
    hasher.update(&run_digest.0).update(&[u8::from(beacon.is_some())]);
    hasher.update(beacon.unwrap_or_default().as_bytes());
    Digest(*hasher.finalize().as_bytes())
}

impl Proof {
    /// Draws so many blocks of a whole run whose figures were checked.
    ///
    /// `None` if it is a shard, which commits to nothing.
    #[must_use]
    pub fn of(sealed: &Sealed, n_drawn: u64, beacon: Option<String>) -> Option<Self> {
        let commitment = sealed.commitment.as_ref()?;
        let tree = SumTree::over(sealed.counted.tally.leaves());
        let n_blocks = n_blocks(commitment.terms.n_paths);
        let (height, run_digest) = (height(n_blocks), commitment.run_digest);
        let challenge = challenge(run_digest, beacon.as_deref());
        let places = draw(Drawn::Blocks, challenge, run_digest, (n_drawn, n_blocks));
        let packed = |nodes: Vec<Node>| nodes.into_iter().map(Packed).collect();
        let proven = |block: u64| ProvenBlock {
            block,
            siblings: packed(tree.branch(block as usize, height)),
        };
        Some(Self {
            format: FORMAT,
            run_digest,
            terms: commitment.terms.clone(),
            segments_digest: segments_digest(&commitment.segments),
            root: commitment.root.clone(),
            beacon,
            challenge,
            row: packed(tree.row(height)),
            blocks: places.into_iter().map(proven).collect(),
            signature: None,
        })
    }

    /// Its file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        pack_json(self)
    }

    /// Reads the file of a proof: see [`Proof::read`].
    ///
    /// # Errors
    ///
    /// Also if it cannot be read, or is too large.
    pub fn load(path: &Path) -> Result<Self, ProofError> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(ProofError::Read)?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(ProofError::Read)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(ProofError::TooLarge);
        }
        Self::read(&bytes)
    }

    /// Reads a proof and checks all that can be checked without walking a path.
    ///
    /// # Errors
    ///
    /// If it is damaged, or its parts contradict each other.
    pub fn read(bytes: &[u8]) -> Result<Self, ProofError> {
        if !bytes.starts_with(BEGINNING) {
            return Err(ProofError::NoProof);
        }
        let proof: Self = unpack_json(bytes).map_err(ProofError::Damaged)?;
        proof.check().map_err(ProofError::False)?;
        Ok(proof)
    }

    fn check(&self) -> Result<(), Falsehood> {
        let n_paths = self.terms.n_paths;
        if self.format != FORMAT {
            return Err(Falsehood::Format { found: self.format });
        }
        if !(1..=MOST_PATHS).contains(&n_paths) {
            return Err(Falsehood::Paths { n_paths });
        }
        let n_blocks = n_blocks(n_paths);
        let height = height(n_blocks);
        let of_node = BLOCK_PATHS << height;
        let expected = (0..n_blocks.div_ceil(1 << height))
            .map(|place| (n_paths - place * of_node).min(of_node));
        if !self.row.iter().map(|it| it.0.scalars.sums.n_paths).eq(expected) {
            return Err(Falsehood::Row { n_paths });
        }
        let row = self.row.iter().map(|it| it.0.clone()).collect();
        if *SumTree::over(row).root() != self.root {
            return Err(Falsehood::Root);
        }
        if self.run_digest != run_digest(&self.terms, &self.root, self.segments_digest) {
            return Err(Falsehood::RunDigest);
        }
        if self.challenge != challenge(self.run_digest, self.beacon.as_deref()) {
            return Err(Falsehood::Challenge);
        }
        let n_drawn = self.blocks.len() as u64;
        let is_some = (1..=MOST_BLOCKS.min(n_blocks)).contains(&n_drawn);
        let places = (is_some)
            .then(|| draw(Drawn::Blocks, self.challenge, self.run_digest, (n_drawn, n_blocks)));
        if places.is_some_and(|it| it.into_iter().eq(self.drawn())) {
            Ok(())
        } else {
            Err(Falsehood::Chosen)
        }
    }

    /// The blocks that are to be walked again, in order.
    pub fn drawn(&self) -> impl Iterator<Item = u64> + '_ {
        self.blocks.iter().map(|it| it.block)
    }

    /// Blocks of the run.
    #[must_use]
    pub fn n_blocks(&self) -> u64 {
        n_blocks(self.terms.n_paths)
    }

    /// Compares the block at a place among the drawn ones, walked again, with the proof.
    ///
    /// # Errors
    ///
    /// [`ProofError::Block`] if it does not lead to the root.
    pub fn check_block(&self, place: usize, walked: Node) -> Result<(), ProofError> {
        let ProvenBlock { block, siblings } = &self.blocks[place];
        let n_blocks = self.n_blocks();
        let height = height(n_blocks);
        let siblings: Vec<Node> = siblings.iter().map(|it| it.0.clone()).collect();
        let found = sum_tree::climb(walked, (*block, n_blocks), &siblings, height);
        let there = self.row.get((block >> height) as usize).map(|it| &it.0);
        if found.is_some() && found.as_ref() == there {
            return Ok(());
        }
        let first_path = block * BLOCK_PATHS;
        let last_path = (first_path + BLOCK_PATHS).min(self.terms.n_paths) - 1;
        Err(ProofError::Block { block: *block, first_path, last_path })
    }

    /// Blocks of a node of the row, whose bad debt is known only together; 1 in a run of few.
    #[must_use]
    pub fn blocks_together(&self) -> u64 {
        1 << height(self.n_blocks())
    }

    /// Where the bad debt lies, as far as the row tells: within a node no more blocks hold some
    /// than paths lose.
    #[must_use]
    pub fn holdings(&self) -> Vec<Holding> {
        let of = |node: &Packed| {
            let sums = &node.0.scalars.sums;
            let n_all = n_blocks(sums.n_paths);
            let n_losing = sums.n_losing.clamp(1, n_all);
            let rest = Holding { n_blocks: n_all - n_losing, loss: 0 };
            [Holding { n_blocks: n_losing, loss: sums.loss as u128 }, rest]
        };
        self.row.iter().flat_map(of).filter(|it| it.n_blocks > 0).collect()
    }
}
