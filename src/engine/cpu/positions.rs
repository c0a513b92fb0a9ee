//! Positions as the hot loop reads them: coefficients of marks, those that can breach only.

use crate::book::account::{KIND_COLLATERAL, KIND_DEBT};
use crate::program::Program;
use crate::program::layout::{LegRow, from_words};

/// Coefficient of an instrument's mark in the margin surplus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub(super) instrument: u32,
    pub(super) coefficient: i32,
}

/// A position in the order it is scanned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanned {
    /// Its index in the program.
    pub(super) position: u32,
    /// First of its plain terms; they end where the next position's begin.
    pub(super) term_start: u32,
    /// Whether legs have margin tiers beside the plain terms.
    pub(super) has_tiers: bool,
    /// Constant of the surplus; a breach is a surplus below 0.
    pub(super) constant: i64,
}

/// The book as scanned.
#[derive(Debug, Clone, Default)]
pub(super) struct ScanList {
    pub(super) scanned: Vec<Scanned>,
    pub(super) terms: Vec<Term>,
}

/// The plain term of a leg with that many units left, if it has one.
#[inline(always)]
pub(super) fn term_of(row: &LegRow, quantity: i32) -> Option<Term> {
    let coefficient = match row.kind {
        _ if row.n_tiers > 0 => return None,
        KIND_COLLATERAL => row.state(quantity, 0).weighted_quantity() as i32,
        KIND_DEBT => -quantity,
        _ => quantity,
    };
    Some(Term { instrument: row.instrument, coefficient })
}

impl ScanList {
    pub(super) fn new(program: &Program) -> Self {
        let mut list = Self::default();
        for (idx, position) in program.positions.iter().enumerate() {
            let legs = program.legs_of(position);
            if legs.iter().all(|leg| leg.kind == KIND_COLLATERAL || leg.quantity == 0) {
                continue;
            }
            let at_equality = program.actions[position.action as usize].at_equality;
            list.scanned.push(Scanned {
                position: idx as u32,
                term_start: list.terms.len() as u32,
                has_tiers: legs.iter().any(|leg| leg.n_tiers > 0),
                constant: from_words(position.constant) - i64::from(at_equality),
            });
            let terms = legs.iter().filter_map(|leg| term_of(leg, leg.quantity));
            list.terms.extend(terms.filter(|term| term.coefficient != 0));
        }
        list
    }

    /// The plain terms of a scanned position.
    #[inline(always)]
    pub(super) fn terms_of(&self, idx: usize) -> &[Term] {
        let end =
            self.scanned.get(idx + 1).map_or(self.terms.len(), |next| next.term_start as usize);
        &self.terms[self.scanned[idx].term_start as usize..end]
    }
}
