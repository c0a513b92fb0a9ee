//! The opening: what was liquidatable before the first step, in figures and in sentences, which are
//! the same in every format that people read.

use serde::{Deserialize, Serialize};

use super::number::{count, counted, usd};
use crate::book::Opening;
use crate::escape;

/// What was liquidatable at the opening marks, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningFacts {
    /// How it was dealt with.
    pub mode: Opening,
    /// How many positions were liquidatable.
    pub n: u64,
    /// How many of them liquidators reached.
    pub liquidated: u64,
    /// How many of them owe and own nothing, so that none can.
    pub n_bare: u64,
    /// What they owed.
    pub debt_usd: f64,
    /// What liquidators repaid of it.
    pub repaid_usd: f64,
    /// The bad debt they left behind; not part of the paths' bad debt.
    pub bad_debt_usd: f64,
    /// The largest of them; none if there is none.
    pub largest: Option<LargestAtOpening>,
}

/// The position that left most bad debt at the opening; where none left any, the one that owed
/// most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LargestAtOpening {
    /// Its name in the book.
    pub position: String,
    /// Its venue.
    pub venue: String,
    /// What the amount is.
    pub of: AmountAtOpening,
    /// The amount.
    pub usd: f64,
}

/// An amount by which positions are compared at the opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmountAtOpening {
    /// The bad debt it left.
    BadDebt,
    /// What it owed.
    Debt,
}

impl OpeningFacts {
    /// What was liquidatable, who owes and owns nothing, and the largest; no sentence where nothing
    /// was.
    pub(crate) fn told(&self) -> Vec<String> {
        if self.n == 0 {
            return Vec::new();
        }
        let what = match self.mode {
            Opening::Settle => "settled",
            Opening::Keep => "kept",
            Opening::Drop => "dropped",
        };
        let (n, n_liquidated) = (counted(self.n, "position"), count(self.liquidated.into()));
        let (debt, repaid, bad) =
            (usd(self.debt_usd), usd(self.repaid_usd), usd(self.bad_debt_usd));
        let mut told = vec![
            format!("{n} liquidatable and {what}, {n_liquidated} liquidated"),
            format!("{debt} USD of debt, {repaid} USD repaid, {bad} USD bad"),
        ];
        if self.n_bare > 0 {
            let verbs = if self.n_bare == 1 { "owes and owns" } else { "owe and own" };
            let n_bare = counted(self.n_bare, "position");
            told.push(format!("{n_bare} {verbs} nothing: defaults that no call can liquidate"));
        }
        told.extend(self.largest.as_ref().map(LargestAtOpening::told));
        told
    }
}

impl LargestAtOpening {
    fn told(&self) -> String {
        let Self { position, venue, of, usd: amount } = self;
        let what = match of {
            AmountAtOpening::BadDebt => "USD bad",
            AmountAtOpening::Debt => "USD of debt",
        };
        let (position, venue) = (escape::name(position), escape::name(venue));
        format!("the largest: {position} at {venue}, {} {what}", usd(*amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::fixture;

    #[test]
    fn nothing_is_told_of_an_opening_at_which_nothing_was_liquidatable() {
        let none = OpeningFacts { n: 0, largest: None, ..fixture::facts().opening };
        assert_eq!(none.told(), [""; 0]);
    }

    #[test]
    fn what_was_kept_is_told_with_those_that_only_owe() {
        let largest = LargestAtOpening {
            position: "0xab".to_owned(),
            venue: "compound".to_owned(),
            of: AmountAtOpening::Debt,
            usd: 1500.0,
        };
        let kept = OpeningFacts {
            mode: Opening::Keep,
            n: 1241,
            liquidated: 0,
            n_bare: 24,
            debt_usd: 1e6,
            repaid_usd: 0.0,
            bad_debt_usd: 0.0,
            largest: Some(largest),
        };
        assert_eq!(
            kept.told(),
            [
                "1,241 positions liquidatable and kept, 0 liquidated",
                "1,000,000 USD of debt, 0.00 USD repaid, 0.00 USD bad",
                "24 positions owe and own nothing: defaults that no call can liquidate",
                "the largest: 0xab at compound, 1,500 USD of debt",
            ]
        );
    }
}
