//! Benchmarks: what backends do a second, and how cost grows with the work.
//!
//! Clocks are read by the command line; here are its figures and what they mean.

#[cfg(test)]
pub(super) mod fixture;

use serde::Serialize;

use crate::escape;
use crate::figures::number::{count, percent, significant};
use crate::tail::Digest;

/// Backends side by side on one workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bench {
    /// Name of the scenario, or of the workload made in code.
    pub scenario: String,
    /// Its assets.
    pub n_assets: u64,
    /// Its positions.
    pub n_positions: u64,
    /// Steps of a path.
    pub n_steps: u64,
    /// Vector lanes of the CPU.
    pub lanes: String,
    /// Rounds, each backend once a round.
    pub n_rounds: u64,
    /// Paths that every backend walked, with the same outcomes.
    pub n_compared_paths: u64,
    /// Digest of those outcomes.
    pub outcome_digest: Digest,
    /// Digest of those counters.
    pub tally_digest: Digest,
    /// What each did.
    pub backends: Vec<BackendRates>,
}

/// What a backend did; rates are medians over the rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackendRates {
    /// The backend, its threads or its adapter.
    pub backend: String,
    /// Paths of a round.
    pub n_paths: u64,
    /// Nominal checks a second: one position at one step of one path, skipped by a bound or not.
    pub checks_per_second: f64,
    /// Nominal checks a second of one core's time.
    pub checks_per_cpu_second: f64,
    /// Steps of paths a second, all assets together.
    pub path_steps_per_second: f64,
    /// Paths a second.
    pub paths_per_second: f64,
    /// Time of a path: of all cores on the CPU, of the clock on a device.
    pub seconds_per_path: f64,
    /// The same on the same backend where the book is empty: its floor.
    pub floor_seconds_per_path: f64,
    /// The floor over the time of a path: 1 if checks cost nothing.
    pub share_of_floor: f64,
    /// The slowest round's such time less the fastest's, over the median.
    pub spread: f64,
    /// Most memory of the process that was resident meanwhile; none where the system does not say.
    pub peak_resident_bytes: Option<u64>,
}

/// How cost grows along one dimension of the work, all others held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growth {
    /// What grows: paths, positions, steps, assets.
    pub dimension: String,
    /// Which of several ways, where there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What is held.
    pub held: String,
    /// Rising.
    pub points: Vec<GrowthPoint>,
}

/// One size of the work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthPoint {
    /// How many paths, positions, steps or assets.
    pub size: u64,
    /// Paths that were walked to find out, a round.
    pub n_paths: u64,
    /// Time of all cores for one path, a median over rounds.
    pub cpu_seconds_per_path: f64,
    /// The same for one path and one position, step or asset; for paths, for one path.
    pub cpu_seconds_per_unit: f64,
    /// d log cost / d log size since the size before: 1 is linear; none for the first.
    pub exponent: Option<f64>,
    /// The slowest round's time less the fastest's, over the median.
    pub spread: f64,
    /// Most memory of the process that was resident meanwhile; none where the system does not say.
    pub peak_resident_bytes: Option<u64>,
}

/// What the tables say of themselves.
pub(super) const BENCH_NOTES: [&str; 6] = [
    "A check is one position at one step of one path, whether or not a bound skipped it. A CPU-s",
    "is a second of one core. Rates are medians of interleaved rounds.",
    "Floor, measured in the same rounds: the same backend on the same market with an empty book,",
    "so that it draws words, shocks and log prices and checks nothing. Share: the floor's time",
    "over the run's, of all cores on the CPU, of the clock on a device. Spread: the slowest",
    "round's time less the fastest's, over the median. Memory: the most resident in the process.",
];

/// The columns of [`Bench::backends`].
pub(super) const BENCH_HEADINGS: [&str; 8] = [
    "backend",
    "checks/s",
    "checks/CPU-s",
    "path-steps/s",
    "paths/s",
    "of floor",
    "spread",
    "memory",
];

/// The columns of [`Growth::points`] behind the size.
pub(super) const GROWTH_HEADINGS: [&str; 6] =
    ["paths run", "CPU-s a path", "CPU-s a unit", "exponent", "spread", "memory"];

impl Bench {
    /// What was measured, in a line.
    pub(super) fn headline(&self) -> String {
        format!(
            "{}: {} positions, {} steps, {} assets; lanes {}, {} rounds",
            escape::name(&self.scenario),
            count(self.n_positions.into()),
            count(self.n_steps.into()),
            count(self.n_assets.into()),
            escape::name(&self.lanes),
            self.n_rounds,
        )
    }

