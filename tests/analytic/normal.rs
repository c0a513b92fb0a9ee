//! Normal shocks, Poisson counts, and the correlation matrix behind them.

use shortfall::fixed::normal_shock;
use shortfall::market::Jumps;
use shortfall::market::correlation::nearest;
use shortfall::market::factors::Factors;
use shortfall::market::model::{CompiledMarket, compile};
use shortfall::market::rng::{BLOCK_DIFFUSION, words};
use shortfall::market::{Asset, Correlation, Market};

use super::laws::{KS_BOUND, agree, kolmogorov_smirnov, normal_cdf};
use crate::support;

const N_SHOCKS: u64 = 10_000_000;

#[test]
fn shocks_are_standard_normal() {
    let n_steps = 1000;
    let paths = 0..N_SHOCKS / 4 / n_steps;
    let drawn = paths.flat_map(|path| {
        (0..n_steps as u32).flat_map(move |step| words(5, path, step, BLOCK_DIFFUSION))
    });
    let mut shocks: Vec<i32> = drawn.map(normal_shock).collect();
    assert_eq!(shocks.len() as u64, N_SHOCKS);
    let scale = 1.0 / f64::from(1 << 28);
    let mut moments = [0.0; 4];
    for shock in &shocks {
        let z = f64::from(*shock) * scale;
        let powers = [z, z * z, z * z * z, z * z * z * z];
        moments.iter_mut().zip(powers).for_each(|(sum, power)| *sum += power);
    }
    let n = N_SHOCKS as f64;
    // Variances of Z^k: 1, 3 - 1, 15, 105 - 9.
    for (order, (variance, expected)) in
        [(1.0, 0.0), (2.0, 1.0), (15.0, 0.0), (96.0, 3.0)].iter().enumerate()
    {
        let std_error = f64::sqrt(variance / n);
        agree(&format!("moment {}", order + 1), moments[order] / n, *expected, std_error);
    }
    shocks.sort_unstable();
    let sorted: Vec<f64> = shocks.iter().map(|shock| f64::from(*shock) * scale).collect();
    let distance = kolmogorov_smirnov(&sorted, normal_cdf);
    assert!(distance < KS_BOUND, "distance {distance}");
}

/// A market in which a price moves by jumps of one known size, so that moves are counts.
fn jumping(rate: f64) -> CompiledMarket {
    let jumps = Some(Jumps { rate, mean: -0.125, deviation: 0.0 });
    let market = support::market(vec![Asset { jumps, ..support::still(1.0) }]);
    compile(&market, 100, 1.0).expect("a market that fits")
}

/// Counts are discrete, so that Kolmogorov's bound is wider than needed; moments stand beside it.
#[test]
fn jump_counts_are_poisson() {
    for rate in [0.02, 0.7, 9.0] {
        let market = jumping(rate);
        let mut buffer = market.buffer();
        let mut counts = Vec::new();
        for path in 0..5000 {
            market.walk(6, path, &mut buffer);
            let jumped =
                buffer.increments.iter().map(|increment| increment - market.states[0].drift[0]);
            let size = -0.125 * std::f64::consts::LOG2_E * libm::exp2(56.0);
            counts.extend(jumped.map(|jumped| libm::round(jumped as f64 / size)));
        }
        counts.sort_unstable_by(f64::total_cmp);
        let law = |count: f64| {
            let mut mass = libm::exp(-rate);
            let mut total = mass;
            for k in 1..=count as u32 {
                mass *= rate / f64::from(k);
                total += mass;
            }
            total
        };
        let distance = kolmogorov_smirnov(&counts, law);
        assert!(distance < KS_BOUND, "distance {distance} at rate {rate}");
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        agree("mean count", mean, rate, (rate / n).sqrt());
        let variance = counts.iter().map(|count| (count - rate).powi(2)).sum::<f64>() / n;
        // The fourth central moment of a Poisson count is 3 λ² + λ.
        agree("variance", variance, rate, ((2.0 * rate * rate + rate) / n).sqrt());
    }
}

/// Higham, "Computing the nearest correlation matrix" (2002).
#[test]
fn the_nearest_correlation_matrix_is_highams() {
    let found = nearest(&[1.0, 0.9, -0.6, 0.9, 1.0, 0.9, -0.6, 0.9, 1.0], 3);
    let (c12, c13, c23) = (0.5808372165711925, -0.32525625569165967, 0.5808372165711927);
    let expected = [1.0, c12, c13, c12, 1.0, c23, c13, c23, 1.0];
    for (found, expected) in found.matrix.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
    }
    assert!((found.distance - 0.7472802549092467).abs() < 1e-8, "{}", found.distance);
}

/// What is drawn under a repaired matrix has the repaired correlations; under common factors
/// B Bᵀ off the diagonal.
#[test]
fn log_returns_have_the_correlations_of_the_matrix() {
    let repaired = nearest(&[1.0, 0.9, -0.6, 0.9, 1.0, 0.9, -0.6, 0.9, 1.0], 3).matrix;
    let plain = vec![1.0, 0.5, -0.3, 0.5, 1.0, 0.2, -0.3, 0.2, 1.0];
    // Loadings on five factors, more than a block of words holds; nothing is left of the first.
    let loadings =
        vec![0.6, 0.8, 0.0, 0.0, 0.0, 0.5, -0.1, 0.3, 0.0, 0.7, -0.2, 0.0, 0.4, 0.6, 0.5];
    // By hand: 0.30 - 0.08; -0.12; -0.10 + 0.12 + 0.35.
    let of_factors = vec![1.0, 0.22, -0.12, 0.22, 1.0, 0.37, -0.12, 0.37, 1.0];
    let factors = Correlation::Factors(Factors { n_factors: 5, loadings });
    for (written, correlation) in [
        (Correlation::Dense(repaired.clone()), repaired),
        (Correlation::Dense(plain.clone()), plain),
        (factors, of_factors),
    ] {
        let assets = [0.3, 0.9, 1.7].map(|volatility| support::diffusing(1.0, volatility));
        let market = Market { correlation: written, ..support::market(assets.into()) };
        let market = compile(&market, 10, 1.0 / 365.0).expect("a market that fits");
        let mut buffer = market.buffer();
        let mut sums = [0.0; 9];
        let n_paths = 50_000;
        for path in 0..n_paths {
            market.walk(7, path, &mut buffer);
            for step in 0..10 {
                let moves = [0, 1, 2].map(|asset| {
                    (buffer.increments[asset * 10 + step] - market.states[0].drift[asset]) as f64
                });
                for (idx, sum) in sums.iter_mut().enumerate() {
                    *sum += moves[idx / 3] * moves[idx % 3];
                }
            }
        }
        let n = (10 * n_paths) as f64;
        for (asset, volatility) in [0.3, 0.9, 1.7].into_iter().enumerate() {
            // Of a sample variance: √(2 / n) of itself.
            let unit = std::f64::consts::LOG2_E * libm::exp2(56.0);
            let variance = volatility * volatility / 365.0;
            let found = sums[asset * 4] / n / (unit * unit);
            agree("variance", found, variance, variance * (2.0 / n).sqrt());
        }
        for (idx, expected) in correlation.iter().enumerate().filter(|(idx, _)| idx % 4 != 0) {
            let variances = sums[idx / 3 * 4] * sums[idx % 3 * 4];
            // Of a sample correlation: (1 - ρ²) / √n; quantised factors are worse than nothing.
            let std_error = (1.0 - expected * expected).max(1e-3) / n.sqrt();
            agree("correlation", sums[idx] / variances.sqrt(), *expected, std_error);
        }
    }
}
