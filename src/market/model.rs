//! Price models: compiled to integers once, then adding their increments to a path.
//!
//! A path is the sum of what its models contribute, in log2 of the price with lsb 2^-56:
//! drift + diffusion + own jumps + common jumps + shocks + history. Each model draws its words from
//! blocks of its own, so that adding one changes no word of another.
//!
//! Prices may depend on a climate: an index of states that a pure function of seed and path draws
//! before them. Each state has tables of its own, and drifts by the state before as well; a market
//! without a climate is one of one state, and its kernel knows of no index.
//!
//! A model is a file with its shape ([`Part`]), its row ([`Model`]) and its WGSL, and a line of
//! [`MODELS`]; from the list follow compiling, the walk, the digest, the checks of a program that
//! was read, and what the kernel holds and calls.

mod calls;
mod common_jumps;
mod device;
mod diffusion;
mod format;
mod jump_table;
mod jumps;
mod octaves;
mod part;
mod regimes;
mod replay;
mod shock;
mod state;
mod zero;

use serde::{Deserialize, Serialize};

use super::Market;
use super::climate::MOST_STATES;
use crate::sound::{Unsound, between, holds, index, length};
use format::MARK_BIAS;

pub use common_jumps::CommonJumpTable;
pub use device::Device;
pub use diffusion::Diffusion;
pub use format::{LOG_CLAMP, MAX_BIAS};
pub(crate) use format::{LOG2_E, MAX_STEP, unit};
pub use jump_table::{ClockRow, JumpSizesRow, JumpTable, PoissonTable};
pub use jumps::JumpTables;
pub use octaves::Octaves;
pub use part::{Hook, Law, MarketError, Model, Part, PathAt, PathBuffer, Size, Stretch};
pub use regimes::RegimeTable;
pub use replay::ReplayTable;
pub use shock::ShockTable;
pub use state::StateTables;
pub use zero::{ZERO_LOG, ZeroTable};

/// Where a model's part of a compiled market stands.
#[derive(Debug, Clone, Copy)]
pub enum Home {
    /// In each state of the climate.
    State(fn(&StateTables) -> &dyn Part),
    /// Beside the states.
    Path(fn(&CompiledMarket) -> &dyn Part),
}

/// Every price model, in the order in which they are added up, digested and declared.
pub const MODELS: &[(Model, Home)] = &[
    (diffusion::MODEL, Home::State(|state| &state.diffusion)),
    (jumps::MODEL, Home::State(|state| &state.jumps)),
    (common_jumps::MODEL, Home::State(|state| &state.common_jumps)),
    (shock::MODEL, Home::Path(|market| &market.shocks)),
    (replay::MODEL, Home::Path(|market| &market.replay)),
    (zero::MODEL, Home::Path(|market| &market.zeros)),
    (regimes::MODEL, Home::Path(|market| &market.regimes)),
];

/// What rounding of all coefficients may add to the largest move of a step.
const ROUNDED: i64 = 1 << 48;

/// The market as integers: what a path's prices follow from, with its seed and index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompiledMarket {
    /// Steps of a path.
    pub n_steps: usize,
    /// Assets.
    pub n_assets: usize,
    /// When the climate changes; empty where it has one state.
    pub regimes: RegimeTable,
    /// What moves prices in each state of the climate; one at least.
    pub states: Vec<StateTables>,
    /// Deterministic moves by step; empty without.
    pub shocks: ShockTable,
    /// Recorded history; empty without.
    pub replay: ReplayTable,
    /// Where prices are 0; empty for nowhere.
    pub zeros: ZeroTable,
    /// By how many octaves marks are coarser, so that they hold what prices may rise to.
    pub octaves: Octaves,
    /// Worst relative bias of a mean price over the horizon; at most [`MAX_BIAS`].
    pub worst_bias: f64,
}

