//! How a scenario is run, as the section `run` says it or the command line.

use super::RunSpec;
use super::error::{Broken, Fault, Faults, Place};
use super::file::Run;
use super::horizon::read_duration;
use super::overrides::Overrides;
use super::written::{Bounds, Node};
use crate::units::MOST_PATHS;

/// The most steps of a path.
pub(crate) const MOST_STEPS: usize = 1_000_000;
/// The most levels a report has room for.
const MOST_LEVELS: usize = 16;
const LONGEST_STEP_YEARS: f64 = 10.0;

const PATHS: Bounds = Bounds {
    low: 1.0,
    high: MOST_PATHS as f64,
    bound: "between 1 and 1099511627776 (2^40)",
    remedy: "100000 is a start, 10000000 a fine night",
};
const STEPS: Bounds = Bounds {
    low: 1.0,
    high: MOST_STEPS as f64,
    bound: "between 1 and 1000000",
    remedy: "write how many steps a path has",
};
const SEED: Bounds = Bounds {
    low: 0.0,
    high: i64::MAX as f64,
    bound: "between 0 and 9223372036854775807",
    remedy: "any such number will do",
};
const MATERIALITY: Bounds = Bounds {
    low: 0.0,
    high: 1e15,
    bound: "between 0 and 1e15",
    remedy: "write the loss in USD from which a path counts as one with bad debt",
};

/// How far, how often, from which seed: what is written, with the command line's over it.
pub(super) fn read(node: &Node<'_>, overrides: &Overrides, faults: &mut Faults) -> Option<RunSpec> {
    let run: Run = node.read(faults)?;
    let mut whole = |key: &str, value: i64, flag: Option<u64>, bounds: &Bounds| {
        match flag {
            None => node.get(key).check(value as f64, bounds, faults),
            Some(value) if !bounds.hold(value as f64) => {
                let place = Place { key: format!("--{key}"), ..Place::default() };
                faults.push(Fault { place, broken: bounds.broken_by(value as f64) });
            }
            Some(_) => {}
        }
        flag.unwrap_or(u64::try_from(value).unwrap_or(0))
    };
    let n_paths = whole("paths", run.paths, overrides.paths, &PATHS);
    let n_steps = whole("steps", run.steps, overrides.steps.map(u64::from), &STEPS);
    let seed = whole("seed", run.seed, overrides.seed, &SEED);
    node.get("materiality_usd").check(run.materiality_usd, &MATERIALITY, faults);
    check_levels(&node.get("levels"), &run.levels, faults);
    let step_years = read_duration(&node.get("step"), &run.step, faults)?;
    if step_years <= 0.0 || step_years > LONGEST_STEP_YEARS {
        let bound = "above 0 and at most 10y".to_owned();
        let remedy = "an hour, \"1h\", is usual";
        let broken = Broken::DurationOutOfBounds { text: run.step, bound, remedy };
        faults.push(node.get("step").fault(broken));
        return None;
    }
    Some(RunSpec {
        n_paths,
        until: None,
        n_steps: u32::try_from(n_steps).ok()?,
        step_years,
        seed,
        opening: run.opening,
        materiality_usd: run.materiality_usd,
        levels: run.levels,
        compare_feedback: run.compare_feedback,
    })
}

fn check_levels(node: &Node<'_>, levels: &[f64], faults: &mut Faults) {
    if levels.is_empty() || levels.len() > MOST_LEVELS {
        let remedy = "[0.95, 0.99, 0.999] is usual";
        let broken = Broken::WrongLength { n: levels.len(), bound: "1 to 16", remedy };
        faults.push(node.fault(broken));
    }
    for (idx, &value) in levels.iter().enumerate() {
        if !(0.0 < value && value < 1.0) {
            let bound = "above 0 and below 1";
            let remedy = "write a fraction, 0.99 for 99 %";
            faults.push(node.at(idx).fault(Broken::OutOfBounds { value, bound, remedy }));
        } else if idx > 0 && value <= levels[idx - 1] {
            let broken = Broken::NotRising { value, before: levels[idx - 1] };
            faults.push(node.at(idx).fault(broken));
        }
    }
}
