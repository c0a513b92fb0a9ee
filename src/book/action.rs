//! What happens on a breach, in parts: which legs a call takes, how much of them, at which price,
//! and what becomes of the rest. The engines know these few parts, not the venues.
//!
//! A venue compiles itself to a choice of parts with parameters. `engine::reference` states what
//! they mean; here are the CPU's forms of them, with twins in `shaders/action/`.

mod absorb;
mod auction;
mod close_out;
pub mod counterparty;
mod largest_legs;
mod price;
mod pro_rata;
pub mod row;

use super::account::{Event, LegState, Values, values};
pub use absorb::{MOST_CREDIT, set_absorbed};
pub use auction::{FALL_BITS, drop_penalty, price_ratio};
pub use close_out::{equity, largest_perp};
pub use counterparty::{Counterparty, Unlimited};
pub use largest_legs::Largest;
pub use price::discount_by_health;
pub use pro_rata::{BASKET, Basket, Pair};
pub use row::{
    AccountFacts, Action, MOST_CALLS, PICK_ABSORB, PICK_AUCTION, PICK_LARGEST_PAIR, PICK_PRO_RATA,
    PICK_WHOLE, PICKS, PRICE_AUCTION, PRICE_BONUS, PRICE_BY_HEALTH, PRICE_MARKET, PRICES, Part,
    to_words,
};

impl Action {
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
        match self.pick {
            PICK_PRO_RATA => pro_rata::run(self, legs, &sums, counterparty),
            PICK_LARGEST_PAIR => largest_legs::run(self, facts, legs, (sums, event), counterparty),
            PICK_ABSORB => absorb::run(self, facts, legs, counterparty),
            PICK_AUCTION => auction::run(self, facts, legs, counterparty),
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
