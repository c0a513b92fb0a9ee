//! Where a run stands, as all who watch it are told.

use serde::Serialize;

use super::estimate::Estimate;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Standing {
    pub(super) paths: u64,
    pub(super) total_paths: u64,
    pub(super) seconds: f64,
    /// Of this life of the run.
    pub(super) paths_per_second: Option<f64>,
    pub(super) seconds_left: Option<f64>,
    pub(super) expected_shortfall: Option<Estimate>,
}
