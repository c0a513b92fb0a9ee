//! What the kernel of a coupled program has beside that of others: constants, tables, and the words
//! of a path in the state buffer.

use std::fmt::Write as _;

use super::tables::Tables;
use super::words::Declarations;
use super::words::declare;
use crate::book::action::to_words;
use crate::market::depth::{CURVE_ROWS, CurveRow, OVERBOUGHT, ROW_BITS, SIZE_BITS};
use crate::program::Program;
use crate::program::liquidity::{
    AssetRow, BandRow, CROSS_BITS, DUST, FeedRow, FundRow, Liquidity, MOST_IMPACT, MOST_PART,
    MOST_SLIPPAGE, NONE, PARTS_LOG2,
};
use crate::rows;
use crate::rows::Row;
use crate::tail::{FundAftermath, PathAftermath, aftermath_words};

/// Steps of a window at most: bounds are found anew in each, and clear more of a shorter one.
pub(super) const WINDOW_STEPS: usize = 32;

rows! {
    /// What lasts of a path from one piece of its steps to the next.
    pub(super) struct KeptPath {
        /// Most rounds of a step so far.
        pub(super) most_rounds: u32,
        /// Breached positions that steps have left to the next one.
        pub(super) n_left: [u32; 2],
    }

    /// What lasts of an asset.
    pub(super) struct KeptAsset {
        /// Log price that nothing has moved, with the bits below its unit.
        pub(super) log_carry: [u32; 2],
        /// The part of the size that recovers.
        pub(super) recovering: [u32; 2],
        /// The part that stays.
        pub(super) staying: [u32; 2],
        /// Its own displacement.
        pub(super) own: i32,
        /// Highest log price.
        pub(super) highest: i32,
    }

    /// What lasts of a reading of a price.
    pub(super) struct KeptReading {
        /// Log price as last reported.
        pub(super) reported: i32,
        /// When that was.
        pub(super) reported_at: u32,
    }

    /// What lasts of an instrument.
    pub(super) struct KeptInstrument {
        /// Sum of marks that nothing has moved.
        pub(super) sum_carry: [u32; 2],
        /// Sum of marks as they were.
        pub(super) sum: [u32; 2],
    }

    /// What lasts of a fund.
    pub(super) struct KeptFund {
        /// What it holds.
        pub(super) held: [u32; 2],
        /// The least that it has held.
        pub(super) lowest: [u32; 2],
    }

    /// What the settled opening has left of an asset.
    pub(super) struct StandingAsset {
        /// What it sold and no round has carried to the market yet.
        pub(super) flow: [u32; 2],
        /// The part of the size that recovers.
        pub(super) recovering: [u32; 2],
        /// The part that stays.
        pub(super) staying: [u32; 2],
    }

    /// What it has left of a fund.
    pub(super) struct StandingFund {
        /// What it holds.
        pub(super) held: [u32; 2],
        /// The least that it has held.
        pub(super) lowest: [u32; 2],
    }
}

/// The rows of a coupled program.
fn declare_rows(to: &mut Declarations<'_>) {
    to.table::<AssetRow>();
    to.table::<BandRow>();
    to.table::<CurveRow>();
    to.table::<FeedRow>();
    to.places::<FundRow>();
    to.table::<StandingAsset>();
    to.table::<StandingFund>();
    to.kept::<KeptPath>();
    to.kept::<KeptAsset>();
    to.kept::<KeptReading>();
    to.kept::<KeptInstrument>();
    to.kept::<KeptFund>();
    to.places::<PathAftermath>();
    to.places::<FundAftermath>();
}

/// Where a path's words stand in the state buffer, from its first.
struct StateLayout {
    keys: usize,
    active: usize,
    quantities: usize,
    history: usize,
    kept: usize,
    n_words: usize,
}

impl StateLayout {
    fn of(program: &Program, liquidity: &Liquidity) -> Self {
        let n_positions = program.positions.len();
        let quantities = 3 * n_positions;
        let history = quantities + program.legs.len();
        let n_readings = n_readings(program, liquidity);
        let n_history =
            if has_history(liquidity) { n_readings * program.market.n_steps } else { 0 };
        let n_kept = KeptPath::WORDS
            + KeptAsset::WORDS * program.market.n_assets
            + KeptReading::WORDS * n_readings
            + KeptInstrument::WORDS * program.instruments.len().max(1)
            + KeptFund::WORDS * liquidity.funds.len();
        Self {
            keys: n_positions,
            active: 2 * n_positions,
            quantities,
            history,
            kept: history + n_history,
            n_words: history + n_history + n_kept,
        }
    }
}

/// Words of a path in the state buffer.
pub(super) fn state_words(program: &Program, liquidity: &Liquidity) -> usize {
    StateLayout::of(program, liquidity).n_words
}

/// Memory of a workgroup for the market as it is moved, the venues' funds and the bounds.
pub(super) fn workgroup_bytes(program: &Program, liquidity: &Liquidity) -> usize {
    let n_instruments = program.instruments.len().max(1);
    let n_readings = n_readings(program, liquidity);
    60 * program.market.n_assets
        + 12 * n_readings
        + 24 * n_instruments
        + 16 * liquidity.funds.len()
        + 64
}

/// Readings of prices: one an asset, then those of single venues.
fn n_readings(program: &Program, liquidity: &Liquidity) -> usize {
    liquidity.feeds.len().max(program.market.n_assets)
}

/// What is reported must be remembered only where some of it is read later.
fn has_history(liquidity: &Liquidity) -> bool {
    liquidity.feeds.iter().any(|feed| feed.delay > 0)
}

