//! Coupled paths at the edges of their formats and of what liquidators want, which no draw meets.

use shortfall::book::LegKind;
use shortfall::book::liquidators::Liquidators;
use shortfall::book::venue::{CompoundV2, Perpetual, Rule, Terms, Tier};
use shortfall::engine::cpu::replay::explain;
use shortfall::market::Shock;
use shortfall::market::depth::{ConstantProduct, Depth, DepthForm};
use shortfall::units::AssetId;

use super::second_walk::{SEED, check};
use crate::support;

/// Four shorts are bought back at 200 times the price in pools of an eighth of them: each costs
/// nearly all that a word of money holds, and together they cost more.
#[test]
fn squeezed_shorts_slip_as_far_as_words_reach() {
    let mut market = support::market(vec![support::still(1.0); 5]);
    let depth = |asset| Depth {
        asset,
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 0.12 }),
        fee: 0.0,
        permanent: 0.0,
        half_life_years: f64::INFINITY,
        by_drawdown: Vec::new(),
    };
    let shock = |asset| Shock { asset, change: 199.0, at_years: 0.0, over_years: 0.0 };
    market.liquidity.depths = (1..5).map(AssetId).map(depth).collect();
    market.shocks = (1..5).map(AssetId).map(shock).collect();
    let terms =
        Terms { tiers: vec![Tier { floor_usd: 0.0, rate: 0.01 }], ..support::terms(1.0, 0.0) };
    let rule = Rule::Perpetual(Perpetual::default());
    let venues = vec![support::venue(rule, vec![terms; 5])];
    let mut legs = vec![support::leg(LegKind::Collateral, 0, 0.1)];
    legs.extend((1..5).map(|asset| support::perp(asset, -0.95, 1.0)));
    let scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    let program = support::compiled(&scenario);
    check(&program, 0).unwrap();
    let story = explain(&program, SEED, 0);
    assert_eq!(story.outcome.n_events, 1);
    // Beyond the margin, four shorts cost four times 200 less what they were sold at.
    assert!(program.usd(story.outcome.realised.into()) > 4.0 * 0.95 * 199.0 - 0.1);
}

/// Without a bonus a debt is repaid with a collateral of the same worth: who may decline does.
#[test]
fn liquidators_leave_what_earns_nothing() {
    let n_events = |bonus| {
        let market = support::market(vec![support::still(1.0); 2]);
        let rule = Rule::CompoundV2(CompoundV2::default());
        let venues = vec![support::venue(rule, vec![support::terms(0.8, bonus); 2])];
        let legs =
            vec![support::leg(LegKind::Collateral, 0, 1.0), support::leg(LegKind::Debt, 1, 0.85)];
        let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
        scenario.liquidators = Some(Liquidators::default());
        let program = support::compiled(&scenario);
        check(&program, 0).unwrap();
        explain(&program, SEED, 0).outcome.n_events
    };
    assert_eq!(n_events(0.0), 0);
    assert_eq!(n_events(0.01), 1);
}
