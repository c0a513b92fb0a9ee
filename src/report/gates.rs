//! Gates: bounds of a scenario held against the confidence bounds of its figures.

use serde::Serialize;

use super::baseline::BaselineFigures;
use super::verdict::{Evidence, Verdict, excess, told};
use crate::escape;
use crate::figures::number::{at_least_if, count, known};
use crate::figures::{Gate, Quantity, Reading, Summary, Unit};

/// A gate and what came of it; USD, shares or counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateFigures {
    /// As it was written: the run fails if this holds.
    pub fail_on: String,
    /// What the run says.
    pub verdict: Verdict,
    /// The figure; none if the report lacks it.
    pub value: Option<f64>,
    /// Lower end of its interval; none if too few paths were walked to know one.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// What it was held against.
    pub bound: f64,
    /// What all four are measured in.
    pub unit: Unit,
    /// Whether some of its paths are void, so that the figure is a lower bound; absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// The verdict in words: by how much, or how many paths would settle it.
    pub told: String,
    /// How far the figure lies on the side that fails, as a share of the bound.
    #[serde(skip)]
    pub excess: f64,
}

impl GateFigures {
    /// Holds a gate against what is known of its figure.
    pub(super) fn of(gate: &Gate, evidence: Evidence<'_>) -> Self {
        let Evidence { reading, is_void, .. } = evidence;
        // Of void paths a bound from below is known, which can show a breach and no more.
        let verdict = match verdict(gate, reading) {
            Verdict::Passed if is_void => Verdict::Inconclusive,
            verdict => verdict,
        };
        Self {
            fail_on: gate.written.clone(),
            verdict,
            value: reading.map(|it| it.value),
            low: reading.and_then(|it| it.low),
            high: reading.and_then(|it| it.high),
            bound: gate.bound,
            unit: gate.quantity.figure().row.unit,
            at_least: is_void,
            told: told(gate, verdict, evidence),
            excess: excess(gate, reading),
        }
    }

    /// The gate and its verdict in words.
    pub(super) fn sentence(&self) -> String {
        format!("{}: {}", escape::line(&self.fail_on), self.told)
    }

    /// What a table shows of it: the gate, the verdict, the figure, and the ends of its interval.
    pub(super) fn cells(&self) -> [String; 5] {
        let shown = |value| known(value, self.unit);
        [
            self.fail_on.clone(),
            self.verdict.name().to_owned(),
            at_least_if(self.at_least, shown(self.value)),
            shown(self.low),
            shown(self.high),
        ]
    }
}

/// Holds every gate against the figures of a run and, where there is a baseline, its differences.
#[must_use]
pub fn judge(
    gates: &[Gate],
    summary: &Summary,
    baseline: Option<&BaselineFigures>,
) -> Vec<GateFigures> {
    let n_paths = summary.n_paths;
    let judged = gates.iter().map(|gate| {
        let (figure, is_delta) = match &gate.quantity {
            Quantity::Figure(figure) => (figure, false),
            Quantity::Delta(figure) => (figure, true),
        };
        let (reading, known_from) = if is_delta {
            let reading = baseline.and_then(|it| it.reading(figure));
            (reading, BaselineFigures::known_from(figure))
        } else {
            (summary.reading(figure), summary.known_from(figure))
        };
        let of_baseline = is_delta && baseline.is_some_and(|it| it.is_void(figure));
        let is_void = summary.is_void(figure) || of_baseline;
        let reading = reading.as_ref();
        GateFigures::of(gate, Evidence { reading, n_paths, known_from, is_void })
    });
    judged.collect()
}

/// The worst verdict; none without gates.
#[must_use]
pub fn worst(gates: &[GateFigures]) -> Option<Verdict> {
    gates.iter().map(|gate| gate.verdict).max()
}

/// The line that a run with gates ends with: those that did not pass, the worst first.
#[must_use]
pub fn closing(gates: &[GateFigures]) -> Option<String> {
    let mut open: Vec<&GateFigures> =
        gates.iter().filter(|gate| gate.verdict != Verdict::Passed).collect();
    let n_passed = gates.len() - open.len();
    if open.is_empty() {
        return match n_passed {
            0 => None,
            1 => Some(format!("the gate passed: {}", escape::line(&gates[0].fail_on))),
            n => Some(format!("all {} gates passed", count(n as u128))),
        };
    }
    // A stable sort, so that equals stay in the order in which they were given.
    open.sort_by(|a, b| b.verdict.cmp(&a.verdict).then_with(|| b.excess.total_cmp(&a.excess)));
    let mut told: Vec<String> = open.into_iter().map(GateFigures::sentence).collect();
    if n_passed > 0 {
        told.push(format!("{} passed", count(n_passed as u128)));
    }
    Some(told.join("; "))
}

