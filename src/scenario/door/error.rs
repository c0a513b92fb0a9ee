//! Every fault of an input: where it is, what was written, what may be, and the remedy.

use std::fmt;
use std::sync::Arc;

use super::bounds::MOST_FAULTS;
pub use super::broken::Broken;
use crate::escape;

/// Faults of one file that are listed; the rest are counted.
const MOST_LISTED: usize = 20;
/// Faults of all files that are listed.
const MOST_LISTED_IN_ALL: usize = 200;
/// Characters of a key that are shown.
const KEY_CHARS: usize = 160;

/// Behind a count that is none of all.
const STOPPED: &str = ", where reading stopped";

/// All faults of a scenario; at least one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    listed: Vec<Fault>,
    /// Faults of each file.
    counts: Vec<(Arc<str>, u64)>,
    n: u64,
    /// The files in which faults were looked for.
    pub(in crate::scenario) inputs: Vec<Input>,
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
#[error(
    "{place}{}{}",
    if place.is_nowhere() { "" } else { " " },
    escape::line(&broken.to_string())
)]
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
        f.write_str(&escape::line(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        let gap = if self.file.is_empty() || self.key.is_empty() { "" } else { " " };
        write!(f, "{gap}{}", escape::line(&escape::cut(&self.key, KEY_CHARS)))
    }
}

impl Faults {
    /// Adds a fault; lists it while its file has few.
    pub fn push(&mut self, fault: Fault) {
        let file = Arc::clone(&fault.place.file);
        self.push_with(&file, || fault);
    }

    /// Adds a fault of a file, which is made only where it is listed: what it carries may be large,
    /// and of faults there may be many.
    pub(in crate::scenario) fn push_with(
        &mut self,
        file: &Arc<str>,
        fault: impl FnOnce() -> Fault,
    ) {
        self.n += 1;
        // The file that is read now is the last.
        let found = self.counts.iter().rposition(|(name, _)| name == file);
        let idx = found.unwrap_or_else(|| {
            self.counts.push((Arc::clone(file), 0));
            self.counts.len() - 1
        });
        let n = &mut self.counts[idx].1;
        *n += 1;
        if *n <= MOST_LISTED as u64 && self.listed.len() < MOST_LISTED_IN_ALL {
            self.listed.push(fault());
        }
    }

    /// Adds faults.
    pub(in crate::scenario) fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }

    /// Whether there are so many that no reader would learn from more.
    pub(in crate::scenario) fn are_enough(&self) -> bool {
        self.n >= MOST_FAULTS
    }

    /// Whether a file has any.
    pub(in crate::scenario) fn has_any_of(&self, file: &Arc<str>) -> bool {
        self.counts.iter().any(|(name, _)| name == file)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// How many were found, those beyond the list included; at ten thousand reading stops.
    #[must_use]
    pub fn n_faults(&self) -> u64 {
        self.n
    }

    /// The faults, at most twenty a file and two hundred in all, in the order in which they were
    /// found.
    #[must_use]
    pub fn listed(&self) -> &[Fault] {
        &self.listed
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        let mut n_left = self.n;
        // Files in the order in which they were read; of very many the last are counted alone.
        for (file, n) in &self.counts {
            let mut faults: Vec<&Fault> =
                self.listed.iter().filter(|fault| fault.place.file == *file).collect();
            if faults.is_empty() {
                break;
            }
            faults.sort_by_key(|fault| fault.place.line);
            for fault in &faults {
                write!(f, "{gap}{fault}")?;
                gap = "\n";
            }
            n_left -= n;
            let n_more = n - faults.len() as u64;
            if n_more > 0 {
                let stopped = if self.are_enough() { STOPPED } else { "" };
                write!(f, "{gap}{} ... and {n_more} more{stopped}", escape::line(file))?;
            }
        }
        if n_left > 0 {
            write!(f, "{gap}... and {n_left} more in other files")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
