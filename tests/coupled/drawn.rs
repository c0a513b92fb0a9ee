//! Random depth, feeds, liquidators and insurance funds for random books in random markets.

use proptest::collection::SizeRange;
use proptest::prelude::*;
use shortfall::book::liquidators::{Execution, Liquidators, Order};
use shortfall::book::venue::Rule;
use shortfall::market::depth::{
    ConstantProduct, Depth, DepthBand, DepthForm, Feedback, PowerLaw, Quote, Quotes,
};
use shortfall::market::oracle::{Feed, Stale};
use shortfall::scenario::{Opening, Scenario};
use shortfall::units::{AssetId, VenueId};

use crate::support::drawn::{N_ASSETS, PERPETUAL, any_scenario_of, scale_form};

/// A form of a depth of 1; amounts are multiples of the book's gross value.
fn form() -> impl Strategy<Value = DepthForm> {
    // Sizes double, so that a tenth more of slippage always brings more.
    let quotes =
        (1e-2..1.0, proptest::collection::vec(0.0..0.1, 1..4)).prop_map(|(first, rises)| {
            let mut slippage = 0.0;
            let quotes = rises.iter().enumerate().map(|(idx, rise)| {
                slippage += rise;
                Quote { usd_sold: first * libm::exp2(idx as f64), slippage }
            });
            DepthForm::Quotes(Quotes { quotes: quotes.collect() })
        });
    let law = (any::<bool>(), 0.01..0.9).prop_map(|(is_linear, impact)| {
        DepthForm::PowerLaw(PowerLaw { is_linear, impact, at_usd: 1.0 })
    });
    let pool = Just(DepthForm::ConstantProduct(ConstantProduct { reserve_usd: 1.0 }));
    prop_oneof![pool, law, quotes]
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 1 => Just(1.0), 4 => 0.0..1.0]
}

/// A depth whose half-life counts steps.
fn depth(asset: u32) -> impl Strategy<Value = Depth> {
    let half_life = prop_oneof![1 => Just(0.0), 1 => Just(f64::INFINITY), 4 => 0.05..50.0];
    let bands = proptest::collection::vec((0.01..0.4, 0.05..1.0), 0..4);
    (form(), -3.0..3.0, 0.0..0.05, share(), half_life, bands).prop_map(
        move |(mut form, log_depth, fee, permanent, half_life_years, bands)| {
            scale_form(&mut form, libm::pow(10.0, log_depth));
            let mut left = 1.0;
            let bands = bands.into_iter().map(|(fall, share)| {
                left *= 1.0 - fall;
                DepthBand { fall: 1.0 - left, share }
            });
            let asset = AssetId(asset);
            let by_drawdown = bands.collect();
            Depth { asset, form, fee, permanent, half_life_years, by_drawdown }
        },
    )
}

/// Times in steps.
fn feed() -> impl Strategy<Value = Feed> {
    let heartbeat = proptest::option::of(1.0..30.0);
    let deviation = proptest::option::of(prop_oneof![1e-4..0.02, 0.02..0.6]);
    let delay = prop_oneof![2 => Just(0.0), 1 => 0.0..6.0];
    let stale = proptest::collection::vec((0.0..40.0, 0.5..20.0), 0..2);
    (heartbeat, deviation, delay, stale).prop_map(|(heartbeat, deviation, delay, stale)| {
        let stale = stale.into_iter().map(|(at, over)| Stale { at_years: at, over_years: over });
        let stale = stale.collect();
        Feed { heartbeat_years: heartbeat, deviation, delay_years: delay, stale }
    })
}

/// Amounts are multiples of the book's gross value.
fn liquidators() -> impl Strategy<Value = Liquidators> {
    let power = |low: f64, high: f64| (low..high).prop_map(|log| libm::pow(10.0, log));
    let gas = prop_oneof![Just(0.0), power(-9.0, -2.0)];
    let capital = prop_oneof![Just(None), power(-6.0, 0.0).prop_map(Some)];
    let per_step = prop_oneof![2 => Just(None), 1 => (1..4_u32).prop_map(Some)];
    let order = prop_oneof![Just(Order::WorstHealth), Just(Order::Largest)];
    let execution = prop_oneof![Just(Execution::Together), Just(Execution::InTurn)];
    let margin = prop_oneof![2 => Just(0.0), 1 => 0.0..0.1];
    (gas, margin, capital, per_step, order, execution, prop::bool::weighted(0.7)).prop_map(
        |(gas_usd, margin, capital_usd, per_step, order, execution, decline)| Liquidators {
            gas_usd,
            margin,
            capital_usd,
            per_step,
            order,
            execution,
            decline,
        },
    )
}

