//! Gates, `es99 > 2.5e6`, and precisions, `es99 rel 1%`: one grammar for the file and the flags.

use std::fmt;

use super::bounds::MOST_ENTRIES;
use super::error::{Broken, Fault, Faults, Place};
use super::figure::{Figure, Unit};
use super::file::GateEntry;
use super::spelling::{list, suggest};
use super::written::Node;
use crate::book::venue::Venue;
use crate::escape::quoted;

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

/// What is wrong with a gate or a precision as written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GateFault {
    /// No comparison, or none of the four.
    #[error("is not a gate: write a figure, one of > >= < <=, and a bound, as in \"es99 > 2.5e6\"")]
    NotAGate,
    /// A precision without `rel` or `abs`.
    #[error(
        "is not a precision: write a figure, rel or abs, and half the width of its interval, as in \
         \"es99 rel 1%\" or \"mean abs 1e5\""
    )]
    NotAPrecision,
    /// Not a figure of the report.
    #[error("names {}, which is no figure of this report: {}", quoted(name), suggest(name, known))]
    UnknownFigure {
        /// As written.
        name: String,
        /// The figures there are.
        known: Vec<String>,
    },
    /// A level that the run does not report.
    #[error(
        "names {}, and level {level} is not in run.levels: add it there, or name one that \
         is ({}); levels stand in percent here",
        quoted(name),
        list(known)
    )]
    LevelNotReported {
        /// As written.
        name: String,
        /// The level that was meant.
        level: f64,
        /// The figures of the levels that are reported.
        known: Vec<String>,
    },
    /// The bound is no number.
    #[error(
        "has {} for a bound, which is not a finite number: write one, as in 2.5e6",
        quoted(text)
    )]
    NotANumber {
        /// As written.
        text: String,
    },
    /// A percentage of what is no share.
    #[error("bounds {figure} by {text}, and it is no share: write a number of {}", name_of(*unit))]
    PercentOfNoShare {
        /// The figure.
        figure: String,
        /// The bound as written.
        text: String,
        /// What the figure is measured in.
        unit: Unit,
    },
    /// A share outside 0 to 1.
    #[error("bounds {figure} by {text}, which is not between 0 and 1: write 0.05 or 5% for 5 %")]
    ShareOutside {
        /// The figure.
        figure: String,
        /// The bound as written.
        text: String,
    },
    /// A half-width that is not above 0, or relative and above 1.
    #[error("has {text} for a half-width, which is not above 0{}: write rel 1% or abs 1e5",
        if *is_relative { " and at most 1" } else { "" })]
    HalfWidthOutside {
        /// As written.
        text: String,
        /// Whether it is a share of the figure.
        is_relative: bool,
    },
    /// A figure without an interval, or of a comparison.
    #[error("names {}, which more paths do not narrow: name a figure such as es99", quoted(name))]
    NothingToNarrow {
        /// As written.
        name: String,
    },
}

fn name_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Usd => "USD",
        Unit::Share => "a share",
        Unit::Count => "what is counted",
    }
}

/// The figures that a scenario's report can have.
pub(super) struct Known<'a> {
    levels: &'a [f64],
    /// Those with an insurance fund.
    venues: Vec<&'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn of(levels: &'a [f64], venues: &'a [Venue]) -> Self {
        let has_fund = |venue: &&Venue| venue.rule.liquidation().insurance_fund() != (0.0, 0.0);
        let with_fund = venues.iter().filter(has_fund);
        Self { levels, venues: with_fund.map(|venue| &*venue.name).collect() }
    }
}

/// The gates of the file, then those of the command line.
pub(super) fn read(
    node: &Node<'_>,
    flags: &[String],
    known: &Known<'_>,
    faults: &mut Faults,
) -> Vec<Gate> {
    if node.is_written() && !node.is_list() {
        let (value, expected) = ("this".to_owned(), "a list of gates".to_owned());
        let remedy = "write [[gate]] before each, and fail_on = \"es99 > 2.5e6\" below it";
        faults.push(node.fault(Broken::WrongType { value, expected, remedy }));
    }
    let mut gates = Vec::new();
    if !node.has_at_most(MOST_ENTRIES, faults) {
        return gates;
    }
    for node in node.entries() {
        let Some(GateEntry { fail_on }) = node.read(faults) else { continue };
        match Gate::parse(&fail_on, known) {
            Ok(gate) => gates.push(gate),
            Err(fault) => {
                faults
                    .push(node.get("fail_on").fault(Broken::NotAGate { written: fail_on, fault }));
            }
        }
    }
    let of_flag = |written: &String| match Gate::parse(written, known) {
        Ok(gate) => Some(gate),
        Err(fault) => {
            faults.push(at_flag("--fail-on", written, fault));
            None
        }
    };
    gates.extend(flags.iter().filter_map(of_flag));
    gates
}

