//! What came of gates, in sentences: which, by how much, and how many paths would settle a doubt.

use serde::Serialize;

use crate::figures::number::{at_least_if, counted, measured, round_up, significant};
use crate::figures::{Comparison, Gate, Reading, Unit};
use crate::units::MOST_PATHS;

/// What a run says to a gate. The worse is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No value in the figure's 95 % interval fails.
    Passed,
    /// Some values in the interval fail, and some do not: more paths would tell.
    Inconclusive,
    /// Every value in the interval fails.
    Breached,
}

impl Verdict {
    /// The word for it, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Breached => "breached",
        }
    }
}

/// What the sentence about a gate is made of, beside the gate itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'a> {
    /// The figure; none if the report lacks it.
    pub(super) reading: Option<&'a Reading>,
    /// Paths that were walked.
    pub(super) n_paths: u64,
    /// So many paths would make an interval known that is not; none if that is not known either.
    pub(super) known_from: Option<u64>,
    /// Whether some paths are void.
    pub(super) is_void: bool,
}

/// A gate's sentence without the gate.
pub(super) fn told(gate: &Gate, verdict: Verdict, evidence: Evidence<'_>) -> String {
    match (verdict, evidence.reading) {
        (Verdict::Passed, _) => "passed".to_owned(),
        (Verdict::Breached, Some(reading)) if reading.value == gate.bound => {
            "breached: the figure is at its bound".to_owned()
        }
        (Verdict::Breached, Some(reading)) => {
            let far = distance(gate, reading.value);
            format!("breached by {}", at_least_if(evidence.is_void, far))
        }
        (_, Some(_)) if evidence.is_void => {
            "inconclusive: void paths make the figure a lower bound".to_owned()
        }
        (_, None) => "inconclusive: this report has no such figure".to_owned(),
        (Verdict::Inconclusive, Some(reading)) => {
            format!("inconclusive: {}", doubt(gate, reading, evidence))
        }
    }
}

/// How far a figure is from its bound: 13,000 (5.2 %).
fn distance(gate: &Gate, value: f64) -> String {
    let distance = (value - gate.bound).abs();
    let unit = gate.quantity.figure().row.unit;
    let far = match unit {
        Unit::Share => format!("{} percentage points", significant(distance * 100.0, 3)),
        Unit::Usd | Unit::Count | Unit::Factor => measured(distance, unit),
    };
    if gate.bound == 0.0 {
        return far;
    }
    format!("{far} ({} %)", significant(distance / gate.bound.abs() * 100.0, 2))
}

/// Why an interval leaves a gate open, and what would close it.
fn doubt(gate: &Gate, reading: &Reading, evidence: Evidence<'_>) -> String {
    let Evidence { n_paths, known_from, .. } = evidence;
    if reading.value == gate.bound {
        return "the figure is at its bound, which no number of paths may settle".to_owned();
    }
    let end = if gate.bound < reading.value { reading.low } else { reading.high };
    let Some(end) = end else {
        let why = format!("its interval is not known from {}", counted(n_paths, "path"));
        let remedy = known_from.map(|it| format!("; --paths {it} would make it known"));
        return why + &remedy.unwrap_or_default();
    };
    let far = distance(gate, reading.value);
    let ratio = (end - reading.value) / (reading.value - gate.bound);
    let remedy = match paths_to_settle(n_paths, ratio) {
        Some(n_paths) => format!("--paths {n_paths} would settle it"),
        None => "no run has paths enough to settle it".to_owned(),
    };
    format!("{far} from its bound, which lies in the interval; {remedy}")
}

/// Half a width shrinks as 1 / sqrt(n), so n (half width / distance)^2 paths have an interval that
/// ends at the bound if the figure stays: rounded up to two digits. `None` if no run has so many.
fn paths_to_settle(n_paths: u64, ratio: f64) -> Option<u64> {
    let n = n_paths as f64;
    let needed = round_up((n * ratio * ratio).max(n + 1.0));
    (needed <= MOST_PATHS as f64).then_some(needed as u64)
}

/// How far a figure lies on the side that fails, as a share of the bound; below 0 on the other. The
/// greater, the worse.
pub(super) fn excess(gate: &Gate, reading: Option<&Reading>) -> f64 {
    let Some(reading) = reading else { return f64::INFINITY };
    let over = match gate.comparison {
        Comparison::Above | Comparison::AtLeast => reading.value - gate.bound,
        Comparison::Below | Comparison::AtMost => gate.bound - reading.value,
    };
    if over == 0.0 { 0.0 } else { over / gate.bound.abs() }
}

