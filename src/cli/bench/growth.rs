//! `shortfall bench --scale`: the CPU's cost along one dimension of the work at a time.

use std::time::Duration;

use shortfall::engine::BackendChoice;
use shortfall::report::{Answer, Growth, GrowthPoint};
use shortfall::scenario::Workload;

use super::args::BenchArgs;
use super::timing::{Bout, median, peak, spread};
use crate::cli::backend::n_threads;
use crate::cli::error::CliError;
use crate::cli::output::{self, OutFile};

/// How long a size takes without --seconds: twenty-two of them, and ten million paths, are done in
/// a few minutes.
const USUAL: Duration = Duration::from_secs(6);
/// Rounds of a size.
const N_ROUNDS: usize = 3;
/// Positions of the runs that tell what paths cost: so few that ten million paths take seconds.
const FEW_POSITIONS: usize = 100;

/// What grows, from where to where.
struct Dimension {
    name: &'static str,
    variant: Option<&'static str>,
    held: &'static str,
    sizes: &'static [u64],
    /// The workload of a size; paths are none of it.
    workload: fn(u64) -> Workload,
    /// Whether the size is the number of paths.
    is_paths: bool,
}

const DIMENSIONS: [Dimension; 5] = [
    Dimension {
        name: "paths",
        variant: None,
        held: "100 positions, 168 steps, 4 assets",
        sizes: &[10_000, 100_000, 1_000_000, 10_000_000],
        workload: |_| Workload { n_positions: FEW_POSITIONS, ..Workload::default() },
        is_paths: true,
    },
    Dimension {
        name: "positions",
        variant: None,
        held: "168 steps, 4 assets",
        sizes: &[100, 1_000, 10_000, 100_000, 1_000_000],
        workload: |size| Workload { n_positions: size as usize, ..Workload::default() },
        is_paths: false,
    },
    Dimension {
        name: "steps",
        variant: None,
        held: "1,000 positions, 4 assets",
        sizes: &[24, 168, 720, 2_160, 8_760],
        workload: |size| Workload { n_steps: size as u32, ..Workload::default() },
        is_paths: false,
    },
    Dimension {
        name: "assets",
        variant: Some("by a matrix"),
        held: "1,000 positions, 168 steps",
        sizes: &[2, 4, 8, 16, 32, 64],
        workload: |size| Workload { n_assets: size as usize, ..Workload::default() },
        is_paths: false,
    },
    Dimension {
        name: "assets",
        variant: Some("by 3 factors"),
        held: "1,000 positions, 168 steps",
        sizes: &[2, 4, 8, 16, 32, 64],
        workload: |size| Workload {
            n_assets: size as usize,
            by_factors: true,
            ..Workload::default()
        },
        is_paths: false,
    },
];

pub(super) fn main(args: &BenchArgs, svg: Option<&OutFile>) -> Result<(), CliError> {
    let mut growth = Vec::new();
    let least = |it: &&Dimension| it.sizes[0] <= args.largest.unwrap_or(u64::MAX);
    for dimension in DIMENSIONS.iter().filter(least) {
        output::print_notes(&[format!("cost by {}", dimension.name)], args.quiet);
        growth.push(along(dimension, args)?);
    }
    if let Some(svg) = svg {
        svg.write(|out| shortfall::report::plot::write_svg(&growth, out))?;
    }
    output::to_stdout(|out| (args.format.write)(&Answer::Growth(&growth), out))
}

fn along(dimension: &Dimension, args: &BenchArgs) -> Result<Growth, CliError> {
    let mut points: Vec<GrowthPoint> = Vec::new();
    let largest = args.largest.unwrap_or(u64::MAX);
    for &size in dimension.sizes.iter().filter(|size| **size <= largest) {
        let mut point = at(dimension, size, args)?;
        if let Some(before) = points.last() {
            point.grown_since(before);
        }
        points.push(point);
    }
    Ok(Growth {
        dimension: dimension.name.to_owned(),
        variant: dimension.variant.map(str::to_owned),
        held: dimension.held.to_owned(),
        points,
    })
}

/// One size, by itself, so that its memory is its own.
fn at(dimension: &Dimension, size: u64, args: &BenchArgs) -> Result<GrowthPoint, CliError> {
    let scenario = (dimension.workload)(size).scenario();
    let program = shortfall::engine::compile(&scenario)
        .map_err(|source| CliError::Compile { scenario: scenario.name.clone(), source })?;
    let threads = n_threads(args.threads);
    let lanes = args.lanes.unwrap_or_default();
    let cpu = BackendChoice { lanes, ..BackendChoice::cpu(threads) };
    let backend = cpu.open(&program, scenario.run.seed)?.backend;
    let mut bout = Bout { program: &program, backend, n_threads: threads };
    let (n_paths, n_rounds) = if dimension.is_paths {
        // As many as the size says, once: ten million are their own average.
        (size, if size >= 1_000_000 { 1 } else { N_ROUNDS })
    } else {
        (bout.paths_of(args.seconds.unwrap_or(USUAL).as_secs_f64() / N_ROUNDS as f64)?, N_ROUNDS)
    };
    let mut rounds = Vec::with_capacity(n_rounds);
    for _ in 0..n_rounds {
        rounds.push(bout.walk(n_paths)?.0);
    }
    let a_path = median(&rounds, |round| round.cpu_seconds) / n_paths as f64;
    Ok(GrowthPoint {
        size,
        n_paths,
        cpu_seconds_per_path: a_path,
        cpu_seconds_per_unit: if dimension.is_paths { a_path } else { a_path / size as f64 },
        exponent: None,
        spread: spread(&rounds, |round| round.cpu_seconds),
        peak_resident_bytes: peak(&rounds),
    })
}
