//! Philox4x32-10: (seed, path, step, block) to four words; no state, ever. Twin of
//! `shaders/rng.wgsl`.
//!
//! Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

use std::convert::Infallible;

use rand::TryRng;

use crate::fixed::mul_hi;

pub(crate) const MULTIPLIER_0: u32 = 0xD251_1F53;
pub(crate) const MULTIPLIER_1: u32 = 0xCD9E_8D57;
pub(crate) const WEYL_0: u32 = 0x9E37_79B9;
pub(crate) const WEYL_1: u32 = 0xBB67_AE85;

/// Blocks of the diffusion: asset `a` reads word `a mod 4` of block `a / 4`.
pub const BLOCK_DIFFUSION: u32 = 0;
/// Blocks of an asset's own jumps: asset `a` reads block `BLOCK_JUMPS + a`: clock, size.
pub const BLOCK_JUMPS: u32 = 1 << 16;
/// The clock of the common jumps (word 0); sizes of asset `a`: word `a mod 4` of block `1 + a / 4`
/// on.
pub const BLOCK_COMMON_JUMPS: u32 = 2 << 16;
/// Blocks of the common factors: factor `k` reads word `k mod 4` of block `BLOCK_FACTORS + k / 4`.
pub const BLOCK_FACTORS: u32 = 3 << 16;
/// The climate: word 0 of this block decides the state of a step.
pub const BLOCK_CLIMATE: u32 = 4 << 16;

/// Words of a block.
pub const DRAWN_WORDS: u32 = 4;

/// The words at a counter, under a key.
#[inline(always)]
#[must_use]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let high_0 = mul_hi(MULTIPLIER_0, c0);
        let low_0 = MULTIPLIER_0.wrapping_mul(c0);
        let high_1 = mul_hi(MULTIPLIER_1, c2);
        let low_1 = MULTIPLIER_1.wrapping_mul(c2);
        (c0, c1, c2, c3) = (high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0);
        k0 = k0.wrapping_add(WEYL_0);
        k1 = k1.wrapping_add(WEYL_1);
    }
    [c0, c1, c2, c3]
}

/// The words of a path at a step, four a block.
#[inline(always)]
#[must_use]
pub fn words(seed: u64, path: u64, step: u32, block: u32) -> [u32; 4] {
    philox4x32([path as u32, (path >> 32) as u32, step, block], [seed as u32, (seed >> 32) as u32])
}

/// A path's words as a `rand` generator, step after step of one block, for the ecosystem's use.
///
/// The engine itself never draws from it: it addresses words by (path, step, block).
#[derive(Debug, Clone)]
pub struct PathRng {
    seed: u64,
    path: u64,
    block: u32,
    step: u32,
    words: [u32; 4],
    n_used: usize,
}

impl PathRng {
    /// The words of `block` on `path`, from step 0.
    #[must_use]
    pub fn new(seed: u64, path: u64, block: u32) -> Self {
        Self { seed, path, block, step: 0, words: words(seed, path, 0, block), n_used: 0 }
    }

    fn next_word(&mut self) -> u32 {
        if self.n_used == 4 {
            self.step = self.step.wrapping_add(1);
            self.words = words(self.seed, self.path, self.step, self.block);
            self.n_used = 0;
        }
        self.n_used += 1;
        self.words[self.n_used - 1]
    }
}

impl TryRng for PathRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.next_word());
        Ok(low | u64::from(self.next_word()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.next_word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    /// `kat_vectors` of Random123 1.14, lines `philox4x32 10`.
    #[test]
    fn words_are_those_of_random123() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn the_rand_generator_deals_the_paths_words_in_order() {
        let mut rng = PathRng::new(7, 1 << 40, BLOCK_JUMPS);
        let first = words(7, 1 << 40, 0, BLOCK_JUMPS);
        let second = words(7, 1 << 40, 1, BLOCK_JUMPS);
        for word in first.into_iter().chain(second) {
            assert_eq!(rng.next_u32(), word);
        }
        let mut bytes = [0; 5];
        rng.fill_bytes(&mut bytes);
        assert_eq!(bytes[..4], words(7, 1 << 40, 2, BLOCK_JUMPS)[0].to_le_bytes());
    }
}
