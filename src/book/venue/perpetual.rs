//! Perpetual futures: isolated or cross margin, tiered maintenance margin, closed at the mark.

use serde::Deserialize;

use crate::book::action::{Action, PICK_WHOLE};

use super::{BrokenBound, Leg, LegKind, Liquidation, outside, share_q31};

/// Parameters of a `perpetual` venue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Perpetual {
    /// Whether the legs of a position share their margin.
    pub margin: Margin,
    /// Liquidated when the account value equals the maintenance margin (Binance), not only below
    /// it.
    pub liquidatable_at_equality: bool,
    /// What closing costs, as a share of the notional at mark; 0 to 1.
    pub close_cost: f64,
    /// What pays for losses beyond the margin before they are bad debt, USD; not negative.
    pub insurance_fund_usd: f64,
    /// What a closed position pays into the fund out of the margin that is left, a share of its
    /// notional; 0 to 1.
    pub insurance_fee: f64,
    /// Maintenance tiers of markets that set none of their own; floors in USD rising from 0.
    pub tiers: Vec<Tier>,
}

/// Whether the legs of a position share their margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Margin {
    /// One market a position.
    Isolated,
    /// All markets of a position against one margin.
    Cross,
}

/// A maintenance margin tier: from `floor_usd` of notional on, the marginal rate is `rate`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Notional at which the tier begins, USD.
    pub floor_usd: f64,
    /// Maintenance margin, as a share of notional; above 0, below 1, rising with the floors.
    pub rate: f64,
}

impl Default for Perpetual {
    fn default() -> Self {
        Self {
            margin: Margin::Cross,
            liquidatable_at_equality: false,
            close_cost: 0.0,
            insurance_fund_usd: 0.0,
            insurance_fee: 0.0,
            tiers: vec![Tier { floor_usd: 0.0, rate: 0.0125 }],
        }
    }
}

impl Liquidation for Perpetual {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        let mut broken = outside(&[
            ("close_cost", self.close_cost, 0.0, 1.0, "between 0 and 1"),
            ("insurance_fund_usd", self.insurance_fund_usd, 0.0, 1e15, "between 0 and 1e15"),
            ("insurance_fee", self.insurance_fee, 0.0, 1.0, "between 0 and 1"),
        ]);
        broken.extend(tier_bounds(&self.tiers));
        broken
    }

    /// Margin counts in full unless the venue's terms give it a haircut.
    fn default_threshold(&self, _: f64) -> f64 {
        1.0
    }

    fn liquidatable_at_equality(&self) -> bool {
        self.liquidatable_at_equality
    }

    fn default_bonus(&self, _: f64) -> f64 {
        0.0
    }

    fn action(&self, _: &dyn Fn(f64) -> i64) -> Action {
        Action { close_cost: share_q31(self.close_cost), writes_off: 1, ..Action::new(PICK_WHOLE) }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        let n_perps = legs.iter().filter(|leg| leg.kind == LegKind::Perp).count();
        if legs.iter().any(|leg| leg.kind == LegKind::Debt) {
            Some(
                "owes a debt at a perpetual venue: write its margin as collateral and \
                 its exposure as perp",
            )
        } else if self.margin == Margin::Isolated && n_perps > 1 {
            Some(
                "has several perps under isolated margin: give each its own position, \
                 or set margin = \"cross\"",
            )
        } else {
            None
        }
    }

    fn insurance_fund(&self) -> (f64, f64) {
        (self.insurance_fund_usd, self.insurance_fee)
    }

    fn default_tiers(&self) -> &[Tier] {
        &self.tiers
    }
}

/// The tiers, each with its deduction in USD: ded_k = ded_{k-1} + floor_k (rate_k - rate_{k-1}),
/// which makes the maintenance margin max_k (rate_k n - ded_k) continuous in the notional n
/// (Binance's `cum`, Hyperliquid's deduction).
pub fn with_deductions(tiers: &[Tier]) -> impl Iterator<Item = (&Tier, f64)> {
    let (mut deduction, mut rate) = (0.0, 0.0);
    tiers.iter().map(move |tier| {
        deduction += tier.floor_usd * (tier.rate - rate);
        rate = tier.rate;
        (tier, deduction)
    })
}

/// What is wrong with a list of tiers.
#[must_use]
pub fn tier_bounds(tiers: &[Tier]) -> Vec<BrokenBound> {
    let mut broken = Vec::new();
    if let Some(first) = tiers.first()
        && first.floor_usd != 0.0
    {
        broken.push(BrokenBound {
            key: "tiers",
            value: first.floor_usd,
            bound: "0: the floor of the first tier",
        });
    }
    for tier in tiers {
        if !(1e-6..1.0).contains(&tier.rate) {
            broken.push(BrokenBound {
                key: "tiers",
                value: tier.rate,
                bound: "a rate above 0 and below 1",
            });
        }
    }
    for pair in tiers.windows(2) {
        if pair[1].floor_usd.partial_cmp(&pair[0].floor_usd) != Some(std::cmp::Ordering::Greater)
            || pair[1].floor_usd > 1e15
        {
            broken.push(BrokenBound {
                key: "tiers",
                value: pair[1].floor_usd,
                bound: "a floor above the one before",
            });
        }
        if pair[1].rate < pair[0].rate {
            broken.push(BrokenBound {
                key: "tiers",
                value: pair[1].rate,
                bound: "a rate at least the one before",
            });
        }
    }
    broken
}
