//! The shape every venue has: parameters as a person writes them, and terms per asset.

mod aave_v3;
mod comet;
mod compound_v2;
mod euler_v2;
mod maker;
mod morpho_blue;
mod perpetual;
mod reference;

pub use aave_v3::AaveV3;
pub use comet::Comet;
pub use compound_v2::CompoundV2;
pub use euler_v2::EulerV2;
pub use maker::{Curve, Maker};
pub use morpho_blue::MorphoBlue;
pub use perpetual::{Margin, Perpetual, Tier, tier_bounds, with_deductions};
pub use reference::Reference;

use serde::Deserialize;

use super::action::Action;
use super::{Leg, LegKind};
use crate::fixed::ONE_Q31;
use crate::units::AssetId;

/// A venue of a scenario: its rule, and the terms on which it takes each asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Venue {
    /// Name, as in the book's `venue` column.
    pub name: String,
    /// How it liquidates.
    pub rule: Rule,
    /// Terms of each asset, in the market's order.
    pub terms: Vec<Terms>,
    /// Categories that a position may choose (Aave's e-modes), in the order of the file.
    pub categories: Vec<Category>,
}

/// Terms on which a venue takes some assets of positions that have chosen a category.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its name, as in the book's `emode` column.
    pub name: String,
    /// Terms of each asset, in the market's order; `None` for the venue's own.
    pub terms: Vec<Option<Terms>>,
}

impl Venue {
    /// The terms of an asset for a position of a category.
    #[must_use]
    pub fn terms_of(&self, category: Option<u16>, asset: AssetId) -> &Terms {
        let chosen = category.and_then(|it| self.categories.get(usize::from(it)));
        let of_category = chosen.and_then(|it| it.terms[asset.idx()].as_ref());
        of_category.unwrap_or(&self.terms[asset.idx()])
    }
}

/// The terms on which a venue takes one asset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// Share of the collateral's value that counts against debt, 0 to 1 (Morpho: LLTV).
    pub liquidation_threshold: f64,
    /// The liquidator's extra collateral, 0.05 for 5 %.
    pub liquidation_bonus: f64,
    /// The share of the collateral's value that its owner is credited with when the venue takes the
    /// account over, 0 to 1; 0 at venues that take none over.
    pub liquidation_factor: f64,
    /// The protocol's fee on this asset, of what the venue's rule takes it of; `None` for the
    /// venue's own.
    pub protocol_fee: Option<f64>,
    /// Maintenance margin tiers of a perpetual on this asset, floors rising from 0.
    pub tiers: Vec<Tier>,
    /// What longs pay shorts, a year, as a share of the notional at mark.
    pub funding_rate: f64,
}

/// What every rule says of itself; one implementation a file.
pub trait Liquidation {
    /// Parameters outside their bounds.
    fn broken_bounds(&self) -> Vec<BrokenBound>;
    /// The bonus of collateral whose terms set none.
    fn default_bonus(&self, liquidation_threshold: f64) -> f64;
    /// Whether the bonus is a term of collateral; `false` where the rule alone sets the price.
    fn takes_a_bonus(&self) -> bool {
        true
    }
    /// The threshold of collateral whose terms set none, given the asset's own.
    fn default_threshold(&self, asset_threshold: f64) -> f64 {
        asset_threshold
    }
    /// Whether a position is liquidatable when what counts equals what is required.
    fn liquidatable_at_equality(&self) -> bool {
        false
    }
    /// Whether positions may choose categories with terms of their own.
    fn has_categories(&self) -> bool {
        false
    }
    /// Whether collateral whose threshold is 0, which counts against no debt, may be seized.
    fn seizes_uncounted(&self) -> bool {
        true
    }
    /// What a unit of value repaid takes of collateral on these terms, by value.
    fn incentive(&self, terms: &Terms) -> f64 {
        1.0 + terms.liquidation_bonus
    }
    /// The share of collateral on these terms that its owner is credited with when the venue takes
    /// an account over; `None` where it takes none over.
    fn credit(&self, _: &Terms) -> Option<f64> {
        None
    }
    /// The key of the protocol's fee in the terms of an asset; `None` where the venue takes none.
    fn protocol_key(&self) -> Option<&'static str> {
        None
    }
    /// The share of what a call takes of collateral on these terms that is the protocol's and not
    /// the liquidator's.
    fn protocol_share(&self, _: &Terms) -> f64 {
        0.0
    }
    /// Why this venue cannot hold a position with these legs, and the remedy; `None` if it can.
    fn refusal(&self, legs: &[Leg]) -> Option<&'static str>;
    /// What happens on a breach; `money` puts dollars into the program's money.
    fn action(&self, money: &dyn Fn(f64) -> i64) -> Action;
    /// The same for a program whose steps are so long.
    fn timed(&self, action: Action, _step_years: f64) -> Action {
        action
    }
    /// What its insurance fund holds at the opening, USD, and what closing a position pays into it,
    /// a share of the notional; zeros where there is none.
    fn insurance_fund(&self) -> (f64, f64) {
        (0.0, 0.0)
    }
    /// Maintenance tiers of markets whose terms set none; empty where perpetuals are not traded.
    fn default_tiers(&self) -> &[Tier] {
        &[]
    }
}

