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

/// Notes of the scenario, for whoever watches.
pub(super) fn print_notes(notes: &[String], quiet: bool) {
    if !quiet {
        for note in notes {
            eprintln!("note: {note}");
        }
    }
}

/// A folder for results, made and proven writable before the first path runs.
pub(super) struct OutDir {
    path: PathBuf,
}

impl OutDir {
    pub(super) fn create(path: &Path) -> Result<Self, CliError> {
        let dir = Self { path: path.to_owned() };
        fs::create_dir_all(path)
            .map_err(|source| CliError::Write { path: path.to_owned(), source })?;
        let probe = path.join(".probe");
        File::create(&probe)
            .and_then(|_| fs::remove_file(&probe))
            .map_err(|source| CliError::Write { path: path.to_owned(), source })?;
        Ok(dir)
    }

    /// Writes a file aside, syncs it and renames it: it is there whole, or as it was.
    pub(super) fn write(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let path = self.path.join(name);
        let aside = self.path.join(format!(".{name}.partial"));
        let result = write_synced(&aside, write).and_then(|()| fs::rename(&aside, &path));
        result.map_err(|source| {
            // The first error is the one to tell; a partial file that stays is hidden and harmless.
            let _ = fs::remove_file(&aside);
            CliError::Write { path, source }
        })
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
