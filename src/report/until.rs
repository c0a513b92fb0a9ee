//! A precision held against a figure's interval: may the run stop?

use serde::Serialize;

use crate::escape;
use crate::figures::number::{counted, measured, percent};
use crate::figures::{Precision, Reading, Summary, Target, Unit};

/// Where a run stopped that was to stop by precision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UntilFigures {
    /// What was asked for, as it was written.
    pub target: String,
    /// Whether it was reached; if not, the most paths came first.
    pub is_reached: bool,
    /// Paths that were walked.
    pub n_paths: u64,
    /// The figure; none if the report lacks it.
    pub value: Option<f64>,
    /// Half the width of its 95 % interval; none if too few paths were walked to know it.
    pub half_width: Option<f64>,
    /// What both are measured in.
    pub unit: Unit,
}

impl UntilFigures {
    /// Holds a precision against the figures of the paths so far.
    #[must_use]
    pub fn of(precision: &Precision, summary: &Summary) -> Self {
        let reading = summary.reading(&precision.figure);
        Self {
            target: precision.written.clone(),
            is_reached: reading.is_some_and(|reading| is_precise(&reading, precision.target)),
            n_paths: summary.n_paths,
            value: reading.map(|it| it.value),
            half_width: reading.and_then(|it| it.half_width()),
            unit: precision.figure.row.unit,
        }
    }

    /// Where the run stopped and why, in a sentence.
    pub(super) fn told(&self) -> String {
        let n_paths = counted(self.n_paths, "path");
        let target = escape::name(&self.target);
        let why = if self.is_reached {
            format!("at {n_paths}, precise enough for {target}")
        } else {
            format!("at {n_paths}, the most there were to be, before {target}")
        };
        let Some((half_width, value)) = self.half_width.zip(self.value) else {
            return format!("{why}: its interval is not known yet");
        };
        let share = if value == 0.0 {
            String::new()
        } else {
            format!(" ({})", percent(half_width / value.abs()))
        };
        format!("{why}: ± {}{share}", measured(half_width, self.unit))
    }
}

/// An interval without width says that no path has shown a difference yet, not that all is known.
fn is_precise(reading: &Reading, target: Target) -> bool {
    let Some(half_width) = reading.half_width().filter(|half_width| *half_width > 0.0) else {
        return false;
    };
    half_width
        <= match target {
            Target::Relative(share) => share * reading.value.abs(),
            Target::Absolute(most) => most,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::fixture::{self, figure};

    fn reading(value: f64, half_width: f64) -> Reading {
        let (low, high) = (Some(value - half_width), Some(value + half_width));
        Reading { value, std_error: None, low, high }
    }

    #[test]
    fn half_a_width_is_held_against_the_figure_or_an_amount() {
        assert!(is_precise(&reading(128.0, 8.0), Target::Relative(0.0625)));
        assert!(!is_precise(&reading(127.0, 8.0), Target::Relative(0.0625)));
        assert!(is_precise(&reading(-128.0, 8.0), Target::Relative(0.0625)));
        assert!(is_precise(&reading(1.0, 8.0), Target::Absolute(8.0)));
        assert!(!is_precise(&reading(1.0, 8.0), Target::Absolute(7.999)));
    }

    #[test]
    fn what_no_path_has_shown_is_not_known_precisely() {
        for target in [Target::Relative(1.0), Target::Absolute(1e9)] {
            assert!(!is_precise(&reading(0.0, 0.0), target));
            assert!(!is_precise(&Reading { high: None, ..reading(5.0, 1.0) }, target));
        }
    }

    #[test]
    fn where_a_run_stopped_is_told_in_the_figure_s_unit() {
        let summary = fixture::summary();
        let told = |target, written: &str| {
            let name = written.split(' ').next().unwrap();
            let precision = Precision { figure: figure(name), target, written: written.to_owned() };
            UntilFigures::of(&precision, &summary).told()
        };
        assert_eq!(
            told(Target::Absolute(0.01), "probability abs 1%"),
            "at 10,000 paths, precise enough for probability abs 1%: ± 0.341 % (10.9 %)"
        );
        assert_eq!(
            told(Target::Relative(0.001), "probability rel 0.1%"),
            "at 10,000 paths, the most there were to be, before probability rel 0.1%: ± 0.341 % \
             (10.9 %)"
        );
        assert_eq!(
            told(Target::Relative(1.0), "var99.99 rel 100%"),
            "at 10,000 paths, the most there were to be, before var99.99 rel 100%: its interval is \
             not known yet"
        );
    }
}
