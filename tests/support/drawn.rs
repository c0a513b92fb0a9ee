//! Random books in random markets.

use proptest::collection::SizeRange;
use proptest::prelude::*;
use proptest::strategy::Union;
use shortfall::book::venue::{
    AaveV3, Comet, CompoundV2, Curve, EulerV2, Maker, Margin, MorphoBlue, Perpetual, Reference,
    Rule, Terms, Tier,
};
use shortfall::book::{Leg, LegKind};
use shortfall::market::climate::{Regime, Regimes};
use shortfall::market::depth::DepthForm;
use shortfall::market::factors::Factors;
use shortfall::market::{Asset, CommonJumps, Correlation, JumpSize, Jumps, Market};
use shortfall::program::Program;
use shortfall::scenario::Scenario;

use crate::support;

/// Venues of a drawn scenario.
pub(crate) const REFERENCE: u32 = 0;
pub(crate) const AAVE: u32 = 1;
pub(crate) const COMPOUND: u32 = 2;
pub(crate) const MORPHO: u32 = 3;
pub(crate) const PERPETUAL: u32 = 4;
pub(crate) const EULER: u32 = 5;
pub(crate) const COMET: u32 = 6;
pub(crate) const MAKER: u32 = 7;

/// Assets of a drawn market; the first is cash.
pub(crate) const N_ASSETS: usize = 4;

/// How far from the ordinary a scenario may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    volatility: f64,
    drift: f64,
    jump: f64,
    step_years: f64,
    /// Most that a state of the climate multiplies volatilities and jump rates by.
    factor: f64,
    /// Powers of ten of a position's value.
    log_value: (f64, f64),
}

/// Markets and books as there are.
pub(crate) const ORDINARY: Range = Range {
    volatility: 1.5,
    drift: 0.5,
    jump: 0.3,
    step_years: 0.01,
    factor: 4.0,
    log_value: (1.0, 7.0),
};

/// Marks that saturate or vanish, dust and fortunes.
pub(crate) const EXTREME: Range = Range {
    volatility: 9.0,
    drift: 100.0,
    jump: 0.9,
    step_years: 0.01,
    factor: 1.1,
    log_value: (-9.0, 13.0),
};

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

/// Two to eight states whose stays count steps.
fn regimes(range: Range) -> impl Strategy<Value = Regimes> {
    let moved = |most: f64| proptest::collection::vec(-most..most, N_ASSETS);
    let factor = || prop_oneof![1 => Just(0.0), 2 => Just(1.0), 5 => 0.0..range.factor];
    let next = proptest::collection::vec(0.05..1.0, 8);
    let state = (1.0..30.0, next, factor(), factor(), moved(range.drift), moved(0.3));
    let states = proptest::collection::vec(state, 2..=8);
    (states, proptest::option::of(any::<prop::sample::Index>())).prop_map(|(states, start)| {
        let n = states.len();
        let states = states.into_iter().enumerate();
        let states =
            states.map(|(idx, (stay_years, mut next, volatility, jumps, drift, entry))| {
                next.truncate(n);
                next[idx] = 0.0;
                let sum: f64 = next.iter().sum();
                next.iter_mut().for_each(|share| *share /= sum);
                let name = format!("s{idx}");
                Regime { name, stay_years, next, volatility, jumps, drift, entry }
            });
        Regimes { states: states.collect(), start: start.map(|start| start.index(n)) }
    })
}

