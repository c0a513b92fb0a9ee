//! All perpetuals of an account are closed at the mark, the margin pays; twin of
//! `shaders/action/close_out.wgsl`. What the margin lacks is bad debt at once.
//!
//! Ignores: partial closing in tiers or by 20 % (within an hour the whole is closed anyway), and
//! auto-deleveraging, which takes what the insurance fund lacks.

use super::{AccountFacts, Action, Counterparty};
use crate::book::account::{Event, KIND_COLLATERAL, KIND_PERP, LegState};
use crate::fixed::scale_q31;

/// Account value on the market: margin + Σ s (P - entry) - funding, a fine value.
#[must_use]
pub fn equity(facts: AccountFacts, legs: &[LegState]) -> i64 {
    legs.iter().fold(facts.constant, |sum, leg| sum + leg.signed_market_value())
}

/// The perpetual of the largest notional on the market, by index; the first even when worthless: a
/// long whose market is gone loses the most.
#[must_use]
pub fn largest_perp(legs: &[LegState]) -> Option<usize> {
    let mut largest = None;
    let mut most = 0;
    for (idx, leg) in legs.iter().enumerate().filter(|(_, leg)| leg.kind == KIND_PERP) {
        let value = leg.signed_market_value().unsigned_abs();
        if value > most || largest.is_none() {
            most = value;
            largest = Some(idx);
        }
    }
    largest
}

pub(super) fn run<C: Counterparty>(
    action: &Action,
    facts: AccountFacts,
    legs: &mut [LegState],
    counterparty: &mut C,
) -> Event {
    let largest = largest_perp(legs);
    if legs.iter().all(|leg| leg.kind != KIND_PERP || leg.quantity == 0) {
        // What is locked in of perpetuals that cancel leaves nothing to close.
        return Event::default();
    }
    let perps = legs.iter().filter(|leg| leg.kind == KIND_PERP);
    let notional = perps.map(|leg| leg.signed_market_value().unsigned_abs()).sum();
    let cost = scale_q31(notional, action.close_cost) as i64;
    let slippage = counterparty.close(legs) as i64;
    let left = equity(facts, legs).saturating_sub(cost).saturating_sub(slippage);
    let unpaid = counterparty.settle(left, notional);
    let mut event = Event { repaid: notional, n_calls: 1, ..Event::default() };
    for leg in legs.iter_mut() {
        if leg.kind == KIND_COLLATERAL {
            event.seized += leg.market_value();
        }
        leg.quantity = 0;
        leg.next = 0;
    }
    if let Some(idx) = largest {
        event.written_off = unpaid.unsigned_abs();
        legs[idx].lost = event.written_off;
    }
    event
}
