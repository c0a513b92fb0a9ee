//! Runs on the clock: how many paths fill a while, and what walking them took.

use std::time::Instant;

use cpu_time::ProcessTime;

use shortfall::engine::choice::usual_batch;
use shortfall::engine::{self, Backend, EngineError, Plan};
use shortfall::program::Program;
use shortfall::tail::Tally;

use super::memory::{forget_peak, peak_resident_bytes};

/// Paths of the first try: one group.
const FEWEST_PATHS: u64 = 8;
/// The most paths of a round: a few seconds of the fastest card.
const MOST_PATHS: u64 = 1 << 26;

/// A program on a backend.
pub(super) struct Bout<'a> {
    pub(super) program: &'a Program,
    pub(super) backend: Box<dyn Backend + 'a>,
    pub(super) n_threads: usize,
}

/// What a round took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) wall_seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_resident_bytes: Option<u64>,
}

impl Bout<'_> {
    /// Walks the first paths of the program on the clock.
    pub(super) fn walk(&mut self, n_paths: u64) -> Result<(Round, Tally), EngineError> {
        let batch = usual_batch(self.backend.as_ref(), self.n_threads);
        let plan = Plan { n_paths, batch, materiality: 1 };
        forget_peak();
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        let tally = engine::run(self.program, plan, self.backend.as_mut(), &mut ())?;
        let round = Round {
            wall_seconds: wall.elapsed().as_secs_f64(),
            cpu_seconds: cpu.elapsed().as_secs_f64(),
            peak_resident_bytes: peak_resident_bytes(),
        };
        Ok((round, tally))
    }

    /// How many paths take about so many seconds: found with ever more paths, until they take an
    /// eighth of it.
    pub(super) fn paths_of(&mut self, seconds: f64) -> Result<u64, EngineError> {
        let mut n_paths = FEWEST_PATHS;
        loop {
            let (round, _) = self.walk(n_paths)?;
            if round.wall_seconds >= seconds / 8.0 || n_paths >= MOST_PATHS {
                let fill = n_paths as f64 * seconds / round.wall_seconds.max(f64::MIN_POSITIVE);
                return Ok((fill as u64).clamp(1, MOST_PATHS).next_multiple_of(FEWEST_PATHS));
            }
            n_paths *= 4;
        }
    }
}

/// The median of a figure over rounds; the mean of the middle two where they are even.
pub(super) fn median(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    0.5 * (values[low] + values[high])
}

/// The slowest round's time less the fastest's, over the median.
pub(super) fn spread(rounds: &[Round], of: impl Fn(&Round) -> f64 + Copy) -> f64 {
    let most = rounds.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let least = rounds.iter().map(of).fold(f64::INFINITY, f64::min);
    (most - least) / median(rounds, of)
}

/// The most memory of any round.
pub(super) fn peak(rounds: &[Round]) -> Option<u64> {
    rounds.iter().filter_map(|round| round.peak_resident_bytes).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(seconds: &[f64]) -> Vec<Round> {
        let round = |wall_seconds: &f64| Round {
            wall_seconds: *wall_seconds,
            cpu_seconds: 2.0 * wall_seconds,
            peak_resident_bytes: Some(*wall_seconds as u64),
        };
        seconds.iter().map(round).collect()
    }

    #[test]
    fn medians_are_of_the_middle_and_spreads_of_the_ends() {
        let odd = rounds(&[3.0, 1.0, 2.0]);
        assert_eq!(median(&odd, |round| round.wall_seconds), 2.0);
        assert_eq!(median(&odd, |round| round.cpu_seconds), 4.0);
        assert_eq!(spread(&odd, |round| round.wall_seconds), 1.0);
        assert_eq!(peak(&odd), Some(3));
        let even = rounds(&[4.0, 1.0, 2.0, 3.0]);
        assert_eq!(median(&even, |round| round.wall_seconds), 2.5);
    }
}
