//! Made-up benchmarks for the tests of reports.

use super::{BackendRates, Bench, Growth, GrowthPoint};
use crate::report::fixture::tally;

/// A CPU and a card side by side.
pub(in crate::report) fn bench() -> Bench {
    let rates = |backend: &str, speed: f64, peak_resident_bytes| BackendRates {
        backend: backend.to_owned(),
        n_paths: 40_000,
        checks_per_second: speed * 168_000.0,
        checks_per_cpu_second: speed * 84_000.0,
        path_steps_per_second: speed * 168.0,
        paths_per_second: speed,
        seconds_per_path: 1.0 / speed,
        floor_seconds_per_path: 0.25 / speed,
        share_of_floor: 0.25,
        spread: 0.0312,
        peak_resident_bytes,
    };
    let cards = "NVIDIA H200 (vulkan)";
    Bench {
        scenario: "made-up".to_owned(),
        n_assets: 4,
        n_positions: 1_000,
        n_steps: 168,
        lanes: "avx512".to_owned(),
        n_rounds: 5,
        n_compared_paths: 20_000,
        outcome_digest: tally().outcome_digest(),
        tally_digest: tally().tally_digest(),
        backends: vec![rates("cpu, 2 threads", 1.2e5, Some(61 << 20)), rates(cards, 2.5e6, None)],
    }
}

/// Paths, and assets in two ways.
pub(in crate::report) fn growth() -> Vec<Growth> {
    let along = |dimension: &str, variant: Option<&str>, sizes: &[u64], power: f64| {
        let mut points: Vec<GrowthPoint> = Vec::new();
        for &size in sizes {
            let a_path = 1e-5 * libm::pow(size as f64, power);
            let cpu_seconds_per_unit = if power == 0.0 { a_path } else { a_path / size as f64 };
            let mut point = GrowthPoint {
                size,
                n_paths: 10_000,
                cpu_seconds_per_path: a_path,
                cpu_seconds_per_unit,
                exponent: None,
                spread: 0.02,
                peak_resident_bytes: Some(48 << 20),
            };
            if let Some(before) = points.last() {
                point.grown_since(before);
            }
            points.push(point);
        }
        let held = "168 steps".to_owned();
        Growth {
            dimension: dimension.to_owned(),
            variant: variant.map(str::to_owned),
            held,
            points,
        }
    };
    vec![
        along("paths", None, &[10_000, 1_000_000], 0.0),
        along("assets", Some("by a matrix"), &[2, 8, 64], 2.0),
        along("assets", Some("by 3 factors"), &[2, 8, 64], 1.0),
    ]
}
