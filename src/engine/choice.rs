//! Which backend walks the paths, as a user chooses it; the figures are the same on each.

use std::path::PathBuf;

use super::backend::{Backend, EngineError};
use super::cpu::Cpu;
use super::reference::Reference;
use crate::lanes::Lanes;
use crate::program::Program;

/// Paths that a device is given at a time: long enough that the end of a batch costs nothing, a few
/// megabytes of outcomes.
const DEVICE_BATCH: u64 = 65_536;
/// Paths that a thread of the CPU is given at a time: few, for a run is stopped between batches.
const THREAD_BATCH: u64 = 2_048;
/// The least batch of the CPU, a block.
const LEAST_BATCH: u64 = 4_096;

/// Which kind of backend is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendKind {
    /// A hardware GPU if there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, or an error.
    Gpu,
    /// The reference walker, which states what the others mean: plain, and slow.
    Reference,
}

/// A backend that is wanted, before a program is there for it to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendChoice {
    /// Which kind.
    pub kind: BackendKind,
    /// The GPU: a part of its name, or its number in the list of adapters; without one, a hardware
    /// GPU.
    pub device: Option<String>,
    /// Whether the driver's checks stay in the kernels.
    pub gpu_checks: bool,
    /// Whether the CPU takes over from a device that fails.
    pub has_fallback: bool,
    /// Threads of the CPU, also for the reference walker; at least 1.
    pub n_threads: usize,
    /// Vector lanes of each.
    pub lanes: Lanes,
    /// Where compiled kernels are kept between runs.
    pub cache: Option<PathBuf>,
}

/// A backend, and a line on why it is this one.
pub struct OpenBackend<'a> {
    /// The backend.
    pub backend: Box<dyn Backend + 'a>,
    /// What the user should know of the choice.
    pub note: Option<String>,
}

/// The CPU, on all of its threads.
impl Default for BackendChoice {
    fn default() -> Self {
        Self::cpu(all_threads())
    }
}

impl BackendChoice {
    /// The CPU, with so many threads.
    #[must_use]
    pub fn cpu(n_threads: usize) -> Self {
        Self {
            kind: BackendKind::Cpu,
            device: None,
            gpu_checks: false,
            has_fallback: true,
            n_threads,
            lanes: Lanes::default(),
            cache: None,
        }
    }

    /// The reference walker, on one thread.
    #[must_use]
    pub fn reference() -> Self {
        Self { kind: BackendKind::Reference, ..Self::cpu(1) }
    }

    /// The lanes that prices are drawn by: the reference walker has none but the narrowest.
    #[must_use]
    pub fn drawing_lanes(&self) -> Lanes {
        match self.kind {
            BackendKind::Reference => Lanes::here()[0],
            _ => self.lanes,
        }
    }

    /// A device alone, with nothing to fall back on; without a name a hardware GPU.
    #[must_use]
    pub fn device(device: Option<String>) -> Self {
        Self { kind: BackendKind::Gpu, device, has_fallback: false, ..Self::cpu(1) }
    }

    /// Opens the backend that is wanted.
    ///
    /// # Errors
    ///
    /// If the machine has none such, or it fails.
    pub fn open<'a>(
        &self,
        program: &'a Program,
        seed: u64,
    ) -> Result<OpenBackend<'a>, EngineError> {
        let cpu = || Box::new(self.open_cpu(program, seed));
        match (self.kind, &self.device) {
            (BackendKind::Cpu, _) => Ok(OpenBackend { backend: cpu(), note: None }),
            (BackendKind::Reference, _) => {
                let backend = Box::new(Reference::new(program, seed, self.n_threads));
                Ok(OpenBackend { backend, note: None })
            }
            (BackendKind::Auto, None) => Ok(match self.open_gpu(program, seed) {
                Ok(opened) => opened,
                Err(error) => OpenBackend { backend: cpu(), note: Some(on_cpu(&error)) },
            }),
            (BackendKind::Gpu, _) | (BackendKind::Auto, Some(_)) => self.open_gpu(program, seed),
        }
    }

    fn open_cpu<'a>(&self, program: &'a Program, seed: u64) -> Cpu<'a> {
        Cpu::with_lanes(program, seed, self.n_threads, self.lanes)
    }

    #[cfg(not(feature = "gpu"))]
    fn open_gpu<'a>(&self, _: &'a Program, _: u64) -> Result<OpenBackend<'a>, EngineError> {
        Err(EngineError::NoDevice)
    }

    #[cfg(feature = "gpu")]
    fn open_gpu<'a>(
        &self,
        program: &'a Program,
        seed: u64,
    ) -> Result<OpenBackend<'a>, EngineError> {
        use super::fallback::Fallback;
        use super::gpu::adapter::{Choice, choose};
        use super::gpu::{Gpu, Options};

        let choice = self.device.as_deref().map_or(Choice::Hardware, Choice::Named);
        let candidate = choose(choice)?;
        let options = Options { checks: self.gpu_checks, ..Options::default() };
        let first = Gpu::with_cache(program, seed, &candidate, options, self.cache.as_deref())
            .map(|gpu| Box::new(gpu) as Box<dyn Backend + 'a>);
        let note = Some(format!("running on {}", candidate.label()));
        if !self.has_fallback {
            return Ok(OpenBackend { backend: first?, note });
        }
        // Chosen anew: a lost device may have taken its adapter with it.
        let device = self.device.clone();
        let rebuild = move || -> Result<Box<dyn Backend + 'a>, EngineError> {
            let choice = device.as_deref().map_or(Choice::Hardware, Choice::Named);
            Ok(Box::new(Gpu::new(program, seed, &choose(choice)?, options)?))
        };
        let cpu = Box::new(self.open_cpu(program, seed));
        let backend = Box::new(Fallback::new(first, Box::new(rebuild), cpu));
        Ok(OpenBackend { backend, note })
    }
}

/// All threads that the machine gives this process.
#[must_use]
pub fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Paths that a backend is given at a time, where the user does not say how many.
#[must_use]
pub fn usual_batch(backend: &dyn Backend, n_threads: usize) -> u64 {
    let of_threads = (THREAD_BATCH * n_threads as u64).next_power_of_two();
    match backend.name() {
        "cpu" | "reference" => of_threads.clamp(LEAST_BATCH, DEVICE_BATCH),
        _ => DEVICE_BATCH,
    }
}

/// Why `auto` takes the CPU.
fn on_cpu(error: &EngineError) -> String {
    match error {
        EngineError::NoDevice => "running on the CPU: this build has no GPU backend".to_owned(),
        EngineError::NoAdapter { .. } => "running on the CPU: there is no hardware GPU".to_owned(),
        other => format!("running on the CPU: {other}"),
    }
}
