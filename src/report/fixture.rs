//! A small made-up run for the tests of reports: what it is held against, and one of its paths.

use super::baseline::{BaselineFigures, DifferenceFigures};
use super::explain::{
    Explanation, ToldCoupling, ToldLeftOver, ToldLiquidation, ToldMoved, ToldPrice, ToldRound,
    ToldSale, Untaken,
};
use super::gates::GateFigures;
use super::moved::{Moved, PoolDifference, PositionDifference};
use super::until::UntilFigures;
use super::verdict::Evidence;
pub(super) use crate::figures::fixture::*;
use crate::figures::{Comparison, Gate, Quantity, Reading, Unit};

/// Gates of every kind and verdict.
pub(super) fn gates() -> Vec<GateFigures> {
    let gate = |written: &str, comparison, [value, low, high, bound]: [f64; 4]| {
        let name = written.split(' ').next().unwrap_or_default();
        let quantity = Quantity::Figure(figure(name));
        let gate = Gate { quantity, comparison, bound, written: written.to_owned() };
        let high = high.is_finite().then_some(high);
        let reading = Some(&Reading { value, std_error: None, low: Some(low), high });
        GateFigures::of(
            &gate,
            Evidence { reading, n_paths: N_PATHS, known_from: None, is_void: false },
        )
    };
    vec![
        gate("es99 > 2.5e6", Comparison::Above, [3e6, 2.6e6, 3.4e6, 2.5e6]),
        gate("mean < 1", Comparison::Below, [2.0, 0.5, f64::INFINITY, 1.0]),
        gate("probability >= 50%", Comparison::AtLeast, [0.0312, 0.028, 0.0348, 0.5]),
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
