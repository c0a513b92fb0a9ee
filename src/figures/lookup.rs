//! Figures of a summary by name, with what void paths leave of their intervals.

use super::facts::{Facts, FeedbackTiming};
use super::figure::{Figure, Parameters};
use super::reading::Reading;
use super::row::{Needs, Parameter};
use super::summary::Summary;

impl Summary {
    /// The figure; `None` where this summary has none such. Void paths leave no upper end.
    #[must_use]
    pub fn reading(&self, figure: &Figure) -> Option<Reading> {
        Some(self.bounded(figure, self.estimate(figure)?))
    }

    /// The figure of that name, such as `es99`; `None` where this summary has none such.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<Reading> {
        let found = self.readings().into_iter().find(|(figure, _)| figure.to_string() == name);
        found.map(|(_, reading)| reading)
    }

    /// The figure, as if no path were void.
    pub(super) fn estimate(&self, figure: &Figure) -> Option<Reading> {
        (figure.row.read)(self, &figure.of)
    }

    /// Every figure that it has, in the order of the list.
    #[must_use]
    pub fn readings(&self) -> Vec<(Figure, Reading)> {
        let levels: Vec<f64> = self.bad_debt.value_at_risk.iter().map(|it| it.level).collect();
        let funds = self.aftermath.iter().flat_map(|it| &it.insurance_funds);
        let pools = self.pools.iter().map(|it| [&*it.venue, &*it.debt_asset]);
        let parameters = Parameters {
            levels: &levels,
            funds: funds.map(|it| &*it.venue).collect(),
            pools: pools.collect(),
        };
        let all = Figure::all(&parameters).into_iter();
        all.filter_map(|figure| self.reading(&figure).map(|reading| (figure, reading))).collect()
    }

    /// Names where the first void path left the formats.
    #[must_use]
    pub fn with_void_at(mut self, asset: &str, step_idx: u64) -> Self {
        if let Some(void) = &mut self.void {
            (void.asset, void.step_idx) = (Some(asset.to_owned()), Some(step_idx));
        }
        self
    }

    /// Whether a figure is one of paths some of which are void.
    #[must_use]
    pub fn is_void(&self, figure: &Figure) -> bool {
        self.void.is_some() && !figure.is_of_opening()
    }

    /// A reading, with the ends that void paths leave.
    pub(super) fn bounded(&self, figure: &Figure, reading: Reading) -> Reading {
        if !self.is_void(figure) {
            return reading;
        }
        // What is lost is at least what is seen; how other figures lie nothing says.
        let low = reading.low.filter(|_| figure.row.rises);
        Reading { low, high: None, ..reading }
    }
}

/// What a scenario lacks for its report to have the figure; `None` if nothing.
#[must_use]
pub fn lacking(figure: &Figure, facts: &Facts, compares_feedback: bool) -> Option<&'static str> {
    let needs = figure.row.needs;
    let coupling = facts.coupling.as_ref();
    let is_met = match (needs, &figure.of) {
        (Needs::Nothing, _) => true,
        (Needs::Comparison, _) => compares_feedback,
        (Needs::SameStep, _) => {
            coupling.and_then(|it| it.feedback) == Some(FeedbackTiming::SameStep)
        }
        (Needs::Coupling, _) => coupling.is_some(),
        (Needs::Fund, Parameter::Fund(venue)) => facts.has_fund(venue),
        (Needs::Fund, _) => false,
    };
    needs.remedy().filter(|_| !is_met)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::fixture::{self, figure};

    #[test]
    fn a_coupled_and_compared_summary_has_every_figure_and_no_other_has_more() {
        let (coupled, plain) = (fixture::coupled_summary(), fixture::summary());
        for figure in Figure::all(&fixture::parameters()) {
            let reading = coupled.reading(&figure).unwrap_or_else(|| panic!("{figure}"));
            let low = reading.low.unwrap_or(f64::NEG_INFINITY);
            let high = reading.high.unwrap_or(f64::INFINITY);
            assert!(low <= reading.value && reading.value <= high, "{figure}: {reading:?}");
            let is_missing = lacking(&figure, &fixture::facts(), false).is_some();
            assert_eq!(plain.reading(&figure).is_none(), is_missing, "{figure}");
            let compared = lacking(&figure, &fixture::coupled_facts(), true);
            assert_eq!(compared, None, "{figure}");
        }
        let of = Parameter::Level(0.95);
        assert_eq!(plain.reading(&Figure { of, ..figure("es99") }), None);
    }

    #[test]
    fn a_value_at_risk_beyond_the_sample_has_no_upper_end() {
        // Of 10,000 paths one lies beyond 0.9999: its loss is exceeded in more than one run of 40.
        let summary = fixture::summary();
        let reading = |name| summary.reading(&figure(name)).unwrap();
        assert_eq!(reading("var99.99").high, None);
        assert_eq!(reading("var99.99").half_width(), None);
        assert_eq!(
            (summary.figure("var99"), summary.figure("var98")),
            (Some(reading("var99")), None)
        );
        let (found, shown) = (reading("var99"), &summary.bad_debt.value_at_risk[1]);
        assert_eq!((found.low, found.high), (Some(shown.low_usd), shown.high_usd));
    }
}
