//! Which power of two of a dollar counts as one: for each position, and for the program's money.
//!
//! A position's unit is the smallest for which its absolute coefficients, and its constants over
//! 256, add up to less than 2^31: then every sum of coefficient x mark stays below 2^63 at any
//! mark (a mark is at most 256). Money is the smallest power of two for which the gross book at
//! the largest mark stays below 2^62.

use super::CompileError;

/// Units of a position that its gross may reach; the rest of 2^31 is for the rounding of 128 legs.
const MAX_UNITS: f64 = 2_147_483_648.0 - 1024.0;
/// Gross book, in money, at the opening marks: 2^62 over the largest mark, less what rounding may
/// add to it.
const MAX_MONEY: f64 = 18_014_398_509_481_984.0 - 17_179_869_184.0;
/// A unit of money is at most one dollar.
const COARSEST_MONEY: i32 = 0;

/// The power of two of a position's unit of opening value.
#[must_use]
pub(super) fn position_unit(gross_usd: f64) -> i32 {
    smallest_power(gross_usd, MAX_UNITS)
}

/// The power of two of the program's money.
pub(super) fn money(gross_usd: f64) -> Result<i32, CompileError> {
    let power = smallest_power(gross_usd, MAX_MONEY);
    if power > COARSEST_MONEY {
        let bound_usd = MAX_MONEY * libm::exp2(f64::from(COARSEST_MONEY));
        return Err(CompileError::BookTooLarge { gross_usd, bound_usd });
    }
    Ok(power)
}

/// The least e, not below -200, with value <= limit 2^e.
fn smallest_power(value: f64, limit: f64) -> i32 {
    let mut power = (libm::ceil(libm::log2((value / limit).max(1e-60))) as i32 - 1).max(-200);
    while value > limit * libm::exp2(f64::from(power)) {
        power += 1;
    }
    power
}
