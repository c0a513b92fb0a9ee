//! A validated model as integers: everything that decides outcomes, and nothing else.

pub mod compile;
mod feeds;
pub mod layout;
pub mod liquidity;
pub mod rounding;
pub mod sound;
pub mod standing;
mod ties;
mod units;

use serde::{Deserialize, Serialize};

use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_PERP};
use crate::book::action::Action;
use crate::market::model::CompiledMarket;
use crate::rows::Part;
use crate::units::{AssetId, VenueId};
use layout::{InstrumentRow, LegRow, PositionRow, TierRow};
use liquidity::Liquidity;

pub use crate::scenario::Opening;
pub use compile::CompileError;
pub use sound::Unsound;

/// Flat integer arrays that a backend runs; the same on every machine for the same scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// How prices move.
    pub market: CompiledMarket,
    /// What legs follow.
    pub instruments: Vec<InstrumentRow>,
    /// The positions, in the book's order.
    pub positions: Vec<PositionRow>,
    /// All legs, position by position.
    pub legs: Vec<LegRow>,
    /// All margin tiers, leg by leg.
    pub tiers: Vec<TierRow>,
    /// One action a venue, in the scenario's order.
    pub actions: Vec<Action>,
    /// Where bad debt is counted: venue and debt asset (perpetuals: market).
    pub pools: Vec<(VenueId, AssetId)>,
    /// What couples the positions of a path; `None` where nothing does.
    pub liquidity: Option<Liquidity>,
    /// A unit of money is 2^this USD.
    pub money_log2: i32,
    /// What was settled before the first step.
    pub opening: OpeningFigures,
}

/// What the opening book held that was liquidatable at once, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OpeningFigures {
    /// Positions liquidatable at the opening marks.
    pub n: u64,
    /// Of these, positions that owe and own nothing.
    pub n_bare: u64,
    /// Positions liquidated at the opening; none unless they are settled.
    pub liquidated: u64,
    /// Debt of the liquidatable positions, in money.
    pub debt: i128,
    /// Debt repaid and notional closed at the opening, in money.
    pub repaid: i128,
    /// Bad debt that settling them left, in money; none unless they are settled.
    pub bad_debt: i128,
    /// The liquidatable position with the largest bad debt, or else debt, and that, in money.
    pub largest: Option<(u32, i128)>,
}

impl OpeningFigures {
    /// Its figures in the order of their declaration; of the largest, one beyond its index.
    fn words(&self) -> [i128; 8] {
        let Self { n, n_bare, liquidated, debt, repaid, bad_debt, largest } = *self;
        let (place, largest) = largest.map_or((0, 0), |(idx, money)| (i128::from(idx) + 1, money));
        let counts = [n, n_bare, liquidated].map(i128::from);
        let [n, n_bare, liquidated] = counts;
        [n, n_bare, liquidated, debt, repaid, bad_debt, place, largest]
    }
}

impl Program {
    /// One asset that does not move, no position: for tests that put rows of their own into it.
    #[cfg(test)]
    pub(crate) fn smallest() -> Self {
        Self::compile(&crate::scenario::Scenario::smallest()).unwrap()
    }

    /// BLAKE3 over all of it, array by array; see [`Part`].
    #[must_use]
    pub fn digest(&self) -> blake3::Hash {
        let n_steps = self.market.n_steps as u64;
        let pools: Vec<[u32; 2]> =
            self.pools.iter().map(|(venue, asset)| [venue.0, asset.0]).collect();
        let opening = self.opening.words();
        let mut parts = vec![
            Part::words("n_steps", bytemuck::bytes_of(&n_steps)),
            Part::words("money_log2", bytemuck::bytes_of(&self.money_log2)),
            Part::rows("instruments", &self.instruments),
            Part::rows("positions", &self.positions),
            Part::rows("legs", &self.legs),
            Part::rows("tiers", &self.tiers),
            Part::rows("actions", &self.actions),
            Part::words("pools", bytemuck::cast_slice(&pools)),
            Part::words("opening", bytemuck::cast_slice(&opening)),
        ];
        parts.extend(self.market.parts().into_iter().map(|(name, it)| Part::words(name, it)));
        parts.extend(self.liquidity.iter().flat_map(Liquidity::parts));
        let mut hasher = blake3::Hasher::new_derive_key("shortfall program v3");
        parts.iter().for_each(|part| part.add_to(&mut hasher));
        hasher.finalize()
    }

    /// The same program in infinitely deep markets; all else stays.
    #[must_use]
    pub fn without_depth(&self) -> Self {
        let liquidity = self.liquidity.as_ref().and_then(Liquidity::without_depth);
        Self { liquidity, ..self.clone() }
    }

    /// The same market with an empty book, in which nothing couples anything: what is left to do
    /// for a path is to draw its prices.
    #[must_use]
    pub fn without_positions(&self) -> Self {
        Self {
            market: self.market.clone(),
            instruments: Vec::new(),
            positions: Vec::new(),
            legs: Vec::new(),
            tiers: Vec::new(),
            actions: self.actions.clone(),
            pools: self.pools.clone(),
            liquidity: None,
            money_log2: self.money_log2,
            opening: self.opening,
        }
    }

    /// The legs of a position.
    #[must_use]
    pub fn legs_of(&self, position: &PositionRow) -> &[LegRow] {
        let start = position.leg_start as usize;
        &self.legs[start..start + position.n_legs as usize]
    }

    /// The tiers of a leg.
    #[must_use]
    pub fn tiers_of(&self, leg: &LegRow) -> &[TierRow] {
        let start = leg.tier_start as usize;
        &self.tiers[start..start + leg.n_tiers as usize]
    }

    /// Whether a position owes and owns nothing: it is a default, and no call can liquidate it.
    #[must_use]
    pub fn is_bare(&self, position_idx: usize) -> bool {
        let legs = self.legs_of(&self.positions[position_idx]);
        let holds = |kind| legs.iter().any(|leg| leg.kind == kind && leg.quantity != 0);
        holds(KIND_DEBT) && !holds(KIND_COLLATERAL) && !holds(KIND_PERP)
    }

    /// Money in USD.
    #[must_use]
    pub fn usd(&self, money: i128) -> f64 {
        money as f64 * libm::exp2(f64::from(self.money_log2))
    }
}
