//! A small made-up run for the tests of figures and reports: every kind of figure occurs in it.

use super::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, Figure, FundFacts, LargestAtOpening,
    OpeningFacts, Parameters, PoolLabel, PositionLabel, RunFacts, Summary,
};
use crate::book::Opening;
use crate::tail::{
    Aftermath, BLOCK_PATHS, Outcome, Paired, PositionCount, Shape, TailShares, Tally,
};
use crate::units::VenueId;

const N_POSITIONS: usize = 30;
const N_STEPS: usize = 24;
const LEVELS: [f64; 3] = [0.5, 0.99, 0.9999];
pub(crate) const N_PATHS: u64 = 10_000;
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
        flags: 0,
    }
}

pub(crate) fn tally() -> Tally {
    let shape = Shape { n_positions: N_POSITIONS, n_steps: N_STEPS, n_pools: 2, n_funds: None };
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

pub(crate) fn shares() -> TailShares {
    let positions = (0..N_POSITIONS as i128).collect();
    TailShares { level: 0.99, n_paths: 100, positions, pools: vec![100, 335] }
}

/// The facts of the made-up scenario.
pub(crate) fn facts() -> Facts {
    let position = |idx: usize| PositionLabel {
        position: format!("whale, the {idx}th"),
        venue: VenueId(idx as u32 % 2),
        is_bare: idx == 28,
    };
    let pool = |venue, debt_asset: &str| PoolLabel {
        venue: VenueId(venue),
        debt_asset: debt_asset.to_owned(),
    };
    Facts {
        scenario: "made-up".to_owned(),
        program_digest: "1f".repeat(32),
        seed: 42,
        n_steps: N_STEPS as u32,
        step_hours: 6.0,
        quantum_log2: QUANTUM_LOG2,
        opening: OpeningFacts {
            mode: Opening::Settle,
            n: 3,
            liquidated: 2,
            n_bare: 1,
            debt_usd: 1234.5,
            repaid_usd: 1000.25,
            bad_debt_usd: 0.125,
            largest: Some(LargestAtOpening {
                position: "whale, the 4th".to_owned(),
                venue: "aave".to_owned(),
                of: AmountAtOpening::BadDebt,
                usd: 0.125,
            }),
        },
        levels: LEVELS.to_vec(),
        materiality_usd: 1.0,
        rounding: 3,
        assets: vec!["ETH".to_owned(), "USDC".to_owned(), "DAI".to_owned()],
        venues: vec!["aave".to_owned(), "morpho".to_owned()],
        positions: (0..N_POSITIONS).map(position).collect(),
        pools: vec![pool(0, "USDC"), pool(1, "DAI")],
        coupling: None,
        notes: vec!["a note of the scenario".to_owned()],
    }
}

/// What the made-up run leaves where its positions are coupled; the second venue has a fund of a
/// million dollars.
fn aftermath() -> Aftermath {
    let usd = |usd: i64| usd << -QUANTUM_LOG2;
    let mut aftermath = Aftermath::new(2);
    for path in 0..N_PATHS as i64 {
        let n_waiting = i64::from(path % 40 == 0) * (1 + path % 3);
        let n_rounds = i64::from(path % 4 == 0) + i64::from(path % 50 == 0) * 3;
        let drawn = (path % 100 - 50).max(0) * 23_456;
        let backlog = usd(n_waiting * 54_321);
        let emptied = i64::from(drawn >= 1_000_000);
        let drawn = usd(drawn.min(1_000_000));
        aftermath.absorb(&[backlog, n_waiting, n_rounds, 3 * n_waiting, 0, 0, drawn, emptied]);
    }
    aftermath
}

/// The funds of the made-up venues.
const FUNDS: [FundFacts; 2] = [
    FundFacts { venue: VenueId(0), initial_usd: 0.0, fee: 0.0 },
    FundFacts { venue: VenueId(1), initial_usd: 1e6, fee: 0.005 },
];

/// The facts of the made-up scenario, its positions coupled.
pub(crate) fn coupled_facts() -> Facts {
    let feedback = Some(FeedbackTiming::SameStep);
    let coupling = Some(CouplingFacts { feedback, funds: FUNDS.to_vec() });
    Facts { coupling, ..facts() }
}

/// The summary of the made-up run, its positions coupled, not compared.
pub(crate) fn uncompared_summary() -> Summary {
    let mut tally = tally();
    tally.counters.aftermath = Some(aftermath());
    let summary = Summary::of(&tally, &coupled_facts(), Some(&shares()));
    Summary { version: "0.0.0".to_owned(), ..summary }
}

/// The same, compared: without feedback each path loses two thirds of what it does with it.
pub(crate) fn coupled_summary() -> Summary {
    let with: Vec<Outcome> = (0..N_PATHS).map(outcome).collect();
    let thirds = |with: &Outcome| Outcome { realised: with.loss() / 3 * 2, ..Outcome::default() };
    let without: Vec<Outcome> = with.iter().map(thirds).collect();
    let mut paired = Paired::default();
    paired.absorb(&with, &without);
    uncompared_summary().with_feedback(&paired, &coupled_facts())
}

/// The summary of the made-up run; its version does not move with ours.
pub(crate) fn summary() -> Summary {
    let summary = Summary::of(&tally(), &facts(), Some(&shares()));
    Summary { version: "0.0.0".to_owned(), ..summary }
}

/// The summary of the made-up run, two of its paths void.
pub(crate) fn void_summary() -> Summary {
    let mut tally = tally();
    (tally.sums.n_saturated, tally.sums.first_void) = (2, Some(17));
    let summary = Summary::of(&tally, &facts(), Some(&shares())).with_void_at("ETH", 4);
    Summary { version: "0.0.0".to_owned(), ..summary }
}

pub(crate) fn run_facts() -> RunFacts {
    let run = RunFacts {
        backend: "cpu".to_owned(),
        adapter: None,
        threads: 8,
        lanes: "avx512".to_owned(),
        batch: 4096,
        walked_paths: N_PATHS,
        wall_seconds: 2.5,
        cpu_seconds: 16.0,
        checkpoint_seconds: 0.0,
        paths_per_second: None,
        checks_per_cpu_second: None,
        fallbacks: vec!["no graphics adapter was found".to_owned()],
    };
    run.with_rates(facts().checks_per_path())
}

/// The parameters of the made-up scenario's figures.
pub(crate) fn parameters() -> Parameters<'static> {
    Parameters {
        levels: &LEVELS,
        funds: vec!["morpho"],
        pools: vec![["aave", "USDC"], ["morpho", "DAI"]],
    }
}

/// A figure of the made-up run, by its name.
pub(crate) fn figure(name: &str) -> Figure {
    let found = Figure::all(&parameters()).into_iter().find(|it| it.to_string() == name);
    found.unwrap_or_else(|| panic!("no figure is named {name}"))
}
