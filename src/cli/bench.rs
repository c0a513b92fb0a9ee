//! `shortfall bench`: what each backend of this machine does a second, and how cost grows.

mod args;
mod growth;
mod memory;
mod timing;

use std::time::Duration;

use shortfall::engine::{Backend, BackendChoice, EngineError};
use shortfall::program::Program;
use shortfall::report::{Answer, BackendRates, Bench, counted};
use shortfall::scenario::{Overrides, Scenario, Workload};

use super::asked::ScenarioArgs;
use super::backend::{cache_folder, n_threads};
use super::error::CliError;
use super::output::{self, OutFile};
pub(super) use args::BenchArgs;
use timing::{Bout, Round, median, peak, spread};

/// Rounds; each backend has its turn in each, so that what else the machine does hits all alike.
const N_ROUNDS: usize = 5;
/// How long these take without --seconds.
const USUAL: Duration = Duration::from_secs(10);
/// Share of the time that the rounds have; the rest finds out how many paths fill one.
const ROUNDS_SHARE: f64 = 0.75;

/// A backend, with the workload and with an empty book.
struct Contender<'a> {
    label: String,
    whole: Bout<'a>,
    floor: Bout<'a>,
    /// Paths of a round.
    n_paths: [u64; 2],
    rounds: [Vec<Round>; 2],
}

pub(super) fn main(args: &BenchArgs) -> Result<(), CliError> {
    if args.scale {
        let svg = args.svg.as_deref().map(|path| OutFile::open(path, "--svg")).transpose()?;
        return growth::main(args, svg.as_ref());
    }
    let scenario = scenario(args)?;
    output::print_notes(&scenario.notes, args.quiet);
    let program = shortfall::engine::compile(&scenario).map_err(|source| {
        let path = args.scenario.as_ref().map(|path| path.display().to_string());
        CliError::Compile { scenario: path.unwrap_or_else(|| scenario.name.clone()), source }
    })?;
    let bare = program.without_positions();
    let mut contenders = contenders(args, [&program, &bare], scenario.run.seed)?;
    let bench = measure(args, &scenario, &mut contenders)?;
    output::to_stdout(|out| (args.format.write)(&Answer::Bench(&bench), out))
}

/// The scenario that was named, or the reference market in code, which needs no file.
fn scenario(args: &BenchArgs) -> Result<Scenario, CliError> {
    let Some(path) = &args.scenario else { return Ok(Workload::default().scenario()) };
    let named = ScenarioArgs {
        scenario: path.clone(),
        book: None,
        assets: None,
        reach: args.reach,
        format: args.format,
        quiet: args.quiet,
    };
    named.load(None, Overrides::default())
}

/// One thread, all threads, and the devices.
fn contenders<'a>(
    args: &BenchArgs,
    programs: [&'a Program; 2],
    seed: u64,
) -> Result<Vec<Contender<'a>>, CliError> {
    let lanes = args.lanes.unwrap_or_default();
    let mut threads = vec![1, n_threads(args.threads)];
    threads.dedup();
    let mut opened = Vec::new();
    for n_threads in threads {
        let backend = BackendChoice { lanes, ..BackendChoice::cpu(n_threads) };
        let label = Some(format!("cpu, {}", counted(n_threads as u64, "thread")));
        opened.push(Contender::open(&backend, label, programs, seed)?);
    }
    if args.reference {
        let label = Some("reference, 1 thread".to_owned());
        opened.push(Contender::open(&BackendChoice::reference(), label, programs, seed)?);
    }
    for device in &args.device {
        let backend = device_named(Some(device.clone()));
        opened.push(Contender::open(&backend, None, programs, seed)?);
    }
    if args.device.is_empty() {
        match Contender::open(&device_named(None), None, programs, seed) {
            Ok(gpu) => opened.push(gpu),
            Err(EngineError::NoDevice | EngineError::NoAdapter { .. }) => {}
            Err(failed) => output::print_notes(&[format!("not measured: {failed}")], args.quiet),
        }
    }
    Ok(opened)
}

/// A device alone; its kernels are kept as those of every command.
fn device_named(name: Option<String>) -> BackendChoice {
    BackendChoice { cache: cache_folder(), ..BackendChoice::device(name) }
}

