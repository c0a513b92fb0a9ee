//! The book at a glance: totals, health factors, what is due at the opening, and the largest legs,
//! so that a slip of the unit shows before the first path is walked.

use std::io::{self, Write};

use serde::Serialize;

use super::ladder::Standing;
use crate::book::{Leg, LegKind};
use crate::escape;
use crate::figures::number::{count, percent_or_none, significant, usd};
use crate::scenario::Scenario;

/// Shares of the positions at which health factors are told.
const QUANTILES: [(f64, &str); 4] = [(0.0, "least"), (0.01, "1 %"), (0.05, "5 %"), (0.5, "median")];
/// How many of the largest positions are told together.
const N_LARGEST: usize = 10;
/// Assets that the table shows; JSON has all.
const N_ROWS: usize = 12;

/// A book at the opening prices, before anything is settled; in f64.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Glance {
    /// Totals by asset, in the order of the scenario; assets without legs are left out.
    pub assets: Vec<AssetTotal>,
    /// Health factors of the positions that owe something or hold perpetuals, by share of them.
    pub health_factors: Vec<HealthQuantile>,
    /// Positions that may be liquidated.
    pub n_liquidatable: u64,
    /// Positions that owe more than they own.
    pub n_under_water: u64,
    /// By how much, in all.
    pub shortfall_usd: f64,
    /// The largest leg; none in an empty book.
    pub largest_leg: Option<LargestLeg>,
    /// What the ten positions with the most collateral, debt and notional have of all of it.
    pub ten_largest_share: Option<f64>,
}

/// What the book holds of one asset, USD.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssetTotal {
    /// The asset.
    pub asset: String,
    /// Owned.
    pub collateral_usd: f64,
    /// Owed.
    pub debt_usd: f64,
    /// Notional of longs.
    pub long_usd: f64,
    /// Notional of shorts.
    pub short_usd: f64,
}

/// A quantile of the health factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HealthQuantile {
    /// The share of positions at or below it.
    pub share: f64,
    /// What counts over what is required: weighted collateral over debt, or equity over maintenance
    /// margin.
    pub health_factor: f64,
}

/// The largest leg of a book.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LargestLeg {
    /// The position.
    pub position: String,
    /// The asset.
    pub asset: String,
    /// Which side it is on.
    pub kind: &'static str,
    /// What it is worth.
    pub value_usd: f64,
}

impl Glance {
    /// The book of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let prices: Vec<f64> = scenario.market.assets.iter().map(|it| it.price_usd).collect();
        let positions = &scenario.book.positions;
        let standings = || positions.iter().map(|it| Standing::of(scenario, it, &prices));
        let mut factors: Vec<f64> = standings().filter_map(|it| it.health_factor()).collect();
        factors.sort_by(f64::total_cmp);
        let shortfalls = standings().map(|it| -it.equity_usd).filter(|shortfall| *shortfall > 0.0);
        let (n_under_water, shortfall_usd) =
            shortfalls.fold((0, 0.0), |(n, sum), shortfall| (n + 1, sum + shortfall));
        Self {
            assets: totals(scenario, &prices),
            health_factors: quantiles(&factors),
            n_liquidatable: standings().filter(|it| it.is_liquidatable).count() as u64,
            n_under_water,
            shortfall_usd,
            largest_leg: largest_leg(scenario, &prices),
            ten_largest_share: ten_largest(scenario, &prices),
        }
    }

    /// Writes it for people.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let has_perps = self.assets.iter().any(|it| it.long_usd + it.short_usd > 0.0);
        writeln!(out, "  the book at the opening, USD:")?;
        for total in self.assets.iter().take(N_ROWS) {
            let mut sides = vec![("collateral", total.collateral_usd), ("debt", total.debt_usd)];
            if has_perps {
                sides.extend([("long", total.long_usd), ("short", total.short_usd)]);
            }
            let told = sides.iter().filter(|(_, value)| *value > 0.0);
            let told: Vec<String> =
                told.map(|(side, value)| format!("{side} {}", usd(*value))).collect();
            writeln!(out, "    {}: {}", escape::name(&total.asset), told.join(", "))?;
        }
        if self.assets.len() > N_ROWS {
            let n_more = (self.assets.len() - N_ROWS) as u128;
            writeln!(out, "    ... and {} more assets (--format json has all)", count(n_more))?;
        }
        let quantiles = self.health_factors.iter().zip(QUANTILES);
        let quantiles: Vec<String> = quantiles
            .map(|(it, (_, name))| format!("{name} {}", significant(it.health_factor, 4)))
            .collect();
        if !quantiles.is_empty() {
            writeln!(out, "  health factors: {}", quantiles.join(", "))?;
        }
        writeln!(
            out,
            "  at the opening: {} liquidatable, {} under water by {} USD",
            count(self.n_liquidatable.into()),
            count(self.n_under_water.into()),
            usd(self.shortfall_usd),
        )?;
        let Some(leg) = &self.largest_leg else { return Ok(()) };
        let LargestLeg { position, asset, kind, value_usd } = leg;
        writeln!(
            out,
            "  largest leg: {kind} of {} in {}, {} USD; the ten largest positions hold {}",
            escape::quoted(position),
            escape::name(asset),
            usd(*value_usd),
            percent_or_none(self.ten_largest_share),
        )
    }
}

