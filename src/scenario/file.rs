//! The scenario file as written: keys and types, no meaning. Sections are read one at a time, so
//! that each can tell a fault of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Opening;
use crate::book::venue::Tier;

/// The top of the file; its sections are read by themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// Default: the file's stem.
    pub(super) name: Option<String>,
    /// Path of the book, from the scenario's folder.
    pub(super) book: Option<PathBuf>,
    #[serde(rename = "run")]
    _run: Option<IgnoredAny>,
    #[serde(rename = "assets")]
    _assets: Option<IgnoredAny>,
    #[serde(rename = "market")]
    _market: Option<IgnoredAny>,
    #[serde(rename = "venues")]
    _venues: Option<IgnoredAny>,
}

/// `[run]`: how far, how often, from which seed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Run {
    /// Paths; 1 to 2^40.
    pub(super) paths: i64,
    /// Steps of a path; 1 to 1,000,000.
    pub(super) steps: i64,
    /// Duration of a step.
    pub(super) step: String,
    /// Key of the generator; not negative.
    pub(super) seed: i64,
    /// What happens to positions that are liquidatable at the opening marks.
    pub(super) opening: Opening,
    /// A path with at least this loss counts as one with bad debt, USD.
    pub(super) materiality_usd: f64,
    /// Levels of value at risk and expected shortfall.
    pub(super) levels: Vec<f64>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            paths: 100_000,
            steps: 168,
            step: "1h".to_owned(),
            seed: 0,
            opening: Opening::Settle,
            materiality_usd: 1.0,
            levels: vec![0.95, 0.99, 0.999],
        }
    }
}

/// `[[assets]]`: one asset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssetEntry {
    /// Name, as in the book.
    pub(super) name: String,
    /// Opening price, USD a unit.
    pub(super) price_usd: f64,
    /// A square-root year.
    pub(super) volatility: f64,
    /// A year.
    #[serde(default)]
    pub(super) drift: f64,
    /// 0 to 1.
    #[serde(default)]
    pub(super) liquidation_threshold: f64,
    /// Left where it is by the ladder.
    #[serde(default)]
    pub(super) is_stable: bool,
    /// A year.
    #[serde(default)]
    pub(super) borrow_rate: f64,
    /// Jumps of this asset alone.
    pub(super) jumps: Option<JumpsEntry>,
}

/// `jumps` of an asset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JumpsEntry {
    /// Jumps a year.
    pub(super) rate: f64,
    /// Mean of the log jump.
    #[serde(default)]
    pub(super) mean: f64,
    /// Standard deviation of the log jump.
    #[serde(default)]
    pub(super) deviation: f64,
}

/// `[market]`; its sections are read by themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketHead {
    #[serde(rename = "correlation")]
    _correlation: Option<IgnoredAny>,
    #[serde(rename = "common_jumps")]
    _common_jumps: Option<IgnoredAny>,
    #[serde(rename = "shocks")]
    _shocks: Option<IgnoredAny>,
    #[serde(rename = "replay")]
    _replay: Option<IgnoredAny>,
}

/// `[market.correlation]`: a matrix, or a default and pairs.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Correlation {
    /// In the order of the assets.
    pub(super) matrix: Option<Vec<Vec<f64>>>,
    /// Of all pairs that `pairs` does not name.
    pub(super) default: Option<f64>,
    /// Two assets and their correlation.
    pub(super) pairs: Option<Vec<(String, String, f64)>>,
    /// Take the nearest valid matrix if this one is not.
    pub(super) nearest: bool,
}

/// `[market.common_jumps]`: one clock for many assets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommonJumpsEntry {
    /// Jumps a year.
    pub(super) rate: f64,
    /// Per asset.
    pub(super) sizes: BTreeMap<String, JumpSizeEntry>,
}

/// The size of an asset's part in a common jump.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JumpSizeEntry {
    /// Mean of the log jump.
    pub(super) mean: f64,
    /// Standard deviation of the log jump.
    #[serde(default)]
    pub(super) deviation: f64,
}

/// `[[market.shocks]]`: one deterministic move of some assets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShockEntry {
    /// Which move.
    pub(super) assets: Vec<String>,
    /// Relative change of the price.
    pub(super) change: f64,
    /// When it begins, after opening.
    #[serde(default = "at_once")]
    pub(super) at: String,
    /// How long it takes.
    #[serde(default = "at_once")]
    pub(super) over: String,
}

fn at_once() -> String {
    "0s".to_owned()
}

/// `[market.replay]`: prices as they were.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayEntry {
    /// Path of the table, from the scenario's folder.
    pub(super) prices: PathBuf,
    /// The row that every path starts at.
    pub(super) start_row: Option<i64>,
    /// Instead: a window for each path.
    pub(super) windows: Option<Windows>,
}

/// Which windows paths take in turn.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Windows {
    /// Each in turn.
    Each,
}

/// `[venues.NAME.assets.ASSET]`: terms of one asset; `None` takes the asset's or the rule's.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TermsEntry {
    /// 0 to 1.
    pub(super) liquidation_threshold: Option<f64>,
    /// 0.05 for 5 %.
    pub(super) liquidation_bonus: Option<f64>,
    /// Maintenance margin of a perpetual.
    pub(super) tiers: Option<Vec<Tier>>,
    /// A year.
    pub(super) funding_rate: Option<f64>,
}
