//! The integer formats and their functions; twin of `shaders/fixed.wgsl`. Every one is total.
//!
//! | thing | format |
//! |---|---|
//! | normal shock | `i32`, Q4.28 |
//! | log2 price since opening, less the octaves of its marks | `i64`, lsb 2^-56, upper word Q8.24 |
//! | mark, relative to opening, or to octaves above it | `u32`, Q8.24, saturating |
//! | quantity of a leg | `u32` below 2^31, in the position's unit |
//! | fine value, quantity x mark | `u64` below 2^63 |
//! | shares (thresholds, close factors) | `u32`, Q1.31 |
//! | remaining fractions below 1 | `u32`, Q0.32 |
//! | 1 + bonus | `u32`, Q2.30 |

mod normal_table;

pub(crate) use normal_table::NORMAL_TABLE;

/// A share of 1 in Q1.31.
pub const ONE_Q31: u32 = 1 << 31;
/// 1 in Q2.30.
pub const ONE_Q30: u32 = 1 << 30;
/// The opening mark, 1 in Q8.24.
pub const ONE_MARK: u32 = 1 << 24;
/// Bits below the point of a mark.
pub const MARK_BITS: u32 = 24;
/// An octave of a log2 price in Q8.24.
pub const OCTAVE: i32 = 1 << MARK_BITS;
/// Bits below the point of a log price.
pub const LOG_BITS: u32 = 56;
/// The largest shock that [`normal_shock`] returns: the quantile of 2^-33, 6.338 in Q4.28.
pub const MAX_SHOCK: i32 = 1_701_332_576;
/// Marks below this, 2^-12, carry a relative rounding of more than 2^-13 and are reported.
pub const SMALL_MARK: u32 = 1 << 12;

/// The upper word of a 32 x 32 product.
#[inline(always)]
#[must_use]
pub const fn mul_hi(a: u32, b: u32) -> u32 {
    ((a as u64 * b as u64) >> 32) as u32
}

/// floor(a b / d), saturating at `u64::MAX`; `d` must not be 0 (0 saturates).
#[inline]
#[must_use]
pub const fn mul_div(a: u64, b: u32, d: u32) -> u64 {
    if d == 0 {
        return u64::MAX;
    }
    let low = (a & 0xffff_ffff) * b as u64;
    let high = (a >> 32) * b as u64 + (low >> 32);
    let upper = high / d as u64;
    if upper >> 32 != 0 {
        return u64::MAX;
    }
    let rest = ((high % d as u64) << 32) | (low & 0xffff_ffff);
    (upper << 32) + rest / d as u64
}

/// floor(a f / 2^32) of a fine value and a fraction in Q0.32.
#[inline(always)]
#[must_use]
pub const fn scale_q32(a: u64, fraction: u32) -> u64 {
    (a >> 32) * fraction as u64 + (((a & 0xffff_ffff) * fraction as u64) >> 32)
}

/// floor(a s / 2^31) of a fine value below 2^63 and a share in Q1.31, at most 1.
#[inline(always)]
#[must_use]
pub const fn scale_q31(a: u64, share: u32) -> u64 {
    let low = (a & 0xffff_ffff) * share as u64;
    (((a >> 32) * share as u64) << 1) + (low >> 31)
}

/// floor(a f / 2^27) of a u64 below 2^59 and a factor in Q5.27 of at most 16.
#[inline]
#[must_use]
pub const fn scale_q27(a: u64, factor: u32) -> u64 {
    (((a >> 32) * factor as u64) << 5) + (((a & 0xffff_ffff) * factor as u64) >> 27)
}

/// floor(a m / 2^24) of money and a mark, at most 2^62.
#[inline]
#[must_use]
pub const fn scale_mark(a: u64, mark: u32) -> u64 {
    let high = (a >> 32) * mark as u64;
    if high >> 54 != 0 {
        return 1 << 62;
    }
    (high << 8) + (((a & 0xffff_ffff) * mark as u64) >> 24)
}

/// a x mantissa x 2^(shift - 32), rounded down at each step, at most 2^62.
#[inline]
#[must_use]
pub const fn rescale(a: u64, mantissa: u32, shift: i32) -> u64 {
    let scaled = scale_q32(a, mantissa);
    if shift < 0 {
        return if shift <= -64 { 0 } else { scaled >> (-shift) as u32 };
    }
    if scaled != 0 && scaled.leading_zeros() as i32 <= shift + 1 {
        return 1 << 62;
    }
    if shift >= 64 { 0 } else { scaled << shift as u32 }
}

