//! How prices move: assets, their volatilities, how they move together, jumps, shocks and history.

pub mod climate;
pub mod correlation;
pub mod depth;
mod eigen;
pub mod factors;
pub mod model;
mod nearest;
pub mod oracle;
pub mod rng;
mod states;

use crate::units::VenueId;

/// Everything that moves prices, validated; floats, as a person wrote them.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// The assets, in the order of the scenario file.
    pub assets: Vec<Asset>,
    /// How the diffusions move together.
    pub correlation: Correlation,
    /// One clock that makes several assets jump together.
    pub common_jumps: Option<CommonJumps>,
    /// States that follow one another, with volatilities, drifts and jump rates of their own.
    pub regimes: Option<climate::Regimes>,
    /// Deterministic moves, in the order written.
    pub shocks: Vec<Shock>,
    /// History that replaces the diffusion of the assets it names.
    pub replay: Option<Replay>,
    /// What selling costs, and how prices reach the venues.
    pub liquidity: Liquidity,
}

/// How the diffusions of the assets move together.
#[derive(Debug, Clone, PartialEq)]
pub enum Correlation {
    /// Of every pair, row by row, `n_assets` squared; symmetric, positive semidefinite (checked,
    /// or repaired, on entry).
    Dense(Vec<f64>),
    /// By a few common factors, for markets of many assets.
    Factors(factors::Factors),
}

/// How the market takes sales, and how its prices reach the venues; by default it takes any sale
/// at its price, and venues read that at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Liquidity {
    /// Depth of the assets that have a bound; the others are infinitely deep.
    pub depths: Vec<depth::Depth>,
    /// Entry (i, j): by how much the log price of asset i moves when asset j's own moves by 1,
    /// row by row, `n_assets` squared, ones on the diagonal; empty for none but its own.
    pub cross_impact: Vec<f64>,
    /// How each asset's price reaches the venues, in the market's order; empty for at once.
    pub feeds: Vec<oracle::Feed>,
    /// Venues that read prices by feeds of their own, in the order of the venues, and these feeds,
    /// in the order of the assets.
    pub own_feeds: Vec<(VenueId, Vec<oracle::Feed>)>,
    /// When sales move prices.
    pub feedback: depth::Feedback,
}

/// One asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// Name, as in the book.
    pub name: String,
    /// Opening price, USD a unit; positive.
    pub price_usd: f64,
    /// Volatility of the log price, a square-root year; not negative.
    pub volatility: f64,
    /// Growth of the mean price, a year, continuously compounded; 0 keeps the mean price.
    pub drift: f64,
    /// Share of this asset's value that counts against debt, 0 to 1; a venue may override it.
    pub liquidation_threshold: f64,
    /// Left where it is by the ladder.
    pub is_stable: bool,
    /// Interest on debt in this asset, a year, continuously compounded.
    pub borrow_rate: f64,
    /// Jumps of this asset alone.
    pub jumps: Option<Jumps>,
}

/// Merton's jumps of one asset: a Poisson clock of its own, normal jumps of the log price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jumps {
    /// Jumps a year; not negative.
    pub rate: f64,
    /// Mean of a jump of the log price.
    pub mean: f64,
    /// Standard deviation of a jump of the log price; not negative.
    pub deviation: f64,
}

/// One Poisson clock for many assets, so that they fall together.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonJumps {
    /// Jumps a year; not negative.
    pub rate: f64,
    /// Per asset, in the market's order: mean and deviation of its log jump; zeros where it takes
    /// no part.
    pub sizes: Vec<JumpSize>,
}

/// The size of an asset's part in a common jump.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct JumpSize {
    /// Mean of the jump of the log price.
    pub mean: f64,
    /// Standard deviation of the jump of the log price; not negative.
    pub deviation: f64,
}

/// A deterministic move of one asset: an instant, or a ramp that is straight in the log price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shock {
    /// Which asset.
    pub asset: crate::units::AssetId,
    /// Relative change of the price, at least -1: -0.58 is a fall of 58 %; -1 is a fall of all at
    /// an instant, which lasts to the horizon.
    pub change: f64,
    /// When it begins, years after opening.
    pub at_years: f64,
    /// How long it takes, years; 0 is an instant, within the first step that ends after `at_years`.
    pub over_years: f64,
}

/// Prices as they were: the opening price moves by the table's ratios, whatever its level.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The assets that the table holds, in the order of its columns.
    pub assets: Vec<crate::units::AssetId>,
    /// Prices, row by row, one row a step, none negative; 0 while an asset is worthless.
    pub prices: Vec<f64>,
    /// When each row was, nanoseconds since 1970; empty where the table does not say.
    pub times_ns: Vec<i64>,
    /// Rows of the table.
    pub n_rows: usize,
    /// Which window a path follows.
    pub windows: ReplayWindows,
}

/// Which stretch of the table a path follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayWindows {
    /// Every path the same stretch, from this row.
    From(usize),
    /// Each path a window of its own; they start at rows 0, `stride`, 2 `stride` and so on.
    Each {
        /// Rows between the starts of two windows; at least 1.
        stride: u32,
    },
}

impl Replay {
    /// How many windows of so many steps the table has; 1 where every path follows the same.
    #[must_use]
    pub fn n_windows(&self, n_steps: u32) -> u64 {
        match self.windows {
            ReplayWindows::From(_) => 1,
            ReplayWindows::Each { stride } => {
                Self::n_starts(self.n_rows, n_steps as usize, stride as usize)
            }
        }
    }

    /// How many of the rows 0, `stride`, 2 `stride` and so on leave a path's steps behind them.
    pub(crate) fn n_starts(n_rows: usize, n_steps: usize, stride: usize) -> u64 {
        n_rows.checked_sub(n_steps + 1).map_or(0, |last| (last / stride.max(1) + 1) as u64)
    }
}
