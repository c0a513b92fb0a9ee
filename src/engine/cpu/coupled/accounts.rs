//! The positions of a path that the horizon does not clear, each once, as they stand.

use super::basis_points;
use super::market::MovedMarket;
use crate::book::account::{LegState, values};
use crate::book::action::ACTION_CLOSE_OUT;
use crate::engine::cpu::bound::{Surplus, tiers_at};
use crate::engine::cpu::ledger::exposure;
use crate::engine::cpu::positions::{ScanList, Scanned, Term, set_terms, term_of};
use crate::fixed::ratio_q32;
use crate::program::Program;
use crate::program::layout::{PositionRow, from_words};
use crate::program::liquidity::{Liquidity, NONE};

/// A position on its path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    /// As it was at the opening.
    pub(super) scanned: Scanned,
    /// Its class, if it is a pair.
    pub(super) class: u32,
    /// Where the quantities of its legs and its terms stand, once it was liquidated; [`NONE`]
    /// before.
    quantities: u32,
    terms: u32,
    /// The step in which it is to be looked at; beyond the path for none.
    pub(super) next: u32,
    /// The last step in which its venue's action ran.
    pub(super) last_event: u32,
    pub(super) is_defaulted: bool,
    /// It is to be asked whether the horizon clears it: it was liquidated since it was last put
    /// into the schedule, or the horizon is another one.
    pub(super) is_changed: bool,
    /// Nothing more can happen to it.
    pub(super) is_over: bool,
    /// The horizon clears it as it stood when that was last asked.
    pub(super) is_clear: bool,
    /// What was at stake when it was first breached, money.
    pub(super) exposure: u64,
}

/// All accounts of a path, and what has changed of them.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) list: Vec<Account>,
    /// The legs of the account that was loaded last.
    pub(super) legs: Vec<LegState>,
    /// Of those that were liquidated.
    quantities: Vec<i32>,
    terms: Vec<Term>,
    /// Positions that have an account, while more are opened.
    is_in: Vec<bool>,
}

impl Accounts {
    pub(super) fn new(n_positions: usize) -> Self {
        Self {
            list: Vec::new(),
            legs: Vec::new(),
            quantities: Vec::new(),
            terms: Vec::new(),
            is_in: vec![false; n_positions],
        }
    }

    /// A new path.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.quantities.clear();
        self.terms.clear();
    }

    /// Opens accounts for positions as they are at the opening, but for those that have one: with
    /// its class if it is a pair.
    pub(super) fn open<'s>(&mut self, scanned: impl Iterator<Item = (u32, &'s Scanned)>) {
        let n_before = self.list.len();
        for account in &self.list {
            self.is_in[account.scanned.position as usize] = true;
        }
        for (class, scanned) in scanned {
            if n_before > 0 && self.is_in[scanned.position as usize] {
                continue;
            }
            self.push(scanned, class, 0);
        }
        for account in &self.list[..n_before] {
            self.is_in[account.scanned.position as usize] = false;
        }
    }

    /// Opens an account for a position that has none: with its class if it is a pair, to be looked
    /// at in a step. Its index.
    #[inline(always)]
    pub(super) fn push(&mut self, scanned: &Scanned, class: u32, next: usize) -> u32 {
        let account = self.list.len() as u32;
        self.list.push(Account {
            scanned: *scanned,
            class,
            quantities: NONE,
            terms: NONE,
            next: next as u32,
            last_event: 0,
            is_defaulted: false,
            is_changed: false,
            is_over: false,
            is_clear: false,
            exposure: 0,
        });
        account
    }

    /// The legs of an account, at the present marks.
    #[inline(always)]
    fn legs<'s>(
        &'s self,
        list: &'s ScanList,
        market: &'s MovedMarket<'_>,
        account: u32,
    ) -> impl ExactSizeIterator<Item = LegState> {
        let state = &self.list[account as usize];
        let quantities = self.quantities.get(state.quantities as usize..);
        let legs = list.legs_of(&state.scanned).enumerate();
        legs.map(move |(idx, (kind, at_opening))| {
            let quantity = quantities.map_or(at_opening, |it| it[idx]);
            let instrument = kind.instrument as usize;
            let (mark, market) = (market.marks.read()[instrument], market.marks.market[instrument]);
            LegState { quantity, next: quantity, mark, market, ..*kind }
        })
    }

    /// Loads an account's legs.
    pub(super) fn load(&mut self, list: &ScanList, market: &MovedMarket<'_>, account: u32) {
        let mut legs = std::mem::take(&mut self.legs);
        legs.clear();
        legs.extend(self.legs(list, market, account));
        self.legs = legs;
    }

    /// An account and its terms.
    #[inline(always)]
    pub(super) fn with_terms<'s>(
        &'s mut self,
        list: &'s ScanList,
        account: u32,
    ) -> (&'s mut Account, &'s [Term]) {
        let account = &mut self.list[account as usize];
        let terms = match self.terms.get(account.terms as usize..) {
            Some(terms) => &terms[..account.scanned.n_terms as usize],
            None => list.terms_of(&account.scanned),
        };
        (account, terms)
    }

    /// The account that was loaded was liquidated.
    pub(super) fn store(&mut self, list: &ScanList, account: u32) {
        let legs = &self.legs[..];
        let state = &mut self.list[account as usize];
        state.is_changed = true;
        if state.terms == NONE {
            state.quantities = self.quantities.len() as u32;
            state.terms = self.terms.len() as u32;
            self.quantities.resize(self.quantities.len() + legs.len(), 0);
            self.terms.extend_from_slice(list.terms_of(&state.scanned));
        }
        let quantities = &mut self.quantities[state.quantities as usize..];
        quantities.iter_mut().zip(legs).for_each(|(it, leg)| *it = leg.quantity);
        let terms = &mut self.terms[state.terms as usize..][..state.scanned.n_terms as usize];
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
