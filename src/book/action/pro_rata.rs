//! Pro-rata seizure: every collateral and every debt shrinks by the same share; twin of
//! `shaders/action/pro_rata.wgsl`. One call an event; debt without collateral stays on the books.

use super::Action;
use crate::book::account::{Event, KIND_COLLATERAL, LegState, values};
use crate::fixed::{ONE_Q31, mul_hi, ratio_q32, scale_q31, scale_q32};

/// repay = k D, with k = 1 when Σ w C < full_close_below D, else the close factor. All collateral
/// together repays Σ C / (1 + bonus); if that is not more than asked for, all of it goes.
pub(super) fn run(action: &Action, legs: &mut [LegState]) -> Event {
    let sums = values(legs);
    if sums.collateral == 0 || sums.debt == 0 {
        return Event::default();
    }
    let mut coverage = 0;
    for leg in legs.iter() {
        if leg.kind == KIND_COLLATERAL {
            coverage += scale_q31(leg.value(), leg.discount);
        }
    }
    let is_full = sums.weighted < scale_q32(sums.debt, action.full_close_below);
    let share = if is_full { ONE_Q31 } else { action.close_factor };
    let repay = scale_q31(sums.debt, share);
    let takes_all = repay >= coverage;
    let keep_collateral = if takes_all { 0 } else { ratio_q32(coverage - repay, coverage) };
    let keep_debt = if takes_all && coverage < sums.debt {
        ratio_q32(sums.debt - coverage, sums.debt)
    } else {
        0
    };
    let mut event = Event { n_calls: 1, ..Event::default() };
    for leg in legs.iter_mut() {
        let before = leg.quantity as u32;
        if leg.kind == KIND_COLLATERAL {
            leg.quantity = mul_hi(before, keep_collateral) as i32;
            event.seized += u64::from(before - leg.quantity as u32) * u64::from(leg.mark);
        } else {
            let left = if takes_all {
                mul_hi(before, keep_debt)
            } else {
                ((u64::from(before) * u64::from(ONE_Q31 - share)) >> 31) as u32
            };
            leg.quantity = left as i32;
            event.repaid += u64::from(before - left) * u64::from(leg.mark);
        }
    }
    event
}
