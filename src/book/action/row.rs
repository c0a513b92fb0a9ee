//! The row of an action: the parts that a rule may be made of, and their parameters.

use bytemuck::Zeroable;
use serde::{Deserialize, Serialize};

use crate::rows;

/// Takes from all collaterals and repays all debts alike, one call.
pub const PICK_PRO_RATA: u32 = 0;
/// Call after call, repays the largest debt out of the largest collateral.
pub const PICK_LARGEST_PAIR: u32 = 1;
/// Closes all perpetuals of an account.
pub const PICK_WHOLE: u32 = 2;
/// Takes the whole account over, then sells it leg by leg.
pub const PICK_ABSORB: u32 = 3;
/// Puts the collateral up for auction, at a price that falls with time.
pub const PICK_AUCTION: u32 = 4;
/// Which legs a call takes: the one list.
pub const PICKS: &[Part] = &[
    Part { word: PICK_PRO_RATA, name: "pro-rata", about: "every collateral and debt alike" },
    Part {
        word: PICK_LARGEST_PAIR,
        name: "largest-pair",
        about: "the largest debt out of the largest collateral, call after call",
    },
    Part { word: PICK_WHOLE, name: "whole", about: "all perpetuals of an account at once" },
    Part {
        word: PICK_ABSORB,
        name: "absorb",
        about: "the venue takes the account over, then sells its collateral, the largest first",
    },
    Part {
        word: PICK_AUCTION,
        name: "auction",
        about: "the venue auctions the collateral, until the debt and a penalty are paid",
    },
];

/// Collateral goes at the bonus of its terms.
pub const PRICE_BONUS: u32 = 0;
/// Collateral goes at a discount that grows as health falls, up to a most.
pub const PRICE_BY_HEALTH: u32 = 1;
/// What is closed is closed on the market, at a cost.
pub const PRICE_MARKET: u32 = 2;
/// Collateral goes at a price that falls with the time since its auction began.
pub const PRICE_AUCTION: u32 = 3;
/// At which price a call takes them: the one list.
pub const PRICES: &[Part] = &[
    Part { word: PRICE_BONUS, name: "bonus", about: "the bonus of the collateral's terms" },
    Part {
        word: PRICE_BY_HEALTH,
        name: "by-health",
        about: "a discount of 1 - health, up to a most",
    },
    Part { word: PRICE_MARKET, name: "market", about: "the market's, at a cost" },
    Part {
        word: PRICE_AUCTION,
        name: "auction",
        about: "one that falls with time, from above the oracle's price",
    },
];

/// A part that a rule may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number in a program.
    pub word: u32,
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
}

/// Most calls of an event.
pub const MOST_CALLS: u32 = 64;

rows! {
    /// An action and its parameters; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct Action {
        /// One of the `PICK_` constants.
        pub pick: u32,
        /// One of the `PRICE_` constants.
        pub price: u32,
        /// 1 where positions hold perpetuals against margin, 0 where they owe debts.
        pub holds_perps: u32,
        /// Share of debt repayable in a call, Q1.31.
        pub close_factor: u32,
        /// 1 if that is a share of the whole debt, 0 if of the chosen leg.
        pub of_whole_debt: u32,
        /// Health factor below which the close factor falls away, Q0.32; 0 for never.
        pub full_close_below: u32,
        /// Health factor to which a call restores the account, Q2.30, 1 to 2; 0 where the close
        /// factor says how much may be repaid.
        pub target_health: u32,
        /// 1 if debt without collateral is written off at once, 0 if it stays on the books.
        pub writes_off: u32,
        /// Most calls in an event.
        pub calls_per_step: u32,
        /// Cost of closing perpetuals, a share of their notional, Q1.31.
        pub close_cost: u32,
        /// Least price of collateral by health, as a share of its value, Q1.31.
        pub least_discount: u32,
        /// Legs of less value may be repaid whole; money, low and high word.
        pub small: [u32; 2],
        /// Least value a call may leave of a leg that it does not clear; money, low and high word.
        pub dust: [u32; 2],
        /// What is added to the debt when an auction of it begins, a share of it, Q1.31.
        pub penalty: u32,
        /// The first price of an auction over the venue's price, Q2.30.
        pub buf: u32,
        /// The most that buyers pay in an auction, a share of the market's price, Q1.31.
        pub bid: u32,
        /// What a fall leaves of an auction's price, Q1.31, or, where it falls along a line, what
        /// it takes of the first price.
        pub fall: u32,
        /// 1 if an auction's price falls along a line.
        pub is_linear: u32,
        /// Falls of an auction's price in a step, Q20.12.
        pub falls_per_step: u32,
        /// The least price of an auction, a share of its first one, Q1.31.
        pub least: u32,
        /// Steps after which an auction that is not over begins anew.
        pub auction_steps: u32,
        /// Debt at the beginning of an event from which on it may be written off; money, low and
        /// high word.
        pub written_off_from: [u32; 2],
    }
}

