//! Prices of 0 and locked profit and loss: is what is left what the closed form says, at every
//! venue, whatever couples the book?

use shortfall::book::liquidators::Liquidators;
use shortfall::book::venue::{
    AaveV3, CompoundV2, MorphoBlue, Perpetual, Reference, Rule, Terms, Tier,
};
use shortfall::book::{Leg, LegKind};
use shortfall::engine::story::Story;
use shortfall::market::depth::{ConstantProduct, Depth, DepthBand, DepthForm, Feedback};
use shortfall::market::oracle::Feed;
use shortfall::market::{Replay, ReplayWindows, Shock};
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::units::AssetId;

use crate::support::twins::story_of;
use crate::support::{self, HOUR_YEARS};

const CASH: u32 = 2;
const N_STEPS: u32 = 80;
const BONUS: f64 = 0.05;

fn lending_rules() -> [Rule; 4] {
    [
        Rule::Reference(Reference { full_close_below: 1.0, ..Reference::default() }),
        Rule::AaveV3(AaveV3::default()),
        Rule::CompoundV2(CompoundV2 { calls_per_step: 64, ..CompoundV2::default() }),
        Rule::MorphoBlue(MorphoBlue::default()),
    ]
}

/// What couples the positions of the book, if anything.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coupled {
    Not,
    /// Pools whose depth shrinks, and the sales of a step move its prices.
    ByDepth,
    /// Feeds that report on a deviation, late.
    ByFeeds,
}

const COUPLED: [Coupled; 3] = [Coupled::Not, Coupled::ByDepth, Coupled::ByFeeds];

/// Two volatile assets of 100 and cash of 1; all is gone of `fallen` in the second step.
fn scenario(rule: &Rule, legs: Vec<Leg>, fallen: &[u32], coupled: Coupled) -> Scenario {
    let prices = [100.0, 100.0, 1.0];
    let mut market = support::market(prices.map(support::still).to_vec());
    let shock = |asset: &u32| Shock {
        asset: AssetId(*asset),
        change: -1.0,
        at_years: HOUR_YEARS,
        over_years: 0.0,
    };
    market.shocks = fallen.iter().map(shock).collect();
    let depth = |asset| Depth {
        asset: AssetId(asset),
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 1e12 }),
        fee: 0.0,
        permanent: 0.5,
        half_life_years: HOUR_YEARS,
        by_drawdown: vec![DepthBand { fall: 0.5, share: 0.5 }],
    };
    let liquidity = &mut market.liquidity;
    match coupled {
        Coupled::Not => {}
        Coupled::ByDepth => {
            liquidity.depths = (0..2).map(depth).collect();
            liquidity.feedback = Feedback::SameStep { rounds: 8 };
        }
        Coupled::ByFeeds => {
            let feed = Feed {
                heartbeat_years: Some(5.0 * HOUR_YEARS),
                deviation: Some(0.01),
                delay_years: 2.0 * HOUR_YEARS,
                stale: Vec::new(),
            };
            liquidity.feeds = vec![feed; 3];
        }
    }
    let tiers = vec![Tier { floor_usd: 0.0, rate: 0.0125 }];
    let of_perps = Terms { tiers, ..support::terms(1.0, 0.0) };
    let terms = match rule {
        Rule::Perpetual(_) => vec![of_perps; 3],
        _ => vec![support::terms(0.8, BONUS); 3],
    };
    let venues = vec![support::venue(rule.clone(), terms)];
    let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    scenario.run.n_steps = N_STEPS;
    if coupled != Coupled::Not {
        scenario.liquidators = Some(Liquidators { decline: false, ..Liquidators::default() });
    }
    scenario
}

fn walked(scenario: &Scenario) -> (Program, Story) {
    let program = support::compiled(scenario);
    let story = story_of(&program, 1, 0);
    (program, story)
}

fn lost(program: &Program, story: &Story) -> f64 {
    program.usd(i128::from(story.outcome.loss()))
}

fn collateral(asset: u32, amount: f64) -> Leg {
    support::leg(LegKind::Collateral, asset, amount)
}

fn debt(asset: u32, amount: f64) -> Leg {
    support::leg(LegKind::Debt, asset, amount)
}

