//! Where results go: stdout, whole.

use std::io::{self, BufWriter, Write};

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
