//! In what two runs differ whose paths are no pairs.

use thiserror::Error;

use crate::report::Facts;

/// In what two runs differ whose positions or steps are no pairs.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Mismatch {
    /// The number of steps.
    #[error("its paths have {there} steps and this run's have {here}: give --steps {there}")]
    Steps {
        /// The baseline's.
        there: u32,
        /// This run's.
        here: u32,
    },
    /// The length of a step.
    #[error(
        "its steps last {there} hours and this run's last {here}: write the same [run] step in \
         both scenarios"
    )]
    StepLength {
        /// The baseline's.
        there: f64,
        /// This run's.
        here: f64,
    },
    /// The positions.
    #[error(
        "position {number} is {there} there and {here} here, of {n_there} positions there and \
         {n_here} here: run both with one book, --book, in one order"
    )]
    Position {
        /// The first that differs, from 1.
        number: usize,
        /// The baseline's name and venue of it.
        there: String,
        /// This run's.
        here: String,
        /// How many the baseline has.
        n_there: usize,
        /// How many this run has.
        n_here: usize,
    },
}

impl Mismatch {
    /// The first difference between a baseline and a run.
    pub(super) fn between(there: &Facts, here: &Facts) -> Option<Self> {
        if there.n_steps != here.n_steps {
            return Some(Self::Steps { there: there.n_steps, here: here.n_steps });
        }
        if there.step_hours != here.step_hours {
            return Some(Self::StepLength { there: there.step_hours, here: here.step_hours });
        }
        let named = |facts: &Facts, idx: usize| {
            let label = facts.positions.get(idx)?;
            Some(format!("{:?} at {}", label.position, facts.venue(label.venue)))
        };
        let is_same = |idx: &usize| match (there.positions.get(*idx), here.positions.get(*idx)) {
            (Some(theirs), Some(ours)) => {
                theirs.position == ours.position
                    && there.venue(theirs.venue) == here.venue(ours.venue)
            }
            _ => false,
        };
        let (n_there, n_here) = (there.positions.len(), here.positions.len());
        let idx = (0..n_there.max(n_here)).find(|idx| !is_same(idx))?;
        let or_none = |name: Option<String>| name.unwrap_or_else(|| "none".to_owned());
        let (there, here) = (or_none(named(there, idx)), or_none(named(here, idx)));
        Some(Self::Position { number: idx + 1, there, here, n_there, n_here })
    }
}