/// Holds the loss of a book to `truth`, however it is coupled.
fn loses(truth: f64, rule: &Rule, legs: &[Leg], fallen: &[u32]) {
    for coupled in COUPLED {
        let (program, story) = walked(&scenario(rule, legs.to_vec(), fallen, coupled));
        let found = lost(&program, &story);
        let what = format!("{}, coupled {coupled:?}, {fallen:?} fallen", rule.name());
        assert!((found - truth).abs() < 0.05, "{what}: {found} is lost, not {truth}");
        for told in &story.events {
            let gone = |leg: &&shortfall::book::account::LegState| {
                fallen.contains(&program.instruments[leg.instrument as usize].asset)
            };
            // No liquidator takes what is worth nothing.
            let worthless = told.legs.iter().filter(gone).filter(|leg| leg.market == 0);
            for leg in worthless.filter(|leg| leg.kind == 0 && told.event.n_calls > 0) {
                assert_eq!(leg.quantity, leg.next, "{what}: {told:?}");
            }
        }
    }
}

#[test]
fn of_a_loan_whose_collateral_is_worth_nothing_all_is_bad() {
    for rule in lending_rules() {
        loses(70_000.0, &rule, &[collateral(0, 1000.0), debt(CASH, 70_000.0)], &[0]);
    }
}

/// What the collateral that still is worth something repays is C / (1 + bonus).
#[test]
fn of_two_collaterals_the_one_that_is_worth_something_repays_what_it_can() {
    let legs = [collateral(0, 1000.0), collateral(1, 500.0), debt(CASH, 110_000.0)];
    for rule in lending_rules().iter().filter(|it| !matches!(it, Rule::MorphoBlue(_))) {
        loses(110_000.0 - 50_000.0 / (1.0 + BONUS), rule, &legs, &[0]);
        loses(110_000.0, rule, &legs, &[0, 1]);
    }
}

#[test]
fn a_loan_that_is_owed_in_what_is_worth_nothing_owes_nothing() {
    for rule in lending_rules() {
        loses(0.0, &rule, &[collateral(CASH, 1e5), debt(0, 700.0)], &[0]);
        // Nor if all that it holds is gone too.
        loses(0.0, &rule, &[collateral(1, 1000.0), debt(0, 700.0)], &[0, 1]);
    }
    for rule in lending_rules().iter().filter(|it| !matches!(it, Rule::MorphoBlue(_))) {
        let legs = [collateral(1, 1000.0), debt(0, 300.0), debt(CASH, 20_000.0)];
        loses(0.0, rule, &legs, &[0]);
        // The debt that still is worth something is what is bad.
        loses(20_000.0, rule, &legs, &[0, 1]);
    }
}

#[test]
fn a_long_loses_its_entry_and_a_short_nothing_where_the_market_is_gone() {
    let rule = Rule::Perpetual(Perpetual::default());
    let cash = collateral(CASH, 5000.0);
    let long = support::perp(0, 100.0, 110.0);
    loses(11_000.0 - 5000.0, &rule, &[cash, long], &[0]);
    loses(0.0, &rule, &[cash, support::perp(0, -100.0, 90.0)], &[0]);
    // A short of another market pays for it in part.
    let short = support::perp(1, -100.0, 120.0);
    loses(11_000.0 - 5000.0 - 2000.0, &rule, &[cash, long, short], &[0]);
    // Margin in what is gone is none.
    loses(1000.0, &rule, &[collateral(0, 50.0), support::perp(1, 100.0, 110.0)], &[0]);
}

fn replayed(table: &[f64], windows: ReplayWindows, n_steps: u32) -> Scenario {
    let rule = Rule::MorphoBlue(MorphoBlue::default());
    let legs = vec![collateral(0, 1000.0), debt(CASH, 70_000.0)];
    let mut scenario = scenario(&rule, legs, &[], Coupled::Not);
    scenario.market.replay = Some(Replay {
        assets: vec![AssetId(0)],
        prices: table.to_vec(),
        times_ns: Vec::new(),
        n_rows: table.len(),
        windows,
    });
    scenario.run.n_steps = n_steps;
    scenario
}

/// Three windows of two steps, each on a path of its own: all is lost in those that contain a zero,
/// and what follows a zero is held against the price before.
#[test]
fn windows_that_contain_a_zero_are_walked_like_others() {
    let table = [100.0, 99.0, 98.0, 0.0, 101.0, 0.0, 100.0];
    let each = ReplayWindows::Each { stride: 2 };
    let program = support::compiled(&replayed(&table, each, 2));
    let losses = (0..3).map(|path| {
        let story = story_of(&program, 1, path);
        (lost(&program, &story).round() as i64, story.events.len())
    });
    let mut found: Vec<(i64, usize)> = losses.collect();
    found.sort_unstable();
    assert_eq!(found, [(0, 0), (70_000, 1), (70_000, 1)]);
}

