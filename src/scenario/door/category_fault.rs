//! What may be wrong with the category that a row of a book names, in words.

use super::spelling::suggest;
use crate::escape::quoted;

/// What is wrong with a position's category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryFault {
    /// The venue has none of that name.
    #[error(
        "= {} names no category of {}: {}",
        quoted(name),
        quoted(venue),
        known_or_remedy(name, known)
    )]
    Unknown {
        /// As written.
        name: String,
        /// The position's venue.
        venue: String,
        /// The categories that it has.
        known: Vec<String>,
    },
    /// Another row of the position names another.
    #[error(
        "= {} and another row of the position names {}: a position is in one category, so write \
         the same in all of its rows, or in the first alone",
        quoted(here),
        quoted(before)
    )]
    Second {
        /// In this row.
        here: String,
        /// In a row before it.
        before: String,
    },
}

fn known_or_remedy(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        return "write [venues.NAME.emodes.CATEGORY] with its assets, or leave the cell empty"
            .into();
    }
    suggest(name, known)
}