/// Declares the constants of what couples the positions, and appends its arrays to the tables.
pub(super) fn declare_coupled(
    constants: &mut String,
    tables: &mut Tables,
    program: &Program,
    liquidity: &Liquidity,
) {
    let terms = &liquidity.terms;
    declare_words(constants, program, liquidity);
    declare_rows(&mut Declarations(constants));
    for (name, value) in [
        ("T_ASSETS", tables.push_rows(&liquidity.assets)),
        ("T_BANDS", tables.push_rows(&liquidity.bands)),
        ("T_CROSS", tables.push_i32(&liquidity.cross)),
        ("T_FEEDS", tables.push_rows(&liquidity.feeds)),
        ("T_STALE", tables.push(&liquidity.stale)),
        ("T_FUNDS", tables.push_rows(&liquidity.funds)),
        ("T_CURVES", push_curves(tables, liquidity)),
        ("T_STANDING_ASSETS", tables.push_rows(&standing_assets(liquidity))),
        ("T_STANDING_FUNDS", tables.push_rows(&standing_funds(liquidity))),
    ] {
        declare(constants, name, value);
    }
    for (name, is_so) in [
        ("HAS_DEPTH", !liquidity.curves.is_empty()),
        ("HAS_CROSS", !liquidity.cross.is_empty()),
        ("HAS_FEEDS", !liquidity.feeds.is_empty()),
        ("HAS_STALE", !liquidity.stale.is_empty()),
        ("HAS_HISTORY", has_history(liquidity)),
        ("HAS_GAS", terms.gas() > 0),
        ("IS_LARGEST_FIRST", terms.largest_first == 1),
        ("IS_IN_TURN", terms.in_turn == 1),
        ("IS_DECLINING", terms.decline == 1),
        ("HAS_STANDING", liquidity.standing.is_some()),
    ] {
        let _ = writeln!(constants, "const {name} = {is_so};");
    }
    let _ = writeln!(constants, "const MOST_IMPACT: i32 = {MOST_IMPACT};");
    let _ = writeln!(constants, "const OVERBOUGHT: i32 = {OVERBOUGHT};");
}

fn declare_words(constants: &mut String, program: &Program, liquidity: &Liquidity) {
    let terms = &liquidity.terms;
    let state = StateLayout::of(program, liquidity);
    let used = liquidity.standing.as_ref().map_or(0, |it| it.capital);
    let first_capital = to_words(terms.capital() - used);
    let n_first = terms.per_step - liquidity.standing.as_ref().map_or(0, |it| it.n_events);
    for (name, value) in [
        ("N_FUNDS", liquidity.funds.len()),
        ("N_READINGS", n_readings(program, liquidity)),
        ("AFTERMATH_WORDS", 2 * aftermath_words(liquidity.funds.len())),
        ("CURVE_ROWS", CURVE_ROWS),
        ("S_KEYS", state.keys),
        ("S_ACTIVE", state.active),
        ("S_QUANTITIES", state.quantities),
        ("S_HISTORY", state.history),
        ("S_KEPT", state.kept),
        ("STATE_WORDS", state.n_words),
    ] {
        declare(constants, name, value as u32);
    }
    for (name, value) in [
        ("NONE", NONE),
        ("SIZE_BITS", SIZE_BITS),
        ("ROW_BITS", ROW_BITS),
        ("CROSS_BITS", CROSS_BITS),
        ("PARTS_LOG2", PARTS_LOG2),
        ("DUST", DUST as u32),
        ("PER_STEP", terms.per_step),
        ("ROUNDS", terms.rounds),
        ("MARGIN", terms.margin),
        ("GAS_LO", terms.gas[0]),
        ("GAS_HI", terms.gas[1]),
        ("CAPITAL_LO", terms.capital[0]),
        ("CAPITAL_HI", terms.capital[1]),
        ("FIRST_CAPITAL_LO", first_capital[0]),
        ("FIRST_CAPITAL_HI", first_capital[1]),
        ("FIRST_PER_STEP", n_first),
        ("MOST_PART_LO", MOST_PART as u32),
        ("MOST_PART_HI", (MOST_PART >> 32) as u32),
        ("MOST_SLIPPAGE_LO", MOST_SLIPPAGE as u32),
        ("MOST_SLIPPAGE_HI", (MOST_SLIPPAGE >> 32) as u32),
    ] {
        declare(constants, name, value);
    }
}

/// What the opening has left of each asset.
fn standing_assets(liquidity: &Liquidity) -> Vec<StandingAsset> {
    let Some(standing) = &liquidity.standing else { return Vec::new() };
    let sizes = standing.flows.iter().zip(&standing.recovering).zip(&standing.staying);
    let row = |((flow, recovering), staying): ((&i64, &i64), &i64)| StandingAsset {
        flow: to_words(*flow),
        recovering: to_words(*recovering),
        staying: to_words(*staying),
    };
    sizes.map(row).collect()
}

/// What it has left of each fund.
fn standing_funds(liquidity: &Liquidity) -> Vec<StandingFund> {
    let Some(standing) = &liquidity.standing else { return Vec::new() };
    let funds = standing.funds.iter().zip(&standing.lowest);
    funds
        .map(|(held, lowest)| StandingFund { held: to_words(*held), lowest: to_words(*lowest) })
        .collect()
}

/// Curve by curve, the rows for sales, then those for purchases; where they begin.
fn push_curves(tables: &mut Tables, liquidity: &Liquidity) -> u32 {
    let start = tables.push(&[]);
    for curve in &liquidity.curves {
        for rows in [&curve.sold, &curve.bought] {
            tables.push_rows(rows);
        }
    }
    start
}
