//! The GPU backend, through wgpu: the same paths in WGSL kernels, bit for bit what the CPU finds.
//!
//! A batch is cut into dispatches of some 100 ms, several of them in flight, so that the device
//! does not wait for the host. A batch on a device that fails leaves nothing behind.

pub mod adapter;
mod bounds;
mod cache;
mod coupling;
pub mod device;
pub mod kernel;
pub mod options;
mod parts;
pub mod probe;
pub mod room;
pub mod self_test;
mod slot;
mod tables;
mod wide_rows;
mod words;

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use super::backend::{Backend, DeviceFault, EngineError};
use crate::program::Program;
use crate::tail::{Counters, Outcome};
use adapter::Candidate;
use device::{Device, Scopes};
use kernel::{CANARY, Task};
pub use options::Options;
use slot::{InFlight, Pipelines, Sizes, Slot};

/// Dispatches in flight.
const N_SLOTS: usize = 3;
/// Paths of the first dispatch; later ones are as long as they should be.
const FIRST_DISPATCH: u32 = 128;
/// Most paths of a dispatch.
const MOST_PATHS: u32 = 1 << 15;
/// Turns of loops that an invocation of a software adapter is given: a part of the 65,535 after
/// which llvmpipe cuts it short.
const SOFTWARE_TURNS: usize = 12_000;
/// Steps of a piece of a coupled path on a software adapter, to begin with.
const SOFTWARE_PIECE: u32 = 24;
/// Positions of a slice on hardware: a large book is spread over workgroups.
const HARDWARE_SLICE: usize = 1 << 14;
/// A dispatch is to take this long: far above its overhead, far below a driver's patience.
const WANTED_SECONDS: f64 = 0.1;

/// The GPU backend.
pub struct Gpu<'a> {
    program: &'a Program,
    seed: u64,
    device: Device,
    pipelines: Pipelines,
    slots: Vec<Slot>,
    /// Dispatches submitted, in the order of their paths; they may run ahead of the batch.
    in_flight: VecDeque<InFlight>,
    /// The first path that is not submitted.
    next_path: u64,
    /// Paths up to this one will be asked for.
    end: u64,
    /// Paths of the next dispatch, and most of one.
    n_paths: u32,
    most_paths: u32,
    /// Slices of the positions, a workgroup each.
    n_slices: u32,
    /// Steps of a piece of a coupled path, a dispatch each.
    piece_steps: u32,
}

impl<'a> Gpu<'a> {
    /// Puts a program on an adapter.
    ///
    /// # Errors
    ///
    /// If the device refuses, or the program does not fit its limits.
    pub fn new(
        program: &'a Program,
        seed: u64,
        candidate: &Candidate,
        options: Options,
    ) -> Result<Self, EngineError> {
        Self::with_cache(program, seed, candidate, options, None)
    }

    /// Puts a program on an adapter, with pipelines kept in a folder between runs.
    ///
    /// # Errors
    ///
    /// If the device refuses, or the program does not fit its limits.
    pub fn with_cache(
        program: &'a Program,
        seed: u64,
        candidate: &Candidate,
        options: Options,
        cache_folder: Option<&Path>,
    ) -> Result<Self, EngineError> {
        let device = Device::open(candidate, program, options, cache_folder)?;
        let pipelines = Pipelines {
            simulate: device.pipeline(match program.liquidity {
                None => "simulate",
                Some(_) => "simulate_coupled",
            })?,
            finish: device.pipeline("finish")?,
        };
        device.save_cache();
        let most_paths = Sizes::of(&device, program).most_paths(&device).min(MOST_PATHS.into());
        let n_slices = n_slices(program, candidate, &device);
        let n_steps = program.market.n_steps as u32;
        let piece_steps = if candidate.is_software() { SOFTWARE_PIECE } else { n_steps };
        let most_paths = most_paths as u32;
        let n_paths = FIRST_DISPATCH.min(most_paths);
        Ok(Self {
            program,
            seed,
            device,
            pipelines,
            slots: Vec::new(),
            in_flight: VecDeque::new(),
            next_path: 0,
            end: 0,
            n_paths,
            most_paths,
            n_slices,
            piece_steps,
        })
    }

    /// Destroys the device, as a driver reset would: for tests of what happens then.
    pub fn destroy_device(&self) {
        self.device.device.destroy();
    }

    fn task(&self, first_path: u64, n_paths: u32) -> Task {
        let words = |value: u64| [value as u32, (value >> 32) as u32];
        Task {
            seed: words(self.seed),
            first_path: words(first_path),
            n_paths,
            n_slices: self.n_slices,
            canary: CANARY,
            first_step: 0,
            end_step: self.program.market.n_steps as u32,
        }
    }

