//! The positions of a path that the horizon does not clear, each once, as they stand.

use std::ops::Range;

use super::Around;
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
    /// Its terms, as they are, stand among those of all accounts.
    pub(super) scanned: Scanned,
    /// Its class, if it is a pair.
    pub(super) class: u32,
    legs_start: u32,
    pub(super) is_defaulted: bool,
    /// It is to be asked whether the horizon clears it: it was liquidated since it was last put
    /// into the schedule, or the horizon is another one.
    pub(super) is_changed: bool,
    /// Nothing more can happen to it.
    pub(super) is_over: bool,
    /// The horizon clears it as it stood when that was last asked.
    pub(super) is_clear: bool,
    /// The step in which it is to be looked at; beyond the path for none.
    pub(super) next: u32,
    /// The last step in which its venue's action ran.
    pub(super) last_event: u32,
}

/// All accounts of a path, their legs and their terms.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) list: Vec<Account>,
    pub(super) legs: Vec<LegState>,
    terms: Vec<Term>,
    /// By position.
    is_in: Vec<bool>,
}

impl Account {
    /// Where its legs stand.
    pub(super) fn legs(&self) -> Range<usize> {
        let start = self.legs_start as usize;
        start..start + self.scanned.in_program.n_legs as usize
    }
}

impl Accounts {
    pub(super) fn new(n_positions: usize) -> Self {
        Self {
            list: Vec::new(),
            legs: Vec::new(),
            terms: Vec::new(),
            is_in: vec![false; n_positions],
        }
    }

    /// A new path.
    pub(super) fn clear(&mut self) {
        for account in self.list.drain(..) {
            self.is_in[account.scanned.position as usize] = false;
        }
        self.legs.clear();
        self.terms.clear();
    }

    /// Opens an account for a position as it is at the opening, unless it has one; `class` if it is
    /// a pair.
    pub(super) fn open(&mut self, at: &Around<'_>, scanned: &Scanned, class: u32) {
        if std::mem::replace(&mut self.is_in[scanned.position as usize], true) {
            return;
        }
        let term_start = self.terms.len() as u32;
        self.list.push(Account {
            scanned: Scanned { term_start, ..*scanned },
            class,
            legs_start: self.legs.len() as u32,
            is_defaulted: false,
            is_changed: false,
            is_over: false,
            is_clear: false,
            next: 0,
            last_event: 0,
        });
        let rows = at.program.legs_of(&scanned.in_program);
        self.legs.extend(rows.iter().map(|row| row.state(row.quantity, 0)));
        self.terms.extend(at.list.terms_of(scanned).iter().copied());
    }

    /// Puts an account's legs at the present marks; where they stand.
    pub(super) fn legs_at(&mut self, market: &MovedMarket<'_>, account: u32) -> Range<usize> {
        let span = self.list[account as usize].legs();
        for leg in &mut self.legs[span.clone()] {
            leg.mark = market.marks.read()[leg.instrument as usize];
            leg.market = market.marks.market[leg.instrument as usize];
            leg.lost = 0;
        }
        span
    }

    /// The terms of an account.
    #[inline(always)]
    pub(super) fn terms(&self, account: u32) -> &[Term] {
        let scanned = &self.list[account as usize].scanned;
        &self.terms[scanned.term_start as usize..][..scanned.n_terms as usize]
    }

    /// The margin surplus of an account.
    #[inline(always)]
    pub(super) fn surplus<'s>(&'s self, program: &'s Program, account: u32) -> Surplus<'s> {
        surplus_of(program, &self.list[account as usize].scanned, self.terms(account))
    }

    /// An account was liquidated.
    pub(super) fn changed(&mut self, account: u32) {
        let state = &mut self.list[account as usize];
        state.is_changed = true;
        let legs = &self.legs[state.legs()];
        let Scanned { term_start, n_terms, .. } = state.scanned;
        let terms = &mut self.terms[term_start as usize..][..n_terms as usize];
        set_terms(terms, legs);
    }
}

/// The margin surplus of a position with some terms.
#[inline(always)]
pub(super) fn surplus_of<'s>(
    program: &'s Program,
    scanned: &Scanned,
    terms: &'s [Term],
) -> Surplus<'s> {
    let tiered = if scanned.has_tiers { program.legs_of(&scanned.in_program) } else { &[] };
    Surplus { program, constant: scanned.constant, terms, tiered }
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
        let term = term_of(leg);
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