/// Whether a value fails changes at one place at most, so the ends speak for all between them.
fn verdict(gate: &Gate, reading: Option<&Reading>) -> Verdict {
    let fails = |end: f64| gate.comparison.fails(end, gate.bound);
    let low = reading.and_then(|it| it.low).unwrap_or(f64::NEG_INFINITY);
    let high = reading.and_then(|it| it.high).unwrap_or(f64::INFINITY);
    match (fails(low), fails(high)) {
        (true, true) => Verdict::Breached,
        (false, false) => Verdict::Passed,
        _ => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Comparison;
    use crate::figures::fixture::{self, figure};

    fn gate(comparison: Comparison, bound: f64) -> Gate {
        let quantity = Quantity::Figure(figure("es99"));
        Gate { quantity, comparison, bound, written: "es99 > 1".to_owned() }
    }

    /// An interval from 10 to 20.
    const KNOWN: Reading =
        Reading { value: 14.0, std_error: None, low: Some(10.0), high: Some(20.0) };

    #[test]
    fn a_gate_is_breached_or_passed_by_the_whole_interval_only() {
        use Comparison::{Above, AtLeast, AtMost, Below};
        use Verdict::{Breached, Inconclusive, Passed};
        let cases = [
            (Above, 9.999, Breached),
            // The lower end is not above 10, values right over it are.
            (Above, 10.0, Inconclusive),
            (Above, 15.0, Inconclusive),
            (Above, 19.999, Inconclusive),
            (Above, 20.0, Passed),
            (AtLeast, 10.0, Breached),
            (AtLeast, 10.001, Inconclusive),
            (AtLeast, 20.0, Inconclusive),
            (AtLeast, 20.001, Passed),
            (Below, 20.001, Breached),
            (Below, 20.0, Inconclusive),
            (Below, 10.001, Inconclusive),
            (Below, 10.0, Passed),
            (AtMost, 20.0, Breached),
            (AtMost, 19.999, Inconclusive),
            (AtMost, 10.0, Inconclusive),
            (AtMost, 9.999, Passed),
        ];
        for (comparison, bound, expected) in cases {
            let found = verdict(&gate(comparison, bound), Some(&KNOWN));
            assert_eq!(found, expected, "{comparison:?} {bound}");
        }
    }

    #[test]
    fn an_end_that_is_not_known_passes_nothing() {
        let from_ten = Reading { high: None, ..KNOWN };
        let above =
            |bound, reading: Option<&Reading>| verdict(&gate(Comparison::Above, bound), reading);
        assert_eq!(above(9.0, Some(&from_ten)), Verdict::Breached);
        assert_eq!(above(1e300, Some(&from_ten)), Verdict::Inconclusive);
        assert_eq!(above(1e300, None), Verdict::Inconclusive);
        let below = |bound| verdict(&gate(Comparison::Below, bound), Some(&from_ten));
        assert_eq!((below(10.0), below(1e300)), (Verdict::Passed, Verdict::Inconclusive));
    }

    #[test]
    fn void_paths_leave_a_gate_open_unless_what_they_lose_at_least_breaches_it() {
        let (void, sound) = (fixture::void_summary(), fixture::summary());
        let low = sound.reading(&figure("es99")).unwrap().low.unwrap();
        let of_opening = Gate {
            quantity: Quantity::Figure(figure("opening.n")),
            ..gate(Comparison::Above, 100.0)
        };
        let gates = [
            gate(Comparison::Above, low.next_down()),
            gate(Comparison::Above, low),
            gate(Comparison::Above, 1e300),
            // It holds of every loss that is more, too; but a run with void paths passes nothing.
            gate(Comparison::Below, low.next_down()),
            of_opening,
        ];
        let judged = judge(&gates, &void, None);
        let verdicts: Vec<Verdict> = judged.iter().map(|it| it.verdict).collect();
        use Verdict::{Breached, Inconclusive, Passed};
        assert_eq!(verdicts, [Breached, Inconclusive, Inconclusive, Inconclusive, Passed]);
        let told = "inconclusive: void paths make the figure a lower bound";
        assert_eq!((&*judged[2].told, judged[2].at_least), (told, true));
        assert!(judged[0].told.starts_with("breached by at least "), "{}", judged[0].told);
        assert!(judged[0].cells()[2].starts_with("at least "));
        assert!(!judged[4].at_least);
    }

    #[test]
    fn a_breach_outweighs_doubt_and_doubt_a_pass() {
        let summary = fixture::summary();
        let reading = summary.reading(&figure("es99")).unwrap();
        let gates = [
            gate(Comparison::Above, reading.high.unwrap()),
            gate(Comparison::Above, reading.value),
            gate(Comparison::Above, 0.0),
        ];
        let judged = judge(&gates, &summary, None);
        let verdicts: Vec<Verdict> = judged.iter().map(|it| it.verdict).collect();
        assert_eq!(verdicts, [Verdict::Passed, Verdict::Inconclusive, Verdict::Breached]);
        assert_eq!(worst(&judged), Some(Verdict::Breached));
        assert_eq!(worst(&judged[..2]), Some(Verdict::Inconclusive));
        assert_eq!((worst(&judged[..1]), worst(&[])), (Some(Verdict::Passed), None));
        assert_eq!((judged[0].value, judged[0].low), (Some(reading.value), reading.low));
    }
}
