//! Shares and factors of a rule in integers: is each the nearest that its format has?

use shortfall::book::LegKind;
use shortfall::book::venue::{CompoundV2, Rule};
use shortfall::program::layout::LegRow;

use crate::support;

/// The leg of collateral whose bonus, and whose threshold, are so many parts of 10,000.
fn collateral(bonus: u32, threshold: u32) -> LegRow {
    let share = |parts: u32| f64::from(parts) / 10_000.0;
    let market = support::market(vec![support::still(1.0); 2]);
    let terms = support::terms(share(threshold), share(bonus));
    let venues = vec![support::venue(Rule::CompoundV2(CompoundV2::default()), vec![terms; 2])];
    let legs = vec![support::leg(LegKind::Collateral, 0, 1.0), support::leg(LegKind::Debt, 1, 0.1)];
    let program =
        support::compiled(&support::scenario(market, venues, support::book(&[(0, legs)])));
    program.legs[0]
}

/// A liquidator who takes C repays C / (1 + bonus): of all words that could stand for 1 / (1 + b)
/// in Q1.31 it is the nearest, so that |d (10,000 + b) - 2^31 10,000| is at most half of
/// (10,000 + b). A word more, or one less, is not.
#[test]
fn what_a_unit_of_collateral_repays_is_rounded_to_nearest() {
    for bonus in (0..=3000).chain([3333, 5000, 7777, 9999]) {
        let row = collateral(bonus, 5000);
        let whole = i128::from(10_000 + bonus);
        let off = |word: i128| (word * whole - (1_i128 << 31) * 10_000).abs();
        let discount = i128::from(row.discount);
        assert!(2 * off(discount) <= whole, "bonus {bonus}: {discount} is not the nearest");
        for other in [discount - 1, discount + 1] {
            assert!(2 * off(other) >= whole, "bonus {bonus}: {other} is as near as {discount}");
        }
    }
}

/// 1 + bonus in Q2.30, the same way.
#[test]
fn what_a_unit_repaid_takes_is_rounded_to_nearest() {
    for bonus in (0..=3000).chain([3333, 5000, 7777, 9999]) {
        let row = collateral(bonus, 5000);
        let off = i128::from(row.incentive) * 10_000 - (1_i128 << 30) * i128::from(10_000 + bonus);
        assert!(2 * off.abs() <= 10_000, "bonus {bonus}: {}", row.incentive);
    }
}