/// What couples the positions of a scenario, in multiples of its gross value and of its steps.
#[derive(Debug, Clone)]
struct Coupling {
    depths: Vec<Option<Depth>>,
    cross: Option<Vec<f64>>,
    feeds: Option<Vec<Feed>>,
    /// Of one venue.
    own: Option<(prop::sample::Index, Vec<Feed>)>,
    liquidators: Option<Liquidators>,
    feedback: Feedback,
    fund: Option<(f64, f64)>,
    opening: Opening,
}

fn coupling() -> impl Strategy<Value = Coupling> {
    let of = |asset: u32| proptest::option::weighted(0.75, depth(asset));
    let depths = (of(0), of(1), of(2), of(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d]);
    let cross = proptest::collection::vec(-0.5..1.0, N_ASSETS * N_ASSETS).prop_map(|mut cross| {
        (0..N_ASSETS).for_each(|idx| cross[idx * (N_ASSETS + 1)] = 1.0);
        cross
    });
    let feeds = || proptest::collection::vec(feed(), N_ASSETS);
    let rounds = (1..=6_u32).prop_map(|rounds| Feedback::SameStep { rounds });
    let feedback = prop_oneof![1 => Just(Feedback::NextStep), 2 => rounds];
    let size = (-5.0..0.0).prop_map(|log| libm::pow(10.0, log));
    // One that begins empty lives on fees.
    let fund = (prop_oneof![4 => size, 1 => Just(0.0)], 0.0..0.2);
    let opening = prop_oneof![Just(Opening::Keep), Just(Opening::Settle)];
    (
        depths,
        proptest::option::weighted(0.3, cross),
        (
            proptest::option::weighted(0.4, feeds()),
            proptest::option::weighted(0.3, (any::<prop::sample::Index>(), feeds())),
        ),
        proptest::option::weighted(0.8, liquidators()),
        feedback,
        proptest::option::of(fund),
        opening,
    )
        .prop_map(|(depths, cross, (feeds, own), liquidators, feedback, fund, opening)| {
            Coupling { depths, cross, feeds, own, liquidators, feedback, fund, opening }
        })
}

/// What a book's legs are worth at the opening prices.
pub(crate) fn gross_usd(scenario: &Scenario) -> f64 {
    let price = |asset: AssetId| scenario.market.assets[asset.idx()].price_usd;
    scenario.book.legs.iter().map(|leg| leg.amount.abs() * price(leg.asset)).sum()
}

impl Coupling {
    fn applied(mut self, mut scenario: Scenario) -> Scenario {
        let gross = gross_usd(&scenario);
        let step_years = scenario.run.step_years;
        let model = &mut scenario.market.liquidity;
        model.depths = self.depths.into_iter().flatten().collect();
        for depth in &mut model.depths {
            scale_form(&mut depth.form, gross);
            depth.half_life_years *= step_years;
        }
        model.cross_impact = self.cross.unwrap_or_default();
        model.feedback = self.feedback;
        model.feeds = self.feeds.unwrap_or_default();
        if let Some((venue, feeds)) = self.own {
            let venue = venue.index(scenario.venues.len());
            model.own_feeds = vec![(VenueId(venue as u32), feeds)];
        }
        let own = model.own_feeds.iter_mut().flat_map(|(_, feeds)| feeds);
        for feed in model.feeds.iter_mut().chain(own) {
            feed.heartbeat_years = feed.heartbeat_years.map(|steps| steps * step_years);
            feed.delay_years *= step_years;
            for stale in &mut feed.stale {
                stale.at_years *= step_years;
                stale.over_years *= step_years;
            }
        }
        if let Some(it) = &mut self.liquidators {
            it.gas_usd *= gross;
            it.capital_usd = it.capital_usd.map(|share| share * gross);
        }
        scenario.liquidators = self.liquidators;
        scenario.run.opening = self.opening;
        if let Rule::Perpetual(rule) = &mut scenario.venues[PERPETUAL as usize].rule
            && let Some((fund, fee)) = self.fund
        {
            rule.insurance_fund_usd = fund * gross;
            rule.insurance_fee = fee;
        }
        scenario
    }
}

/// Scenarios whose positions are coupled, most of them.
pub(crate) fn coupled_scenario() -> impl Strategy<Value = Scenario> {
    coupled_scenario_of((1..=6).into())
}

/// The same, of so many positions.
pub(crate) fn coupled_scenario_of(n_positions: SizeRange) -> impl Strategy<Value = Scenario> {
    let drawn = (any_scenario_of(n_positions), coupling());
    drawn.prop_map(|(scenario, coupling)| coupling.applied(scenario))
}
