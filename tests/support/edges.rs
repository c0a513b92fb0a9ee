//! Scenarios at the edges of the formats, whose outcomes are known in closed form.

use shortfall::book::liquidators::{Execution, Liquidators, Order};
use shortfall::book::venue::{CompoundV2, Perpetual, Rule, Terms, Tier, Venue};
use shortfall::book::{Leg, LegKind};
use shortfall::market::depth::{ConstantProduct, Depth, DepthBand, DepthForm, Feedback};
use shortfall::market::oracle::Feed;
use shortfall::market::{Market, Shock};
use shortfall::scenario::{Opening, Scenario};
use shortfall::units::{AssetId, VenueId};

use crate::support::{self, HOUR_YEARS, ties};

/// A move of a price at once, in a step.
fn jump(asset: u32, change: f64, step: u32, step_years: f64) -> Shock {
    let at_years = f64::from(step) * step_years;
    Shock { asset: AssetId(asset), change, at_years, over_years: 0.0 }
}

/// A perpetual venue for one account of cash, the first asset, and perpetuals of the others.
fn margin_account(
    market: Market,
    rule: Perpetual,
    funding_rate: f64,
    (cash, perps): (f64, &[Leg]),
) -> Scenario {
    let tiers = vec![Tier { floor_usd: 0.0, rate: 0.0125 }];
    let perpetual = Terms { tiers, funding_rate, ..support::terms(1.0, 0.0) };
    let mut terms = vec![support::terms(1.0, 0.0)];
    terms.resize(market.assets.len(), perpetual);
    let venues = vec![support::venue(Rule::Perpetual(rule), terms)];
    let mut legs = vec![support::leg(LegKind::Collateral, 0, cash)];
    legs.extend_from_slice(perps);
    support::scenario(market, venues, support::book(&[(0, legs)]))
}

/// A long from 100 on a margin of 20, whose venue reads the price an hour late: when it reads 70,
/// the market is at 25. Closing costs a tenth of the notional.
///
/// What is closed is worth 25, what the margin lacks is 75 + 2.5 - 20.
pub(crate) fn closed_late() -> Scenario {
    let mut market = support::market(vec![support::still(1.0), support::still(100.0)]);
    market.shocks =
        vec![jump(1, 0.7 - 1.0, 1, HOUR_YEARS), jump(1, 25.0 / 70.0 - 1.0, 2, HOUR_YEARS)];
    let late = Feed { delay_years: HOUR_YEARS, ..Feed::default() };
    market.liquidity.feeds = vec![late; 2];
    let rule = Perpetual { close_cost: 0.1, ..Perpetual::default() };
    let perps = [support::perp(1, 1.0, 100.0)];
    let mut scenario = margin_account(market, rule, 0.0, (20.0, &perps));
    scenario.run.n_steps = 3;
    scenario
}

/// What [`owed_a_hair_more_than_held`] lacks, dollars.
pub(crate) const HAIR_USD: f64 = 3e-8;

/// A loan of an asset against the same asset, all of which counts, that owes a hair more than it
/// holds: less than rounding is worth in the borrower's favour, so that it is never liquidated. Its
/// venue reads late, so that it is judged at the horizon all the same.
pub(crate) fn owed_a_hair_more_than_held() -> Scenario {
    let mut market = support::market(vec![support::still(1.0)]);
    market.liquidity.feeds = vec![Feed { delay_years: HOUR_YEARS, ..Feed::default() }];
    let rule = Rule::CompoundV2(CompoundV2::default());
    let venues = vec![support::venue(rule, vec![support::terms(1.0, 0.0)])];
    let held = support::leg(LegKind::Collateral, 0, 1.0);
    let owed = support::leg(LegKind::Debt, 0, 1.0 + HAIR_USD);
    let mut scenario = support::scenario(market, venues, support::book(&[(0, vec![held, owed])]));
    scenario.run.n_steps = 3;
    scenario
}

/// Longs of 100 and of 200 on a margin of 150, both of whose markets are gone at once: what is
/// lacking is 150, and the pool of the first bears it.
pub(crate) fn worthless_longs() -> Scenario {
    let assets = vec![support::still(1.0), support::still(10.0), support::still(10.0)];
    let mut market = support::market(assets);
    market.shocks = vec![jump(1, 1e-9 - 1.0, 0, HOUR_YEARS), jump(2, 1e-9 - 1.0, 0, HOUR_YEARS)];
    let perps = [support::perp(1, 10.0, 10.0), support::perp(2, 20.0, 10.0)];
    margin_account(market, Perpetual::default(), 0.0, (150.0, &perps))
}

/// Steps of [`dear_funding`], all bits of a word of six: no other number of them takes sums of
/// marks nearer to the bound of theirs.
pub(crate) const FUNDED_STEPS: u32 = 63;
/// A step of it.
pub(crate) const FUNDED_STEP_YEARS: f64 = 1.0 / 365.0;

