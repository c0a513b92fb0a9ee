//! How the paths of a run are cut: into segments by their number alone, into shards by blocks.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::tail::BLOCK_PATHS;

/// Segments of a run, at most.
const MOST_SEGMENTS: u64 = 128;
/// Blocks of a segment, at least: as many paths as a device is given at a time.
const LEAST_SEGMENT_BLOCKS: u64 = 16;

/// Shards of a run, at most.
pub const MOST_SHARDS: u64 = 1 << 20;

/// One of several machines that share a run: number `index` of `count`, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Written")]
pub struct Shard {
    /// Which; below `count`.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-of-{}", self.index, self.count)
    }
}

impl Shard {
    /// The shard of a folder's name; `None` if it is no such name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (index, count) = name.split_once("-of-")?;
        let shard = Self { index: index.parse().ok()?, count: count.parse().ok()? };
        (shard.is_one() && shard.to_string() == name).then_some(shard)
    }

    /// Whether there is such a shard of a run.
    fn is_one(self) -> bool {
        self.index < self.count && self.count <= MOST_SHARDS
    }
}

/// A shard as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    index: u64,
    count: u64,
}

/// Why what is written is no shard.
#[derive(Debug, Error)]
#[error("a run has 1 to {MOST_SHARDS} shards, numbered from 0, and no {index} of {count}")]
struct NotAShard {
    index: u64,
    count: u64,
}

impl TryFrom<Written> for Shard {
    type Error = NotAShard;

    fn try_from(Written { index, count }: Written) -> Result<Self, NotAShard> {
        let shard = Self { index, count };
        if shard.is_one() { Ok(shard) } else { Err(NotAShard { index, count }) }
    }
}

/// Blocks of a run.
#[must_use]
pub fn n_blocks(n_paths: u64) -> u64 {
    n_paths.div_ceil(BLOCK_PATHS)
}

/// Blocks of a segment: a power of two, and chosen by the number of paths alone, so that however a
/// run went, its segments are the same.
#[must_use]
pub fn segment_blocks(n_paths: u64) -> u64 {
    let least = n_blocks(n_paths).div_ceil(MOST_SEGMENTS);
    least.next_power_of_two().max(LEAST_SEGMENT_BLOCKS)
}

/// The paths of a shard, or of the whole run: whole blocks, but for the last of all.
#[must_use]
pub fn paths(n_paths: u64, shard: Option<Shard>) -> Range<u64> {
    let Some(Shard { index, count }) = shard else { return 0..n_paths };
    let bound = |index: u64| {
        let blocks = u128::from(index) * u128::from(n_blocks(n_paths)) / u128::from(count);
        (blocks as u64 * BLOCK_PATHS).min(n_paths)
    };
    bound(index)..bound(index + 1)
}

/// The segments that these paths have a part in, each cut to that part.
pub fn segments(n_paths: u64, paths: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let length = segment_blocks(n_paths) * BLOCK_PATHS;
    let mut start = paths.start;
    std::iter::from_fn(move || {
        let end = ((start / length + 1) * length).min(paths.end);
        let segment = start..end;
        start = end;
        (!segment.is_empty()).then_some(segment)
    })
}

/// The name of a segment: its first block, and the one after its last.
#[must_use]
pub fn segment_name(paths: &Range<u64>) -> String {
    format!("{:09}-{:09}", paths.start / BLOCK_PATHS, n_blocks(paths.end))
}

/// Indices as job arrays write them: `0,3,7-9`.
#[must_use]
pub fn array_syntax(indices: &[u64]) -> String {
    let mut stretches: Vec<(u64, u64)> = Vec::new();
    for &index in indices {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => stretches.push((index, index)),
        }
    }
    let written = stretches.into_iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shards_and_segments_tile_the_paths(n_paths in 1_u64..1 << 40, count in 1_u64..200) {
            let mut start = 0;
            for index in 0..count {
                let paths = paths(n_paths, Some(Shard { index, count }));
                prop_assert_eq!(paths.start, start);
                start = paths.end;
                prop_assert!(paths.is_empty() || paths.start.is_multiple_of(BLOCK_PATHS));
                let mut within = paths.start;
                let whole: Vec<_> = segments(n_paths, 0..n_paths).collect();
                prop_assert!(whole.len() as u64 <= MOST_SEGMENTS);
                for segment in segments(n_paths, paths.clone()) {
                    prop_assert_eq!(segment.start, within);
                    within = segment.end;
                    let is_in = |it: &&Range<u64>| {
                        it.start <= segment.start && segment.end <= it.end
                    };
                    prop_assert_eq!(whole.iter().filter(is_in).count(), 1);
                }
                prop_assert_eq!(within, paths.end.max(paths.start));
            }
            prop_assert_eq!(start, n_paths);
        }
    }

    #[test]
    fn a_billion_paths_have_120_segments_and_a_few_have_one() {
        assert_eq!(segments(1_000_000_000, 0..1_000_000_000).count(), 120);
        assert!(segments(1, 0..1).eq(std::iter::once(0..1)));
        assert_eq!(segment_name(&(65_536..70_000)), "000000016-000000018");
    }

    #[test]
    fn missing_indices_are_written_as_arrays_are() {
        assert_eq!(array_syntax(&[3, 7, 8, 9]), "3,7-9");
        assert_eq!(array_syntax(&[0, 1]), "0-1");
        assert_eq!(array_syntax(&[]), "");
    }

    #[test]
    fn a_shard_is_named_one_way() {
        let shard = Shard { index: 3, count: 64 };
        assert_eq!(Shard::of_name(&shard.to_string()), Some(shard));
        let giant = "0-of-18446744073709551615";
        for name in [giant, "0-of-0", "64-of-64", "03-of-64", "3-of-", "3", ".3-of-64", "+3-of-64"]
        {
            assert_eq!(Shard::of_name(name), None, "{name}");
        }
        let read = |text: &str| serde_json::from_str::<Shard>(text);
        assert_eq!(read(r#"{"index": 3, "count": 64}"#).unwrap(), shard);
        for text in [
            r#"{"index": 0, "count": 0}"#,
            r#"{"index": 64, "count": 64}"#,
            r#"{"index": 0, "count": 18446744073709551615}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
