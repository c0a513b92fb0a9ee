//! What a number means: indices into the lists of a scenario, so that none is mistaken for another.

use serde::{Deserialize, Serialize};

/// An asset: its place in [`crate::market::Market::assets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetId(pub u32);

/// A venue: its place in [`crate::scenario::Scenario::venues`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VenueId(pub u32);

impl AssetId {
    /// The place as an index.
    #[must_use]
    pub fn idx(self) -> usize {
        self.0 as usize
    }
}

impl VenueId {
    /// The place as an index.
    #[must_use]
    pub fn idx(self) -> usize {
        self.0 as usize
    }
}

/// The most paths of a run: 2^40, which take a GPU weeks.
pub const MOST_PATHS: u64 = 1 << 40;

/// Days in a year, everywhere.
pub const DAYS_PER_YEAR: f64 = 365.0;