fn market(range: Range) -> impl Strategy<Value = Market> {
    let assets = proptest::collection::vec(asset(range), N_ASSETS - 1);
    let loadings = proptest::collection::vec(-1.0..1.0, N_ASSETS);
    let sizes = proptest::collection::vec((-range.jump..range.jump, 0.0..range.jump), N_ASSETS);
    let common = proptest::option::of((0.0..50.0, sizes));
    let regimes = proptest::option::weighted(0.4, regimes(range));
    (assets, loadings, common, regimes).prop_map(|(assets, loadings, common, regimes)| {
        let mut all = vec![support::still(1.0)];
        all.extend(assets);
        let common_jumps = common.map(|(rate, sizes)| CommonJumps {
            rate,
            sizes: sizes
                .into_iter()
                .map(|(mean, deviation)| JumpSize { mean, deviation })
                .collect(),
        });
        Market {
            correlation: Correlation::Dense(one_factor(&loadings)),
            common_jumps,
            regimes,
            ..support::market(all)
        }
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

/// Two common factors: of each asset's loadings, the first times the second and the rest of it, so
/// that their squares never exceed 1.
pub(crate) fn two_factors(loadings: &[(f64, f64)]) -> Correlation {
    let loadings = loadings.iter().flat_map(|(whole, part)| {
        let rest = libm::sqrt(1.0 - part * part);
        [whole * part, whole * rest]
    });
    Correlation::Factors(Factors { n_factors: 2, loadings: loadings.collect() })
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
                    liquidation_protocol_fee: full_close_below,
                    target_health: if at_equality { 1.0 + close_factor } else { 0.0 },
                    ..AaveV3::default()
                }),
                Rule::CompoundV2(CompoundV2 {
                    close_factor,
                    calls_per_step,
                    liquidation_bonus,
                    protocol_seize_share: 10.0 * close_cost,
                }),
                Rule::MorphoBlue(MorphoBlue::default()),
                Rule::Perpetual(Perpetual {
                    margin: Margin::Cross,
                    liquidatable_at_equality: at_equality,
                    close_cost,
                    ..Perpetual::default()
                }),
                Rule::EulerV2(EulerV2 {
                    max_liquidation_discount: close_factor / 2.0,
                    socialises_debt: at_equality,
                    least_socialised_usd: 100.0 * full_close_below,
                    calls_per_step,
                }),
                Rule::Comet(Comet { store_front_price_factor: close_factor, calls_per_step }),
                maker(close_factor, full_close_below, calls_per_step, close_cost),
            ];
            rules.into_iter().map(|rule| (rule, terms.clone())).collect()
        },
    )
}

/// Auctions of every curve; the numbers are those of the other rules.
fn maker(close_factor: f64, full_close_below: f64, calls: u32, close_cost: f64) -> Rule {
    let curves = [Curve::StairStep, Curve::Linear, Curve::Exponential];
    let curve = curves[calls as usize % curves.len()];
    Rule::Maker(Maker {
        liquidation_penalty: 10.0 * close_cost,
        buf: 1.0 + close_factor,
        curve,
        cut: if curve == Curve::Exponential { 0.9999 } else { 0.5 + 0.5 * full_close_below },
        stair_seconds: 900.0 * f64::from(calls),
        tau_seconds: 7200.0 * f64::from(calls),
        tail_seconds: 3600.0 * f64::from(calls),
        cusp: 0.5 * close_factor,
        chost_usd: 100.0 * full_close_below,
        keeper_margin: close_cost,
    })
}

/// A position by the values of its legs as shares of its size; amounts follow from the prices.
type Drawn = (u32, f64, Vec<(LegKind, u32, f64)>);

fn position(range: Range) -> impl Strategy<Value = Drawn> {
    let n_assets = N_ASSETS as u32;
    let lending = |venue: u32, n_most: [usize; 2]| {
        let side = move |kind: LegKind, n_most: usize, low: f64, high: f64| {
            let legs = proptest::collection::btree_map(0..n_assets, low..high, 1..=n_most);
            legs.prop_map(move |legs| {
                legs.into_iter().map(|(asset, share)| (kind, asset, share)).collect::<Vec<_>>()
            })
        };
        let [n_held, n_owed] = n_most;
        let sides =
            (side(LegKind::Collateral, n_held, 0.5, 1.0), side(LegKind::Debt, n_owed, 0.02, 0.5));
        sides.prop_map(move |(mut legs, debts)| {
            legs.extend(debts);
            (venue, legs)
        })
    };
    let margin = (0.02..1.0, proptest::collection::btree_map(1..n_assets, -1.0..1.0, 1..=2))
        .prop_map(|(cash, perps)| {
            let mut legs = vec![(LegKind::Collateral, 0, cash)];
            legs.extend(perps.into_iter().map(|(asset, share)| (LegKind::Perp, asset, share)));
            (PERPETUAL, legs)
        });
    let venues = Union::new([
        lending(REFERENCE, [3, 3]).boxed(),
        lending(AAVE, [3, 3]).boxed(),
        lending(COMPOUND, [3, 3]).boxed(),
        lending(MORPHO, [1, 1]).boxed(),
        lending(EULER, [3, 3]).boxed(),
        lending(COMET, [3, 1]).boxed(),
        lending(MAKER, [1, 1]).boxed(),
        margin.clone().boxed(),
        margin.boxed(),
    ]);
    (range.log_value.0..range.log_value.1, venues)
        .prop_map(|(log_value, (venue, legs))| (venue, libm::pow(10.0, log_value), legs))
}

