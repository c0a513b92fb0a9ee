//! `--backend` and its kin: which machine walks the paths.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use shortfall::engine::{BackendChoice, BackendKind, all_threads};
use shortfall::lanes::Lanes;

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

impl BackendArgs {
    /// The backend that was asked for.
    pub(super) fn choice(&self) -> BackendChoice {
        BackendChoice {
            kind: match self.backend {
                BackendName::Auto => BackendKind::Auto,
                BackendName::Cpu => BackendKind::Cpu,
                BackendName::Gpu => BackendKind::Gpu,
                BackendName::Reference => BackendKind::Reference,
            },
            device: self.device.clone(),
            gpu_checks: self.gpu_checks,
            has_fallback: !self.no_fallback,
            n_threads: n_threads(self.threads),
            lanes: self.lanes.unwrap_or_default(),
            cache: cache_folder(),
        }
    }

    pub(super) fn n_threads(&self) -> usize {
        n_threads(self.threads)
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
    threads.map_or_else(all_threads, usize::from)
}

/// Where compiled kernels are kept between runs; nowhere if the system names no place.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let given = |name| std::env::var_os(name).filter(|it| !it.is_empty());
    let under = |name, folder: &str| given(name).map(|it| PathBuf::from(it).join(folder));
    let folder = given("XDG_CACHE_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| under("LOCALAPPDATA", "")).or_else(|| under("HOME", ".cache"));
    folder.map(|it| it.join("shortfall"))
}
