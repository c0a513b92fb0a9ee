//! Coupled paths at the edges of their formats and of what liquidators want, which no draw meets.

use shortfall::book::liquidators::{Execution, Liquidators};
use shortfall::book::venue::{AaveV3, CompoundV2, Perpetual, Rule, Terms, Tier};
use shortfall::book::{Leg, LegKind};
use shortfall::engine::cpu::Cpu;
use shortfall::market::Shock;
use shortfall::market::depth::{ConstantProduct, Depth, DepthForm, Feedback};
use shortfall::units::AssetId;

use super::reference::SEED;
use crate::support::drawn::scale_form;
use crate::support::edges;
use crate::support::twins::on_host;
use crate::support::twins::story_of;
use crate::{outcomes, support};

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
    on_host("edges", &program, SEED, 0..1);
    let story = story_of(&program, SEED, 0);
    assert_eq!(story.outcome.n_events, 1);
    // Beyond the margin, four shorts cost four times 200 less what they were sold at.
    assert!(program.usd(story.outcome.realised.into()) > 4.0 * 0.95 * 199.0 - 0.1);
}

/// Without a bonus a debt is repaid with a collateral of the same worth, and with a small one the
/// protocol's share takes it: liquidators who may decline do.
#[test]
fn liquidators_leave_what_earns_nothing() {
    let n_events = |rule: Rule, bonus: f64| {
        let market = support::market(vec![support::still(1.0); 2]);
        let venues = vec![support::venue(rule, vec![support::terms(0.8, bonus); 2])];
        let legs =
            vec![support::leg(LegKind::Collateral, 0, 1.0), support::leg(LegKind::Debt, 1, 0.85)];
        let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
        scenario.liquidators = Some(Liquidators::default());
        let program = support::compiled(&scenario);
        on_host("edges", &program, SEED, 0..1);
        story_of(&program, SEED, 0).outcome.n_events
    };
    // The protocol's share is 2.8 % of what is seized: 1.028 x 0.972 is below 1.
    let at_compound = |bonus| n_events(Rule::CompoundV2(CompoundV2::default()), bonus);
    assert_eq!([0.0, 0.028, 0.03].map(at_compound), [0, 0, 1]);
    // Aave's is 10 % of the bonus, so that whatever bonus there is leaves something.
    let at_aave = |bonus| n_events(Rule::AaveV3(AaveV3::default()), bonus);
    assert_eq!([0.0, 0.001].map(at_aave), [0, 1]);
}

/// Two crowds near their thresholds, each in an asset of its own: what the one sells widens the
/// room of its asset, while a position of the other is looked at and healthy yet.
fn bounds_change_no_bit_of_two_crowds(
    rule: Rule,
    terms: &Terms,
    position: impl Fn(u32, f64) -> Vec<Leg>,
) {
    let assets = vec![support::diffusing(1.0, 0.8), support::diffusing(1.0, 0.8)];
    let mut market = support::market([assets, vec![support::still(1.0)]].concat());
    let depth = |asset| Depth {
        asset,
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 2e4 }),
        fee: 0.0,
        permanent: 0.0,
        half_life_years: 6.0 * support::HOUR_YEARS,
        by_drawdown: Vec::new(),
    };
    market.liquidity.depths = (0..2).map(AssetId).map(depth).collect();
    let venues = vec![support::venue(rule, vec![terms.clone(); 3])];
    let near = |idx: u32| (0, position(idx % 2, 0.93 + 0.07 * f64::from(idx) / 400.0));
    let positions: Vec<_> = (0..400).map(near).collect();
    let mut scenario = support::scenario(market, venues, support::book(&positions));
    scenario.run.n_steps = 48;
    scenario.run.step_years = support::HOUR_YEARS;
    let program = support::compiled(&scenario);
    let bounded = outcomes(&program, Cpu::new(&program, SEED, 2), 500);
    assert!(bounded.0.iter().any(|outcome| outcome.n_events > 0));
    let unbounded = Cpu::new(&program, SEED, 2).without_bounds();
    assert_eq!(bounded, outcomes(&program, unbounded, 500));
}

#[test]
fn bounds_change_no_bit_where_room_grows_for_others() {
    let rule = Rule::CompoundV2(CompoundV2::default());
    bounds_change_no_bit_of_two_crowds(rule, &support::terms(0.8, 0.08), |asset, breached_at| {
        let collateral = support::leg(LegKind::Collateral, asset, 1.0);
        vec![collateral, support::leg(LegKind::Debt, 2, 0.8 * breached_at)]
    });
}

/// The same of longs with margin tiers, which runs of steps bound.
#[test]
fn bounds_change_no_bit_of_tiers_where_room_grows() {
    let tier = |floor_usd, rate| Tier { floor_usd, rate };
    let tiers = vec![tier(0.0, 0.05), tier(0.99, 0.06)];
    let terms = Terms { tiers, ..support::terms(1.0, 0.0) };
    let rule = Rule::Perpetual(Perpetual::default());
    bounds_change_no_bit_of_two_crowds(rule, &terms, |asset, breached_at| {
        let margin = support::leg(LegKind::Collateral, 2, 1.0 - 0.95 * breached_at);
        vec![margin, support::perp(asset, 1.0, 1.0)]
    });
}

/// The market holds a debt for worthless, its venue does not yet: what no collateral covers is
/// written off for nothing, and stays so when the price has come back.
#[test]
fn worthless_debt_is_written_off_for_nothing() {
    let program = support::compiled(&support::worthless_debt());
    on_host("edges", &program, SEED, 0..1);
    let outcome = story_of(&program, SEED, 0).outcome;
    assert_eq!((outcome.n_defaults, outcome.n_events), (1, 0));
    assert_eq!((outcome.stranded, outcome.under_water), (0, 0));
    assert_eq!(outcomes(&program, Cpu::new(&program, SEED, 1), 1).0, [outcome]);
}

/// Money is worth more and more of its quanta, in programs that no scenario compiles to, until sums
/// of it end at the bound of their word: a further sale brings nothing then, and is declined.
#[test]
fn markets_whose_money_leaves_its_word_are_walked_alike() {
    let mut scenario = edges::settled_opening(Feedback::NextStep, Execution::InTurn);
    // Deep, so that prices hardly move.
    scenario.market.liquidity.depths.iter_mut().for_each(|it| scale_form(&mut it.form, 1e3));
    let mut program = support::compiled(&scenario);
    let mut n_refused = 0;
    for more in 1..=28 {
        let bands = &mut program.liquidity.as_mut().expect("depth").bands;
        bands.iter_mut().for_each(|band| band.money_shift += 1);
        if program.check().is_ok() {
            on_host(&format!("2^{more} times the money"), &program, SEED, 0..6);
        } else {
            n_refused += 1;
        }
    }
    assert!(n_refused < 8, "{n_refused} of 28 are refused");
}
