//! The buffers of one dispatch: what it is to do, what it finds, and the way back to the host.

use super::coupling;
use super::device::{Device, Scopes};
use super::kernel::{FLAG_CUT_SHORT, Task, counter_words};
use crate::engine::backend::{DeviceFault, EngineError};
use crate::program::Program;
use crate::tail::{AMOUNT_WORDS, Counters, Counts, Outcome, add_amount, aftermath_words};

/// Bytes of an outcome.
const OUTCOME_BYTES: u64 = size_of::<Outcome>() as u64;

/// The entry points of a run.
pub(super) struct Pipelines {
    pub(super) simulate: wgpu::ComputePipeline,
    pub(super) finish: wgpu::ComputePipeline,
}

/// Bytes that a program needs on a device.
pub(super) struct Sizes {
    /// Counters of a dispatch.
    counters: u64,
    /// What a path leaves beside its outcome.
    aftermath: u64,
    /// Events by step, a path.
    events: u64,
    /// What is left of positions between windows of steps, or of a whole coupled path.
    state: u64,
}

impl Sizes {
    pub(super) fn of(device: &Device, program: &Program) -> Self {
        let n_steps = program.market.n_steps;
        let (aftermath, state) = match &program.liquidity {
            Some(liquidity) => {
                (aftermath_words(liquidity.funds.len()), coupling::state_words(program, liquidity))
            }
            // State is kept between windows of steps only.
            None if device.kernel.room.window >= n_steps => (0, 0),
            None => (0, program.positions.len() + program.legs.len()),
        };
        Self {
            counters: 4 * counter_words(program) as u64,
            events: 4 * n_steps as u64,
            aftermath: 8 * aftermath as u64,
            state: 4 * state as u64,
        }
    }

    /// Most paths of a dispatch whose buffers the device still binds.
    pub(super) fn most_paths(&self, device: &Device) -> u64 {
        let bound = device.device.limits().max_storage_buffer_binding_size;
        let by_state = bound / self.state.max(1);
        let by_events = bound.saturating_sub(self.counters) / self.events;
        by_state.min(by_events).min(bound / (OUTCOME_BYTES + self.aftermath)).max(1)
    }
}

/// Buffers for dispatches of up to `n_paths` paths.
pub(super) struct Slot {
    pub(super) n_paths: u32,
    counter_bytes: u64,
    /// Of a path: its outcome, and what stands behind all outcomes.
    path_bytes: u64,
    /// One for each piece of the paths: what it is to do, where it begins and ends, its bindings.
    pieces: Vec<Piece>,
    outcomes: wgpu::Buffer,
    counters: wgpu::Buffer,
    staging: wgpu::Buffer,
}

/// A stretch of the steps of all paths of a dispatch.
struct Piece {
    first_step: u32,
    end_step: u32,
    task: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

/// A slot whose dispatch has been submitted.
pub(super) struct InFlight {
    slot: Slot,
    first_path: u64,
    n_paths: u32,
    submission: wgpu::SubmissionIndex,
}

impl Slot {
    pub(super) fn new(
        device: &Device,
        program: &Program,
        n_paths: u32,
        piece_steps: u32,
    ) -> Result<Self, EngineError> {
        use wgpu::BufferUsages as Usage;
        let sizes = Sizes::of(device, program);
        let path_bytes = OUTCOME_BYTES + sizes.aftermath;
        let outcome_bytes = path_bytes * u64::from(n_paths);
        let counter_bytes = sizes.counters;
        let event_bytes = sizes.events * u64::from(n_paths);
        let state_bytes = sizes.state * u64::from(n_paths);
        device.check_size("the counters and events of a dispatch", counter_bytes + event_bytes)?;
        device.check_size("the outcomes of a dispatch", outcome_bytes)?;
        device.check_size("the state of a dispatch", state_bytes)?;
        for (buffer, what) in
            device.inputs.iter().zip(["the tables", "the positions", "the legs", "the tiers"])
        {
            device.check_size(what, buffer.size())?;
        }
        let found = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
        let outcomes = device.buffer(outcome_bytes, found);
        let counters = device.buffer(counter_bytes + event_bytes, found);
        let state = device.buffer(state_bytes, Usage::STORAGE);
        let staging =
            device.buffer(outcome_bytes + counter_bytes, Usage::MAP_READ | Usage::COPY_DST);
        let n_steps = program.market.n_steps as u32;
        let piece_steps = if program.liquidity.is_some() { piece_steps } else { n_steps };
        let pieces = (0..n_steps).step_by(piece_steps as usize).map(|first_step| {
            let task = device.buffer(size_of::<Task>() as u64, Usage::UNIFORM | Usage::COPY_DST);
            let bind_group = device.bind_group(&task, [&outcomes, &counters, &state]);
            Piece {
                first_step,
                end_step: (first_step + piece_steps).min(n_steps),
                task,
                bind_group,
            }
        });
        let pieces = pieces.collect();
        Ok(Self { n_paths, counter_bytes, path_bytes, pieces, outcomes, counters, staging })
    }

