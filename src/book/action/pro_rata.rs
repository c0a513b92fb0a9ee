//! Pro-rata seizure: every collateral and every debt shrinks by the same share; twin of
//! `shaders/action/pro_rata.wgsl`. One call an event; debt without collateral stays on the books.

use std::hint::select_unpredictable as select;

use super::{Action, Counterparty};
use crate::book::account::{Event, KIND_COLLATERAL, LegState, Values};
use crate::fixed::{ONE_Q31, mul_hi, ratio_q32, scale_q31, scale_q32, weigh};

pub(super) fn run<C: Counterparty>(
    action: &Action,
    legs: &mut [LegState],
    sums: &Values,
    counterparty: &mut C,
) -> Event {
    let mut event = Event::default();
    if sums.collateral == 0 || sums.debt == 0 {
        return event;
    }
    let most = largest_share(action.close_factor, action.full_close_below, sums);
    let share =
        counterparty.size(legs, most, &mut |share, legs| propose(action, sums, legs, share));
    if share == 0 {
        return event;
    }
    counterparty.take(legs);
    event.take(legs);
    event
}

/// A position of one collateral and one debt, and the rule of its venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Units of collateral.
    pub collateral: u32,
    /// Units of debt.
    pub debt: u32,
    /// Units of collateral x liquidation threshold.
    pub weighted: u32,
    /// Liquidation threshold, Q1.31.
    pub threshold: u32,
    /// 1 / (1 + liquidation bonus), Q1.31.
    pub discount: u32,
    /// As [`Action::close_factor`].
    pub close_factor: u32,
    /// As [`Action::full_close_below`].
    pub full_close_below: u32,
}

impl Pair {
    /// What a liquidation leaves at the marks of the collateral and of the debt, if a liquidator
    /// takes whatever is offered, and whether one is possible: the same as for its two legs,
    /// without branches, so that lanes can be pairs.
    #[inline(always)]
    #[must_use]
    pub fn take_pro_rata(self, marks: [u32; 2]) -> (Self, bool) {
        let times = |units: u32, mark: u32| u64::from(units) * u64::from(mark);
        let sums = Values {
            weighted: times(self.weighted, marks[0]),
            collateral: times(self.collateral, marks[0]),
            debt: times(self.debt, marks[1]),
        };
        let share = largest_share(self.close_factor, self.full_close_below, &sums);
        let kept = Kept::new(&sums, scale_q31(sums.collateral, self.discount), share);
        let is_possible = (sums.collateral != 0) & (sums.debt != 0);
        let collateral = kept.of_collateral(self.collateral);
        let left = Self {
            collateral: select(is_possible, collateral, self.collateral),
            debt: select(is_possible, kept.of_debt(self.debt), self.debt),
            weighted: select(is_possible, weigh(collateral, self.threshold), self.weighted),
            ..self
        };
        (left, is_possible)
    }
}

/// Instruments of a [`Basket`].
pub const BASKET: usize = 4;

/// A position of at most one collateral and one debt in each of a few instruments, and the rule of
/// its venue; 0 where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Basket {
    /// Units of collateral.
    pub collateral: [u32; BASKET],
    /// Units of debt.
    pub debt: [u32; BASKET],
    /// Liquidation thresholds of the collaterals, Q1.31.
    pub threshold: [u32; BASKET],
    /// 1 / (1 + liquidation bonus) of each, Q1.31.
    pub discount: [u32; BASKET],
    /// As [`Action::close_factor`].
    pub close_factor: u32,
    /// As [`Action::full_close_below`].
    pub full_close_below: u32,
}

impl Basket {
    /// Coefficients of the marks in its margin surplus.
    #[inline(always)]
    #[must_use]
    pub fn coefficients(&self) -> [i32; BASKET] {
        let mut net = [0; BASKET];
        for (idx, net) in net.iter_mut().enumerate() {
            let weighted = weigh(self.collateral[idx], self.threshold[idx]);
            *net = weighted as i32 - self.debt[idx] as i32;
        }
        net
    }

    /// Σ debt at some marks, a fine value.
    #[inline(always)]
    #[must_use]
    pub fn debt_at(&self, marks: [u32; BASKET]) -> u64 {
        at(self.debt, marks)
    }

