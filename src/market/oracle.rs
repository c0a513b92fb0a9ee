//! What a venue reads for a price: the market, late.

/// How one asset's price reaches the venues.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Feed {
    /// Longest time between two reports, years; `None` for no such rule.
    pub heartbeat_years: Option<f64>,
    /// Relative move of the market that calls for a report, above 0 and below 1; `None` for no
    /// such rule. Without either rule every step is reported.
    pub deviation: Option<f64>,
    /// How long a report is on its way, years.
    pub delay_years: f64,
    /// Stretches without any report.
    pub stale: Vec<Stale>,
}

/// A stretch of time in which an asset's price is not reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stale {
    /// When it begins, years after opening.
    pub at_years: f64,
    /// How long it lasts, years.
    pub over_years: f64,
}
