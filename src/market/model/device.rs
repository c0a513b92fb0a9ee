//! What the WGSL of the models reads on a device: tables one after the other, and constants.

use std::collections::{BTreeMap, btree_map::Entry};
use std::fmt::Write as _;

use crate::rows::Row;

/// Tables and constants of a kernel as the models declare them.
///
/// A model declares its tables once a state of the climate: tables of one name stand one behind the
/// other, state by state, so that an index of the state in front finds its own.
#[derive(Debug)]
pub struct Device<'k> {
    words: &'k mut Vec<u32>,
    tables: BTreeMap<&'static str, Vec<u32>>,
    constants: BTreeMap<&'static str, String>,
}

impl<'k> Device<'k> {
    /// Tables will stand behind these words.
    #[must_use]
    pub fn behind(words: &'k mut Vec<u32>) -> Self {
        Self { words, tables: BTreeMap::new(), constants: BTreeMap::new() }
    }

    /// Words that a row of a table points to; where they begin.
    pub(super) fn push(&mut self, words: &[u32]) -> u32 {
        let start = self.words.len() as u32;
        self.words.extend_from_slice(words);
        start
    }

    /// The same of numbers of 64 bits, low word first.
    pub(super) fn push_wide(&mut self, values: &[i64]) -> u32 {
        self.push(&wide(values))
    }

    /// Appends to the table of that name.
    pub(super) fn table(&mut self, name: &'static str, words: &[u32]) {
        self.tables.entry(name).or_default().extend_from_slice(words);
    }

    /// Appends rows to the table of that name.
    pub(super) fn rows<R: Row>(&mut self, name: &'static str, rows: &[R]) {
        self.table(name, bytemuck::cast_slice(rows));
    }

    /// The same of numbers of 64 bits, low word first.
    pub(super) fn table_wide(&mut self, name: &'static str, values: &[i64]) {
        self.table(name, &wide(values));
    }

    /// The same of signed words.
    pub(super) fn table_signed(&mut self, name: &'static str, values: &[i32]) {
        self.table(name, bytemuck::cast_slice(values));
    }

    /// A constant of type `u32`.
    pub(super) fn word(&mut self, name: &'static str, value: usize) {
        self.constant(name, format!("const {name}: u32 = {value}u;"));
    }

    /// A constant of type `i32`.
    pub(super) fn signed(&mut self, name: &'static str, value: i32) {
        self.constant(name, format!("const {name}: i32 = {value};"));
    }

    /// A constant of type `bool`.
    pub(super) fn flag(&mut self, name: &'static str, is_so: bool) {
        self.constant(name, format!("const {name} = {is_so};"));
    }

    /// All states declare the same.
    fn constant(&mut self, name: &'static str, line: String) {
        match self.constants.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(line);
            }
            Entry::Occupied(entry) => assert_eq!(*entry.get(), line, "one value a constant"),
        }
    }

    /// Puts the tables behind the words; the constants as WGSL, those of where tables begin among
    /// them.
    #[must_use]
    pub fn finish(mut self) -> String {
        for (name, words) in std::mem::take(&mut self.tables) {
            let start = self.push(&words);
            self.word(name, start as usize);
        }
        let mut text = String::new();
        for line in self.constants.values() {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

fn wide(values: &[i64]) -> Vec<u32> {
    values.iter().flat_map(|value| [*value as u32, (*value >> 32) as u32]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_one_name_stand_state_by_state() {
        let mut words = vec![9];
        let mut device = Device::behind(&mut words);
        for state in 0..2 {
            let at = device.push_wide(&[-1 - state]);
            device.table("T_ROWS", &[at]);
            device.table_signed("T_SIGNED", &[-2]);
            device.word("N_ROWS", 1);
        }
        device.flag("HAS_ROWS", true);
        device.signed("LEAST", -3);
        let text = device.finish();
        let expected = "const HAS_ROWS = true;\nconst LEAST: i32 = -3;\n\
                        const N_ROWS: u32 = 1u;\nconst T_ROWS: u32 = 5u;\n\
                        const T_SIGNED: u32 = 7u;\n";
        assert_eq!(text, expected);
        assert_eq!(
            words,
            [9, u32::MAX, u32::MAX, u32::MAX - 1, u32::MAX, 1, 3, u32::MAX - 1, u32::MAX - 1]
        );
    }

    #[test]
    #[should_panic(expected = "one value a constant")]
    fn states_that_differ_in_a_constant_are_a_fault_of_ours() {
        let mut words = Vec::new();
        let mut device = Device::behind(&mut words);
        device.word("N_ROWS", 1);
        device.word("N_ROWS", 2);
    }
}