    /// Σ collateral at some marks, a fine value.
    #[inline(always)]
    #[must_use]
    pub fn collateral_at(&self, marks: [u32; BASKET]) -> u64 {
        at(self.collateral, marks)
    }

    /// Whether nothing can be liquidated any more.
    #[inline(always)]
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.collateral == [0; BASKET] || self.debt == [0; BASKET]
    }

    /// A liquidation at some marks, if a liquidator takes all that is offered: what is repaid, a
    /// fine value, unless none is possible; the same as for its legs.
    #[inline(always)]
    pub fn take_pro_rata(&mut self, marks: [u32; BASKET]) -> Option<u64> {
        let mut weighted = [0; BASKET];
        for (idx, weighted) in weighted.iter_mut().enumerate() {
            *weighted = weigh(self.collateral[idx], self.threshold[idx]);
        }
        let sums = Values {
            weighted: at(weighted, marks),
            collateral: self.collateral_at(marks),
            debt: self.debt_at(marks),
        };
        if sums.collateral == 0 || sums.debt == 0 {
            return None;
        }
        let mut coverage = 0;
        for (idx, mark) in marks.into_iter().enumerate() {
            let value = u64::from(self.collateral[idx]) * u64::from(mark);
            coverage += scale_q31(value, self.discount[idx]);
        }
        let share = largest_share(self.close_factor, self.full_close_below, &sums);
        let kept = Kept::new(&sums, coverage, share);
        for (units, mark) in self.collateral.iter_mut().zip(marks) {
            *units = kept.of_collateral_at(*units, mark);
        }
        self.debt = self.debt.map(|units| kept.of_debt(units));
        Some(sums.debt - self.debt_at(marks))
    }
}

/// Σ units x mark.
#[inline(always)]
fn at(units: [u32; BASKET], marks: [u32; BASKET]) -> u64 {
    let values = units.iter().zip(marks).map(|(units, mark)| u64::from(*units) * u64::from(mark));
    values.sum()
}

/// The fractions that a liquidation leaves of every collateral and of every debt, Q0.32.
#[derive(Debug, Clone, Copy)]
struct Kept {
    collateral: u32,
    debt: u64,
}

impl Kept {
    /// repay = k D; all collateral together repays Σ C / (1 + bonus), the coverage; if that is not
    /// more than asked for, all goes.
    #[inline(always)]
    fn new(sums: &Values, coverage: u64, share: u32) -> Self {
        let repay = scale_q31(sums.debt, share);
        let takes_all = repay >= coverage;
        let whole = select(takes_all, sums.debt, coverage);
        let gone = select(takes_all, coverage, repay);
        let left = ratio_q32(whole.saturating_sub(gone), whole);
        Self {
            collateral: select(takes_all, 0, left),
            debt: select(takes_all, left.into(), u64::from(ONE_Q31 - share) << 1),
        }
    }

    #[inline(always)]
    fn of_collateral(self, quantity: u32) -> u32 {
        mul_hi(quantity, self.collateral)
    }

    /// The same of a leg at a mark: nothing is seized from one that is worthless.
    #[inline(always)]
    fn of_collateral_at(self, quantity: u32, mark: u32) -> u32 {
        select(mark == 0, quantity, self.of_collateral(quantity))
    }

    #[inline(always)]
    fn of_debt(self, quantity: u32) -> u32 {
        ((u64::from(quantity) * self.debt) >> 32) as u32
    }
}

/// k: at most 1 when Σ w C < full_close_below D, else the close factor.
#[inline(always)]
fn largest_share(close_factor: u32, full_close_below: u32, sums: &Values) -> u32 {
    select(sums.weighted < scale_q32(sums.debt, full_close_below), ONE_Q31, close_factor)
}

