//! Figures by name, `es99` or `probability`: what gates, `--until` and comparisons may name.
//!
//! A level is written in percent, as people say it: `es99.9` is expected shortfall at level 0.999.
//! Figures without an interval in the report are no gates, for there is no bound of theirs to
//! compare, but for those that need none: the largest loss and the largest step are facts of the
//! paths that were walked, and what the opening came to is known before the first of them.

use std::fmt;

use super::FIGURES;
use super::row::{Known, Of, Parameter, Row};

/// A figure of a report.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What there is to say of it.
    pub row: &'static Row,
    /// Which of the row.
    pub of: Parameter,
}

/// What tells the figures of a report apart.
#[derive(Debug, Clone, Default)]
pub struct Parameters<'a> {
    /// The run's levels.
    pub levels: &'a [f64],
    /// The venues with an insurance fund.
    pub funds: Vec<&'a str>,
    /// The venue and the asset lent of each pool.
    pub pools: Vec<[&'a str; 2]>,
}

impl Parameters<'_> {
    /// The parameters of a group, in the report's order.
    fn of(&self, of: Of) -> Vec<Parameter> {
        match of {
            Of::Run => vec![Parameter::Run],
            Of::Level => self.levels.iter().map(|&level| Parameter::Level(level)).collect(),
            Of::Fund => self.funds.iter().map(|&it| Parameter::Fund(it.to_owned())).collect(),
            Of::Pool => {
                let pools = self.pools.iter().map(|pool| pool.map(str::to_owned));
                pools.map(|[venue, debt_asset]| Parameter::Pool { venue, debt_asset }).collect()
            }
        }
    }
}

impl Figure {
    /// All figures that a report with these parameters may have.
    #[must_use]
    pub fn all(parameters: &Parameters<'_>) -> Vec<Self> {
        let mut all = Vec::new();
        for group in FIGURES {
            for of in parameters.of(group.of) {
                all.extend(group.rows.iter().map(|row| Self { row, of: of.clone() }));
            }
        }
        all
    }

    /// Those of them that gates may name.
    #[must_use]
    pub fn gates(parameters: &Parameters<'_>) -> Vec<Self> {
        Self::all(parameters).into_iter().filter(|it| it.row.is_gate()).collect()
    }

    /// The figure of that name, in a report with these parameters; one that gates may name.
    #[must_use]
    pub fn named(name: &str, parameters: &Parameters<'_>) -> Option<Self> {
        // `es99.0` is `es99`.
        let written = prefix_and_parts(name);
        Self::gates(parameters).into_iter().find(|figure| match figure.level() {
            Some(level) => written == Some((prefix_of(figure.row), parts(level))),
            None => figure.to_string() == name,
        })
    }

    /// The level of a name such as `es99.9`, reported or not.
    #[must_use]
    pub fn level_named(name: &str) -> Option<f64> {
        let (_, parts) = prefix_and_parts(name)?;
        let level = parts as f64 / (100.0 * PARTS_OF_PERCENT as f64);
        (0.0 < level && level < 1.0).then_some(level)
    }

    /// Its level, of those that have one.
    #[must_use]
    pub fn level(&self) -> Option<f64> {
        if let Parameter::Level(level) = self.of { Some(level) } else { None }
    }

    /// Whether it is known before the first path.
    #[must_use]
    pub fn is_of_opening(&self) -> bool {
        self.row.known == Known::Opening
    }
}

impl PartialEq for Figure {
    /// Names of rows are unique.
    fn eq(&self, other: &Self) -> bool {
        (self.row.name, &self.of) == (other.row.name, &other.of)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row.name.replace('*', &self.of.to_string()))
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => Ok(()),
            Self::Level(level) => f.write_str(&percent(*level)),
            Self::Fund(venue) => f.write_str(venue),
            Self::Pool { venue, debt_asset } => write!(f, "{venue}.{debt_asset}"),
        }
    }
}

/// What stands before the level in the names of a row.
fn prefix_of(row: &Row) -> &'static str {
    row.name.trim_end_matches('*')
}

/// Prefix and level, in parts of 10^-12, of a name such as `es99.9`.
fn prefix_and_parts(name: &str) -> Option<(&'static str, u64)> {
    let groups = FIGURES.iter().filter(|group| group.of == Of::Level);
    let mut prefixes = groups.flat_map(|group| group.rows).map(prefix_of);
    prefixes.find_map(|prefix| Some((prefix, parts_of_percent(name.strip_prefix(prefix)?)?)))
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

    fn parameters() -> Parameters<'static> {
        Parameters {
            levels: &LEVELS,
            funds: vec!["aave-v3", "a venue. with > signs"],
            pools: vec![["aave-v3", "USDC"]],
        }
    }

    #[test]
    fn every_gate_is_found_by_the_name_it_shows_and_no_other_figure_is() {
        for figure in Figure::all(&parameters()) {
            let name = figure.to_string();
            let found = Figure::named(&name, &parameters());
            assert_eq!(found.is_some(), figure.row.is_gate(), "{name}");
            assert!(found.is_none_or(|it| it == figure), "{name}");
        }
        // Two levels of two rows, two funds of two rows, and those of the run.
        assert_eq!(Figure::gates(&parameters()).len(), 12 + 2 * LEVELS.len() + 2 * 2);
    }

    #[test]
    fn figures_of_one_fund_stand_together_and_those_of_one_row_at_all_levels() {
        let names: Vec<String> =
            Figure::gates(&parameters()).iter().map(Figure::to_string).collect();
        assert_eq!(names[1..4], ["probability", "var7", "var99"]);
        assert_eq!(
            names[names.len() - 4..],
            [
                "fund.aave-v3.emptied",
                "fund.aave-v3.minimum",
                "fund.a venue. with > signs.emptied",
                "fund.a venue. with > signs.minimum",
            ]
        );
    }

    #[test]
    fn levels_are_percents_and_equal_to_their_last_decimal() {
        let parameters = parameters();
        let named = |name: &str| Figure::named(name, &parameters);
        for (name, level) in ["es7", "es99", "es99.9", "es99.9999999999"].iter().zip(LEVELS) {
            let found = named(name).unwrap();
            assert_eq!((found.level(), found.to_string()), (Some(level), (*name).to_owned()));
        }
        for name in ["es99.90", "es099.9"] {
            assert_eq!(named(name), named("es99.9"), "{name}");
        }
        for name in ["es", "es.", "es0.99", "es99.8", "es9.9e1", "es+99", "esinf", "ES99", "es 99"]
        {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[test]
    fn a_figure_of_another_report_is_none_of_this_one() {
        assert_eq!(Figure::named("es95", &parameters()), None);
        assert_eq!(Figure::named("fund.dydx.emptied", &parameters()), None);
    }
}
