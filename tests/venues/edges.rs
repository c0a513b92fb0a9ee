//! Exactly at a threshold, where a venue's rule says "below" or "at or below". Prices
//! halve, which is exact in the marks, and all else is exact in binary.

use shortfall::book::LegKind;
use shortfall::book::venue::{AaveV3, CompoundV2, MorphoBlue, Reference, Rule};
use shortfall::market::Shock;
use shortfall::scenario::{Opening, Scenario};
use shortfall::units::AssetId;

use super::loan::{Amount, Loan};
use super::marks::{Account, Perp, flat};
use crate::support;
use crate::support::twins::story_of;

/// Collateral that counts for 75 after the price of its first part halved, of two parts or one.
fn halving_loan(rule: &Rule, debt: f64, n_collaterals: usize) -> Scenario {
    let first = if n_collaterals == 1 { 200.0 } else { 100.0 };
    let mut legs =
        vec![support::leg(LegKind::Collateral, 0, first), support::leg(LegKind::Debt, 2, debt)];
    if n_collaterals == 2 {
        legs.push(support::leg(LegKind::Collateral, 1, 50.0));
    }
    let mut market = support::market(vec![support::still(1.0); 3]);
    market.shocks.push(halving(0));
    let venues = vec![support::venue(rule.clone(), vec![support::terms(0.75, 0.0); 3])];
    support::scenario(market, venues, support::book(&[(0, legs)]))
}

fn halving(asset: u32) -> Shock {
    Shock { asset: AssetId(asset), change: -0.5, at_years: 0.0, over_years: 0.0 }
}

fn rules() -> [Rule; 4] {
    [
        Rule::Reference(Reference::default()),
        Rule::AaveV3(AaveV3::default()),
        Rule::CompoundV2(CompoundV2::default()),
        Rule::MorphoBlue(MorphoBlue::default()),
    ]
}

#[test]
fn lending_positions_are_liquidated_below_their_threshold_not_at_it() {
    for rule in rules() {
        for n_collaterals in [1, 2] {
            for (debt, n_events) in [(75.0, 0), (75.0 + libm::exp2(-15.0), 1)] {
                let program = support::compiled(&halving_loan(&rule, debt, n_collaterals));
                let story = story_of(&program, 1, 0);
                assert_eq!(story.events.len(), n_events, "{} owing {debt}", rule.name());
            }
        }
    }
}

#[test]
fn opening_books_are_settled_below_their_threshold_not_at_it() {
    for rule in rules() {
        for (debt, n_settled) in [(150.0, 0), (150.0 + libm::exp2(-15.0), 1)] {
            let mut scenario = halving_loan(&rule, debt, 1);
            scenario.run.opening = Opening::Settle;
            let program = support::compiled(&scenario);
            assert_eq!(program.opening.n, n_settled, "{} owing {debt}", rule.name());
        }
    }
}

/// Binance liquidates when the margin balance equals the maintenance margin, the others below it:
/// cash 1.25 and a long of 1 from 2 to 1 under a rate of a quarter.
#[test]
fn perpetual_accounts_are_liquidated_at_equality_where_the_venue_says_so() {
    for liquidatable_at_equality in [true, false] {
        for (cash, is_liquidated) in
            [(1.25, liquidatable_at_equality), (1.25 - libm::exp2(-20.0), true)]
        {
            let perps = vec![Perp { size: 1.0, entry: 2.0, price: 2.0, tiers: flat(0.25) }];
            let account = Account { cash, perps, liquidatable_at_equality };
            let (_, story) = account.moved_to(0, 1.0);
            assert_eq!(story.events.len() == 1, is_liquidated, "on a path, with {cash}");
            let mut moved = account.opened_at(0, 1.0);
            moved.perps[0].entry = 2.0;
            assert_eq!(moved.is_breached_at_opening(), is_liquidated, "at opening, with {cash}");
        }
    }
}

