//! What a scenario may read: regular files whose true place is below its own folder. What the
//! command line names is the reader's own choice, and may be a pipe.

use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::error::{Broken, Faults};
use super::limit::Limit;
use super::written::Node;

/// The folder of a scenario, and whether files outside of it may be read.
pub(in crate::scenario) struct Reach {
    /// As it was named: where relative paths begin.
    folder: PathBuf,
    /// Without links; none where it cannot be found.
    resolved: Option<PathBuf>,
    allow_outside: bool,
    /// Tables that stand in memory, by the names that the scenario gives them.
    tables: Vec<(PathBuf, Arc<[u8]>)>,
    /// Whether nothing but these is read.
    is_memory_alone: bool,
}

/// A file that may be read.
pub(in crate::scenario) struct Source {
    /// As it is called in faults and notes.
    pub(in crate::scenario) name: PathBuf,
    place: Where,
}

/// Where a file is, and who has named it.
enum Where {
    /// As the command line says, or where nothing was found.
    AsNamed,
    /// Named by a scenario: its true place, and what was found there.
    OfScenario(PathBuf, Metadata),
    /// In memory.
    Bytes(Arc<[u8]>),
}

impl Reach {
    /// Of a scenario at a path.
    pub(in crate::scenario) fn of(scenario: &Path, allow_outside: bool) -> Self {
        let folder = scenario.parent().unwrap_or(Path::new("")).to_owned();
        let resolved = match folder.as_os_str().is_empty() {
            true => fs::canonicalize("."),
            false => fs::canonicalize(&folder),
        };
        let (tables, is_memory_alone) = (Vec::new(), false);
        Self { folder, resolved: resolved.ok(), allow_outside, tables, is_memory_alone }
    }

    /// Of a scenario in memory, with the tables that stand there too, and a folder for the rest.
    pub(in crate::scenario) fn of_text(
        folder: Option<&Path>,
        tables: &[(&str, &str)],
        allow_outside: bool,
    ) -> Self {
        // As if it were a file there.
        let of_folder = Self::of(&folder.unwrap_or(Path::new("")).join("scenario"), allow_outside);
        let tables = tables.iter().map(|(name, text)| (name.into(), text.as_bytes().into()));
        Self { tables: tables.collect(), is_memory_alone: folder.is_none(), ..of_folder }
    }

    /// The file that stands under a key of the scenario, or a fault.
    pub(in crate::scenario) fn find(
        &self,
        node: &Node<'_>,
        file: &Path,
        faults: &mut Faults,
    ) -> Option<Source> {
        let mut in_memory = self.tables.iter();
        if let Some((name, bytes)) = in_memory.find(|(name, _)| name == file) {
            return Some(Source { name: name.clone(), place: Where::Bytes(Arc::clone(bytes)) });
        }
        if self.is_memory_alone {
            let value = file.display().to_string();
            faults.push(node.fault(Broken::Limit(Limit::NoFolder { value })));
            return None;
        }
        let name = self.folder.join(file);
        let place = resolve(&name);
        let is_inside = self.resolved.as_ref().is_some_and(|it| place.starts_with(it));
        if !is_inside && !self.allow_outside {
            let leads_to = place.parent().unwrap_or(&place).display().to_string();
            let value = file.display().to_string();
            faults.push(node.fault(Broken::Limit(Limit::Outside { value, leads_to })));
            return None;
        }
        // What cannot be found is told by the name of the file when it is opened.
        let place = match fs::symlink_metadata(&place) {
            Ok(found) => Where::OfScenario(place, found),
            Err(_) => Where::AsNamed,
        };
        Some(Source { name, place })
    }
}

/// The true place of a file. Where there is none, that of the nearest folder above it, and the rest
/// as written: so that nothing is told of what is there or not outside.
fn resolve(name: &Path) -> PathBuf {
    let above = name.ancestors().map(|it| if it == Path::new("") { Path::new(".") } else { it });
    for (n_above, folder) in above.enumerate() {
        let Ok(mut place) = fs::canonicalize(folder) else { continue };
        let rest: Vec<Component<'_>> = name.components().rev().take(n_above).collect();
        for part in rest.into_iter().rev() {
            match part {
                Component::ParentDir => _ = place.pop(),
                Component::CurDir => {}
                part => place.push(part),
            }
        }
        return place;
    }
    name.to_owned()
}

impl Source {
    /// A file that the command line names.
    pub(in crate::scenario) fn of_command_line(path: &Path) -> Self {
        Self { name: path.to_owned(), place: Where::AsNamed }
    }

    /// Opens it; what a scenario named is a regular file, and still the one that was looked at.
    pub(in crate::scenario) fn open(&self) -> io::Result<(Box<dyn Read>, Option<u64>)> {
        let (place, looked_at) = match &self.place {
            Where::OfScenario(place, looked_at) => (place, looked_at),
            Where::Bytes(bytes) => {
                let n_bytes = bytes.len() as u64;
                return Ok((Box::new(Cursor::new(Arc::clone(bytes))), Some(n_bytes)));
            }
            Where::AsNamed => {
                if self.name.is_dir() {
                    return Err(ErrorKind::IsADirectory.into());
                }
                let file = File::open(&self.name)?;
                let found = file.metadata()?;
                return Ok((Box::new(file), found.is_file().then_some(found.len())));
            }
        };
        if looked_at.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        // A pipe is not even opened, which would wait for who writes into it.
        if !looked_at.is_file() {
            return Err(io::Error::other(NotAFile));
        }
        let file = File::open(place)?;
        let found = file.metadata()?;
        if !found.is_file() || !are_same(looked_at, &found) {
            return Err(io::Error::other(NotAFile));
        }
        Ok((Box::new(file), Some(found.len())))
    }
}

/// A scenario names what is no regular file.
#[derive(Debug, thiserror::Error)]
#[error("not a regular file")]
pub(in crate::scenario) struct NotAFile;

#[cfg(unix)]
fn are_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn are_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}
