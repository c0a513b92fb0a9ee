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

#[cfg(test)]
mod tests {
    use super::super::{PICK_WHOLE, Unlimited};
    use super::*;
    use crate::fixed::{ONE_MARK, ONE_Q31};

    const NO_FACTS: AccountFacts = AccountFacts { constant: 0, tie: 0, money_shift: 0, step: 0 };

    fn perp(quantity: i32, mark: u32, market: u32) -> LegState {
        LegState { kind: KIND_PERP, quantity, mark, market, ..LegState::default() }
    }

    fn run_on(legs: &mut [LegState], constant: i64) -> Event {
        let action = Action { close_cost: ONE_Q31 / 8, ..Action::new(PICK_WHOLE) };
        let facts = AccountFacts { constant, ..NO_FACTS };
        run(&action, facts, legs, &mut Unlimited)
    }

    /// The oracle still says 1 and 1/2 where the market is at 1/4 and 1: what is closed, what that
    /// costs and which of the two bears the loss all are of the market.
    #[test]
    fn what_is_closed_and_what_it_costs_is_worth_what_the_market_says() {
        let mut legs = [perp(800, ONE_MARK, ONE_MARK / 4), perp(-400, ONE_MARK / 2, ONE_MARK)];
        let event = run_on(&mut legs, 0);
        let one = u64::from(ONE_MARK);
        assert_eq!(event.repaid, 600 * one, "notional on the market");
        // 800 / 4 - 400 = -200, and an eighth of 600 for closing.
        assert_eq!(event.written_off, (200 + 75) * one);
        assert_eq!(legs.map(|leg| leg.lost), [0, 275 * one], "the market's larger notional");
        assert!(legs.iter().all(|leg| leg.quantity == 0));
    }

    #[test]
    fn of_perpetuals_that_all_are_worthless_the_first_bears_the_loss() {
        let cash = LegState {
            kind: KIND_COLLATERAL,
            quantity: 100,
            mark: ONE_MARK,
            market: ONE_MARK,
            ..LegState::default()
        };
        let mut legs = [cash, perp(700, 0, 0), perp(900, 0, 0)];
        let lost = 1600 * i64::from(ONE_MARK);
        let event = run_on(&mut legs, -lost);
        let lacking = 1500 * u64::from(ONE_MARK);
        assert_eq!((event.repaid, event.written_off), (0, lacking));
        assert_eq!(legs.map(|leg| leg.lost), [0, lacking, 0]);
    }

    #[test]
    fn of_equal_notionals_the_first_bears_the_loss() {
        let mut legs = [perp(-400, ONE_MARK, ONE_MARK), perp(-400, ONE_MARK, ONE_MARK)];
        let event = run_on(&mut legs, 0);
        assert_eq!(legs.map(|leg| leg.lost), [event.written_off, 0]);
    }
}
