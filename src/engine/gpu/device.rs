//! A device that runs one program: its pipelines, its buffers, and what went wrong.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wgpu::util::DeviceExt as _;

use super::Options;
use super::adapter::Candidate;
use super::cache::Cache;
use super::kernel::{Kernel, Words};
use crate::engine::backend::{DeviceFault, EngineError};
use crate::program::Program;

/// Longest that a dispatch may take before its device counts as hung.
const TIMEOUT: Duration = Duration::from_secs(60);
/// On a software adapter, which compiles a kernel when it is first dispatched.
const SOFTWARE_TIMEOUT: Duration = Duration::from_secs(600);
/// Memory of a workgroup that every device has.
const LEAST_WORKGROUP_BYTES: u32 = 16_384;

/// A device with the program's tables on it.
pub struct Device {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    layout: wgpu::BindGroupLayout,
    pub(super) kernel: Kernel,
    pub(super) inputs: [wgpu::Buffer; 4],
    module: wgpu::ShaderModule,
    pipeline_layout: wgpu::PipelineLayout,
    label: String,
    is_lost: Arc<AtomicBool>,
    uncaptured: Arc<Mutex<Option<String>>>,
    cache: Option<Cache>,
    options: Options,
    group_size: u32,
    timeout: Duration,
}

impl Device {
    /// Opens an adapter and puts a program on it.
    ///
    /// # Errors
    ///
    /// If the device refuses, or the program does not fit its limits.
    pub fn open(
        candidate: &Candidate,
        program: &Program,
        options: Options,
        cache_folder: Option<&Path>,
    ) -> Result<Self, EngineError> {
        let label = candidate.label();
        let fault = |fault| EngineError::Device { adapter: label.clone(), fault };
        let words = if candidate.has_int64() && !options.emulate_int64 {
            Words::Native
        } else {
            Words::Emulated
        };
        let bytes = LEAST_WORKGROUP_BYTES as usize;
        let kernel = Kernel::new(program, words, bytes)
            .ok_or_else(|| fault(DeviceFault::WorkgroupMemory { bytes }))?;
        let (device, queue) = request(candidate, words).map_err(fault)?;
        let is_lost = Arc::new(AtomicBool::new(false));
        let lost = Arc::clone(&is_lost);
        device.set_device_lost_callback(move |_, _| lost.store(true, Ordering::SeqCst));
        let uncaptured = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&uncaptured);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }));
        let scopes = Scopes::begin(&device);
        let layout = bind_group_layout(&device);
        let module = module(&device, &kernel.source, options);
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let inputs = [
            input(&device, &kernel.tables),
            input(&device, &program.positions),
            input(&device, &program.legs),
            input(&device, &program.tiers),
        ];
        let cache = cache_folder.and_then(|it| Cache::open(&device, &candidate.info, it));
        scopes.end().map_err(fault)?;
        Ok(Self {
            device,
            queue,
            layout,
            kernel,
            inputs,
            module,
            pipeline_layout,
            label: label.clone(),
            is_lost,
            uncaptured,
            cache,
            options,
            group_size: options.group_size_for(program),
            timeout: if candidate.is_software() { SOFTWARE_TIMEOUT } else { TIMEOUT },
        })
    }

    /// Invocations of a workgroup.
    pub(super) fn group_size(&self) -> u32 {
        self.group_size
    }

    /// Its adapter's name.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Compiles an entry point of the kernel.
    ///
    /// # Errors
    ///
    /// If the driver refuses it.
    pub fn pipeline(&self, entry_point: &str) -> Result<wgpu::ComputePipeline, EngineError> {
        let scopes = Scopes::begin(&self.device);
        let constants = [
            ("GROUP", f64::from(self.group_size)),
            ("USE_BOUNDS", f64::from(u8::from(self.options.use_bounds))),
        ];
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry_point),
            layout: Some(&self.pipeline_layout),
            module: &self.module,
            entry_point: Some(entry_point),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &constants,
                zero_initialize_workgroup_memory: self.options.checks,
            },
            cache: self.cache.as_ref().map(Cache::pipelines),
        });
        scopes.end().map_err(|fault| self.fault(fault))?;
        Ok(pipeline)
    }

    /// Keeps what has been compiled for the next run.
    pub(super) fn save_cache(&self) {
        if let Some(cache) = &self.cache {
            cache.save();
        }
    }

    /// A buffer that the kernel or the host reads or writes.
    pub(super) fn buffer(&self, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        // Copies and bindings want multiples of 16 bytes and at least some.
        let size = bytes.next_multiple_of(16).max(16);
        let label = None;
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label,
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Binds a task, the program's tables, and the buffers for what is found.
    pub(super) fn bind_group(
        &self,
        task: &wgpu::Buffer,
        found: [&wgpu::Buffer; 3],
    ) -> wgpu::BindGroup {
        let buffers = std::iter::once(task).chain(&self.inputs).chain(found);
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        })
    }

    /// Waits for a submission; a device that is lost, hung or complained is at fault.
    pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), EngineError> {
        let polled = self.device.poll(wgpu::PollType::Wait {
            submission_index: Some(submission),
            timeout: Some(self.timeout),
        });
        // After a loss, submissions are silently ignored: look before anything is trusted.
        self.check()?;
        match polled {
            Ok(_) => Ok(()),
            Err(wgpu::PollError::Timeout) => {
                Err(self.fault(DeviceFault::Timeout { seconds: self.timeout.as_secs() }))
            }
            // What a lost device was given was never submitted.
            Err(wgpu::PollError::WrongSubmissionIndex(..)) => Err(self.fault(DeviceFault::Lost)),
        }
    }

    /// Whether the device has been lost or has complained since it was opened.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        if self.is_lost.load(Ordering::SeqCst) {
            return Err(self.fault(DeviceFault::Lost));
        }
        let heard = self.uncaptured.lock().unwrap_or_else(PoisonError::into_inner).clone();
        heard.map_or(Ok(()), |message| Err(self.fault(DeviceFault::Refused { message })))
    }

    /// Bytes of a buffer of the program against what the device binds.
    pub(super) fn check_size(&self, what: &'static str, bytes: u64) -> Result<(), EngineError> {
        let bound = self.device.limits().max_storage_buffer_binding_size;
        if bytes > bound {
            return Err(self.fault(DeviceFault::TooLarge { what, bytes, bound }));
        }
        Ok(())
    }

    pub(super) fn fault(&self, fault: DeviceFault) -> EngineError {
        EngineError::Device { adapter: self.label.clone(), fault }
    }
}

