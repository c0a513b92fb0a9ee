//! A small made-up run for the tests of reports: every kind of figure occurs in it.

use super::baseline::{BaselineFigures, DifferenceFigures};
use super::explain::{
    Explanation, ToldCoupling, ToldLeftOver, ToldLiquidation, ToldMoved, ToldPrice, ToldRound,
    ToldSale, Untaken,
};
use super::facts::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, FundFacts, LargestAtOpening,
    OpeningFacts, PoolLabel, PositionLabel, RunFacts,
};
use super::figures::Summary;
use super::gates::GateFigures;
use super::moved::{Moved, PoolDifference, PositionDifference};
use super::reading::Reading;
use super::until::UntilFigures;
use super::verdict::Evidence;
use crate::scenario::{Comparison, Figure, Gate, Opening, Quantity, Unit};
use crate::tail::{
    Aftermath, BLOCK_PATHS, Outcome, Paired, PositionCount, Shape, TailShares, Tally,
};
use crate::units::VenueId;

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
        flags: 0,
    }
}

pub(super) fn tally() -> Tally {
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

pub(super) fn shares() -> TailShares {
    let positions = (0..N_POSITIONS as i128).collect();
    TailShares { level: 0.99, n_paths: 100, positions, pools: vec![100, 335] }
}

/// The facts of the made-up scenario.
pub(super) fn facts() -> Facts {
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
        levels: vec![0.5, 0.99, 0.9999],
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
        aftermath.absorb(&[backlog, n_waiting, n_rounds, 0, 0, drawn, emptied]);
    }
    aftermath
}

/// The funds of the made-up venues.
const FUNDS: [FundFacts; 2] = [
    FundFacts { venue: VenueId(0), initial_usd: 0.0, fee: 0.0 },
    FundFacts { venue: VenueId(1), initial_usd: 1e6, fee: 0.005 },
];

/// The facts of the made-up scenario, its positions coupled.
pub(super) fn coupled_facts() -> Facts {
    let feedback = Some(FeedbackTiming::SameStep);
    let coupling = Some(CouplingFacts { feedback, funds: FUNDS.to_vec() });
    Facts { coupling, ..facts() }
}

/// The summary of the made-up run, its positions coupled, not compared.
pub(super) fn uncompared_summary() -> Summary {
    let mut tally = tally();
    tally.counters.aftermath = Some(aftermath());
    let summary = Summary::of(&tally, &coupled_facts(), Some(&shares()));
    Summary { version: "0.0.0".to_owned(), ..summary }
}

/// The same, compared: without feedback each path loses two thirds of what it does with it.
pub(super) fn coupled_summary() -> Summary {
    let with: Vec<Outcome> = (0..N_PATHS).map(outcome).collect();
    let thirds = |with: &Outcome| Outcome { realised: with.loss() / 3 * 2, ..Outcome::default() };
    let without: Vec<Outcome> = with.iter().map(thirds).collect();
    let mut paired = Paired::default();
    paired.absorb(&with, &without);
    uncompared_summary().with_feedback(&paired, &coupled_facts())
}

/// The summary of the made-up run; its version does not move with ours.
pub(super) fn summary() -> Summary {
    let summary = Summary::of(&tally(), &facts(), Some(&shares()));
    Summary { version: "0.0.0".to_owned(), ..summary }
}

/// The summary of the made-up run, two of its paths void.
pub(super) fn void_summary() -> Summary {
    let mut tally = tally();
    (tally.sums.n_saturated, tally.sums.first_void) = (2, Some(17));
    let summary = Summary::of(&tally, &facts(), Some(&shares())).with_void_at("ETH", 4);
    Summary { version: "0.0.0".to_owned(), ..summary }
}