/// One perpetual from 100, whose market is at 25,000 from the first step on, nearly as far as marks
/// go, until it falls to 25 in the last: funding is paid on notionals of 25,000.
pub(crate) fn dear_funding(size: f64, cash: f64, funding_rate: f64) -> Scenario {
    let mut market = support::market(vec![support::still(1.0), support::still(100.0)]);
    market.shocks = vec![
        jump(1, 249.0, 0, FUNDED_STEP_YEARS),
        jump(1, 1e-3 - 1.0, FUNDED_STEPS - 1, FUNDED_STEP_YEARS),
    ];
    let perps = [support::perp(1, size, 100.0)];
    let mut scenario = margin_account(market, Perpetual::default(), funding_rate, (cash, &perps));
    scenario.run.n_steps = FUNDED_STEPS;
    scenario.run.step_years = FUNDED_STEP_YEARS;
    scenario
}

/// A debt that is worth 200 times as much after a step, against hardly more collateral than it took
/// at the opening: as much money a path as its words have room for.
pub(crate) fn dear_debt() -> Scenario {
    let mut market = support::market(vec![support::still(1.0); 2]);
    market.shocks = vec![jump(1, 199.0, 0, HOUR_YEARS)];
    let rule = Rule::CompoundV2(CompoundV2::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.08); 2])];
    let legs =
        vec![support::leg(LegKind::Collateral, 0, 1300.0), support::leg(LegKind::Debt, 1, 1000.0)];
    support::scenario(market, venues, support::book(&[(0, legs)]))
}

/// A collateral whose log2 price falls by 28 three times, beyond the -64 at which it is held, and
/// whose fall cannot be mistaken for a mark that is too large.
pub(crate) fn beyond_the_lowest_price() -> Scenario {
    let mut market = support::market(vec![support::still(1.0); 2]);
    let change = libm::exp2(-28.0) - 1.0;
    market.shocks = (1..4).map(|step| jump(0, change, step, HOUR_YEARS)).collect();
    let rule = Rule::CompoundV2(CompoundV2::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.08); 2])];
    let legs =
        vec![support::leg(LegKind::Collateral, 0, 1300.0), support::leg(LegKind::Debt, 1, 1000.0)];
    let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    scenario.run.n_steps = 5;
    scenario
}

/// Terms of every asset at a lending venue, or at one for perpetuals.
fn venue_of(rule: Rule, n_assets: usize) -> Venue {
    let tiers = vec![Tier { floor_usd: 0.0, rate: 0.0125 }];
    let terms = match &rule {
        Rule::Perpetual(_) => Terms { tiers, ..support::terms(1.0, 0.0) },
        _ => support::terms(0.8, 0.05),
    };
    support::venue(rule, vec![terms; n_assets])
}

/// The venue for perpetuals, which follows those that lend.
const PERPETUAL: u32 = ties::N_LENDING as u32;

/// One venue of every rule, the one for perpetuals last.
fn every_venue(n_assets: usize, insurance_fund_usd: f64) -> Vec<Venue> {
    let perpetual = Perpetual { insurance_fund_usd, insurance_fee: 0.01, ..Perpetual::default() };
    let rules = ties::lending_rules().into_iter().chain([Rule::Perpetual(perpetual)]);
    rules.map(|rule| venue_of(rule, n_assets)).collect()
}

/// What is under water at the market's prices in [`hidden_by_feeds`], by position; nothing of it is
/// so at its venue's.
pub(crate) fn hidden_usd() -> Vec<f64> {
    [vec![65_000.0; ties::N_LENDING], vec![0.0, 7_500.0, 1_000.0]].concat()
}

/// The price falls from 100 to 5, and rises from 10 to 20, in the last step but one, and venues
/// read that two hours late: a loan of 70,000 on 1,000 of it at every lending venue, one of 4,000
/// that is safe, a long on 2,000 USD and a short on 4,000 USD.
pub(crate) fn hidden_by_feeds() -> Scenario {
    let prices = [100.0, 10.0, 1.0];
    let mut market = support::market(prices.map(support::still).to_vec());
    market.shocks = vec![jump(0, -0.95, 4, HOUR_YEARS), jump(1, 1.0, 4, HOUR_YEARS)];
    let late = Feed { delay_years: 2.0 * HOUR_YEARS, ..Feed::default() };
    market.liquidity.feeds = vec![late; 3];
    let loan = |owed| {
        vec![support::leg(LegKind::Collateral, 0, 1000.0), support::leg(LegKind::Debt, 2, owed)]
    };
    let account = |cash, perp| vec![support::leg(LegKind::Collateral, 2, cash), perp];
    let mut positions: Vec<_> = (0..PERPETUAL).map(|venue| (venue, loan(70_000.0))).collect();
    positions.push((1, loan(4_000.0)));
    positions.push((PERPETUAL, account(2_000.0, support::perp(0, 100.0, 100.0))));
    positions.push((PERPETUAL, account(4_000.0, support::perp(1, -500.0, 10.0))));
    let book = support::book(&positions);
    let mut scenario = support::scenario(market, every_venue(3, 0.0), book);
    scenario.run.n_steps = 6;
    scenario
}

