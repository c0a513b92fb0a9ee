//! Random books in random markets.

use proptest::prelude::*;
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::TestRunner;
use shortfall::book::venue::{
    AaveV3, CompoundV2, Margin, MorphoBlue, Perpetual, Reference, Rule, Terms, Tier,
};
use shortfall::book::{Leg, LegKind};
use shortfall::engine::cpu::replay::explain;
use shortfall::market::{Asset, CommonJumps, JumpSize, Jumps, Market};
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::tail::{SATURATED, SMALL_MARK};

use crate::support;

const REFERENCE: u32 = 0;
const AAVE: u32 = 1;
const COMPOUND: u32 = 2;
const MORPHO: u32 = 3;
const PERPETUAL: u32 = 4;

/// Assets of a drawn market; the first is cash.
const N_ASSETS: usize = 4;

/// How far from the ordinary a scenario may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    volatility: f64,
    drift: f64,
    jump: f64,
    step_years: f64,
    /// Powers of ten of a position's value.
    log_value: (f64, f64),
}

/// Markets and books as there are.
pub(crate) const ORDINARY: Range =
    Range { volatility: 1.5, drift: 0.5, jump: 0.3, step_years: 0.01, log_value: (1.0, 7.0) };

/// Marks that saturate or vanish, dust and fortunes.
pub(crate) const EXTREME: Range =
    Range { volatility: 9.0, drift: 100.0, jump: 0.9, step_years: 0.01, log_value: (-9.0, 13.0) };

fn asset(range: Range) -> impl Strategy<Value = Asset> {
    let jumps = proptest::option::of((0.0..200.0, -range.jump..range.jump, 0.0..range.jump));
    (-3.0..5.0, 0.0..range.volatility, -range.drift..range.drift, 0.0..0.9, jumps).prop_map(
        |(log_price, volatility, drift, borrow_rate, jumps)| Asset {
            drift,
            borrow_rate,
            jumps: jumps.map(|(rate, mean, deviation)| Jumps { rate, mean, deviation }),
            ..support::diffusing(libm::pow(10.0, log_price), volatility)
        },
    )
}

fn market(range: Range) -> impl Strategy<Value = Market> {
    let assets = proptest::collection::vec(asset(range), N_ASSETS - 1);
    let loadings = proptest::collection::vec(-1.0..1.0, N_ASSETS);
    let sizes = proptest::collection::vec((-range.jump..range.jump, 0.0..range.jump), N_ASSETS);
    let common = proptest::option::of((0.0..50.0, sizes));
    (assets, loadings, common).prop_map(|(assets, loadings, common)| {
        let mut all = vec![support::still(1.0)];
        all.extend(assets);
        let common_jumps = common.map(|(rate, sizes)| CommonJumps {
            rate,
            sizes: sizes
                .into_iter()
                .map(|(mean, deviation)| JumpSize { mean, deviation })
                .collect(),
        });
        Market { correlation: one_factor(&loadings), common_jumps, ..support::market(all) }
    })
}

/// ρ_ij = l_i l_j: positive semidefinite whatever the loadings.
pub(crate) fn one_factor(loadings: &[f64]) -> Vec<f64> {
    let rows = loadings.iter().enumerate();
    rows.flat_map(|(i, a)| {
        loadings.iter().enumerate().map(move |(j, b)| if i == j { 1.0 } else { a * b })
    })
    .collect()
}

/// One venue of every rule, with every asset on terms of its own.
fn venues() -> impl Strategy<Value = Vec<(Rule, Vec<Terms>)>> {
    let terms = (
        prop_oneof![9 => 0.5..1.0, 1 => Just(0.0), 1 => Just(1.0)],
        0.0..0.3,
        -2.0..2.0,
        0.002..0.05,
    )
        .prop_map(|(threshold, bonus, funding_rate, rate)| Terms {
            tiers: vec![
                Tier { floor_usd: 0.0, rate },
                Tier { floor_usd: 1e4, rate: 2.0 * rate },
                Tier { floor_usd: 1e6, rate: 5.0 * rate },
            ],
            funding_rate,
            ..support::terms(threshold, bonus)
        });
    let terms = proptest::collection::vec(terms, N_ASSETS);
    (terms, 0.01..=1.0, 0.0..=1.0, 1..=16_u32, any::<bool>(), 0.0..0.02).prop_map(
        |(terms, close_factor, full_close_below, calls_per_step, at_equality, close_cost)| {
            let liquidation_bonus = 0.0;
            let rules = [
                Rule::Reference(Reference { close_factor, full_close_below, liquidation_bonus }),
                Rule::AaveV3(AaveV3 {
                    close_factor,
                    full_close_below,
                    calls_per_step,
                    ..AaveV3::default()
                }),
                Rule::CompoundV2(CompoundV2 { close_factor, calls_per_step, liquidation_bonus }),
                Rule::MorphoBlue(MorphoBlue::default()),
                Rule::Perpetual(Perpetual {
                    margin: Margin::Cross,
                    liquidatable_at_equality: at_equality,
                    close_cost,
                    ..Perpetual::default()
                }),
            ];
            rules.into_iter().map(|rule| (rule, terms.clone())).collect()
        },
    )
}

/// A position by the values of its legs as shares of its size; amounts follow from the prices.
type Drawn = (u32, f64, Vec<(LegKind, u32, f64)>);