    /// Submits a dispatch of so many paths from the first.
    pub(super) fn submit(
        self,
        device: &Device,
        pipelines: &Pipelines,
        task: Task,
    ) -> Result<InFlight, EngineError> {
        let n_paths = task.n_paths;
        let outcome_bytes = self.path_bytes * u64::from(n_paths);
        let scopes = Scopes::begin(&device.device);
        for Piece { first_step, end_step, task: buffer, .. } in &self.pieces {
            let piece = Task { first_step: *first_step, end_step: *end_step, ..task };
            device.queue.write_buffer(buffer, 0, bytemuck::bytes_of(&piece));
        }
        let mut encoder = device.device.create_command_encoder(&Default::default());
        encoder.clear_buffer(&self.counters, 0, None);
        encoder.clear_buffer(&self.outcomes, 0, None);
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipelines.simulate);
            let n_groups = n_paths.div_ceil(device.kernel.room.paths as u32);
            for piece in &self.pieces {
                pass.set_bind_group(0, &piece.bind_group, &[]);
                pass.dispatch_workgroups(n_groups, task.n_slices, 1);
            }
            pass.set_pipeline(&pipelines.finish);
            pass.dispatch_workgroups(n_paths.div_ceil(device.group_size()), 1, 1);
        }
        encoder.copy_buffer_to_buffer(&self.outcomes, 0, &self.staging, 0, outcome_bytes);
        encoder.copy_buffer_to_buffer(
            &self.counters,
            0,
            &self.staging,
            outcome_bytes,
            self.counter_bytes,
        );
        let submission = device.queue.submit([encoder.finish()]);
        // Mapped when the submission is done; `collect` waits for that and sees any failure.
        let bytes = outcome_bytes + self.counter_bytes;
        self.staging.map_async(wgpu::MapMode::Read, 0..bytes, |_| ());
        scopes.end().map_err(|fault| device.fault(fault))?;
        let [low, high] = task.first_path.map(u64::from);
        Ok(InFlight { slot: self, first_path: low | high << 32, n_paths, submission })
    }
}

impl InFlight {
    /// The first path.
    pub(super) fn start(&self) -> u64 {
        self.first_path
    }

    pub(super) fn n_paths(&self) -> u32 {
        self.n_paths
    }

    /// Waits for the dispatch, takes what it found and frees the slot.
    pub(super) fn collect(
        self,
        device: &Device,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<Slot, EngineError> {
        device.wait(self.submission)?;
        let outcome_bytes = self.slot.path_bytes * u64::from(self.n_paths);
        let bytes = outcome_bytes + self.slot.counter_bytes;
        let mapped =
            self.slot.staging.get_mapped_range(0..bytes).map_err(|error| {
                device.fault(DeviceFault::Refused { message: error.to_string() })
            })?;
        let (found, counted) = mapped.split_at(outcome_bytes as usize);
        let (found, aftermath) = found.split_at(size_of_val(outcomes));
        bytemuck::cast_slice_mut::<Outcome, u8>(outcomes).copy_from_slice(found);
        if outcomes.iter().any(|outcome| outcome.flags & FLAG_CUT_SHORT != 0) {
            return Err(device.fault(DeviceFault::CutShort));
        }
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(counted);
        add_counters(&words, counters);
        if let Some(counted) = &mut counters.aftermath {
            let words: Vec<i64> = bytemuck::pod_collect_to_vec(aftermath);
            let n_words = aftermath_words(counted.funds.len());
            words.chunks_exact(n_words).for_each(|path| counted.absorb(path));
        }
        drop(mapped);
        self.slot.staging.unmap();
        Ok(self.slot)
    }
}

/// Adds a dispatch's counters to the host's.
fn add_counters(words: &[u32], counters: &mut Counters) {
    let rest = add_counts(words, &mut counters.positions);
    let pools = add_counts(rest, &mut counters.steps);
    for (pool, words) in counters.pools.iter_mut().zip(pools.chunks_exact(AMOUNT_WORDS)) {
        add_amount(pool, words);
    }
}

/// Adds the words of as many counters as there are; the words that follow.
fn add_counts<'a, C: Counts>(words: &'a [u32], counts: &mut [C]) -> &'a [u32] {
    let (words, rest) = words.split_at(C::WORDS * counts.len());
    for (count, words) in counts.iter_mut().zip(words.chunks_exact(C::WORDS)) {
        count.add_words(words);
    }
    rest
}