/// A price falls by 40 % in the second step and stays there: three venues hold the same loan on it,
/// one that reads what is reported to all, an hour late, one the market, and one two hours late.
pub(crate) fn read_hours_apart() -> Scenario {
    let prices = [100.0, 1.0];
    let mut market = support::market(prices.map(support::still).to_vec());
    market.shocks = vec![jump(0, -0.4, 1, HOUR_YEARS)];
    let late = |hours: f64| vec![Feed { delay_years: hours * HOUR_YEARS, ..Feed::default() }; 2];
    market.liquidity.feeds = late(1.0);
    let rule = Rule::CompoundV2(CompoundV2::default());
    let mut venues = vec![support::venue(rule, vec![support::terms(0.8, 0.05); 2]); 3];
    for (venue, name) in venues.iter_mut().zip(["to-all", "market", "two-hours"]) {
        name.clone_into(&mut venue.name);
    }
    market.liquidity.own_feeds = vec![(VenueId(1), late(0.0)), (VenueId(2), late(2.0))];
    let loan =
        vec![support::leg(LegKind::Collateral, 0, 10.0), support::leg(LegKind::Debt, 1, 550.0)];
    let book = support::book(&[0, 1, 2].map(|venue| (venue, loan.clone())));
    let mut scenario = support::scenario(market, venues, book);
    scenario.run.n_steps = 6;
    scenario
}

/// A pool that takes a fee, and whose sales are forgotten by half in six hours but for a part.
fn pool(asset: u32, reserve_usd: f64) -> Depth {
    Depth {
        fee: 0.003,
        permanent: 0.3,
        half_life_years: 6.0 * HOUR_YEARS,
        by_drawdown: vec![DepthBand { fall: 0.1, share: 0.5 }],
        ..plain_pool(asset, reserve_usd)
    }
}

/// Loans and accounts at every venue, some of them liquidatable at the opening, in a thin market,
/// by liquidators who have little capital and time, and a fund that pays for perpetuals.
pub(crate) fn settled_opening(feedback: Feedback, execution: Execution) -> Scenario {
    let assets = vec![support::diffusing(100.0, 1.2), support::diffusing(10.0, 0.8)];
    let mut market = support::market([assets, vec![support::still(1.0)]].concat());
    market.liquidity.depths = vec![pool(0, 1.6e5), pool(1, 8e4)];
    market.liquidity.feedback = feedback;
    let mut positions = Vec::new();
    for idx in 0..24_u32 {
        let (asset, price) = if idx % 2 == 0 { (0, 100.0) } else { (1, 10.0) };
        // From 12 % below the threshold to 11 % above it.
        let off = 0.88 + 0.01 * f64::from(idx);
        let usd = 500.0 * f64::from(1 + idx % 7);
        let held = support::leg(LegKind::Collateral, asset, usd / price);
        for venue in 0..PERPETUAL {
            let owed = support::leg(LegKind::Debt, 2, 0.8 * usd * off);
            positions.push((venue, vec![held, owed]));
        }
        let side = if idx % 3 == 0 { -1.0 } else { 1.0 };
        let entry = price * (1.0 + 0.1 * side * off);
        let perp = support::perp(asset, side * usd / price, entry);
        let margin = if idx % 5 == 0 { 0.1 } else { 0.14 };
        let cash = support::leg(LegKind::Collateral, 2, margin * usd);
        positions.push((PERPETUAL, vec![cash, perp]));
    }
    let book = support::book(&positions);
    let mut scenario = support::scenario(market, every_venue(3, 500.0), book);
    scenario.liquidators = Some(Liquidators {
        gas_usd: 1.0,
        margin: 0.0,
        capital_usd: Some(1.5e4),
        per_step: Some(24),
        order: Order::WorstHealth,
        execution,
        decline: true,
    });
    scenario.run.n_steps = 8;
    scenario.run.opening = Opening::Settle;
    scenario
}

