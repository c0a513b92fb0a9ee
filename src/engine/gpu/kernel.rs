//! The kernel of a program: its WGSL by concatenation, its constants, its tables.

use std::fmt::Write as _;

use bytemuck::{Pod, Zeroable};

use super::bounds::Layout;
use super::coupling;
use super::room::Room;
use crate::book::{account, action};
use crate::fixed;
use crate::market::model::ZERO_LOG;
use crate::market::rng;
use crate::program::Program;
use crate::program::layout::{self, InstrumentRow};
use crate::tail;

/// What one dispatch is to do.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Task {
    /// Key of the generator, low and high word.
    pub seed: [u32; 2],
    /// First path, low and high word.
    pub first_path: [u32; 2],
    /// Paths.
    pub n_paths: u32,
    /// Slices of the positions, a workgroup each.
    pub n_slices: u32,
    /// A loop that does not turn this often was cut short by the driver.
    pub canary: u32,
    /// First step of a piece of coupled paths; others are walked whole.
    pub first_step: u32,
    /// One past its last.
    pub end_step: u32,
}

/// 64-bit words where the device has them, pairs of 32-bit words where it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// `SHADER_INT64`.
    Native,
    /// Pairs.
    Emulated,
}

/// The parts of every kernel that stand after the constants and the 64-bit words; WGSL takes
/// declarations in any order.
pub const PARTS: &[(&str, &str)] = &[
    ("layout", include_str!("../../../shaders/layout.wgsl")),
    ("fixed", include_str!("../../../shaders/fixed.wgsl")),
    ("rng", include_str!("../../../shaders/rng.wgsl")),
    ("model/diffusion", include_str!("../../../shaders/model/diffusion.wgsl")),
    ("model/jump_table", include_str!("../../../shaders/model/jump_table.wgsl")),
    ("model/jumps", include_str!("../../../shaders/model/jumps.wgsl")),
    ("model/common_jumps", include_str!("../../../shaders/model/common_jumps.wgsl")),
    ("model/shock", include_str!("../../../shaders/model/shock.wgsl")),
    ("model/replay", include_str!("../../../shaders/model/replay.wgsl")),
    ("model/zero", include_str!("../../../shaders/model/zero.wgsl")),
    ("marks", include_str!("../../../shaders/marks.wgsl")),
    ("account", include_str!("../../../shaders/account.wgsl")),
    ("action", include_str!("../../../shaders/action.wgsl")),
    ("action/pro_rata", include_str!("../../../shaders/action/pro_rata.wgsl")),
    ("action/largest_legs", include_str!("../../../shaders/action/largest_legs.wgsl")),
    ("action/close_out", include_str!("../../../shaders/action/close_out.wgsl")),
    ("ledger", include_str!("../../../shaders/ledger.wgsl")),
    ("prices", include_str!("../../../shaders/prices.wgsl")),
    ("walk", include_str!("../../../shaders/walk.wgsl")),
    ("simulate", include_str!("../../../shaders/simulate.wgsl")),
    ("probe", include_str!("../../../shaders/probe.wgsl")),
];

/// What stands beside them where nothing couples the positions of a path.
pub const ALONE_PARTS: &[(&str, &str)] = &[
    ("action/counterparty", include_str!("../../../shaders/action/counterparty.wgsl")),
    ("bounds", include_str!("../../../shaders/bounds.wgsl")),
    ("alone", include_str!("../../../shaders/alone.wgsl")),
];

/// What stands beside them where something does.
pub const COUPLED_PARTS: &[(&str, &str)] = &[
    ("depth", include_str!("../../../shaders/depth.wgsl")),
    ("coupled/market", include_str!("../../../shaders/coupled/market.wgsl")),
    ("coupled/desk", include_str!("../../../shaders/coupled/desk.wgsl")),
    ("coupled/accounts", include_str!("../../../shaders/coupled/accounts.wgsl")),
    ("coupled/bounds", include_str!("../../../shaders/coupled/bounds.wgsl")),
    ("coupled/piece", include_str!("../../../shaders/coupled/piece.wgsl")),
    ("coupled", include_str!("../../../shaders/coupled.wgsl")),
];

const WIDE_NATIVE: &str = include_str!("../../../shaders/wide_native.wgsl");
const WIDE_EMULATED: &str = include_str!("../../../shaders/wide_emulated.wgsl");

/// A kernel, and the tables that it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// The WGSL.
    pub source: String,
    /// The tables buffer.
    pub tables: Vec<u32>,
    /// What a workgroup holds at a time.
    pub room: Room,
    /// What lanes take in turn of the book: positions to bound, and runs of them.
    pub n_items: usize,
}

/// Turns of the loop that finds out whether loops are cut short.
pub const CANARY: u32 = 3;
/// Flag of an outcome whose kernel was cut short; never handed on.
pub const FLAG_CUT_SHORT: u32 = 1 << 31;

/// Words of a position's and of a step's counters.
pub const COUNTER_WORDS: usize = 7;