fn value_of(leg: &Leg, prices: &[f64]) -> f64 {
    leg.amount * prices[leg.asset.idx()]
}

fn totals(scenario: &Scenario, prices: &[f64]) -> Vec<AssetTotal> {
    let mut totals: Vec<AssetTotal> = scenario
        .market
        .assets
        .iter()
        .map(|asset| AssetTotal {
            asset: asset.name.clone(),
            collateral_usd: 0.0,
            debt_usd: 0.0,
            long_usd: 0.0,
            short_usd: 0.0,
        })
        .collect();
    for leg in &scenario.book.legs {
        let (total, value) = (&mut totals[leg.asset.idx()], value_of(leg, prices));
        match leg.kind {
            LegKind::Collateral => total.collateral_usd += value,
            LegKind::Debt => total.debt_usd += value,
            LegKind::Perp if value >= 0.0 => total.long_usd += value,
            LegKind::Perp => total.short_usd -= value,
        }
    }
    totals.retain(|it| it.collateral_usd + it.debt_usd + it.long_usd + it.short_usd > 0.0);
    totals
}

/// The ceil(share x n)-th of the sorted factors, and the first for a share of 0.
fn quantiles(sorted: &[f64]) -> Vec<HealthQuantile> {
    if sorted.is_empty() {
        return Vec::new();
    }
    let at = |share: f64| sorted[(libm::ceil(share * sorted.len() as f64) as usize).max(1) - 1];
    QUANTILES.map(|(share, _)| HealthQuantile { share, health_factor: at(share) }).to_vec()
}

fn largest_leg(scenario: &Scenario, prices: &[f64]) -> Option<LargestLeg> {
    let size = |leg: &Leg| value_of(leg, prices).abs();
    let positions = scenario.book.positions.iter();
    let legs = positions.flat_map(|it| scenario.book.legs_of(it).iter().map(move |leg| (it, leg)));
    let (position, leg) = legs.max_by(|a, b| size(a.1).total_cmp(&size(b.1)))?;
    Some(LargestLeg {
        position: position.name.to_string(),
        asset: scenario.market.assets[leg.asset.idx()].name.clone(),
        kind: match leg.kind {
            LegKind::Collateral => "collateral",
            LegKind::Debt => "debt",
            LegKind::Perp => "perp",
        },
        value_usd: size(leg),
    })
}

fn ten_largest(scenario: &Scenario, prices: &[f64]) -> Option<f64> {
    let gross = |position| {
        let legs = scenario.book.legs_of(position).iter();
        legs.map(|leg| value_of(leg, prices).abs()).sum::<f64>()
    };
    let mut sizes: Vec<f64> = scenario.book.positions.iter().map(gross).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = sizes.iter().sum();
    (all > 0.0).then(|| sizes.iter().take(N_LARGEST).sum::<f64>() / all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Workload;

    #[test]
    fn quantiles_are_order_statistics() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        let found: Vec<f64> = quantiles(&sorted).iter().map(|it| it.health_factor).collect();
        assert_eq!(found, [1.0, 2.0, 10.0, 100.0]);
        assert_eq!(quantiles(&[3.0]).len(), QUANTILES.len());
        assert!(quantiles(&[]).is_empty());
    }

    /// Health factors of a workload run evenly over its range, and each position has one
    /// collateral and one debt.
    #[test]
    fn a_glance_adds_up_to_the_book() {
        let workload = Workload { n_positions: 101, ..Workload::default() };
        let scenario = workload.scenario();
        let glance = Glance::of(&scenario);
        let price = |leg: &Leg| scenario.market.assets[leg.asset.idx()].price_usd;
        let side = |kind| {
            let legs = scenario.book.legs.iter().filter(move |leg| leg.kind == kind);
            legs.map(|leg| leg.amount * price(leg)).sum::<f64>()
        };
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        let sum = |of: fn(&AssetTotal) -> f64| glance.assets.iter().map(of).sum::<f64>();
        assert!(close(sum(|it| it.collateral_usd), side(LegKind::Collateral)));
        assert!(close(sum(|it| it.debt_usd), side(LegKind::Debt)));
        let factors: Vec<f64> = glance.health_factors.iter().map(|it| it.health_factor).collect();
        let (least, most) = workload.health_factors;
        let median = least + (most - least) * 50.0 / 101.0;
        assert!(close(factors[0], least) && close(factors[3], median), "{factors:?}");
        assert_eq!((glance.n_liquidatable, glance.n_under_water), (0, 0));
    }
}
