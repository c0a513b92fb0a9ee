//! All perpetuals of an account are closed at the mark, the margin pays; twin of
//! `shaders/action/close_out.wgsl`. What the margin lacks is bad debt at once.
//!
//! Ignores: partial closing in tiers or by 20 % (within an hour the whole is closed anyway), the
//! insurance fund and auto-deleveraging, which take the loss after this.

use super::{AccountFacts, Action};
use crate::book::account::{Event, KIND_COLLATERAL, KIND_PERP, LegState};
use crate::fixed::scale_q31;

/// Account value: margin + Σ s (P - entry) - funding, a fine value.
#[must_use]
pub fn equity(facts: AccountFacts, legs: &[LegState]) -> i64 {
    legs.iter().fold(facts.constant, |sum, leg| sum + leg.signed_value())
}

pub(super) fn run(action: &Action, facts: AccountFacts, legs: &mut [LegState]) -> Event {
    let mut notional = 0;
    let mut largest = None;
    let mut most = 0;
    for (idx, leg) in legs.iter().enumerate() {
        if leg.kind == KIND_PERP {
            let value = leg.signed_value().unsigned_abs();
            notional += value;
            // The first even when worthless: a long whose market is gone loses the most.
            if value > most || largest.is_none() {
                most = value;
                largest = Some(idx);
            }
        }
    }
    let cost = scale_q31(notional, action.close_cost);
    let left = equity(facts, legs) - cost as i64;
    let mut event = Event { repaid: notional, n_calls: 1, ..Event::default() };
    for leg in legs.iter_mut() {
        if leg.kind == KIND_COLLATERAL {
            event.seized += leg.value();
        }
        leg.quantity = 0;
    }
    if left < 0
        && let Some(idx) = largest
    {
        event.written_off = left.unsigned_abs();
        legs[idx].lost = event.written_off;
    }
    event
}
