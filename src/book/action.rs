//! What happens on a breach; the kernels know these few actions, not the venues.
//!
//! A venue compiles itself to one of them with parameters. Twins in `shaders/action/`.

mod close_out;
pub mod counterparty;
mod largest_legs;
mod pro_rata;

use bytemuck::Zeroable;
use serde::{Deserialize, Serialize};

use super::account::{Event, LegState, Values, values};
use crate::rows;

pub use close_out::{equity, largest_perp};
pub use counterparty::{Counterparty, Unlimited};
pub use largest_legs::Largest;
pub use pro_rata::{BASKET, Basket, Pair};

/// Takes from all collaterals and repays all debts alike, one call.
pub const ACTION_PRO_RATA: u32 = 0;
/// Call after call, repays the largest debt out of the largest collateral.
pub const ACTION_LARGEST_LEGS: u32 = 1;
/// Closes all perpetuals at the mark.
pub const ACTION_CLOSE_OUT: u32 = 2;

/// Most calls of an event.
pub const MOST_CALLS: u32 = 64;

rows! {
    /// An action and its parameters; read by Rust and WGSL alike.
    #[derive(Serialize, Deserialize)]
    pub struct Action {
        /// One of the `ACTION_` constants.
        pub kind: u32,
        /// Share of debt repayable in a call, Q1.31.
        pub close_factor: u32,
        /// 1 if that is a share of the whole debt, 0 if of the chosen leg.
        pub of_whole_debt: u32,
        /// Health factor below which the close factor falls away, Q0.32; 0 for never.
        pub full_close_below: u32,
        /// 1 if debt without collateral is written off at once, 0 if it stays on the books.
        pub writes_off: u32,
        /// Most calls in an event.
        pub calls_per_step: u32,
        /// Cost of closing perpetuals, a share of their notional, Q1.31.
        pub close_cost: u32,
        /// Legs of less value may be repaid whole; money, low and high word.
        pub small: [u32; 2],
        /// Least value a call may leave of a leg that it does not clear; money, low and high word.
        pub dust: [u32; 2],
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
}

impl Action {
    /// An action that does nothing yet; venues set what they use.
    #[must_use]
    pub fn new(kind: u32) -> Self {
        Self { kind, calls_per_step: 1, ..Self::zeroed() }
    }

    /// Runs the action on a breached position, against the counterparty of what it gives up.
    #[inline]
    pub fn run<C: Counterparty>(
        &self,
        facts: AccountFacts,
        legs: &mut [LegState],
        counterparty: &mut C,
    ) -> Event {
        let sums = values(legs);
        self.run_from(facts, legs, (sums, Event::default()), counterparty)
    }

    /// The same of an event that has begun, of legs that come to so much.
    #[inline]
    pub fn run_from<C: Counterparty>(
        &self,
        facts: AccountFacts,
        legs: &mut [LegState],
        (sums, event): (Values, Event),
        counterparty: &mut C,
    ) -> Event {
        match self.kind {
            ACTION_PRO_RATA => pro_rata::run(self, legs, &sums, counterparty),
            ACTION_LARGEST_LEGS => {
                largest_legs::run(self, facts, legs, (sums, event), counterparty)
            }
            _ => close_out::run(self, facts, legs, counterparty),
        }
    }

    /// The first call of an event on the [`Largest`] legs of a position, where that is the action:
    /// what it leaves of them, if anything happens.
    #[inline(always)]
    pub fn call<C: Counterparty>(
        &self,
        facts: AccountFacts,
        two: [LegState; 2],
        counterparty: &mut C,
        (sums, event): (&mut Values, &mut Event),
    ) -> Option<[LegState; 2]> {
        largest_legs::call(self, facts, two, counterparty, (sums, event))
    }

    /// Whether there is more to an event after a call.
    #[inline(always)]
    #[must_use]
    pub fn goes_on(&self, facts: AccountFacts, sums: &Values, event: &Event) -> bool {
        largest_legs::calls_again(self, facts, sums, event) || largest_legs::writes_off(self, sums)
    }
}

/// A 64-bit amount of money as two words.
#[must_use]
pub fn to_words(money: i64) -> [u32; 2] {
    [money as u32, (money >> 32) as u32]
}

/// Two words as a 64-bit amount of money.
#[inline(always)]
fn from_words(words: [u32; 2]) -> u64 {
    u64::from(words[0]) | u64::from(words[1]) << 32
}
