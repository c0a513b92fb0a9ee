//! Every fault of an input: where it is, what was written, what may be, and the remedy.

use std::fmt;
use std::sync::Arc;

pub use super::broken::Broken;

/// Faults of one file that are listed; the rest are counted.
const MOST_LISTED: usize = 20;

/// All faults of a scenario; at least one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    listed: Vec<Fault>,
    /// Faults beyond [`MOST_LISTED`], per file.
    unlisted: Vec<(Arc<str>, u64)>,
    /// The files in which faults were looked for.
    pub(super) inputs: Vec<Input>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name, without folders.
    pub name: String,
    /// BLAKE3 of its bytes.
    pub blake3: blake3::Hash,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{place}{}{broken}", if place.is_nowhere() { "" } else { " " })]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// The bound that is broken.
    pub broken: Broken,
}

/// Where a fault is; parts that do not apply are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file as it was opened; empty for a command-line flag.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// The key path in TOML, the column in a table, or the flag.
    pub key: String,
}

impl Place {
    /// Whether nothing is known of the place.
    fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        let gap = if self.file.is_empty() || self.key.is_empty() { "" } else { " " };
        write!(f, "{gap}{}", self.key)
    }
}

impl Faults {
    /// Adds a fault; lists it while its file has few.
    pub fn push(&mut self, fault: Fault) {
        let file = &fault.place.file;
        if self.listed.iter().filter(|listed| listed.place.file == *file).count() < MOST_LISTED {
            self.listed.push(fault);
        } else if let Some((_, n)) = self.unlisted.iter_mut().find(|(name, _)| name == file) {
            *n += 1;
        } else {
            self.unlisted.push((Arc::clone(file), 1));
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// How many there are, those beyond the list included.
    #[must_use]
    pub fn n_faults(&self) -> u64 {
        self.listed.len() as u64 + self.unlisted.iter().map(|(_, n)| n).sum::<u64>()
    }

    /// The faults, at most twenty a file, in the order in which they were found.
    #[must_use]
    pub fn listed(&self) -> &[Fault] {
        &self.listed
    }

    /// The files at fault, in the order in which they were read.
    fn files(&self) -> Vec<&Arc<str>> {
        let mut files: Vec<&Arc<str>> = Vec::new();
        for fault in &self.listed {
            if !files.contains(&&fault.place.file) {
                files.push(&fault.place.file);
            }
        }
        files
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for file in self.files() {
            let mut faults: Vec<&Fault> =
                self.listed.iter().filter(|fault| fault.place.file == *file).collect();
            faults.sort_by_key(|fault| fault.place.line);
            for fault in faults {
                write!(f, "{gap}{fault}")?;
                gap = "\n";
            }
            if let Some((_, n)) = self.unlisted.iter().find(|(name, _)| name == file) {
                write!(f, "{gap}{file} ... and {n} more")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
