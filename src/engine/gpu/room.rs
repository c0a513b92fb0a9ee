//! How a workgroup's memory is shared out: how many paths it walks at once, over how many steps.

use super::bounds::Layout;
use super::coupling;
use crate::program::Program;
use crate::rows;
use crate::rows::Row;

/// Paths of a workgroup at most: what is read of a position serves all of them, and an invocation
/// keeps a sum for each in registers.
const MOST_PATHS: usize = 4;
/// Steps that are drawn at a time at most, one an invocation of the usual workgroup.
const MOST_DRAWN: usize = 64;
/// Steps at least that an invocation of a scan adds up by itself: fewer leave it more sums of
/// others to add than steps of its own.
const LEAST_CHUNK: usize = 8;
/// Survivors that wait to be walked at most.
const N_LISTED: usize = 256;

rows! {
    /// Sums of a path as a workgroup adds them up.
    pub struct Total {
        /// As [`crate::tail::Outcome::realised`].
        pub realised: [u32; 2],
        /// As [`crate::tail::Outcome::stranded`].
        pub stranded: [u32; 2],
        /// As [`crate::tail::Outcome::under_water`].
        pub under_water: [u32; 2],
        /// As [`crate::tail::Outcome::liquidated`].
        pub liquidated: [u32; 2],
        /// As [`crate::tail::PathAftermath::backlog`].
        pub backlog: [u32; 2],
    }
}

/// Words of a path's sums, of its two counts and its flags, and of the extremes of all its prices.
const TOTALS: usize = Total::WORDS + 5;

/// What a workgroup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Paths walked at once.
    pub paths: usize,
    /// Steps of all of them whose marks stand at a time.
    pub window: usize,
    /// Steps of one path whose increments stand at a time.
    pub drawn: usize,
    /// Steps that an invocation adds up by itself.
    pub chunk: usize,
    /// Survivors that wait to be walked.
    pub listed: usize,
}

impl Room {
    /// Shares out that many bytes; `None` if not even one step fits.
    ///
    /// Whole horizons come first, since one bound then clears all steps; then as many paths as
    /// fit. Where a horizon does not fit, a path is walked in windows of steps as long as each
    /// other.
    pub(super) fn of(program: &Program, layout: &Layout, bytes: usize) -> Option<Self> {
        let n_assets = program.market.n_assets;
        let n_instruments = program.instruments.len().max(1);
        let mut most_window = program.market.n_steps;
        let mut fixed = 12 * n_assets + 8 * n_instruments;
        let listed = match &program.liquidity {
            Some(liquidity) => {
                fixed += coupling::workgroup_bytes(program, liquidity);
                most_window = most_window.min(coupling::WINDOW_STEPS);
                0
            }
            None => N_LISTED,
        };
        fixed += 4 * (listed + 1);
        let a_path = 4 * TOTALS + 16 * (n_instruments + layout.n_ratios());
        // Maps and states of a climate, and what they go on from.
        let has_climate = program.market.states.len() > 1;
        let climate =
            |drawn, n_chunks| if has_climate { 4 * (2 * drawn + n_chunks + 2) } else { 0 };
        let room = |paths, window: usize| {
            // Coupled paths read log prices of a whole window where they were drawn.
            let drawn = if listed == 0 { window } else { window.min(MOST_DRAWN) };
            let chunk = LEAST_CHUNK.max((drawn * n_assets).div_ceil(MOST_DRAWN));
            let n_chunks = drawn.div_ceil(chunk);
            let drawing = 8 * n_assets * (drawn + n_chunks) + climate(drawn, n_chunks);
            let needed = fixed + drawing + paths * (a_path + 4 * n_instruments * window);
            (needed <= bytes).then_some(Self { paths, window, drawn, chunk, listed })
        };
        let most_paths = if listed == 0 { 1 } else { MOST_PATHS };
        let whole = (1..=most_paths).rev().find_map(|paths| room(paths, most_window));
        whole.or_else(|| {
            let longest = (1..most_window).rev().find(|window| room(1, *window).is_some())?;
            let n_windows = program.market.n_steps.div_ceil(longest);
            let even = program.market.n_steps.div_ceil(n_windows);
            (1..=even).rev().find_map(|window| room(1, window))
        })
    }
}