/// A parameter outside its bound.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokenBound {
    /// The parameter's key.
    pub key: &'static str,
    /// What was written.
    pub value: f64,
    /// What may be written, as in "is not ...": "between 0 and 1".
    pub bound: &'static str,
}

/// Collects the parameters that are not (NaN is never) within `low..=high`.
fn outside(checks: &[(&'static str, f64, f64, f64, &'static str)]) -> Vec<BrokenBound> {
    checks
        .iter()
        .filter(|(_, value, low, high, _)| !(low <= value && value <= high))
        .map(|&(key, value, _, _, bound)| BrokenBound { key, value, bound })
        .collect()
}

/// A share from 0 to 1 in Q1.31.
pub(crate) fn share_q31(share: f64) -> u32 {
    libm::round(share * f64::from(ONE_Q31)) as u32
}

/// A share from 0 to 1 in Q0.32; 1 is cut to the largest fraction.
fn share_q32(share: f64) -> u32 {
    libm::round(share * 4_294_967_296.0) as u32
}

/// Health factors are found up to this much too high, relative: rounding is in the borrower's
/// favour.
const HEALTH_ERROR: f64 = 1e-7;

/// The smallest share that is a share at all.
const LEAST_SHARE: f64 = 1e-6;

/// Lending venues hold collateral and debt, not perpetuals.
fn lending_refusal(legs: &[Leg]) -> Option<&'static str> {
    legs.iter().any(|leg| leg.kind == LegKind::Perp).then_some(
        "holds a perp at a lending venue: move the row to a venue whose rule is perpetual",
    )
}

/// Writes the enum of rules and everything that follows from their list.
macro_rules! rules {
    ($($variant:ident, $name:literal, $about:literal;)*) => {
        /// How a venue liquidates: one variant a file.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Rule { $(#[doc = $about] $variant($variant),)* }

        /// The one list of rules: name in scenarios, and what it does.
        pub const RULES: &[(&str, &str)] = &[$(($name, $about)),*];

        impl Rule {
            /// Reads the parameters of the rule of that name; `None` if there is no such rule.
            pub fn deserialize<'de, D>(name: &str, from: D) -> Option<Result<Self, D::Error>>
            where
                D: serde::Deserializer<'de>,
            {
                match name {
                    $($name => Some($variant::deserialize(from).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// The rule behind the variant.
            #[must_use]
            pub fn liquidation(&self) -> &dyn Liquidation {
                match self { $(Self::$variant(rule) => rule,)* }
            }

            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }
        }
    };
}

rules! {
    Reference, "reference",
        "Pro-rata seizure, one call a step: the rule of workload W.";
    AaveV3, "aave-v3",
        "Half of the debt, all of it when deep or small; deficits are burned at once.";
    CompoundV2, "compound-v2",
        "A share of the chosen debt a call; what is left over stays on the books.";
    MorphoBlue, "morpho-blue",
        "Liquidated whole; the lenders lose at once when the collateral is gone.";
    Perpetual, "perpetual",
        "Perpetual futures under tiered maintenance margin, closed whole at the mark.";
    EulerV2, "euler-v2",
        "No close factor; the discount grows as health falls, and deficits are lenders' at once.";
    Comet, "comet",
        "Taken over whole by the market, whose storefront sells the collateral from then on.";
    Maker, "maker",
        "Auctioned at a price that falls with time, until the debt and a penalty are paid.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_a_row_a_rule() {
        let guide = include_str!("../guide/models.md");
        for (name, about) in RULES {
            assert!(guide.contains(&format!("| `{name}` | {about} |\n")), "{name}: {about}");
        }
        let rows = guide.lines().filter(|line| line.starts_with("| `"));
        assert_eq!(rows.count(), RULES.len(), "rows of the table of rules");
    }
}
