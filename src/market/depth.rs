//! What selling into a market costs: one form a file, compiled to one integer curve.
//!
//! A form answers in *sizes*: the quantity sold, as a multiple of a scale that the form chooses
//! (for a pool, its reserve). [`Curve`] tabulates it; backends know the curve alone.

mod constant_product;
mod curve;
mod power_law;
mod quotes;
mod rows;

use crate::units::AssetId;

pub use constant_product::ConstantProduct;
pub use curve::{Curve, OVERBOUGHT};
pub use power_law::PowerLaw;
pub use quotes::{Quote, Quotes};
pub use rows::{CURVE_ROWS, CurveRow, MOST_SIZE, ROW_BITS, SIZE_BITS, first_broken};

/// How deep the market of one asset is, and how it recovers.
#[derive(Debug, Clone, PartialEq)]
pub struct Depth {
    /// Of which asset.
    pub asset: AssetId,
    /// What a sale costs.
    pub form: DepthForm,
    /// What a sale pays to the market's makers, a share of it; 0 to below 1.
    pub fee: f64,
    /// Share of a sale's displacement that stays for good, 0 to 1.
    pub permanent: f64,
    /// Time in which half of the rest is gone, years; 0 for at once, infinite for never.
    pub half_life_years: f64,
    /// How depth shrinks as the price falls; falls rising. Above the first fall depth is whole.
    pub by_drawdown: Vec<DepthBand>,
}

/// From a fall of the price on, depth is a share of what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DepthBand {
    /// Fall from the highest price since opening, above 0 and below 1.
    pub fall: f64,
    /// What is left of the depth, above 0.
    pub share: f64,
}

/// What a sale costs: one variant a file.
#[derive(Debug, Clone, PartialEq)]
pub enum DepthForm {
    /// A pool whose reserves' product stays the same.
    ConstantProduct(ConstantProduct),
    /// The log price falls with the square root of the size, or in proportion to it.
    PowerLaw(PowerLaw),
    /// Quoted slippages by size.
    Quotes(Quotes),
}

/// What every form says of itself, in sizes; both functions rise from 0 at size 0.
pub trait Form {
    /// The quantity that is a size of 1, as dollars of its opening value.
    fn scale_usd(&self) -> f64;
    /// After selling `size` into a market at rest: by how much the log2 price has fallen, and what
    /// the sale brought, in sizes at the price of rest.
    fn sold(&self, size: f64) -> Moved;
    /// After buying `size`: by how much the log2 price has risen, and what it cost.
    fn bought(&self, size: f64) -> Moved;
}

/// A market after a sale or a purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// Absolute change of the log2 price.
    pub log2_price: f64,
    /// What was paid, in sizes at the price of rest.
    pub paid: f64,
}

/// Most that a curve moves a log2 price down, and up: a sale is followed to 2^-16 of the price, a
/// purchase to 16 times the price.
const MOST_FALL: f64 = 16.0;
/// Up.
const MOST_RISE: f64 = 4.0;
/// Most that quotes move it down, as steep as they may be: what a market's displacement and its log
/// price may be together is a word.
const MOST_MOVED: f64 = 31.0;

impl DepthForm {
    /// The form behind the variant.
    #[must_use]
    pub fn form(&self) -> &dyn Form {
        match self {
            Self::ConstantProduct(form) => form,
            Self::PowerLaw(form) => form,
            Self::Quotes(form) => form,
        }
    }
}

/// Most rounds of a step.
pub const MOST_ROUNDS: u32 = 64;

/// What sales of a step do to the price of the next, or of the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Feedback {
    /// The flow of a step moves the prices of the next.
    #[default]
    NextStep,
    /// All sell at one price, the price moves, the book is checked again: at most so many rounds.
    SameStep {
        /// 1 to 64.
        rounds: u32,
    },
}
