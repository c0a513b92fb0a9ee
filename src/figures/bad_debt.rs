//! The bad debt of a path, in figures: mean, probability, value at risk, expected shortfall.

use serde::Serialize;

use super::facts::Facts;
use super::windows::WindowFigures;
use crate::tail::stat::{self, Probability, ValueAtRisk};
use crate::tail::{Level, Ordered, Tally};

/// The bad debt of a path; intervals hold the truth in 95 of 100 runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BadDebt {
    /// Whether some paths are void, so that all of these are lower bounds and have no upper ends;
    /// absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Paths that lose anything.
    pub losing_paths: u64,
    /// Mean over paths.
    pub mean_usd: f64,
    /// Standard error of the mean; none of a single path.
    pub std_error_usd: Option<f64>,
    /// Lower end of the mean's interval; none if too few paths lose to know one.
    pub low_usd: Option<f64>,
    /// Upper end of the mean's interval.
    pub high_usd: Option<f64>,
    /// Share of paths that lose at least `materiality_usd`.
    pub probability: f64,
    /// Lower end of its interval (Wilson; Clopper and Pearson near 0 and 1).
    pub probability_low: f64,
    /// Upper end of its interval (Wilson).
    pub probability_high: f64,
    /// Loss from which a path counts.
    pub materiality_usd: f64,
    /// What that is lowered by before it is compared, since rounding may have taken as much from a
    /// loss.
    pub materiality_rounding_usd: f64,
    /// Part of the mean: written off on the way.
    pub realised_usd: f64,
    /// Part of the mean: left on the books.
    pub stranded_usd: f64,
    /// Part of the mean: of positions still open at the horizon.
    pub under_water_usd: f64,
    /// Of the worst path.
    pub max_usd: f64,
    /// By level.
    pub value_at_risk: Vec<ValueAtRiskFigures>,
    /// By level.
    pub expected_shortfall: Vec<ExpectedShortfallFigures>,
    /// What intervals rest on where paths follow windows of a history; absent elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowFigures>,
}

/// Value at risk at a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueAtRiskFigures {
    /// The level.
    pub level: f64,
    /// The ceil(level x n)-th loss.
    pub value_usd: f64,
    /// Lower end of its interval.
    pub low_usd: f64,
    /// Upper end of its interval; none where so few paths may all lie below it.
    pub high_usd: Option<f64>,
    /// Whether the value is that loss itself and not the mean of its bucket.
    pub exact: bool,
}

/// Expected shortfall at a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectedShortfallFigures {
    /// The level.
    pub level: f64,
    /// Mean loss of the worst (1 - level) share of paths.
    pub value_usd: f64,
    /// Lower end of its interval; none if too few paths lie beyond value at risk.
    pub low_usd: Option<f64>,
    /// Upper end of its interval.
    pub high_usd: Option<f64>,
    /// Its standard error.
    pub std_error_usd: Option<f64>,
}

impl BadDebt {
    /// What is left of intervals where some paths lose at least what is counted.
    pub(super) fn without_upper_ends(mut self) -> Self {
        self.at_least = true;
        self.high_usd = None;
        self.probability_high = 1.0;
        for found in &mut self.value_at_risk {
            found.high_usd = None;
        }
        for found in &mut self.expected_shortfall {
            found.high_usd = None;
        }
        self
    }
}

pub(super) fn bad_debt(
    ordered: &Ordered<'_>,
    tally: &Tally,
    facts: &Facts,
    values: &[ValueAtRisk],
) -> BadDebt {
    let (mean, probability) = (stat::mean(ordered), probability(tally));
    let usd = |quanta: f64| facts.usd(quanta);
    let interval = mean.interval;
    let value_at_risk = facts.levels.iter().zip(values).map(|(&level, found)| ValueAtRiskFigures {
        level,
        value_usd: usd(found.value as f64),
        low_usd: usd(found.low as f64),
        high_usd: found.high.map(|high| usd(high as f64)),
        exact: found.is_exact,
    });
    let expected_shortfall = facts.levels.iter().map(|&level| {
        let found = stat::expected_shortfall(ordered, Level::nearest(level));
        let interval = found.interval;
        ExpectedShortfallFigures {
            level,
            value_usd: usd(found.value),
            low_usd: interval.map(|(low, _)| usd(low)),
            high_usd: interval.map(|(_, high)| usd(high)),
            std_error_usd: found.std_error.map(usd),
        }
    });
    BadDebt {
        at_least: false,
        losing_paths: tally.sums.n_losing,
        mean_usd: usd(mean.value),
        std_error_usd: mean.std_error.map(usd),
        low_usd: interval.map(|(low, _)| usd(low)),
        high_usd: interval.map(|(_, high)| usd(high)),
        probability: probability.value,
        probability_low: probability.low,
        probability_high: probability.high,
        materiality_usd: facts.materiality_usd,
        materiality_rounding_usd: facts.usd(facts.materiality_rounding() as f64),
        realised_usd: facts.per_path(tally, tally.sums.realised),
        stranded_usd: facts.per_path(tally, tally.sums.stranded),
        under_water_usd: facts.per_path(tally, tally.sums.under_water),
        max_usd: usd(ordered.worst()[0].loss as f64),
        value_at_risk: value_at_risk.collect(),
        expected_shortfall: expected_shortfall.collect(),
        windows: None,
    }
}

fn probability(tally: &Tally) -> Probability {
    stat::probability(tally).unwrap_or_else(|| panic!("a tally without paths has no summary"))
}
