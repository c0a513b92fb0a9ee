//! What the command line sets over a scenario file.

use std::path::PathBuf;

/// What the command line sets over the file, and what it allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Another book; a relative path starts at the working directory.
    pub book: Option<PathBuf>,
    /// A table of prices, thresholds and stability that overrides `[[assets]]`.
    pub assets: Option<PathBuf>,
    /// Let the scenario name files outside of its own folder; those named here are read wherever
    /// they are.
    pub allow_outside: bool,
    /// Paths.
    pub paths: Option<u64>,
    /// Steps of a path.
    pub steps: Option<u32>,
    /// Key of the generator.
    pub seed: Option<u64>,
    /// Gates beside the file's, as in `es99 > 2.5e6`.
    pub gates: Vec<String>,
    /// When there are paths enough, as in `es99 rel 1%`.
    pub until: Option<String>,
}
