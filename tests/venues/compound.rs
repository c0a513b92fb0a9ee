//! Compound v2.

use serde::Deserialize;
use shortfall::book::venue::{CompoundV2, Rule};

use super::loan::{Amount, Call, Loan, MARKS, repay_share};
use super::vectors::{Case, cases};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collateral {
    amount: f64,
    price: f64,
    cf: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Debt {
    amount: f64,
    price: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    collaterals: [Collateral; 1],
    debts: [Debt; 1],
    close_factor: f64,
    incentive: f64,
    #[serde(default)]
    protocol_seize_share: f64,
    repay: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    liquidatable: Option<bool>,
    account_liquidity: Option<f64>,
    account_liquidity_after: Option<f64>,
    liquidity_change: Option<f64>,
    collateral_left: Option<f64>,
    debt_left: Option<f64>,
    to_liquidator: Option<f64>,
    to_reserves: Option<f64>,
}

type CompoundCase = Case<Inputs, Expected>;

fn compound_cases() -> Vec<CompoundCase> {
    cases("compound_v2_liquidate", 5)
}

impl Inputs {
    fn loan(&self) -> Loan {
        let ([collateral], [debt]) = (&self.collaterals, &self.debts);
        // Tokens of one price are the same token ("in kind").
        let debt_asset = if debt.price == collateral.price { "collateral" } else { "debt" };
        let rule = CompoundV2 {
            close_factor: self.close_factor,
            liquidation_bonus: self.incentive - 1.0,
            calls_per_step: 1,
            ..CompoundV2::default()
        };
        // An incentive below 1 is no bonus: the engine does not take it.
        let incentive = self.incentive.max(1.0);
        Loan {
            rule: Rule::CompoundV2(rule),
            collaterals: vec![Amount {
                asset: "collateral".to_owned(),
                amount: collateral.amount,
                price: collateral.price,
                threshold: collateral.cf,
                incentive,
            }],
            debts: vec![Amount {
                asset: debt_asset.to_owned(),
                amount: debt.amount,
                price: debt.price,
                threshold: 0.0,
                incentive,
            }],
        }
    }

    fn close_factor_of(&self, repay: f64) -> u32 {
        repay_share(repay, self.debts[0].amount)
    }
}

#[test]
fn a_position_is_liquidatable_below_a_liquidity_of_zero() {
    for case in compound_cases() {
        for marks in MARKS {
            let call = case.inputs.loan().liquidate(marks, |_| ());
            let liquidity = call.usd(call.before.weighted) - call.usd(call.before.debt);
            if let Some(expected) = case.expected.account_liquidity {
                case.agree("liquidity", liquidity, expected, call.bound_usd + call.widened_usd);
            }
            if let Some(expected) = case.expected.liquidatable {
                case.hold("liquidatable", (call.event.n_calls > 0) == expected);
            }
        }
    }
}

/// The engine repays the close factor's share, or what the collateral covers.
#[test]
fn the_most_is_what_the_close_factor_and_the_collateral_allow() {
    for case in compound_cases().iter().filter(|case| case.expected.liquidatable == Some(true)) {
        let ([collateral], [debt]) = (&case.inputs.collaterals, &case.inputs.debts);
        let covered = collateral.amount * collateral.price / case.inputs.incentive;
        let most = (case.inputs.close_factor * debt.amount * debt.price).min(covered);
        for marks in MARKS {
            let call = case.inputs.loan().liquidate(marks, |_| ());
            case.agree("repaid", call.repaid_usd(), most, call.bound_usd);
        }
    }
}

/// Where a case repays less than the close factor allows, that is set to the case's amount.
/// `compv2-seize-share` states an incentive below 1, which the engine does not take: of it, the
/// whole collateral seized and its split are compared.
#[test]
fn debt_is_exchanged_for_collateral_as_on_chain() {
    for case in compound_cases() {
        let Some(repay) = case.inputs.repay else { continue };
        for marks in MARKS {
            let call = case.inputs.loan().liquidate(marks, |action| {
                action.close_factor = case.inputs.close_factor_of(repay).min(action.close_factor);
            });
            compare(&case, &call);
        }
    }
}

fn compare(case: &CompoundCase, call: &Call) {
    let ([collateral], [debt]) = (&case.inputs.collaterals, &case.inputs.debts);
    let expected = &case.expected;
    let seized = call.seized_usd() / collateral.price;
    let to_reserves = seized * case.inputs.protocol_seize_share;
    let liquidity_after = call.usd(call.after.weighted) - call.usd(call.after.debt);
    let liquidity_before = call.usd(call.before.weighted) - call.usd(call.before.debt);
    let found = [
        ("collateral left", expected.collateral_left, {
            call.usd(call.after.collateral) / collateral.price
        }),
        ("debt left", expected.debt_left, call.usd(call.after.debt) / debt.price),
        ("to liquidator", expected.to_liquidator, seized - to_reserves),
        ("to reserves", expected.to_reserves, to_reserves),
        ("liquidity after", expected.account_liquidity_after, liquidity_after),
        ("liquidity change", expected.liquidity_change, liquidity_after - liquidity_before),
    ];
    let lowest_price = collateral.price.min(debt.price).min(1.0);
    for (what, expected, found) in found {
        if let Some(expected) = expected {
            let widened = if what.starts_with("liquidity") { call.widened_usd } else { 0.0 };
            case.agree(what, found, expected, call.bound_usd / lowest_price + widened);
        }
    }
    case.hold("nothing is written off", call.event.written_off == 0);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeizeInputs {
    exchange_rate: f64,
    price_borrowed: f64,
    price_collateral: f64,
    incentive: f64,
    repay: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeizeExpected {
    seize_ctokens: f64,
}

/// The engine counts the underlying, a cToken is `exchange_rate` of it. Twice the repaid amount is
/// owed under a close factor of a half, with collateral to spare that counts for nothing.
#[test]
fn ctokens_are_seized_as_on_chain() {
    for case in cases::<SeizeInputs, SeizeExpected>("compound_v2_seize_tokens", 3) {
        let inputs = &case.inputs;
        let seized = case.expected.seize_ctokens * inputs.exchange_rate;
        let amount = |asset: &str, amount, price| Amount {
            asset: asset.to_owned(),
            amount,
            price,
            threshold: 0.0,
            incentive: inputs.incentive,
        };
        let rule = CompoundV2 { calls_per_step: 1, ..CompoundV2::default() };
        let loan = Loan {
            rule: Rule::CompoundV2(rule),
            collaterals: vec![amount("collateral", 3.0 * seized, inputs.price_collateral)],
            debts: vec![amount("debt", 2.0 * inputs.repay, inputs.price_borrowed)],
        };
        for marks in MARKS {
            let call = loan.liquidate(marks, |_| ());
            let ctokens = call.seized_usd() / inputs.price_collateral / inputs.exchange_rate;
            let bound = call.bound_usd / inputs.price_collateral / inputs.exchange_rate;
            case.agree("cTokens seized", ctokens, case.expected.seize_ctokens, bound);
        }
    }
}
