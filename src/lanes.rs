//! The widest vector lanes of this machine, chosen at run time: one source for all, compiled once
//! for each, so that no width can give other bits than another.
//!
//! The only `unsafe` of the crate: calling functions for instructions that the machine was asked
//! for when its [`Lanes`] were made, or that every machine of the target has.

use std::fmt;

/// A width of vector lanes that this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lanes(Width);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    /// What every machine of the target has.
    Portable,
    /// 256 bits: AVX2, with the bit counting of its generation.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512 bits: AVX-512 F, BW, CD, DQ and VL.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Lanes {
    /// All that this machine has, narrowest first.
    #[must_use]
    pub fn here() -> Vec<Self> {
        let mut here = vec![Self(Width::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            if has_avx2 {
                here.push(Self(Width::Avx2));
            }
            let has_avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if has_avx2 && has_avx512 {
                here.push(Self(Width::Avx512));
            }
        }
        here
    }

    /// The widest of this machine.
    #[must_use]
    pub fn widest() -> Self {
        Self::here().into_iter().max().unwrap_or(Self(Width::Portable))
    }

    /// Its name: `portable`, `avx2`, `avx512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Width::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => "avx512",
        }
    }

    /// Does work, a closure marked `#[inline(always)]`, with its loops compiled for these lanes.
    ///
    /// Only what is inlined into the closure is: what it calls must be `#[inline(always)]` too.
    #[inline(always)]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        match self.0 {
            Width::Portable => work(),
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => {
                #[allow(unsafe_code, reason = "this width is made only where the machine has it")]
                // SAFETY: `here` makes this width only after the machine said that it has every
                // feature of `avx2`.
                unsafe {
                    avx2(work)
                }
            }
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => {
                #[allow(unsafe_code, reason = "this width is made only where the machine has it")]
                // SAFETY: `here` makes this width only after the machine said that it has every
                // feature of `avx512`.
                unsafe {
                    avx512(work)
                }
            }
        }
    }
}

/// Which of some numbers are below a bound, as bits, the first lowest.
///
/// Compilers know no way from comparisons to bits; every x86-64 has an instruction for it.
#[inline(always)]
#[must_use]
pub fn below(numbers: &[f32; 16], bound: f32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            __m128, _mm_castps_si128, _mm_cmplt_ps, _mm_movemask_epi8, _mm_packs_epi16,
            _mm_packs_epi32, _mm_set1_ps,
        };
        let [a, b, c, d] = bytemuck::cast::<[f32; 16], [__m128; 4]>(*numbers);
        #[allow(unsafe_code, reason = "every x86-64 has these instructions")]
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let bound = _mm_set1_ps(bound);
            let is_below = |four| _mm_castps_si128(_mm_cmplt_ps(four, bound));
            let first = _mm_packs_epi32(is_below(a), is_below(b));
            let second = _mm_packs_epi32(is_below(c), is_below(d));
            _mm_movemask_epi8(_mm_packs_epi16(first, second)) as u32
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let bits = numbers.iter().zip(0_u32..);
        bits.fold(0, |all, (number, idx)| all | u32::from(*number < bound) << idx)
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::widest()
    }
}

impl fmt::Display for Lanes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
)]
fn avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_below() {
        let numbers: [f32; 16] = std::array::from_fn(|idx| (idx as f32 * 7.0) % 16.0);
        for bound in [-1.0, 0.0, 3.5, 8.0, 16.0, f32::INFINITY, f32::NAN] {
            let one_by_one = (0..16).filter(|idx| numbers[*idx] < bound);
            let expected = one_by_one.fold(0, |bits, idx| bits | 1 << idx);
            assert_eq!(below(&numbers, bound), expected, "{bound}");
        }
        assert_eq!(below(&[f32::NAN; 16], 1.0), 0);
    }

    #[test]
    fn all_lanes_give_the_same_sums() {
        let here = Lanes::here();
        assert_eq!(here[0].name(), "portable");
        assert_eq!(here.last(), Some(&Lanes::widest()));
        let words: Vec<u32> = (0..1000).map(|idx: u32| idx.wrapping_mul(0x9e37_79b9)).collect();
        let sum = |lanes: Lanes| {
            lanes.run(
                #[inline(always)]
                || words.iter().map(|word| u64::from(word.leading_zeros() * 3 + 1)).sum::<u64>(),
            )
        };
        for lanes in &here {
            assert_eq!(sum(*lanes), sum(here[0]), "{lanes}");
        }
    }
}
