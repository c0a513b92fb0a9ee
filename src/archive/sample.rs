//! Which blocks are walked again, and what a sample of that size would have missed.

use std::collections::BTreeSet;

use crate::tail::Digest;

/// `n_drawn` different blocks of `n_blocks`, from 0, sorted: a function of the seed and of what was
/// committed to, so that the writer of the directory could not know them.
///
/// Floyd's algorithm (Bentley and Floyd, "A sample of brilliance", 1987) on words of the extended
/// output of BLAKE3.
#[must_use]
pub fn draw(seed: u64, committed: Digest, n_blocks: u64, n_drawn: u64) -> Vec<u64> {
    let mut hasher = blake3::Hasher::new_derive_key("shortfall sample of blocks v1");
    hasher.update(&committed.0).update(&seed.to_le_bytes());
    let mut words = hasher.finalize_xof();
    let mut below = |bound: u64| {
        let mut bytes = [0; 16];
        words.fill(&mut bytes);
        // 128 bits leave a bias of 2^-64.
        (u128::from_le_bytes(bytes) % u128::from(bound)) as u64
    };
    let mut drawn = BTreeSet::new();
    for last in n_blocks - n_drawn.min(n_blocks)..n_blocks {
        let block = below(last + 1);
        if !drawn.insert(block) {
            drawn.insert(last);
        }
    }
    drawn.into_iter().collect()
}

/// Blocks that a share of them is, rounded up; at least one.
#[must_use]
pub fn n_drawn(n_blocks: u64, share: f64) -> u64 {
    // Of a product such as 0.07 x 100 only the excess of rounding is forgiven.
    let blocks = libm::ceil(share * n_blocks as f64 - 1e-9) as u64;
    blocks.clamp(1, n_blocks.max(1))
}

/// Probability that `n_drawn` blocks of `n_blocks` hold none of `n_wrong` wrong ones:
/// C(n - w, d) / C(n, d).
#[must_use]
pub fn miss_probability(n_blocks: u64, n_drawn: u64, n_wrong: u64) -> f64 {
    if n_drawn + n_wrong > n_blocks {
        return 0.0;
    }
    let (few, many) = (n_drawn.min(n_wrong), n_drawn.max(n_wrong));
    // Symmetric in the two, so the product over the fewer will do; as logs, for it may be tiny.
    let logs = (0..few).map(|idx| libm::log1p(-(many as f64) / (n_blocks - idx) as f64));
    libm::exp(logs.sum())
}

/// The least number of wrong blocks that a sample finds with at least that probability.
#[must_use]
pub fn least_found(n_blocks: u64, n_drawn: u64, probability: f64) -> u64 {
    let (mut low, mut high) = (1, n_blocks.max(1));
    while low < high {
        let middle = low + (high - low) / 2;
        if 1.0 - miss_probability(n_blocks, n_drawn, middle) >= probability {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_stays_in_bounds_and_follows_from_the_seed() {
        for (n_blocks, n) in [(1, 1), (10, 10), (1000, 7), (1000, 999)] {
            let drawn = draw(7, Digest([1; 32]), n_blocks, n);
            assert_eq!(drawn.len() as u64, n);
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|block| *block < n_blocks));
            assert_eq!(drawn, draw(7, Digest([1; 32]), n_blocks, n));
        }
        let others = [draw(8, Digest([1; 32]), 1000, 7), draw(7, Digest([2; 32]), 1000, 7)];
        assert!(!others.contains(&draw(7, Digest([1; 32]), 1000, 7)));
    }

    #[test]
    fn every_block_is_drawn_equally_often() {
        let mut counts = [0_u64; 20];
        for seed in 0..20_000 {
            for block in draw(seed, Digest([3; 32]), 20, 5) {
                counts[block as usize] += 1;
            }
        }
        // 5000 each, standard deviation 61: five of them.
        assert!(counts.iter().all(|count| count.abs_diff(5000) < 306), "{counts:?}");
    }

    #[test]
    fn a_share_is_rounded_up_and_never_none() {
        assert_eq!(n_drawn(100, 0.07), 7);
        assert_eq!(n_drawn(101, 0.01), 2);
        assert_eq!(n_drawn(3, 0.0), 1);
        assert_eq!(n_drawn(3, 1.0), 3);
    }

    #[test]
    fn what_a_sample_misses_is_the_hypergeometric_law() {
        // C(8, 3) / C(10, 3) = 56 / 120.
        assert!((miss_probability(10, 3, 2) - 56.0 / 120.0).abs() < 1e-15);
        assert!((miss_probability(10, 2, 3) - 56.0 / 120.0).abs() < 1e-15);
        assert_eq!(miss_probability(10, 10, 1), 0.0);
        assert!((miss_probability(100, 1, 1) - 0.99).abs() < 1e-15);
        assert_eq!(least_found(100, 100, 0.999), 1);
        let found = least_found(244_141, 2442, 0.95);
        assert!(miss_probability(244_141, 2442, found) <= 0.05);
        assert!(miss_probability(244_141, 2442, found - 1) > 0.05);
    }
}
