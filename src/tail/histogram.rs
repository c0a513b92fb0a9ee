//! All losses in buckets of relative width 2^-12 or finer, each with its exact count and sum.

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    octaves: Vec<Option<Box<[Bucket]>>>,
}

impl Histogram {
    /// Without losses.
    #[must_use]
    pub fn empty() -> Self {
        Self { octaves: vec![None; N_OCTAVES] }
    }

    /// Counts a loss, which is not negative.
    #[inline]
    pub fn add(&mut self, loss: u64) {
        let (octave_idx, place) = bucket_of(loss);
        let octave = self.octaves[octave_idx].get_or_insert_with(empty_octave);
        octave[place].n += 1;
        octave[place].sum += u128::from(loss);
    }

    /// Counts the losses of another.
    pub fn merge(&mut self, other: Self) {
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

    /// The buckets that hold a path, from the largest losses down.
    pub fn worst_first(&self) -> impl Iterator<Item = Filled> + '_ {
        let octaves = self.octaves.iter().enumerate().rev();
        octaves.filter_map(|(octave_idx, octave)| Some((octave_idx, octave.as_ref()?))).flat_map(
            |(octave_idx, octave)| {
                let buckets = octave.iter().enumerate().rev().filter(|(_, bucket)| bucket.n > 0);
                buckets.map(move |(place, &bucket)| {
                    let (low, high) = bounds(octave_idx, place);
                    Filled { low, high, bucket }
                })
            },
        )
    }
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
