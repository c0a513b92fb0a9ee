//! Coarser marks hold higher prices; nothing else may come of them than their rounding.

use shortfall::book::LegKind;
use shortfall::book::venue::{CompoundV2, Rule};
use shortfall::engine::story::Story;
use shortfall::market::Shock;
use shortfall::market::depth::{ConstantProduct, Depth, DepthForm};
use shortfall::market::oracle::Feed;
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::units::AssetId;

use crate::support::twins::story_of;
use crate::support::{self, HOUR_YEARS};

fn jump(asset: u32, change: f64, step: u32) -> Shock {
    let at_years = f64::from(step) * HOUR_YEARS;
    Shock { asset: AssetId(asset), change, at_years, over_years: 0.0 }
}

/// Loans of which some are sold into a thin market in two falls of the collateral, whose venue
/// reads it an hour late. In the last step prices of all assets rise by such a factor and fall by
/// it again, at once: that moves nothing, but asks for marks that could hold it.
fn loans(risen: f64) -> Scenario {
    let mut market = support::market(vec![support::still(3.0), support::still(1.0)]);
    market.shocks = vec![jump(0, -0.3, 1), jump(0, -0.2, 4)];
    for asset in [0, 1] {
        market.shocks.extend([jump(asset, risen - 1.0, 9), jump(asset, 1.0 / risen - 1.0, 9)]);
    }
    market.liquidity.feeds = vec![Feed { delay_years: HOUR_YEARS, ..Feed::default() }; 2];
    market.liquidity.depths = vec![Depth {
        asset: AssetId(0),
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 2e4 }),
        half_life_years: 3.0 * HOUR_YEARS,
        permanent: 0.2,
        fee: 0.003,
        by_drawdown: Vec::new(),
    }];
    let rule = Rule::CompoundV2(CompoundV2::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.9, 0.08); 2])];
    let loan = |owed: f64| {
        let held = support::leg(LegKind::Collateral, 0, 1000.0);
        (0, vec![held, support::leg(LegKind::Debt, 1, owed)])
    };
    let loans = [loan(2650.0), loan(2300.0), loan(1700.0), loan(1200.0), loan(100.0)];
    let mut scenario = support::scenario(market, venues, support::book(&loans));
    scenario.run.n_steps = 12;
    scenario
}

fn told(risen: f64) -> (Program, Story) {
    let program = support::compiled(&loans(risen));
    let story = story_of(&program, 1, 0);
    (program, story)
}

#[test]
fn octaves_change_nothing_but_the_rounding_of_marks() {
    let (plain, expected) = told(1.0);
    assert!(expected.events.len() > 3 && expected.outcome.loss() > 0, "{:?}", expected.outcome);
    for (risen, octaves) in [(300.0, 3), (1_000.0, 4), (10_000.0, 8)] {
        let (program, found) = told(risen);
        // Two of them because of purchases, which may raise the price further.
        assert_eq!(program.market.octaves.of(0), octaves, "{risen}");
        assert_eq!(program.market.octaves.of(1), octaves - 2, "{risen}");
        let usd = |program: &Program, money: i64| program.usd(money.into());
        let near = |found: i64, expected: i64, what: &str| {
            let (found, expected) = (usd(&program, found), usd(&plain, expected));
            let slack = 1e-4 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= slack, "{risen} {what}: {found} for {expected}");
        };
        assert_eq!(found.outcome.n_events, expected.outcome.n_events, "{risen}");
        near(found.outcome.loss(), expected.outcome.loss(), "lost");
        near(found.outcome.liquidated, expected.outcome.liquidated, "liquidated");
        assert_eq!(found.rounds.len(), expected.rounds.len(), "{risen}");
        for (found, expected) in found.rounds.iter().zip(&expected.rounds) {
            assert_eq!((found.when, found.n_events), (expected.when, expected.n_events));
            near(found.sold[0], expected.sold[0], "sold");
            let logs = found.market.iter().chain(&found.read);
            for (found, expected) in logs.zip(expected.market.iter().chain(&expected.read)) {
                // A ten-thousandth of a price is 2,400 units of its log.
                assert!((found - expected).abs() < 2_400, "{risen}: {found} for {expected}");
            }
        }
        assert_eq!(found.logs, expected.logs, "{risen}: unmoved prices are the same to the bit");
    }
}
