//! The tables that every kernel reads beside those of its price models: shocks, instruments,
//! actions.

use bytemuck::Zeroable;

use super::words::Declarations;
use crate::fixed;
use crate::market::model::{ClockRow, JumpSizesRow};
use crate::program::Program;
use crate::program::layout::InstrumentRow;
use crate::rows;
use crate::rows::Row;

rows! {
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

    pub(super) fn push_i32(&mut self, values: &[i32]) -> u32 {
        self.push(bytemuck::cast_slice(values))
    }

    /// Packs the table of shocks, the instruments and the actions; names and offsets.
    pub(super) fn fill(&mut self, program: &Program) -> Vec<(&'static str, u32)> {
        let mut offsets = vec![("T_NORMAL", self.push(fixed::NORMAL_TABLE.as_flattened()))];
        // The kernel reads one at least: without any it follows the price of the first asset.
        let least = [InstrumentRow::zeroed()];
        let instruments =
            if program.instruments.is_empty() { &least } else { &program.instruments[..] };
        offsets.push(("T_INSTRUMENTS", self.push_rows(instruments)));
        offsets.push(("T_ACTIONS", self.push_rows(&program.actions)));
        offsets
    }
}
