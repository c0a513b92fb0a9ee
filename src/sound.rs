//! What a compiled part is held to before a backend walks it: lengths, indices, bounds of numbers.

use thiserror::Error;

/// What a backend would stumble over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsound {
    /// An array of another length than the program asks for.
    #[error("{array} has {found} entries, not {expected}")]
    Length {
        /// Which.
        array: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// An index beyond its array.
    #[error("{index} is {found}, not below {bound}")]
    Index {
        /// Which.
        index: &'static str,
        /// Its value.
        found: usize,
        /// Length of the array that it points into.
        bound: usize,
    },
    /// A number that no compiled program has.
    #[error("{number} is {found}, not between {low} and {high}")]
    Outside {
        /// Which.
        number: &'static str,
        /// Its value.
        found: i128,
        /// It is to be at least this.
        low: i64,
        /// And at most this.
        high: i64,
    },
    /// Two parts that do not go together.
    #[error("{what}: {rule}")]
    Broken {
        /// Which.
        what: &'static str,
        /// What they were to obey.
        rule: &'static str,
    },
}

/// An array of the length that the program asks for.
pub(crate) fn length(array: &'static str, found: usize, expected: usize) -> Result<(), Unsound> {
    if found == expected { Ok(()) } else { Err(Unsound::Length { array, found, expected }) }
}

/// An array of that length, or an empty one.
pub(crate) fn length_or_none(
    array: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), Unsound> {
    if found == 0 { Ok(()) } else { length(array, found, expected) }
}

/// An index below a bound.
pub(crate) fn index(
    index: &'static str,
    found: impl TryInto<usize>,
    bound: usize,
) -> Result<(), Unsound> {
    let found = found.try_into().unwrap_or(usize::MAX);
    if found < bound { Ok(()) } else { Err(Unsound::Index { index, found, bound }) }
}

/// A number from `low` to `high`, both included.
pub(crate) fn between(
    number: &'static str,
    found: impl Into<i128>,
    (low, high): (impl Into<i64>, impl Into<i64>),
) -> Result<(), Unsound> {
    let (found, low, high) = (found.into(), low.into(), high.into());
    if (i128::from(low)..=i128::from(high)).contains(&found) {
        Ok(())
    } else {
        Err(Unsound::Outside { number, found, low, high })
    }
}

/// What is to hold.
pub(crate) fn holds(is_so: bool, what: &'static str, rule: &'static str) -> Result<(), Unsound> {
    if is_so { Ok(()) } else { Err(Unsound::Broken { what, rule }) }
}
