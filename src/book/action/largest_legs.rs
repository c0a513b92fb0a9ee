//! Call after call, the largest debt is repaid out of the largest collateral; twin of
//! `shaders/action/largest_legs.wgsl`. Aave, Compound and Morpho are parameters of this one.
//!
//! A rational liquidator takes the most that the rule and the collateral leg allow, until the
//! position is healthy, nothing may be repaid, or the step's calls are used up (sources:
//! Aave v3.3 `LiquidationLogic`, Compound v2 `Comptroller`, `Morpho.sol`).

use super::row::from_words;
use super::{AccountFacts, Action, Counterparty};
use crate::book::account::{Event, KIND_COLLATERAL, KIND_DEBT, LegState, Values};
use crate::fixed::{ONE_Q30, mul_div, scale_q31, scale_q32};

/// Goes on with an event from its next call, the legs coming to that.
#[inline(always)]
pub(super) fn run<C: Counterparty>(
    action: &Action,
    facts: AccountFacts,
    legs: &mut [LegState],
    (mut sums, mut event): (Values, Event),
    counterparty: &mut C,
) -> Event {
    let owed = sums.debt;
    while calls_again(action, facts, &sums, &event) {
        let Some([from, to]) = largest(legs) else { break };
        let two = [legs[from], legs[to]];
        let Some(two) = call(action, facts, two, counterparty, (&mut sums, &mut event)) else {
            break;
        };
        [legs[from], legs[to]] = two;
    }
    let is_large = owed >> facts.money_shift >= from_words(action.written_off_from);
    if is_large && writes_off(action, &sums) {
        write_off(legs, &mut event);
    }
    event
}

/// Whether an event has another call, if one is possible and a liquidator takes it.
#[inline(always)]
pub(super) fn calls_again(
    action: &Action,
    facts: AccountFacts,
    sums: &Values,
    event: &Event,
) -> bool {
    event.n_calls < action.calls_per_step && (sums.weighted as i64 + facts.tie) < sums.debt as i64
}

/// Whether what is owed is burned, if it is enough.
#[inline(always)]
pub(super) fn writes_off(action: &Action, sums: &Values) -> bool {
    action.writes_off == 1 && sums.collateral == 0
}

/// One liquidation call on the collateral and the debt of the largest value, all else staying as it
/// is, if it is possible and a liquidator takes it: what it leaves of the two.
#[inline(always)]
pub(super) fn call<C: Counterparty>(
    action: &Action,
    facts: AccountFacts,
    [from, to]: [LegState; 2],
    counterparty: &mut C,
    (sums, event): (&mut Values, &mut Event),
) -> Option<[LegState; 2]> {
    // What they are is said once more, for who compiles this.
    let from = LegState { kind: KIND_COLLATERAL, ..from };
    let priced = action.priced(from, sums);
    let to = LegState { kind: KIND_DEBT, ..to };
    let most = repayable_quantity(action, facts, sums, &priced, &to);
    let mut propose = |limit: u32, two: &mut [LegState]| {
        let (repaid, seized) = admissible(action, facts, limit, &priced, &to);
        two[0].next = from.quantity - seized as i32;
        two[1].next = to.quantity - repaid as i32;
    };
    let mut two = [from, to];
    let limit = counterparty.size(&mut two, most, &mut propose);
    let is_something = two[1].next < two[1].quantity || two[0].next == 0;
    if limit == 0 || !is_something {
        return None;
    }
    counterparty.take(&two);
    let weighted = two[0].weighted_quantity();
    let [seized, repaid] = two.each_ref().map(|leg| (leg.quantity - leg.next) as u32);
    event.take(&mut two);
    let less_weighted = weighted - two[0].weighted_quantity();
    sums.weighted -= u64::from(less_weighted) * u64::from(two[0].mark);
    sums.collateral -= u64::from(seized) * u64::from(two[0].mark);
    sums.debt -= u64::from(repaid) * u64::from(two[1].mark);
    Some(two)
}

/// (repaid, seized) of a call that repays up to `limit` units and leaves no dust.
fn admissible(
    action: &Action,
    facts: AccountFacts,
    limit: u32,
    from: &LegState,
    to: &LegState,
) -> (u32, u32) {
    let (repaid, seized) = exchange(limit, from, to);
    if repaid == to.quantity as u32 || seized == from.quantity as u32 {
        return (repaid, seized);
    }
    // Neither leg is cleared: what is left of each must not be dust.
    let dust = from_words(action.dust);
    let money = |value: u64| value >> facts.money_shift;
    let debt_left = to.value() - u64::from(repaid) * u64::from(to.mark);
    let collateral_left = from.value() - u64::from(seized) * u64::from(from.mark);
    if money(debt_left) >= dust && money(collateral_left) >= dust {
        return (repaid, seized);
    }
    let dust = saturating_shift(dust, facts.money_shift);
    let by_debt = to.value().saturating_sub(dust);
    let by_collateral = scale_q31(from.value().saturating_sub(dust), from.discount);
    let admissible = by_debt.min(by_collateral) / u64::from(to.mark);
    exchange((admissible as u32).min(limit), from, to)
}

