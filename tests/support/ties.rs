//! Positions whose health factor is 1, or all but 1, in real arithmetic, at every venue.
//!
//! What is owed is what counts against it, so that a decimal point decides; most of the products
//! have no exact float, and none of the shares an exact word.

use shortfall::book::venue::{
    AaveV3, Comet, CompoundV2, EulerV2, Margin, MorphoBlue, Perpetual, Reference, Rule, Terms, Tier,
};
use shortfall::book::{Leg, LegKind};
use shortfall::market::Shock;
use shortfall::scenario::Scenario;
use shortfall::units::AssetId;

use crate::support;

/// Opening prices; the last is that of the cash.
const PRICES: [f64; 7] = [3000.0, 1.0, 0.07, 64_123.45, 100.0, 17.3, 1.0];
/// The asset of prices of 1.
const CASH: u32 = 6;
const AMOUNTS: [f64; 6] = [1.0, 3.0, 0.1, 12.34, 7e-3, 123_456.789];
const THRESHOLDS: [f64; 11] = [0.5, 0.6, 0.7, 0.75, 0.8, 0.825, 0.85, 0.86, 0.9, 0.915, 0.945];
const BONUSES: [f64; 3] = [0.05, 0.08, 0.0];

/// Rules of venues that lend.
pub(crate) const N_LENDING: usize = 6;

/// A venue of the grid, of which every one stands for a rule and one threshold at least.
pub(crate) fn lending_rules() -> [Rule; N_LENDING] {
    [
        Rule::Reference(Reference::default()),
        Rule::AaveV3(AaveV3::default()),
        Rule::CompoundV2(CompoundV2::default()),
        Rule::MorphoBlue(MorphoBlue::default()),
        Rule::EulerV2(EulerV2::default()),
        Rule::Comet(Comet::default()),
    ]
}

/// How prices move from the opening to the moment of the tie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moves {
    /// Change of the price of every asset but the cash, in the first step.
    pub(crate) change: f64,
    /// Interest on debts of cash, a year.
    pub(crate) borrow_rate: f64,
    /// Steps of an hour.
    pub(crate) n_steps: u32,
}

/// Prices that stay.
pub(crate) const STILL: Moves = Moves { change: 0.0, borrow_rate: 0.0, n_steps: 1 };

fn market_with(moves: Moves) -> shortfall::market::Market {
    let mut market = support::market(PRICES.map(support::still).to_vec());
    market.assets[CASH as usize].borrow_rate = moves.borrow_rate;
    if moves.change != 0.0 {
        let shock = |asset| Shock {
            asset: AssetId(asset),
            change: moves.change,
            at_years: 0.0,
            over_years: 0.0,
        };
        market.shocks = (0..CASH).map(shock).collect();
    }
    market
}

/// The threshold of an asset at the venue of that index.
fn threshold(venue: usize, asset: usize) -> f64 {
    THRESHOLDS[(venue + asset) % THRESHOLDS.len()]
}

/// Loans at a rule's venues: one to three collaterals against cash, or cash against an asset, that
/// owe `1 + off` of what counts when prices have moved.
pub(crate) fn loans(rule: &Rule, moves: Moves, off: f64) -> Scenario {
    let grown = libm::exp(-moves.borrow_rate * f64::from(moves.n_steps) * support::HOUR_YEARS);
    let most = if matches!(rule, Rule::MorphoBlue(_)) { 1 } else { 3 };
    let mut venues = Vec::new();
    let mut positions = Vec::new();
    for venue in 0..THRESHOLDS.len() {
        let terms = (0..PRICES.len())
            .map(|asset| support::terms(threshold(venue, asset), BONUSES[venue % BONUSES.len()]));
        venues.push(support::venue(rule.clone(), terms.collect()));
        for (first, price) in PRICES[..CASH as usize].iter().enumerate() {
            for (at, amount) in AMOUNTS.iter().enumerate() {
                for n_collaterals in 1..=most {
                    let held = (0..n_collaterals).map(|idx| {
                        let asset = (first + idx) % CASH as usize;
                        (asset, AMOUNTS[(at + idx) % AMOUNTS.len()])
                    });
                    let held: Vec<(usize, f64)> = held.collect();
                    let counts = held.iter().map(|(asset, amount)| {
                        amount * PRICES[*asset] * (1.0 + moves.change) * threshold(venue, *asset)
                    });
                    let owed = counts.sum::<f64>() * grown * (1.0 + off);
                    let mut legs = vec![support::leg(LegKind::Debt, CASH, owed)];
                    legs.extend(held.iter().map(|(asset, amount)| {
                        support::leg(LegKind::Collateral, *asset as u32, *amount)
                    }));
                    positions.push((venue as u32, legs));
                }
                if moves.borrow_rate == 0.0 {
                    let counts = amount * threshold(venue, CASH as usize);
                    let owed = counts / (price * (1.0 + moves.change)) * (1.0 + off);
                    positions.push((
                        venue as u32,
                        vec![
                            support::leg(LegKind::Collateral, CASH, *amount),
                            support::leg(LegKind::Debt, first as u32, owed),
                        ],
                    ));
                }
            }
        }
    }
    with_steps(support::scenario(market_with(moves), venues, support::book(&positions)), moves)
}

