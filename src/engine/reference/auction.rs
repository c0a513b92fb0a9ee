//! An auction of an account's collateral, at a price that falls with time: how it begins, when
//! buyers take the lot, and what is lost.
//!
//! The account keeps three words, its last legs: what of the debt without the penalty is unpaid,
//! the auction's first price, and the step in which it began, from 1.

use super::account::Account;
use super::desk::Desk;
use crate::book::account::{Event, KIND_COLLATERAL, KIND_DEBT, LegState};
use crate::book::action::Action;
use crate::fixed::ONE_Q31;
use crate::program::layout::from_words;

/// The lot and the debt of an account, and its three words, by leg.
struct Places {
    lot: usize,
    debt: usize,
    due: usize,
    first_price: usize,
    begun: usize,
}

impl Places {
    fn of(legs: &[LegState]) -> Option<Self> {
        let first = |kind| legs.iter().position(|leg| leg.kind == kind);
        let [due, first_price, begun] = [3, 2, 1].map(|place| legs.len() - place);
        Some(Self {
            lot: first(KIND_COLLATERAL)?,
            debt: first(KIND_DEBT)?,
            due,
            first_price,
            begun,
        })
    }
}

/// One event of an account that is breached, or whose collateral is on auction.
pub(super) fn event(account: &mut Account<'_>, desk: &mut Desk<'_, '_>, step: usize) -> Event {
    let (action, money_shift) = (account.action(), account.position.money_shift);
    let mut event = Event::default();
    if let Some(at) = Places::of(&account.legs) {
        let legs = &mut account.legs;
        legs.iter_mut().for_each(|leg| leg.next = leg.quantity);
        run(action, legs, &at, (step, money_shift), desk, &mut event);
    }
    // What was proposed and not taken is forgotten.
    account.legs.iter_mut().for_each(|leg| leg.next = leg.quantity);
    event
}

fn run(
    action: &Action,
    legs: &mut [LegState],
    at: &Places,
    (step, money_shift): (usize, u32),
    desk: &mut Desk<'_, '_>,
    event: &mut Event,
) {
    let is_new = legs[at.begun].quantity == 0;
    if is_new {
        legs[at.due].quantity = legs[at.debt].quantity;
    }
    if legs[at.lot].market_value() == 0 {
        // No buyer takes what is worthless.
        write_off(action, legs, at, event);
        return;
    }
    let n_steps = (step as i64 + 1 - i64::from(legs[at.begun].quantity)).max(0) as u32;
    let is_running = !is_new && n_steps >= 1 && n_steps <= action.auction_steps;
    let price = if is_running { buying_price(action, legs, at, n_steps) } else { None };
    match price {
        Some(price) => sell(action, legs, at, (price, money_shift), desk, event),
        None if is_new || n_steps >= action.auction_steps => {
            begin(action, legs, at, step, is_new);
            event.n_calls = 1;
        }
        None => {}
    }
}

/// An auction begins, or begins anew: at so much over the price that the venue reads.
fn begin(action: &Action, legs: &mut [LegState], at: &Places, step: usize, is_new: bool) {
    if is_new {
        let owed = legs[at.debt].quantity as u64;
        let penalty = (owed * u64::from(action.penalty)) >> 31;
        legs[at.debt].quantity = (owed + penalty).min(i32::MAX as u64) as i32;
    }
    let price = (u128::from(legs[at.lot].mark) * u128::from(action.buf)) >> 30;
    legs[at.first_price].quantity = price.min(u32::MAX.into()) as u32 as i32;
    legs[at.begun].quantity = step as i32 + 1;
    // What is on auction counts for nothing.
    legs[at.lot].threshold = 0;
}

/// The share of its first price that is left so many steps after the beginning, Q1.31.
fn ratio(action: &Action, n_steps: u32) -> u32 {
    let n_falls = (u128::from(n_steps) * u128::from(action.falls_per_step)) >> 12;
    let ratio = if action.is_linear == 1 {
        u128::from(ONE_Q31).saturating_sub(n_falls * u128::from(action.fall))
    } else {
        // By squares, each cut to 31 bits.
        let (mut ratio, mut power, mut rest) =
            (u128::from(ONE_Q31), u128::from(action.fall), n_falls);
        while rest > 0 {
            if rest % 2 == 1 {
                ratio = (ratio * power) >> 31;
            }
            power = (power * power) >> 31;
            rest /= 2;
        }
        ratio
    };
    (ratio as u32).max(action.least)
}