/// All is gone of an asset in the third step: collateral of one loan at every venue, debt of
/// another, what a long and a short follow. Another collateral is worth 20,000 still.
pub(crate) fn worthless() -> Scenario {
    let prices = [100.0, 10.0, 1.0];
    let mut market = support::market(prices.map(support::still).to_vec());
    market.shocks = vec![jump(0, -1.0, 2, HOUR_YEARS)];
    market.liquidity.depths = vec![pool(0, 1e6), pool(1, 1e12)];
    market.liquidity.feedback = Feedback::SameStep { rounds: 4 };
    let feed = Feed { deviation: Some(0.01), ..Feed::default() };
    market.liquidity.feeds = vec![feed; 3];
    let leg = support::leg;
    let mut positions = Vec::new();
    for venue in 0..PERPETUAL {
        let gone = leg(LegKind::Collateral, 0, 1000.0);
        positions.push((venue, vec![gone, leg(LegKind::Debt, 2, 70_000.0)]));
        let owed = leg(LegKind::Debt, 0, 1000.0);
        positions.push((venue, vec![leg(LegKind::Collateral, 2, 150_000.0), owed]));
        // At Morpho a loan has one collateral; at Euler the price of another one is its own.
        if venue < 3 {
            let other = leg(LegKind::Collateral, 1, 2_000.0);
            positions.push((venue, vec![gone, other, leg(LegKind::Debt, 2, 80_000.0)]));
        }
    }
    for size in [100.0, -100.0] {
        let cash = leg(LegKind::Collateral, 2, 2_000.0);
        positions.push((PERPETUAL, vec![cash, support::perp(0, size, 100.0)]));
    }
    let mut scenario = support::scenario(market, every_venue(3, 0.0), support::book(&positions));
    scenario.run.n_steps = 16;
    scenario
}

/// A short of one from 100, on a margin of 100, whose price rises 300 times: beyond the 256 times
/// of a mark that no octave makes coarser.
///
/// What is lacking is 30,000 less the 100 that it was sold for and the margin.
pub(crate) fn risen_short() -> Scenario {
    let mut market = support::market(vec![support::still(1.0), support::still(100.0)]);
    market.shocks = vec![jump(1, 299.0, 1, HOUR_YEARS)];
    let perps = [support::perp(1, -1.0, 100.0)];
    let mut scenario = margin_account(market, Perpetual::default(), 0.0, (100.0, &perps));
    scenario.run.n_steps = 3;
    scenario
}

/// A short of one from 100 that is bought back at once in a pool of so much, USD: all of it is
/// worth 100 and more.
pub(crate) fn bought_back(reserve_usd: f64) -> Scenario {
    let mut market = support::market(vec![support::still(1.0), support::still(100.0)]);
    market.shocks = vec![jump(1, 0.5, 1, HOUR_YEARS)];
    market.liquidity.depths = vec![plain_pool(1, reserve_usd)];
    let perps = [support::perp(1, -1.0, 100.0)];
    let mut scenario = margin_account(market, Perpetual::default(), 0.0, (20.0, &perps));
    scenario.run.n_steps = 4;
    scenario
}

/// Loans whose collateral rises 1,000 times and whose debt 1,500 times, then fall back by half; the
/// venue reads the collateral an hour late and the debt every three hours, and the collateral is
/// sold in a pool.
pub(crate) fn risen_loans() -> Scenario {
    let mut market = support::market(vec![support::diffusing(1.0, 0.5), support::still(1.0)]);
    market.shocks = vec![
        jump(0, 999.0, 1, HOUR_YEARS),
        jump(1, 1499.0, 1, HOUR_YEARS),
        jump(0, -0.5, 4, HOUR_YEARS),
    ];
    let late = Feed { delay_years: HOUR_YEARS, ..Feed::default() };
    let slow = Feed { heartbeat_years: Some(3.0 * HOUR_YEARS), ..Feed::default() };
    market.liquidity.feeds = vec![late, slow];
    market.liquidity.depths = vec![plain_pool(0, 5e4)];
    let rule = Rule::CompoundV2(CompoundV2::default());
    let venues = vec![support::venue(rule, vec![support::terms(0.9, 0.08); 2])];
    let loan = |held: f64, owed: f64| {
        let held = support::leg(LegKind::Collateral, 0, held);
        (0, vec![held, support::leg(LegKind::Debt, 1, owed)])
    };
    let loans = [loan(1300.0, 1000.0), loan(900.0, 300.0), loan(2000.0, 1000.0), loan(10.0, 8.9)];
    let mut scenario = support::scenario(market, venues, support::book(&loans));
    scenario.run.n_steps = 8;
    scenario
}

/// A pool of so many dollars that takes no fee and forgets sales by half in an hour.
fn plain_pool(asset: u32, reserve_usd: f64) -> Depth {
    Depth {
        asset: AssetId(asset),
        form: DepthForm::ConstantProduct(ConstantProduct { reserve_usd }),
        half_life_years: HOUR_YEARS,
        permanent: 0.0,
        fee: 0.0,
        by_drawdown: Vec::new(),
    }
}
