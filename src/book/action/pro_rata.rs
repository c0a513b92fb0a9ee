//! Pro-rata seizure: every collateral and every debt shrinks by the same share; twin of
//! `shaders/action/pro_rata.wgsl`. One call an event; debt without collateral stays on the books.

use super::{Action, Counterparty};
use crate::book::account::{Event, KIND_COLLATERAL, LegState, Values, values};
use crate::fixed::{ONE_Q31, mul_hi, ratio_q32, scale_q31, scale_q32};

pub(super) fn run<C: Counterparty>(
    action: &Action,
    legs: &mut [LegState],
    counterparty: &mut C,
) -> Event {
    let sums = values(legs);
    let mut event = Event::default();
    if sums.collateral == 0 || sums.debt == 0 {
        return event;
    }
    let is_full = sums.weighted < scale_q32(sums.debt, action.full_close_below);
    let most = if is_full { ONE_Q31 } else { action.close_factor };
    let share = counterparty.size(legs, most, &mut |share, legs| propose(&sums, legs, share));
    if share == 0 {
        return event;
    }
    counterparty.take(legs);
    event.take(legs);
    event
}

/// repay = k D, with k at most 1 when Σ w C < full_close_below D, else the close factor. All
/// collateral together repays Σ C / (1 + bonus); if that is not more than asked for, all goes.
fn propose(sums: &Values, legs: &mut [LegState], share: u32) {
    let mut coverage = 0;
    for leg in legs.iter() {
        if leg.kind == KIND_COLLATERAL {
            coverage += scale_q31(leg.value(), leg.discount);
        }
    }
    let repay = scale_q31(sums.debt, share);
    let takes_all = repay >= coverage;
    let keep_collateral = if takes_all { 0 } else { ratio_q32(coverage - repay, coverage) };
    let keep_debt = if takes_all && coverage < sums.debt {
        ratio_q32(sums.debt - coverage, sums.debt)
    } else {
        0
    };
    for leg in legs.iter_mut() {
        let before = leg.quantity as u32;
        let left = if leg.kind == KIND_COLLATERAL {
            mul_hi(before, keep_collateral)
        } else if takes_all {
            mul_hi(before, keep_debt)
        } else {
            ((u64::from(before) * u64::from(ONE_Q31 - share)) >> 31) as u32
        };
        leg.next = left as i32;
    }
}
