//! What no input may be: too large, named so that it deceives, out of reach.

use crate::escape::{line, quoted};

/// A limit that an input goes beyond.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// A name that is longer than any table shows.
    #[error(
        "= {} is a name of {} bytes, not at most {most}: shorten it", quoted(name), name.len()
    )]
    LongName {
        /// As written.
        name: String,
        /// How many bytes there may be.
        most: usize,
    },
    /// A name with a character that acts on what shows it.
    #[error(
        "= {} holds {}, which is not seen and acts on what shows it: write the name without it",
        quoted(name),
        sign.escape_unicode()
    )]
    HiddenCharacter {
        /// As written.
        name: String,
        /// The first such character.
        sign: char,
    },
    /// An input beyond the bound of its size.
    #[error("has more than {most} {what}: {remedy}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        most: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// A product of two sizes beyond its bound.
    #[error("{n} {what} are more than {most}: {remedy}")]
    TooManyTogether {
        /// As written.
        n: u64,
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        most: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// A file outside of the scenario's folder.
    #[error(
        "= {} leads to {}, outside of the scenario's folder: put the file beside the scenario, or \
         give --allow-outside if the scenario is trusted",
        quoted(value),
        line(leads_to)
    )]
    Outside {
        /// As written.
        value: String,
        /// The folder in which the file lies, or would.
        leads_to: String,
    },
    /// A file where a scenario stands in memory, without a folder.
    #[error(
        "= {} names a file, and the scenario stands in memory: give the table's text with it, or \
         the folder that the file is in",
        quoted(value)
    )]
    NoFolder {
        /// As written.
        value: String,
    },
    /// A pipe, a device or a socket where a scenario must name a file.
    #[error(
        "is a pipe or a device, and a scenario may name files alone: write its contents to a file"
    )]
    NotAFile,
}
