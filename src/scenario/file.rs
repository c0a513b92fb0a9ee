//! The scenario file as written: keys and types, no meaning. Sections are read one at a time, so
//! that each can tell a fault of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Opening;
use crate::book::liquidators::{Execution, Order};
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
    #[serde(rename = "liquidators")]
    _liquidators: Option<IgnoredAny>,
    #[serde(rename = "gate")]
    _gate: Option<IgnoredAny>,
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
    /// Walk the same paths in an infinitely deep market too.
    pub(super) compare_feedback: bool,
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
            compare_feedback: false,
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
    #[serde(rename = "factors")]
    _factors: Option<IgnoredAny>,
    #[serde(rename = "common_jumps")]
    _common_jumps: Option<IgnoredAny>,
    #[serde(rename = "regimes")]
    _regimes: Option<IgnoredAny>,
    #[serde(rename = "shocks")]
    _shocks: Option<IgnoredAny>,
    #[serde(rename = "replay")]
    _replay: Option<IgnoredAny>,
    #[serde(rename = "depth")]
    _depth: Option<IgnoredAny>,
    #[serde(rename = "impact")]
    _impact: Option<IgnoredAny>,
    #[serde(rename = "feedback")]
    _feedback: Option<IgnoredAny>,
    #[serde(rename = "oracle")]
    _oracle: Option<IgnoredAny>,
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

/// `[market.factors]`: instead of a correlation, loadings on a few common factors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorsEntry {
    /// The factors.
    pub(super) names: Vec<String>,
    /// Loadings of all assets that `loadings` does not name; default: none on any.
    pub(super) default: Option<Vec<f64>>,
    /// Per asset, one for each factor.
    #[serde(default)]
    pub(super) loadings: BTreeMap<String, Vec<f64>>,
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
    /// Rows between the starts of two windows.
    pub(super) stride: Option<i64>,
    /// Rows further apart than a step are a step apart.
    #[serde(default)]
    pub(super) allow_gaps: bool,
}

/// Which windows paths take in turn.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Windows {
    /// Each in turn.
    Each,
}

/// `[market.depth.ASSET]`: what selling an asset costs, and how its market recovers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DepthEntry {
    /// What a sale costs.
    pub(super) form: Option<FormName>,
    /// Of `constant-product`: value of either reserve at opening, USD.
    pub(super) reserve_usd: Option<f64>,
    /// Of `square-root` and `linear`: fall of the price after selling `at_usd`.
    pub(super) impact: Option<f64>,
    /// Of `square-root` and `linear`: USD at opening.
    pub(super) at_usd: Option<f64>,
    /// Of `table`: path of the quotes, from the scenario's folder.
    pub(super) quotes: Option<PathBuf>,
    /// A share of each sale.
    #[serde(default)]
    pub(super) fee: f64,
    /// Share of a sale's displacement that stays.
    #[serde(default)]
    pub(super) permanent: f64,
    /// Time in which half of the rest is gone, or "never".
    #[serde(default = "at_once")]
    pub(super) half_life: String,
    /// How depth shrinks as the price falls.
    #[serde(default)]
    pub(super) by_drawdown: Vec<BandEntry>,
}

/// What a sale costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FormName {
    /// A pool whose reserves' product stays the same.
    ConstantProduct,
    /// The log price falls with the square root of the size.
    SquareRoot,
    /// The log price falls in proportion to the size.
    Linear,
    /// Quoted slippages by size.
    Table,
}

/// An entry of `by_drawdown`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BandEntry {
    /// Fall from the highest price since opening.
    pub(super) fall: f64,
    /// What is left of the depth.
    pub(super) depth: f64,
}

/// `[market.impact]`: how far an asset's price moves when another's own does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImpactEntry {
    /// Of the rows and columns; default: all.
    pub(super) assets: Option<Vec<String>>,
    /// Row by row.
    pub(super) matrix: Vec<Vec<f64>>,
}

/// `[market.feedback]`: when sales move prices.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FeedbackEntry {
    /// Which prices the sales of a step move.
    pub(super) timing: Timing,
    /// Of `same-step`: how often the book is checked again at most.
    pub(super) rounds: Option<i64>,
}

/// Which prices the sales of a step move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Timing {
    /// Those of the next step.
    #[default]
    NextStep,
    /// Those of the step itself.
    SameStep,
}

/// `[market.oracle]` and `[market.oracle.assets.ASSET]`: when a price is reported.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FeedEntry {
    /// Longest time between two reports.
    pub(super) heartbeat: Option<String>,
    /// Relative move that calls for a report.
    pub(super) deviation: Option<f64>,
    /// How long a report is on its way.
    pub(super) delay: Option<String>,
}

/// `[[market.oracle.stale]]`: a stretch without reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaleEntry {
    /// Of which prices; default: all.
    pub(super) assets: Option<Vec<String>>,
    /// When it begins, after opening.
    #[serde(default = "at_once")]
    pub(super) at: String,
    /// How long it lasts.
    pub(super) over: String,
}

/// `[liquidators]`: what liquidations cost them, how much they can, whom they take first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LiquidatorsEntry {
    /// Cost of a liquidation call, USD.
    pub(super) gas_usd: f64,
    /// Of the debt repaid.
    pub(super) margin: f64,
    /// Debt they can repay in a step, USD.
    pub(super) capital_usd: Option<f64>,
    /// Liquidations that fit in a step.
    pub(super) per_step: Option<i64>,
    /// Who comes first.
    pub(super) order: Order,
    /// What a liquidator knows of the sales of the same round.
    pub(super) execution: Execution,
    /// Whether they stay away where they would lose money.
    pub(super) decline: bool,
}

impl Default for LiquidatorsEntry {
    fn default() -> Self {
        Self {
            gas_usd: 0.0,
            margin: 0.0,
            capital_usd: None,
            per_step: None,
            order: Order::default(),
            execution: Execution::default(),
            decline: true,
        }
    }
}

/// `[venues.NAME.assets.ASSET]`: terms of one asset; `None` takes the asset's or the rule's.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TermsEntry {
    /// 0 to 1.
    pub(super) liquidation_threshold: Option<f64>,
    /// 0.05 for 5 %.
    pub(super) liquidation_bonus: Option<f64>,
    /// 0 to 1.
    pub(super) liquidation_factor: Option<f64>,
    /// 0 to 1, of the bonus.
    pub(super) liquidation_protocol_fee: Option<f64>,
    /// 0 to 1, of what is seized.
    pub(super) protocol_seize_share: Option<f64>,
    /// Maintenance margin of a perpetual.
    pub(super) tiers: Option<Vec<Tier>>,
    /// A year.
    pub(super) funding_rate: Option<f64>,
}

/// `[[gate]]`: when a run fails.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GateEntry {
    /// As in `es99 > 2.5e6`.
    pub(super) fail_on: String,
}