fn position(range: Range) -> impl Strategy<Value = Drawn> {
    let n_assets = N_ASSETS as u32;
    let lending = |venue: u32, n_most: usize| {
        let side = move |kind: LegKind, low: f64, high: f64| {
            let legs = proptest::collection::btree_map(0..n_assets, low..high, 1..=n_most);
            legs.prop_map(move |legs| {
                legs.into_iter().map(|(asset, share)| (kind, asset, share)).collect::<Vec<_>>()
            })
        };
        (side(LegKind::Collateral, 0.5, 1.0), side(LegKind::Debt, 0.02, 0.5)).prop_map(
            move |(mut legs, debts)| {
                legs.extend(debts);
                (venue, legs)
            },
        )
    };
    let margin = (0.02..1.0, proptest::collection::btree_map(1..n_assets, -1.0..1.0, 1..=2))
        .prop_map(|(cash, perps)| {
            let mut legs = vec![(LegKind::Collateral, 0, cash)];
            legs.extend(perps.into_iter().map(|(asset, share)| (LegKind::Perp, asset, share)));
            (PERPETUAL, legs)
        });
    let venues = Union::new([
        lending(REFERENCE, 3).boxed(),
        lending(AAVE, 3).boxed(),
        lending(COMPOUND, 3).boxed(),
        lending(MORPHO, 1).boxed(),
        margin.boxed(),
    ]);
    (range.log_value.0..range.log_value.1, venues)
        .prop_map(|(log_value, (venue, legs))| (venue, libm::pow(10.0, log_value), legs))
}

/// Scenarios of up to six positions and up to sixty steps.
pub(crate) fn scenario(range: Range) -> impl Strategy<Value = Scenario> {
    let positions = proptest::collection::vec(position(range), 1..=6);
    let steps = (prop_oneof![1..4_u32, 20..60_u32], 1e-5..range.step_years);
    (market(range), venues(), positions, steps).prop_map(
        |(market, venues, positions, (n_steps, step_years))| {
            let legs_of = |(venue, value, legs): &Drawn| {
                let leg = |(kind, asset, share): &(LegKind, u32, f64)| -> Leg {
                    let price = market.assets[*asset as usize].price_usd;
                    let amount = share * value / price;
                    match kind {
                        LegKind::Perp => support::perp(*asset, amount, price),
                        _ => support::leg(*kind, *asset, amount),
                    }
                };
                (*venue, legs.iter().map(leg).collect::<Vec<Leg>>())
            };
            let positions: Vec<(u32, Vec<Leg>)> = positions.iter().map(legs_of).collect();
            let venues = venues.into_iter().map(|(rule, terms)| support::venue(rule, terms));
            let book = support::book(&positions);
            let mut scenario = support::scenario(market, venues.collect(), book);
            scenario.run.n_steps = n_steps;
            scenario.run.step_years = step_years;
            scenario
        },
    )
}

/// Ordinary scenarios, and extreme ones.
pub(crate) fn any_scenario() -> impl Strategy<Value = Scenario> {
    prop_oneof![scenario(ORDINARY), scenario(EXTREME)]
}

/// The program, or the case is drawn anew: an extreme market may not fit the formats.
pub(crate) fn compiled(scenario: &Scenario) -> Result<Program, TestCaseError> {
    Program::compile(scenario).map_err(|error| TestCaseError::reject(error.to_string()))
}

/// What drawn scenarios came to, so that no property holds for want of cases.
#[derive(Debug, Default)]
struct Reached {
    n_events: [u32; 5],
    n_written_off: [u32; 5],
    n_stranded: [u32; 5],
    n_under_water: [u32; 5],
    n_idle: u32,
    n_saturated: u32,
    n_small: u32,
}

#[test]
fn drawn_scenarios_come_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut reached = Reached::default();
    for _ in 0..300 {
        let drawn = any_scenario().new_tree(&mut runner).expect("a scenario").current();
        let Ok(program) = Program::compile(&drawn) else { continue };
        for path in 0..8 {
            let story = explain(&program, 10, path);
            reached.n_idle += u32::from(story.events.is_empty());
            reached.n_saturated += u32::from(story.outcome.flags & SATURATED != 0);
            reached.n_small += u32::from(story.outcome.flags & SMALL_MARK != 0);
            let venue_of = |position: usize| drawn.book.positions[position].venue.idx();
            for told in &story.events {
                let venue = venue_of(told.position);
                reached.n_events[venue] += 1;
                reached.n_written_off[venue] += u32::from(told.event.written_off > 0);
            }
            for left in &story.left_over {
                let venue = venue_of(left.position);
                reached.n_stranded[venue] += u32::from(left.stranded > 0);
                reached.n_under_water[venue] += u32::from(left.under_water > 0);
            }
        }
    }
    let is_common = |count: &u32| *count >= 20;
    assert!(reached.n_events.iter().all(is_common), "{reached:?}");
    for venue in [AAVE, MORPHO, PERPETUAL] {
        assert!(is_common(&reached.n_written_off[venue as usize]), "{reached:?}");
    }
    for venue in [REFERENCE, COMPOUND] {
        assert!(is_common(&reached.n_stranded[venue as usize]), "{reached:?}");
    }
    assert!(is_common(&reached.n_under_water[REFERENCE as usize]), "{reached:?}");
    let flags = [reached.n_idle, reached.n_saturated, reached.n_small];
    assert!(flags.iter().all(is_common), "{reached:?}");
}
