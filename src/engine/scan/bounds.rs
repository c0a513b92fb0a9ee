//! Bounds of positions over a horizon: sums of the lowest and the highest of marks and ratios.

use super::ratios::ONE;
use super::terms::Term;
use crate::fixed::ONE_MARK;

/// Coefficient of a row in a bound.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct BoundTerm {
    pub(in crate::engine) row: u32,
    pub(in crate::engine) magnitude: u32,
}

/// A position's bound: constant + Σ positive - Σ negative, of rows.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Bound {
    /// What the caller calls the position.
    pub(in crate::engine) id: u32,
    pub(in crate::engine) constant: i64,
    first_term: u32,
    pub(in crate::engine) n_positive: u32,
    pub(in crate::engine) n_terms: u32,
}

/// The bounds of many positions.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Bounds {
    pub(in crate::engine) bounds: Vec<Bound>,
    terms: Vec<BoundTerm>,
}

impl Bounds {
    /// The terms of a position's bound, positive ones first.
    #[inline(always)]
    pub(in crate::engine) fn terms_of(&self, bound: &Bound) -> &[BoundTerm] {
        let first = bound.first_term as usize;
        &self.terms[first..first + bound.n_terms as usize]
    }

    /// Adds a position, whose terms have rows: a breach of it is `constant` + Σ terms below 0.
    ///
    /// In units of the main debt's mark, Σ w_c m_c / m_d - Σ w_o m_o / m_d - w_d bounds what is
    /// left, since the constant, which is left out there, is not negative.
    pub(in crate::engine) fn push(&mut self, id: u32, constant: i64, terms: &[Term]) {
        let constant = constant_of_bound(constant, terms);
        let mut bound =
            Bound { id, constant, first_term: self.terms.len() as u32, n_positive: 0, n_terms: 0 };
        for is_negative in [false, true] {
            for term in terms.iter().filter(|it| it.is_negative == is_negative) {
                if term.row == ONE {
                    bound.constant += term.signed_times(ONE_MARK);
                    continue;
                }
                let row = term.row + u32::from(is_negative);
                self.terms.push(BoundTerm { row, magnitude: term.magnitude });
                bound.n_terms += 1;
                bound.n_positive += u32::from(!is_negative);
            }
        }
        self.bounds.push(bound);
    }
}

/// The constant of a bound: none of one that is relative to the main debt's mark.
#[inline(always)]
pub(in crate::engine) fn constant_of_bound(constant: i64, terms: &[Term]) -> i64 {
    let is_relative = terms.iter().fold(false, |any, term| any | (term.row == ONE));
    if is_relative { 0 } else { constant }
}
