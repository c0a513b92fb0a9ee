//! Aave v3.3 and later.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use shortfall::book::venue::{AaveV3, Rule};

use super::loan::{Amount, Call, Loan, MARKS, repay_share};
use super::vectors::{Case, cases};

/// `MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD`, dollars.
const SMALL_USD: f64 = 2000.0;
/// `MIN_LEFTOVER_BASE`, dollars.
const LEFTOVER_USD: f64 = 1000.0;
/// `CLOSE_FACTOR_HF_THRESHOLD`.
const DEEP_HEALTH: f64 = 0.95;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collateral {
    asset: String,
    amount: f64,
    price: f64,
    lt: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Debt {
    asset: String,
    amount: f64,
    price: f64,
}

/// A number of units, or "max".
#[derive(Deserialize, PartialEq)]
#[serde(untagged)]
enum ToCover {
    Units(f64),
    Word(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    collaterals: Vec<Collateral>,
    debts: Vec<Debt>,
    liquidate_collateral: String,
    repay_asset: String,
    bonus: f64,
    protocol_fee: f64,
    debt_to_cover: ToCover,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    liquidatable: bool,
    health_factor: Option<f64>,
    close_factor: Option<f64>,
    debt_repaid: Option<f64>,
    collateral_to_liquidator: Option<f64>,
    protocol_fee_collateral: Option<f64>,
    deficit: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    reverts_dust: bool,
}

type AaveCase = Case<Inputs, Expected>;

fn aave_cases() -> Vec<AaveCase> {
    cases("aave_v3_liquidation", 14)
}

impl Inputs {
    fn loan(&self) -> Loan {
        let amount = |asset: &str, amount, price| Amount {
            asset: asset.to_owned(),
            amount,
            price,
            threshold: 0.0,
            incentive: self.bonus,
        };
        Loan {
            rule: Rule::AaveV3(AaveV3 { calls_per_step: 1, ..AaveV3::default() }),
            collaterals: self
                .collaterals
                .iter()
                .map(|leg| Amount {
                    threshold: leg.lt,
                    ..amount(&leg.asset, leg.amount, leg.price)
                })
                .collect(),
            debts: self.debts.iter().map(|leg| amount(&leg.asset, leg.amount, leg.price)).collect(),
        }
    }

    fn health_factor(&self) -> f64 {
        let weighted = self.collaterals.iter().map(|leg| leg.amount * leg.price * leg.lt);
        weighted.sum::<f64>() / self.loan().debt_usd()
    }

    fn chosen(&self) -> (&Collateral, &Debt) {
        let collateral = self.collaterals.iter().find(|leg| leg.asset == self.liquidate_collateral);
        let debt = self.debts.iter().find(|leg| leg.asset == self.repay_asset);
        collateral.zip(debt).expect("the legs that the case liquidates")
    }

    /// The legs that the engine takes: those of the largest value.
    fn largest(&self) -> (&Collateral, &Debt) {
        let by_value = |a: f64, b: f64| a.total_cmp(&b);
        let collaterals = self.collaterals.iter();
        let debts = self.debts.iter();
        collaterals
            .max_by(|a, b| by_value(a.amount * a.price, b.amount * b.price))
            .zip(debts.max_by(|a, b| by_value(a.amount * a.price, b.amount * b.price)))
            .expect("legs")
    }

    /// Whether the case takes the legs that the engine takes, and as much as it may.
    fn takes_the_most(&self) -> bool {
        let is_max = self.debt_to_cover == ToCover::Word("max".to_owned());
        is_max
            && self.chosen().0.asset == self.largest().0.asset
            && self.chosen().1.asset == self.largest().1.asset
    }

    /// The rule, from `LiquidationLogic.sol`: the most dollars of the largest debt that a call may
    /// repay out of the largest collateral without being reverted for leaving dust.
    fn largest_admissible_usd(&self) -> f64 {
        let (collateral, debt) = self.largest();
        let (from, to) = (collateral.amount * collateral.price, debt.amount * debt.price);
        let is_halved = from >= SMALL_USD && to >= SMALL_USD && self.health_factor() > DEEP_HEALTH;
        let limit = if is_halved { to.min(0.5 * self.loan().debt_usd()) } else { to };
        if limit * self.bonus >= from {
            return from / self.bonus;
        }
        let leaves_dust = to - limit < LEFTOVER_USD || from - limit * self.bonus < LEFTOVER_USD;
        if limit < to && leaves_dust {
            return limit.min(to - LEFTOVER_USD).min((from - LEFTOVER_USD) / self.bonus);
        }
        limit
    }
}

/// What the liquidator gets of the collateral that the borrower loses, and the protocol's part:
/// fee = φ (gross - gross / b).
fn split(gross: f64, inputs: &Inputs) -> (f64, f64) {
    let fee = (gross - gross / inputs.bonus) * inputs.protocol_fee;
    (gross - fee, fee)
}

#[test]
fn a_position_is_liquidatable_below_a_health_factor_of_one() {
    for case in aave_cases() {
        for marks in MARKS {
            let call = case.inputs.loan().liquidate(marks, |_| ());
            let health = call.before.weighted as f64 / call.before.debt as f64;
            let bound = 2.0 * call.bound_usd / case.inputs.loan().debt_usd();
            let expected = case.expected.health_factor.unwrap_or(case.inputs.health_factor());
            case.agree("health factor", health, expected, bound);
            let is_liquidated = call.event.n_calls > 0;
            case.hold("liquidatable", is_liquidated == case.expected.liquidatable);
        }
    }
}

/// Cases that leave dust are reverted by the venue; the engine makes the largest call that is not.
#[test]
fn the_largest_call_that_the_venue_admits_is_made() {
    for case in aave_cases().iter().filter(|case| case.expected.liquidatable) {
        for marks in MARKS {
            let call = case.inputs.loan().liquidate(marks, |_| ());
            let admissible = case.inputs.largest_admissible_usd();
            case.agree("repaid", call.repaid_usd(), admissible, call.bound_usd);
            if case.expected.reverts_dust && case.inputs.takes_the_most() {
                let share = case.expected.close_factor.unwrap_or(0.5);
                let limit = share * case.inputs.loan().debt_usd();
                case.hold("less is repaid than reverts", call.repaid_usd() < limit - 1.0);
                let left = call.usd(call.after.debt).min(call.usd(call.after.collateral));
                case.hold("no dust is left", left >= LEFTOVER_USD - call.bound_usd);
            }
        }
    }
}

#[test]
fn the_most_is_repaid_and_seized_as_on_chain() {
    let mut n_compared = 0;
    for case in aave_cases().iter().filter(|case| case.inputs.takes_the_most()) {
        for marks in MARKS {
            let call = case.inputs.loan().liquidate(marks, |_| ());
            n_compared += usize::from(compare(case, &call));
        }
    }
    // Of 14 cases: one is healthy, three are reverted, one repays a chosen amount, one a small leg.
    assert_eq!(n_compared, 8 * MARKS.len());
}

/// Compares what the case states; whether it states anything.
fn compare(case: &AaveCase, call: &Call) -> bool {
    let Some(repaid) = case.expected.debt_repaid else { return false };
    let (collateral, debt) = case.inputs.chosen();
    let bound = |price: f64| call.bound_usd / price;
    case.agree("debt repaid", call.repaid_usd() / debt.price, repaid, bound(debt.price));
    let (to_liquidator, fee) = split(call.seized_usd() / collateral.price, &case.inputs);
    let bound_seized = bound(collateral.price);
    if let Some(expected) = case.expected.collateral_to_liquidator {
        case.agree("collateral to liquidator", to_liquidator, expected, bound_seized);
    }
    if let Some(expected) = case.expected.protocol_fee_collateral {
        case.agree("protocol fee", fee, expected, bound_seized);
    }
    if let Some(deficit) = &case.expected.deficit {
        let mut total_usd = 0.0;
        for leg in &case.inputs.debts {
            let expected = deficit.get(&leg.asset).copied().unwrap_or(0.0);
            total_usd += expected * leg.price;
            case.agree("deficit", call.lost(&leg.asset), expected, bound(leg.price));
        }
        case.agree("deficits", call.usd(call.event.written_off), total_usd, call.bound_usd);
    }
    true
}

/// The engine repays the most it may. Where the case repays less, the close factor is set to that
/// amount, which leaves the exchange of debt for collateral to be compared.
#[test]
fn a_chosen_amount_is_exchanged_as_on_chain() {
    let cases = aave_cases();
    let case = cases.iter().find(|case| case.id == "aave-partial-106").expect("the case");
    let ToCover::Units(units) = case.inputs.debt_to_cover else { panic!("a chosen amount") };
    for marks in MARKS {
        let loan = case.inputs.loan();
        let repay_usd = units * case.inputs.chosen().1.price;
        let call = loan.liquidate(marks, |action| {
            action.close_factor = repay_share(repay_usd, loan.debt_usd());
            action.full_close_below = 0;
        });
        assert!(compare(case, &call));
    }
}

/// The engine takes the largest legs. This case repays a smaller one, which the rule allows whole
/// as it is worth less than 2,000 dollars: that leg is liquidated alone, under a threshold that
/// gives it the case's health factor.
#[test]
fn a_small_debt_leg_is_repaid_whole_as_on_chain() {
    let cases = aave_cases();
    let case = cases.iter().find(|case| case.id == "aave-small-debt-leg").expect("the case");
    let mut loan = case.inputs.loan();
    loan.debts.retain(|leg| leg.asset == case.inputs.repay_asset);
    let collateral = &mut loan.collaterals[0];
    let value_usd = collateral.amount * collateral.price;
    let debt_usd: f64 = loan.debts.iter().map(|leg| leg.amount * leg.price).sum();
    collateral.threshold = case.inputs.health_factor() * debt_usd / value_usd;
    for marks in MARKS {
        assert!(compare(case, &loan.liquidate(marks, |_| ())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// With a target a call repays (T D - W) / (T - t b), as far as the debt and the collateral go:
    /// health is the target then, or the whole is repaid where no part restores it.
    #[test]
    fn a_call_restores_the_target_health(
        target in 1.0..2.0,
        threshold in 0.3..0.95,
        bonus in 0.0..0.2,
        health in 0.5..0.999,
        value_usd in 1e3..1e7,
    ) {
        let incentive = 1.0 + bonus;
        let rule = AaveV3 {
            target_health: target,
            full_close_below: 0.0,
            small_usd: 0.0,
            dust_usd: 0.0,
            calls_per_step: 1,
            ..AaveV3::default()
        };
        let amount = |asset: &str, amount, threshold| Amount {
            asset: asset.to_owned(),
            amount,
            price: 1.0,
            threshold,
            incentive,
        };
        let debt_usd = threshold * value_usd / health;
        let loan = Loan {
            rule: Rule::AaveV3(rule),
            collaterals: vec![amount("collateral", value_usd, threshold)],
            debts: vec![amount("debt", debt_usd, 0.0)],
        };
        for marks in MARKS {
            let call = loan.liquidate(marks, |_| ());
            let lacking = target * debt_usd - threshold * value_usd;
            let gained = target - threshold * incentive;
            let restoring = if gained > 0.0 { lacking / gained } else { f64::INFINITY };
            let expected = restoring.min(debt_usd).min(value_usd / incentive);
            // Rounding of W and of the target is multiplied by what a unit repaid gains.
            let bound = (8.0 * call.bound_usd + call.widened_usd) / gained.clamp(0.01, 1.0);
            let repaid = call.repaid_usd();
            prop_assert!((repaid - expected).abs() <= bound, "{repaid}, not {expected}");
            if expected == restoring {
                let after = call.after.weighted as f64 / call.after.debt as f64;
                let left_usd = call.usd(call.after.debt).max(1.0);
                let bound = 4.0 * bound / left_usd;
                prop_assert!((after - target).abs() <= bound, "{after}, not {target}");
            }
        }
    }
}
