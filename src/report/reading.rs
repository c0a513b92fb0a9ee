//! A figure of a summary by its name: the value, and the ends of its 95 % interval.

use super::facts::{Facts, FeedbackTiming};
use super::figures::Summary;
use crate::scenario::Figure;

/// A figure, in its unit. An end of `None` is not known: too few paths were walked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The figure.
    pub value: f64,
    /// Lower end of its interval; the figure itself where it is a fact of the paths.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
}

impl Reading {
    fn within(value: f64, low: Option<f64>, high: Option<f64>) -> Self {
        Self { value, low, high }
    }

    /// Half the width of the interval; `None` if an end is not known.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }
}

impl Summary {
    /// The figure; `None` where this summary has none such.
    #[must_use]
    pub fn reading(&self, figure: &Figure) -> Option<Reading> {
        let bad_debt = &self.bad_debt;
        let within = Reading::within;
        Some(match figure {
            Figure::Mean => within(bad_debt.mean_usd, bad_debt.low_usd, bad_debt.high_usd),
            Figure::Probability => within(
                bad_debt.probability,
                Some(bad_debt.probability_low),
                Some(bad_debt.probability_high),
            ),
            Figure::ValueAtRisk { level } => {
                let found = bad_debt.value_at_risk.iter().find(|it| it.level == *level)?;
                within(found.value_usd, Some(found.low_usd), found.high_usd)
            }
            Figure::ExpectedShortfall { level } => {
                let found = bad_debt.expected_shortfall.iter().find(|it| it.level == *level)?;
                within(found.value_usd, found.low_usd, found.high_usd)
            }
            Figure::Max => exactly(bad_debt.max_usd),
            Figure::LargestStep => exactly(f64::from(self.largest_step_events)),
            Figure::FeedbackDifference => {
                let found = self.feedback.as_ref()?;
                let ends = (found.difference_low_usd, found.difference_high_usd);
                within(found.difference_usd, ends.0, ends.1)
            }
            Figure::SpiralProbability => {
                let found = self.aftermath.as_ref()?.cascade;
                let ends = (found.spiral_probability_low, found.spiral_probability_high);
                within(found.spiral_probability?, ends.0, ends.1)
            }
            Figure::BacklogProbability => {
                let found = self.aftermath.as_ref()?.backlog;
                let ends = (found.probability_low, found.probability_high);
                within(found.probability, Some(ends.0), Some(ends.1))
            }
            Figure::BacklogMean => {
                let found = self.aftermath.as_ref()?.backlog;
                within(found.mean_usd, found.low_usd, found.high_usd)
            }
            Figure::FundEmptied { venue } => {
                let found = self.fund(venue)?;
                let ends = (found.emptied_probability_low, found.emptied_probability_high);
                within(found.emptied_probability, Some(ends.0), Some(ends.1))
            }
            Figure::FundMinimum { venue } => {
                let found = self.fund(venue)?.path_minimum_usd;
                within(found.mean, found.mean_low, found.mean_high)
            }
        })
    }

    fn fund(&self, venue: &str) -> Option<&super::aftermath::InsuranceFundFigures> {
        self.aftermath.as_ref()?.insurance_funds.iter().find(|fund| fund.venue == venue)
    }
}

/// A fact of the paths that were walked.
fn exactly(value: f64) -> Reading {
    Reading::within(value, Some(value), Some(value))
}

/// What a scenario lacks for its report to have the figure; `None` if nothing.
#[must_use]
pub fn lacking(figure: &Figure, facts: &Facts, compares_feedback: bool) -> Option<&'static str> {
    let coupling = facts.coupling.as_ref();
    match figure {
        Figure::FeedbackDifference if !compares_feedback => {
            Some("--compare-feedback, and a [market.depth] for an asset")
        }
        Figure::SpiralProbability
            if coupling.and_then(|it| it.feedback) != Some(FeedbackTiming::SameStep) =>
        {
            Some("a [market.depth] for an asset, and [market.feedback] timing = \"same-step\"")
        }
        Figure::BacklogProbability | Figure::BacklogMean if coupling.is_none() => {
            Some("[liquidators], a [market.depth] or a [market.oracle]")
        }
        Figure::FundEmptied { venue } | Figure::FundMinimum { venue } if !facts.has_fund(venue) => {
            Some("an insurance fund at that venue")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    const LEVELS: [f64; 3] = [0.5, 0.99, 0.9999];

    #[test]
    fn a_coupled_and_compared_summary_has_every_figure_and_no_other_has_more() {
        let (coupled, plain) = (fixture::coupled_summary(), fixture::summary());
        for figure in Figure::all(&LEVELS, &["morpho"]) {
            let reading = coupled.reading(&figure).unwrap_or_else(|| panic!("{figure}"));
            let low = reading.low.unwrap_or(f64::NEG_INFINITY);
            let high = reading.high.unwrap_or(f64::INFINITY);
            assert!(low <= reading.value && reading.value <= high, "{figure}: {reading:?}");
            let is_missing = lacking(&figure, &fixture::facts(), false).is_some();
            assert_eq!(plain.reading(&figure).is_none(), is_missing, "{figure}");
            let compared = lacking(&figure, &fixture::coupled_facts(), true);
            assert_eq!(compared, None, "{figure}");
        }
        assert_eq!(plain.reading(&Figure::ExpectedShortfall { level: 0.95 }), None);
    }

    #[test]
    fn a_value_at_risk_beyond_the_sample_has_no_upper_end() {
        // Of 10,000 paths one lies beyond 0.9999: its loss is exceeded in more than one run of 40.
        let summary = fixture::summary();
        let reading = |level| summary.reading(&Figure::ValueAtRisk { level }).unwrap();
        assert_eq!(reading(0.9999).high, None);
        assert_eq!(reading(0.9999).half_width(), None);
        let (found, shown) = (reading(0.99), &summary.bad_debt.value_at_risk[1]);
        assert_eq!((found.low, found.high), (Some(shown.low_usd), shown.high_usd));
    }
}
