//! The venue takes a breached account over, all of its collateral and all of its debt, and sells
//! the collateral in later events, the largest leg first; twin of `shaders/action/absorb.wgsl`.
//!
//! What the venue has paid for the account is its debt, or the collateral at its credit where that
//! is more: the rest of it is the borrower's to keep. That sum is the debt from then on, to be
//! recovered at the price of each sale. Once the account is taken over its collateral counts for
//! nothing, so that it is due in every event until nothing is owed or nothing is left to sell.

use super::{AccountFacts, Action, Counterparty, largest_legs};
use crate::book::account::{
    Event, KIND_COLLATERAL, KIND_DEBT, KIND_STATE, LegState, state_of, values,
};
use crate::fixed::scale_q31;

/// What an account is credited with is at most this times its debt; the venue's terms are held to
/// that.
pub const MOST_CREDIT: u32 = 2;

pub(super) fn run<C: Counterparty>(
    action: &Action,
    facts: AccountFacts,
    legs: &mut [LegState],
    counterparty: &mut C,
) -> Event {
    if state_of(legs) != 0 {
        let sums = values(legs);
        return largest_legs::run(action, facts, legs, (sums, Event::default()), counterparty);
    }
    absorb(legs);
    let mut event = Event { n_calls: 1, ..Event::default() };
    if largest_legs::writes_off(action, &values(legs)) {
        largest_legs::write_off(legs, &mut event);
    }
    event
}

/// The account is the venue's.
fn absorb(legs: &mut [LegState]) {
    let held = legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
    let credit: u64 = held.map(|leg| scale_q31(leg.value(), leg.credit)).sum();
    if let Some(debt) = legs.iter_mut().find(|leg| leg.kind == KIND_DEBT) {
        let most = u64::from(debt.quantity as u32) * u64::from(MOST_CREDIT);
        let credited = credit.checked_div(debt.mark.into()).unwrap_or(most).min(most);
        debt.quantity = debt.quantity.max(credited.min(i32::MAX as u64) as i32);
        debt.next = debt.quantity;
    }
    for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_STATE) {
        (leg.quantity, leg.next) = (1, 1);
    }
    set_absorbed(legs);
}

/// Collateral of an account that was taken over counts for nothing.
#[inline]
pub fn set_absorbed(legs: &mut [LegState]) {
    if state_of(legs) != 0 {
        legs.iter_mut().for_each(|leg| leg.threshold = 0);
    }
}