/// While no venue looks the price may be 0: a venue that reads a row late still finds it.
#[test]
fn a_price_that_comes_back_from_zero_is_what_it_was() {
    let mut scenario = replayed(&[100.0, 0.0, 80.0], ReplayWindows::From(0), 2);
    scenario.book = support::book(&[(0, vec![collateral(0, 1000.0), debt(CASH, 1.0)])]);
    // The deviation of a price from 0 is no number; the heartbeat reports.
    let feed = Feed { deviation: Some(0.5), ..Feed::default() };
    scenario.market.liquidity.feeds = vec![feed; 3];
    let (program, story) = walked(&scenario);
    assert_eq!(program.usd(i128::from(story.outcome.loss())).round(), 1.0);
    let last = story.logs[1];
    assert_eq!(last, libm::round(libm::log2(0.8) * f64::from(1 << 24)) as i32);
}

/// Perpetuals of one market that cancel, as a book has them when it is read.
fn hedge(cash: f64, locked: f64, others: &[Leg]) -> Vec<Leg> {
    // Bought at `locked` more than sold for: Σ a e is that, whatever the price.
    let flat = Leg { entry_usd: -locked, ..support::leg(LegKind::Perp, 0, 0.0) };
    [&[collateral(CASH, cash), flat], others].concat()
}

#[test]
fn what_a_flat_hedge_has_locked_in_is_lost_and_won_whatever_the_price() {
    let rule = Rule::Perpetual(Perpetual::default());
    for change in [-1.0, -0.5, 0.0, 0.7] {
        for (cash, locked) in [
            (1000.0, -15_000.0),
            (1000.0, -1000.5),
            (1000.0, -999.5),
            (1000.0, 15_000.0),
            (0.25, -0.5),
        ] {
            let mut scenario = scenario(&rule, hedge(cash, locked, &[]), &[0], Coupled::Not);
            scenario.market.shocks[0].change = change;
            let (program, story) = walked(&scenario);
            let truth = (-locked - cash).max(0.0);
            let found = lost(&program, &story);
            let what = format!("{cash} of cash and {locked} locked in, moved by {change}");
            assert!((found - truth).abs() < 1e-4, "{what}: {found}, not {truth}");
        }
    }
}

/// A locked profit is margin for another market, and a locked loss is owed with that.
#[test]
fn what_is_locked_in_is_margin_of_the_account() {
    let rule = Rule::Perpetual(Perpetual::default());
    let other = support::perp(1, 100.0, 100.0);
    for (locked, truth) in [(3000.0, 6000.0), (-500.0, 9500.0), (9500.0, 0.0)] {
        loses(truth, &rule, &hedge(1000.0, locked, &[other]), &[1]);
    }
}

/// What has a threshold of 0 at Aave is neither counted nor seized, and a deficit is burned beside
/// it; at venues that seize it, it repays what it can.
#[test]
fn collateral_with_a_threshold_of_zero_is_no_collateral_at_aave() {
    for (rule, truth) in [
        (Rule::AaveV3(AaveV3::default()), 20_000.0 - 15_000.0 / (1.0 + BONUS)),
        (Rule::CompoundV2(CompoundV2 { calls_per_step: 64, ..CompoundV2::default() }), 0.0),
        (Rule::Reference(Reference { full_close_below: 1.0, ..Reference::default() }), 0.0),
    ] {
        let legs = vec![collateral(0, 200.0), collateral(1, 150.0), debt(CASH, 20_000.0)];
        let mut scenario = scenario(&rule, legs, &[], Coupled::Not);
        scenario.venues[0].terms[0] = support::terms(0.0, BONUS);
        let (program, story) = walked(&scenario);
        let found = lost(&program, &story);
        assert!((found - truth).abs() < 0.05, "{}: {found}, not {truth}", rule.name());
        if matches!(rule, Rule::AaveV3(_)) {
            assert_eq!(story.outcome.n_events, 1, "at once, for the deficit is burned");
            assert!(story.left_over.is_empty(), "{:?}", story.left_over);
        }
    }
}
