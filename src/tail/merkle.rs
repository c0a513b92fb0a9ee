//! One digest for all outcomes: a tree over the blocks, so that a run of many parts has one.
//!
//! Leaf: BLAKE3 of block index (u64), number of paths (u32) and outcomes, little-endian. Inner
//! node: BLAKE3 of its two children. An odd node at the end of a row moves up unchanged. The two
//! kinds use different BLAKE3 key contexts, so that no leaf can pass for an inner node.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Outcome;

/// A BLAKE3 digest; prints as 64 hexadecimal digits, and is 32 bytes in formats for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer).map(Self);
        }
        let written = String::deserialize(deserializer)?;
        let digest = blake3::Hash::from_hex(&written).map_err(de::Error::custom)?;
        Ok(Self(*digest.as_bytes()))
    }
}

/// The digest of a block of outcomes.
#[must_use]
pub fn leaf(block_idx: u64, outcomes: &[Outcome]) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("shortfall outcome block v1");
    hasher.update(&block_idx.to_le_bytes());
    hasher.update(&(outcomes.len() as u32).to_le_bytes());
    hasher.update(&Outcome::bytes_of(outcomes));
    Digest(*hasher.finalize().as_bytes())
}

/// The root over the blocks' digests, in the order of the blocks. No blocks have a root as well.
#[must_use]
pub fn root(blocks: &[Digest]) -> Digest {
    let mut row = blocks.to_vec();
    while row.len() > 1 {
        row = parents(&row);
    }
    row.first().copied().unwrap_or_else(|| {
        let hasher = blake3::Hasher::new_derive_key("shortfall outcome tree without blocks v1");
        Digest(*hasher.finalize().as_bytes())
    })
}

fn parents(row: &[Digest]) -> Vec<Digest> {
    row.chunks(2)
        .map(|children| match children {
            [left, right] => inner(*left, *right),
            rest => rest[0],
        })
        .collect()
}

fn inner(left: Digest, right: Digest) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("shortfall outcome tree node v1");
    hasher.update(&left.0);
    hasher.update(&right.0);
    Digest(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(n: u64) -> Vec<Digest> {
        let outcome = |realised| Outcome { realised, ..Outcome::default() };
        (0..n).map(|block_idx| leaf(block_idx, &[outcome(7), outcome(9)])).collect()
    }

    #[test]
    fn a_digest_prints_as_64_hexadecimal_digits() {
        assert_eq!(Digest([0xab; 32]).to_string(), "ab".repeat(32));
        assert_eq!(
            serde_json::to_string(&Digest([0; 32])).unwrap(),
            format!("\"{}\"", "0".repeat(64))
        );
        let digest = leaf(7, &[]);
        let written = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&written).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"0\"").is_err());
    }

    #[test]
    fn a_leaf_binds_its_index_and_its_paths() {
        let outcomes = [Outcome::default(); 3];
        assert_ne!(leaf(0, &outcomes), leaf(1, &outcomes));
        assert_ne!(leaf(0, &outcomes), leaf(0, &outcomes[..2]));
    }

    #[test]
    fn the_root_of_one_block_is_its_leaf_and_of_three_promotes_the_odd_one() {
        let leaves = blocks(3);
        assert_eq!(root(&leaves[..1]), leaves[0]);
        assert_eq!(root(&leaves), inner(inner(leaves[0], leaves[1]), leaves[2]));
        assert_ne!(root(&[]), root(&leaves[..1]));
    }
}