fn with_steps(mut scenario: Scenario, moves: Moves) -> Scenario {
    scenario.run.n_steps = moves.n_steps;
    scenario
}

/// Σ rate_k of the part of a notional within tier k, dollars.
fn maintenance(tiers: &[Tier], notional: f64) -> f64 {
    let ends = tiers.iter().skip(1).map(|tier| tier.floor_usd).chain([f64::INFINITY]);
    let parts = tiers.iter().zip(ends);
    parts.map(|(tier, end)| tier.rate * (notional.min(end) - tier.floor_usd).max(0.0)).sum()
}

/// Margin accounts of one or two perpetuals, whose cash is what they must have when prices have
/// moved, less `off` of their notional.
pub(crate) fn accounts(liquidatable_at_equality: bool, moves: Moves, off: f64) -> Scenario {
    let rates = [0.004, 0.0125, 0.03, 0.1];
    let mut venues = Vec::new();
    let mut positions = Vec::new();
    for (venue, rate) in rates.iter().enumerate() {
        let tier = |floor_usd, rate| Tier { floor_usd, rate };
        let tiers = vec![tier(0.0, *rate), tier(777.7, 1.7 * rate), tier(1e5, 3.0 * rate)];
        let terms = Terms { tiers: tiers.clone(), ..support::terms(1.0, 0.0) };
        let rule =
            Perpetual { margin: Margin::Cross, liquidatable_at_equality, ..Perpetual::default() };
        venues.push(support::venue(Rule::Perpetual(rule), vec![terms; PRICES.len()]));
        for first in 0..CASH as usize {
            for (at, amount) in AMOUNTS.iter().enumerate() {
                for (n_perps, side) in [(1, 1.0), (1, -1.0), (2, 1.0), (2, -1.0)] {
                    let (mut cash, mut gross) = (0.0, 0.0);
                    let mut legs = Vec::new();
                    for idx in 0..n_perps {
                        let asset = (first + idx) % CASH as usize;
                        let price = PRICES[asset] * (1.0 + moves.change);
                        // Values of one size, lest the one be dust to the other.
                        let size = side * amount / price * if idx == 1 { -0.7 } else { 1.0 };
                        // Bought dearer and sold cheaper than it is, so that cash makes up for it.
                        let entry = price * (1.0 + size.signum() * 0.11 * (1 + at) as f64);
                        let notional = size.abs() * price;
                        cash += maintenance(&tiers, notional) - size * (price - entry);
                        gross += notional;
                        legs.push(support::perp(asset as u32, size, entry));
                    }
                    legs.push(support::leg(LegKind::Collateral, CASH, cash - off * gross));
                    positions.push((venue as u32, legs));
                }
            }
        }
    }
    with_steps(support::scenario(market_with(moves), venues, support::book(&positions)), moves)
}

/// The lending venues of [`loans`] and the margin accounts of both kinds in one book, a part of
/// each: at the tie, and off it on either side.
pub(crate) fn all_venues(moves: Moves) -> Scenario {
    let mut parts = Vec::new();
    for off in [0.0, 3e-7, -3e-7] {
        parts.extend(lending_rules().iter().map(|rule| loans(rule, moves, off)));
        parts.extend([true, false].map(|at_equality| accounts(at_equality, moves, off)));
    }
    let mut venues = Vec::new();
    let mut positions: Vec<(u32, Vec<Leg>)> = Vec::new();
    for part in &parts {
        let first = venues.len() as u32;
        venues.extend(part.venues.iter().cloned());
        let some = part.book.positions.iter().step_by(7);
        positions.extend(some.map(|it| (first + it.venue.0, part.book.legs_of(it).to_vec())));
    }
    let market = parts.swap_remove(0).market;
    with_steps(support::scenario(market, venues, support::book(&positions)), moves)
}