impl Kernel {
    /// The kernel of a program for workgroups with that many bytes of memory of their own; `None`
    /// if not even one step fits.
    #[must_use]
    pub fn new(program: &Program, words: Words, workgroup_bytes: usize) -> Option<Self> {
        let layout = Layout::of(program);
        let room = Room::of(program, &layout, workgroup_bytes)?;
        let mut tables = Tables::default();
        let mut constants = String::from("// Constants of this program, written by Rust.\n");
        declare_formats(&mut constants);
        declare_sizes(&mut constants, program, room, &layout);
        for (name, value) in tables.fill(program).into_iter().chain(layout.fill(&mut tables)) {
            declare(&mut constants, name, value);
        }
        let market = &program.market;
        let _ = writeln!(constants, "const HAS_SHOCKS = {};", !market.shocks.increments.is_empty());
        let _ = writeln!(constants, "const REPLAY_EACH = {};", market.replay.each == 1);
        let zeros = &market.zeros;
        let _ = writeln!(constants, "const ZERO_LOG: i32 = {ZERO_LOG};");
        let _ = writeln!(constants, "const HAS_DEAD = {};", !zeros.dead_from.is_empty());
        let opening = market.octaves.opening_logs();
        let _ = writeln!(constants, "const HAS_OCTAVES = {};", !opening.is_empty());
        let _ = writeln!(constants, "const HAS_ZERO_ROWS = {};", !zeros.rows.is_empty());
        let is_whole = room.window >= market.n_steps;
        let _ = writeln!(constants, "const IS_WHOLE = {is_whole};");
        let _ = writeln!(constants, "const IS_COUPLED = {};", program.liquidity.is_some());
        let mut other_parts = ALONE_PARTS;
        if let Some(liquidity) = &program.liquidity {
            coupling::declare_coupled(&mut constants, &mut tables, program, liquidity);
            other_parts = COUPLED_PARTS;
        }
        let wide = match words {
            Words::Native => WIDE_NATIVE,
            Words::Emulated => WIDE_EMULATED,
        };
        let mut source = constants + wide;
        for (_, part) in PARTS.iter().chain(other_parts) {
            source.push_str(part);
        }
        Some(Self { source, tables: tables.words, room, n_items: layout.n_items() })
    }
}

/// Words of a dispatch's counters; the events by path and step stand behind them.
#[must_use]
pub fn counter_words(program: &Program) -> usize {
    let n_rows = program.positions.len() + program.market.n_steps;
    COUNTER_WORDS * n_rows + 3 * program.pools.len()
}

pub(super) fn declare(constants: &mut String, name: &str, value: u32) {
    let _ = writeln!(constants, "const {name}: u32 = {value}u;");
}

/// Constants that both sides share, written from the twin's so that they cannot differ.
fn declare_formats(constants: &mut String) {
    for (name, value) in [
        ("ONE_Q31", fixed::ONE_Q31),
        ("SMALL_MARK", fixed::SMALL_MARK),
        ("MULTIPLIER_0", rng::MULTIPLIER_0),
        ("MULTIPLIER_1", rng::MULTIPLIER_1),
        ("WEYL_0", rng::WEYL_0),
        ("WEYL_1", rng::WEYL_1),
        ("BLOCK_DIFFUSION", rng::BLOCK_DIFFUSION),
        ("BLOCK_JUMPS", rng::BLOCK_JUMPS),
        ("BLOCK_COMMON_JUMPS", rng::BLOCK_COMMON_JUMPS),
        ("BLOCK_FACTORS", rng::BLOCK_FACTORS),
        ("KIND_COLLATERAL", account::KIND_COLLATERAL),
        ("KIND_DEBT", account::KIND_DEBT),
        ("KIND_PERP", account::KIND_PERP),
        ("ACTION_PRO_RATA", action::ACTION_PRO_RATA),
        ("ACTION_LARGEST_LEGS", action::ACTION_LARGEST_LEGS),
        ("ACTION_CLOSE_OUT", action::ACTION_CLOSE_OUT),
        ("ACTION_WORDS", (size_of::<action::Action>() / 4) as u32),
        ("INSTRUMENT_PRICE", layout::INSTRUMENT_PRICE),
        ("FLAG_SATURATED", tail::SATURATED),
        ("FLAG_SMALL_MARK", tail::SMALL_MARK),
    ] {
        declare(constants, name, value);
    }
    for (degree, coefficient) in fixed::EXP2.iter().enumerate() {
        declare(constants, &format!("EXP2_{degree}"), *coefficient);
    }
}

