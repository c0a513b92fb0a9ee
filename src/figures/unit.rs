//! What figures are measured in.

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Dollars.
    Usd,
    /// A share, from 0 to 1.
    Share,
    /// A count, or the mean of one.
    Count,
    /// How many times as much.
    Factor,
}
