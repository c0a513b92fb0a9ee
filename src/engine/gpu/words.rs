//! What the kernels read and write of rows and counters, written from their declarations, so that
//! no shader types the place of a word.
//!
//! `AssetRow` becomes the struct of that name, its stride `ASSET_WORDS`, the place of each field
//! (`ASSET_CURVE`) and the function `load_asset(at)`.

use std::fmt::Write as _;

use crate::rows::{Cell, Row};
use crate::tail::Counts;

/// Helpers of the loaders: 64-bit numbers of words.
const WIDE: &str = "
const WIDE_WORDS: u32 = 2u;
fn wide_of(words: array<u32, 2>) -> Wide { return wide(words[0], words[1]); }
fn words_of(value: Wide) -> array<u32, 2> {
    return array<u32, 2>(wide_lo(value), wide_hi(value));
}
fn table_wide(at: u32) -> Wide { return wide(tables[at], tables[at + 1u]); }
";

/// A constant that a kernel shares with its program.
pub(super) fn declare(constants: &mut String, name: &str, value: u32) {
    let _ = writeln!(constants, "const {name}: u32 = {value}u;");
}

/// WGSL as it grows.
#[derive(Debug)]
pub(super) struct Declarations<'a>(pub(super) &'a mut String);

impl Declarations<'_> {
    /// The functions that all loaders share.
    pub(super) fn wide(&mut self) {
        self.0.push_str(WIDE);
    }

    /// A row of a buffer of its own: its struct alone.
    pub(super) fn bound<R: Row>(&mut self) {
        let _ = writeln!(self.0, "struct {} {{", R::NAME);
        for field in R::FIELDS {
            let held = match field.cell {
                Cell::Word => "u32",
                Cell::Signed => "i32",
                Cell::Wide => "array<u32, 2>",
            };
            let _ = writeln!(self.0, "    {}: {held},", field.name);
        }
        self.0.push_str("}\n");
    }

    /// A row of a uniform, where arrays are padded: a field a word.
    pub(super) fn uniform<R: Row>(&mut self) {
        let _ = writeln!(self.0, "struct {} {{", R::NAME);
        for field in R::FIELDS {
            let name = field.name;
            let _ = match field.cell {
                Cell::Word => writeln!(self.0, "    {name}: u32,"),
                Cell::Signed => writeln!(self.0, "    {name}: i32,"),
                Cell::Wide => writeln!(self.0, "    {name}_lo: u32,\n    {name}_hi: u32,"),
            };
        }
        self.0.push_str("}\n");
    }

    /// A row among other words: its stride and the places of its fields.
    pub(super) fn places<R: Row>(&mut self) {
        let places = R::FIELDS.iter().map(|field| (field.name, field.at));
        self.named_places(R::NAME, R::WORDS, places);
    }

    /// A row of the tables: its struct, its places, its loader.
    pub(super) fn table<R: Row>(&mut self) {
        self.bound::<R>();
        self.places::<R>();
        self.loader::<R>("tables");
    }

    /// A row of the state of a path: its struct, its places, its loader, and its way back.
    pub(super) fn kept<R: Row>(&mut self) {
        self.bound::<R>();
        self.places::<R>();
        self.loader::<R>("state");
        let (noun, name) = (noun(R::NAME), R::NAME);
        let _ = writeln!(self.0, "fn store_{noun}(at: u32, row: {name}) {{");
        for field in R::FIELDS {
            let (word, name) = (word("state", field.at), field.name);
            let _ = match field.cell {
                Cell::Word => writeln!(self.0, "    {word} = row.{name};"),
                Cell::Signed => writeln!(self.0, "    {word} = bitcast<u32>(row.{name});"),
                Cell::Wide => {
                    let upper = self::word("state", field.at + 1);
                    writeln!(self.0, "    {word} = row.{name}[0];\n    {upper} = row.{name}[1];")
                }
            };
        }
        self.0.push_str("}\n");
    }

    /// Rows laid out column by column, so many of a column together: the places of their columns.
    pub(super) fn columns<R: Row>(&mut self, n_rows: usize) {
        let places = R::FIELDS.iter().map(|field| (field.name, field.at * n_rows));
        self.named_places(R::NAME, R::WORDS * n_rows, places);
    }

    /// A row of the counters.
    pub(super) fn counts<C: Counts>(&mut self) {
        self.named_places(C::NAME, C::WORDS, C::FIELDS.iter().copied());
    }

    fn named_places<'a>(
        &mut self,
        name: &str,
        n_words: usize,
        places: impl Iterator<Item = (&'a str, usize)>,
    ) {
        let noun = noun(name).to_uppercase();
        let _ = writeln!(self.0, "const {noun}_WORDS: u32 = {n_words}u;");
        for (field, at) in places {
            let _ = writeln!(self.0, "const {noun}_{}: u32 = {at}u;", field.to_uppercase());
        }
    }

    fn loader<R: Row>(&mut self, buffer: &str) {
        let (noun, name) = (noun(R::NAME), R::NAME);
        let _ = writeln!(self.0, "fn load_{noun}(at: u32) -> {name} {{\n    return {name}(");
        for field in R::FIELDS {
            let word = word(buffer, field.at);
            let _ = match field.cell {
                Cell::Word => writeln!(self.0, "        {word},"),
                Cell::Signed => writeln!(self.0, "        bitcast<i32>({word}),"),
                Cell::Wide => {
                    let upper = self::word(buffer, field.at + 1);
                    writeln!(self.0, "        array<u32, 2>({word}, {upper}),")
                }
            };
        }
        self.0.push_str("    );\n}\n");
    }
}

