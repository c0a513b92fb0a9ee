//! A market of two states: stays, shares of time, moments of prices; states that change nothing.
//!
//! With the probabilities a of leaving the first state and b of leaving the second, and
//! λ = 1 - a - b: the second state is met at step t with π + λ^t (c - π), where π = a / (a + b) and
//! c is 1 or 0 by the start, and states k steps apart have the covariance π (1 - π) λ^k.

use shortfall::lanes::Lanes;
use shortfall::market::climate::{Regime, Regimes};
use shortfall::market::model::{CompiledMarket, compile};
use shortfall::market::{Asset, CommonJumps, JumpSize, Jumps, Market};

use super::laws::{KS_BOUND, agree, kolmogorov_smirnov};
use crate::support;

const STEP_YEARS: f64 = 1.0 / 365.0;
const SEED: u64 = 31;
/// Mean stays of the two states, in steps.
const STAYS: [f64; 2] = [12.0, 4.0];
/// The share of time of the second.
const SHARE: f64 = 0.25;

/// A state that does nothing of its own, and is followed by the other.
fn state(idx: usize) -> Regime {
    let mut next = vec![1.0; 2];
    next[idx] = 0.0;
    Regime {
        name: format!("state {idx}"),
        stay_years: STAYS[idx] * STEP_YEARS,
        next,
        volatility: 1.0,
        jumps: 1.0,
        drift: vec![0.0],
        entry: vec![0.0],
    }
}

fn two(change: impl Fn(&mut [Regime; 2]), start: Option<usize>) -> Option<Regimes> {
    let mut states = [state(0), state(1)];
    change(&mut states);
    Some(Regimes { states: states.into(), start })
}

fn compiled(market: &Market, n_steps: u32) -> CompiledMarket {
    compile(market, n_steps, STEP_YEARS).expect("a market that fits")
}

fn lambda() -> f64 {
    1.0 - 1.0 / STAYS[0] - 1.0 / STAYS[1]
}

#[test]
fn stays_are_geometric_with_the_mean_that_is_written() {
    let regimes = two(|_| {}, Some(1));
    let market = Market { regimes, ..support::market(vec![support::still(1.0)]) };
    let market = compiled(&market, 2000);
    let mut stays = [Vec::new(), Vec::new()];
    for path in 0..200 {
        // A stay that begins in the first half ends in the second at the latest, but for one in
        // e^80.
        let all = market.climate(SEED, path);
        let stretches = all.iter().filter(|stretch| stretch.start < 1000);
        stretches.for_each(|it| stays[it.state].push((it.end - it.start) as f64));
        assert_eq!((all[0].state, all[0].before, all[0].start), (1, 1, 0));
        for pair in all.windows(2) {
            assert_eq!(pair[1].start, pair[0].end);
            assert_eq!((pair[1].before, pair[1].state), (pair[0].state, 1 - pair[0].state));
        }
        assert_eq!(all.last().map(|stretch| stretch.end), Some(2000));
    }
    for (stays, mean) in stays.iter_mut().zip(STAYS) {
        stays.sort_by(f64::total_cmp);
        let n = stays.len() as f64;
        let found = stays.iter().sum::<f64>() / n;
        let leaves = 1.0 / mean;
        agree("mean stay", found, mean, ((1.0 - leaves) / (leaves * leaves) / n).sqrt());
        let distance = kolmogorov_smirnov(stays, |steps| 1.0 - (1.0 - leaves).powf(steps));
        assert!(distance < KS_BOUND, "distance {distance} of stays of {mean} steps");
    }
}

#[test]
fn states_have_their_shares_of_time_at_every_step() {
    const N_PATHS: u64 = 40_000;
    for (start, at_start) in [(None, SHARE), (Some(0), 0.0), (Some(1), 1.0)] {
        let regimes = two(|_| {}, start);
        let market = Market { regimes, ..support::market(vec![support::still(1.0)]) };
        let market = compiled(&market, 40);
        let steps = [0, 1, 3, 39];
        let mut n_second = [0; 4];
        for path in 0..N_PATHS {
            for stretch in market.climate(SEED, path).iter().filter(|it| it.state == 1) {
                for (n, step) in n_second.iter_mut().zip(steps) {
                    *n += i32::from((stretch.start..stretch.end).contains(&step));
                }
            }
        }
        for (n, step) in n_second.into_iter().zip(steps) {
            let expected = SHARE + lambda().powi(step as i32) * (at_start - SHARE);
            let std_error = (expected * (1.0 - expected) / N_PATHS as f64).sqrt().max(1e-9);
            agree("share of time", f64::from(n) / N_PATHS as f64, expected, std_error);
        }
    }
}

