//! What the margin surplus of a position is made of: coefficients of marks and, behind them, legs.

use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_STATE, LegState};

/// Coefficient of an instrument's mark in the margin surplus, what is owed of it against what is
/// held, as sign and magnitude: a product of two unsigned words is one instruction a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Term {
    pub(in crate::engine) instrument: u32,
    pub(in crate::engine) magnitude: u32,
    pub(in crate::engine) is_negative: bool,
    /// Where the horizon has its extremes; see [`super::ratios::Ratios::set_rows`].
    pub(in crate::engine) row: u32,
}

/// A leg of a position that is coupled, small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Leg {
    /// Which of the list's kinds of legs it is.
    pub(in crate::engine) kind: u32,
    pub(in crate::engine) instrument: u32,
    /// All bits if it is collateral, else none.
    pub(in crate::engine) held: u32,
    /// Units left.
    pub(in crate::engine) quantity: i32,
    /// The coefficient of its mark in the margin, if it is collateral; else 0.
    pub(in crate::engine) weighted: u32,
}

impl Term {
    /// So much more of its instrument.
    #[inline(always)]
    pub(in crate::engine) fn add(&mut self, more: i32) {
        // Quantities of a position are below 2^31 all together.
        let net = self.coefficient() + more;
        (self.magnitude, self.is_negative) = (net.unsigned_abs(), net < 0);
    }

    /// Sets it to what is left of its only leg.
    #[inline(always)]
    pub(in crate::engine) fn set(&mut self, leg: &LegState) {
        let coefficient = coefficient_of(leg);
        (self.magnitude, self.is_negative) = (coefficient.unsigned_abs(), coefficient < 0);
    }

    #[inline(always)]
    pub(in crate::engine) fn coefficient(&self) -> i32 {
        if self.is_negative { -(self.magnitude as i32) } else { self.magnitude as i32 }
    }

    /// |coefficient| x mark, below 2^63.
    #[inline(always)]
    pub(in crate::engine) fn times(self, mark: u32) -> i64 {
        (u64::from(self.magnitude) * u64::from(mark)) as i64
    }

    /// coefficient x mark.
    #[inline(always)]
    pub(in crate::engine) fn signed_times(self, mark: u32) -> i64 {
        // Without a branch: signs follow no pattern.
        let sign = -i64::from(self.is_negative);
        (self.times(mark) ^ sign) - sign
    }
}

impl Leg {
    pub(in crate::engine) fn new(kind: u32, state: &LegState) -> Self {
        let held = state.mask(KIND_COLLATERAL) as u32;
        let mut leg = Self { kind, instrument: state.instrument, held, quantity: 0, weighted: 0 };
        leg.set(state);
        leg
    }

    /// So much is left of it.
    #[inline(always)]
    pub(in crate::engine) fn set(&mut self, state: &LegState) {
        self.quantity = state.quantity;
        self.weighted = state.weighted_quantity() & self.held;
    }
}

/// Sets a position's terms to what is left of its legs, of which only those that had a term at the
/// opening can have one.
#[inline(always)]
pub(in crate::engine) fn set_terms(
    terms: &mut [Term],
    legs: impl ExactSizeIterator<Item = LegState>,
) {
    if terms.len() == legs.len() {
        // One each, in the same order.
        terms.iter_mut().zip(legs).for_each(|(term, leg)| term.set(&leg));
        return;
    }
    terms.iter_mut().for_each(|term| (term.magnitude, term.is_negative) = (0, false));
    for leg in legs.filter_map(|leg| term_of(&leg)) {
        let of = terms.iter_mut().find(|term| term.instrument == leg.instrument);
        of.into_iter().for_each(|term| term.add(leg.coefficient()));
    }
}

/// The plain term of a leg as it stands, if it has one.
#[inline(always)]
pub(in crate::engine) fn term_of(leg: &LegState) -> Option<Term> {
    if leg.n_tiers > 0 || leg.kind == KIND_STATE {
        return None;
    }
    let coefficient = coefficient_of(leg);
    Some(Term {
        instrument: leg.instrument,
        magnitude: coefficient.unsigned_abs(),
        is_negative: coefficient < 0,
        row: 0,
    })
}

/// The coefficient of a leg without tiers in the margin surplus.
#[inline(always)]
fn coefficient_of(leg: &LegState) -> i32 {
    let (held, owed) = (leg.mask(KIND_COLLATERAL) as i32, leg.mask(KIND_DEBT) as i32);
    let signed = (leg.quantity ^ owed) - owed;
    (leg.weighted_quantity() as i32 & held) | (signed & !held)
}
