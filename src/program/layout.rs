//! The rows that Rust and WGSL both read: 32-bit words only, 64-bit numbers as low and high word.

use serde::{Deserialize, Serialize};

use crate::book::account::LegState;
use crate::book::action::AccountFacts;
use crate::rows;

/// No such index, no such bound.
pub const NONE: u32 = u32::MAX;

/// A mark is that of an asset's price.
pub const INSTRUMENT_PRICE: u32 = 0;
/// A mark is the sum of the price marks so far, shifted right: what funding is paid on.
pub const INSTRUMENT_SUM: u32 = 1;

rows! {
    /// What a leg's value follows: an asset's price, grown by interest, or summed up for funding.
    #[derive(Hash, Serialize, Deserialize)]
    pub struct InstrumentRow {
        /// The asset.
        pub asset: u32,
        /// One of the `INSTRUMENT_` constants.
        pub kind: u32,
        /// Growth a step of the log2 mark, lsb 2^-56, low and high word.
        pub accrual: [u32; 2],
        /// Right shift of the sum, so that it fits the word.
        pub sum_shift: u32,
        /// 0 where the venue reads what is reported of the asset to all, else 1 + its place among
        /// the feeds of single venues.
        pub feed: u32,
    }
}

impl InstrumentRow {
    /// Which of the readings of prices the venue's is: first one an asset, then those of single
    /// venues.
    #[inline(always)]
    #[must_use]
    pub fn reading(&self, n_assets: usize) -> usize {
        match self.feed.checked_sub(1) {
            None => self.asset as usize,
            Some(own) => n_assets + own as usize,
        }
    }
}

rows! {
    /// A position: its legs, its venue, its unit.
    #[derive(Serialize, Deserialize)]
    pub struct PositionRow {
        /// First leg.
        pub leg_start: u32,
        /// Number of legs.
        pub n_legs: u32,
        /// Its venue's action.
        pub action: u32,
        /// Right shift from fine values to money.
        pub money_shift: u32,
        /// Constant part of the account value (perpetuals: less the entry value), a fine value.
        pub constant: [u32; 2],
        /// What is added to the margin surplus before it is held against 0, a fine value: what
        /// rounding may have taken from it, so that no healthy position is liquidated; where
        /// equality is a breach, less what rounding may have given. See `program::ties`.
        pub tie: [u32; 2],
    }
}

impl PositionRow {
    /// Constant of the margin surplus; a breach is a surplus below 0.
    #[inline(always)]
    #[must_use]
    pub fn surplus_constant(&self) -> i64 {
        from_words(self.constant) + from_words(self.tie)
    }

    /// What an action may know of the position beside its legs.
    #[inline(always)]
    #[must_use]
    pub fn facts(&self) -> AccountFacts {
        AccountFacts {
            constant: from_words(self.constant),
            tie: from_words(self.tie),
            money_shift: self.money_shift,
            step: 0,
        }
    }
}

rows! {
    /// A leg of a position.
    #[derive(Serialize, Deserialize)]
    pub struct LegRow {
        /// What its value follows.
        pub instrument: u32,
        /// One of the `KIND_` constants of [`crate::book::account`].
        pub kind: u32,
        /// Units, in the position's unit of opening value.
        pub quantity: i32,
        /// Liquidation threshold of collateral, Q1.31.
        pub threshold: u32,
        /// 1 + liquidation bonus of collateral, Q2.30.
        pub incentive: u32,
        /// 1 / (1 + liquidation bonus) of collateral, Q1.31.
        pub discount: u32,
        /// Share of collateral that an absorbed account is credited with, Q1.31; 0 at venues that
        /// absorb none.
        pub credit: u32,
        /// Share of what a call takes of collateral that is the protocol's and not the
        /// liquidator's, Q1.31.
        pub protocol: u32,
        /// Where its bad debt is counted: a row of the program's pools.
        pub pool: u32,
        /// First margin tier of a perpetual.
        pub tier_start: u32,
        /// Number of margin tiers; 0 for legs that are not perpetuals.
        pub n_tiers: u32,
    }
}

impl LegRow {
    /// The leg on a path: so many units left, at this mark.
    #[inline(always)]
    #[must_use]
    pub fn state(&self, quantity: i32, mark: u32) -> LegState {
        LegState {
            kind: self.kind,
            instrument: self.instrument,
            n_tiers: self.n_tiers,
            quantity,
            next: quantity,
            mark,
            market: mark,
            threshold: self.threshold,
            incentive: self.incentive,
            discount: self.discount,
            credit: self.credit,
            protocol: self.protocol,
            lost: 0,
        }
    }
}

rows! {
    /// A margin tier of a perpetual leg: coefficient x mark + deduction, the least of which counts.
    #[derive(Serialize, Deserialize)]
    pub struct TierRow {
        /// Signed notional less rate x notional, in the position's unit.
        pub coefficient: i32,
        /// What continuity gives back, a fine value, low and high word.
        pub deduction: [u32; 2],
    }
}

/// Two words as the number they hold.
#[inline(always)]
#[must_use]
pub fn from_words(words: [u32; 2]) -> i64 {
    (u64::from(words[0]) | u64::from(words[1]) << 32) as i64
}