/// Natural logs of the price of the first asset at the horizon.
fn logs_at_horizon(market: &CompiledMarket, n_paths: u64) -> Vec<f64> {
    let mut buffer = market.buffer();
    let last = market.n_steps - 1;
    let logs = (0..n_paths).map(|path| {
        market.walk(SEED, path, &mut buffer);
        f64::from(buffer.logs[last]) / 16_777_216.0 * std::f64::consts::LN_2
    });
    logs.collect()
}

fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

/// A sample's moment about a point, and the standard error of it as a mean.
fn moment(values: &[f64], about: f64, order: i32) -> (f64, f64) {
    let powers: Vec<f64> = values.iter().map(|value| (value - about).powi(order)).collect();
    let mean = mean_of(powers.iter().copied());
    let variance = mean_of(powers.iter().map(|power| (power - mean).powi(2)));
    (mean, (variance / values.len() as f64).sqrt())
}

/// ln S = Σ (d_c + σ_c √dt Z) with d_c = (μ + shift_c - σ_c² / 2) dt: its mean is n Σ π_c d_c, its
/// variance n dt Σ π_c σ_c² + (d_1 - d_0)² π (1 - π) (n + 2 Σ_k (n - k) λ^k), and its tails are
/// fatter than a normal's.
#[test]
fn log_prices_have_the_moments_of_two_states_in_turn() {
    const N_STEPS: u32 = 30;
    let (volatility, drift) = (0.6, 0.2);
    let factors = [0.5, 3.0];
    let shifts = [0.4, -8.0];
    let change = |states: &mut [Regime; 2]| {
        for idx in 0..2 {
            (states[idx].volatility, states[idx].drift) = (factors[idx], vec![shifts[idx]]);
        }
    };
    let assets = vec![Asset { drift, ..support::diffusing(1.0, volatility) }];
    let market = Market { regimes: two(change, None), ..support::market(assets) };
    let logs = logs_at_horizon(&compiled(&market, N_STEPS), 300_000);
    let squares = factors.map(|factor| (factor * volatility) * (factor * volatility));
    let moved = [0, 1].map(|idx| (drift + shifts[idx] - 0.5 * squares[idx]) * STEP_YEARS);
    let shares = [1.0 - SHARE, SHARE];
    let n = f64::from(N_STEPS);
    let mean = n * (shares[0] * moved[0] + shares[1] * moved[1]);
    let apart = (1..N_STEPS).map(|k| f64::from(N_STEPS - k) * lambda().powi(k as i32));
    let in_step = n + 2.0 * apart.sum::<f64>();
    let variance = n * STEP_YEARS * (shares[0] * squares[0] + shares[1] * squares[1])
        + (moved[1] - moved[0]).powi(2) * shares[0] * shares[1] * in_step;
    agree("mean log", moment(&logs, 0.0, 1).0, mean, (variance / logs.len() as f64).sqrt());
    let (second, std_error) = moment(&logs, mean, 2);
    agree("variance of the log", second, variance, std_error);
    let (fourth, std_error) = moment(&logs, mean, 4);
    let kurtosis = fourth / (second * second);
    assert!(kurtosis > 3.5 && std_error / fourth < 0.05, "kurtosis {kurtosis}");
}

/// E[S_T] = S_0 e^{μT} whatever the states do to volatilities and jump rates; drifts and entries of
/// states multiply it along the chain: a'_c = Σ_b a_b P_bc e^{(μ + shift_c) dt}, times 1 + entry_c
/// where b is not c.
#[test]
fn states_keep_the_mean_price_but_for_their_own_drifts() {
    const N_STEPS: u32 = 25;
    let drift = 0.3;
    let jumps = Some(Jumps { rate: 20.0, mean: -0.1, deviation: 0.1 });
    let sizes = vec![JumpSize { mean: -0.05, deviation: 0.02 }];
    let common_jumps = Some(CommonJumps { rate: 10.0, sizes });
    for (shifts, entries) in [([0.0, 0.0], [0.0, 0.0]), ([0.5, -6.0], [0.02, -0.08])] {
        let change = |states: &mut [Regime; 2]| {
            (states[0].volatility, states[0].jumps) = (0.5, 0.2);
            (states[1].volatility, states[1].jumps) = (2.5, 6.0);
            for idx in 0..2 {
                (states[idx].drift, states[idx].entry) = (vec![shifts[idx]], vec![entries[idx]]);
            }
        };
        let assets = vec![Asset { drift, jumps, ..support::diffusing(1.0, 0.5) }];
        let regimes = two(change, Some(0));
        let common_jumps = common_jumps.clone();
        let market = Market { regimes, common_jumps, ..support::market(assets) };
        let logs = logs_at_horizon(&compiled(&market, N_STEPS), 400_000);
        let prices: Vec<f64> = logs.into_iter().map(libm::exp).collect();
        let grown = shifts.map(|shift| libm::exp((drift + shift) * STEP_YEARS));
        let leaves = STAYS.map(|stay| 1.0 / stay);
        let mut means = [grown[0], 0.0];
        for _ in 1..N_STEPS {
            let enters = [0, 1].map(|to| means[1 - to] * leaves[1 - to] * (1.0 + entries[to]));
            means = [0, 1].map(|to| (means[to] * (1.0 - leaves[to]) + enters[to]) * grown[to]);
        }
        let expected = means[0] + means[1];
        if shifts == [0.0, 0.0] {
            let forward = libm::exp(drift * STEP_YEARS * f64::from(N_STEPS));
            assert!((expected / forward - 1.0).abs() < 1e-12, "{expected} is not {forward}");
        }
        let (found, std_error) = moment(&prices, 0.0, 1);
        agree("mean price", found, expected, std_error);
    }
}

