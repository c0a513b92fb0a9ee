//! The shape that every price model has: a row of the list, and a part of the compiled market.

use std::ops::Range;

use thiserror::Error;

use super::device::Device;
use crate::lanes::Lanes;
use crate::sound::Unsound;

/// A price model as the list has it.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// Its name: that of its file, and of its functions in WGSL.
    pub name: &'static str,
    /// What it does to prices, in a sentence.
    pub sentence: &'static str,
    /// The keys of a scenario that it follows from.
    pub keys: &'static [&'static str],
    /// Its WGSL, and what that is built on: stems of files, and their texts.
    pub wgsl: &'static [(&'static str, &'static str)],
    /// Where the kernel calls it.
    pub hooks: &'static [Hook],
    /// Models whose WGSL, tables and constants its own reads.
    pub needs: &'static [&'static str],
}

/// Where the kernel calls a model: the function is named after the model and the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// `draw_climate`, `enter_climate`, `in_climate`, `in_transition`: in the place of one state.
    Climate,
    /// `NAME_path(path)`: once a path, by every invocation.
    Path,
    /// `NAME_step(seed, path, step)`: before the assets of a step are moved.
    Step,
    /// `NAME_move(seed, path, step, asset)`: what it adds to the log price in a step.
    Move,
    /// `NAME_log(asset, step, log)`: what the log price is in its place.
    Log,
}

/// Assets, steps and states of a program, which the arrays of its parts are as long as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Assets.
    pub n_assets: usize,
    /// Steps of a path.
    pub n_steps: usize,
    /// States of the climate; 1 without.
    pub n_states: usize,
    /// Prices of the recorded table; 0 without.
    pub n_recorded: usize,
}

/// What a model does to the law of an asset's log2 price in a step, as quantised.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Law {
    /// log2 E[2^dx]: what drift must take away to keep the mean price.
    pub log2_mean: f64,
    /// Most that it may move the log2 price.
    pub largest: f64,
    /// Relative bias of the mean price.
    pub bias: f64,
}

/// A path to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathAt {
    /// Key of the generator.
    pub seed: u64,
    /// Index of the path.
    pub path: u64,
    /// Steps of a path.
    pub n_steps: usize,
}

/// A model's part of the compiled market.
pub trait Part {
    /// Whether it moves any price; else it has no place in the kernel.
    fn is_used(&self) -> bool;
    /// Whether paths differ by what it draws.
    fn is_drawn(&self) -> bool {
        false
    }
    /// Every array that decides a path, named, for the program's digest.
    fn parts(&self) -> Vec<(&'static str, &[u8])>;
    /// Checks what a walk takes for granted.
    ///
    /// # Errors
    ///
    /// The first number, index or length that no compiled market has.
    fn check(&self, size: Size) -> Result<(), Unsound>;
    /// Most that a step moves an asset's log price, lsb 2^-56.
    fn largest_move(&self, _asset: usize) -> i128 {
        0
    }
    /// What it does to the law of an asset's step.
    fn law(&self, _asset: usize) -> Law {
        Law::default()
    }
    /// Draws what all steps of a path share, and all states.
    fn draw(&self, _at: PathAt, _buffer: &mut PathBuffer) {}
    /// Adds what it moves log prices by in some steps of a path.
    fn add(&self, _at: PathAt, _steps: Range<usize>, _buffer: &mut PathBuffer) {}
    /// Declares what its WGSL reads.
    fn declare(&self, size: Size, device: &mut Device<'_>);
}

/// What a path is made of: the increments of every asset, and scratch space for the models.
#[derive(Debug, Clone, Default)]
pub struct PathBuffer {
    /// Increments of log2 prices, lsb 2^-56, asset by asset, `n_steps` each.
    pub increments: Vec<i64>,
    /// log2 prices after each step, Q8.24 rounded to nearest, asset by asset; what the opening's
    /// are say [`super::Octaves`].
    pub logs: Vec<i32>,
    /// Whether some log price met [`super::LOG_CLAMP`].
    pub clamped: bool,
    /// The lanes that fill it.
    pub lanes: Lanes,
    pub(crate) shocks: Vec<i32>,
    /// What the increments of an asset are mixed of: factors, and where their shocks begin.
    pub(crate) mixed: Vec<(i32, usize)>,
    /// The climate: stretches of steps in one state, in their order; one where there is one state.
    pub(crate) stretches: Vec<Stretch>,
    /// The words that decide it, a step each.
    pub(crate) climate_words: Vec<u32>,
}

/// Steps of a path in one state of the climate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The state.
    pub state: usize,
    /// That of the step before the first; of the path's first step its own.
    pub before: usize,
    /// The first step.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// Why a market cannot be put into integers.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MarketError {
    /// A single step may move a price beyond what the format holds.
    #[error(
        "asset {asset}: one step may move the price by a factor of 2^{log2_move:.1}, beyond 2^32: \
         use shorter steps, or lower volatility, drift, jumps or shocks"
    )]
    StepTooLarge {
        /// The asset.
        asset: String,
        /// Largest move, in powers of two.
        log2_move: f64,
    },
    /// More jumps a step than the table of counts holds.
    #[error(
        "asset {asset}: {mean_count} jumps expected in one step, above 64: \
         use shorter steps or a lower jump rate"
    )]
    TooManyJumps {
        /// The asset, or the common clock.
        asset: String,
        /// Expected number in a step.
        mean_count: f64,
    },
    /// Quantisation would move the mean price.
    #[error(
        "asset {asset}: the mean price would be off by {bias:.1e} of itself at the horizon, \
         above 1e-5: use shorter steps or lower volatility"
    )]
    Biased {
        /// The asset.
        asset: String,
        /// Relative bias.
        bias: f64,
    },
}