fn declare_sizes(constants: &mut String, program: &Program, room: Room, layout: &Layout) {
    let market = &program.market;
    let replay = &market.replay;
    let n_positions = program.positions.len();
    let most_legs = program.positions.iter().map(|row| row.n_legs).max().unwrap_or(0);
    let [n_own, n_common] = market.diffusion.n_shocks();
    let n_instruments = program.instruments.len().max(1);
    for (name, value) in [
        ("N_STEPS", market.n_steps),
        ("N_ASSETS", market.n_assets),
        ("N_SHOCKS", n_own),
        ("N_FACTOR_SHOCKS", n_common),
        ("N_COLUMNS", market.diffusion.n_columns()),
        ("N_FACTORS", market.diffusion.n_factors()),
        ("N_INSTRUMENTS", n_instruments),
        ("N_RATIOS", layout.n_ratios()),
        ("N_ROWS", n_instruments + layout.n_ratios()),
        ("N_POSITIONS", n_positions),
        ("N_LEGS", program.legs.len()),
        ("MAX_LEGS", most_legs.max(2) as usize),
        ("PATHS", room.paths),
        ("WINDOW", room.window),
        ("DRAWN", room.drawn),
        ("CHUNK", room.chunk),
        ("N_CHUNKS", room.drawn.div_ceil(room.chunk)),
        ("N_LISTED", room.listed),
        ("N_COMMON_THRESHOLDS", market.common_jumps.clock.thresholds.len()),
        ("N_REPLAY_ROWS", replay.n_rows),
        ("N_REPLAY_WINDOWS", replay.n_windows.max(1) as usize),
        ("REPLAY_MULTIPLIER", replay.multiplier as usize),
        ("REPLAY_STRIDE", replay.stride as usize),
        ("REPLAY_START", replay.start_row as usize),
        ("C_POSITIONS", 0),
        ("C_STEPS", COUNTER_WORDS * n_positions),
        ("C_POOLS", COUNTER_WORDS * (n_positions + market.n_steps)),
        ("C_EVENTS", counter_words(program)),
    ] {
        declare(constants, name, value as u32);
    }
}

/// The tables buffer as it grows.
#[derive(Debug, Default)]
pub(super) struct Tables {
    words: Vec<u32>,
}

impl Tables {
    /// Appends words; where they begin.
    pub(super) fn push(&mut self, words: &[u32]) -> u32 {
        let start = self.words.len() as u32;
        self.words.extend_from_slice(words);
        start
    }

    fn push_i64(&mut self, values: &[i64]) -> u32 {
        let start = self.words.len() as u32;
        self.words.extend(values.iter().flat_map(|value| [*value as u32, (*value >> 32) as u32]));
        start
    }

    pub(super) fn push_i32(&mut self, values: &[i32]) -> u32 {
        self.push(bytemuck::cast_slice(values))
    }

    /// Packs everything that decides prices, the instruments and the actions; names and offsets.
    fn fill(&mut self, program: &Program) -> Vec<(&'static str, u32)> {
        let market = &program.market;
        let mut offsets = vec![
            ("T_NORMAL", self.push(fixed::NORMAL_TABLE.as_flattened())),
            ("T_DRIFT", self.push_i64(&market.drift)),
            ("T_FACTOR", self.push_i32(&market.diffusion.factor)),
            ("T_LOADINGS", self.push_i32(&market.diffusion.loadings)),
            ("T_SHIFTS", self.push(&market.diffusion.shifts)),
            ("T_SHOCKS", self.push_i64(&market.shocks.increments)),
            ("T_REPLAY", self.push_i64(&market.replay.logs)),
        ];
        let mut columns = vec![0; market.n_assets];
        for (asset, column) in market.replay.assets.iter().zip(1..) {
            columns[*asset as usize] = column;
        }
        offsets.push(("T_REPLAY_COLUMNS", self.push(&columns)));
        offsets.push(("T_DEAD_FROM", self.push(&market.zeros.dead_from)));
        offsets.push(("T_ZERO_ROWS", self.push(&market.zeros.rows)));
        offsets.push(("T_OPENING_LOGS", self.push_i32(&market.octaves.opening_logs())));
        offsets.push(("T_JUMPS", self.push_jumps(program)));
        let thresholds = &market.common_jumps.clock.thresholds;
        offsets.push(("T_COMMON_THRESHOLDS", self.push(thresholds)));
        offsets.push(("T_COMMON", self.push_common_jumps(program)));
        // The kernel reads one at least: without any it follows the price of the first asset.
        let least = [InstrumentRow::zeroed()];
        let instruments =
            if program.instruments.is_empty() { &least } else { &program.instruments[..] };
        offsets.push(("T_INSTRUMENTS", self.push(bytemuck::cast_slice(instruments))));
        offsets.push(("T_ACTIONS", self.push(bytemuck::cast_slice(&program.actions))));
        offsets
    }

    /// Five words an asset: thresholds, their number, means, deviations, shift.
    fn push_jumps(&mut self, program: &Program) -> u32 {
        let mut rows = vec![[0; 5]; program.market.n_assets];
        for (asset, clock, sizes) in &program.market.jumps.assets {
            rows[*asset as usize] = [
                self.push(&clock.thresholds),
                clock.thresholds.len() as u32,
                self.push_i64(&sizes.means),
                self.push_i32(&sizes.deviations),
                sizes.shift,
            ];
        }
        self.push(rows.as_flattened())
    }

    /// Four words an asset: means, deviations, shift, whether it takes part.
    fn push_common_jumps(&mut self, program: &Program) -> u32 {
        let mut rows = vec![[0; 4]; program.market.n_assets];
        for (asset, sizes) in &program.market.common_jumps.assets {
            rows[*asset as usize] =
                [self.push_i64(&sizes.means), self.push_i32(&sizes.deviations), sizes.shift, 1];
        }
        self.push(rows.as_flattened())
    }
}
