//! Figures by name, `es99` or `probability`: what gates, `--until` and comparisons may name.
//!
//! A name is that of the report's JSON, short; a level is written in percent, as people say it:
//! `es99.9` is expected shortfall at level 0.999. Figures without an interval in the report are no
//! figures here, for there is no bound of theirs to compare, but for those that need none: the
//! largest loss and the largest step are facts of the paths that were walked, and what the opening
//! came to is known before the first of them.

use std::fmt;

/// A headline figure of a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// Mean bad debt of a path, USD.
    Mean,
    /// Share of paths that lose at least the materiality.
    Probability,
    /// Value at risk, USD.
    ValueAtRisk {
        /// One of the run's levels.
        level: f64,
    },
    /// Expected shortfall, USD.
    ExpectedShortfall {
        /// One of the run's levels.
        level: f64,
    },
    /// Bad debt of the worst path that was walked, USD.
    Max,
    /// Most liquidation events in one step of one path that was walked.
    LargestStep,
    /// Positions liquidatable at the opening.
    OpeningCount,
    /// Those of them that were liquidated there.
    OpeningLiquidated,
    /// Debt that liquidators repaid there, USD.
    OpeningRepaid,
    /// Bad debt that was left there, USD; not part of that of the paths.
    OpeningBadDebt,
    /// What finite depth adds to mean bad debt, USD.
    FeedbackDifference,
    /// Share of paths on which liquidations call for a second round in the same step.
    SpiralProbability,
    /// Share of paths that end with a position waiting for a liquidator.
    BacklogProbability,
    /// What they owe, mean over paths, USD.
    BacklogMean,
    /// Share of paths on which a venue's insurance fund is emptied.
    FundEmptied {
        /// The venue.
        venue: String,
    },
    /// The least that a venue's insurance fund holds on a path, mean over paths, USD.
    FundMinimum {
        /// The venue.
        venue: String,
    },
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Dollars.
    Usd,
    /// A share, from 0 to 1.
    Share,
    /// A count.
    Count,
}

/// Figures that every report can have, by name.
const FIXED: [(&str, Figure); 12] = [
    ("mean", Figure::Mean),
    ("probability", Figure::Probability),
    ("max", Figure::Max),
    ("largest_step", Figure::LargestStep),
    ("opening.n", Figure::OpeningCount),
    ("opening.liquidated", Figure::OpeningLiquidated),
    ("opening.repaid", Figure::OpeningRepaid),
    ("opening.bad_debt", Figure::OpeningBadDebt),
    ("feedback.difference", Figure::FeedbackDifference),
    ("spiral.probability", Figure::SpiralProbability),
    ("backlog.probability", Figure::BacklogProbability),
    ("backlog.mean", Figure::BacklogMean),
];

impl Figure {
    /// The figure of that name, in a report with these levels and venues.
    #[must_use]
    pub fn named(name: &str, levels: &[f64], venues: &[&str]) -> Option<Self> {
        let mut known = Self::all(levels, venues).into_iter();
        // `es99.0` is `es99`.
        let written = prefix_and_parts(name);
        known.find(|figure| match figure.level() {
            Some((prefix, level)) => written == Some((prefix, parts(level))),
            None => figure.to_string() == name,
        })
    }

    /// The level of a name such as `es99.9`, reported or not.
    pub(super) fn level_named(name: &str) -> Option<f64> {
        let (_, parts) = prefix_and_parts(name)?;
        let level = parts as f64 / (100.0 * PARTS_OF_PERCENT as f64);
        (0.0 < level && level < 1.0).then_some(level)
    }

