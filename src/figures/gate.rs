//! What a run is held against: gates, `es99 > 2.5e6`, and precisions, `es99 rel 1%`.

use std::fmt;

use super::figure::Figure;

/// When a run fails: a figure of its report lies beyond a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// What is compared.
    pub quantity: Quantity,
    /// Which side of the bound fails.
    pub comparison: Comparison,
    /// In the figure's unit; finite.
    pub bound: f64,
    /// As it was written.
    pub written: String,
}

/// What a gate compares.
#[derive(Debug, Clone, PartialEq)]
pub enum Quantity {
    /// A figure of the run.
    Figure(Figure),
    /// This run's figure less the baseline's.
    Delta(Figure),
}

/// Which side of the bound fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
}

/// How precisely a figure is to be known before a run may stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// Which figure; it has an interval.
    pub figure: Figure,
    /// How narrow its interval is to be.
    pub target: Target,
    /// As it was written.
    pub written: String,
}

/// Half the width of a 95 % interval, at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// A share of the figure, above 0 and at most 1.
    Relative(f64),
    /// In the figure's unit; above 0 and finite.
    Absolute(f64),
}

/// The prefix of a difference to the baseline.
pub const DELTA: &str = "delta.";

impl Quantity {
    /// The figure, of the run or of the difference.
    #[must_use]
    pub fn figure(&self) -> &Figure {
        match self {
            Self::Figure(figure) | Self::Delta(figure) => figure,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure(figure) => figure.fmt(f),
            Self::Delta(figure) => write!(f, "{DELTA}{figure}"),
        }
    }
}

impl Comparison {
    /// The signs, those of two characters first.
    pub const ALL: [(&'static str, Self); 4] =
        [(">=", Self::AtLeast), ("<=", Self::AtMost), (">", Self::Above), ("<", Self::Below)];

    /// Whether a value lies on the side that fails.
    #[must_use]
    pub fn fails(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
        }
    }
}