#[cfg(test)]
mod tests {
    use super::super::gates::{GateFigures, closing};
    use super::*;
    use crate::figures::Quantity;
    use crate::figures::fixture::figure;
    use crate::report::fixture;

    const N_PATHS: u64 = 4000;

    fn sentence(
        (name, comparison, bound): (&str, Comparison, f64),
        reading: Option<Reading>,
    ) -> String {
        let quantity = Quantity::Figure(figure(name));
        let gate = Gate { quantity, comparison, bound, written: "it > 1".to_owned() };
        let reading = reading.as_ref();
        let evidence =
            Evidence { reading, n_paths: N_PATHS, known_from: Some(6000), is_void: false };
        GateFigures::of(&gate, evidence).sentence()
    }

    fn reading(value: f64, low: f64, high: f64) -> Option<Reading> {
        let end = |end: f64| end.is_finite().then_some(end);
        Some(Reading { value, std_error: None, low: end(low), high: end(high) })
    }

    #[test]
    fn a_breach_is_told_with_its_size_in_the_figure_s_unit() {
        let above = |name, bound| (name, Comparison::Above, bound);
        let usd = reading(263_000.0, 255_000.0, 270_000.0);
        assert_eq!(sentence(above("mean", 2.5e5), usd), "it > 1: breached by 13,000 (5.2 %)");
        let share = reading(0.062, 0.06, 0.064);
        assert_eq!(
            sentence(above("probability", 0.05), share),
            "it > 1: breached by 1.20 percentage points (24 %)"
        );
        let n = reading(3.0, 3.0, 3.0);
        assert_eq!(sentence(above("opening.n", 0.0), n), "it > 1: breached by 3");
        let at = ("opening.n", Comparison::AtLeast, 3.0);
        assert_eq!(sentence(at, n), "it > 1: breached: the figure is at its bound");
    }

    #[test]
    fn a_doubt_is_told_with_the_paths_that_would_settle_it() {
        let told = |bound, reading| sentence(("mean", Comparison::Above, bound), reading);
        // Half a width of 50 against a distance of 14: 4000 (50 / 14)^2 = 51,020.4.
        let known = reading(200.0, 150.0, 270.0);
        let far = "from its bound, which lies in the interval";
        assert_eq!(
            told(186.0, known),
            format!("it > 1: inconclusive: 14.00 (7.5 %) {far}; --paths 52000 would settle it")
        );
        // On the other side 70 count against 14: 4000 25 is 100,000 and has two digits.
        assert!(told(214.0, known).ends_with("; --paths 100000 would settle it"));
        // An end at the bound still takes some paths more.
        assert!(told(150.0, known).ends_with("; --paths 4100 would settle it"));
        let never = "it > 1: inconclusive: the figure is at its bound, which no number of paths \
                     may settle";
        assert_eq!(told(200.0, known), never);
        assert!(told(200.000_001, known).ends_with("no run has paths enough to settle it"));
        let open = reading(200.0, 150.0, f64::INFINITY);
        assert_eq!(
            told(300.0, open),
            "it > 1: inconclusive: its interval is not known from 4,000 paths; --paths 6000 would \
             make it known"
        );
        assert_eq!(told(1.0, None), "it > 1: inconclusive: this report has no such figure");
    }

    #[test]
    fn the_closing_line_has_the_worst_first_and_counts_the_rest() {
        assert_eq!(closing(&[]), None);
        let [breached, doubtful, passed] = <[GateFigures; 3]>::try_from(fixture::gates()).unwrap();
        let worse = GateFigures { excess: 0.3, fail_on: "max > 9".to_owned(), ..breached.clone() };
        let all = [passed.clone(), doubtful, breached, worse];
        assert_eq!(
            closing(&all).unwrap(),
            "max > 9: breached by 500,000 (20 %); es99 > 2.5e6: breached by 500,000 (20 %); \
             mean < 1: inconclusive: 1.00 (100 %) from its bound, which lies in the interval; \
             --paths 23000 would settle it; 1 passed"
        );
        let passing = [passed.clone(), passed.clone(), passed];
        assert_eq!(closing(&passing).unwrap(), "all 3 gates passed");
        assert_eq!(closing(&passing[..1]).unwrap(), "the gate passed: probability >= 50%");
    }
}
