//! The venue puts a breached account's collateral up for auction, at a price that falls from above
//! the oracle's, until its debt and a penalty are paid; twin of `shaders/action/auction.wgsl`.
//!
//! The account is one collateral and one debt. Its three words are the debt without the penalty
//! that is still unpaid, the first price of the auction (Q8.24, as a mark), and the step in which
//! it began, counted from 1; 0 is for none. What buyers pay goes to the debt first, so that bad
//! debt is what of that word is left when the collateral is gone. What is left of the collateral
//! when all is paid is the owner's.
//!
//! A price is known at the ends of steps, and falls in between. Buyers take the collateral at the
//! first price at which they would, which is the most that they bid, if the auction came down to it
//! in this step, and else the price with which the step began.

use super::{AccountFacts, Action, Counterparty};
use crate::book::account::{Event, KIND_COLLATERAL, KIND_DEBT, KIND_STATE, LegState};
use crate::fixed::{ONE_Q31, scale_q31};

use super::row::from_words;

/// Bits below the point of the falls of a step.
pub const FALL_BITS: u32 = 12;

/// Where the words of an account stand, from its last leg.
const DUE: usize = 3;
const FIRST_PRICE: usize = 2;
const BEGUN: usize = 1;

/// An auction's price over its first one, so many steps after it began, Q1.31.
#[must_use]
pub fn price_ratio(action: &Action, n_steps: u32) -> u32 {
    let n_falls = (u64::from(n_steps) * u64::from(action.falls_per_step)) >> FALL_BITS;
    fallen(action, n_falls).max(action.least)
}

/// The same after so many falls.
fn fallen(action: &Action, n_falls: u64) -> u32 {
    if action.is_linear == 1 {
        let fallen = n_falls.saturating_mul(action.fall.into());
        return ONE_Q31 - fallen.min(ONE_Q31.into()) as u32;
    }
    let (mut ratio, mut power, mut rest) = (ONE_Q31, action.fall, n_falls);
    while rest > 0 {
        if rest & 1 == 1 {
            ratio = scale_q31(ratio.into(), power) as u32;
        }
        power = scale_q31(power.into(), power) as u32;
        rest >>= 1;
    }
    ratio
}

/// The first price of an auction: so much over the venue's.
fn first_price(action: &Action, mark: u32) -> u32 {
    let price = (u64::from(mark) * u64::from(action.buf)) >> 30;
    price.min(u32::MAX.into()) as u32
}

/// The price at which buyers take what is on auction; `None` where it has not come down to what
/// they bid.
fn buying_price(action: &Action, first: u32, market: u32, n_steps: u32) -> Option<u32> {
    let at = |n_steps| scale_q31(first.into(), price_ratio(action, n_steps)) as u32;
    let (before, now) = (at(n_steps - 1), at(n_steps));
    let bid = scale_q31(market.into(), action.bid) as u32;
    (now <= bid).then(|| bid.min(before).max(1))
}

