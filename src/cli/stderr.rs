//! What is told beside the results: errors, and notes for the terminal.

use std::io::{self, Write};

use shortfall::escape;

/// Writes a line to stderr; if it cannot be written, no other way is left.
pub(super) fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{}", escape::lines(line));
}

/// A note, for the terminal.
pub(super) fn print_note(note: &str, quiet: bool) {
    if !quiet {
        to_stderr(&format!("note: {}", escape::line(note)));
    }
}

/// Notes of the scenario, for the terminal.
pub(super) fn print_notes(notes: &[String], quiet: bool) {
    notes.iter().for_each(|note| print_note(note, quiet));
}
