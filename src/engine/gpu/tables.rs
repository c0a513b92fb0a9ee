//! The tables that every kernel reads: whatever decides prices, the instruments, the actions.

use bytemuck::Zeroable;

use super::words::Declarations;
use crate::fixed;
use crate::market::model::JumpTable;
use crate::program::Program;
use crate::program::layout::InstrumentRow;
use crate::rows;
use crate::rows::Row;

rows! {
    /// The clock of an asset's jumps.
    pub(super) struct ClockRow {
        /// Where its thresholds begin.
        pub(super) thresholds: u32,
        /// How many there are.
        pub(super) n_thresholds: u32,
    }

    /// How far an asset jumps.
    pub(super) struct JumpSizesRow {
        /// Where the means begin, by number of jumps.
        pub(super) means: u32,
        /// Where the deviations begin.
        pub(super) deviations: u32,
        /// Shift of a deviation times a shock.
        pub(super) shift: u32,
        /// 0 for an asset that does not jump.
        pub(super) takes_part: u32,
    }

    /// A segment of the normal quantile: coefficients by degree.
    pub(super) struct NormalRow {
        /// Degree 0.
        pub(super) constant: u32,
        /// Degree 1.
        pub(super) first: u32,
        /// Degree 2.
        pub(super) second: u32,
        /// Degree 3.
        pub(super) third: u32,
        /// Degree 4.
        pub(super) fourth: u32,
    }
}

/// The rows of these tables.
pub(super) fn declare_rows(to: &mut Declarations<'_>) {
    to.places::<InstrumentRow>();
    to.places::<NormalRow>();
    to.table::<ClockRow>();
    to.table::<JumpSizesRow>();
}

/// The tables buffer as it grows.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) words: Vec<u32>,
}

impl Tables {
    /// Appends words; where they begin.
    pub(super) fn push(&mut self, words: &[u32]) -> u32 {
        let start = self.words.len() as u32;
        self.words.extend_from_slice(words);
        start
    }

    /// Appends rows; where they begin.
    pub(super) fn push_rows<R: Row>(&mut self, rows: &[R]) -> u32 {
        self.push(bytemuck::cast_slice(rows))
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
    pub(super) fn fill(&mut self, program: &Program) -> Vec<(&'static str, u32)> {
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
        offsets.extend(self.push_jumps(program));
        let thresholds = &market.common_jumps.clock.thresholds;
        offsets.push(("T_COMMON_THRESHOLDS", self.push(thresholds)));
        offsets.push(("T_COMMON_SIZES", self.push_common_jumps(program)));
        // The kernel reads one at least: without any it follows the price of the first asset.
        let least = [InstrumentRow::zeroed()];
        let instruments =
            if program.instruments.is_empty() { &least } else { &program.instruments[..] };
        offsets.push(("T_INSTRUMENTS", self.push_rows(instruments)));
        offsets.push(("T_ACTIONS", self.push_rows(&program.actions)));
        offsets
    }

    /// The clock and the sizes of each asset's own jumps; without thresholds where it has none.
    fn push_jumps(&mut self, program: &Program) -> [(&'static str, u32); 2] {
        let n_assets = program.market.n_assets;
        let mut clocks = vec![ClockRow::zeroed(); n_assets];
        let mut sizes = vec![JumpSizesRow::zeroed(); n_assets];
        for (asset, clock, of_asset) in &program.market.jumps.assets {
            clocks[*asset as usize] = ClockRow {
                thresholds: self.push(&clock.thresholds),
                n_thresholds: clock.thresholds.len() as u32,
            };
            sizes[*asset as usize] = self.sizes_row(of_asset);
        }
        [("T_CLOCKS", self.push_rows(&clocks)), ("T_JUMP_SIZES", self.push_rows(&sizes))]
    }

    /// The sizes of each asset's jumps on the common clock.
    fn push_common_jumps(&mut self, program: &Program) -> u32 {
        let mut rows = vec![JumpSizesRow::zeroed(); program.market.n_assets];
        for (asset, sizes) in &program.market.common_jumps.assets {
            rows[*asset as usize] = self.sizes_row(sizes);
        }
        self.push_rows(&rows)
    }

    fn sizes_row(&mut self, sizes: &JumpTable) -> JumpSizesRow {
        JumpSizesRow {
            means: self.push_i64(&sizes.means),
            deviations: self.push_i32(&sizes.deviations),
            shift: sizes.shift,
            takes_part: 1,
        }
    }
}
