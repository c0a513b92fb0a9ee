//! Which adapters there are, and which one a run takes.

use wgpu::{Adapter, AdapterInfo, Backends, DeviceType, Features, Instance, InstanceDescriptor};

use crate::engine::EngineError;

/// An adapter as a person chooses it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The adapter.
    pub adapter: Adapter,
    /// What it says of itself.
    pub info: AdapterInfo,
}

/// How an adapter was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// A hardware GPU, the fastest kind first; never a software adapter.
    Hardware,
    /// By a part of its name, whatever the case, or by its place in the list.
    Named(&'a str),
}

impl Candidate {
    /// Whether it runs on the CPU: for tests only.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    /// Whether it computes with 64-bit integers of its own.
    #[must_use]
    pub fn has_int64(&self) -> bool {
        self.adapter.features().contains(Features::SHADER_INT64)
    }

    /// Its name and how it is reached.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ({})", self.info.name, self.info.backend)
    }

    fn rank(&self) -> u32 {
        match self.info.device_type {
            DeviceType::DiscreteGpu => 0,
            DeviceType::IntegratedGpu => 1,
            DeviceType::VirtualGpu => 2,
            DeviceType::Other => 3,
            DeviceType::Cpu => 4,
        }
    }
}

/// All adapters that can compute, the best first, in an order that does not change between calls.
///
/// Without a Vulkan loader, or any driver, the list is empty.
#[must_use]
pub fn candidates() -> Vec<Candidate> {
    let mut descriptor = InstanceDescriptor::new_without_display_handle();
    descriptor.backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    let instance = Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(Backends::all()));
    let mut candidates: Vec<Candidate> = adapters
        .into_iter()
        .map(|adapter| Candidate { info: adapter.get_info(), adapter })
        .collect();
    candidates.sort_by_key(Candidate::rank);
    candidates
}

/// Takes the adapter that was asked for.
///
/// # Errors
///
/// If there is none such; names those that there are.
pub fn choose(choice: Choice<'_>) -> Result<Candidate, EngineError> {
    let candidates = candidates();
    let names: Vec<String> = candidates.iter().map(Candidate::label).collect();
    let chosen = match choice {
        Choice::Hardware => candidates.into_iter().find(|candidate| !candidate.is_software()),
        Choice::Named(name) => match name.parse::<usize>() {
            Ok(place) => candidates.into_iter().nth(place),
            Err(_) => {
                let wanted = name.to_lowercase();
                candidates.into_iter().find(|it| it.info.name.to_lowercase().contains(&wanted))
            }
        },
    };
    chosen.ok_or_else(|| EngineError::NoAdapter {
        wanted: match choice {
            Choice::Hardware => "a hardware GPU".to_owned(),
            Choice::Named(name) => format!("an adapter called or numbered `{name}`"),
        },
        present: names,
    })
}
