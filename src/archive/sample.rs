//! Which blocks and segments are walked again, and what a forger escapes with.
//!
//! A forger who lowers the bad debt by a share must change blocks that hold at least that share of
//! it. The fewest that do are the ones with the largest losses; none of them is drawn with the
//! probability of the hypergeometric law, about (1 - share)^k where losses lie evenly.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::tail::Digest;

/// What is drawn; each kind by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// Blocks.
    Blocks,
    /// Segments.
    Segments,
}

/// `n_drawn` different places of `n`, from 0, sorted: a function of the seed and of what was
/// committed to, so that the writer of the directory could not know them.
///
/// Floyd's algorithm (Bentley and Floyd, "A sample of brilliance", 1987) on words of the extended
/// output of BLAKE3.
#[must_use]
pub fn draw(what: Drawn, seed: Digest, committed: Digest, (n_drawn, n): (u64, u64)) -> Vec<u64> {
    let mut hasher = blake3::Hasher::new_derive_key(match what {
        Drawn::Blocks => "shortfall sample of blocks v2",
        Drawn::Segments => "shortfall sample of segments v1",
    });
    hasher.update(&committed.0).update(&seed.0);
    let mut words = hasher.finalize_xof();
    let mut below = |bound: u64| {
        let mut bytes = [0; 16];
        words.fill(&mut bytes);
        // 128 bits leave a bias of 2^-64.
        (u128::from_le_bytes(bytes) % u128::from(bound)) as u64
    };
    let mut drawn = BTreeSet::new();
    for last in n - n_drawn.min(n)..n {
        let place = below(last + 1);
        if !drawn.insert(place) {
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

/// Some equal parts of a run, and the loss that they hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// How many blocks, at least one.
    pub n_blocks: u64,
    /// Their bad debt, quanta.
    pub loss: u128,
}

/// The fewest blocks that hold a share of all bad debt, in thousandths; 0 if nothing is lost. Where
/// only the loss of several together is known, it lies evenly in these.
#[must_use]
pub fn fewest_holding(per_mille: u32, holdings: &[Holding]) -> u64 {
    let mut by_loss = holdings.to_vec();
    // Densest first: loss / n_blocks, as a product, without division.
    by_loss.sort_unstable_by(|one, other| {
        let products = (one.loss.checked_mul(other.n_blocks.into()))
            .zip(other.loss.checked_mul(one.n_blocks.into()));
        products.map_or(std::cmp::Ordering::Equal, |(one, other)| other.cmp(&one))
    });
    let whole: f64 = by_loss.iter().map(|it| it.loss as f64).sum();
    let mut wanted = whole * f64::from(per_mille) / 1000.0;
    let mut n_blocks = 0;
    for Holding { n_blocks: n, loss } in by_loss {
        if wanted <= 0.0 {
            break;
        }
        let loss = loss as f64;
        if loss >= wanted {
            // What rounding adds to an even split is no block.
            return n_blocks + libm::ceil(wanted / loss * n as f64 - 1e-9).max(1.0) as u64;
        }
        (wanted, n_blocks) = (wanted - loss, n_blocks + n);
    }
    n_blocks
}

/// What a forger escapes with who lowers the bad debt by a share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Escape {
    /// By which share, in thousandths.
    pub per_mille: u32,
    /// In how few blocks it lies.
    pub n_blocks: u64,
    /// How likely none of them is drawn.
    pub probability: f64,
}

/// Shares that are told of, in thousandths: 1, 5 and 50 %.
pub const SHARES: [u32; 3] = [10, 50, 500];

/// With what probability lowering the bad debt by each of [`SHARES`] goes unseen, where so many
/// blocks are drawn; nothing if nothing is lost.
#[must_use]
pub fn escapes(holdings: &[Holding], n_drawn: u64) -> Vec<Escape> {
    let n_all = holdings.iter().map(|it| it.n_blocks).sum();
    let told = SHARES.map(|per_mille| {
        let n_blocks = fewest_holding(per_mille, holdings);
        Escape { per_mille, n_blocks, probability: miss_probability(n_all, n_drawn, n_blocks) }
    });
    told.into_iter().filter(|it| it.n_blocks > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_stays_in_bounds_and_follows_from_the_seed() {
        let of = |seed, committed, n| draw(Drawn::Blocks, seed, committed, n);
        let [one, two, three] = [1, 2, 3].map(|byte| Digest([byte; 32]));
        for (n_blocks, n) in [(1, 1), (10, 10), (1000, 7), (1000, 999)] {
            let drawn = of(three, one, (n, n_blocks));
            assert_eq!(drawn.len() as u64, n);
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|block| *block < n_blocks));
            assert_eq!(drawn, of(three, one, (n, n_blocks)));
        }
        let others = [
            of(two, one, (7, 1000)),
            of(three, two, (7, 1000)),
            draw(Drawn::Segments, three, one, (7, 1000)),
        ];
        assert!(!others.contains(&of(three, one, (7, 1000))));
    }

    #[test]
    fn every_block_is_drawn_equally_often() {
        let mut counts = [0_u64; 20];
        for seed in 0..20_000_u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_le_bytes());
            for block in draw(Drawn::Blocks, Digest(bytes), Digest([3; 32]), (5, 20)) {
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
    }

    #[test]
    fn the_fewest_blocks_that_hold_a_share_are_those_with_the_largest_losses() {
        let of = |losses: &[u128]| -> Vec<Holding> {
            losses.iter().map(|loss| Holding { n_blocks: 1, loss: *loss }).collect()
        };
        let holdings = of(&[10, 40, 0, 30, 20]);
        let fewest = [1, 400, 401, 700, 900, 1000].map(|it| fewest_holding(it, &holdings));
        assert_eq!(fewest, [1, 1, 2, 2, 3, 4]);
        assert_eq!(fewest_holding(500, &of(&[0, 0])), 0);
        assert_eq!(escapes(&of(&[0, 0]), 1), []);
        // A hundred blocks that lose alike, known only together, beside one that loses nothing.
        let even = [Holding { n_blocks: 100, loss: 700 }, Holding { n_blocks: 1, loss: 0 }];
        assert_eq!(SHARES.map(|it| fewest_holding(it, &even)), [1, 5, 50]);
        let dense = [Holding { n_blocks: 100, loss: 700 }, Holding { n_blocks: 1, loss: 100 }];
        assert_eq!(fewest_holding(125, &dense), 1);
        let told = escapes(&even, 8)[1];
        assert_eq!((told.per_mille, told.n_blocks), (50, 5));
        assert_eq!(told.probability, miss_probability(101, 8, 5));
    }
}