/// Most of the chosen debt that one call may repay: what the close factor lets, or what restores
/// the account's health; at least one unit.
fn repayable_quantity(
    action: &Action,
    facts: AccountFacts,
    sums: &Values,
    from: &LegState,
    to: &LegState,
) -> u32 {
    let small = from_words(action.small);
    let is_small =
        from.value() >> facts.money_shift < small || to.value() >> facts.money_shift < small;
    let is_deep = action.full_close_below != 0
        && sums.weighted <= scale_q32(sums.debt, action.full_close_below);
    let quantity = to.quantity as u32;
    if is_small || is_deep {
        return quantity;
    }
    let most = if action.target_health > 0 {
        restoring(action.target_health, sums, from) / u64::from(to.mark) + 1
    } else {
        let base = if action.of_whole_debt == 1 { sums.debt } else { to.value() };
        scale_q31(base, action.close_factor) / u64::from(to.mark)
    };
    (most.min(u64::from(quantity)) as u32).max(1)
}

/// What is to be repaid out of a collateral so that health is at a target again: of debt D and
/// collateral that counts W, with W - t b x = T (D - x), x = (T D - W) / (T - t b), t being the
/// leg's threshold and b its incentive. Without bound where every call makes health worse.
#[cold]
#[inline(never)]
fn restoring(target: u32, sums: &Values, from: &LegState) -> u64 {
    let short = sums.debt.saturating_sub(sums.weighted);
    let lacking = short + scale_q31(sums.debt, (target - ONE_Q30) << 1);
    let lost = (u64::from(from.threshold) * u64::from(from.incentive)) >> 31;
    match u64::from(target).checked_sub(lost) {
        Some(gained) if gained > 0 => mul_div(lacking, ONE_Q30, gained as u32),
        _ => u64::MAX,
    }
}

/// Repays up to `repayable` units: (repaid, seized), the collateral leg permitting. A leg that is
/// worth less than a unit of debt goes for nothing, so that no dust keeps a debt from being bad.
fn exchange(repayable: u32, from: &LegState, to: &LegState) -> (u32, u32) {
    let value = u64::from(repayable) * u64::from(to.mark);
    let seized = mul_div(value, from.incentive, from.mark) >> 30;
    let quantity = from.quantity as u32;
    // Up to the last unit, which is what rounding leaves of a leg that is meant to go.
    if seized.saturating_add(1) < u64::from(quantity) {
        return (repayable, seized as u32);
    }
    let covered = scale_q31(from.value(), from.discount) / u64::from(to.mark);
    (covered.min(u64::from(repayable)) as u32, quantity)
}

/// The collateral and the debt of the largest positive value, by index; ties go to the lower asset,
/// which is first.
fn largest(legs: &[LegState]) -> Option<[usize; 2]> {
    let mut largest = Largest::default();
    for (idx, leg) in legs.iter().enumerate() {
        let [held, owed] = [KIND_COLLATERAL, KIND_DEBT].map(|kind| leg.mask(kind) as u64);
        largest.add(idx, [leg.value() & held, leg.value() & owed]);
    }
    largest.both()
}

/// The collateral and the debt of the largest value so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Largest {
    most: [u64; 2],
    at: [usize; 2],
}

impl Largest {
    /// One more leg: its index, its value as collateral and as debt, of which one is 0.
    ///
    /// Without branches on what a leg is: positions follow no pattern.
    #[inline(always)]
    pub fn add(&mut self, idx: usize, values: [u64; 2]) {
        for (side, value) in values.into_iter().enumerate() {
            self.at[side] = if value > self.most[side] { idx } else { self.at[side] };
            self.most[side] = self.most[side].max(value);
        }
    }

    /// Both, if both have a value.
    #[inline(always)]
    #[must_use]
    pub fn both(&self) -> Option<[usize; 2]> {
        (self.most[0] > 0 && self.most[1] > 0).then_some(self.at)
    }
}

/// Burns what is owed, no collateral of any value being left.
pub(super) fn write_off(legs: &mut [LegState], event: &mut Event) {
    for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
        leg.lost = leg.market_value();
        event.written_off += leg.lost;
        leg.quantity = 0;
        leg.next = 0;
    }
}

/// Money as a fine value, saturating.
fn saturating_shift(money: u64, shift: u32) -> u64 {
    if money.leading_zeros() <= shift { u64::MAX >> 1 } else { money << shift }
}
