//! The expected shortfall so far, taken so rarely that it costs less than a hundredth of the time.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use indicatif::HumanCount;
use serde::Serialize;

use shortfall::engine::Done;
use shortfall::report::Facts;
use shortfall::tail::stat::expected_shortfall;
use shortfall::tail::{Level, Ordered, Tally};

/// From the end of one estimate to the beginning of the next.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// The pause is at least so many times as long as the estimate took.
const PAUSE_FACTOR: u32 = 200;

/// An expected shortfall of the paths so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Estimate {
    pub(super) level: f64,
    pub(super) value_usd: f64,
    /// Half of its 95 % interval; none of too few paths.
    pub(super) half_width_usd: Option<f64>,
}

impl Estimate {
    /// As the end of a line.
    pub(super) fn told(&self) -> String {
        let usd = |value: f64| HumanCount(value.round() as u64);
        let half_width = self.half_width_usd.map(|it| format!(" ± {}", usd(it)));
        let half_width = half_width.unwrap_or_default();
        format!(", ES {} {}{half_width} USD", self.level, usd(self.value_usd))
    }
}

/// Estimates now and then, and remembers in between.
pub(super) struct Estimator {
    level: f64,
    quantum_log2: i32,
    last: Option<Estimate>,
    /// Not before this, so long after the beginning.
    next: Duration,
}

impl Estimator {
    /// At level 0.99, if the scenario has it.
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            level: facts.tail_level(),
            quantum_log2: facts.quantum_log2,
            last: None,
            next: Duration::ZERO,
        }
    }

    /// The last estimate, or a new one where there has been time enough since.
    pub(super) fn at(&mut self, now: Duration, done: Done<'_>) -> Option<Estimate> {
        if now >= self.next {
            let begun = Instant::now();
            self.last = self.estimate(done);
            let took = begun.elapsed();
            self.next = now + took + pause_after(took);
        }
        self.last
    }

    /// A new estimate; none of no paths.
    pub(super) fn estimate(&self, done: Done<'_>) -> Option<Estimate> {
        let tally = match done.before {
            None => Cow::Borrowed(done.now),
            Some(before) => {
                let mut merged: Tally = before.clone();
                merged.merge(done.now.clone());
                Cow::Owned(merged)
            }
        };
        if tally.sums.n_paths == 0 {
            return None;
        }
        let found = expected_shortfall(&Ordered::of(&tally), Level::nearest(self.level));
        let usd = |quanta: f64| libm::ldexp(quanta, self.quantum_log2);
        // Paths that replay overlapping windows are no independent evidence.
        let interval = found.interval.filter(|_| tally.batches.is_none());
        Some(Estimate {
            level: self.level,
            value_usd: usd(found.value),
            half_width_usd: interval.map(|(low, high)| usd((high - low) / 2.0)),
        })
    }
}

fn pause_after(took: Duration) -> Duration {
    (took * PAUSE_FACTOR).max(LEAST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shortfall::tail::{Outcome, Shape};

    fn tally(block_idx: u64, loss: i64) -> Tally {
        let mut tally = Tally::new(1, Shape::default());
        let outcome = |path| Outcome { realised: loss + path, ..Outcome::default() };
        let outcomes: Vec<Outcome> = (0..4096).map(outcome).collect();
        tally.absorb_block(block_idx, &outcomes);
        tally
    }

    fn estimator() -> Estimator {
        Estimator { level: 0.99, quantum_log2: -1, last: None, next: Duration::ZERO }
    }

    #[test]
    fn parts_are_estimated_like_the_whole() {
        let (before, now) = (tally(0, 0), tally(1, 5000));
        let of_parts = estimator().estimate(Done { before: Some(&before), now: &now });
        let mut whole = before.clone();
        whole.merge(now.clone());
        let of_whole = estimator().estimate(Done { before: None, now: &whole });
        assert_eq!(of_parts, of_whole);
        // The worst hundredth of 8,192 paths lose about 9,054 quanta of half a dollar.
        let value = of_whole.and_then(|it| it.half_width_usd.map(|_| it.value_usd));
        assert!(value.is_some_and(|it| (it - 4527.0).abs() < 1.0), "{of_whole:?}");
        let none = Tally::new(1, Shape::default());
        assert_eq!(estimator().estimate(Done { before: None, now: &none }), None);
    }

    #[test]
    fn an_estimate_is_kept_until_two_hundred_times_its_cost_have_passed() {
        let took = Duration::from_millis(100);
        assert_eq!(pause_after(took), Duration::from_secs(20));
        assert_eq!(pause_after(Duration::from_micros(1)), LEAST_PAUSE);
        let (first, second) = (tally(0, 0), tally(1, 5000));
        let done = |now| Done { before: None, now };
        let mut estimator = estimator();
        let at_once = estimator.at(Duration::ZERO, done(&first));
        assert!(at_once.is_some());
        let soon = estimator.at(Duration::from_millis(999), done(&second));
        assert_eq!(soon, at_once);
        let later = estimator.at(estimator.next, done(&second));
        assert_ne!(later, at_once);
    }
}
