//! By how much integers miss a loss: never by more than the program's own bound says.

use shortfall::book::venue::{Perpetual, Reference, Rule, Terms, Tier};
use shortfall::book::{Leg, LegKind};
use shortfall::market::Shock;
use shortfall::scenario::Scenario;
use shortfall::units::AssetId;

use crate::support;
use crate::support::twins::story_of;

/// Numbers in 0..1 without a pattern to speak of.
struct Drawn(u64);

impl Drawn {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.next() * (high - low)
    }
}

/// Every asset's price moves at once, by a factor.
fn moved(scenario: &mut Scenario, factors: &[f64]) {
    let shock = |(asset, factor): (u32, &f64)| Shock {
        asset: AssetId(asset),
        change: factor - 1.0,
        at_years: 0.0,
        over_years: 0.0,
    };
    scenario.market.shocks = (0..).zip(factors).map(shock).collect();
}

/// The bound in USD, and by how much the loss of the only path misses the truth.
fn missed(scenario: &Scenario, truth: f64) -> (f64, f64) {
    let program = support::compiled(scenario);
    let found = program.usd(story_of(&program, 1, 0).outcome.loss().into());
    (program.usd(program.rounding_bound().into()), (found - truth).abs())
}

/// A cross account of some perpetuals that lose more than the margin.
fn perpetuals(drawn: &mut Drawn) -> (Scenario, f64) {
    let n_markets = 1 + (drawn.next() * 5.0) as u32;
    let scale = libm::exp(drawn.between(0.0, 20.0));
    let mut assets = vec![support::still(1.0)];
    let (mut legs, mut factors) = (Vec::<Leg>::new(), vec![1.0]);
    let mut equity = 0.1 * scale;
    legs.push(support::leg(LegKind::Collateral, 0, equity));
    for market in 1..=n_markets {
        let (price, factor) = (drawn.between(0.5, 90.0), drawn.between(1.5, 3.3));
        let short = drawn.between(0.1, 1.0) * scale / price;
        assets.push(support::still(price));
        factors.push(factor);
        equity -= short * (price * factor - price);
        legs.push(support::perp(market, -short, price));
    }
    let tiers = vec![Tier { floor_usd: 0.0, rate: 0.01 }];
    let terms = Terms { tiers, ..support::terms(1.0, 0.0) };
    let rule = Rule::Perpetual(Perpetual::default());
    let venues = vec![support::venue(rule, vec![terms; assets.len()])];
    let market = support::market(assets);
    let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    moved(&mut scenario, &factors);
    (scenario, (-equity).max(0.0))
}

/// Debts alone, which grow by interest and are lost whole.
fn debts(drawn: &mut Drawn) -> (Scenario, f64) {
    let n_debts = 1 + (drawn.next() * 4.0) as u32;
    let (mut assets, mut legs, mut factors) = (Vec::new(), Vec::<Leg>::new(), Vec::new());
    let mut loss = 0.0;
    for asset in 0..n_debts {
        let (price, factor) = (drawn.between(0.5, 90.0), drawn.between(0.2, 2.7));
        let (amount, borrow_rate) = (drawn.between(0.1, 1e4), drawn.between(0.0, 0.2));
        assets.push(shortfall::market::Asset { borrow_rate, ..support::still(price) });
        factors.push(factor);
        loss += amount * price * factor * libm::exp(borrow_rate);
        legs.push(support::leg(LegKind::Debt, asset, amount));
    }
    let rule = Rule::Reference(Reference::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.05); assets.len()])];
    let market = support::market(assets);
    let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    scenario.run.step_years = 1.0;
    moved(&mut scenario, &factors);
    (scenario, loss)
}

#[test]
fn no_loss_is_missed_by_more_than_the_bound_and_the_bound_is_no_more_than_it_must_be() {
    let mut drawn = Drawn(7);
    let mut largest_share: f64 = 0.0;
    for case in 0..4000 {
        let (scenario, truth) =
            if case % 2 == 0 { perpetuals(&mut drawn) } else { debts(&mut drawn) };
        let (bound, missed) = missed(&scenario, truth);
        assert!(missed <= bound, "case {case}: {truth} is missed by {missed}, above {bound}");
        let gross: f64 = scenario
            .book
            .legs
            .iter()
            .map(|leg| leg.amount.abs() * scenario.market.assets[leg.asset.idx()].price_usd)
            .sum();
        assert!(bound < 4e-7 * gross, "case {case}: a bound of {bound} for {gross}");
        largest_share = largest_share.max(missed / bound);
    }
    // A bound of twice as much would tell a loss from none as well, and less well.
    assert!(largest_share > 0.25, "{largest_share}");
}

#[test]
fn the_bound_is_that_of_the_largest_position() {
    let mut drawn = Drawn(3);
    let (mut scenario, _) = debts(&mut drawn);
    let bound = |scenario: &Scenario| {
        let program = support::compiled(scenario);
        program.usd(program.rounding_bound().into())
    };
    let one = bound(&scenario);
    let legs = scenario.book.legs.clone();
    let larger: Vec<Leg> =
        legs.iter().map(|leg| Leg { amount: leg.amount * 1024.0, ..*leg }).collect();
    scenario.book = support::book(&[(0, legs), (0, larger)]);
    let both = bound(&scenario);
    assert!((both / one / 1024.0 - 1.0).abs() < 0.01, "{both} and {one}");
    scenario.book = support::book(&[]);
    assert_eq!(bound(&scenario), 0.0);
}

#[test]
fn money_is_coarse_near_the_largest_gross_book_and_not_far_below_it() {
    let loan = |debt: f64| vec![support::leg(LegKind::Debt, 0, debt)];
    let coarse = |amounts: [f64; 2], materiality_usd: f64| {
        let rule = Rule::Reference(Reference::default());
        let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.05)])];
        let market = support::market(vec![support::still(1.0)]);
        let book = support::book(&amounts.map(|amount| (0, loan(amount))));
        let program = support::compiled(&support::scenario(market, venues, book));
        program.coarse_money(materiality_usd).map(|it| (it.quantum_usd, it.smallest_usd))
    };
    assert_eq!(coarse([1.7e16, 100.0], 1.0), Some((1.0, Some(100.0))));
    // A materiality of a million is counted well enough, a debt of 100 not.
    assert_eq!(coarse([1.7e16, 100.0], 2e6), Some((1.0, Some(100.0))));
    assert_eq!(coarse([1.7e16, 2e4], 2e6), None);
    assert_eq!(coarse([1e9, 100.0], 1.0), None);
    // Dust is not looked at.
    assert_eq!(coarse([1e9, 1e-6], 1.0), None);
}
