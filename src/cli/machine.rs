//! What walks the paths of a run: a backend, and a second one where two programs are compared.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

use shortfall::archive::Subject;
use shortfall::engine::{Backend, EngineError, Walkers};
use shortfall::lanes::Lanes;
use shortfall::program::Program;
use shortfall::report::RunFacts;

use super::backend::{BackendArgs, Opened};
use super::output;

/// Paths that a device is given at a time: long enough that the end of a batch costs nothing, a few
/// megabytes of outcomes.
const DEVICE_BATCH: u64 = 65_536;
/// Paths that a thread of the CPU is given at a time: few, for a run is stopped between batches.
const THREAD_BATCH: u64 = 2_048;
/// The least batch of the CPU, a block.
const LEAST_BATCH: u64 = 4_096;

/// When a run began, on the clock and in time of the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    pub(super) wall: Instant,
    cpu: ProcessTime,
}

impl Begun {
    pub(super) fn now() -> Self {
        Self { wall: Instant::now(), cpu: ProcessTime::now() }
    }
}

/// Paths that a backend is given at a time, where no flag says how many.
pub(super) fn usual_batch(backend: &dyn Backend, n_threads: usize) -> u64 {
    let of_threads = (THREAD_BATCH * n_threads as u64).next_power_of_two();
    match backend.name() {
        "cpu" | "reference" => of_threads.clamp(LEAST_BATCH, DEVICE_BATCH),
        _ => DEVICE_BATCH,
    }
}

/// The backends of a run.
pub(super) struct Machine<'a> {
    subject: &'a Subject,
    backend: Box<dyn Backend + 'a>,
    other: Option<(&'a Program, Box<dyn Backend + 'a>)>,
    n_threads: usize,
    lanes: Lanes,
    /// Paths of a batch.
    pub(super) batch: u64,
    /// Time that went into checkpoints.
    pub(super) saving: Duration,
}

impl<'a> Machine<'a> {
    /// Opens what was asked for; says why it is this one.
    pub(super) fn open(
        args: &BackendArgs,
        batch: Option<u64>,
        subject: &'a Subject,
        compared: Option<&'a Program>,
        quiet: bool,
    ) -> Result<Self, EngineError> {
        let (seed, n_threads) = (subject.plan.seed, args.n_threads());
        let Opened { backend, note } = args.open(&subject.program, seed)?;
        // Its note would say the same.
        let open = |other| Ok::<_, EngineError>((other, args.open(other, seed)?.backend));
        let other = compared.map(open).transpose()?;
        output::print_notes(note.as_slice(), quiet);
        let batch = batch.unwrap_or_else(|| usual_batch(backend.as_ref(), n_threads));
        let (lanes, saving) = (args.lanes(), Duration::ZERO);
        Ok(Self { subject, backend, other, n_threads, lanes, batch, saving })
    }

    pub(super) fn walkers(&mut self) -> Walkers<'a, '_> {
        let other = self.other.as_mut();
        Walkers {
            program: &self.subject.program,
            backend: self.backend.as_mut(),
            other: other.map(|(program, backend)| (*program, backend.as_mut() as &mut dyn Backend)),
        }
    }

    /// How the run went until now; tells what could not be had.
    pub(super) fn run_facts(&self, begun: Begun, walked_paths: u64, quiet: bool) -> RunFacts {
        let mut fallbacks = self.backend.fallbacks().to_vec();
        // A device that fails one is lost to both.
        let others = self.other.iter().flat_map(|(_, other)| other.fallbacks());
        fallbacks.extend(others.filter(|it| !self.backend.fallbacks().contains(it)).cloned());
        output::print_notes(&fallbacks, quiet);
        let run = RunFacts {
            backend: self.backend.name().to_owned(),
            adapter: self.backend.adapter().map(str::to_owned),
            threads: self.n_threads,
            lanes: self.lanes.name().to_owned(),
            batch: self.batch,
            walked_paths,
            wall_seconds: begun.wall.elapsed().as_secs_f64(),
            cpu_seconds: begun.cpu.elapsed().as_secs_f64(),
            checkpoint_seconds: self.saving.as_secs_f64(),
            paths_per_second: None,
            checks_per_cpu_second: None,
            fallbacks,
        };
        run.with_rates(self.subject.facts.checks_per_path())
    }
}
