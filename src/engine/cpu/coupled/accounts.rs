//! The positions of a path that the horizon does not clear, each once, as they stand.

use super::market::MovedMarket;
use crate::book::account::{LegState, Values, values};
use crate::book::action::{Largest, set_absorbed};
use crate::engine::cpu::bound::{Surplus, tiers_at};
use crate::engine::cpu::ledger::{exposure, is_over};
use crate::engine::scan::list::ScanList;
use crate::engine::scan::scanned::Scanned;
use crate::engine::scan::terms::{Leg, Term, set_terms, term_of};
use crate::fixed::{mul_hi, ratio_q32};
use crate::program::Program;
use crate::program::layout::{PositionRow, from_words};
use crate::program::liquidity::Liquidity;

/// A position on its path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    /// As it was at the opening, but that its legs and terms stand among those of the accounts.
    pub(super) scanned: Scanned,
    /// Its class, if it is a pair.
    pub(super) class: u32,
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

/// What an account is at the marks of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Its margin surplus.
    pub(super) surplus: i64,
    /// What its legs come to, if they are collateral and debt alone.
    pub(super) sums: Values,
    /// Its largest legs, where these are what its venue asks for.
    pub(super) largest: Option<[usize; 2]>,
}

/// How much further on legs and terms stand among those of the accounts than in the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    legs: u32,
    terms: u32,
}

/// All accounts of a path, and what has changed of them.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) list: Vec<Account>,
    /// The legs of the account that was loaded last.
    pub(super) loaded: Vec<LegState>,
    /// Legs and terms of all of them, as they stand.
    legs: Vec<Leg>,
    terms: Vec<Term>,
    /// Positions that have an account, while more are opened.
    is_in: Vec<bool>,
}

impl Accounts {
    pub(super) fn new(n_positions: usize) -> Self {
        Self {
            list: Vec::new(),
            loaded: Vec::new(),
            legs: Vec::new(),
            terms: Vec::new(),
            is_in: vec![false; n_positions],
        }
    }