fn request(
    candidate: &Candidate,
    words: Words,
) -> Result<(wgpu::Device, wgpu::Queue), DeviceFault> {
    let offered = candidate.adapter.limits();
    let required_limits = wgpu::Limits {
        max_buffer_size: offered.max_buffer_size,
        max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
        ..wgpu::Limits::default()
    };
    let mut required_features = match words {
        Words::Native => wgpu::Features::SHADER_INT64,
        Words::Emulated => wgpu::Features::empty(),
    };
    required_features |= candidate.adapter.features() & wgpu::Features::PIPELINE_CACHE;
    let descriptor = wgpu::DeviceDescriptor {
        label: None,
        required_features,
        required_limits,
        ..wgpu::DeviceDescriptor::default()
    };
    pollster::block_on(candidate.adapter.request_device(&descriptor))
        .map_err(|error| DeviceFault::Refused { message: error.to_string() })
}

#[allow(
    unsafe_code,
    reason = "the shaders are our own, and are tested with these checks on and off"
)]
fn module(device: &wgpu::Device, source: &str, options: Options) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(source.into());
    let descriptor = wgpu::ShaderModuleDescriptor { label: None, source };
    if options.checks {
        return device.create_shader_module(descriptor);
    }
    let checks = wgpu::ShaderRuntimeChecks::unchecked();
    // SAFETY: every index is below a size that is a constant of the source, every loop ends by a
    // counter, every divisor is checked; the twin tests run the same source with all checks on.
    unsafe { device.create_shader_module_trusted(descriptor, checks) }
}

fn bind_group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
    let kinds = [
        wgpu::BufferBindingType::Uniform,
        storage(true),
        storage(true),
        storage(true),
        storage(true),
        storage(false),
        storage(false),
        storage(false),
    ];
    let entries: Vec<wgpu::BindGroupLayoutEntry> = (0..)
        .zip(kinds)
        .map(|(binding, ty)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &entries,
    })
}

/// A buffer with rows of the program; at least one row, since a binding cannot be empty.
fn input<T: bytemuck::Pod + bytemuck::Zeroable>(device: &wgpu::Device, rows: &[T]) -> wgpu::Buffer {
    let one = [T::zeroed()];
    let rows = if rows.is_empty() { &one } else { rows };
    device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: None,
        contents: bytemuck::cast_slice(rows),
        usage: wgpu::BufferUsages::STORAGE,
    })
}

/// Scopes that catch whatever the device complains of in between.
pub(super) struct Scopes([wgpu::ErrorScopeGuard; 3]);

impl Scopes {
    pub(super) fn begin(device: &wgpu::Device) -> Self {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        Self([OutOfMemory, Internal, Validation].map(|filter| device.push_error_scope(filter)))
    }

    pub(super) fn end(self) -> Result<(), DeviceFault> {
        let [out_of_memory, internal, validation] = self.0;
        let mut first = None;
        for scope in [validation, internal, out_of_memory] {
            first = first.or(pollster::block_on(scope.pop()));
        }
        match first {
            None => Ok(()),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(DeviceFault::OutOfMemory),
            Some(error) => Err(DeviceFault::Refused { message: error.to_string() }),
        }
    }
}