fn propose(action: &Action, sums: &Values, legs: &mut [LegState], share: u32) {
    let collaterals = legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
    let coverage =
        collaterals.map(|leg| scale_q31(leg.value(), action.priced(*leg, sums).discount)).sum();
    let kept = Kept::new(sums, coverage, share);
    for leg in legs.iter_mut() {
        let before = leg.quantity as u32;
        let left = if leg.kind == KIND_COLLATERAL {
            kept.of_collateral_at(before, leg.mark)
        } else {
            kept.of_debt(before)
        };
        leg.next = left as i32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{AccountFacts, PICK_PRO_RATA, Unlimited};
    use super::*;
    use crate::book::account::KIND_DEBT;

    const NO_FACTS: AccountFacts = AccountFacts { constant: 0, tie: 0, money_shift: 0, step: 0 };

    proptest! {
        #[test]
        fn a_pair_is_taken_as_its_two_legs_are(
            (collateral, debt) in (0..1_u32 << 30, 0..1_u32 << 30),
            marks in prop_oneof![
                (1_u32 << 20..1 << 28, 1_u32 << 20..1 << 28),
                (any::<u32>(), any::<u32>()),
                Just((0, 1 << 24)),
                Just((1 << 24, 0)),
            ],
            (threshold, discount) in (0..=ONE_Q31, ONE_Q31 / 2..=ONE_Q31),
            (close_factor, full_close_below) in (1..=ONE_Q31, any::<u32>()),
            is_near in any::<bool>(),
        ) {
            // Near a breach, where all branches are taken; else anywhere.
            let debt = if is_near { collateral / 16 * 15 + debt % 4096 } else { debt };
            let rule = Action { close_factor, full_close_below, ..Action::new(PICK_PRO_RATA) };
            let leg = |kind, quantity, mark| LegState {
                kind, quantity, next: quantity, mark, market: mark, threshold, discount,
                ..LegState::default()
            };
            let mut legs = [
                leg(KIND_COLLATERAL, collateral as i32, marks.0),
                leg(KIND_DEBT, debt as i32, marks.1),
            ];
            let weighted = legs[0].weighted_quantity();
            let before = Pair {
                collateral, debt, weighted, threshold, discount, close_factor, full_close_below,
            };
            let event = rule.run(NO_FACTS, &mut legs, &mut Unlimited);
            let (after, is_possible) = before.take_pro_rata([marks.0, marks.1]);
            prop_assert_eq!(is_possible, event.n_calls == 1);
            prop_assert_eq!(after.collateral, legs[0].quantity as u32);
            prop_assert_eq!(after.debt, legs[1].quantity as u32);
            prop_assert_eq!(after.weighted, legs[0].weighted_quantity());
            let repaid = u64::from(debt - after.debt) * u64::from(marks.1);
            prop_assert_eq!(repaid, event.repaid);
        }

        #[test]
        fn a_basket_is_taken_as_its_legs_are(
            units in prop::array::uniform8(prop_oneof![Just(0), 1..1_u32 << 8, 1..1_u32 << 28]),
            marks in prop::array::uniform4(prop_oneof![
                Just(0), 1_u32 << 20..1 << 28, any::<u32>(),
            ]),
            threshold in prop::array::uniform4(0..=ONE_Q31),
            discount in prop::array::uniform4(ONE_Q31 / 2..=ONE_Q31),
            (close_factor, full_close_below) in (1..=ONE_Q31, any::<u32>()),
        ) {
            let [collateral, debt] = [0, BASKET].map(|first| {
                std::array::from_fn(|idx| units[first + idx])
            });
            let rule = Action { close_factor, full_close_below, ..Action::new(PICK_PRO_RATA) };
            let mut legs = Vec::new();
            for idx in 0..BASKET {
                for (kind, units) in [(KIND_COLLATERAL, collateral), (KIND_DEBT, debt)] {
                    let quantity = units[idx] as i32;
                    let is_collateral = kind == KIND_COLLATERAL;
                    legs.push(LegState {
                        kind, quantity, next: quantity, mark: marks[idx], market: marks[idx],
                        threshold: if is_collateral { threshold[idx] } else { 0 },
                        discount: if is_collateral { discount[idx] } else { 0 },
                        ..LegState::default()
                    });
                }
            }
            let mut basket = Basket {
                collateral, debt, threshold, discount, close_factor, full_close_below,
            };
            let event = rule.run(NO_FACTS, &mut legs, &mut Unlimited);
            let repaid = basket.take_pro_rata(marks);
            prop_assert_eq!(repaid, (event.n_calls == 1).then_some(event.repaid));
            for (idx, legs) in legs.chunks(2).enumerate() {
                prop_assert_eq!(basket.collateral[idx], legs[0].quantity as u32);
                prop_assert_eq!(basket.debt[idx], legs[1].quantity as u32);
                let net = i64::from(legs[0].weighted_quantity()) - i64::from(legs[1].quantity);
                prop_assert_eq!(i64::from(basket.coefficients()[idx]), net);
            }
        }
    }
}
