//! The positions of a path that came near enough to be looked at, as they stand.

use std::ops::Range;

use super::basis_points;
use super::market::MovedMarket;
use crate::book::account::{LegState, values};
use crate::book::action::ACTION_CLOSE_OUT;
use crate::engine::cpu::bound::{Surplus, tiers_at};
use crate::engine::cpu::ledger::exposure;
use crate::engine::cpu::positions::{Scanned, Term, set_terms, term_of};
use crate::fixed::ratio_q32;
use crate::program::Program;
use crate::program::layout::{PositionRow, from_words};
use crate::program::liquidity::Liquidity;

/// A position on its path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) position: u32,
    legs_start: u32,
    terms_start: u32,
    n_terms: u32,
    pub(super) is_defaulted: bool,
    /// Nothing more can happen to it.
    pub(super) is_over: bool,
    pub(super) has_tiers: bool,
    /// Constant of its surplus.
    constant: i64,
    /// The last step in which its venue's action ran.
    pub(super) last_event: u32,
}

/// All accounts of a path, their legs and their terms.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    pub(super) list: Vec<Account>,
    pub(super) legs: Vec<LegState>,
    terms: Vec<Term>,
}

impl Account {
    /// Where its legs stand.
    pub(super) fn legs(&self, n_legs: usize) -> Range<usize> {
        let start = self.legs_start as usize;
        start..start + n_legs
    }
}

impl Accounts {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.legs.clear();
        self.terms.clear();
    }

    /// A position as it was at the opening; its account.
    pub(super) fn open(&mut self, program: &Program, scanned: &Scanned, terms: &[Term]) -> u32 {
        let rows = program.legs_of(&program.positions[scanned.position as usize]);
        let account = self.list.len() as u32;
        self.list.push(Account {
            position: scanned.position,
            legs_start: self.legs.len() as u32,
            terms_start: self.terms.len() as u32,
            n_terms: terms.len() as u32,
            is_defaulted: false,
            is_over: false,
            has_tiers: scanned.has_tiers,
            constant: scanned.constant,
            last_event: 0,
        });
        self.legs.extend(rows.iter().map(|row| row.state(row.quantity, 0)));
        self.terms.extend_from_slice(terms);
        account
    }

    /// Puts an account's legs at the present marks; where they stand.
    pub(super) fn legs_at(
        &mut self,
        program: &Program,
        market: &MovedMarket<'_>,
        account: u32,
    ) -> Range<usize> {
        let state = &self.list[account as usize];
        let rows = program.legs_of(&program.positions[state.position as usize]);
        let span = state.legs(rows.len());
        for (leg, row) in self.legs[span.clone()].iter_mut().zip(rows) {
            leg.mark = market.read_marks()[row.instrument as usize];
            leg.market = market.market_marks[row.instrument as usize];
            leg.lost = 0;
        }
        span
    }

    /// What the margin surplus of an account is made of.
    #[inline]
    pub(super) fn surplus<'s>(&'s self, program: &'s Program, state: &Account) -> Surplus<'s> {
        let start = state.terms_start as usize;
        let position = &program.positions[state.position as usize];
        Surplus {
            program,
            constant: state.constant,
            terms: &self.terms[start..start + state.n_terms as usize],
            tiered: if state.has_tiers { program.legs_of(position) } else { &[] },
        }
    }

    /// An account's quantities have changed.
    pub(super) fn refresh(&mut self, program: &Program, account: u32) {
        let state = &self.list[account as usize];
        let rows = program.legs_of(&program.positions[state.position as usize]);
        let legs = &self.legs[state.legs(rows.len())];
        let start = state.terms_start as usize;
        set_terms(&mut self.terms[start..start + state.n_terms as usize], rows, legs);
    }
}

/// Where a breached position stands in the order of liquidation: the lowest comes first.
pub(super) fn rank(
    program: &Program,
    liquidity: &Liquidity,
    position: &PositionRow,
    legs: &[LegState],
) -> u32 {
    if liquidity.terms.largest_first == 1 {
        return u32::MAX - magnitude(exposure(legs, position));
    }
    if program.actions[position.action as usize].kind != ACTION_CLOSE_OUT {
        let sums = values(legs);
        return basis_points(ratio_q32(sums.weighted, sums.debt));
    }
    // Account value over maintenance margin; what the tiers take from a perpetual is its part.
    let mut value = from_words(position.constant);
    let mut margin = 0;
    for (leg, row) in legs.iter().zip(program.legs_of(position)) {
        let tiers = program.tiers_of(row);
        let term = term_of(row, leg.quantity);
        value += term.map_or_else(|| leg.signed_value(), |term| term.signed_times(leg.mark));
        if !tiers.is_empty() {
            margin += leg.signed_value() - tiers_at(tiers, leg.mark);
        }
    }
    if value <= 0 || margin <= 0 {
        return 0;
    }
    basis_points(ratio_q32(value.unsigned_abs(), margin.unsigned_abs()))
}

/// A number's place among all numbers: its octave, and 26 bits below its leading one.
fn magnitude(value: u64) -> u32 {
    if value == 0 {
        return 0;
    }
    let zeros = value.leading_zeros();
    let mantissa = (value << zeros << 1) >> 38;
    (63 - zeros) << 26 | mantissa as u32
}
