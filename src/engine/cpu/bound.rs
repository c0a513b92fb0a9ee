//! Bounds that clear windows of steps, and the exact surplus where they do not.
//!
//! A bound may only ever say "certainly healthy"; what it says of the rest costs time, never a bit.

use super::marks::{Extremes, Marks};
use super::positions::Term;
use crate::program::Program;
use crate::program::layout::{LegRow, TierRow, from_words};

/// What a position's margin surplus is made of at present.
#[derive(Clone, Copy)]
pub(super) struct Surplus<'a> {
    pub(super) program: &'a Program,
    pub(super) constant: i64,
    pub(super) terms: &'a [Term],
    /// Legs with margin tiers; empty without.
    pub(super) tiered: &'a [LegRow],
}

impl Surplus<'_> {
    /// No surplus in the window is below this: every term is at the extreme that is worst for it.
    ///
    /// Exact integers throughout, so "cleared" is a proof: c m >= c low for c >= 0 and >= c high
    /// for c < 0, and the least over tiers is concave in the mark, so its ends bound it.
    #[inline]
    pub(super) fn bound(&self, extremes: &[Extremes]) -> i64 {
        let mut bound = self.constant;
        for term in self.terms {
            let at = extremes[term.instrument as usize];
            bound += if term.is_negative { -term.times(at.high) } else { term.times(at.low) };
        }
        for row in self.tiered.iter().filter(|row| row.n_tiers > 0) {
            let at = extremes[row.instrument as usize];
            let tiers = self.program.tiers_of(row);
            bound += tiers_at(tiers, at.low).min(tiers_at(tiers, at.high));
        }
        bound
    }

    /// The surplus at a step.
    pub(super) fn at(&self, marks: &Marks, step: usize) -> i64 {
        let mut surplus = self.constant;
        for term in self.terms {
            let product = term.times(marks.of(term.instrument)[step]);
            surplus += if term.is_negative { -product } else { product };
        }
        for row in self.tiered.iter().filter(|row| row.n_tiers > 0) {
            surplus += tiers_at(self.program.tiers_of(row), marks.of(row.instrument)[step]);
        }
        surplus
    }

    /// The first step of `from..end`, at most `N` of them, whose surplus is negative.
    pub(super) fn first_breach<const N: usize>(
        &self,
        marks: &Marks,
        from: usize,
        end: usize,
    ) -> Option<usize> {
        let mut surplus = [self.constant; N];
        let surplus = &mut surplus[..end - from];
        for term in self.terms {
            let marks = &marks.of(term.instrument)[from..end];
            let products = marks.iter().map(|mark| term.times(*mark));
            if term.is_negative {
                surplus.iter_mut().zip(products).for_each(|(sum, product)| *sum -= product);
            } else {
                surplus.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
            }
        }
        for row in self.tiered.iter().filter(|row| row.n_tiers > 0) {
            let marks = &marks.of(row.instrument)[from..end];
            for (sum, mark) in surplus.iter_mut().zip(marks) {
                *sum += tiers_at(self.program.tiers_of(row), *mark);
            }
        }
        surplus.iter().position(|sum| *sum < 0).map(|offset| from + offset)
    }
}

/// The least of a leg's tiers at a mark.
fn tiers_at(tiers: &[TierRow], mark: u32) -> i64 {
    let surplus = tiers
        .iter()
        .map(|tier| i64::from(tier.coefficient) * i64::from(mark) + from_words(tier.deduction));
    surplus.min().unwrap_or(0)
}

/// What the marks of two instruments may differ from 2^log by, in units of their log ratio (2^-24),
/// rounded up; `None` where a mark is too small or saturated for the ratio to mean anything.
///
/// A mark is within 3.6e-9 and half a unit of 2^log (`mark_of_log`), so a log ratio that is above a
/// threshold by log2(1 + e_c) + log2(1 + e_d) <= 1.01 (e_c + e_d) / ln 2, with
/// e = 3.6e-9 + 0.5 / mark, proves that the ratio of the marks is above it too.
pub(super) fn ratio_slack(collateral: Extremes, debt: Extremes) -> Option<i32> {
    const LEAST_MARK: u32 = 256;
    if collateral.low < LEAST_MARK || debt.low < LEAST_MARK || collateral.high == u32::MAX {
        return None;
    }
    let errors = 7.2e-9 + 0.5 / f64::from(collateral.low) + 0.5 / f64::from(debt.low);
    Some((errors * 1.01 * std::f64::consts::LOG2_E * f64::from(1 << 24)) as i32 + 1)
}
