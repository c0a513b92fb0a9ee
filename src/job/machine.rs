//! What walks the paths of a run: a backend, and a second one where two programs are compared.

use super::watch::Watch;
use crate::archive::Subject;
use crate::engine::choice::usual_batch;
use crate::engine::{Backend, BackendChoice, EngineError, Walkers};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::report::RunFacts;

/// The backends of a run.
pub struct Machine<'a> {
    subject: &'a Subject,
    backend: Box<dyn Backend + 'a>,
    other: Option<(&'a Program, Box<dyn Backend + 'a>)>,
    n_threads: usize,
    lanes: Lanes,
    /// Paths of a batch.
    pub batch: u64,
}

impl<'a> Machine<'a> {
    /// Opens what was asked for; notes why it is this one.
    ///
    /// # Errors
    ///
    /// If there is no such backend, or it fails.
    pub fn open(
        choice: &BackendChoice,
        batch: Option<u64>,
        subject: &'a Subject,
        compared: Option<&'a Program>,
        watch: &mut dyn Watch,
    ) -> Result<Self, EngineError> {
        let (seed, n_threads) = (subject.plan.seed, choice.n_threads);
        let opened = choice.open(&subject.program, seed)?;
        // Its note would say the same.
        let open = |other| Ok::<_, EngineError>((other, choice.open(other, seed)?.backend));
        let other = compared.map(open).transpose()?;
        if let Some(note) = &opened.note {
            watch.note(note);
        }
        let backend = opened.backend;
        let batch = batch.unwrap_or_else(|| usual_batch(backend.as_ref(), n_threads)).max(1);
        Ok(Self { subject, backend, other, n_threads, lanes: choice.drawing_lanes(), batch })
    }

    /// The programs and where they run.
    pub fn walkers(&mut self) -> Walkers<'a, '_> {
        let other = self.other.as_mut();
        Walkers {
            program: &self.subject.program,
            backend: self.backend.as_mut(),
            other: other.map(|(program, backend)| (*program, backend.as_mut() as &mut dyn Backend)),
        }
    }

    /// How the run went until now; notes what could not be had.
    pub(super) fn run_facts(&self, walked_paths: u64, watch: &mut dyn Watch) -> RunFacts {
        let mut fallbacks = self.backend.fallbacks().to_vec();
        // A device that fails one is lost to both.
        let others = self.other.iter().flat_map(|(_, other)| other.fallbacks());
        fallbacks.extend(others.filter(|it| !self.backend.fallbacks().contains(it)).cloned());
        fallbacks.iter().for_each(|note| watch.note(note));
        let times = watch.times();
        let run = RunFacts {
            backend: self.backend.name().to_owned(),
            adapter: self.backend.adapter().map(str::to_owned),
            threads: self.n_threads,
            lanes: self.lanes.name().to_owned(),
            batch: self.batch,
            walked_paths,
            wall_seconds: times.wall_seconds,
            cpu_seconds: times.cpu_seconds,
            checkpoint_seconds: times.checkpoint_seconds,
            paths_per_second: None,
            checks_per_cpu_second: None,
            fallbacks,
        };
        run.with_rates(self.subject.facts.checks_per_path())
    }
}