// Apart from the rules of which there are many events.
#[inline(never)]
pub(super) fn run<C: Counterparty>(
    action: &Action,
    facts: AccountFacts,
    legs: &mut [LegState],
    counterparty: &mut C,
) -> Event {
    let of_kind = |legs: &[LegState], kind| legs.iter().position(|leg| leg.kind == kind);
    let (Some(from), Some(to)) = (of_kind(legs, KIND_COLLATERAL), of_kind(legs, KIND_DEBT)) else {
        return Event::default();
    };
    let word = |place: usize| legs.len() - place;
    let [due, first, begun] = [DUE, FIRST_PRICE, BEGUN].map(word);
    let now = facts.step + 1;
    let mut event = Event::default();
    let is_new = legs[begun].quantity == 0;
    let n_steps = now.saturating_sub(legs[begun].quantity as u32);
    if legs[from].market_value() == 0 {
        // Of no worth to any buyer.
        if is_new {
            (legs[due].quantity, legs[due].next) = (legs[to].quantity, legs[to].quantity);
        }
        write_off(action, legs[due].quantity, &mut legs[to], &mut event);
        return event;
    }
    let first_was = legs[first].quantity as u32;
    let is_running = !is_new && (1..=action.auction_steps).contains(&n_steps);
    let price = match is_running {
        true => buying_price(action, first_was, legs[from].market, n_steps),
        false => None,
    };
    if is_new || (price.is_none() && n_steps >= action.auction_steps) {
        if is_new {
            legs[due].quantity = legs[to].quantity;
            let penalty = scale_q31(legs[to].quantity as u64, action.penalty);
            let owed = legs[to].quantity as u64 + penalty;
            legs[to].quantity = owed.min(i32::MAX as u64) as i32;
        }
        legs[first].quantity = first_price(action, legs[from].mark) as i32;
        legs[begun].quantity = now as i32;
        legs.iter_mut().for_each(|leg| (leg.next, leg.threshold) = (leg.quantity, 0));
        event.n_calls = 1;
        return event;
    }
    let Some(price) = price else { return event };
    let mut two = [legs[from], legs[to]];
    let [lot, debt] = two;
    let mut propose = |limit: u32, two: &mut [LegState]| {
        let (repaid, seized) = take(action, facts, price, limit, &lot, &debt);
        two[0].next = lot.quantity - seized as i32;
        two[1].next = debt.quantity - repaid as i32;
    };
    let limit = counterparty.size(&mut two, debt.quantity as u32, &mut propose);
    if limit == 0 || (two[1].next == two[1].quantity && two[0].next != 0) {
        return event;
    }
    counterparty.take(&two);
    let repaid = two[1].quantity - two[1].next;
    event.take(&mut two);
    [legs[from], legs[to]] = two;
    legs[due].quantity = (legs[due].quantity - repaid).max(0);
    if legs[from].quantity == 0 {
        write_off(action, legs[due].quantity, &mut legs[to], &mut event);
    }
    legs.iter_mut().for_each(|leg| leg.next = leg.quantity);
    event
}

/// Units repaid and bought at a price where buyers pay for up to `limit` units of debt. What is
/// left of the debt beside collateral is not dust.
fn take(
    action: &Action,
    facts: AccountFacts,
    price: u32,
    limit: u32,
    lot: &LegState,
    debt: &LegState,
) -> (u32, u32) {
    let bought = exchange(price, limit, lot, debt);
    let (owed, dust) = (debt.value(), from_words(action.dust));
    let left = owed - u64::from(bought.0) * u64::from(debt.mark);
    let is_cleared = bought.0 == debt.quantity as u32 || bought.1 == lot.quantity as u32;
    if is_cleared || left >> facts.money_shift >= dust {
        return bought;
    }
    let dust =
        if dust.leading_zeros() <= facts.money_shift { owed } else { dust << facts.money_shift };
    let most = owed.saturating_sub(dust) / u64::from(debt.mark);
    exchange(price, limit.min(most as u32), lot, debt)
}

/// Units of debt paid for and units of the lot that these buy, as far as it goes.
fn exchange(price: u32, units: u32, lot: &LegState, debt: &LegState) -> (u32, u32) {
    let value = u64::from(units) * u64::from(debt.mark);
    let bought = value / u64::from(price);
    let held = lot.quantity as u32;
    // Up to the last unit, which is what rounding leaves of a lot that is meant to go.
    if bought.saturating_add(1) < u64::from(held) {
        return (units, bought as u32);
    }
    let covered = u64::from(held) * u64::from(price) / u64::from(debt.mark.max(1));
    (covered.min(u64::from(units)) as u32, held)
}

/// What is left of the debt, no collateral being left; the penalty is no loss.
fn write_off(action: &Action, due: i32, debt: &mut LegState, event: &mut Event) {
    if action.writes_off == 1 {
        let lost = LegState { quantity: debt.quantity.min(due), ..*debt };
        debt.lost = lost.market_value();
        event.written_off += debt.lost;
        (debt.quantity, debt.next) = (0, 0);
    }
}

/// At the horizon an auction's penalty is owed to none: the debt is what of it is due.
#[inline]
pub fn drop_penalty(legs: &mut [LegState]) {
    let n = legs.len();
    if n < 2 + DUE || legs[n - DUE].kind != KIND_STATE || legs[n - BEGUN].quantity == 0 {
        return;
    }
    let due = legs[n - DUE].quantity;
    for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
        leg.quantity = leg.quantity.min(due);
    }
}