/// A word of a buffer, so many beyond `at`.
fn word(buffer: &str, beyond: usize) -> String {
    if beyond == 0 { format!("{buffer}[at]") } else { format!("{buffer}[at + {beyond}u]") }
}

/// `AssetRow` as `asset`, `KeptAsset` as `kept_asset`.
fn noun(name: &str) -> String {
    let name = ["Row", "Column"].iter().find_map(|it| name.strip_suffix(it)).unwrap_or(name);
    let mut noun = String::with_capacity(name.len() + 4);
    for (place, sign) in name.chars().enumerate() {
        if sign.is_ascii_uppercase() && place > 0 {
            noun.push('_');
        }
        noun.push(sign.to_ascii_lowercase());
    }
    noun
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::rows! {
        /// One of each.
        struct MixedRow {
            /// A word.
            word: u32,
            /// Wide.
            wide: [u32; 2],
            /// Signed.
            signed: i32,
        }
    }

    fn written(declare: impl FnOnce(&mut Declarations<'_>)) -> String {
        let mut text = String::new();
        declare(&mut Declarations(&mut text));
        text
    }

    #[test]
    fn a_row_of_the_tables_is_loaded_word_by_word() {
        let expected = "struct MixedRow {
    word: u32,
    wide: array<u32, 2>,
    signed: i32,
}
const MIXED_WORDS: u32 = 4u;
const MIXED_WORD: u32 = 0u;
const MIXED_WIDE: u32 = 1u;
const MIXED_SIGNED: u32 = 3u;
fn load_mixed(at: u32) -> MixedRow {
    return MixedRow(
        tables[at],
        array<u32, 2>(tables[at + 1u], tables[at + 2u]),
        bitcast<i32>(tables[at + 3u]),
    );
}
";
        assert_eq!(written(|it| it.table::<MixedRow>()), expected);
    }

    #[test]
    fn columns_and_uniforms_have_words_of_their_own() {
        let expected = "const MIXED_WORDS: u32 = 128u;
const MIXED_WORD: u32 = 0u;
const MIXED_WIDE: u32 = 32u;
const MIXED_SIGNED: u32 = 96u;
";
        assert_eq!(written(|it| it.columns::<MixedRow>(32)), expected);
        let uniform = written(|it| it.uniform::<MixedRow>());
        assert!(uniform.contains("    wide_lo: u32,\n    wide_hi: u32,\n    signed: i32,"));
    }
}
