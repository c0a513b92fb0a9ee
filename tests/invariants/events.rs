//! What one liquidation may do: debt is conserved, and no more is taken than the rule gives.

use proptest::prelude::*;
use shortfall::book::account::{
    KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, KIND_STATE, LegState, state_of,
};
use shortfall::book::action::{PICK_AUCTION, PRICE_BY_HEALTH};
use shortfall::engine::reference::explain;
use shortfall::engine::story::{Story, ToldEvent};
use shortfall::program::Program;

use super::breaches::{Position, events_of, marks_of};
use crate::support::drawn::{any_scenario, compiled};

/// Units that rounding may cost a leg in a call: one of the quantity, two of a share in Q0.32.
pub(crate) const UNITS_A_CALL: i128 = 4;

/// Every event of a path, with the position just before it at the same marks.
fn each_event(
    program: &Program,
    story: &Story,
    check: impl Fn(&Position<'_>, &ToldEvent) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let marks = marks_of(program, story);
    for idx in 0..program.positions.len() {
        let mut position = Position::at_opening(program, idx);
        for told in events_of(story, idx) {
            position.set_marks(&marks, told.when.step);
            check(&position, told)?;
            position.legs.clone_from(&told.legs);
        }
    }
    Ok(())
}

fn change(before: &LegState, after: &LegState) -> i128 {
    (i128::from(before.quantity) - i128::from(after.quantity)) * i128::from(after.mark)
}

/// Before = repaid + written off + left, leg by leg: what a leg lost of its value is no more than
/// what left it, the losses of all are what was written off, and the rest was repaid.
fn is_conserved(before: &Position<'_>, told: &ToldEvent) -> Result<(), TestCaseError> {
    let event = &told.event;
    if before.action().pick == PICK_AUCTION {
        return is_auctioned(before, told);
    }
    if before.action().keeps_state() && state_of(&before.legs) == 0 {
        return is_taken_over(before, told);
    }
    let (mut left_debts, mut lost, mut seized) = (0, 0, 0);
    for (before, after) in before.legs.iter().zip(&told.legs) {
        let change = change(before, after);
        lost += i128::from(after.lost);
        prop_assert_eq!(before.mark, after.mark);
        match after.kind {
            KIND_COLLATERAL => {
                prop_assert!(0 <= after.quantity && after.quantity <= before.quantity);
                seized += change;
            }
            KIND_DEBT => {
                prop_assert!(0 <= after.quantity && after.quantity <= before.quantity);
                prop_assert!(i128::from(after.lost) <= change);
                left_debts += change;
            }
            KIND_STATE => prop_assert_eq!(after.quantity, before.quantity),
            _ => prop_assert_eq!(after.quantity, 0),
        }
    }
    prop_assert_eq!(i128::from(event.seized), seized);
    prop_assert_eq!(i128::from(event.written_off), lost);
    if !before.is_perpetual() {
        prop_assert_eq!(i128::from(event.repaid + event.written_off), left_debts);
    }
    Ok(())
}

/// The venue pays the debt, or the credit where that is more; nothing is sold yet, and what no
/// collateral is behind is written off.
fn is_taken_over(before: &Position<'_>, told: &ToldEvent) -> Result<(), TestCaseError> {
    let event = &told.event;
    prop_assert_eq!((event.n_calls, event.repaid, event.seized), (1, 0, 0));
    let share = |leg: &LegState| (i128::from(leg.value()) * i128::from(leg.credit)) >> 31;
    let held = before.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
    let credit: i128 = held.map(share).sum();
    let collateral = before.value(KIND_COLLATERAL);
    for (was, is) in before.legs.iter().zip(&told.legs) {
        let value = i128::from(is.quantity) * i128::from(is.mark);
        match is.kind {
            KIND_COLLATERAL => prop_assert_eq!(was.quantity, is.quantity),
            KIND_STATE => prop_assert_eq!((was.quantity, is.quantity), (0, 1)),
            _ if collateral == 0 => {
                let owed = i128::from(was.quantity) * i128::from(was.mark);
                prop_assert_eq!((is.quantity, i128::from(is.lost)), (0, owed));
            }
            _ if is.quantity > was.quantity && is.mark > 0 => {
                prop_assert!(value <= credit && value + i128::from(is.mark) > credit);
            }
            _ => prop_assert!(is.quantity == was.quantity || is.mark == 0),
        }
    }
    Ok(())
}

/// An auction begins with the penalty on top of the debt; later buyers pay debt for collateral, at
/// most its price on the market, and without collateral what is due is lost.
fn is_auctioned(before: &Position<'_>, told: &ToldEvent) -> Result<(), TestCaseError> {
    let event = &told.event;
    let (was, is) = (&before.legs, &told.legs);
    let [lot, debt, due, _, begun] = [0, 1, 2, 3, 4];
    let units = |legs: &[LegState], place: usize| i128::from(legs[place].quantity);
    let is_new = units(was, begun) == 0;
    let due_before = if is_new { units(was, debt) } else { units(was, due) };
    let lost = i128::from(event.written_off);
    if event.repaid == 0 && event.seized == 0 {
        prop_assert_eq!(units(was, lot), units(is, lot));
        prop_assert_eq!(units(is, due), due_before);
        let penalty = (units(was, debt) * i128::from(before.action().penalty)) >> 31;
        let is_worthless = is[lot].mark == 0;
        let owed = match (is_worthless, is_new) {
            (true, _) => 0,
            (false, true) => units(was, debt) + penalty,
            (false, false) => units(was, debt),
        };
        prop_assert_eq!(units(is, debt), owed);
        prop_assert_eq!(
            lost,
            if is_worthless { due_before * i128::from(is[debt].mark) } else { 0 }
        );
        return Ok(());
    }
    let repaid = i128::from(event.repaid) / i128::from(is[debt].mark.max(1));
    let seized = (units(was, lot) - units(is, lot)) * i128::from(is[lot].mark);
    prop_assert_eq!(i128::from(event.seized), seized);
    prop_assert_eq!(units(is, due), (due_before - repaid).max(0));
    let slack = UNITS_A_CALL * (i128::from(is[lot].mark) + i128::from(is[debt].mark));
    prop_assert!(i128::from(event.repaid) <= seized + slack, "buyers pay more than the market");
    let left = units(was, debt) - repaid;
    if units(is, lot) == 0 {
        prop_assert_eq!(units(is, debt), 0);
        prop_assert_eq!(lost, left.min(units(is, due)) * i128::from(is[debt].mark));
    } else {
        prop_assert_eq!((units(is, debt), lost), (left, 0));
    }
    Ok(())
}

/// What a perpetual account lacks when all is closed at the marks, closing cost included, is lost.
fn is_closed_at_the_marks(
    program: &Program,
    before: &Position<'_>,
    told: &ToldEvent,
) -> Result<(), TestCaseError> {
    let perps = before.legs.iter().filter(|leg| leg.kind == KIND_PERP);
    let notional: i128 =
        perps.map(|leg| (i128::from(leg.quantity) * i128::from(leg.mark)).abs()).sum();
    let venue = program.positions[told.position].action as usize;
    let cost = (notional * i128::from(program.actions[venue].close_cost)) >> 31;
    let kinds = [KIND_COLLATERAL, KIND_PERP, KIND_FUNDING];
    let equity: i128 = kinds.iter().map(|kind| before.value(*kind)).sum::<i128>();
    let left = equity + before.constant() - cost;
    prop_assert_eq!(i128::from(told.event.repaid), notional);
    prop_assert_eq!(i128::from(told.event.written_off), (-left).max(0));
    Ok(())
}

/// The most collateral that a unit of value repaid may take, Q2.30.
fn most_incentive(before: &Position<'_>, told: &ToldEvent) -> i128 {
    if before.action().price == PRICE_BY_HEALTH {
        return (1 << 61) / i128::from(before.action().least_discount);
    }
    let collaterals = told.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
    collaterals.map(|leg| i128::from(leg.incentive)).max().unwrap_or(0)
}

/// A liquidator gets at most the incentive on what it repays, and a lender writes off only what no
/// collateral of any value is behind.
fn is_fair(before: &Position<'_>, told: &ToldEvent) -> Result<(), TestCaseError> {
    let event = &told.event;
    let collaterals = || told.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
    if before.action().pick == PICK_AUCTION {
        // At whatever price the auction came down to.
        prop_assert!(before.is_breached());
        return Ok(());
    }
    let incentive = most_incentive(before, told);
    let marks: i128 = told.legs.iter().map(|leg| i128::from(leg.mark)).sum();
    let slack = 2 * UNITS_A_CALL * i128::from(event.n_calls) * marks;
    let most = ((i128::from(event.repaid) * incentive) >> 30) + slack;
    prop_assert!(i128::from(event.seized) <= most, "{} > {}", event.seized, most);
    if event.written_off > 0 {
        prop_assert!(collaterals().all(|leg| leg.value() == 0));
        prop_assert!(told.legs.iter().all(|leg| leg.kind != KIND_DEBT || leg.quantity == 0));
    }
    prop_assert!(before.is_breached());
    Ok(())
}

/// A call takes b of collateral for 1 of debt, which improves C / D while D / C < 1 / b. Of several
/// legs that holds only where all shrink alike, or where there is one of each.
fn health_improves(before: &Position<'_>, told: &ToldEvent) -> Result<(), TestCaseError> {
    let of_kind = |kind| told.legs.iter().filter(move |leg| leg.kind == kind);
    if before.action().keeps_state() {
        // What was taken over counts for nothing.
        return Ok(());
    }
    let covered = before.value(KIND_DEBT) * most_incentive(before, told);
    let is_solvent = covered < before.value(KIND_COLLATERAL) << 30;
    let is_single = of_kind(KIND_COLLATERAL).count() == 1 && of_kind(KIND_DEBT).count() == 1;
    if !is_solvent || !(is_single || told.event.n_calls == 1 && before.is_pro_rata()) {
        return Ok(());
    }
    let (weighted, debt) = (before.weighted(), before.value(KIND_DEBT));
    let after = before.with_legs(&told.legs);
    let marks: i128 = told.legs.iter().map(|leg| i128::from(leg.mark)).sum();
    let slack = UNITS_A_CALL * i128::from(told.event.n_calls.max(1)) * marks;
    let improved = (after.weighted() + slack) * debt;
    let was = weighted * (after.value(KIND_DEBT) - slack).max(0);
    prop_assert!(improved >= was, "{} of {debt} to {}", weighted, after.weighted());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn debt_is_conserved_and_collateral_bounds_what_is_lost(scenario in any_scenario()) {
        let program = compiled(&scenario)?;
        for path in 0..8 {
            let story = explain(&program, 12, path);
            each_event(&program, &story, |before, told| {
                is_conserved(before, told)?;
                if before.is_perpetual() {
                    is_closed_at_the_marks(&program, before, told)
                } else {
                    is_fair(before, told)?;
                    health_improves(before, told)
                }
            })?;
        }
    }
}
