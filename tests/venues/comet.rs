//! Compound v3, "Comet": what is absorbed, what the market pays for it, what its storefront sells.

use serde::Deserialize;
use shortfall::book::venue::{Comet, Rule, Terms};
use shortfall::book::{Leg, LegKind};
use shortfall::engine::story::{Story, ToldEvent};
use shortfall::market::Shock;
use shortfall::program::Program;
use shortfall::scenario::Opening;
use shortfall::units::AssetId;

use super::vectors::cases;
use crate::support;
use crate::support::twins::{on_host, story_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collateral {
    amount: f64,
    price: f64,
    liquidation_factor: Option<f64>,
    liquidate_cf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    debt: f64,
    base_price: f64,
    collaterals: Vec<Collateral>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Liquidatable {
    liquidatable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Absorbed {
    new_base_balance: f64,
    base_paid_out: f64,
    base_reserves_delta: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quote {
    base_in: f64,
    base_price: f64,
    price: f64,
    liquidation_factor: f64,
    store_front_price_factor: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quoted {
    collateral_out: f64,
}

/// One account whose prices stand still, but for changes in the first two steps.
struct One {
    rule: Comet,
    base_price: f64,
    debt: f64,
    /// Amount, price, threshold, liquidation factor.
    collaterals: Vec<[f64; 4]>,
    changes: [f64; 2],
}

impl One {
    /// The account of a case; the base asset is the last one.
    fn of(account: &Account, threshold: impl Fn(&Collateral) -> f64) -> Self {
        let collaterals = account
            .collaterals
            .iter()
            .map(|it| [it.amount, it.price, threshold(it), it.liquidation_factor.unwrap_or(1.0)]);
        Self {
            rule: Comet::default(),
            base_price: account.base_price,
            debt: account.debt,
            collaterals: collaterals.collect(),
            changes: [0.0; 2],
        }
    }

    fn program(&self) -> Program {
        let base = self.collaterals.len();
        let held = self.collaterals.iter();
        let mut assets: Vec<_> = held.clone().map(|it| support::still(it[1])).collect();
        assets.push(support::still(self.base_price));
        let mut terms: Vec<Terms> = held.clone().map(|it| support::terms(it[2], 0.0)).collect();
        for (terms, it) in terms.iter_mut().zip(&self.collaterals) {
            terms.liquidation_factor = it[3];
        }
        terms.push(support::terms(0.0, 0.0));
        let leg =
            |(idx, it): (usize, &[f64; 4])| support::leg(LegKind::Collateral, idx as u32, it[0]);
        let mut legs: Vec<Leg> = held.enumerate().map(leg).collect();
        let kind = if self.debt > 0.0 { LegKind::Debt } else { LegKind::Collateral };
        legs.push(support::leg(kind, base as u32, self.debt.abs()));
        let venues = vec![support::venue(Rule::Comet(self.rule.clone()), terms)];
        let mut market = support::market(assets);
        for (step, change) in self.changes.into_iter().enumerate().filter(|(_, it)| *it != 0.0) {
            let (asset, at_years) = (AssetId(0), step as f64 * support::HOUR_YEARS);
            market.shocks.push(Shock { asset, change, at_years, over_years: 0.0 });
        }
        let book = support::book(&[(0, legs)]);
        let mut scenario = support::scenario(market, venues, book);
        (scenario.run.n_steps, scenario.run.opening) = (4, Opening::Keep);
        support::compiled(&scenario)
    }

    /// The path, which the reference walker and the CPU find alike.
    fn walked(&self) -> (Program, Story) {
        let program = self.program();
        on_host("a comet account", &program, 1, 0..1);
        let story = story_of(&program, 1, 0);
        (program, story)
    }

    /// Units of the base asset that are owed after an event, and what two units of the position
    /// are worth in it.
    fn owed(&self, program: &Program, told: &ToldEvent) -> (f64, f64) {
        let (unit_usd, _) = support::units_usd(program, 0);
        let units = f64::from(told.legs[self.collaterals.len()].quantity);
        (units * unit_usd / self.base_price, 2.0 * unit_usd / self.base_price)
    }
}

#[test]
fn accounts_are_liquidatable_as_on_chain() {
    for case in cases::<Account, Liquidatable>("comet_is_liquidatable", 4) {
        let one = One::of(&case.inputs, |it| it.liquidate_cf.unwrap());
        let (_, story) = one.walked();
        let is_liquidated = !story.events.is_empty();
        case.hold("liquidatable", is_liquidated == case.expected.liquidatable);
    }
}

/// The market pays for an account in the event in which it takes it over, and sells nothing yet.
#[test]
fn accounts_are_absorbed_as_on_chain() {
    for case in cases::<Account, Absorbed>("comet_absorb", 3) {
        // Their thresholds are not said; any below the factor will do.
        let one = One::of(&case.inputs, |_| 0.99);
        let (program, story) = one.walked();
        let first = &story.events[0];
        let (paid, bound) = one.owed(&program, first);
        let Absorbed { new_base_balance, base_paid_out, base_reserves_delta } = case.expected;
        case.agree("paid out", paid, base_paid_out, bound);
        case.agree("the borrower's balance", paid - one.debt, new_base_balance, bound);
        case.hold("reserves pay for it", base_reserves_delta == -base_paid_out);
        case.hold("nothing is sold yet", (first.event.repaid, first.event.seized) == (0, 0));
        case.hold("it is one event", first.event.n_calls == 1);
    }
}

/// A buyer pays for so much of the collateral.
#[test]
fn the_storefront_quotes_as_on_chain() {
    for case in cases::<Quote, Quoted>("comet_quote_collateral", 3) {
        let Quote { base_in, base_price, price, liquidation_factor, .. } = case.inputs;
        let amount = 0.999 * base_in * base_price / (price * liquidation_factor);
        let one = One {
            rule: Comet {
                store_front_price_factor: case.inputs.store_front_price_factor,
                ..Comet::default()
            },
            base_price,
            debt: base_in,
            collaterals: vec![[amount, price, 0.9 * liquidation_factor, liquidation_factor]],
            changes: [0.0; 2],
        };
        let (program, story) = one.walked();
        let sale = &story.events[1];
        let (unit_usd, fine_usd) = support::units_usd(&program, 0);
        let bound = 2.0 * unit_usd;
        case.agree("paid", sale.event.repaid as f64 * fine_usd / base_price, base_in, bound);
        let bought = sale.event.seized as f64 * fine_usd / price;
        case.agree("bought", bought, case.expected.collateral_out, bound / price);
        case.hold("all is paid for", story.events.len() == 2);
    }
}

/// Absorbed at one price, sold at another: what lacks is the market's loss, in the step of the
/// sale. Credited with 0.9 of 1,000 the borrower keeps 50 of what the market pays.
#[test]
fn a_fall_between_absorption_and_sale_is_the_market_s() {
    for (changes, lost) in [
        // 98 are credited with 88.2, so 100 is paid; 78.4 are sold for 74.48.
        ([-0.3, -0.2], 100.0 - 140.0 * 0.7 * 0.8 * 0.95),
        // Sold at the price of the absorption.
        ([-0.3, 0.0], 100.0 - 140.0 * 0.7 * 0.95),
        // It rises, and covers what was paid.
        ([-0.3, 0.2], 0.0),
    ] {
        let one = One {
            rule: Comet::default(),
            base_price: 1.0,
            debt: 100.0,
            collaterals: vec![[1.0, 140.0, 0.8, 0.9]],
            changes,
        };
        let (program, story) = one.walked();
        let bound = 8.0 * support::units_usd(&program, 0).0;
        let found = program.usd(story.outcome.realised.into());
        assert!((found - lost).abs() < bound, "{found} is lost, not {lost}");
        assert_eq!((story.outcome.n_events, story.outcome.n_defaults), (2, 1));
        assert_eq!(story.events[1].when.step, 1);
        assert_eq!((story.outcome.stranded, story.outcome.under_water), (0, 0));
    }
    let one = One {
        rule: Comet::default(),
        base_price: 1.0,
        debt: 850.0,
        collaterals: vec![[1.0, 1_000.0, 0.8, 0.9]],
        changes: [0.0, -0.2],
    };
    let (program, story) = one.walked();
    let found = program.usd(story.outcome.realised.into());
    let lost = 900.0 - 800.0 * 0.95;
    assert!((found - lost).abs() < 8.0 * support::units_usd(&program, 0).0, "{found}, not {lost}");
}
