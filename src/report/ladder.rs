//! The ladder: what becomes liquidatable and uncovered when all prices but the stable ones drop.

use serde::Serialize;

use crate::book::venue::{Tier, with_deductions};
use crate::book::{LegKind, Position};
use crate::scenario::Scenario;

/// The book after one drop; nothing is liquidated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LadderRow {
    /// The drop, a fraction.
    pub drop: f64,
    /// Positions that may be liquidated.
    pub n_liquidatable: u64,
    /// What those owe.
    pub debt_liquidatable_usd: f64,
    /// What those own.
    pub collateral_liquidatable_usd: f64,
    /// Positions that owe more than they own.
    pub n_underwater: u64,
    /// By how much, in all.
    pub shortfall_usd: f64,
    /// What the whole book owes.
    pub total_debt_usd: f64,
}

/// The drops of a ladder that names none.
pub const DEFAULT_DROPS: [f64; 10] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.43, 0.5, 0.6, 0.7];

/// The book after each drop; decided on unrounded figures, in f64, before any opening is settled.
#[must_use]
pub fn ladder(scenario: &Scenario, drops: &[f64]) -> Vec<LadderRow> {
    drops.iter().map(|drop| rung(scenario, *drop)).collect()
}

fn rung(scenario: &Scenario, drop: f64) -> LadderRow {
    let prices: Vec<f64> = scenario
        .market
        .assets
        .iter()
        .map(|asset| if asset.is_stable { asset.price_usd } else { asset.price_usd * (1.0 - drop) })
        .collect();
    let mut row = LadderRow {
        drop,
        n_liquidatable: 0,
        debt_liquidatable_usd: 0.0,
        collateral_liquidatable_usd: 0.0,
        n_underwater: 0,
        shortfall_usd: 0.0,
        total_debt_usd: 0.0,
    };
    for position in &scenario.book.positions {
        let standing = Standing::of(scenario, position, &prices);
        row.total_debt_usd += standing.debt_usd;
        if standing.is_liquidatable {
            row.n_liquidatable += 1;
            row.debt_liquidatable_usd += standing.debt_usd;
            row.collateral_liquidatable_usd += standing.collateral_usd;
        }
        if standing.equity_usd < 0.0 {
            row.n_underwater += 1;
            row.shortfall_usd -= standing.equity_usd;
        }
    }
    row
}

/// How a position stands at given prices.
pub(super) struct Standing {
    debt_usd: f64,
    collateral_usd: f64,
    /// Collateral less debt, with the profit and loss of perpetuals.
    pub(super) equity_usd: f64,
    /// What counts: collateral by its threshold, with that profit and loss.
    weighted_usd: f64,
    /// What it must cover: debt and maintenance margin.
    required_usd: f64,
    pub(super) is_liquidatable: bool,
}

impl Standing {
    pub(super) fn of(scenario: &Scenario, position: &Position, prices: &[f64]) -> Self {
        let venue = &scenario.venues[position.venue.idx()];
        let (mut collateral_usd, mut debt_usd, mut profit_usd) = (0.0, 0.0, 0.0);
        // What counts, and what it must cover: debt, or maintenance margin.
        let (mut weighted_usd, mut required_usd) = (0.0, 0.0);
        for leg in scenario.book.legs_of(position) {
            let value = leg.amount * prices[leg.asset.idx()];
            let terms = venue.terms_of(position.category, leg.asset);
            match leg.kind {
                LegKind::Collateral => {
                    collateral_usd += value;
                    weighted_usd += value * terms.liquidation_threshold;
                }
                LegKind::Debt => {
                    debt_usd += value;
                    required_usd += value;
                }
                LegKind::Perp => {
                    let profit = value - leg.entry_usd;
                    profit_usd += profit;
                    weighted_usd += profit;
                    required_usd += maintenance_margin(&terms.tiers, value.abs());
                }
            }
        }
        let at_equality = venue.rule.liquidation().liquidatable_at_equality();
        Self {
            debt_usd,
            collateral_usd,
            equity_usd: collateral_usd - debt_usd + profit_usd,
            weighted_usd,
            required_usd,
            is_liquidatable: weighted_usd < required_usd
                || (at_equality && weighted_usd == required_usd),
        }
    }
}

impl Standing {
    /// What counts over what is required; none where nothing is.
    pub(super) fn health_factor(&self) -> Option<f64> {
        (self.required_usd > 0.0).then(|| self.weighted_usd / self.required_usd)
    }
}

/// max_k (rate_k n - deduction_k), which is the margin that rises tier by tier.
fn maintenance_margin(tiers: &[Tier], notional_usd: f64) -> f64 {
    let margins = with_deductions(tiers).map(|(tier, cut)| notional_usd * tier.rate - cut);
    margins.fold(0.0, f64::max)
}