    /// A new path.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.legs.clear();
        self.terms.clear();
    }

    /// Opens accounts for positions as they are at the opening, but for those that have one: with
    /// its class if it is a pair.
    pub(super) fn open<'s>(
        &mut self,
        list: &ScanList,
        scanned: impl Iterator<Item = (u32, &'s Scanned)>,
    ) {
        let n_before = self.list.len();
        for account in &self.list {
            self.is_in[account.scanned.position as usize] = true;
        }
        for (class, scanned) in scanned {
            if n_before > 0 && self.is_in[scanned.position as usize] {
                continue;
            }
            let kept = self.keep(list, std::slice::from_ref(scanned));
            self.push(scanned, kept, class, 0);
        }
        for account in &self.list[..n_before] {
            self.is_in[account.scanned.position as usize] = false;
        }
    }

    /// The positions that have no account.
    pub(super) fn absent(&mut self) -> Vec<usize> {
        for account in &self.list {
            self.is_in[account.scanned.position as usize] = true;
        }
        let absent = (0..self.is_in.len()).filter(|idx| !self.is_in[*idx]).collect();
        for account in &self.list {
            self.is_in[account.scanned.position as usize] = false;
        }
        absent
    }

    /// Keeps the legs and terms of positions that are neighbours in the list: by how much both are
    /// shifted.
    #[inline(always)]
    pub(super) fn keep(&mut self, list: &ScanList, positions: &[Scanned]) -> Shift {
        let (legs, terms) = list.of_neighbours(positions);
        let shift = Shift {
            legs: (self.legs.len() as u32).wrapping_sub(positions[0].leg_start),
            terms: (self.terms.len() as u32).wrapping_sub(positions[0].term_start),
        };
        self.legs.extend_from_slice(legs);
        self.terms.extend_from_slice(terms);
        shift
    }

    /// Opens an account for a position that has none and whose legs and terms are kept: with its
    /// class if it is a pair, to be looked at in a step. Its index.
    #[inline(always)]
    pub(super) fn push(&mut self, scanned: &Scanned, shift: Shift, class: u32, next: usize) -> u32 {
        let account = self.list.len() as u32;
        let leg_start = scanned.leg_start.wrapping_add(shift.legs);
        let term_start = scanned.term_start.wrapping_add(shift.terms);
        self.list.push(Account {
            scanned: Scanned { leg_start, term_start, ..*scanned },
            class,
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

    /// The legs of an account.
    #[inline(always)]
    fn legs_of(&self, account: u32) -> &[Leg] {
        let Scanned { leg_start, in_program, .. } = &self.list[account as usize].scanned;
        &self.legs[*leg_start as usize..][..in_program.n_legs as usize]
    }

    /// Loads an account's legs, at the present marks.
    pub(super) fn load(&mut self, list: &ScanList, market: &MovedMarket<'_>, account: u32) {
        let mut loaded = std::mem::take(&mut self.loaded);
        loaded.clear();
        loaded.extend(self.legs_of(account).iter().map(|leg| state_of(list, market, leg)));
        set_absorbed(&mut loaded);
        self.loaded = loaded;
    }

    /// Looks at an account at the present marks.
    #[inline(always)]
    pub(super) fn look(
        &mut self,
        program: &Program,
        market: &MovedMarket<'_>,
        account: u32,
    ) -> Seen {
        let state = &self.list[account as usize];
        let action = &program.actions[state.scanned.in_program.action as usize];
        let mut sums = Values::default();
        if !action.holds_perps() && !action.keeps_state() {
            let read = market.marks.read();
            let mut largest = Largest::default();
            for (idx, leg) in self.legs_of(account).iter().enumerate() {
                let mark = u64::from(read[leg.instrument as usize]);
                let value = u64::from(leg.quantity as u32) * mark;
                let held = value & i64::from(leg.held as i32) as u64;
                let owed = value - held;
                sums.weighted += u64::from(leg.weighted) * mark;
                sums.collateral += held;
                sums.debt += owed;
                largest.add(idx, [held, owed]);
            }
            let surplus = state.scanned.constant + sums.weighted as i64 - sums.debt as i64;
            let largest = largest.both().filter(|_| action.begins_with_a_call());
            return Seen { surplus, sums, largest };
        }
        let (state, terms) = self.with_terms(account);
        let surplus = surplus_of(program, &state.scanned, terms);
        let surplus = surplus.with(|it| market.marks.read()[it as usize]);
        Seen { surplus, sums, largest: None }
    }

    /// Two of an account's legs, at the present marks.
    #[inline(always)]
    pub(super) fn two(
        &self,
        list: &ScanList,
        market: &MovedMarket<'_>,
        account: u32,
        at: [usize; 2],
    ) -> [LegState; 2] {
        let legs = self.legs_of(account);
        [state_of(list, market, &legs[at[0]]), state_of(list, market, &legs[at[1]])]
    }

    /// Two of an account's legs have changed, a collateral and a debt.
    #[inline(always)]
    pub(super) fn change(
        &mut self,
        list: &ScanList,
        account: u32,
        at: [usize; 2],
        two: &[LegState; 2],
    ) {
        let state = &mut self.list[account as usize];
        let Scanned { leg_start, term_start, n_terms, in_program, .. } = state.scanned;
        let (n_terms, n_legs) = (n_terms as usize, in_program.n_legs as usize);
        let legs = &mut self.legs[leg_start as usize..][..n_legs];
        let terms = &mut self.terms[term_start as usize..][..n_terms];
        let (held, owed) = (at[0], at[1]);
        let [weighted, left] = [two[0].weighted_quantity(), two[1].quantity as u32];
        let by = [weighted as i32 - legs[held].weighted as i32, legs[owed].quantity - left as i32];
        (legs[held].quantity, legs[held].weighted) = (two[0].quantity, weighted);
        legs[owed].quantity = two[1].quantity;
        if n_terms == n_legs {
            // One term a leg, in the same order.
            terms[held].magnitude = weighted;
            terms[owed].magnitude = left;
        } else {
            for (leg, by) in two.iter().zip(by) {
                let mut of = terms.iter_mut();
                let of = of.find(|term| term.instrument == leg.instrument);
                of.into_iter().for_each(|term| term.add(by));
            }
        }
        state.is_changed = true;
        let is_left = two[0].quantity != 0 && two[1].quantity != 0;
        state.is_over = !is_left && is_over(legs.iter().map(|leg| list.state_of(leg)));
    }

    /// An account and its terms.
    #[inline(always)]
    pub(super) fn with_terms(&mut self, account: u32) -> (&mut Account, &[Term]) {
        let account = &mut self.list[account as usize];
        let Scanned { term_start, n_terms, .. } = account.scanned;
        (account, &self.terms[term_start as usize..][..n_terms as usize])
    }

    /// The account that was loaded was liquidated: it stands as its legs do now.
    pub(super) fn store(&mut self, account: u32) {
        let state = &mut self.list[account as usize];
        let loaded = &self.loaded[..];
        let Scanned { leg_start, term_start, n_terms, .. } = state.scanned;
        let legs = self.legs[leg_start as usize..].iter_mut();
        legs.zip(loaded).for_each(|(leg, loaded)| leg.set(loaded));
        let terms = &mut self.terms[term_start as usize..][..n_terms as usize];
        set_terms(terms, loaded.iter().copied());
        state.is_changed = true;
        // A perpetual that was closed has neither.
        state.is_over = is_over(loaded.iter().copied());
    }
}

/// A leg at the present marks.
#[inline(always)]
fn state_of(list: &ScanList, market: &MovedMarket<'_>, leg: &Leg) -> LegState {
    let instrument = leg.instrument as usize;
    let (mark, market) = (market.marks.read()[instrument], market.marks.market[instrument]);
    LegState { mark, market, ..list.state_of(leg) }
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
    if !program.actions[position.action as usize].holds_perps() {
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

/// A health factor in basis points, of a ratio in Q0.32.
pub(super) fn basis_points(ratio: u32) -> u32 {
    mul_hi(ratio, 10_000)
}