/// 64 Ki of collateral at 0.75 against a debt of 64 Ki: a health factor of exactly 0.75.
fn at_three_quarters(rule: Rule) -> f64 {
    let amount = |asset: &str| Amount {
        asset: asset.to_owned(),
        amount: 65_536.0,
        price: 1.0,
        threshold: 0.75,
        incentive: 1.0,
    };
    let loan = Loan { rule, collaterals: vec![amount("a")], debts: vec![amount("b")] };
    loan.liquidate([1.0, 1.0], |_| ()).repaid_usd()
}

/// Aave halves what may be repaid while the health factor is above 0.95 (here 0.75), and not at it;
/// the reference rule closes the whole below it.
#[test]
fn the_whole_is_closed_at_or_below_the_health_factor_that_the_rule_says() {
    let full_close_below = 0.75;
    let aave = AaveV3 { full_close_below, calls_per_step: 1, ..AaveV3::default() };
    assert_eq!(at_three_quarters(Rule::AaveV3(aave.clone())), 65_536.0);
    let below = AaveV3 { full_close_below: 0.75 - 1e-6, ..aave };
    assert_eq!(at_three_quarters(Rule::AaveV3(below)), 32_768.0);
    let reference = Reference { full_close_below, ..Reference::default() };
    assert_eq!(at_three_quarters(Rule::Reference(reference.clone())), 32_768.0);
    let above = Reference { full_close_below: 0.75 + 1e-6, ..reference };
    assert_eq!(at_three_quarters(Rule::Reference(above)), 65_536.0);
}

/// Of legs of equal value the lower asset is taken.
#[test]
fn of_equal_legs_the_lower_asset_is_taken() {
    let amount = |asset: &str, amount| Amount {
        asset: asset.to_owned(),
        amount,
        price: 1.0,
        threshold: 0.5,
        incentive: 1.0,
    };
    let loan = Loan {
        rule: Rule::CompoundV2(CompoundV2 { calls_per_step: 1, ..CompoundV2::default() }),
        collaterals: vec![amount("a", 64.0), amount("b", 64.0)],
        debts: vec![amount("c", 64.0), amount("d", 64.0)],
    };
    let call = loan.liquidate([1.0, 1.0], |_| ());
    assert_eq!(["a", "b"].map(|asset| call.left_usd(asset)), [32.0, 64.0]);
    assert_eq!(["c", "d"].map(|asset| call.left_usd(asset)), [32.0, 64.0]);
}

/// A long loses its whole notional when its market is gone; the margin covers what it can.
#[test]
fn a_long_whose_market_is_gone_loses_all_that_its_margin_lacks() {
    let perps = vec![Perp { size: 1.0, entry: 1024.0, price: 1024.0, tiers: flat(0.0125) }];
    let account = Account { cash: 128.0, perps, liquidatable_at_equality: false };
    let (program, story) = account.moved_to(0, libm::exp2(-20.0));
    assert_eq!(program.usd(i128::from(story.outcome.realised)), 1024.0 - 128.0);
}

/// Collateral that is worth less than the smallest unit of debt keeps no debt from being written
/// off: 64 fall to 2^-24 of their value, the 32 owed rise to 128 times theirs.
#[test]
fn a_trace_of_collateral_does_not_keep_a_debt_on_the_books() {
    for rule in [Rule::AaveV3(AaveV3::default()), Rule::MorphoBlue(MorphoBlue::default())] {
        let legs =
            vec![support::leg(LegKind::Collateral, 0, 64.0), support::leg(LegKind::Debt, 1, 32.0)];
        let mut market = support::market(vec![support::still(1.0); 2]);
        let gone = Shock { change: libm::exp2(-24.0) - 1.0, ..halving(0) };
        let risen = Shock { change: 127.0, ..halving(1) };
        market.shocks = vec![gone, risen];
        let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.05); 2])];
        let scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
        let program = support::compiled(&scenario);
        let outcome = story_of(&program, 1, 0).outcome;
        // The trace repays at most a unit of debt.
        let bound = 128.0 * support::units_usd(&program, 0).0;
        let realised = program.usd(i128::from(outcome.realised));
        assert!((realised - 4096.0).abs() <= bound, "{realised} is written off");
        assert_eq!((outcome.stranded, outcome.under_water), (0, 0));
    }
}
