//! All losses in buckets of relative width 2^-12 or finer, each with its exact count and sum.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::sums::Octave;

/// Mantissa bits below the leading one: a bucket is 2^-12 of its lower bound wide.
const FRACTION_BITS: u32 = 12;
/// Buckets of an octave.
const OCTAVE_BUCKETS: usize = 1 << FRACTION_BITS;
/// Octaves: values below 2^13 fill two (each value a bucket), then one for each of bits 13 to 62.
const N_OCTAVES: usize = 52;

/// Losses that share a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// How many paths.
    pub n: u64,
    /// The sum of their losses, quanta.
    pub sum: u128,
}

/// The bounds of a bucket, both part of it, and what lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Least loss that falls into it, quanta.
    pub low: i64,
    /// Largest loss that falls into it, quanta.
    pub high: i64,
    /// What fell into it; at least one path.
    pub bucket: Bucket,
}

impl Filled {
    /// The mean loss, rounded down: between the bounds, and exact where all losses are equal.
    #[must_use]
    pub fn mean(&self) -> i64 {
        (self.bucket.sum / u128::from(self.bucket.n)) as i64
    }

    /// Whether count and sum leave only one value for every loss in it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        let all_at = |bound: i64| self.bucket.sum == bound as u128 * u128::from(self.bucket.n);
        self.bucket.n == 1 || all_at(self.low) || all_at(self.high)
    }
}

/// The distribution of losses. An octave takes memory once a loss falls into it.
///
/// Written as the buckets that hold a path, the least losses first. One that was read stays so
/// until more is counted: a few bytes of a file never take the memory of an octave each.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Row>", try_from = "Vec<Row>")]
pub struct Histogram {
    /// As it was read; empty once there are octaves.
    rows: Vec<Row>,
    /// All of them; none before a loss is counted.
    octaves: Vec<Option<Box<[Bucket]>>>,
}

/// Equal if the same losses were counted, however they are kept.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.filled().eq(other.filled())
    }
}

impl Histogram {
    /// Without losses.
    #[must_use]
    pub fn empty() -> Self {
        Self { rows: Vec::new(), octaves: Vec::new() }
    }

    /// Counts a loss, which is not negative.
    #[inline]
    pub fn add(&mut self, loss: u64) {
        if self.octaves.is_empty() {
            self.spread();
        }
        let (octave_idx, place) = bucket_of(loss);
        let octave = self.octaves[octave_idx].get_or_insert_with(empty_octave);
        octave[place].n += 1;
        octave[place].sum += u128::from(loss);
    }

    /// Counts the losses of another.
    pub fn merge(&mut self, mut other: Self) {
        self.spread();
        other.spread();
        for (mine, theirs) in self.octaves.iter_mut().zip(other.octaves) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) => {
                    for (mine, theirs) in mine.iter_mut().zip(&theirs) {
                        mine.n += theirs.n;
                        mine.sum += theirs.sum;
                    }
                }
                (None, Some(theirs)) => *mine = Some(theirs),
                (_, None) => {}
            }
        }
    }

    /// How many losses were counted.
    #[must_use]
    pub fn n_losses(&self) -> u64 {
        self.filled().map(|(_, bucket)| bucket.n).sum()
    }

    /// Puts what was read into its octaves.
    #[cold]
    fn spread(&mut self) {
        if self.octaves.is_empty() {
            self.octaves = vec![None; N_OCTAVES];
        }
        for (place, n, sum) in std::mem::take(&mut self.rows) {
            let (octave_idx, within) = place_of(place);
            let octave = self.octaves[octave_idx].get_or_insert_with(empty_octave);
            octave[within] = Bucket { n, sum };
        }
    }

    /// The buckets that hold a path, by place, from the least losses up.
    fn filled(&self) -> impl DoubleEndedIterator<Item = (u32, Bucket)> + '_ {
        let read = self.rows.iter().map(|&(place, n, sum)| (place, Bucket { n, sum }));
        let octaves = self.octaves.iter().enumerate().flat_map(|(octave_idx, octave)| {
            let octave = octave.as_deref().unwrap_or_default();
            let first = (octave_idx * OCTAVE_BUCKETS) as u32;
            octave.iter().enumerate().map(move |(within, bucket)| (first + within as u32, *bucket))
        });
        read.chain(octaves.filter(|(_, bucket)| bucket.n > 0))
    }

    /// Losses other than 0 by power of two: a bucket lies between one and the next.
    #[must_use]
    pub fn octaves(&self) -> Vec<Octave> {
        let mut octaves: Vec<Octave> = Vec::new();
        for Filled { low, bucket, .. } in self.worst_first().filter(|filled| filled.high > 0) {
            let log2 = low.ilog2() as u8;
            match octaves.last_mut().filter(|it| it.log2 == log2) {
                Some(octave) => {
                    octave.n = octave.n.saturating_add(bucket.n);
                    octave.sum = octave.sum.saturating_add(bucket.sum);
                }
                None => octaves.push(Octave { log2, n: bucket.n, sum: bucket.sum }),
            }
        }
        octaves.reverse();
        octaves
    }

    /// The buckets that hold a path, from the largest losses down.
    pub fn worst_first(&self) -> impl Iterator<Item = Filled> + '_ {
        self.filled().rev().map(|(place, bucket)| {
            let (octave_idx, within) = place_of(place);
            let (low, high) = bounds(octave_idx, within);
            Filled { low, high, bucket }
        })
    }
}