/// Puts a market into integers.
///
/// # Errors
///
/// If a step is too large for the formats, or the mean price would be biased.
pub fn compile(
    market: &Market,
    n_steps: u32,
    step_years: f64,
) -> Result<CompiledMarket, MarketError> {
    let in_states: Vec<Market> =
        (0..market.n_states()).map(|state| market.in_state(state)).collect();
    let states = in_states.iter().map(|market| StateTables::compile(market, step_years));
    let mut compiled = CompiledMarket {
        n_steps: n_steps as usize,
        n_assets: market.assets.len(),
        regimes: RegimeTable::compile(market, step_years),
        states: states.collect::<Result<_, _>>()?,
        shocks: ShockTable::compile(market, n_steps, step_years),
        replay: ReplayTable::compile(market, n_steps),
        zeros: ZeroTable::compile(market, step_years),
        octaves: Octaves::default(),
        worst_bias: 0.0,
    };
    let mut highest_drifts = vec![f64::NEG_INFINITY; market.assets.len()];
    for (state, in_state) in in_states.iter().enumerate() {
        let entries = market.entries(state);
        let drifts = compiled.log2_drifts((state, in_state), &entries, step_years)?;
        for before in 0..in_states.len() {
            let entries = entries.iter().map(|entry| if before == state { 0.0 } else { *entry });
            let drifts = drifts.iter().zip(entries).map(|(drift, entry)| drift + entry);
            let quantised = drifts.map(|drift| libm::round(drift * unit()) as i64);
            compiled.states[state].drift.extend(quantised);
        }
        for (highest, drift) in highest_drifts.iter_mut().zip(drifts) {
            *highest = highest.max(drift);
        }
    }
    compiled.octaves = Octaves::compile(market, n_steps, step_years, &highest_drifts);
    Ok(compiled)
}

/// Adds increments up to log prices from that at the opening, Q8.24, rounded to their upper words;
/// whether one met [`LOG_CLAMP`].
fn add_up(opening: i32, increments: &[i64], logs: &mut [i32]) -> bool {
    const RUN: usize = 64;
    let mut clamped = false;
    // Half a unit of 2^-24 to begin with: the upper word is then rounded, not cut.
    let mut log = (i64::from(opening) << 32) + (1 << 31);
    for (increments, logs) in increments.chunks(RUN).zip(logs.chunks_mut(RUN)) {
        // A run of increments from -2^54 to 2^54 - 1 moves a log by 2^60 at most.
        let far = increments.iter().fold(0, |far, it| far | it.wrapping_add(1 << 54));
        if far as u64 >> 55 == 0 && log.unsigned_abs() < LOG_CLAMP as u64 / 2 {
            for (increment, upper) in increments.iter().zip(logs) {
                log += increment;
                *upper = (log >> 32) as i32;
            }
            continue;
        }
        for (increment, upper) in increments.iter().zip(logs) {
            log += increment;
            if log.unsigned_abs() > LOG_CLAMP as u64 {
                log = log.clamp(-LOG_CLAMP, LOG_CLAMP);
                clamped = true;
            }
            *upper = (log >> 32) as i32;
        }
    }
    clamped
}

impl CompiledMarket {
    /// The parts of a model, one a state where states have their own.
    fn parts_of(&self, home: &Home) -> Vec<&dyn Part> {
        match home {
            Home::State(part) => self.states.iter().map(part).collect(),
            Home::Path(part) => vec![part(self)],
        }
    }

    /// All parts in a state.
    fn in_state(&self, state: usize) -> impl Iterator<Item = &dyn Part> {
        MODELS.iter().map(move |(_, home)| match home {
            Home::State(part) => part(&self.states[state]),
            Home::Path(part) => part(self),
        })
    }

