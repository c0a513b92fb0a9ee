//! Euler v2.

use serde::Deserialize;
use shortfall::book::LegKind;
use shortfall::book::venue::{EulerV2, Rule};
use shortfall::engine::Backend;
use shortfall::engine::cpu::Cpu;
use shortfall::engine::reference::Reference;
use shortfall::engine::shape::shape;
use shortfall::market::Shock;
use shortfall::scenario::Opening;
use shortfall::tail::{Counters, Outcome};

use super::loan::{Amount, Loan, MARKS, repay_share};
use super::vectors::cases;
use crate::support;
use crate::support::twins::{on_host, story_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collateral {
    amount: f64,
    price: f64,
    liq_ltv: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    collaterals: Vec<Collateral>,
    debt: f64,
    debt_price: f64,
    max_discount: f64,
    desired_repay: Option<f64>,
    min_socialise_value: Option<f64>,
    liquidate_index: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    liquidatable: Option<bool>,
    max_repay: f64,
    max_yield: f64,
    debt_socialised: Option<f64>,
}

impl Inputs {
    /// The collateral that the case's liquidator asks for first: the engine's takes the largest.
    fn chosen(&self) -> &Collateral {
        &self.collaterals[self.liquidate_index.unwrap_or(0)]
    }

    fn loan(&self) -> Loan {
        let default = EulerV2::default();
        let rule = Rule::EulerV2(EulerV2 {
            max_liquidation_discount: self.max_discount,
            least_socialised_usd: self.min_socialise_value.unwrap_or(default.least_socialised_usd),
            ..default
        });
        let collateral = |(place, of): (usize, &Collateral)| Amount {
            asset: format!("collateral-{place}"),
            amount: of.amount,
            price: of.price,
            threshold: of.liq_ltv,
            incentive: 1.0,
        };
        let debt = Amount {
            asset: "debt".to_owned(),
            amount: self.debt,
            price: self.debt_price,
            threshold: 0.0,
            incentive: 1.0,
        };
        Loan {
            collaterals: self.collaterals.iter().enumerate().map(collateral).collect(),
            debts: vec![debt],
            rule,
        }
    }
}

/// The engine repays the most it may; where the case repays a part, a close factor is set to that.
/// Its smaller collateral is asked for by itself: of two calls the second is at another health.
#[test]
fn loans_are_liquidated_as_on_chain() {
    for case in cases::<Inputs, Expected>("euler_liquidate", 11) {
        let (inputs, expected) = (&case.inputs, &case.expected);
        if inputs.chosen().price == 0.0 || inputs.liquidate_index.is_some() {
            continue;
        }
        for marks in MARKS {
            let call = inputs.loan().liquidate(marks, |action| {
                action.calls_per_step = 1;
                if let Some(desired) = inputs.desired_repay {
                    action.close_factor = repay_share(desired, inputs.debt);
                }
            });
            let bound = call.bound_usd;
            let is_liquidatable = expected.liquidatable != Some(false);
            case.hold("liquidatable", (call.event.n_calls == 1) == is_liquidatable);
            let repaid = call.repaid_usd() / inputs.debt_price;
            // What counts is widened by up to 1e-7, and the discount with it.
            let wide = bound + 2e-7 * inputs.debt * inputs.debt_price;
            case.agree("repaid", repaid, expected.max_repay, wide / inputs.debt_price);
            let seized = call.seized_usd() / inputs.chosen().price;
            case.agree("seized", seized, expected.max_yield, wide / inputs.chosen().price);
            let socialised = call.lost("debt");
            let expected = expected.debt_socialised.unwrap_or(0.0);
            case.agree("socialised", socialised, expected, wide / inputs.debt_price);
        }
    }
}

/// The same through a scenario of one position: the collateral falls to the case's price in the
/// first step, in which the venue liquidates the most it may.
#[test]
fn a_scenario_of_one_loan_repays_and_loses_what_the_case_says() {
    for case in cases::<Inputs, Expected>("euler_liquidate", 11) {
        let (inputs, expected) = (&case.inputs, &case.expected);
        let of = inputs.chosen();
        let is_whole = inputs.desired_repay.is_none() && inputs.collaterals.len() == 1;
        // Collateral that never counts is liquidated at the opening.
        if !is_whole || of.price == 0.0 || of.liq_ltv == 0.0 {
            continue;
        }
        let loan = inputs.loan();
        let assets = vec![support::still(2.0 * of.price), support::still(inputs.debt_price)];
        let mut market = support::market(assets);
        let asset = shortfall::units::AssetId(0);
        market.shocks = vec![Shock { asset, change: -0.5, at_years: 0.0, over_years: 0.0 }];
        let terms = vec![support::terms(of.liq_ltv, 0.0), support::terms(0.0, 0.0)];
        let legs = vec![
            support::leg(LegKind::Collateral, 0, of.amount),
            support::leg(LegKind::Debt, 1, inputs.debt),
        ];
        let venues = vec![support::venue(loan.rule.clone(), terms)];
        let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
        scenario.run.n_steps = 1;
        let program = support::compiled(&scenario);
        for mut backend in [
            Box::new(Cpu::new(&program, 1, 1)) as Box<dyn Backend + '_>,
            Box::new(Reference::new(&program, 1, 1)),
        ] {
            let mut outcomes = [Outcome::default()];
            let mut counters = Counters::new(shape(&program));
            backend.run(0..1, &mut outcomes, &mut counters).unwrap();
            let usd = |money: i64| program.usd(money.into());
            let bound = 3e-7 * inputs.debt * inputs.debt_price;
            let repaid = usd(outcomes[0].liquidated);
            case.agree("repaid", repaid, expected.max_repay * inputs.debt_price, bound);
            let socialised = expected.debt_socialised.unwrap_or(0.0) * inputs.debt_price;
            case.agree("socialised", usd(outcomes[0].realised), socialised, bound);
        }
    }
}

/// Equality is a breach, by a hair of rounding as well; but not of what owes nothing, though its
/// collateral counts for nothing: neither as the book has it nor after the opening was settled.
#[test]
fn what_owes_nothing_is_never_breached() {
    let market = support::market(vec![support::still(1.0); 2]);
    let rule = Rule::EulerV2(EulerV2::default());
    let terms = vec![support::terms(0.0, 0.0); 2];
    let held = support::leg(LegKind::Collateral, 0, 5.0);
    let book = [(0, vec![held]), (0, vec![held, support::leg(LegKind::Debt, 1, 0.2)])];
    let venues = vec![support::venue(rule, terms)];
    let mut scenario = support::scenario(market, venues, support::book(&book));
    scenario.run.opening = Opening::Settle;
    let program = support::compiled(&scenario);
    assert_eq!((program.opening.n, program.opening.liquidated), (1, 1));
    assert!(story_of(&program, 1, 0).events.is_empty());
    let found = on_host("settled", &program, 1, 0..2);
    assert!(found.outcomes.iter().all(|it| *it == Outcome::default()), "{:?}", found.outcomes);
}