/// What an action may know of its position beside the legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountFacts {
    /// Constant part of the account value (perpetuals: less the entry value), a fine value.
    pub constant: i64,
    /// What is added to the margin surplus for its rounding; see
    /// `tie` of the program's rows of positions.
    pub tie: i64,
    /// Right shift from fine values to money.
    pub money_shift: u32,
    /// The step of the path.
    pub step: u32,
}

impl AccountFacts {
    /// The same in a step of the path.
    #[inline(always)]
    #[must_use]
    pub fn at(self, step: usize) -> Self {
        Self { step: step as u32, ..self }
    }
}

impl Action {
    /// An action that does nothing yet; venues set what they use.
    #[must_use]
    pub fn new(pick: u32) -> Self {
        let is_whole = pick == PICK_WHOLE;
        let price = if is_whole { PRICE_MARKET } else { PRICE_BONUS };
        let holds_perps = u32::from(is_whole);
        Self { pick, price, holds_perps, calls_per_step: 1, ..Self::zeroed() }
    }

    /// Whether positions hold perpetuals against margin: their value is then one sum, where others
    /// have collateral and debt.
    #[inline(always)]
    #[must_use]
    pub fn holds_perps(&self) -> bool {
        self.holds_perps == 1
    }

    /// Whether a position is liquidated pro rata at the bonus of its terms, which is the same in
    /// every call.
    #[inline(always)]
    #[must_use]
    pub fn is_plain_pro_rata(&self) -> bool {
        self.pick == PICK_PRO_RATA && self.price == PRICE_BONUS
    }

    /// Whether a first call on the [`super::Largest`] legs may be made by itself: what follows it
    /// needs nothing of what was before.
    #[inline(always)]
    #[must_use]
    pub fn begins_with_a_call(&self) -> bool {
        self.pick == PICK_LARGEST_PAIR && self.written_off_from == [0; 2]
    }

    /// Whether it keeps a word of every account, in a leg of [`crate::book::account::KIND_STATE`].
    #[inline(always)]
    #[must_use]
    pub fn keeps_state(&self) -> bool {
        self.n_state_words() > 0
    }

    /// How many words of every account it keeps: a leg each, the last ones.
    #[inline(always)]
    #[must_use]
    pub fn n_state_words(&self) -> usize {
        match self.pick {
            PICK_ABSORB => 1,
            PICK_AUCTION => 3,
            _ => 0,
        }
    }
}

/// A 64-bit amount of money as two words.
#[must_use]
pub fn to_words(money: i64) -> [u32; 2] {
    [money as u32, (money >> 32) as u32]
}

/// Two words as a 64-bit amount of money.
#[inline(always)]
pub(super) fn from_words(words: [u32; 2]) -> u64 {
    u64::from(words[0]) | u64::from(words[1]) << 32
}
