//! Rows that Rust and the kernels both read, declared once: 32-bit words only, 64-bit numbers as
//! low and high word.
//!
//! From a declaration follow the Rust struct, its part of a digest, and what
//! `engine::gpu::words` writes for the kernels: the WGSL struct, its stride, the offset of each
//! field, its loader.

use std::borrow::Cow;

use bytemuck::Pod;

/// What a field of a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// A `u32`.
    Word,
    /// An `i32`.
    Signed,
    /// A 64-bit number, low and high word.
    Wide,
}

impl Cell {
    /// Words that it takes.
    #[must_use]
    pub const fn n_words(self) -> usize {
        match self {
            Self::Word | Self::Signed => 1,
            Self::Wide => 2,
        }
    }
}

/// A Rust type that a field of a row may have.
pub trait Held {
    /// What it is to a kernel.
    const CELL: Cell;
}

impl Held for u32 {
    const CELL: Cell = Cell::Word;
}

impl Held for i32 {
    const CELL: Cell = Cell::Signed;
}

impl Held for [u32; 2] {
    const CELL: Cell = Cell::Wide;
}

impl Held for i64 {
    const CELL: Cell = Cell::Wide;
}

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, the same on both sides.
    pub name: &'static str,
    /// What it holds.
    pub cell: Cell,
    /// Words before it.
    pub at: usize,
}

/// A struct that [`rows!`](crate::rows!) declared.
pub trait Row: Pod {
    /// Its name, the same on both sides.
    const NAME: &'static str;
    /// Its fields, in the order of their declaration.
    const FIELDS: &'static [Field];
    /// Words of a row.
    const WORDS: usize = size_of::<Self>() / 4;
}

/// A named array as a part of a digest.
///
/// Rows are hashed column by column, each under its name, and a column that is 0 everywhere says
/// nothing; nor does an empty array. So a row may gain a field, and a program an array, without a
/// new digest of the programs that do not use it.
#[derive(Debug)]
pub struct Part<'a> {
    name: &'static str,
    n: usize,
    columns: Vec<(&'static str, Cow<'a, [u8]>)>,
}

impl<'a> Part<'a> {
    /// Rows, by column.
    #[must_use]
    pub fn rows<R: Row>(name: &'static str, rows: &[R]) -> Self {
        let words: &[u32] = bytemuck::cast_slice(rows);
        let column = |field: &Field| {
            let cells = words.chunks_exact(R::WORDS).map(|row| &row[field.at..]);
            let cells = cells.flat_map(|cell| &cell[..field.cell.n_words()]);
            let is_used = cells.clone().any(|word| *word != 0);
            is_used.then(|| (field.name, cells.flat_map(|word| word.to_le_bytes()).collect()))
        };
        Self { name, n: rows.len(), columns: R::FIELDS.iter().filter_map(column).collect() }
    }

    /// An array of words, as one column without a name.
    #[must_use]
    pub fn words(name: &'static str, bytes: &'a [u8]) -> Self {
        Self { name, n: bytes.len(), columns: vec![("", Cow::Borrowed(bytes))] }
    }

    /// Its name, how many rows or bytes it has, and its columns, each with its name and length.
    pub fn add_to(&self, hasher: &mut blake3::Hasher) {
        if self.n == 0 {
            return;
        }
        hash_bytes(self.name.as_bytes(), hasher);
        for number in [self.n, self.columns.len()] {
            hasher.update(&(number as u64).to_le_bytes());
        }
        for (name, bytes) in &self.columns {
            hash_bytes(name.as_bytes(), hasher);
            hash_bytes(bytes, hasher);
        }
    }
}

fn hash_bytes(bytes: &[u8], hasher: &mut blake3::Hasher) {
    hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
}

