//! Stages of the kernel run one by one on a device: for the self-test and the twins' tests.

use super::Options;
use super::adapter::Candidate;
use super::device::{Device, Scopes};
use super::kernel::{CANARY, Task};
pub use super::wide_rows::{WideAnswer, WideCase};
use crate::engine::backend::{DeviceFault, EngineError};
use crate::program::Program;

/// A device that answers questions about single stages.
pub struct Prober {
    device: Device,
}

/// A question: an entry point of `probe.wgsl` and what it reads.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The entry point.
    pub entry_point: &'static str,
    /// Key of the generator.
    pub seed: u64,
    /// First path.
    pub first_path: u64,
    /// Items, or paths.
    pub n_items: u32,
    /// Workgroups: one a path, or enough for all items.
    pub n_groups: u32,
    /// What the stage reads.
    pub input: &'a [u32],
    /// Words that it writes.
    pub n_output: usize,
}

impl Prober {
    /// Opens an adapter with a program's tables.
    ///
    /// # Errors
    ///
    /// If the device refuses.
    pub fn new(
        candidate: &Candidate,
        program: &Program,
        options: Options,
    ) -> Result<Self, EngineError> {
        Ok(Self { device: Device::open(candidate, program, options, None)? })
    }

    /// Steps that a workgroup holds at a time.
    #[must_use]
    pub fn window(&self) -> usize {
        self.device.kernel.room.window
    }

    /// Runs a stage; the words that it wrote.
    ///
    /// # Errors
    ///
    /// If the device fails.
    pub fn ask(&self, probe: &Probe<'_>) -> Result<Vec<u32>, EngineError> {
        use wgpu::BufferUsages as Usage;
        let device = &self.device;
        let pipeline = device.pipeline(probe.entry_point)?;
        let scopes = Scopes::begin(&device.device);
        let bytes = 4 * probe.n_output as u64;
        let task = device.buffer(size_of::<Task>() as u64, Usage::UNIFORM | Usage::COPY_DST);
        let outcomes = device.buffer(0, Usage::STORAGE);
        let counters = device.buffer(bytes, Usage::STORAGE | Usage::COPY_SRC);
        let state = device.buffer(4 * probe.input.len() as u64, Usage::STORAGE | Usage::COPY_DST);
        let staging = device.buffer(bytes, Usage::MAP_READ | Usage::COPY_DST);
        let words = |value: u64| [value as u32, (value >> 32) as u32];
        let row = Task {
            seed: words(probe.seed),
            first_path: words(probe.first_path),
            n_paths: probe.n_items,
            n_slices: 1,
            canary: CANARY,
            first_step: 0,
            end_step: 0,
        };
        device.queue.write_buffer(&task, 0, bytemuck::bytes_of(&row));
        device.queue.write_buffer(&state, 0, bytemuck::cast_slice(probe.input));
        let bind_group = device.bind_group(&task, [&outcomes, &counters, &state]);
        let mut encoder = device.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &bind_group, &[]);
            pass.dispatch_workgroups(probe.n_groups, 1, 1);
        }
        encoder.copy_buffer_to_buffer(&counters, 0, &staging, 0, bytes);
        let submission = device.queue.submit([encoder.finish()]);
        staging.map_async(wgpu::MapMode::Read, 0..bytes, |_| ());
        scopes.end().map_err(|fault| device.fault(fault))?;
        device.wait(submission)?;
        let mapped = staging
            .get_mapped_range(0..bytes)
            .map_err(|error| device.fault(DeviceFault::Refused { message: error.to_string() }))?;
        Ok(bytemuck::pod_collect_to_vec(&mapped))
    }
}
