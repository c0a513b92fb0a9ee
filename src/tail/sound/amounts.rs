//! Which sums, squares and cubes the same amounts can have.

use crate::tail::aftermath::Amounts;
use crate::tail::histogram::Filled;
use crate::tail::stat::Powers;
use crate::tail::sums::LOSS_BOUND;
use crate::tail::wide::U256;

/// Whether a sum and a sum of squares are of the amounts in these buckets, which are so many.
///
/// For x between l and h, (x - l) (h - x) >= 0, so that squares are at most (l + h) sum - n l h;
/// and (x - m)^2 >= 0 for any m, so that they are at least m (2 sum - n m): m is the mean, cut.
/// Cauchy and Schwarz: n times the squares is no less than the square of the sum.
pub(super) fn is_of(buckets: &[Filled], n: u64, sum: i128, squared: U256) -> bool {
    let (mut total, mut least, mut most) = (0_u128, U256::default(), U256::default());
    for filled in buckets {
        let Filled { low, high, bucket } = filled;
        let (low, high, mean) = (*low as u128, *high as u128, filled.mean() as u128);
        let n = u128::from(bucket.n);
        // Each is below 2^63 x 2^64.
        total = match total.checked_add(bucket.sum) {
            Some(total) => total,
            None => return false,
        };
        least = least.plus(U256::product(mean, 2 * bucket.sum - n * mean));
        most = most.plus(U256::product(low + high, bucket.sum).minus(U256::product(n * low, high)));
    }
    u128::try_from(sum) == Ok(total)
        && (least..=most).contains(&squared)
        && is_spread(n, total, squared)
}

/// Whether n amounts can have that sum and those squares.
fn is_spread(n: u64, sum: u128, squared: U256) -> bool {
    squared.checked_times(n).is_some_and(|it| it >= U256::product(sum, sum))
}

/// Whether sums of powers are those of amounts that are not zero, on some of so many paths.
pub(super) fn is_of_powers(powers: &Powers, n_paths: u64) -> bool {
    let Powers { n, sum, squared, cubed, largest } = *powers;
    if n == 0 {
        return *powers == Powers::default();
    }
    let widest = |of: U256| of.checked_times(largest);
    let plain = U256::product(sum, 1);
    n <= n_paths
        && (1..LOSS_BOUND as u64).contains(&largest)
        && (u128::from(n)..=u128::from(n) * u128::from(largest)).contains(&sum)
        && sum >= u128::from(largest)
        && (plain..=U256::product(sum, largest.into())).contains(&squared)
        && cubed >= squared
        && widest(squared).is_some_and(|most| cubed <= most)
        && is_spread(n, sum, squared)
}

impl Amounts {
    /// Whether its sums are those of its histogram, which holds so many.
    pub(super) fn is_of(&self, n_paths: u64) -> bool {
        let buckets: Vec<Filled> = self.histogram.worst_first().collect();
        let n: u128 = buckets.iter().map(|it| u128::from(it.bucket.n)).sum();
        let is_largest = buckets.first().map_or(self.largest == 0, |it| {
            (it.low..=it.high).contains(&self.largest)
                && it.bucket.sum >= self.largest as u128
                && it.mean() <= self.largest
        });
        n == n_paths.into() && is_largest && is_of(&buckets, n_paths, self.sum, self.squared)
    }
}
