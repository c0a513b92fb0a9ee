//! Where results go: stdout, whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use shortfall::archive::{ArchiveError, LocalDisk, publish};
use shortfall::escape;

use super::CliError;

/// Writes results to stdout, where no hidden character of a name acts on the terminal.
pub(super) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    match escape::through(&mut out, write).and_then(|()| out.flush()) {
        // The reader of our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(CliError::Stdout),
    }
}

/// Writes a line to stderr; if it cannot be written, no other way is left.
pub(super) fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{}", escape::lines(line));
}

/// Notes of the scenario, for the terminal.
pub(super) fn print_notes(notes: &[String], quiet: bool) {
    if !quiet {
        for note in notes {
            to_stderr(&format!("note: {}", escape::line(note)));
        }
    }
}

/// A file for results, proven writable before the first path runs.
pub(super) struct OutFile {
    path: PathBuf,
    flag: &'static str,
}

impl OutFile {
    /// Refuses a path where no file could be put.
    pub(super) fn open(path: &Path, flag: &'static str) -> Result<Self, CliError> {
        let file = Self { path: path.to_owned(), flag };
        if path.is_dir() {
            return Err(file.refused(io::ErrorKind::IsADirectory.into()));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let probe = path.with_file_name(format!(".{name}.{}.probe", std::process::id()));
        let probed = File::create(&probe).and_then(|_| fs::remove_file(&probe));
        probed.map_err(|source| file.refused(source))?;
        Ok(file)
    }

    /// Writes it: it is there whole, or as it was.
    pub(super) fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let mut bytes = Vec::new();
        write(&mut bytes).map_err(|source| self.refused(source))?;
        publish(&mut LocalDisk, &self.path, &bytes).map_err(|error| match error {
            ArchiveError::Write { source, .. } => self.refused(source),
            other => other.into(),
        })
    }

    fn refused(&self, source: io::Error) -> CliError {
        CliError::WriteFile { path: self.path.clone(), flag: self.flag, source }
    }
}
