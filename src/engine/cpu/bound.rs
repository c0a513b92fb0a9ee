//! Bounds that clear stretches of steps, and the exact surplus where they do not.
//!
//! A bound may only ever say "certainly healthy"; what it says of the rest costs time, never a bit.

use super::extremes::Extremes;
use crate::engine::scan::terms::Term;
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
    /// No surplus between the extremes is below this: every term is at its worst extreme.
    ///
    /// Exact integers throughout, so "cleared" is a proof: c m >= c low for c >= 0 and >= c high
    /// for c < 0, and the least over tiers is concave in the mark, so its ends bound it.
    #[inline]
    pub(super) fn bound(&self, extremes: &[Extremes]) -> i64 {
        let mut bound = self.constant;
        for term in self.terms {
            let at = extremes[term.instrument as usize];
            bound += term.signed_times(if term.is_negative { at.high } else { at.low });
        }
        for row in self.tiered.iter().filter(|row| row.n_tiers > 0) {
            let at = extremes[row.instrument as usize];
            let tiers = self.program.tiers_of(row);
            bound += tiers_at(tiers, at.low).min(tiers_at(tiers, at.high));
        }
        bound
    }

    /// The surplus at the marks of instruments.
    #[inline(always)]
    pub(super) fn with(&self, mark_of: impl Fn(u32) -> u32) -> i64 {
        let mut surplus = self.constant;
        for term in self.terms {
            surplus += term.signed_times(mark_of(term.instrument));
        }
        for row in self.tiered.iter().filter(|row| row.n_tiers > 0) {
            surplus += tiers_at(self.program.tiers_of(row), mark_of(row.instrument));
        }
        surplus
    }
}

/// The least of a leg's tiers at a mark.
pub(super) fn tiers_at(tiers: &[TierRow], mark: u32) -> i64 {
    let surplus = tiers
        .iter()
        .map(|tier| i64::from(tier.coefficient) * i64::from(mark) + from_words(tier.deduction));
    surplus.min().unwrap_or(0)
}
