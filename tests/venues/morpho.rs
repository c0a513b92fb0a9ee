//! Morpho Blue.

use serde::Deserialize;
use shortfall::book::venue::{MorphoBlue, Rule};

use super::loan::{Amount, Loan, MARKS, repay_share};
use super::vectors::cases;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    lltv: f64,
    collateral: f64,
    debt: f64,
    price: f64,
    seize: f64,
    supply: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    liquidatable: Option<bool>,
    repaid: f64,
    seized: Option<f64>,
    bad_debt: f64,
    collateral_left: Option<f64>,
    debt_left: Option<f64>,
    supply_after: Option<f64>,
}

impl Inputs {
    fn loan(&self) -> Loan {
        let rule = Rule::MorphoBlue(MorphoBlue::default());
        let amount = |asset: &str, amount, price| Amount {
            asset: asset.to_owned(),
            amount,
            price,
            threshold: self.lltv,
            incentive: 1.0 + rule.liquidation().default_bonus(self.lltv),
        };
        Loan {
            collaterals: vec![amount("collateral", self.collateral, self.price)],
            debts: vec![amount("debt", self.debt, 1.0)],
            rule,
        }
    }
}

/// The engine seizes and repays the most it may. Where the case seizes a part of the collateral,
/// a close factor is set to what the venue lets be repaid for it: what is left to compare is what
/// is seized for that, and what remains.
#[test]
fn loans_are_liquidated_as_on_chain() {
    for case in cases::<Inputs, Expected>("morpho_liquidate", 5) {
        let (inputs, expected) = (&case.inputs, &case.expected);
        for marks in MARKS {
            let call = inputs.loan().liquidate(marks, |action| {
                if inputs.seize < inputs.collateral {
                    action.close_factor = repay_share(expected.repaid, inputs.debt);
                }
            });
            let bound = call.bound_usd;
            let left = call.usd(call.after.collateral) / inputs.price;
            let bad_debt = call.usd(call.event.written_off);
            case.hold("liquidatable", call.event.n_calls == 1);
            case.hold("liquidatable", expected.liquidatable != Some(false));
            case.agree("repaid", call.repaid_usd(), expected.repaid, bound);
            case.agree("bad debt", bad_debt, expected.bad_debt, bound);
            let seized = call.seized_usd() / inputs.price;
            let bound_seized = bound / inputs.price;
            case.agree("seized", seized, expected.seized.unwrap_or(inputs.seize), bound_seized);
            if let Some(expected) = expected.collateral_left {
                case.agree("collateral left", left, expected, bound_seized);
            }
            if let Some(expected) = expected.debt_left {
                case.agree("debt left", call.usd(call.after.debt), expected, bound);
            }
            if let (Some(before), Some(after)) = (inputs.supply, expected.supply_after) {
                case.agree("supply", before - bad_debt, after, bound);
            }
        }
    }
}

/// LIF = min(1.15, 1 / (1 - 0.3 (1 - LLTV))) of the LLTVs that are enabled on chain.
#[test]
fn the_incentive_follows_from_the_lltv() {
    let enabled = [
        (0.385, 1.15),
        (0.625, 1.1268),
        (0.77, 1.0741),
        (0.86, 1.0438),
        (0.915, 1.0262),
        (0.945, 1.0168),
        (0.965, 1.0106),
        (0.98, 1.0060),
    ];
    let rule = Rule::MorphoBlue(MorphoBlue::default());
    for (lltv, expected) in enabled {
        let incentive = 1.0 + rule.liquidation().default_bonus(lltv);
        assert!((incentive - expected).abs() < 5e-5, "{incentive} at {lltv}, not {expected}");
    }
}