    /// All figures that a report with these levels and venues may have.
    #[must_use]
    pub fn all(levels: &[f64], venues: &[&str]) -> Vec<Self> {
        let mut all: Vec<Self> = FIXED[..2].iter().map(|(_, figure)| figure.clone()).collect();
        all.extend(levels.iter().map(|&level| Self::ValueAtRisk { level }));
        all.extend(levels.iter().map(|&level| Self::ExpectedShortfall { level }));
        all.extend(FIXED[2..].iter().map(|(_, figure)| figure.clone()));
        for venue in venues {
            all.push(Self::FundEmptied { venue: (*venue).to_owned() });
            all.push(Self::FundMinimum { venue: (*venue).to_owned() });
        }
        all
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            Self::Probability
            | Self::SpiralProbability
            | Self::BacklogProbability
            | Self::FundEmptied { .. } => Unit::Share,
            Self::LargestStep | Self::OpeningCount | Self::OpeningLiquidated => Unit::Count,
            _ => Unit::Usd,
        }
    }

    /// Whether it is a fact, of the paths that were walked or of the opening, and not an estimate
    /// with an interval.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.is_of_opening() || matches!(self, Self::Max | Self::LargestStep)
    }

    /// Whether it rises, or stays, where paths lose more.
    #[must_use]
    pub fn rises_with_losses(&self) -> bool {
        self.level().is_some() || matches!(self, Self::Mean | Self::Probability | Self::Max)
    }

    /// Whether it is known before the first path.
    #[must_use]
    pub fn is_of_opening(&self) -> bool {
        matches!(
            self,
            Self::OpeningCount
                | Self::OpeningLiquidated
                | Self::OpeningRepaid
                | Self::OpeningBadDebt
        )
    }

    /// The prefix of its name and its level, of those that have one.
    #[must_use]
    pub fn level(&self) -> Option<(&'static str, f64)> {
        match self {
            Self::ValueAtRisk { level } => Some(("var", *level)),
            Self::ExpectedShortfall { level } => Some(("es", *level)),
            _ => None,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((prefix, level)) = self.level() {
            return write!(f, "{prefix}{}", percent(level));
        }
        match self {
            Self::FundEmptied { venue } => write!(f, "fund.{venue}.emptied"),
            Self::FundMinimum { venue } => write!(f, "fund.{venue}.minimum"),
            other => {
                let row = FIXED.iter().find(|(_, figure)| figure == other);
                f.write_str(row.map_or("", |(name, _)| name))
            }
        }
    }
}

/// Prefix and level, in parts of 10^-12, of a name such as `es99.9`.
fn prefix_and_parts(name: &str) -> Option<(&'static str, u64)> {
    let tail = |prefix| Some((prefix, parts_of_percent(name.strip_prefix(prefix)?)?));
    ["var", "es"].into_iter().find_map(tail)
}

/// Levels are told apart to twelve decimals, so percents to ten.
const PARTS_OF_PERCENT: u64 = 10_000_000_000;

/// A level in parts of 10^-12.
fn parts(level: f64) -> u64 {
    libm::round(level * 100.0 * PARTS_OF_PERCENT as f64) as u64
}

/// A percentage as written, in the same parts; `None` if it is none.
fn parts_of_percent(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent: f64 = text.parse().ok().filter(|_| is_plain)?;
    Some(libm::round(percent * PARTS_OF_PERCENT as f64) as u64)
}

/// A level in percent, without the zeros that say nothing: 0.999 is 99.9.
fn percent(level: f64) -> String {
    let parts = parts(level);
    let (whole, rest) = (parts / PARTS_OF_PERCENT, parts % PARTS_OF_PERCENT);
    let text = format!("{whole}.{rest:010}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [f64; 4] = [0.07, 0.99, 0.999, 0.999_999_999_999];
    const VENUES: [&str; 2] = ["aave-v3", "a venue. with > signs"];

    #[test]
    fn every_figure_is_found_by_the_name_it_shows() {
        let all = Figure::all(&LEVELS, &VENUES);
        assert_eq!(all.len(), FIXED.len() + 2 * LEVELS.len() + 2 * VENUES.len());
        for figure in all {
            let name = figure.to_string();
            assert_eq!(Figure::named(&name, &LEVELS, &VENUES), Some(figure), "{name}");
        }
    }

    #[test]
    fn levels_are_percents_and_equal_to_their_last_decimal() {
        let shown = LEVELS.map(|level| Figure::ExpectedShortfall { level }.to_string());
        assert_eq!(shown, ["es7", "es99", "es99.9", "es99.9999999999"]);
        for name in ["es99.90", "es099.9"] {
            let found = Figure::named(name, &LEVELS, &[]);
            assert_eq!(found, Some(Figure::ExpectedShortfall { level: 0.999 }), "{name}");
        }
        for name in ["es", "es.", "es0.99", "es99.8", "es9.9e1", "es+99", "esinf", "ES99", "es 99"]
        {
            assert_eq!(Figure::named(name, &LEVELS, &[]), None, "{name}");
        }
    }

    #[test]
    fn a_figure_of_another_report_is_none_of_this_one() {
        assert_eq!(Figure::named("es95", &LEVELS, &VENUES), None);
        assert_eq!(Figure::named("fund.dydx.emptied", &LEVELS, &VENUES), None);
    }
}