/// A bucket as it is written: its place, how many paths, the sum of their losses.
type Row = (u32, u64, u128);

/// Why rows that were read are no histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotHistogram {
    /// A bucket twice, out of order, or none of ours.
    #[error("bucket {place} is not above the one before it, or beyond the last")]
    Place {
        /// Which.
        place: u32,
    },
    /// Losses that cannot lie in their bucket.
    #[error("bucket {place} holds {n} losses that sum to {sum}")]
    Sum {
        /// Which.
        place: u32,
        /// How many.
        n: u64,
        /// Their sum, quanta.
        sum: u128,
    },
}

impl From<Histogram> for Vec<Row> {
    fn from(histogram: Histogram) -> Self {
        histogram.filled().map(|(place, bucket)| (place, bucket.n, bucket.sum)).collect()
    }
}

impl TryFrom<Vec<Row>> for Histogram {
    type Error = NotHistogram;

    fn try_from(rows: Vec<Row>) -> Result<Self, NotHistogram> {
        let (mut least, mut n_losses) = (0, 0_u64);
        for (place, n, sum) in rows.iter().copied() {
            let (octave_idx, within) = place_of(place);
            if place < least || octave_idx >= N_OCTAVES {
                return Err(NotHistogram::Place { place });
            }
            least = place + 1;
            let (low, high) = bounds(octave_idx, within);
            let at = |bound: i64| bound as u128 * u128::from(n);
            let is_sum = n > 0 && (at(low)..=at(high)).contains(&sum);
            let counted = n_losses.checked_add(n).filter(|_| is_sum);
            n_losses = counted.ok_or(NotHistogram::Sum { place, n, sum })?;
        }
        Ok(Self { rows, octaves: Vec::new() })
    }
}

/// Octave and place in it of a bucket as it is written.
fn place_of(place: u32) -> (usize, usize) {
    (place as usize / OCTAVE_BUCKETS, place as usize % OCTAVE_BUCKETS)
}

fn empty_octave() -> Box<[Bucket]> {
    vec![Bucket::default(); OCTAVE_BUCKETS].into_boxed_slice()
}

/// Octave and place in it: the bits below the leading one, cut to twelve.
#[inline]
fn bucket_of(loss: u64) -> (usize, usize) {
    let leading_bit = (loss | 1).ilog2();
    // From bit 13 on, the low bits are dropped; below, every value has its own bucket.
    let dropped = leading_bit.saturating_sub(FRACTION_BITS);
    let mantissa = (loss >> dropped) as usize;
    (dropped as usize + (mantissa >> FRACTION_BITS), mantissa & (OCTAVE_BUCKETS - 1))
}

/// The least and the largest loss of a bucket.
fn bounds(octave_idx: usize, place: usize) -> (i64, i64) {
    let dropped = octave_idx.saturating_sub(1);
    let leading = if octave_idx == 0 { 0 } else { OCTAVE_BUCKETS };
    let low = ((leading + place) as u64) << dropped;
    (low as i64, (low + ((1 << dropped) - 1)) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bounds_of(loss: u64) -> (i64, i64) {
        let (octave_idx, place) = bucket_of(loss);
        assert!(octave_idx < N_OCTAVES);
        bounds(octave_idx, place)
    }

    #[test]
    fn losses_below_two_to_the_thirteen_have_a_bucket_each() {
        for loss in 0..1_u64 << 13 {
            assert_eq!(bounds_of(loss), (loss as i64, loss as i64));
        }
        assert_eq!(bounds_of(1 << 13), (1 << 13, (1 << 13) + 1));
        assert_eq!(bounds_of((1 << 63) - 1).1, i64::MAX);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_losses_and_is_narrow(bits in 1_u32..64, word: u64) {
            let loss = word >> (64 - bits);
            let (low, high) = bounds_of(loss);
            prop_assert!(low as u64 <= loss && loss <= high as u64);
            prop_assert!((high - low) as f64 <= low as f64 / 4096.0);
            prop_assert_eq!(bounds_of(low as u64), (low, high));
            prop_assert_eq!(bounds_of(high as u64), (low, high));
        }

        #[test]
        fn buckets_tile_the_line(octave_idx in 0..N_OCTAVES - 1, place in 0..OCTAVE_BUCKETS) {
            let next = bounds(octave_idx, place).1 as u64 + 1;
            prop_assert_eq!(bounds_of(next).0 as u64, next);
        }
    }

    #[test]
    fn a_bucket_is_exact_only_where_its_losses_are_known() {
        let mut histogram = Histogram::empty();
        histogram.add(1 << 20);
        let only = |histogram: &Histogram| histogram.worst_first().next().unwrap();
        assert!(only(&histogram).is_exact());
        histogram.add(1 << 20);
        assert!(only(&histogram).is_exact());
        histogram.add((1 << 20) + 3);
        assert!(!only(&histogram).is_exact());
        assert_eq!(only(&histogram).mean(), (1 << 20) + 1);
    }
}
