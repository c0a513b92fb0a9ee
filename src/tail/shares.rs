//! Who bears the loss of the tail: sums over its paths, found by replaying them.

/// Losses of positions and pools, summed over the paths of a tail.
#[derive(Debug, Clone, PartialEq)]
pub struct TailShares {
    /// The level beyond which the paths lie.
    pub level: f64,
    /// How many paths were replayed.
    pub n_paths: u64,
    /// Bad debt by position, quanta.
    pub positions: Vec<i128>,
    /// Bad debt by pool, quanta.
    pub pools: Vec<i128>,
}