pub(super) fn run_facts() -> RunFacts {
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

/// Gates of every kind and verdict.
pub(super) fn gates() -> Vec<GateFigures> {
    let gate = |written: &str, figure, comparison, [value, low, high, bound]: [f64; 4]| {
        let quantity = Quantity::Figure(figure);
        let gate = Gate { quantity, comparison, bound, written: written.to_owned() };
        let high = high.is_finite().then_some(high);
        let reading = Some(&Reading { value, low: Some(low), high });
        GateFigures::of(
            &gate,
            Evidence { reading, n_paths: N_PATHS, known_from: None, is_void: false },
        )
    };
    let es99 = Figure::ExpectedShortfall { level: 0.99 };
    let (share, at_least) = (Figure::Probability, Comparison::AtLeast);
    vec![
        gate("es99 > 2.5e6", es99, Comparison::Above, [3e6, 2.6e6, 3.4e6, 2.5e6]),
        gate("mean < 1", Figure::Mean, Comparison::Below, [2.0, 0.5, f64::INFINITY, 1.0]),
        gate("probability >= 50%", share, at_least, [0.0312, 0.028, 0.0348, 0.5]),
    ]
}

/// The made-up run against a baseline.
pub(super) fn baseline() -> BaselineFigures {
    let difference = |figure: &str, value, baseline, half_width: Option<f64>, unit| {
        let difference = value - baseline;
        DifferenceFigures {
            figure: figure.to_owned(),
            value,
            baseline,
            difference,
            low: half_width.map(|half_width| difference - half_width),
            high: half_width.map(|half_width| difference + half_width),
            unit,
        }
    };
    let moved = |value_usd, baseline_usd, half_width: Option<f64>| Moved {
        value_usd,
        baseline_usd,
        difference_usd: value_usd - baseline_usd,
        low_usd: half_width.map(|half_width| value_usd - baseline_usd - half_width),
        high_usd: half_width.map(|half_width| value_usd - baseline_usd + half_width),
    };
    let pool = |debt_asset: &str, moved| PoolDifference {
        venue: "aave".to_owned(),
        debt_asset: debt_asset.to_owned(),
        moved,
    };
    BaselineFigures {
        scenario: "made-up, as it was".to_owned(),
        program_digest: "2e".repeat(32),
        outcome_digest: crate::tail::Digest([0x3d; 32]),
        void_paths: 0,
        differences: vec![
            difference("mean", 104_557.0, 100_000.5, Some(1_250.25), Unit::Usd),
            difference("probability", 0.03125, 0.046875, Some(0.0078125), Unit::Share),
            difference("es99.99", 6.5e6, 7e6, None, Unit::Usd),
            difference("largest_step", 7.0, 9.0, Some(0.0), Unit::Count),
        ],
        pools: vec![
            pool("USDC", moved(1234.5, 1000.0, Some(12.5))),
            pool("DAI", moved(0.0, 0.0, Some(0.0))),
        ],
        positions: vec![PositionDifference {
            position: "whale, the 4th".to_owned(),
            venue: "aave".to_owned(),
            moved: moved(1200.0, 965.5, None),
        }],
    }
}

/// Where the made-up run stopped.
pub(super) fn until() -> UntilFigures {
    UntilFigures {
        target: "es99 rel 1%".to_owned(),
        is_reached: true,
        n_paths: 8192,
        value: Some(3e6),
        half_width: Some(2.5e4),
        unit: Unit::Usd,
    }
}

/// A made-up path, told.
pub(super) fn explanation() -> Explanation {
    let event = |step_idx, position: &str, n_calls, repaid_usd: f64| ToldLiquidation {
        step_idx,
        at: None,
        position: position.to_owned(),
        venue: "aave".to_owned(),
        n_calls,
        repaid_usd,
        seized_usd: repaid_usd * 1.05,
        written_off_usd: 0.0,
        debt_left_usd: 2_345_678.0,
        collateral_left_usd: 2_400_000.0,
        coupling: None,
    };
    Explanation {
        scenario: "made-up".to_owned(),
        seed: 42,
        path_idx: 7,
        step_hours: 1.0,
        bad_debt_usd: 123_456.5,
        realised_usd: 0.0,
        stranded_usd: 0.0,
        under_water_usd: 123_456.5,
        liquidated_usd: 2_222_222.0,
        n_events: 3,
        n_defaults: 3,
        window: None,
        climate: None,
        prices: vec![ToldPrice {
            asset: "ETH".to_owned(),
            open_usd: 3000.0,
            low_usd: 2100.0,
            low_step_idx: 5,
            high_usd: 3030.0,
            high_step_idx: 0,
            close_usd: 2200.0,
            moved: None,
        }],
        rounds: None,
        events: vec![
            event(3, "whale", 1, 1_111_111.0),
            event(3, "shrimp", 0, 0.0),
            event(3, "whale", 2, 555_555.5),
            event(4, "shrimp", 0, 0.0),
            event(4, "whale", 1, 555_555.5),
            event(5, "crab", 0, 0.0),
        ],
        left_over: vec![ToldLeftOver {
            position: "whale".to_owned(),
            venue: "aave".to_owned(),
            stranded_usd: 0.0,
            under_water_usd: 123_456.5,
        }],
    }
}

/// The same path, its positions coupled.
pub(super) fn coupled_explanation() -> Explanation {
    let mut told = explanation();
    told.prices[0].moved = Some(ToldMoved {
        low_usd: 1890.5,
        low_step_idx: 5,
        close_usd: 2090.0,
        furthest_impact: -0.125,
        furthest_step_idx: 4,
    });
    let sale = |sold_usd, impact: f64, impact_after: Option<f64>, read_usd| ToldSale {
        asset: "ETH".to_owned(),
        sold_usd,
        price_usd: 2400.0 * (1.0 + impact),
        impact,
        price_after_usd: impact_after.map(|impact| 2400.0 * (1.0 + impact)),
        impact_after,
        read_usd,
    };
    let round = |step_idx, round_idx, sale| ToldRound {
        step_idx,
        round_idx,
        n_events: 1,
        sales: Vec::from_iter(sale),
    };
    told.rounds = Some(vec![
        round(3, 0, Some(sale(1_166_666.5, 0.0, Some(-0.074), 2412.25))),
        round(3, 1, Some(sale(583_333.25, -0.074, Some(-0.125), 2222.4))),
        round(4, 0, Some(sale(-583_333.25, -0.125, None, 2100.0))),
        round(5, 0, None),
    ]);
    let couplings = [
        (0, None, 0.91, Some(0.90)),
        (0, Some(Untaken::Declined), 0.93, Some(0.93)),
        (1, None, 0.96, Some(0.977)),
        (0, Some(Untaken::Declined), 0.97, Some(0.97)),
        (0, None, 1.02, None),
        (0, Some(Untaken::NoRoom), 0.88, Some(0.88)),
    ];
    for (event, (round_idx, untaken, before, after)) in told.events.iter_mut().zip(couplings) {
        event.coupling = Some(ToldCoupling {
            round_idx,
            untaken,
            health_factor_before: Some(0.85 / before),
            health_factor_after: after.map(|after| 0.85 / after),
            loan_to_value_before: Some(before),
            loan_to_value_after: after,
            toxic_loan_to_value: untaken.is_none().then_some(1.0 / 1.05),
            is_toxic: untaken.is_none() && before >= 1.0 / 1.05,
        });
    }
    told
}