    /// The drifts of a step in a state, log2, without what entering it adds: what keeps the mean
    /// price where the scenario wants it. Finds the worst bias beside them.
    fn log2_drifts(
        &mut self,
        (state, market): (usize, &Market),
        entries: &[f64],
        step_years: f64,
    ) -> Result<Vec<f64>, MarketError> {
        let mut drifts = Vec::with_capacity(self.n_assets);
        for (idx, (asset, entry)) in market.assets.iter().zip(entries).enumerate() {
            let laws = || self.in_state(state).map(|part| part.law(idx));
            let name = || asset.name.clone();
            let compensation = laws().fold(0.0, |sum, law| sum + law.log2_mean);
            let drift = asset.drift * step_years * LOG2_E - compensation;
            let largest = laws().fold(drift.abs(), |sum, law| sum + law.largest) + entry.abs();
            if largest * unit() > MAX_STEP {
                return Err(MarketError::StepTooLarge { asset: name(), log2_move: largest });
            }
            let a_step = laws().fold(0.0, |sum, law| sum + law.bias);
            let bias = self.n_steps as f64 * (a_step + 1.0 / unit()) + MARK_BIAS;
            if bias > MAX_BIAS {
                return Err(MarketError::Biased { asset: name(), bias });
            }
            self.worst_bias = self.worst_bias.max(bias);
            drifts.push(drift);
        }
        Ok(drifts)
    }

    fn size(&self) -> Size {
        Size {
            n_assets: self.n_assets,
            n_steps: self.n_steps,
            n_states: self.states.len(),
            n_recorded: self.replay.logs.len(),
        }
    }