/// The precision that the command line asks for.
pub(super) fn read_precision(
    written: &str,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<Precision> {
    match Precision::parse(written, known) {
        Ok(precision) => Some(precision),
        Err(fault) => {
            faults.push(at_flag("--until", written, fault));
            None
        }
    }
}

fn at_flag(flag: &str, written: &str, fault: GateFault) -> Fault {
    let place = Place { key: flag.to_owned(), ..Place::default() };
    Fault { place, broken: Broken::NotAGate { written: written.to_owned(), fault } }
}

/// The prefix of a difference to the baseline.
const DELTA: &str = "delta.";

impl Gate {
    /// Reads `FIGURE > BOUND`.
    pub(super) fn parse(written: &str, known: &Known<'_>) -> Result<Self, GateFault> {
        // The bound holds none of these signs, and the name of a venue may.
        let at = written.rfind(['<', '>', '=']).ok_or(GateFault::NotAGate)?;
        let (left, text) = (&written[..=at], written[at + 1..].trim());
        let found = Comparison::ALL.iter().find(|(sign, _)| left.ends_with(sign));
        let (sign, comparison) = *found.ok_or(GateFault::NotAGate)?;
        let name = left[..left.len() - sign.len()].trim();
        let quantity = match name.strip_prefix(DELTA) {
            Some(figure) => Quantity::Delta(figure_named(figure, DELTA, known)?),
            None => Quantity::Figure(figure_named(name, "", known)?),
        };
        let bound = quantity.bound(text)?;
        let written = format!("{name} {sign} {text}");
        Ok(Self { quantity, comparison, bound, written })
    }
}

impl Quantity {
    /// The figure, of the run or of the difference.
    #[must_use]
    pub fn figure(&self) -> &Figure {
        match self {
            Self::Figure(figure) | Self::Delta(figure) => figure,
        }
    }

    /// The bound as written, in the figure's unit.
    fn bound(&self, text: &str) -> Result<f64, GateFault> {
        let Number { value, is_percent } = Number::parse(text)?;
        let (unit, figure, text) = (self.figure().unit(), self.to_string(), text.to_owned());
        if unit != Unit::Share {
            let fault = GateFault::PercentOfNoShare { figure, text, unit };
            return if is_percent { Err(fault) } else { Ok(value) };
        }
        let least = if matches!(self, Self::Delta(_)) { -1.0 } else { 0.0 };
        let is_share = (least..=1.0).contains(&value);
        if is_share { Ok(value) } else { Err(GateFault::ShareOutside { figure, text }) }
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
    const ALL: [(&'static str, Self); 4] =
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

impl Precision {
    /// Reads `FIGURE rel SHARE` or `FIGURE abs HALF_WIDTH`.
    pub(super) fn parse(written: &str, known: &Known<'_>) -> Result<Self, GateFault> {
        // From the end, since the name of a venue may hold blanks.
        let (left, text) = split_last_word(written).ok_or(GateFault::NotAPrecision)?;
        let (name, kind) = split_last_word(left).ok_or(GateFault::NotAPrecision)?;
        let name = name.trim();
        let nothing = || GateFault::NothingToNarrow { name: name.to_owned() };
        let is_relative = match kind {
            "rel" => true,
            "abs" => false,
            _ => return Err(GateFault::NotAPrecision),
        };
        if name.starts_with(DELTA) {
            return Err(nothing());
        }
        let figure = figure_named(name, "", known)?;
        if figure.is_exact() {
            return Err(nothing());
        }
        let half_width = if is_relative {
            Number::parse(text)?.value
        } else {
            Quantity::Figure(figure.clone()).bound(text)?
        };
        if half_width <= 0.0 || (is_relative && half_width > 1.0) {
            return Err(GateFault::HalfWidthOutside { text: text.to_owned(), is_relative });
        }
        let target =
            if is_relative { Target::Relative(half_width) } else { Target::Absolute(half_width) };
        Ok(Self { written: format!("{figure} {kind} {text}"), figure, target })
    }
}

/// What stands before the last word, and that word.
fn split_last_word(text: &str) -> Option<(&str, &str)> {
    text.trim().rsplit_once(char::is_whitespace)
}

fn figure_named(name: &str, prefix: &str, known: &Known<'_>) -> Result<Figure, GateFault> {
    let Known { levels, venues } = &known;
    // What feedback adds is a difference already, of sums that no section has.
    let is_known = |figure: &Figure| prefix.is_empty() || *figure != Figure::FeedbackDifference;
    if let Some(figure) = Figure::named(name, levels, venues).filter(is_known) {
        return Ok(figure);
    }
    let all: Vec<Figure> = Figure::all(levels, venues).into_iter().filter(is_known).collect();
    let shown = |figure: &Figure| format!("{prefix}{figure}");
    let level = Figure::level_named(name);
    let name = format!("{prefix}{name}");
    Err(match level {
        Some(level) => {
            let known = all.iter().filter(|it| it.level().is_some()).map(shown).collect();
            GateFault::LevelNotReported { name, level, known }
        }
        None => GateFault::UnknownFigure { name, known: all.iter().map(shown).collect() },
    })
}

/// A number as people write it: `2.5e6`, `2_500_000` or `5%`.
struct Number {
    value: f64,
    is_percent: bool,
}

impl Number {
    fn parse(text: &str) -> Result<Self, GateFault> {
        let not_a_number = || GateFault::NotANumber { text: text.to_owned() };
        let (digits, is_percent) = match text.strip_suffix('%') {
            Some(digits) => (digits.trim_end(), true),
            None => (text, false),
        };
        let is_between_digits = |at: usize| {
            let is_digit = |at: Option<usize>| {
                at.and_then(|at| digits.as_bytes().get(at)).is_some_and(u8::is_ascii_digit)
            };
            is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))
        };
        // Words such as "inf" and "nan" are numbers to the parser of floats.
        let is_number = digits.bytes().all(|it| it.is_ascii_digit() || b"+-._eE".contains(&it));
        if !is_number || !digits.match_indices('_').all(|(at, _)| is_between_digits(at)) {
            return Err(not_a_number());
        }
        let value: f64 = digits.replace('_', "").parse().map_err(|_| not_a_number())?;
        let value = if is_percent { value / 100.0 } else { value };
        if value.is_finite() { Ok(Self { value, is_percent }) } else { Err(not_a_number()) }
    }
}

#[cfg(test)]
mod tests;
