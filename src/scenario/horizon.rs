//! Durations of a scenario, and those that may not reach its horizon.

use super::error::{Broken, Faults};
use super::written::Node;
use super::{RunSpec, duration};

/// The years of a duration, or a fault.
pub(super) fn read_duration(node: &Node<'_>, text: &str, faults: &mut Faults) -> Option<f64> {
    let years = duration::years(text);
    if years.is_none() {
        faults.push(node.fault(Broken::NotADuration { text: text.to_owned() }));
    }
    years
}

/// How a duration stands to the horizon.
pub(super) struct HorizonBound {
    /// As in "is not before the horizon".
    pub(super) relation: &'static str,
    pub(super) remedy: &'static str,
}

/// The years of a duration that may not reach the horizon, or a fault.
pub(super) fn read_within_horizon(
    node: &Node<'_>,
    text: &str,
    bound: &HorizonBound,
    run: &RunSpec,
    faults: &mut Faults,
) -> Option<f64> {
    let years = read_duration(node, text, faults)?;
    let horizon_years = f64::from(run.n_steps) * run.step_years;
    if years >= horizon_years {
        let HorizonBound { relation, remedy } = *bound;
        let (horizon, n_steps) = (duration::shown(horizon_years), run.n_steps);
        let bound = format!("{relation} the horizon, which is {horizon} ({n_steps} steps)");
        let broken = Broken::DurationOutOfBounds { text: text.to_owned(), bound, remedy };
        faults.push(node.fault(broken));
    }
    Some(years)
}
