//! Times that are no whole number of steps: what is used in their place is told.

use super::written::Node;
use super::{RunSpec, duration};

/// What the rounding of "12h" / "1h" may leave; the program forgives as much.
const SLACK: f64 = 1e-9;

/// Where a time is written, and as what.
pub(super) struct Time<'n, 'w> {
    pub(super) node: &'n Node<'w>,
    pub(super) text: &'n str,
    pub(super) years: f64,
}

impl Time<'_, '_> {
    fn steps(&self, run: &RunSpec) -> f64 {
        self.years / run.step_years
    }

    fn is_whole(&self, run: &RunSpec) -> bool {
        let steps = self.steps(run);
        (steps - libm::round(steps)).abs() <= SLACK
    }

    /// The place and what stands there.
    fn told(&self) -> String {
        format!("{} = {:?}", self.node.place(), self.text)
    }
}

/// A report is under way until the end of a step.
pub(super) fn tell_delay(delay: &Time<'_, '_>, run: &RunSpec, notes: &mut Vec<String>) {
    if !delay.is_whole(run) {
        let used = in_words(libm::ceil(delay.steps(run) - SLACK), run);
        notes.push(format!(
            "{} is taken as {used}, since reports arrive at the ends of steps",
            delay.told()
        ));
    }
}

/// A report that is due within a step is made at the end of the step before, or of each step.
pub(super) fn tell_heartbeat(heartbeat: &Time<'_, '_>, run: &RunSpec, notes: &mut Vec<String>) {
    if !heartbeat.is_whole(run) {
        let used = in_words(libm::floor(heartbeat.steps(run) + SLACK).max(1.0), run);
        notes.push(format!(
            "{} is taken as {used}, since reports are made at the ends of steps",
            heartbeat.told()
        ));
    }
}

/// Whether a stretch covers the end of some step; only those go unreported.
pub(super) fn covers_a_step(
    at: &Time<'_, '_>,
    over: &Time<'_, '_>,
    run: &RunSpec,
    notes: &mut Vec<String>,
) -> bool {
    let begin = at.steps(run) + SLACK;
    let end = begin + over.steps(run);
    let first = libm::floor(begin) + 1.0;
    let last = (libm::ceil(end) - 1.0).min(f64::from(run.n_steps));
    if last < first {
        return false;
    }
    if !(at.is_whole(run) && over.is_whole(run)) {
        notes.push(format!(
            "{} from {:?} on covers the ends of {}: no report is made from {} to {} after opening",
            over.told(),
            at.text,
            in_words(last - first + 1.0, run),
            after(first, run),
            after(last, run),
        ));
    }
    true
}

/// A shock shows at the ends of steps.
pub(super) fn tell_shock(
    at: &Time<'_, '_>,
    over: &Time<'_, '_>,
    run: &RunSpec,
    notes: &mut Vec<String>,
) {
    if at.is_whole(run) && over.is_whole(run) {
        return;
    }
    let begin = at.steps(run) + SLACK;
    let first = libm::floor(begin) + 1.0;
    let last = libm::ceil(begin + over.steps(run) - 2.0 * SLACK).max(first);
    // The one that is no whole number of steps is named.
    let written = if at.is_whole(run) { over } else { at };
    let shows = if last > first {
        format!("from {} to {}", after(first, run), after(last, run))
    } else {
        format!("at {}, all of it", after(first, run))
    };
    notes.push(format!(
        "{} is no whole number of steps of {}: the shock shows at their ends, {shows} after \
         opening",
        written.told(),
        duration::shown(run.step_years),
    ));
}

/// What half-life leaves after a step, where that is less than half.
pub(super) fn tell_half_life(half_life: &Time<'_, '_>, run: &RunSpec, notes: &mut Vec<String>) {
    let is_short = half_life.years > 0.0 && half_life.steps(run) < 1.0 - SLACK;
    if is_short {
        let left = 100.0 * libm::exp2(-1.0 / half_life.steps(run));
        notes.push(format!(
            "{} is shorter than a step of {}: {left:.2} % of a displacement is left at the next",
            half_life.told(),
            duration::shown(run.step_years),
        ));
    }
}

/// The end of the step of that number, from 1.
fn after(step: f64, run: &RunSpec) -> String {
    duration::shown(step * run.step_years)
}

fn in_words(n_steps: f64, run: &RunSpec) -> String {
    let noun = if n_steps == 1.0 { "step" } else { "steps" };
    format!("{n_steps} {noun} ({})", after(n_steps, run))
}