/// The first price, in the step that has passed, at which buyers would take the lot: their bid, or
/// the price with which the step began if that was lower; none if it has not come down to the bid.
fn buying_price(action: &Action, legs: &[LegState], at: &Places, n_steps: u32) -> Option<u32> {
    let first = legs[at.first_price].quantity as u32;
    let share = |of: u32, share: u32| ((u64::from(of) * u64::from(share)) >> 31) as u32;
    let bid = share(legs[at.lot].market, action.bid);
    if share(first, ratio(action, n_steps)) > bid {
        return None;
    }
    let before = share(first, ratio(action, n_steps - 1));
    Some(bid.min(before).max(1))
}

/// Buyers pay debt, and get of the lot what that buys; without a lot what is due is lost.
fn sell(
    action: &Action,
    legs: &mut [LegState],
    at: &Places,
    (price, money_shift): (u32, u32),
    desk: &mut Desk<'_, '_>,
    event: &mut Event,
) {
    let (lot, debt) = (legs[at.lot], legs[at.debt]);
    let propose = |size: u32, legs: &mut [LegState]| {
        let (repaid, bought) = bought(action, price, money_shift, size, (&lot, &debt));
        legs[at.lot].next = lot.quantity - bought as i32;
        legs[at.debt].next = debt.quantity - repaid as i32;
    };
    let size = desk.size(legs, debt.quantity as u32, &propose);
    if size == 0 {
        return;
    }
    propose(size, legs);
    if legs[at.debt].next == debt.quantity && legs[at.lot].next != 0 {
        return;
    }
    desk.take(legs);
    event.seized += legs[at.lot].taken();
    event.repaid += legs[at.debt].taken();
    event.n_calls = 1;
    let repaid = legs[at.debt].quantity - legs[at.debt].next;
    legs[at.due].quantity = (legs[at.due].quantity - repaid).max(0);
    for place in [at.lot, at.debt] {
        legs[place].quantity = legs[place].next;
    }
    if legs[at.lot].quantity == 0 {
        write_off(action, legs, at, event);
    }
}

/// Units repaid and units bought by a purchase of up to `units` of debt, that leaves no dust of it
/// beside a rest of the lot.
fn bought(
    action: &Action,
    price: u32,
    money_shift: u32,
    units: u32,
    (lot, debt): (&LegState, &LegState),
) -> (u32, u32) {
    let (repaid, taken) = exchange(price, units, lot, debt);
    let dust = from_words(action.dust) as u64;
    let left = debt.value() - u64::from(repaid) * u64::from(debt.mark);
    let is_cleared = repaid == debt.quantity as u32 || taken == lot.quantity as u32;
    if is_cleared || left >> money_shift >= dust {
        return (repaid, taken);
    }
    let above = u128::from(debt.value()).saturating_sub(u128::from(dust) << money_shift) as u64;
    exchange(price, units.min((above / u64::from(debt.mark)) as u32), lot, debt)
}

/// Units of debt that are paid and units of the lot that they buy at a price, as far as it goes.
fn exchange(price: u32, units: u32, lot: &LegState, debt: &LegState) -> (u32, u32) {
    let bought = u64::from(units) * u64::from(debt.mark) / u64::from(price);
    let held = lot.quantity as u64;
    if bought + 1 < held {
        return (units, bought as u32);
    }
    let covered = held * u64::from(price) / u64::from(debt.mark.max(1));
    (covered.min(u64::from(units)) as u32, held as u32)
}

/// What is due of the debt is lost, where the venue writes it off; the penalty is no loss.
fn write_off(action: &Action, legs: &mut [LegState], at: &Places, event: &mut Event) {
    if action.writes_off != 1 {
        return;
    }
    let due = legs[at.due].quantity;
    let debt = &mut legs[at.debt];
    let lost = LegState { quantity: debt.quantity.min(due), ..*debt };
    debt.lost = lost.market_value();
    event.written_off += debt.lost;
    (debt.quantity, debt.next) = (0, 0);
}