    /// Whether paths differ by what they draw.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        MODELS.iter().any(|(_, home)| self.parts_of(home).iter().any(|part| part.is_drawn()))
    }

    /// A buffer of the right size.
    #[must_use]
    pub fn buffer(&self) -> PathBuffer {
        PathBuffer {
            increments: vec![0; self.n_assets * self.n_steps],
            logs: vec![0; self.n_assets * self.n_steps],
            shocks: vec![0; self.n_shocks() * self.n_steps],
            stretches: vec![Stretch { state: 0, before: 0, start: 0, end: self.n_steps }],
            ..PathBuffer::default()
        }
    }

    /// Shocks of a step, which all states share.
    fn n_shocks(&self) -> usize {
        self.states[0].diffusion.n_shocks().iter().sum()
    }

    /// Common factors of the diffusion.
    #[must_use]
    pub fn n_factors(&self) -> usize {
        self.states.first().map_or(0, |state| state.diffusion.n_factors())
    }

    /// The climate of a path, as stretches of steps in a state.
    #[must_use]
    pub fn climate(&self, seed: u64, path: u64) -> Vec<Stretch> {
        let mut buffer = self.buffer();
        self.regimes.draw(PathAt { seed, path, n_steps: self.n_steps }, &mut buffer);
        buffer.stretches
    }

    /// Walks the prices of a path: `buffer.logs` afterwards holds its log prices.
    pub fn walk(&self, seed: u64, path: u64, buffer: &mut PathBuffer) {
        let at = PathAt { seed, path, n_steps: self.n_steps };
        // What is drawn is the same in all states, and none has another number of shocks.
        self.in_state(0).for_each(|part| part.draw(at, buffer));
        for idx in 0..buffer.stretches.len() {
            let stretch = buffer.stretches[idx];
            let state = &self.states[stretch.state];
            state.begin(stretch, self.n_steps, &mut buffer.increments);
            for part in of_states() {
                part(state).add(at, stretch.start..stretch.end, buffer);
            }
        }
        for (_, home) in MODELS {
            if let Home::Path(part) = home {
                part(self).add(at, 0..self.n_steps, buffer);
            }
        }
        buffer.clamped = false;
        let rows = buffer.increments.chunks_exact(self.n_steps);
        let rows = rows.zip(buffer.logs.chunks_exact_mut(self.n_steps)).enumerate();
        for (asset, (increments, logs)) in rows {
            buffer.clamped |= add_up(self.octaves.opening_log(asset), increments, logs);
        }
        let window = (&*self.replay.assets, self.replay.start_row_of(path));
        self.zeros.mask(&mut buffer.logs, self.n_steps, window);
    }

    /// Every array that decides a path, named, for the program's digest.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, &[u8])> {
        // A program without a state is refused, but only after it was told by its digest.
        if self.states.is_empty() {
            return Vec::new();
        }
        let drift =
            |state: usize| ("market.drift", bytemuck::cast_slice(&self.states[state].drift));
        let mut parts = vec![drift(0)];
        parts.extend(self.in_state(0).flat_map(Part::parts));
        parts.extend(self.octaves.parts());
        // Drifts tell where the parts of a further state begin.
        for state in 1..self.states.len() {
            parts.push(drift(state));
            parts.extend(of_states().flat_map(|part| part(&self.states[state]).parts()));
        }
        parts
    }

    /// Checks what a walk takes for granted: tables of their lengths, shifts below the width, sums
    /// of increments that fit. That there is a step and an asset, and not too many of both, the
    /// caller has seen.
    ///
    /// # Errors
    ///
    /// The first number, index or length that no compiled market has.
    pub fn check(&self) -> Result<(), Unsound> {
        let n_states = self.states.len();
        index("n_states", n_states.wrapping_sub(1), MOST_STATES)?;
        self.octaves.check(self.n_assets)?;
        let is_bias = (0.0..=MAX_BIAS).contains(&self.worst_bias);
        holds(is_bias, "worst_bias", "at least 0 and at most 1e-5")?;
        for (state, tables) in self.states.iter().enumerate() {
            length("drift", tables.drift.len(), n_states * self.n_assets)?;
            self.in_state(state).try_for_each(|part| part.check(self.size()))?;
            length("n_factors", tables.diffusion.n_factors(), self.n_factors())?;
            // No sum of an increment and a clamped log then overflows.
            for asset in 0..self.n_assets {
                let drifts = tables.drift.iter().skip(asset).step_by(self.n_assets);
                let drift = drifts.map(|it| i128::from(it.unsigned_abs())).max().unwrap_or(0);
                let moves = self.in_state(state).map(|part| part.largest_move(asset));
                let most = moves.fold(drift, |sum, it| sum + it);
                between("the largest move of a step", most, (0, MAX_STEP as i64 + ROUNDED))?;
            }
        }
        Ok(())
    }

    /// Whether a model moves a price.
    fn is_used(&self, home: &Home) -> bool {
        self.parts_of(home).iter().any(|part| part.is_used())
    }

    fn used(&self) -> impl Iterator<Item = &'static Model> {
        MODELS.iter().filter(|(_, home)| self.is_used(home)).map(|(model, _)| model)
    }

    /// The models that a kernel of this market holds: those that move a price, and those that
    /// their WGSL reads.
    fn held(&self) -> impl Iterator<Item = &'static (Model, Home)> {
        let is_needed = |name| self.used().any(|user| user.needs.contains(&name));
        MODELS.iter().filter(move |(model, home)| self.is_used(home) || is_needed(model.name))
    }

    /// Appends to the words of a kernel what its models read; their constants as WGSL.
    #[must_use]
    pub fn declare(&self, words: &mut Vec<u32>) -> String {
        let mut device = Device::behind(words);
        for state in &self.states {
            device.table_wide("T_DRIFT", &state.drift);
        }
        self.octaves.declare(&mut device);
        for part in self.held().flat_map(|(_, home)| self.parts_of(home)) {
            part.declare(self.size(), &mut device);
        }
        device.finish()
    }

    /// The WGSL of the models that a kernel holds, and the functions that call them.
    #[must_use]
    pub fn wgsl(&self) -> String {
        let held: Vec<&Model> = self.held().map(|(model, _)| model).collect();
        let used: Vec<&Model> = self.used().collect();
        calls::wgsl(&held, &used)
    }
}

/// The parts that stand in a state.
fn of_states() -> impl Iterator<Item = fn(&StateTables) -> &dyn Part> {
    MODELS.iter().filter_map(|(_, home)| match home {
        Home::State(part) => Some(*part),
        Home::Path(_) => None,
    })
}

#[cfg(test)]
mod tests;
