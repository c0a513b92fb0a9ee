//! A bar with paths/s and the time left, on a terminal only.

use std::io::IsTerminal;
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressStyle};

use shortfall::engine::{Done, Progress};

/// Shows how far a run has come.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(n_paths: u64, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let template = "{bar:30} {human_pos} of {human_len} paths, {per_sec}, {eta} left";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(n_paths).with_style(style))
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()> {
        self.0.set_position(done.n_paths());
        ControlFlow::Continue(())
    }
}
