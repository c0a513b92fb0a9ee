//! The integer curve of a market's depth: any form as quadratics over rows of rising size; twin of
//! `shaders/depth.wgsl`.
//!
//! A size is Q7.56. Below 2^-32 there is one row, above it 16 an octave. Within a row the mean
//! price and the displacement follow a quadratic through its ends and its middle. Error, tested: of
//! what a sale brings, 2e-6 of what it loses and 2^-26 of itself; of what a purchase costs, 2e-4 of
//! what it costs too much; of a log2 price, 3e-5 of the displacement and 2^-23; below a size of
//! 2^-32 up to the displacement there. In a row that a quote or the end of a form falls into, 3e-3
//! and 5e-3.
//!
//! What a sale brings is the difference of two values of one function of the whole size sold so
//! far. So sales in a row bring what one of their sum does, to the last bit.

use serde::{Deserialize, Serialize};

use super::Form;
use super::rows::{CurveRow, FIRST_BITS, MOST_SIZE, ROW_BITS, tabulate};
use crate::fixed::scale_q27;

/// Bits below the point of a price.
const PRICE_BITS: u32 = 27;

/// Purchases that displace the log2 price by this, Q8.24, are at the end of their curve (but for
/// 2^-12 of an octave) or beyond it, where prices stand still: what they cost is a lower bound.
pub const OVERBOUGHT: i32 = (4 << 24) - (1 << 12);

/// A market's depth, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// For sales, by size.
    pub sold: Vec<CurveRow>,
    /// For purchases.
    pub bought: Vec<CurveRow>,
}

impl Curve {
    /// Tabulates a form.
    #[must_use]
    pub fn of(form: &dyn Form) -> Self {
        Self { sold: tabulate(|size| form.sold(size)), bought: tabulate(|size| form.bought(size)) }
    }

    /// The rows that a size, Q7.56, is looked up in: of sales, or, if negative, of purchases.
    #[inline(always)]
    fn half(&self, size: i64) -> &[CurveRow] {
        if size < 0 { &self.bought } else { &self.sold }
    }

    /// The least size, that of a purchase, and the most, that of a sale, between which nothing is
    /// displaced.
    #[must_use]
    pub fn still(&self) -> (i64, i64) {
        let [bought, sold] = [&self.bought, &self.sold].map(|rows| first_moved(rows) as i64 - 1);
        (-bought.max(0), sold.max(0))
    }

    /// The most size up to which no sale has moved the log2 price, Q8.24, by more than that.
    #[must_use]
    pub fn most_within(&self, moved: i32) -> i64 {
        let is_beyond =
            |row: &CurveRow| row.log as i32 + row.log_slope.max(0) + row.log_bend.max(0) > moved;
        let idx = self.sold.iter().position(is_beyond).unwrap_or(self.sold.len());
        start_of(idx).min(MOST_SIZE) as i64 - 1
    }

    /// The most size up to which no sale has brought the price below 31/32 of rest, and 1/256 more.
    #[must_use]
    pub fn most_cheap(&self) -> i64 {
        const LEAST: u32 = (31 * 8 + 1) << (PRICE_BITS - 8);
        let is_dear = |row: &CurveRow| row.price.saturating_add_signed(2 * row.bend.min(0)) < LEAST;
        let idx = self.sold.iter().position(is_dear).unwrap_or(self.sold.len());
        start_of(idx).min(MOST_SIZE) as i64
    }

    /// What selling a size (negative: buying) pays in all, Q7.56 at the price of rest.
    #[inline]
    #[must_use]
    pub fn worth(&self, size: i64) -> u64 {
        worth(self.half(size), size.unsigned_abs().min(MOST_SIZE))
    }

    /// By how much a size that was sold (negative: bought) has moved the log2 price, Q8.24.
    #[inline]
    #[must_use]
    pub fn displacement(&self, size: i64) -> i32 {
        let moved = displacement(self.half(size), size.unsigned_abs().min(MOST_SIZE)) as i32;
        if size < 0 { moved } else { -moved }
    }
}

/// Where a size stands: its row, how far beyond the row's beginning, and that as a share, Q0.32.
#[inline(always)]
fn place(size: u64) -> (usize, u64, u32) {
    let octave = 63 - (size | 1).leading_zeros();
    if octave < FIRST_BITS {
        return (0, size, (size << (32 - FIRST_BITS)) as u32);
    }
    let width = octave - ROW_BITS;
    let row = (size >> width) as usize - (1 << ROW_BITS);
    let along = size & ((1 << width) - 1);
    let share = along << (64 - width) >> 32;
    (1 + ((octave - FIRST_BITS) << ROW_BITS) as usize + row, along, share as u32)
}

/// What selling (or buying) a size pays in all, Q7.56 at the price of rest.
#[inline(always)]
fn worth(rows: &[CurveRow], size: u64) -> u64 {
    let (idx, along, share) = place(size);
    let row = &rows[idx];
    let mean = row.price.wrapping_add_signed(bent(row.bend, share));
    let paid = u64::from(row.paid[0]) | u64::from(row.paid[1]) << 32;
    // Both are below 2^63.
    (paid + scale_q27(along, mean)).min(MOST_SIZE)
}

