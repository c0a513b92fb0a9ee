//! Moments of prices: diffusion, jumps of one asset, jumps of many at once.

use shortfall::market::model::compile;
use shortfall::market::{Asset, CommonJumps, JumpSize, Jumps, Market};

use super::laws::agree;
use crate::support;

const N_PATHS: u64 = 200_000;
const N_STEPS: u32 = 5;
const STEP_YEARS: f64 = 0.05;

/// Natural logs of the prices at the horizon over those at the opening, a row a path.
fn logs_at_horizon(market: &Market, seed: u64) -> Vec<Vec<f64>> {
    let market = compile(market, N_STEPS, STEP_YEARS).expect("a market that fits");
    let mut buffer = market.buffer();
    let n_steps = N_STEPS as usize;
    let at_horizon = (0..N_PATHS).map(|path| {
        market.walk(seed, path, &mut buffer);
        let last = buffer.logs.chunks_exact(n_steps).map(|logs| logs[n_steps - 1]);
        last.map(|log| f64::from(log) / 16_777_216.0 * std::f64::consts::LN_2).collect()
    });
    at_horizon.collect()
}

fn mean_and_variance(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = N_PATHS as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, values.map(|value| (value - mean).powi(2)).sum::<f64>() / n)
}

/// E[S] = S0 e^{μT}; E[ln S/S0] = (μ - σ²/2) T; Var = σ²T.
#[test]
fn diffusing_prices_have_the_moments_of_geometric_brownian_motion() {
    let years = STEP_YEARS * f64::from(N_STEPS);
    let n = N_PATHS as f64;
    for (volatility, drift) in [(0.4, 0.0), (0.9, 0.3), (1.5, -0.5)] {
        let asset = Asset { drift, ..support::diffusing(1.0, volatility) };
        let rows = logs_at_horizon(&support::market(vec![asset]), 8);
        let variance = volatility * volatility * years;
        let logs = rows.iter().map(|row| row[0]);
        let (mean, found) = mean_and_variance(logs.clone());
        let expected = drift * years - 0.5 * variance;
        agree("mean log", mean, expected, (variance / n).sqrt());
        agree("variance of the log", found, variance, variance * (2.0 / n).sqrt());
        let (mean, _) = mean_and_variance(logs.map(libm::exp));
        let forward = libm::exp(drift * years);
        let std_error = forward * (libm::expm1(variance) / n).sqrt();
        agree("mean price", mean, forward, std_error);
    }
}

/// Compensation: E[S] = S0 e^{μT} whatever jumps are added. Without drift of its own the mean log
/// moves by λT (m - κ) with κ = e^{m + d²/2} - 1, and its variance is λT (m² + d²).
#[test]
fn jumps_leave_the_mean_price_where_it_is() {
    let years = STEP_YEARS * f64::from(N_STEPS);
    let n = N_PATHS as f64;
    let (rate, mean, deviation) = (6.0, -0.15, 0.2);
    let own = Asset { jumps: Some(Jumps { rate, mean, deviation }), ..support::still(1.0) };
    let mut common = support::market(vec![support::still(1.0)]);
    common.common_jumps = Some(CommonJumps { rate, sizes: vec![JumpSize { mean, deviation }] });
    for market in [support::market(vec![own]), common] {
        let rows = logs_at_horizon(&market, 9);
        let logs = rows.iter().map(|row| row[0]);
        let count = rate * years;
        let kappa = libm::expm1(mean + 0.5 * deviation * deviation);
        let variance = count * (mean * mean + deviation * deviation);
        let (found_mean, found_variance) = mean_and_variance(logs.clone());
        agree("mean log", found_mean, count * (mean - kappa), (variance / n).sqrt());
        // Fourth central moment: the fourth cumulant λT E[J⁴] and three times the variance squared.
        let (m2, d2) = (mean * mean, deviation * deviation);
        let fourth = count * (m2 * m2 + 6.0 * m2 * d2 + 3.0 * d2 * d2);
        let std_error = ((fourth + 2.0 * variance * variance) / n).sqrt();
        agree("variance of the log", found_variance, variance, std_error);
        // E[S²] = exp(λT (E[e^{2J}] - 1 - 2κ)).
        let second = libm::expm1(2.0 * mean + 2.0 * deviation * deviation);
        let spread = libm::expm1(count * (second - 2.0 * kappa));
        let (found, _) = mean_and_variance(logs.map(libm::exp));
        agree("mean price", found, 1.0, (spread / n).sqrt());
    }
}

/// One clock: every asset that takes part jumps in the same steps, with a size of its own.
#[test]
fn common_jumps_hit_together() {
    let sizes = [-0.2, 0.0, -0.1].map(|mean| JumpSize { mean, deviation: mean.abs() / 2.0 });
    let assets = vec![support::still(1.0); 3];
    let common_jumps = Some(CommonJumps { rate: 4.0, sizes: sizes.into() });
    let market = Market { common_jumps, ..support::market(assets) };
    let market = compile(&market, N_STEPS, STEP_YEARS).expect("a market that fits");
    let mut buffer = market.buffer();
    let n_steps = N_STEPS as usize;
    let (mut n_hit, mut products) = (0, 0.0);
    for path in 0..N_PATHS {
        market.walk(10, path, &mut buffer);
        for step in 0..n_steps {
            let moved = |asset: usize| {
                buffer.increments[asset * n_steps + step] - market.states[0].drift[asset]
            };
            assert_eq!(moved(0) != 0, moved(2) != 0, "path {path}, step {step}");
            assert_eq!(moved(1), 0, "an asset that takes no part");
            if moved(0) != 0 {
                n_hit += 1;
                let scale = libm::exp2(56.0) * std::f64::consts::LOG2_E;
                products += (moved(0) as f64 / scale) * (moved(2) as f64 / scale);
            }
        }
    }
    let n = (N_PATHS * u64::from(N_STEPS)) as f64;
    let rate = 4.0 * STEP_YEARS;
    let hit = -libm::expm1(-rate);
    agree("steps hit", f64::from(n_hit) / n, hit, (hit * (1.0 - hit) / n).sqrt());
    // Sizes are drawn apart: given k jumps the product has the mean k² m m', and E[k²] = λ² + λ;
    // a product is below 0.5 nearly always, which bounds its error.
    let expected = (rate * rate + rate) * 0.2 * 0.1;
    let second = products / n;
    agree("product of sizes", second, expected, 0.5 * (hit / n).sqrt() * 0.25);
}
