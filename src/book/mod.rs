//! Who owes what to whom, and under which rules.

pub mod account;
pub mod action;
pub mod liquidators;
pub mod venue;

use crate::units::{AssetId, VenueId};

/// The positions and their legs, flat: a million positions are two arrays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    /// The positions, in the order of the input file.
    pub positions: Vec<Position>,
    /// All legs, position by position.
    pub legs: Vec<Leg>,
}

/// One borrower at one venue.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Its name in the input file.
    pub name: Box<str>,
    /// Where.
    pub venue: VenueId,
    /// Which of the venue's categories it has chosen, whose terms stand before the venue's own;
    /// `None` for none.
    pub category: Option<u16>,
    /// First leg in [`Book::legs`].
    pub leg_start: u32,
    /// One past the last leg.
    pub leg_end: u32,
}

/// An amount of one asset that a position owns, owes or is exposed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Owned, owed, or a perpetual.
    pub kind: LegKind,
    /// Of what.
    pub asset: AssetId,
    /// Units of the asset; positive, but a perpetual's is signed (long is positive).
    pub amount: f64,
    /// What a perpetual was opened at: amount x entry price, signed, USD; of several that were
    /// added Σ of these, so that perpetuals that cancel keep the profit or loss that they have
    /// locked in. 0 for other legs.
    pub entry_usd: f64,
}

/// What a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegKind {
    /// Owned; backs the debt.
    Collateral,
    /// Owed.
    Debt,
    /// A perpetual future, signed.
    Perp,
}

/// What happens to positions that are liquidatable at the opening marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    /// Liquidated once, before the first step, by their venue's rule until nothing changes.
    Settle,
    /// Left as they are: every path liquidates them at its first step.
    Keep,
    /// Taken out of the book.
    Drop,
}

impl Book {
    /// The legs of a position.
    #[must_use]
    pub fn legs_of(&self, position: &Position) -> &[Leg] {
        &self.legs[position.leg_start as usize..position.leg_end as usize]
    }
}
