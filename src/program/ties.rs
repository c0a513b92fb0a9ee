//! Which way the margin surplus of a position is rounded: in the borrower's favour, so that no
//! rounding liquidates a healthy position; the other way where equality is a breach, so that none
//! spares one.
//!
//! A surplus is constant + Σ c m over marks m as the program has them, m' = m (1 + e) + r with
//! |e| <= [`MARK_ERROR`] (the log price is rounded to 2^-25, `exp2` is off by 3.5e-9) and
//! |r| <= 1/2 of the last bit. Let the exact surplus be S = C + Σ w a m - Σ d m >= 0. What the
//! program computes is at least S if
//!
//! - a debt is cut to whole units and collateral is filled up to them, each threshold is
//!   w (1 + 2 e + ...) rounded up, and so is each coefficient ([`crate::fixed::weigh`]): then
//!   w' a' m (1 - e) >= w a m (1 + e) and d' m (1 + e) <= d m (1 + e), and (1 + e) S >= 0 is what
//!   remains; without debts, 1 + e for each term by itself is enough;
//! - 1/2 of the last bit of a mark, once for every unit of every coefficient, is added as the
//!   [`Ties::total`].
//!
//! A liquidation leaves whole units, of which the same holds. So a position is liquidated only if
//! its health factor is below 1. What this may spare, or where equality is a breach take too soon,
//! lacks (or has) less than 4 e = 1e-7 of what counts, 3 units of each collateral and 2 of each
//! debt at their marks, and the last bit of a mark for each unit of a coefficient: some 2e-7 in all
//! where marks are at least 1.5 and every leg has 2^27 units that count.
//! The running sum of marks that funding is paid on is held to the absolute error alone: relative
//! to the notional what it is off by is a matter of 1e-10.

use crate::fixed::{ONE_Q31, weigh};

/// Relative error of a price mark, at most: 2^-25 ln 2 = 2.07e-8 of the rounded log, 3.5e-9 of
/// exp2.
const MARK_ERROR: f64 = 2.5e-8;
/// Relative error that rounding the growth by interest adds.
const GROWTH_ERROR: f64 = 2.1e-8;
/// What floats on the host may be off by, and products of errors.
const HAIR: f64 = 1e-12;

/// What a position owes: the errors of what debts are worth are made up for by collateral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Debts {
    /// Nothing.
    None,
    /// Amounts that stay.
    Still,
    /// Amounts of which interest grows some.
    Grown,
}

/// How the terms of one position are rounded, and what that leaves to add to its surplus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ties {
    /// Whether equality is a breach.
    at_equality: bool,
    /// By how much coefficients are widened, relative.
    error: f64,
    /// Units of all coefficients so far.
    units: u64,
    /// Fine values that were rounded otherwise.
    fine: u64,
}

impl Ties {
    /// Of a position without legs yet, that has debts, if so of which interest grows some.
    pub(super) fn new(at_equality: bool, debts: Debts) -> Self {
        let error = HAIR
            + match debts {
                Debts::None => MARK_ERROR,
                Debts::Still => 2.0 * MARK_ERROR,
                Debts::Grown => 2.0 * MARK_ERROR + GROWTH_ERROR,
            };
        Self { at_equality, error, units: 0, fine: 0 }
    }

    /// A number that the surplus gains by, rounded to the side that the position is owed.
    fn rounded(&self, gain: f64) -> f64 {
        // Beyond the error of the float itself: 2^-20 of a unit.
        let hair = 1e-6;
        if self.at_equality { libm::floor(gain + hair) } else { libm::ceil(gain - hair) }
    }

    /// Units of collateral.
    pub(super) fn collateral(&self, units: f64) -> i32 {
        self.rounded(units) as i32
    }

    /// Units of debt.
    pub(super) fn debt(&mut self, units: f64) -> i32 {
        let units = -self.rounded(-units) as i32;
        self.units += u64::from(units.unsigned_abs());
        units
    }

    /// The threshold of so many units of collateral, Q1.31; slightly above the venue's own.
    pub(super) fn threshold(&mut self, threshold: f64, units: i32) -> u32 {
        let one = f64::from(ONE_Q31);
        let word = if !self.at_equality {
            libm::ceil(threshold * (1.0 + self.error) * one)
        } else if units == 0 {
            0.0
        } else {
            // Coefficients are rounded up, so that the threshold is of whole units.
            let counted = libm::floor(f64::from(units) * threshold * (1.0 - self.error));
            libm::floor(counted.max(0.0) * one / f64::from(units))
        };
        self.units += u64::from(weigh(units as u32, word as u32));
        word as u32
    }

    /// A coefficient of a perpetual's mark, which may be of either sign.
    pub(super) fn coefficient(&mut self, units: f64) -> i32 {
        let widened = if self.at_equality { -self.error } else { self.error };
        self.rounded(units + widened * units.abs()) as i32
    }

    /// A part of the constant, a fine value.
    pub(super) fn constant(&mut self, fine: f64) -> i64 {
        self.rounded(fine) as i64
    }

    /// The largest of a perpetual's coefficients counts as one of the surplus, whichever tier is
    /// the least.
    pub(super) fn count(&mut self, units: u32) {
        self.units += u64::from(units);
    }

    /// A perpetual was added, whose entry value is rounded to nearest, for its equity's sake.
    pub(super) fn count_entry(&mut self) {
        self.fine += 1;
    }

    /// What is to be added to the surplus, a fine value.
    pub(super) fn total(&self) -> i64 {
        // Half of the last bit of each mark, a whole one for odd sums.
        let tie = (self.units / 2 + 1 + self.fine) as i64;
        if self.at_equality { -tie } else { tie }
    }
}

#[cfg(test)]
mod tests;
