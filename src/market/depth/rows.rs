//! The rows of a curve: how a form is tabulated, and whether rows that were read hang together as
//! those of a form do.

use serde::{Deserialize, Serialize};

use super::{MOST_MOVED, Moved};
use crate::fixed::scale_q27;
use crate::rows;

/// Bits below the point of a size.
pub const SIZE_BITS: u32 = 56;
/// The largest size, 2^7 less the last bit.
pub const MOST_SIZE: u64 = (1 << 63) - 1;
/// Sizes below 2^-32 share the first row.
pub(super) const FIRST_BITS: u32 = SIZE_BITS - 32;
/// Rows of an octave, as a power of two.
pub const ROW_BITS: u32 = 4;
/// Rows of half a curve.
pub const CURVE_ROWS: usize = 1 + ((63 - FIRST_BITS as usize) << ROW_BITS);

/// Most that a row's displacement may be, Q8.24, and what rounding adds.
const MOST_LOG: i64 = ((MOST_MOVED as i64) << 24) + 4;
/// The dearest that a purchase may be, Q5.27: 16 times the price and what its half of a row adds.
const MOST_PRICE: i64 = 1 << 32;

rows! {
    /// A stretch of sizes; read by Rust and WGSL alike.
    #[derive(Default, Serialize, Deserialize)]
    pub struct CurveRow {
        /// What was paid up to its beginning, Q7.56, low and high word.
        pub paid: [u32; 2],
        /// Price at its beginning, Q5.27.
        pub price: u32,
        /// Change of the mean price along it, Q5.27.
        pub bend: i32,
        /// Displacement of the log2 price at its beginning, Q8.24.
        pub log: u32,
        /// Its slope at the beginning, over the row.
        pub log_slope: i32,
        /// Change of that slope along the row.
        pub log_bend: i32,
    }
}

/// Bits of the width of a row.
fn width_bits(idx: usize) -> u32 {
    match idx.checked_sub(1) {
        None => FIRST_BITS,
        Some(above) => FIRST_BITS + (above >> ROW_BITS) as u32 - ROW_BITS,
    }
}

/// What was paid up to the end of a row, so that the curve does not jump there.
fn paid_at_end(idx: usize, paid: u64, mean_price: u32) -> u64 {
    paid.saturating_add(scale_q27(1 << width_bits(idx), mean_price)).min(MOST_SIZE)
}

/// Tabulates one side of a form.
pub(super) fn tabulate(moved: impl Fn(f64) -> Moved) -> Vec<CurveRow> {
    let mut rows = Vec::with_capacity(CURVE_ROWS);
    let mut paid = 0_u64;
    let mut start = 0_u64;
    for idx in 0..CURVE_ROWS {
        let width = width_bits(idx);
        let unit = libm::exp2(-f64::from(SIZE_BITS));
        let length = libm::exp2(f64::from(width)) * unit;
        let at = |share: f64| {
            let Moved { log2_price, paid } = moved(start as f64 * unit + share * length);
            Moved { log2_price: log2_price.min(MOST_MOVED), paid }
        };
        let (first, middle, last) = (at(0.0), at(0.5), at(1.0));
        let (price, bend) = quadratic(
            (middle.paid - first.paid) / length,
            (last.paid - first.paid) / length,
            libm::exp2(27.0),
        );
        let (log_slope, log_bend) = quadratic(
            middle.log2_price - first.log2_price,
            last.log2_price - first.log2_price,
            libm::exp2(24.0),
        );
        rows.push(CurveRow {
            paid: [paid as u32, (paid >> 32) as u32],
            price: price as u32,
            bend,
            log: libm::round(first.log2_price * libm::exp2(24.0)) as u32,
            log_slope,
            log_bend,
        });
        paid = paid_at_end(idx, paid, (price + bend) as u32);
        start += 1 << width;
    }
    rows
}

/// a, b of t (a + b t) through 0, the middle and the end of a row; rising throughout, where need be
/// at the price of the middle.
fn quadratic(middle: f64, end: f64, scale: f64) -> (i32, i32) {
    let end = end.max(0.0);
    let bend = (2.0 * (end - 2.0 * middle)).clamp(-end, end);
    let last = libm::round(end * scale) as i32;
    let bend = libm::round(bend * scale) as i32;
    (last - bend, bend)
}

/// The first row, if any, that no form has: one that falls, that does not begin where the one
/// before it ends, or that moves a price further than any form does. Nothing sold moves nothing.
#[must_use]
pub fn first_broken(rows: &[CurveRow]) -> Option<usize> {
    let (mut paid, mut log) = (0, 0);
    rows.iter().enumerate().position(|(idx, row)| {
        let begins = u64::from(row.paid[0]) | u64::from(row.paid[1]) << 32;
        let (price, bend) = (i64::from(row.price), i64::from(row.bend));
        let is_priced = price + bend.abs() < MOST_PRICE
            && bend.abs() <= price + bend
            && bend >= -(MOST_PRICE >> 2);
        let (log_slope, log_bend) = (i64::from(row.log_slope), i64::from(row.log_bend));
        let is_moved = log_bend.abs() <= log_slope + log_bend
            && i64::from(row.log) + log_slope + log_bend <= MOST_LOG;
        let by_rounding = if idx == 0 { 0 } else { 2 };
        let is_next = begins == paid && (i64::from(row.log) - log).abs() <= by_rounding;
        paid = paid_at_end(idx, begins, (price + bend) as u32);
        log = i64::from(row.log) + log_slope + log_bend;
        !(is_priced && is_moved && is_next)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{ConstantProduct, Form, PowerLaw, Quote, Quotes};
    use super::*;

    #[test]
    fn rows_of_a_form_hang_together_and_no_field_of_any_may_be_another() {
        let quotes = vec![
            Quote { usd_sold: 1e5, slippage: 0.0004 },
            Quote { usd_sold: 5e7, slippage: 0.999_999 },
        ];
        let forms: [&dyn Form; 4] = [
            &ConstantProduct { reserve_usd: 2e7 },
            &PowerLaw { is_linear: true, impact: 0.999_999, at_usd: 1.0 },
            &PowerLaw { is_linear: false, impact: 0.3, at_usd: 1e7 },
            &Quotes { quotes },
        ];
        for form in forms {
            for rows in [tabulate(|size| form.sold(size)), tabulate(|size| form.bought(size))] {
                assert_eq!(first_broken(&rows), None, "{rows:?}");
                let mut moved = rows.clone();
                moved[0].log = 1;
                assert_eq!(first_broken(&moved), Some(0), "nothing sold moves the price");
                for idx in [0, 1, 100, CURVE_ROWS - 2] {
                    let broken = |change: fn(&mut CurveRow)| {
                        let mut rows = rows.clone();
                        change(&mut rows[idx]);
                        first_broken(&rows).is_some()
                    };
                    assert!(broken(|row| row.paid[1] ^= 1 << 31), "paid {idx}");
                    assert!(broken(|row| row.bend = i32::MIN), "bend {idx}");
                    assert!(broken(|row| row.log = u32::MAX), "log {idx}");
                    assert!(broken(|row| row.log_slope = i32::MIN), "slope {idx}");
                    assert!(broken(|row| row.log_slope = i32::MAX), "slope {idx}");
                    assert!(broken(|row| row.log_bend = i32::MIN), "log bend {idx}");
                }
            }
        }
    }
}