/// By how much a size sold (or bought) has moved the log2 price, Q8.24.
#[inline(always)]
fn displacement(rows: &[CurveRow], size: u64) -> u32 {
    let (idx, _, share) = place(size);
    let row = &rows[idx];
    row.log.wrapping_add_signed(bent(row.log_slope + bent(row.log_bend, share), share))
}

/// Where the first row begins whose displacement is not known to be 0 throughout.
fn first_moved(rows: &[CurveRow]) -> u64 {
    // What is below a unit is cut off.
    let is_still = |row: &CurveRow| {
        let slopes = [row.log_slope, row.log_slope + row.log_bend];
        row.log == 0 && slopes.iter().all(|slope| (0..=1).contains(slope))
    };
    let idx = rows.iter().position(|row| !is_still(row)).unwrap_or(0);
    start_of(idx)
}

/// Where a row begins.
fn start_of(idx: usize) -> u64 {
    let Some(above) = idx.checked_sub(1) else { return 0 };
    let (octave, row) = (above >> ROW_BITS, above & ((1 << ROW_BITS) - 1));
    ((1 << ROW_BITS) + row as u64) << (octave as u32 + FIRST_BITS - ROW_BITS)
}

/// floor(a s / 2^32).
#[inline(always)]
fn bent(a: i32, share: u32) -> i32 {
    ((i64::from(a) * i64::from(share)) >> 32) as i32
}

#[cfg(test)]
mod tests {
    use super::super::rows::{CURVE_ROWS, SIZE_BITS};
    use super::super::{ConstantProduct, Moved, PowerLaw, Quote, Quotes};
    use super::*;

    fn forms() -> Vec<Box<dyn Form>> {
        let quote = |usd_sold, slippage| Quote { usd_sold, slippage };
        let quotes = vec![quote(1e5, 0.0004), quote(1e6, 0.003), quote(2e7, 0.11), quote(5e7, 0.4)];
        vec![
            Box::new(ConstantProduct { reserve_usd: 2e7 }),
            Box::new(PowerLaw { is_linear: true, impact: 0.1, at_usd: 1e7 }),
            Box::new(PowerLaw { is_linear: false, impact: 0.3, at_usd: 1e7 }),
            Box::new(PowerLaw { is_linear: false, impact: 0.001, at_usd: 1e9 }),
            Box::new(Quotes { quotes }),
        ]
    }

    fn sizes() -> impl Iterator<Item = u64> {
        (0..63).flat_map(|bit| {
            (0..97_u64).map(move |part| {
                let low = 1_u64 << bit;
                low + ((u128::from(low) * u128::from(part)) / 97) as u64
            })
        })
    }

    fn float(size: u64) -> f64 {
        size as f64 * libm::exp2(-f64::from(SIZE_BITS))
    }

    #[test]
    fn rows_begin_where_sizes_are_placed() {
        for idx in 0..CURVE_ROWS {
            let start = start_of(idx);
            assert_eq!(place(start).0, idx);
            assert_eq!(place(start.saturating_sub(1)).0, idx.saturating_sub(1));
        }
    }

    #[test]
    fn what_is_still_displaces_nothing_and_a_row_beyond_it_something() {
        for form in forms() {
            let curve = Curve::of(form.as_ref());
            let (least, most) = curve.still();
            for size in sizes().map(|size| size as i64).chain([1, most, -least]) {
                let is_still = |size: i64| (least..=most).contains(&size);
                assert!(!is_still(size) || curve.displacement(size) == 0, "{size}");
                assert!(!is_still(-size) || curve.displacement(-size) == 0, "-{size}");
            }
            let rows_beyond = |size: i64| size + (size >> 2) + (1 << FIRST_BITS);
            assert_ne!(curve.displacement(rows_beyond(most)), 0, "{most}");
            assert_ne!(curve.displacement(-rows_beyond(-least)), 0, "{least}");
        }
    }

    #[test]
    fn sales_within_an_impact_have_no_more_and_some_beyond_it_have() {
        for form in forms() {
            let curve = Curve::of(form.as_ref());
            for moved in [0, 1, 100, 1 << 14, 1 << 20, 1 << 23] {
                let most = curve.most_within(moved);
                let within = sizes().map(|size| size as i64).filter(|size| *size <= most);
                for size in within.chain([most.max(0)]) {
                    assert!(-curve.displacement(size) <= moved, "{size}: more than {moved}");
                }
                let beyond = most.saturating_add((most >> 2) + (1 << FIRST_BITS));
                let is_all = beyond >= MOST_SIZE as i64;
                assert!(is_all || -curve.displacement(beyond) >= moved, "{most} in {moved}");
            }
        }
    }