/// Declares rows: structs of `u32`, `i32` and 64-bit numbers, each with its docs and further
/// derives.
///
/// ```
/// use shortfall::rows::{Cell, Row};
///
/// shortfall::rows! {
///     /// What a leg owes.
///     pub struct Debt {
///         /// Of which asset.
///         pub asset: u32,
///         /// How much, low and high word.
///         pub amount: [u32; 2],
///     }
/// }
///
/// assert_eq!((Debt::NAME, Debt::WORDS), ("Debt", 3));
/// assert_eq!((Debt::FIELDS[1].cell, Debt::FIELDS[1].at), (Cell::Wide, 1));
/// ```
#[macro_export]
macro_rules! rows {
    ($(
        $(#[$meta:meta])*
        $seen:vis struct $name:ident {
            $($(#[$doc:meta])* $field_seen:vis $field:ident: $held:ty,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::bytemuck::Pod, ::bytemuck::Zeroable)]
        $seen struct $name {
            $($(#[$doc])* $field_seen $field: $held,)*
        }

        impl $crate::rows::Row for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [$crate::rows::Field] = &[$(
                $crate::rows::Field {
                    name: stringify!($field),
                    cell: <$held as $crate::rows::Held>::CELL,
                    at: ::std::mem::offset_of!($name, $field) / 4,
                },
            )*];
        }
    )*};
}

#[cfg(test)]
mod tests {
    use super::*;

    rows! {
        /// One of each.
        struct Mixed {
            /// Signed.
            signed: i32,
            /// Wide, of words.
            words: [u32; 2],
            /// A word.
            word: u32,
            /// Wide, of bytes.
            wide: i64,
        }
    }

    #[test]
    fn fields_stand_where_rust_puts_them() {
        let cells: Vec<_> = Mixed::FIELDS.iter().map(|it| (it.name, it.cell, it.at)).collect();
        let expected = [
            ("signed", Cell::Signed, 0),
            ("words", Cell::Wide, 1),
            ("word", Cell::Word, 3),
            ("wide", Cell::Wide, 4),
        ];
        assert_eq!(cells, expected);
        assert_eq!((Mixed::NAME, Mixed::WORDS), ("Mixed", 6));
        let n_words: usize = Mixed::FIELDS.iter().map(|it| it.cell.n_words()).sum();
        assert_eq!(n_words, Mixed::WORDS);
    }

    fn digest(part: &Part<'_>) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        part.add_to(&mut hasher);
        hasher.finalize()
    }

    #[test]
    fn every_number_and_its_place_is_part_of_a_digest() {
        let none = Mixed { signed: 0, words: [0; 2], word: 0, wide: 0 };
        let rows = [
            none,
            Mixed { signed: -1, ..none },
            Mixed { words: [1, 0], ..none },
            Mixed { words: [0, 1], ..none },
            Mixed { word: 1, ..none },
            Mixed { wide: 1, ..none },
        ];
        let mut digests: Vec<_> =
            rows.iter().map(|row| digest(&Part::rows("a", &[*row]))).collect();
        digests.push(digest(&Part::rows("b", &[none])));
        digests.push(digest(&Part::rows("a", &[none, none])));
        digests.push(digest(&Part::rows("a", &[rows[4], none])));
        digests.push(digest(&Part::rows("a", &[none, rows[4]])));
        digests.push(digest(&Part::rows::<Mixed>("a", &[])));
        for (at, one) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(one), "two of the digests are equal, one of {at}");
        }
    }

    rows! {
        /// A row that has gained a field.
        struct Grown {
            /// As before.
            signed: i32,
            /// New.
            gained: u32,
            /// As before.
            words: [u32; 2],
            /// As before.
            word: u32,
        }

        /// The row before.
        struct Before {
            /// As after.
            signed: i32,
            /// As after.
            words: [u32; 2],
            /// As after.
            word: u32,
        }
    }

    #[test]
    fn a_field_that_nothing_uses_changes_no_digest() {
        let before = Before { signed: -7, words: [8, 9], word: 0 };
        let grown = Grown { signed: -7, gained: 0, words: [8, 9], word: 0 };
        let expected = digest(&Part::rows("it", &[before]));
        assert_eq!(digest(&Part::rows("it", &[grown])), expected);
        assert_ne!(digest(&Part::rows("it", &[Grown { gained: 1, ..grown }])), expected);
        assert_eq!(digest(&Part::words("none", &[])), digest(&Part::rows::<Mixed>("it", &[])));
    }
}
