//! A margin account, and the prices at which the engine begins to liquidate it.

use shortfall::book::LegKind;
use shortfall::book::venue::{Margin, Perpetual, Rule, Terms, Tier};
use shortfall::engine::story::Story;
use shortfall::market::Shock;
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::units::AssetId;

use crate::support;
use crate::support::twins::story_of;

/// The cash of an account is its first asset, so that its perpetuals begin here.
const FIRST_MARKET: u32 = 1;

/// Relative error of a log price in Q8.24, rounded to nearest, and of `exp2`.
const LOG_ERROR: f64 = std::f64::consts::LN_2 / 33_554_432.0 + 3.5e-9;
/// Error of a mark rounded to 2^-24, as a share of the opening price.
const MARK_ERROR: f64 = 1.0 / 33_554_432.0;

/// A perpetual as it stands.
#[derive(Clone)]
pub(crate) struct Perp {
    pub(crate) size: f64,
    pub(crate) entry: f64,
    pub(crate) price: f64,
    pub(crate) tiers: Vec<Tier>,
}

/// Cash and perpetuals.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) cash: f64,
    pub(crate) perps: Vec<Perp>,
    pub(crate) liquidatable_at_equality: bool,
}

/// One maintenance rate for every notional.
pub(crate) fn flat(rate: f64) -> Vec<Tier> {
    vec![Tier { floor_usd: 0.0, rate }]
}

/// A price that the engine finds, and how far its formats may put it off.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) price: f64,
    pub(crate) bound: f64,
}

impl Account {
    fn scenario(&self) -> Scenario {
        let mut assets = vec![support::still(1.0)];
        let mut terms = vec![support::terms(1.0, 0.0)];
        let mut legs = vec![support::leg(LegKind::Collateral, 0, self.cash)];
        for (perp, asset) in self.perps.iter().zip(FIRST_MARKET..) {
            assets.push(support::still(perp.price));
            terms.push(Terms { tiers: perp.tiers.clone(), ..support::terms(1.0, 0.0) });
            legs.push(support::perp(asset, perp.size, perp.entry));
        }
        let rule = Perpetual {
            margin: Margin::Cross,
            liquidatable_at_equality: self.liquidatable_at_equality,
            ..Perpetual::default()
        };
        let venues = vec![support::venue(Rule::Perpetual(rule), terms)];
        support::scenario(support::market(assets), venues, support::book(&[(0, legs)]))
    }

    /// The account had the market of perpetual `idx` this price at the opening.
    pub(crate) fn opened_at(&self, idx: usize, price: f64) -> Self {
        let mut account = self.clone();
        account.perps[idx].price = price;
        account
    }

    /// Whether the engine finds the account liquidatable at the opening.
    pub(crate) fn is_breached_at_opening(&self) -> bool {
        support::compiled(&self.scenario()).opening.n == 1
    }

    /// What happens when, within a step, the market of perpetual `idx` moves to `price`.
    pub(crate) fn moved_to(&self, idx: usize, price: f64) -> (Program, Story) {
        let mut scenario = self.scenario();
        scenario.market.shocks.push(Shock {
            asset: AssetId(FIRST_MARKET + idx as u32),
            change: price / self.perps[idx].price - 1.0,
            at_years: 0.0,
            over_years: 0.0,
        });
        let program = support::compiled(&scenario);
        let story = story_of(&program, 1, 0);
        (program, story)
    }

    /// By how much rounding may put the margin off, dollars of opening value: two units of the
    /// position, and what coefficients are widened by for the errors of marks.
    pub(crate) fn rounding_usd(&self) -> f64 {
        const WIDENED: f64 = 6e-8;
        let notional = |perp: &Perp| perp.size.abs() * perp.price.max(perp.entry);
        let gross = self.cash + self.perps.iter().map(notional).sum::<f64>();
        2.0 * support::units_usd(&support::compiled(&self.scenario()), 0).0 + WIDENED * gross
    }

    /// The price of perpetual `idx` at which the account becomes liquidatable, all else held
    /// still: once by the check of the opening book, once by a path that moves there.
    pub(crate) fn liquidation_prices(&self, idx: usize) -> Option<[Found; 2]> {
        let price = self.perps[idx].price;
        let far = if self.perps[idx].size > 0.0 { price * 1e-7 } else { price * 250.0 };
        if !self.opened_at(idx, far).is_breached_at_opening() {
            assert!(self.moved_to(idx, far).1.events.is_empty(), "a path liquidates at {far}");
            return None;
        }
        let at_opening = bisect(price, far, |price| {
            let account = self.opened_at(idx, price);
            account.is_breached_at_opening()
        });
        let on_path = bisect(price, far, |price| !self.moved_to(idx, price).1.events.is_empty());
        let bound_at_opening =
            self.opened_at(idx, at_opening).rounding_usd() / self.slope(idx, at_opening);
        let units = self.rounding_usd() * (on_path / price).max(1.0) / self.slope(idx, on_path);
        let bound_on_path = units + MARK_ERROR * price + LOG_ERROR * on_path;
        Some([
            Found { price: at_opening, bound: bound_at_opening },
            Found { price: on_path, bound: bound_on_path },
        ])
    }

    /// Dollars of margin surplus that a dollar of price is worth: |s| (1 ∓ rate).
    fn slope(&self, idx: usize, price: f64) -> f64 {
        let perp = &self.perps[idx];
        let notional = perp.size.abs() * price;
        let reached = perp.tiers.iter().rfind(|tier| tier.floor_usd <= notional);
        let rate = reached.map_or(0.0, |tier| tier.rate);
        (perp.size - perp.size.abs() * rate).abs()
    }

    /// The least cash with which the account is not liquidatable at its prices, or, if `factor` is
    /// given, after its first market moved from 1 / `factor` of its price.
    pub(crate) fn required_cash(&self, factor: f64) -> f64 {
        let notional: f64 = self.perps.iter().map(|perp| perp.size.abs() * perp.price).sum();
        let price = self.perps[0].price;
        bisect(notional, 0.0, |cash| {
            let account = Self { cash, ..self.opened_at(0, price / factor) };
            if factor == 1.0 {
                account.is_breached_at_opening()
            } else {
                !account.moved_to(0, price).1.events.is_empty()
            }
        })
    }
}

/// Where `is_beyond` begins to hold between `near`, where it does not, and `far`, where it does.
pub(crate) fn bisect(mut near: f64, mut far: f64, is_beyond: impl Fn(f64) -> bool) -> f64 {
    assert!(!is_beyond(near), "already beyond at {near}");
    assert!(is_beyond(far), "not yet beyond at {far}");
    for _ in 0..60 {
        let middle = 0.5 * (near + far);
        if is_beyond(middle) { far = middle } else { near = middle }
    }
    0.5 * (near + far)
}