    #[test]
    fn cheap_sales_bring_31_32_of_their_size() {
        for form in forms() {
            let curve = Curve::of(form.as_ref());
            let most = curve.most_cheap();
            let cheap: Vec<u64> = sizes().filter(|size| *size <= most as u64).collect();
            assert!(cheap.len() > 97, "{most}");
            for two in cheap.windows(2) {
                let [brought, size] =
                    [curve.worth(two[1] as i64) - curve.worth(two[0] as i64), two[1] - two[0]];
                // The mean price up to a size is off by 2^-27.
                let slack = 2 + (two[1] >> 27);
                assert!(brought + slack >= size - (size >> 5) + (size >> 8), "{two:?}");
            }
            // Beyond, an octave at the latest, sales are not cheap any more.
            let dear = most.saturating_mul(2);
            if let Some(next) = dear.checked_add(dear >> 8).filter(|it| *it < MOST_SIZE as i64) {
                let (brought, size) = (curve.worth(next) - curve.worth(dear), (next - dear) as u64);
                assert!(brought < size - (size >> 5) + (size >> 7), "{most}: {brought} of {size}");
            }
        }
    }

    /// Worst errors over sizes: of what is lost, and of the displacement.
    fn errors(rows: &[CurveRow], exact: impl Fn(f64) -> Moved) -> (f64, f64) {
        let (mut worst_paid, mut worst_log) = (0.0_f64, 0.0_f64);
        let first = exact(libm::exp2(-32.0)).log2_price;
        for size in sizes() {
            let exact = exact(float(size));
            if exact.paid >= 127.0 {
                continue;
            }
            let slack = exact.paid * libm::exp2(-26.0) + libm::exp2(-49.0);
            let error = (float(worth(rows, size)) - exact.paid).abs() - slack;
            worst_paid = worst_paid.max(error / (exact.paid - float(size)).abs().max(1e-30));
            let slack = libm::exp2(-23.0) + if size < 1 << 24 { first } else { 0.0 };
            let log = f64::from(displacement(rows, size)) * libm::exp2(-24.0);
            let error = (log - exact.log2_price).abs() - slack;
            worst_log = worst_log.max(error / exact.log2_price.max(1e-30));
        }
        (worst_paid, worst_log)
    }

    #[test]
    fn the_tables_are_within_their_error() {
        for (idx, form) in forms().iter().enumerate() {
            let curve = Curve::of(form.as_ref());
            let sold = errors(&curve.sold, |size| form.sold(size));
            let bought = errors(&curve.bought, |size| form.bought(size));
            // Quotes have kinks; the linear law one where it ends, at 2^-16 of the price.
            let (paid, log) = match idx {
                1 => (2e-6, 5e-3),
                4 => (3e-3, 5e-3),
                _ => (2e-6, 3e-5),
            };
            assert!(sold.0 < paid && sold.1 < log, "form {idx}: {sold:?}");
            // Purchases are steep, and end in a kink at 16 times the price.
            assert!(bought.0 < paid.max(2e-4) && bought.1 < 5e-3, "form {idx}: {bought:?}");
        }
    }

    #[test]
    fn what_is_paid_and_the_displacement_never_fall() {
        for form in forms() {
            let curve = Curve::of(form.as_ref());
            for rows in [&curve.sold, &curve.bought] {
                let mut last = (0, 0);
                for size in sizes() {
                    let now = (worth(rows, size), displacement(rows, size));
                    // Rounding down may take two of the last bits back.
                    assert!(now.0 + 2 >= last.0 && now.1 + 1 >= last.1, "{size}: {now:?} {last:?}");
                    last = now;
                }
            }
        }
    }

    #[test]
    fn a_constant_product_is_what_its_formula_says() {
        // A pool of 10,000 at a price of 2,000, fee 0.3 %, takes 800: Y Q g / (X + Q g).
        let form = ConstantProduct { reserve_usd: 20e6 };
        let curve = Curve::of(&form);
        let size = |quantity: f64| (quantity * 0.997 / 10_000.0 * libm::exp2(56.0)) as u64;
        let proceeds = |quantity: f64| 20e6 * float(worth(&curve.sold, size(quantity)));
        assert!((proceeds(800.0) - 1_477_365.340_446_025).abs() < 0.05, "{}", proceeds(800.0));
        let slippage = 1.0 - proceeds(800.0) / (800.0 * 2_000.0);
        assert!((slippage - 0.076_646_662_221_234_4).abs() < 5e-8);
        // And the quantity that raises a debt of 1.45 million.
        let raised = proceeds(784.023_228_715_797);
        assert!((raised - 1_450_000.0).abs() < 0.05, "{raised}");
    }

    #[test]
    fn sales_in_a_row_bring_what_their_sum_does() {
        for form in forms() {
            let rows = Curve::of(form.as_ref()).sold;
            for (first, second) in [(1 << 40, 1 << 30), (12_345_678_901_234, 987_654_321_098_765)] {
                let one_by_one =
                    worth(&rows, first) + (worth(&rows, first + second) - worth(&rows, first));
                assert_eq!(one_by_one, worth(&rows, first + second));
            }
        }
    }
}
