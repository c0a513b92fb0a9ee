//! Rows that Rust and the kernels both read, declared once: 32-bit words only, 64-bit numbers as
//! low and high word.
//!
//! From a declaration follow the Rust struct, its part of a digest, and what
//! `engine::gpu::words` writes for the kernels: the WGSL struct, its stride, the offset of each
//! field, its loader.

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

/// Rows as a named part of a digest.
pub fn part<'a, R: Row>(name: &'static str, rows: &'a [R]) -> (&'static str, &'a [u8]) {
    (name, bytemuck::cast_slice(rows))
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

    #[test]
    fn a_part_is_the_rows_bytes() {
        let row = Mixed { signed: -1, words: [2, 3], word: 4, wide: -5 };
        let rows = [row, row];
        let (name, bytes) = part("mixed", &rows);
        assert_eq!((name, bytes.len()), ("mixed", 48));
        assert_eq!(bytes[..4], [255; 4]);
    }
}
