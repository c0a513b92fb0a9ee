//! Where results go: stdout whole, files whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::CliError;

/// Writes results to stdout.
pub(super) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(CliError::Stdout)
}

/// Writes a line to stderr; if nobody can read it, nobody can be told.
pub(super) fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Notes of the scenario, for whoever watches.
pub(super) fn print_notes(notes: &[String], quiet: bool) {
    if !quiet {
        for note in notes {
            to_stderr(&format!("note: {note}"));
        }
    }
}

/// A folder for results, made and proven writable before the first path runs.
///
/// Files are written aside until all are whole; then [`OutDir::commit`] renames them. A fault
/// before that leaves the folder's files as they were.
pub(super) struct OutDir {
    path: PathBuf,
    aside: Vec<Aside>,
}

/// A file that is written, but not yet under its name.
struct Aside {
    partial: PathBuf,
    path: PathBuf,
}

impl OutDir {
    /// Makes the folder; refuses it if one of the files could not be put there.
    pub(super) fn create(path: &Path, names: &[&str]) -> Result<Self, CliError> {
        if path.is_file() {
            return Err(CliError::OutIsFile { path: path.to_owned() });
        }
        let refused = |path: &Path, source| CliError::Write { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(|source| refused(path, source))?;
        let probe = path.join(".probe");
        File::create(&probe)
            .and_then(|_| fs::remove_file(&probe))
            .map_err(|source| refused(path, source))?;
        for file in names.iter().map(|name| path.join(name)) {
            if file.is_dir() {
                return Err(refused(&file, io::ErrorKind::IsADirectory.into()));
            }
        }
        Ok(Self { path: path.to_owned(), aside: Vec::new() })
    }

    /// Writes a file aside and syncs it.
    pub(super) fn write(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let path = self.path.join(name);
        let partial = self.path.join(format!(".{name}.partial"));
        self.aside.push(Aside { partial: partial.clone(), path: path.clone() });
        write_synced(&partial, write).map_err(|source| CliError::Write { path, source })
    }

    /// Renames every file to its name: each is there whole, or as it was.
    pub(super) fn commit(mut self) -> Result<(), CliError> {
        for Aside { partial, path } in &self.aside {
            fs::rename(partial, path)
                .map_err(|source| CliError::Write { path: path.clone(), source })?;
        }
        self.aside.clear();
        Ok(())
    }
}

impl Drop for OutDir {
    fn drop(&mut self) {
        for Aside { partial, .. } in &self.aside {
            // The error that brought us here is told; a partial file that stays is hidden.
            let _ = fs::remove_file(partial);
        }
    }
}

fn write_synced(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}
