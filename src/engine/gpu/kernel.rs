//! The kernel of a program: its WGSL by concatenation, its constants, its tables.

use std::fmt::Write as _;

use super::bounds::{self, Layout};
use super::coupling;
use super::parts;
use super::room::{Room, Total};
use super::tables::{self, Tables};
use super::wide_rows;
use super::words::{Declarations, declare};
use crate::book::{account, action};
use crate::fixed;
use crate::market::rng;
use crate::program::Program;
use crate::program::layout::{self, LegRow, PositionRow, TierRow};
use crate::rows;
use crate::tail::{self, AMOUNT_WORDS, Counts, Outcome, PositionCount, StepCount};

rows! {
    /// What one dispatch is to do.
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
}

/// 64-bit words where the device has them, pairs of 32-bit words where it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// `SHADER_INT64`.
    Native,
    /// Pairs.
    Emulated,
}

/// The parts of every kernel that stand after the constants, the 64-bit words and the price models;
/// WGSL takes declarations in any order.
pub const PARTS: &[(&str, &str)] = &[
    ("fixed", include_str!("../../../shaders/fixed.wgsl")),
    ("rng", include_str!("../../../shaders/rng.wgsl")),
    ("marks", include_str!("../../../shaders/marks.wgsl")),
    ("account", include_str!("../../../shaders/account.wgsl")),
    ("action", include_str!("../../../shaders/action.wgsl")),
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
        declare_rows(&mut Declarations(&mut constants));
        declare_sizes(&mut constants, program, room, &layout);
        for (name, value) in tables.fill(program).into_iter().chain(layout.fill(&mut tables)) {
            declare(&mut constants, name, value);
        }
        let market = &program.market;
        constants.push_str(&market.declare(&mut tables.words));
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
        let mut source = constants + wide + &market.wgsl();
        for (_, part) in PARTS.iter().chain(other_parts) {
            source.push_str(part);
        }
        parts::push(&mut source, program);
        Some(Self { source, tables: tables.words, room, n_items: layout.n_items() })
    }
}

/// Where the counters of positions, steps and pools begin, and how many words all of them are.
fn counter_places(program: &Program) -> [usize; 4] {
    let steps = PositionCount::WORDS * program.positions.len();
    let pools = steps + StepCount::WORDS * program.market.n_steps;
    [0, steps, pools, pools + AMOUNT_WORDS * program.pools.len()]
}

/// Words of a dispatch's counters; the events by path and step stand behind them.
#[must_use]
pub fn counter_words(program: &Program) -> usize {
    counter_places(program)[3]
}

/// Constants that both sides share, written from the twin's so that they cannot differ.
fn declare_formats(constants: &mut String) {
    for (name, value) in [
        ("ONE_Q30", fixed::ONE_Q30),
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
        ("KIND_STATE", account::KIND_STATE),
        ("PRICE_BY_HEALTH", action::PRICE_BY_HEALTH),
        ("AMOUNT_WORDS", AMOUNT_WORDS as u32),
        ("AMOUNT_UPPER", AMOUNT_WORDS as u32 - 1),
        ("DRAWN_WORDS", rng::DRAWN_WORDS),
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

/// The rows that every kernel knows.
fn declare_rows(to: &mut Declarations<'_>) {
    to.wide();
    to.uniform::<Task>();
    to.bound::<PositionRow>();
    to.bound::<LegRow>();
    to.bound::<TierRow>();
    to.table::<action::Action>();
    to.places::<Outcome>();
    to.places::<Total>();
    to.counts::<PositionCount>();
    to.counts::<StepCount>();
    tables::declare_rows(to);
    bounds::declare_rows(to);
    wide_rows::declare_rows(to);
}

fn declare_sizes(constants: &mut String, program: &Program, room: Room, layout: &Layout) {
    let market = &program.market;
    let n_positions = program.positions.len();
    let [c_positions, c_steps, c_pools, c_events] = counter_places(program);
    let most_legs = program.positions.iter().map(|row| row.n_legs).max().unwrap_or(0);
    let n_instruments = program.instruments.len().max(1);
    for (name, value) in [
        ("N_STEPS", market.n_steps),
        ("N_ASSETS", market.n_assets),
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
        ("C_POSITIONS", c_positions),
        ("C_STEPS", c_steps),
        ("C_POOLS", c_pools),
        ("C_EVENTS", c_events),
    ] {
        declare(constants, name, value as u32);
    }
}