/// Scenarios of up to six positions and up to sixty steps.
pub(crate) fn scenario(range: Range) -> impl Strategy<Value = Scenario> {
    scenario_of(range, (1..=6).into())
}

/// Scenarios of so many positions and up to sixty steps.
fn scenario_of(range: Range, n_positions: SizeRange) -> impl Strategy<Value = Scenario> {
    let positions = proptest::collection::vec(position(range), n_positions);
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
            let states = scenario.market.regimes.iter_mut().flat_map(|it| &mut it.states);
            states.for_each(|state| state.stay_years *= step_years);
            scenario
        },
    )
}

/// Ordinary scenarios, and extreme ones.
pub(crate) fn any_scenario() -> impl Strategy<Value = Scenario> {
    any_scenario_of((1..=6).into())
}

/// Ordinary scenarios and extreme ones, of so many positions.
pub(crate) fn any_scenario_of(n_positions: SizeRange) -> impl Strategy<Value = Scenario> {
    let of = |range| scenario_of(range, n_positions.clone());
    prop_oneof![of(ORDINARY), of(EXTREME)]
}

/// The program, or the case is drawn anew: an extreme market may not fit the formats.
pub(crate) fn compiled(scenario: &Scenario) -> Result<Program, TestCaseError> {
    shortfall::engine::compile(scenario).map_err(|error| TestCaseError::reject(error.to_string()))
}

/// All amounts of the book times `factor`, and the dollars in rules, depths and terms with them.
pub(crate) fn scaled(scenario: &Scenario, factor: f64) -> Scenario {
    let mut scaled = scenario.clone();
    for leg in &mut scaled.book.legs {
        leg.amount *= factor;
        leg.entry_usd *= factor;
    }
    for venue in &mut scaled.venues {
        match &mut venue.rule {
            Rule::AaveV3(rule) => {
                rule.small_usd *= factor;
                rule.dust_usd *= factor;
            }
            Rule::Perpetual(rule) => rule.insurance_fund_usd *= factor,
            Rule::EulerV2(rule) => rule.least_socialised_usd *= factor,
            Rule::Maker(rule) => rule.chost_usd *= factor,
            _ => {}
        }
        let tiers = venue.terms.iter_mut().flat_map(|terms| &mut terms.tiers);
        tiers.for_each(|tier| tier.floor_usd *= factor);
    }
    let depths = &mut scaled.market.liquidity.depths;
    depths.iter_mut().for_each(|depth| scale_form(&mut depth.form, factor));
    if let Some(liquidators) = &mut scaled.liquidators {
        liquidators.gas_usd *= factor;
        liquidators.capital_usd = liquidators.capital_usd.map(|usd| usd * factor);
    }
    scaled
}

/// A market so many times as deep.
pub(crate) fn scale_form(form: &mut DepthForm, factor: f64) {
    match form {
        DepthForm::ConstantProduct(form) => form.reserve_usd *= factor,
        DepthForm::PowerLaw(form) => form.at_usd *= factor,
        DepthForm::Quotes(form) => form.quotes.iter_mut().for_each(|it| it.usd_sold *= factor),
    }
}