    /// What all of them agree on.
    pub(super) fn compared(&self) -> String {
        let paths = count(self.n_compared_paths.into());
        match self.backends.len() {
            1 => format!("The outcomes of {paths} paths, for others to compare with."),
            _ => format!("All backends found the same outcomes and counters on {paths} paths."),
        }
    }
}

impl BackendRates {
    /// Under [`BENCH_HEADINGS`].
    pub(super) fn cells(&self) -> [String; 8] {
        [
            self.backend.clone(),
            scaled(self.checks_per_second),
            scaled(self.checks_per_cpu_second),
            scaled(self.path_steps_per_second),
            scaled(self.paths_per_second),
            percent(self.share_of_floor),
            percent(self.spread),
            memory(self.peak_resident_bytes),
        ]
    }
}

impl Growth {
    /// What grows, and what does not.
    pub(super) fn headline(&self) -> String {
        let variant = self.variant.iter().map(|it| format!(", {it}")).collect::<String>();
        format!("Cost by {}{variant}: {}", self.dimension, self.held)
    }

    /// The headings of its table: its own dimension first.
    pub(super) fn headings(&self) -> Vec<&str> {
        std::iter::once(&*self.dimension).chain(GROWTH_HEADINGS).collect()
    }
}

impl GrowthPoint {
    /// Under [`Growth::headings`].
    pub(super) fn cells(&self) -> [String; 7] {
        let exponent = self.exponent.map_or_else(String::new, |it| format!("{it:.2}"));
        [
            count(self.size.into()),
            count(self.n_paths.into()),
            scaled(self.cpu_seconds_per_path),
            scaled(self.cpu_seconds_per_unit),
            exponent,
            percent(self.spread),
            memory(self.peak_resident_bytes),
        ]
    }

    /// Writes how cost grew since the point before: 1 + log(u₂ / u₁) / log(n₂ / n₁), u the cost of
    /// a unit.
    pub fn grown_since(&mut self, before: &Self) {
        let of_unit = libm::log(self.cpu_seconds_per_unit / before.cpu_seconds_per_unit);
        let of_size = libm::log(self.size as f64 / before.size as f64);
        self.exponent = Some(1.0 + of_unit / of_size);
    }
}

/// Three digits and the prefix of a power of a thousand: 2.44 G, 31.0 µ.
fn scaled(value: f64) -> String {
    const PREFIXES: [(f64, &str); 8] = [
        (1e12, " T"),
        (1e9, " G"),
        (1e6, " M"),
        (1e3, " k"),
        (1.0, ""),
        (1e-3, " m"),
        (1e-6, " µ"),
        (1e-9, " n"),
    ];
    let smallest = (1e-12, " p");
    if value == 0.0 {
        return "0".to_owned();
    }
    let fits = |(unit, _): &&(f64, &str)| value >= *unit;
    let (unit, prefix) = PREFIXES.iter().find(fits).unwrap_or(&smallest);
    format!("{}{prefix}", significant(value / unit, 3))
}

/// Mebibytes, or "n/a".
fn memory(bytes: Option<u64>) -> String {
    let mebibytes = |bytes: u64| format!("{} MiB", count(u128::from(bytes.div_ceil(1 << 20))));
    bytes.map_or_else(|| "n/a".to_owned(), mebibytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_three_digits_and_a_prefix() {
        let written = [2.444e9, 999.4e6, 42.0, 3.1e-5, 7e-10, 1.5e13, 0.0];
        let expected = ["2.44 G", "999 M", "42.0", "31.0 µ", "700 p", "15.0 T", "0"];
        assert_eq!(written.map(scaled), expected);
    }

    #[test]
    fn a_square_law_has_the_exponent_two_and_a_constant_none() {
        let point = |size: u64, cost: f64| GrowthPoint {
            size,
            n_paths: 1,
            cpu_seconds_per_path: cost,
            cpu_seconds_per_unit: cost / size as f64,
            exponent: None,
            spread: 0.0,
            peak_resident_bytes: None,
        };
        for (cost, exponent) in [(4.0, 0.0), (40.0, 1.0), (400.0, 2.0)] {
            let mut grown = point(100, cost);
            grown.grown_since(&point(10, 4.0));
            let found = grown.exponent.unwrap();
            assert!((found - exponent).abs() < 1e-12, "{found} is not {exponent}");
        }
    }

    #[test]
    fn memory_is_rounded_up() {
        assert_eq!(memory(Some((300 << 20) + 1)), "301 MiB");
        assert_eq!(memory(None), "n/a");
    }
}