    /// A free slot for that many paths.
    fn slot(&mut self, n_paths: u32) -> Result<Slot, EngineError> {
        match self.slots.pop() {
            Some(slot) if slot.n_paths >= n_paths => Ok(slot),
            _ => {
                let scopes = Scopes::begin(&self.device.device);
                let slot = Slot::new(&self.device, self.program, n_paths, self.piece_steps)?;
                scopes.end().map_err(|fault| self.device.fault(fault))?;
                Ok(slot)
            }
        }
    }

    /// Lengthens or shortens dispatches towards what they should take.
    fn tune(&mut self, n_paths: u32, seconds: f64) {
        if n_paths == self.n_paths {
            let factor = (WANTED_SECONDS / seconds.max(1e-6)).clamp(0.25, 4.0);
            let wanted = (f64::from(n_paths) * factor) as u32;
            self.n_paths = wanted.clamp(1, self.most_paths);
        }
    }
}

impl Backend for Gpu<'_> {
    fn name(&self) -> &'static str {
        "gpu"
    }

    fn adapter(&self) -> Option<&str> {
        Some(self.device.label())
    }

    fn expect(&mut self, end: u64) {
        self.end = end;
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        loop {
            let first = self.in_flight.front().map_or(self.next_path, InFlight::start);
            if first != paths.start {
                // Nothing was begun of this batch, or it is begun anew.
                self.in_flight.clear();
                self.next_path = paths.start;
            }
            match self.attempt(paths.clone(), outcomes, counters) {
                Err(EngineError::Device { fault: DeviceFault::CutShort, .. })
                    if self.slice_finer() => {}
                result => return result,
            }
        }
    }
}

impl Gpu<'_> {
    /// Gives each invocation less to do: fewer positions, or fewer steps where those of a path must
    /// stay together; false if it cannot have less.
    fn slice_finer(&mut self) -> bool {
        self.in_flight.clear();
        self.slots.clear();
        self.next_path = u64::MAX;
        if self.program.liquidity.is_some() {
            let can = self.piece_steps > 1;
            self.piece_steps = (self.piece_steps / 4).max(1);
            return can;
        }
        let most = most_slices(&self.device);
        let can = self.n_slices < most;
        self.n_slices = (self.n_slices * 4).min(most);
        can
    }

    /// Runs a batch, or leaves nothing behind.
    fn attempt(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        // Counted apart, so that a failure leaves the caller's counters as they were.
        let mut counted = Counters::new(counters.shape());
        let mut collected = 0;
        let mut last = Instant::now();
        self.submit_from(&paths)?;
        while collected < outcomes.len() {
            let Some(flight) = self.in_flight.pop_front() else { break };
            let n_paths = flight.n_paths();
            let to = &mut outcomes[collected..collected + n_paths as usize];
            let slot = flight.collect(&self.device, to, &mut counted)?;
            collected += n_paths as usize;
            self.slots.push(slot);
            self.submit_from(&paths)?;
            self.tune(n_paths, last.elapsed().as_secs_f64());
            last = Instant::now();
        }
        self.device.check()?;
        counters.merge(&counted);
        Ok(())
    }

    /// Fills the ring, on into the next batch; a dispatch ends where a batch does.
    fn submit_from(&mut self, paths: &Range<u64>) -> Result<(), EngineError> {
        let length = paths.end - paths.start;
        let end = self.end.max(paths.end).min(paths.end + length);
        while self.in_flight.len() < N_SLOTS {
            let start = self.next_path;
            if start >= end {
                break;
            }
            let stop = if start < paths.end { paths.end } else { end };
            let n_paths = u64::from(self.n_paths).min(stop - start) as u32;
            let slot = self.slot(self.n_paths)?;
            let task = self.task(start, n_paths);
            self.in_flight.push_back(slot.submit(&self.device, &self.pipelines, task)?);
            self.next_path = start + u64::from(n_paths);
        }
        Ok(())
    }
}

/// Slices of the positions to begin with.
fn n_slices(program: &Program, candidate: &Candidate, device: &Device) -> u32 {
    if program.liquidity.is_some() {
        return 1;
    }
    let slice = if candidate.is_software() {
        let n_legs = program.legs.len() / program.positions.len().max(1) + 2;
        let walks = SOFTWARE_TURNS / (program.market.n_steps * n_legs);
        let a_lane = (walks / device.kernel.room.paths).max(1);
        a_lane * device.group_size() as usize
    } else {
        HARDWARE_SLICE
    };
    (program.positions.len().div_ceil(slice).max(1) as u32).min(most_slices(device))
}

/// As many slices as give every lane one item.
fn most_slices(device: &Device) -> u32 {
    device.kernel.n_items.div_ceil(device.group_size() as usize).max(1) as u32
}