/// Of a state's steps, 1 - e^{-λ k dt} hold a jump.
#[test]
fn jumps_come_as_often_as_the_state_says() {
    let jumps = Some(Jumps { rate: 30.0, mean: -0.1, deviation: 0.0 });
    let regimes = two(|states| (states[0].jumps, states[1].jumps) = (0.0, 4.0), None);
    let assets = vec![Asset { jumps, ..support::still(1.0) }];
    let market = compiled(&Market { regimes, ..support::market(assets) }, 50);
    let mut buffer = market.buffer();
    let (mut n_steps, mut n_jumps) = ([0; 2], [0; 2]);
    for path in 0..20_000 {
        market.walk(SEED, path, &mut buffer);
        for stretch in market.climate(SEED, path) {
            let drift = market.states[stretch.state].drift[stretch.state];
            let steps = &buffer.increments[stretch.start..stretch.end];
            n_steps[stretch.state] += steps.len();
            n_jumps[stretch.state] += steps.iter().filter(|it| **it != drift).count();
        }
    }
    assert_eq!(n_jumps[0], 0, "a state without jumps");
    let expected = -libm::expm1(-30.0 * 4.0 * STEP_YEARS);
    let n = n_steps[1] as f64;
    let std_error = (expected * (1.0 - expected) / n).sqrt();
    agree("steps with a jump", n_jumps[1] as f64 / n, expected, std_error);
}

/// Coins that diffuse and jump, alone and together.
fn coins() -> Market {
    let jumps = Some(Jumps { rate: 60.0, mean: -0.05, deviation: 0.1 });
    let assets = vec![
        Asset { jumps, ..support::diffusing(1.0, 0.7) },
        Asset { drift: 0.1, ..support::diffusing(1.0, 0.9) },
    ];
    let sizes = vec![JumpSize { mean: -0.1, deviation: 0.02 }; 2];
    Market { common_jumps: Some(CommonJumps { rate: 40.0, sizes }), ..support::market(assets) }
}

#[test]
fn one_state_compiles_to_the_words_of_none() {
    let mut one = state(0);
    (one.next, one.stay_years) = (vec![0.0], f64::INFINITY);
    let regimes = Some(Regimes { states: vec![one], start: Some(0) });
    let plain = compiled(&coins(), 60);
    assert!(compiled(&Market { regimes, ..coins() }, 60) == plain);
    assert_eq!(plain.regimes.thresholds, [0; 0]);
}

/// States that change nothing draw words that no price reads.
#[test]
fn states_without_factors_and_drifts_leave_every_price_bit_for_bit() {
    let regimes = two(|_| {}, None);
    let plain = compiled(&coins(), 60);
    let in_states = compiled(&Market { regimes, ..coins() }, 60);
    assert_ne!(plain.parts(), in_states.parts());
    for lanes in Lanes::here() {
        let (mut expected, mut found) = (plain.buffer(), in_states.buffer());
        (expected.lanes, found.lanes) = (lanes, lanes);
        let mut n_changes = 0;
        for path in 0..50 {
            plain.walk(SEED, path, &mut expected);
            in_states.walk(SEED, path, &mut found);
            assert_eq!(found.increments, expected.increments, "path {path}, {lanes}");
            assert_eq!(found.logs, expected.logs, "path {path}, {lanes}");
            n_changes += in_states.climate(SEED, path).len() - 1;
        }
        assert!(n_changes > 100, "{n_changes} changes of state");
    }
}
