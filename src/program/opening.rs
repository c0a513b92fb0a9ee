//! The opening book: what is liquidatable before the first step is settled once, by its venue's
//! rule.

use serde::{Deserialize, Serialize};

use super::Program;
use super::layout::from_words;
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, LegState, values};
use crate::book::action::{ACTION_CLOSE_OUT, AccountFacts, Unlimited};
use crate::fixed::ONE_MARK;
use crate::scenario::Opening;

/// What the opening book held that was liquidatable at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OpeningFigures {
    /// Positions liquidatable at the opening marks.
    pub n: u64,
    /// Those of them that a liquidation call reached.
    pub liquidated: u64,
    /// Those of them that owe and own nothing, so that no call can.
    pub n_bare: u64,
    /// Their debt, in money.
    pub debt: i128,
    /// What liquidators repaid of it, in money.
    pub repaid: i128,
    /// Bad debt that settling them left, in money; none unless they are settled.
    pub bad_debt: i128,
    /// Index of the largest of them, and its bad debt, in money; if none has any, its debt.
    pub largest: Option<(u32, i128)>,
}

/// Most events a position is given to settle; each takes a share of what is left.
const MAX_EVENTS: usize = 10_000;

pub(super) fn settle(program: &mut Program, opening: Opening) {
    let mut figures = OpeningFigures::default();
    // Bad debt, then debt; the first of equals stays.
    let mut largest: Option<(u32, [i128; 2])> = None;
    for idx in 0..program.positions.len() {
        let position = program.positions[idx];
        let facts = AccountFacts {
            constant: from_words(position.constant),
            money_shift: position.money_shift,
        };
        let mut legs = opening_legs(program, idx);
        if !is_breached(program, idx, facts, &legs) {
            continue;
        }
        let money = |value: u64| i128::from(value >> facts.money_shift);
        let debt = money(values(&legs).debt);
        let mut settled = Settled::default();
        figures.n_bare += u64::from(program.is_bare(idx));
        match opening {
            Opening::Keep => {}
            Opening::Drop => legs.iter_mut().for_each(|leg| leg.quantity = 0),
            Opening::Settle => settled = settle_one(program, idx, facts, &mut legs),
        }
        let bad_debt = money(settled.bad_debt);
        figures.n += 1;
        figures.liquidated += u64::from(settled.is_liquidated);
        figures.debt += debt;
        figures.repaid += money(settled.repaid);
        figures.bad_debt += bad_debt;
        if largest.is_none_or(|(_, amounts)| amounts < [bad_debt, debt]) {
            largest = Some((idx as u32, [bad_debt, debt]));
        }
        write_back(program, idx, &legs);
    }
    figures.largest =
        largest.map(|(idx, [bad_debt, debt])| (idx, if bad_debt > 0 { bad_debt } else { debt }));
    program.opening = figures;
}

/// What settling a position came to, in fine values.
#[derive(Default)]
struct Settled {
    is_liquidated: bool,
    repaid: u64,
    bad_debt: u64,
}

/// Liquidates until nothing changes; no debt without collateral is left behind.
fn settle_one(
    program: &Program,
    idx: usize,
    facts: AccountFacts,
    legs: &mut [LegState],
) -> Settled {
    let action = program.actions[program.positions[idx].action as usize];
    let mut settled = Settled::default();
    for _ in 0..MAX_EVENTS {
        let event = action.run(facts, legs, &mut Unlimited);
        settled.is_liquidated |= event.n_calls > 0;
        settled.repaid += event.repaid;
        settled.bad_debt += event.written_off;
        if (event.n_calls == 0 && event.written_off == 0) || !is_breached(program, idx, facts, legs)
        {
            break;
        }
    }
    if legs.iter().all(|leg| leg.kind != KIND_COLLATERAL || leg.quantity == 0) {
        for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
            settled.bad_debt += leg.value();
            leg.quantity = 0;
        }
    }
    settled
}

fn opening_legs(program: &Program, idx: usize) -> Vec<LegState> {
    let rows = program.legs_of(&program.positions[idx]).iter();
    rows.map(|row| {
        // Sums for funding are still empty.
        let is_price =
            program.instruments[row.instrument as usize].kind == super::layout::INSTRUMENT_PRICE;
        row.state(row.quantity, if is_price { ONE_MARK } else { 0 })
    })
    .collect()
}

/// Whether a position is liquidatable at the marks of its legs.
fn is_breached(program: &Program, idx: usize, facts: AccountFacts, legs: &[LegState]) -> bool {
    let position = &program.positions[idx];
    let action = &program.actions[position.action as usize];
    if action.kind != ACTION_CLOSE_OUT {
        let sums = values(legs);
        return sums.weighted < sums.debt;
    }
    if legs.iter().all(|leg| leg.quantity == 0) {
        return false;
    }
    let mut surplus = facts.constant;
    for (row, leg) in program.legs_of(position).iter().zip(legs) {
        surplus += match program.tiers_of(row) {
            [] if leg.kind == KIND_COLLATERAL => {
                i64::from(leg.weighted_quantity()) * i64::from(leg.mark)
            }
            [] => leg.signed_value(),
            tiers => {
                let least = tiers.iter().map(|tier| {
                    i64::from(tier.coefficient) * i64::from(leg.mark) + from_words(tier.deduction)
                });
                least.min().unwrap_or(0)
            }
        };
    }
    surplus < i64::from(action.at_equality)
}

/// The settled quantities become the program's; a closed perpetual has no tiers and no constant
/// left.
fn write_back(program: &mut Program, idx: usize, legs: &[LegState]) {
    let position = &mut program.positions[idx];
    let start = position.leg_start as usize;
    let rows = &mut program.legs[start..start + position.n_legs as usize];
    for (row, leg) in rows.iter_mut().zip(legs) {
        row.quantity = leg.quantity;
    }
    if legs.iter().all(|leg| leg.quantity == 0) {
        position.constant = [0; 2];
        rows.iter_mut().for_each(|row| row.n_tiers = 0);
    }
}
