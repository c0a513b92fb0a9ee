//! `--backend` and its kin: which machine walks the paths.

use clap::{Args, ValueEnum};

use shortfall::engine::cpu::Cpu;
use shortfall::engine::reference::Reference;
use shortfall::engine::{Backend, EngineError};
use shortfall::lanes::Lanes;
use shortfall::program::Program;

use super::number;

#[derive(Debug, Args)]
pub(super) struct BackendArgs {
    /// Where paths are simulated; the figures are the same everywhere
    #[arg(long, value_enum, default_value = "auto")]
    backend: BackendName,
    /// The GPU: a part of its name, or its number in `shortfall devices`
    #[arg(long, value_name = "NAME|INDEX")]
    device: Option<String>,
    /// Keep the driver's checks in the kernels
    #[arg(long)]
    gpu_checks: bool,
    /// Fail when a device fails, instead of going on without it
    #[arg(long)]
    no_fallback: bool,
    /// Threads of the CPU, also for the reference walker [default: all]
    #[arg(long, value_name = "N", value_parser = number::count::<u16>(1, 4096),
          allow_negative_numbers = true)]
    threads: Option<u16>,
    /// Vector lanes of the CPU: portable, avx2, avx512; they change no figure [default: widest]
    #[arg(long, value_name = "NAME", value_parser = lanes)]
    lanes: Option<Lanes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BackendName {
    /// A hardware GPU if there is one, else the CPU
    Auto,
    /// The CPU
    Cpu,
    /// A GPU, or an error
    Gpu,
    /// The reference walker, which states what the others mean: plain, and slow
    Reference,
}

/// A backend, and a line on why it is this one.
pub(super) struct Opened<'a> {
    pub(super) backend: Box<dyn Backend + 'a>,
    pub(super) note: Option<String>,
}

impl BackendArgs {
    /// The CPU, with as many threads.
    pub(super) fn of_cpu(threads: u16, lanes: Option<Lanes>) -> Self {
        let backend = BackendName::Cpu;
        let (device, gpu_checks, no_fallback) = (None, false, true);
        Self { backend, device, gpu_checks, no_fallback, threads: Some(threads), lanes }
    }

    /// The reference walker, on one thread.
    pub(super) fn of_reference() -> Self {
        Self { backend: BackendName::Reference, ..Self::of_cpu(1, None) }
    }

    /// A device alone, with nothing to fall back on; without a name a hardware GPU.
    pub(super) fn of_device(device: Option<String>) -> Self {
        Self { backend: BackendName::Gpu, device, ..Self::of_cpu(1, None) }
    }

    pub(super) fn n_threads(&self) -> usize {
        n_threads(self.threads)
    }

    /// The lanes of the CPU's threads.
    pub(super) fn lanes(&self) -> Lanes {
        match self.backend {
            // It has none, but that prices are drawn by the narrowest.
            BackendName::Reference => Lanes::here()[0],
            _ => self.lanes.unwrap_or_default(),
        }
    }

    fn cpu<'a>(&self, program: &'a Program, seed: u64) -> Cpu<'a> {
        Cpu::with_lanes(program, seed, self.n_threads(), self.lanes())
    }

    /// Opens the backend that was asked for.
    pub(super) fn open<'a>(
        &self,
        program: &'a Program,
        seed: u64,
    ) -> Result<Opened<'a>, EngineError> {
        let cpu = || Box::new(self.cpu(program, seed));
        match (self.backend, &self.device) {
            (BackendName::Cpu, _) => Ok(Opened { backend: cpu(), note: None }),
            (BackendName::Reference, _) => {
                let backend = Box::new(Reference::new(program, seed, self.n_threads()));
                Ok(Opened { backend, note: None })
            }
            (BackendName::Auto, None) => Ok(match self.open_gpu(program, seed) {
                Ok(opened) => opened,
                Err(error) => Opened { backend: cpu(), note: Some(on_cpu(&error)) },
            }),
            (BackendName::Gpu, _) | (BackendName::Auto, Some(_)) => self.open_gpu(program, seed),
        }
    }

    #[cfg(not(feature = "gpu"))]
    fn open_gpu<'a>(&self, _: &'a Program, _: u64) -> Result<Opened<'a>, EngineError> {
        Err(EngineError::NoDevice)
    }

    #[cfg(feature = "gpu")]
    fn open_gpu<'a>(&self, program: &'a Program, seed: u64) -> Result<Opened<'a>, EngineError> {
        use shortfall::engine::fallback::Fallback;
        use shortfall::engine::gpu::adapter::{Choice, choose};
        use shortfall::engine::gpu::{Gpu, Options};

        let choice = self.device.as_deref().map_or(Choice::Hardware, Choice::Named);
        let candidate = choose(choice)?;
        let options = Options { checks: self.gpu_checks, ..Options::default() };
        let cache = cache_folder();
        let first = Gpu::with_cache(program, seed, &candidate, options, cache.as_deref())
            .map(|gpu| Box::new(gpu) as Box<dyn Backend + 'a>);
        let note = Some(format!("running on {}", candidate.label()));
        if self.no_fallback {
            return Ok(Opened { backend: first?, note });
        }
        // Chosen anew: a lost device may have taken its adapter with it.
        let device = self.device.clone();
        let rebuild = move || -> Result<Box<dyn Backend + 'a>, EngineError> {
            let choice = device.as_deref().map_or(Choice::Hardware, Choice::Named);
            Ok(Box::new(Gpu::new(program, seed, &choose(choice)?, options)?))
        };
        let cpu = Box::new(self.cpu(program, seed));
        let backend = Box::new(Fallback::new(first, Box::new(rebuild), cpu));
        Ok(Opened { backend, note })
    }
}

/// Lanes of this machine by their name.
pub(super) fn lanes(name: &str) -> Result<Lanes, String> {
    let here = Lanes::here();
    here.iter().copied().find(|lanes| lanes.name() == name).ok_or_else(|| {
        let names: Vec<&str> = here.iter().map(|lanes| lanes.name()).collect();
        format!("this machine has {}", names.join(", "))
    })
}

/// The threads that were asked for, or all there are.
pub(super) fn n_threads(threads: Option<u16>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    threads.map_or_else(all, usize::from)
}

/// Where compiled kernels are kept between runs; nowhere if the system names no place.
#[cfg(feature = "gpu")]
fn cache_folder() -> Option<std::path::PathBuf> {
    let given = |name| std::env::var_os(name).filter(|it| !it.is_empty());
    let under = |name, folder: &str| given(name).map(|it| std::path::Path::new(&it).join(folder));
    let folder = given("XDG_CACHE_HOME").map(std::path::PathBuf::from);
    let folder = folder.or_else(|| under("LOCALAPPDATA", "")).or_else(|| under("HOME", ".cache"));
    folder.map(|it| it.join("shortfall"))
}

/// Why `auto` takes the CPU.
fn on_cpu(error: &EngineError) -> String {
    match error {
        EngineError::NoDevice => "running on the CPU: this build has no GPU backend".to_owned(),
        EngineError::NoAdapter { .. } => "running on the CPU: there is no hardware GPU".to_owned(),
        other => format!("running on the CPU: {other}"),
    }
}
