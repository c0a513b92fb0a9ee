//! A row of the list of figures: all that is to be said of one figure, in one place.

use super::reading::Reading;
use super::summary::Summary;
pub use super::unit::Unit;

/// A figure, or a family of figures that a parameter tells apart.
#[derive(Debug)]
pub struct Row {
    /// Its name in gates, tables and comparisons; `*` stands for the parameter.
    pub name: &'static str,
    /// Its place in JSON: keys between dots; `*` stands for the entry of a list that has the
    /// parameter.
    pub json: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// How well it is known.
    pub known: Known,
    /// Whether it rises, or stays, where paths lose more.
    pub rises: bool,
    /// What a scenario or a command is to have, so that there is such a figure.
    pub needs: Needs,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Reads it from a summary, as if no path were void; `None` where the summary lacks it.
    pub read: fn(&Summary, &Parameter) -> Option<Reading>,
}

/// What a row is where it does not say otherwise: dollars that are reported and no more.
pub(super) const ROW: Row = Row {
    name: "",
    json: "",
    unit: Unit::Usd,
    known: Known::Reported,
    rises: false,
    needs: Needs::Nothing,
    about: "",
    read: |_, _| None,
};

/// Rows with one kind of parameter; they stand together for each of its values in turn.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What tells their figures apart.
    pub of: Of,
    /// The rows.
    pub rows: &'static [Row],
}

/// What a row has a figure for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The run.
    Run,
    /// Each of the run's levels.
    Level,
    /// Each venue with an insurance fund.
    Fund,
    /// Each pool.
    Pool,
}

/// Which figure of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// The only one.
    Run,
    /// The one at a level.
    Level(f64),
    /// The one of a venue's insurance fund.
    Fund(String),
    /// The one of a pool.
    Pool {
        /// The venue.
        venue: String,
        /// The asset lent.
        debt_asset: String,
    },
}

/// How well a figure is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Exactly, before the first path.
    Opening,
    /// Exactly: a fact of the paths that were walked.
    Walked,
    /// Within a 95 % interval, which rests on enough of the paths.
    Within(Rests),
    /// Not said: there is no interval that a gate could be held against.
    Reported,
}

/// What paths there must be for an interval to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rests {
    /// Enough that lose anything: the interval is one of a mean bad debt.
    Losing,
    /// Enough beyond the level: the interval is one of the mean of a tail.
    Tail,
    /// One beyond the upper rank: the interval is one of a quantile.
    Rank,
    /// Others, of which a report says nothing.
    Else,
}

/// What there must be for a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing beside a run.
    Nothing,
    /// The same paths in infinitely deep markets.
    Comparison,
    /// Sales that move prices in the same step.
    SameStep,
    /// Something that couples positions.
    Coupling,
    /// An insurance fund.
    Fund,
}

impl Needs {
    /// What to write or to give, so that the figure can be had; nothing where it always can.
    #[must_use]
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Comparison => Some("--compare-feedback, and a [market.depth] for an asset"),
            Self::SameStep => {
                Some("a [market.depth] for an asset, and [market.feedback] timing = \"same-step\"")
            }
            Self::Coupling => Some("[liquidators], a [market.depth] or a [market.oracle]"),
            Self::Fund => Some("an insurance fund at that venue"),
        }
    }
}

impl Row {
    /// Whether gates, precisions and comparisons may name it.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        self.known != Known::Reported
    }

    /// Whether it is a fact, of the paths that were walked or of the opening, and not an estimate
    /// with an interval.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self.known, Known::Opening | Known::Walked)
    }

    /// Whether two runs may be compared by it. What feedback adds is a difference already, of sums
    /// that no section of a run has.
    #[must_use]
    pub fn has_delta(&self) -> bool {
        self.is_gate() && self.needs != Needs::Comparison
    }
}

impl Parameter {
    /// Whether it is this level.
    pub(super) fn is_level(&self, level: f64) -> bool {
        *self == Self::Level(level)
    }
}
