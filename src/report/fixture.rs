//! A small made-up run for the tests of reports: every kind of figure occurs in it.

use super::facts::{Facts, OpeningFacts, PoolLabel, PositionLabel, RunFacts};
use super::figures::Summary;
use crate::scenario::Opening;
use crate::tail::{BLOCK_PATHS, Outcome, PositionCount, SATURATED, Shape, TailShares, Tally};

const N_POSITIONS: usize = 30;
const N_STEPS: usize = 24;
const N_PATHS: u64 = 10_000;
/// A quantum of 2^-16 dollars.
const QUANTUM_LOG2: i32 = -16;

fn outcome(path_idx: u64) -> Outcome {
    let word = (path_idx + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    if word >> 59 != 0 {
        return Outcome::default();
    }
    let loss = (word >> 20) as i64;
    Outcome {
        realised: loss / 2,
        stranded: loss / 5,
        under_water: loss / 10,
        liquidated: 3 * loss,
        n_events: 4,
        largest_step: (word >> 50) as u32 & 7,
        n_defaults: 2,
        flags: if word >> 57 == 0 { SATURATED } else { 0 },
    }
}

pub(super) fn tally() -> Tally {
    let shape = Shape { n_positions: N_POSITIONS, n_steps: N_STEPS, n_pools: 2 };
    let mut tally = Tally::keeping(2000, 1 << 16, shape);
    let outcomes: Vec<Outcome> = (0..N_PATHS).map(outcome).collect();
    for (block_idx, block) in (0..).zip(outcomes.chunks(BLOCK_PATHS as usize)) {
        tally.absorb_block(block_idx, block);
    }
    let loss = tally.sums.loss;
    for (position, weight) in tally.counters.positions.iter_mut().zip(0_i128..) {
        // The sum of 0..30 is 435; pairs of positions are equal but for their defaults.
        let (n_defaults, loss) = (17 * weight as u64, loss * (weight / 2 * 2) / 420);
        *position = PositionCount { n_defaults, loss, exposure: 3 * loss };
    }
    for step in &mut tally.counters.steps {
        step.n_events = 51;
        step.loss = loss / N_STEPS as i128;
        step.liquidated = 3 * step.loss;
    }
    tally.counters.pools = vec![loss / 4, loss - loss / 4];
    tally
}

pub(super) fn shares() -> TailShares {
    let positions = (0..N_POSITIONS as i128).collect();
    TailShares { level: 0.99, n_paths: 100, positions, pools: vec![100, 335] }
}

/// Calls `read` with the facts of the made-up scenario.
pub(super) fn with_facts<T>(read: impl FnOnce(&Facts<'_>) -> T) -> T {
    let names: Vec<String> = (0..N_POSITIONS).map(|idx| format!("whale, the {idx}th")).collect();
    let position =
        |idx: usize| PositionLabel { position: &names[idx], venue: ["aave", "morpho"][idx % 2] };
    read(&Facts {
        scenario: "made-up",
        program_digest: &"1f".repeat(32),
        seed: 42,
        n_steps: N_STEPS as u32,
        step_hours: 6.0,
        quantum_log2: QUANTUM_LOG2,
        opening: OpeningFacts {
            mode: Opening::Settle,
            n: 3,
            debt_usd: 1234.5,
            bad_debt_usd: 0.125,
        },
        levels: &[0.5, 0.99, 0.9999],
        materiality_usd: 1.0,
        position: &position,
        pools: &[
            PoolLabel { venue: "aave", debt_asset: "USDC" },
            PoolLabel { venue: "morpho", debt_asset: "DAI" },
        ],
        notes: &["a note of the scenario".to_owned()],
    })
}

/// The summary of the made-up run; its version does not move with ours.
pub(super) fn summary() -> Summary {
    let summary = with_facts(|facts| Summary::of(&tally(), facts, Some(&shares())));
    Summary { version: "0.0.0".to_owned(), ..summary }
}

pub(super) fn run_facts(summary: &Summary) -> RunFacts {
    let facts = RunFacts {
        backend: "cpu".to_owned(),
        adapter: None,
        threads: 8,
        batch: 4096,
        wall_seconds: 2.5,
        cpu_seconds: 16.0,
        paths_per_second: None,
        checks_per_cpu_second: None,
        fallbacks: vec!["no graphics adapter was found".to_owned()],
    };
    facts.with_rates(summary)
}
