//! Do the stated 95 % intervals hold the truth in 95 % of runs, however few paths lose?
//!
//! Of laws whose truth is known in closed form: see `laws`. A drawn sample of runs by default; all
//! runs, which is 2,000 seeds of 4,000 paths and 400 of 40,000, with `SHORTFALL_FULL=1`. Prints the
//! table with `--nocapture`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "coverage/laws.rs"]
mod laws;
#[path = "coverage/paired.rs"]
mod paired;
#[path = "coverage/windows.rs"]
mod windows;

use laws::{Law, Uniforms};
use shortfall::tail::stat::{expected_shortfall, mean, probability, value_at_risk};
use shortfall::tail::{Level, Ordered, Outcome, Shape, Tally};

/// Quanta of a unit of loss: rounding is far below every interval.
const QUANTA: f64 = (1_u64 << 40) as f64;
const LEVELS: [f64; 3] = [0.95, 0.99, 0.999];
const N_FIGURES: usize = 2 + 2 * LEVELS.len();

/// Least share of runs whose interval holds the truth.
const LEAST_HELD: f64 = 0.93;
/// Most runs in which the truth lies above the interval.
const MOST_ABOVE: f64 = 0.035;
/// Most runs whose interval holds the truth, unless the figure is discrete or an atom.
const MOST_HELD: f64 = 0.97;
/// Fewer runs that know an interval say nothing about it.
const LEAST_RUNS: u64 = 20;

/// Runs of one law: how many paths, how many seeds in all, and how many of them are drawn.
struct Size {
    n_paths: usize,
    n_full: u64,
    n_drawn: u64,
}

/// What came of the intervals of one figure.
#[derive(Clone, Copy, Default)]
struct Cell {
    n_runs: u64,
    n_unknown: u64,
    n_above: u64,
    n_below: u64,
}

/// A figure's interval, its truth, and whether it may be unknown in this run.
struct Stated {
    interval: Option<(f64, f64)>,
    may_be_unknown: bool,
}

impl Cell {
    fn absorb(&mut self, stated: &Stated, truth: f64) {
        self.n_runs += 1;
        let Some((low, high)) = stated.interval else {
            assert!(stated.may_be_unknown, "an interval is not known that must be");
            self.n_unknown += 1;
            return;
        };
        self.n_above += u64::from(truth > high);
        self.n_below += u64::from(truth < low);
    }

    fn n_known(&self) -> u64 {
        self.n_runs - self.n_unknown
    }

    fn share(&self, n: u64) -> f64 {
        n as f64 / self.n_known() as f64
    }

    fn held(&self) -> f64 {
        self.share(self.n_known() - self.n_above - self.n_below)
    }

    /// Three binomial standard deviations of a share of so many runs; none of all the runs.
    fn slack(&self, share: f64) -> f64 {
        if is_full() { 0.0 } else { 3.0 * (share * (1.0 - share) / self.n_known() as f64).sqrt() }
    }

    fn is_honest(&self, is_discrete: bool) -> bool {
        let most = if is_discrete { 1.0 } else { MOST_HELD + self.slack(MOST_HELD) };
        self.n_known() < LEAST_RUNS
            || (self.held() >= LEAST_HELD - self.slack(LEAST_HELD)
                && self.share(self.n_above) <= MOST_ABOVE + self.slack(MOST_ABOVE)
                && self.held() <= most)
    }
}

fn is_full() -> bool {
    std::env::var_os("SHORTFALL_FULL").is_some_and(|value| value == "1")
}

fn tally(law: &Law, n_paths: usize, seed: u64) -> Tally {
    let mut uniforms = Uniforms::of(seed);
    let of = |loss: f64| Outcome { under_water: (loss * QUANTA) as i64, ..Outcome::default() };
    let outcomes: Vec<Outcome> = (0..n_paths).map(|_| of(law.draw(&mut uniforms))).collect();
    let mut tally = Tally::new(1, Shape::default());
    tally.absorb_paths(0, &outcomes);
    tally
}

