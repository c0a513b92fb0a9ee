//! The opening book: what is liquidatable before the first step is settled once, in rounds of the
//! same walk, by the same desk.
//!
//! The opening and the first step share one step's allowance: depth, capital and events that the
//! opening has used are gone in the first step, and what it has sold moves prices with the sales of
//! that step. So where prices do not move in the first step, settling and keeping come to the same.

use std::cmp::Reverse;

use super::account::Account;
use super::walk::{Walk, unlimited};
use crate::book::account::{Event, KIND_COLLATERAL, KIND_DEBT, KIND_STATE};
use crate::program::layout::LegRow;
use crate::program::liquidity::{Liquidity, NONE};
use crate::program::standing::Standing;
use crate::program::{Opening, OpeningFigures, Program};

/// Most rounds that positions are given to settle where sales of one round do not move the prices
/// of the next; each takes a share of what is left.
const MOST_ROUNDS: u32 = 10_000;

/// A position that is liquidatable at the opening, and what became of it.
struct Settled {
    idx: usize,
    /// What is left of its legs.
    quantities: Vec<i32>,
    /// What was owed, what of it was repaid and what went bad, money.
    debt: i128,
    repaid: i128,
    bad_debt: i128,
    is_liquidated: bool,
}

/// Deals with what is liquidatable at the opening marks, and notes what it came to.
pub(in crate::engine) fn settle(program: &mut Program, opening: Opening) {
    let free = unlimited(program);
    let liquidity = program.liquidity.as_ref().unwrap_or(&free);
    let mut walk = Walk::new(program, liquidity, &[]);
    walk.open(|account| account.is_breached());
    let mut all: Vec<Settled> = walk.accounts.iter().map(Settled::before).collect();
    let mut standing = None;
    match opening {
        Opening::Keep => {}
        Opening::Drop => all.iter_mut().for_each(|it| it.quantities.fill(0)),
        Opening::Settle => {
            walk_opening(&mut walk, &mut all);
            all.iter_mut().zip(&walk.accounts).for_each(|(it, account)| it.end(account));
            standing = standing_of(&walk, liquidity);
        }
    }
    program.opening = figures(program, &all);
    if let Some(liquidity) = &mut program.liquidity {
        liquidity.standing = standing;
    }
    all.iter().for_each(|it| it.write(program));
}

/// Rounds until nothing happens; as many as a step has where sales move prices at once.
fn walk_opening(walk: &mut Walk<'_>, all: &mut [Settled]) {
    let rounds = walk.liquidity.terms.rounds;
    for _ in 0..if rounds > 0 { rounds } else { MOST_ROUNDS } {
        let events = walk.round(0);
        if !events.iter().any(|(_, event)| event.is_something()) {
            break;
        }
        for (at, event) in events {
            all[at].count(&walk.accounts[at], &event);
        }
        walk.market.end_opening_round();
    }
}

/// What the opening leaves to the first step; `None` for nothing.
fn standing_of(walk: &Walk<'_>, liquidity: &Liquidity) -> Option<Standing> {
    let (terms, means) = (&liquidity.terms, &walk.means);
    let is_limited = terms.has_limited_capital();
    let standing = Standing {
        funds: means.funds.clone(),
        lowest: means.lowest.clone(),
        capital: if is_limited { terms.capital() - means.capital } else { 0 },
        n_events: if terms.per_step == NONE { 0 } else { terms.per_step - means.n_free },
        ..walk.market.standing()
    };
    let initial = liquidity.funds.iter().map(|fund| fund.initial()).collect();
    (standing != Standing::none(liquidity.assets.len(), initial)).then_some(standing)
}

fn figures(program: &Program, all: &[Settled]) -> OpeningFigures {
    let sum = |of: fn(&Settled) -> i128| all.iter().map(of).sum();
    let largest = all.iter().max_by_key(|it| (it.bad_debt, it.debt, Reverse(it.idx)));
    let largest_of = |it: &Settled| if it.bad_debt > 0 { it.bad_debt } else { it.debt };
    OpeningFigures {
        n: all.len() as u64,
        n_bare: all.iter().filter(|it| program.is_bare(it.idx)).count() as u64,
        liquidated: all.iter().filter(|it| it.is_liquidated).count() as u64,
        debt: sum(|it| it.debt),
        repaid: sum(|it| it.repaid),
        bad_debt: sum(|it| it.bad_debt),
        largest: largest.map(|it| (it.idx as u32, largest_of(it))),
    }
}

impl Settled {
    fn before(account: &Account<'_>) -> Self {
        let owed = account.legs.iter().filter(|leg| leg.kind == KIND_DEBT);
        Self {
            idx: account.idx,
            quantities: account.legs.iter().map(|leg| leg.quantity).collect(),
            debt: account.money(owed.map(|leg| leg.value()).sum()).into(),
            repaid: 0,
            bad_debt: 0,
            is_liquidated: false,
        }
    }

    fn count(&mut self, account: &Account<'_>, event: &Event) {
        self.is_liquidated |= event.n_calls > 0;
        self.repaid += i128::from(account.money(event.repaid));
        self.bad_debt += i128::from(account.money(event.written_off));
    }

    /// Nothing more happens at the opening: debt without any collateral left goes bad here and is
    /// not left to the paths.
    fn end(&mut self, account: &Account<'_>) {
        let mut legs = account.legs.clone();
        if legs.iter().all(|leg| leg.kind != KIND_COLLATERAL || leg.quantity == 0) {
            for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
                self.bad_debt += i128::from(account.money(leg.market_value()));
                leg.quantity = 0;
            }
        }
        self.quantities = legs.iter().map(|leg| leg.quantity).collect();
    }

    /// The quantities that are left become the program's; a position that owes nothing any more has
    /// no tiers and no constant either, so that nothing can be a breach of it.
    fn write(&self, program: &mut Program) {
        let venue = program.positions[self.idx].action as usize;
        let is_lending = !program.actions[venue].holds_perps();
        let position = &mut program.positions[self.idx];
        let start = position.leg_start as usize;
        let rows = &mut program.legs[start..start + position.n_legs as usize];
        for (row, quantity) in rows.iter_mut().zip(&self.quantities) {
            row.quantity = *quantity;
        }
        if rows.last().is_some_and(|row| row.kind == KIND_STATE && row.quantity != 0) {
            // It was taken over.
            rows.iter_mut().for_each(|row| row.threshold = 0);
        }
        let owes_nothing =
            |row: &LegRow| row.quantity == 0 || (is_lending && row.kind != KIND_DEBT);
        if rows.iter().all(owes_nothing) {
            (position.constant, position.tie) = ([0; 2], [0; 2]);
            rows.iter_mut().for_each(|row| row.n_tiers = 0);
        }
    }
}