impl<'a> Contender<'a> {
    fn open(
        choice: &BackendChoice,
        label: Option<String>,
        [program, bare]: [&'a Program; 2],
        seed: u64,
    ) -> Result<Self, EngineError> {
        let open = |program| -> Result<Bout<'a>, EngineError> {
            let backend = choice.open(program, seed)?.backend;
            Ok(Bout { program, backend, n_threads: choice.n_threads })
        };
        let (whole, floor) = (open(program)?, open(bare)?);
        let adapter =
            |backend: &dyn Backend| backend.adapter().unwrap_or(backend.name()).to_owned();
        let label = label.unwrap_or_else(|| adapter(whole.backend.as_ref()));
        Ok(Self { label, whole, floor, n_paths: [0; 2], rounds: [Vec::new(), Vec::new()] })
    }

    fn rates(&self) -> BackendRates {
        let [whole, floor] = &self.rounds;
        let n_paths = self.n_paths[0] as f64;
        let n_steps = self.whole.program.market.n_steps as f64;
        let checks = n_paths * n_steps * self.whole.program.positions.len() as f64;
        let seconds = median(whole, |round| round.wall_seconds);
        let paths_per_second = n_paths / seconds;
        // What else the machine does takes the clock's time, but no core's of ours.
        let is_cpu = self.whole.backend.adapter().is_none();
        let time = |round: &Round| if is_cpu { round.cpu_seconds } else { round.wall_seconds };
        let seconds_per_path = median(whole, time) / n_paths;
        let floor_seconds_per_path = median(floor, time) / self.n_paths[1] as f64;
        BackendRates {
            backend: self.label.clone(),
            n_paths: self.n_paths[0],
            checks_per_second: checks / seconds,
            checks_per_cpu_second: checks / median(whole, |round| round.cpu_seconds),
            path_steps_per_second: paths_per_second * n_steps,
            paths_per_second,
            seconds_per_path,
            floor_seconds_per_path,
            share_of_floor: floor_seconds_per_path / seconds_per_path,
            spread: spread(whole, time),
            peak_resident_bytes: peak(whole),
        }
    }
}

/// Finds out how many paths fill a round, holds the outcomes of all against each other, and lets
/// all take turns.
fn measure(
    args: &BenchArgs,
    scenario: &Scenario,
    contenders: &mut [Contender<'_>],
) -> Result<Bench, CliError> {
    let n_turns = 2 * N_ROUNDS * contenders.len();
    let a_turn = ROUNDS_SHARE * args.seconds.unwrap_or(USUAL).as_secs_f64() / n_turns as f64;
    for it in &mut *contenders {
        it.n_paths = [it.whole.paths_of(a_turn)?, it.floor.paths_of(a_turn)?];
    }
    let least = contenders.iter().map(|it| it.n_paths[0]).min();
    let n_compared_paths = least.expect("the CPU is always there");
    let mut found = None;
    for it in &mut *contenders {
        let (_, tally) = it.whole.walk(n_compared_paths)?;
        let digests = (tally.outcome_digest(), tally.tally_digest());
        let first = found.get_or_insert_with(|| (digests, it.label.clone()));
        if first.0 != digests {
            let (one, other) = (first.1.clone(), it.label.clone());
            return Err(CliError::Disagree { one, other, n_paths: n_compared_paths });
        }
    }
    let ((outcome_digest, tally_digest), _) = found.expect("the CPU is always there");
    for _ in 0..N_ROUNDS {
        for it in &mut *contenders {
            let [n_paths, n_floor] = it.n_paths;
            it.rounds[0].push(it.whole.walk(n_paths)?.0);
            it.rounds[1].push(it.floor.walk(n_floor)?.0);
        }
    }
    let program = contenders[0].whole.program;
    Ok(Bench {
        scenario: scenario.name.clone(),
        n_assets: program.market.n_assets as u64,
        n_positions: program.positions.len() as u64,
        n_steps: program.market.n_steps as u64,
        lanes: args.lanes.unwrap_or_default().name().to_owned(),
        n_rounds: N_ROUNDS as u64,
        n_compared_paths,
        outcome_digest,
        tally_digest,
        backends: contenders.iter().map(Contender::rates).collect(),
    })
}