/// n / d as a fraction in Q0.32, for n < d: both are cut to the 32 upper bits of d first.
///
/// Error: below 2^-30 relative to 1 for d of 32 bits or more, below 2^-32 for shorter ones.
/// 1 or more saturates to the largest fraction; d = 0 gives 0.
#[inline(always)]
#[must_use]
pub const fn ratio_q32(n: u64, d: u64) -> u32 {
    let cut = 32u32.saturating_sub(d.leading_zeros());
    let (n, d) = (n >> cut, d >> cut);
    let near = nearest_quotient(n as u32, d as u32);
    // The nearest may be one more than the floor.
    let quotient = near - (near.wrapping_mul(d) > n << 32) as u64;
    let fraction = if n >= d { u32::MAX } else { quotient as u32 };
    if d == 0 { 0 } else { fraction }
}

/// 2^32 n / d, rounded to nearest, for n < d, by a float division: lanes have no other.
///
/// The quotient's own rounding is below 2^-20, so that what is nearest to it is the true quotient's
/// floor or the integer above.
#[inline(always)]
const fn nearest_quotient(n: u32, d: u32) -> u64 {
    const TWO_32: f64 = (1_u64 << 32) as f64;
    // Added to a number below 2^52 it leaves the integer nearest to that in the lowest bits.
    const TWO_52: f64 = (1_u64 << 52) as f64;
    (n as f64 * TWO_32 / d as f64 + TWO_52).to_bits() & ((1 << 52) - 1)
}

/// ceil(q s) of a quantity and a share in Q1.31: the margin coefficient of collateral, rounded in
/// the borrower's favour.
#[inline(always)]
#[must_use]
pub const fn weigh(quantity: u32, share: u32) -> u32 {
    ((quantity as u64 * share as u64 + ((1 << 31) - 1)) >> 31) as u32
}

/// 2^f - 1 for f in Q0.32, constrained at both ends; all coefficients positive, so that Horner's
/// scheme with truncating products rises with f. Degree 6; relative error at most 3.5e-9.
pub(crate) const EXP2: [u32; 7] =
    [0x8000_0000, 0x58b9_0a6e, 0x1ebf_dbbb, 0x071a_05d7, 0x013d_4bbe, 0x0028_9dab, 0x0007_2a98];

/// The mark of a log2 price in Q8.24: 2^x rounded to nearest, monotone, saturating.
///
/// Relative error at most 3.5e-9, and half a unit of 2^-24 of rounding.
#[inline(always)]
#[must_use]
pub const fn mark_of_log(log_q24: i32) -> u32 {
    Exp2(EXP2).mark_of_log(log_q24)
}

/// The same for lanes, from coefficients that the compiler does not know.
///
/// If it does, it proves that no sum of the polynomial leaves its word and adds in wider ones; a
/// product of those is three of words.
#[derive(Debug, Clone, Copy)]
pub struct Exp2([u32; 7]);

impl Exp2 {
    /// The coefficients; to be asked for outside of loops.
    #[inline(always)]
    #[must_use]
    pub fn for_lanes() -> Self {
        Self(std::hint::black_box(EXP2))
    }

    /// As [`mark_of_log`].
    #[inline(always)]
    #[must_use]
    pub const fn mark_of_log(&self, log_q24: i32) -> u32 {
        let octave = log_q24 >> MARK_BITS;
        let fraction = (log_q24 as u32) << 8;
        let mut acc = self.0[6];
        acc = self.0[5] + mul_hi(acc, fraction);
        acc = self.0[4] + mul_hi(acc, fraction);
        acc = self.0[3] + mul_hi(acc, fraction);
        acc = self.0[2] + mul_hi(acc, fraction);
        acc = self.0[1] + mul_hi(acc, fraction);
        let mantissa = self.0[0] + mul_hi(acc, fraction);
        if octave > 7 {
            u32::MAX
        } else if octave == 7 {
            mantissa
        } else if octave < -25 {
            0
        } else {
            // Halving last rounds to nearest without a carry out of the word.
            let doubled = mantissa >> (6 - octave) as u32;
            (doubled >> 1) + (doubled & 1)
        }
    }
}

/// The standard normal quantile of (word + 1/2) / 2^32, in Q4.28: monotone in the word, symmetric.
///
/// Octave by leading zeros, four segments an octave, degree 4 from the segment's end nearest to
/// the median, all coefficients positive. Error at most 1.3e-7 over the whole range (to 6.338).
#[inline(always)]
#[must_use]
pub fn normal_shock(word: u32) -> i32 {
    // All ones where the shock is positive.
    let sign = ((word as i32) >> 31) as u32;
    let odd = ((word ^ sign) << 1) | 1;
    let octave = odd.leading_zeros();
    let mantissa = odd << octave;
    let segment = (octave << 2) | ((mantissa >> 29) & 3);
    let row = &NORMAL_TABLE[segment as usize];
    let along = !(mantissa << 3);
    let mut acc = row[4];
    acc = row[3] + mul_hi(acc, along);
    acc = row[2] + mul_hi(acc, along);
    acc = row[1] + mul_hi(acc, along);
    acc = row[0] + mul_hi(acc, along);
    // Two's complement: negative unless the sign mask is set.
    ((acc ^ !sign) as i32).wrapping_sub(!sign as i32)
}

#[cfg(test)]
mod tests;
