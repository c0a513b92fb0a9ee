//! Why a scenario does not fit the integer formats.

use thiserror::Error;

use crate::market::model::MarketError;

/// Why a scenario cannot be put into integers.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CompileError {
    /// The market does not fit.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The book is worth more than money can count.
    #[error(
        "the book's gross value, {gross_usd:.3e} USD, is above {bound_usd:.3e}: \
         split the book, or check its amounts and prices"
    )]
    BookTooLarge {
        /// Σ |leg value| at the opening prices.
        gross_usd: f64,
        /// Largest gross value.
        bound_usd: f64,
    },
    /// Interest grows beyond what a mark holds.
    #[error(
        "asset {asset}: borrow_rate {borrow_rate} grows a debt beyond 256 times within \
         the horizon: lower the rate or the number of steps"
    )]
    InterestTooHigh {
        /// The asset.
        asset: String,
        /// A year.
        borrow_rate: f64,
    },
    /// Paths that no thread has room for.
    #[error(
        "{n_rows} assets and factors over {n_steps} steps are above {bound} prices a path: \
         take longer or fewer steps, or fewer assets"
    )]
    PathTooLong {
        /// Assets, and common factors beside them.
        n_rows: usize,
        /// Steps of a path.
        n_steps: usize,
        /// Most of both, multiplied.
        bound: usize,
    },
    /// More legs than a word counts.
    #[error("the book has {n_legs} legs, above {bound}: split it")]
    TooManyLegs {
        /// Legs, funding included.
        n_legs: usize,
        /// Most legs.
        bound: usize,
    },
}