/// All intervals of a run, in units of loss: mean, probability, then every level's two figures.
fn stated(tally: &Tally) -> [Stated; N_FIGURES] {
    let ordered = Ordered::of(tally);
    let in_units = |(low, high): (f64, f64)| (low / QUANTA, high / QUANTA);
    let n_losing = tally.sums.n_losing;
    let sure = probability(tally).unwrap();
    let mut all: [Stated; N_FIGURES] =
        std::array::from_fn(|_| Stated { interval: None, may_be_unknown: false });
    all[0] =
        Stated { interval: mean(&ordered).interval.map(in_units), may_be_unknown: n_losing < 10 };
    all[1].interval = Some((sure.low, sure.high));
    for (level, pair) in LEVELS.iter().zip(all[2..].chunks_mut(2)) {
        let (level, beyond) = (Level::nearest(*level), (1.0 - level) * tally.sums.n_paths as f64);
        let value = value_at_risk(&ordered, level);
        pair[0] = Stated {
            interval: value.high.map(|high| in_units((value.low as f64, high as f64))),
            may_be_unknown: false,
        };
        pair[1] = Stated {
            interval: expected_shortfall(&ordered, level).interval.map(in_units),
            may_be_unknown: beyond < 30.0 - 1e-6 || n_losing < 30,
        };
    }
    all
}

/// Runs a law, prints its rows, and says which are not honest.
fn rows(law: &Law, size: &Size) -> Vec<String> {
    let truths: Vec<f64> = std::iter::once(law.mean())
        .chain([law.probability()])
        .chain(LEVELS.iter().flat_map(|&level| law.beyond(level)))
        .collect();
    let mut cells = [Cell::default(); N_FIGURES];
    let n_runs = if is_full() { size.n_full } else { size.n_drawn };
    for seed in 1..=n_runs {
        let tally = tally(law, size.n_paths, seed);
        for ((cell, stated), truth) in cells.iter_mut().zip(stated(&tally)).zip(&truths) {
            cell.absorb(&stated, *truth);
        }
    }
    let names = ["mean", "probability", "var95", "es95", "var99", "es99", "var99.9", "es99.9"];
    let mut faults = Vec::new();
    for (figure, (cell, name)) in cells.iter().zip(names).enumerate() {
        let is_value_at_risk = name.starts_with("var");
        let (is_discrete, why) = match () {
            () if is_value_at_risk && truths[figure] == 0.0 => (true, "an atom"),
            () if is_value_at_risk || name == "probability" => (true, "discrete"),
            () => (false, ""),
        };
        let told = if cell.n_known() == 0 {
            "not known in any run".to_owned()
        } else {
            format!(
                "{:5.1} % held, {:4.1} % above, {:4.1} % below",
                100.0 * cell.held(),
                100.0 * cell.share(cell.n_above),
                100.0 * cell.share(cell.n_below),
            )
        };
        let row = format!(
            "{:26} {:6} paths {name:11} {told}; {:4} of {:4} not known {why}",
            law.name, size.n_paths, cell.n_unknown, cell.n_runs
        );
        println!("{row}");
        if !cell.is_honest(is_discrete) {
            faults.push(row);
        }
    }
    faults
}

fn check(laws: &[Law], size: &Size) {
    let faults: Vec<String> = laws.iter().flat_map(|law| rows(law, size)).collect();
    assert!(faults.is_empty(), "intervals that are not honest:\n{}", faults.join("\n"));
}

/// Shares of paths that lose.
const SHARES: [f64; 4] = [0.25, 0.02, 0.005, 0.0005];

#[test]
fn intervals_of_a_put_hold_the_truth_however_few_paths_lose() {
    let puts: Vec<Law> = SHARES.iter().map(|&share| Law::put(share)).collect();
    check(&puts, &Size { n_paths: 4000, n_full: 2000, n_drawn: 200 });
}

#[test]
fn intervals_of_a_put_on_a_market_that_jumps_hold_the_truth() {
    let puts: Vec<Law> = SHARES.iter().map(|&share| Law::merton_put(share)).collect();
    check(&puts, &Size { n_paths: 4000, n_full: 2000, n_drawn: 200 });
}

#[test]
fn intervals_of_a_lognormal_upper_tail_hold_the_truth() {
    let calls = SHARES.iter().map(|&share| Law::call(share));
    let laws: Vec<Law> = calls.chain([Law::price(0.9), Law::price(1.3)]).collect();
    check(&laws, &Size { n_paths: 4000, n_full: 2000, n_drawn: 200 });
}

#[test]
fn with_thirty_paths_beyond_it_every_expected_shortfall_has_an_interval_that_holds() {
    let laws = [Law::put(0.25), Law::put(0.005), Law::merton_put(0.02), Law::price(0.9)];
    check(&laws, &Size { n_paths: 40_000, n_full: 1000, n_drawn: 24 });
}
