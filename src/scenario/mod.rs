//! Input files to a validated model: the only door, where every fault is named with its line.

pub mod duration;
pub mod gate;
pub mod instant;
pub mod text;
pub mod validate;
pub mod workload;

mod around;
mod assets;
mod clock;
mod coverage;
mod depth;
mod door;
mod factors;
mod far_entries;
mod file;
mod horizon;
mod keys;
mod legs;
mod liquidators;
mod liquidity;
mod load;
mod moves;
mod oracle;
mod overrides;
mod plausible;
mod positions;
mod quotes;
mod regimes;
mod replay;
mod rounding;
mod run;
mod venues;

pub use door::error;
use door::{
    bounds, category_fault, columns, gate_fault, limit, reach, replay_fault, stream, table, written,
};

use crate::book::{Book, liquidators::Liquidators, venue::Venue};
pub use crate::figures::{Gate, Precision};
use crate::market::{Asset, Correlation, Liquidity, Market};

pub use crate::book::Opening;
pub(crate) use assets::MOST_ASSETS;
pub use category_fault::CategoryFault;
pub(crate) use depth::MOST_BANDS;
pub use error::{Broken, Fault, Faults, Input, Place};
pub use gate_fault::GateFault;
pub(crate) use legs::MOST_LEGS;
pub use limit::Limit;
pub use load::load;
pub use overrides::Overrides;
pub use replay_fault::Unreplayable;
pub(crate) use run::MOST_STEPS;
pub use text::Text;
pub use workload::Workload;

/// What a person asked for, checked and complete; valid by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name, from the file.
    pub name: String,
    /// How prices move.
    pub market: Market,
    /// The venues, in the order of the file.
    pub venues: Vec<Venue>,
    /// The positions.
    pub book: Book,
    /// Who liquidates; `None` for liquidators without cost, bound or choice.
    pub liquidators: Option<Liquidators>,
    /// How far, how often, from which seed.
    pub run: RunSpec,
    /// When a run of it fails.
    pub gates: Vec<Gate>,
    /// What the reader should know, though it is no fault.
    pub notes: Vec<String>,
    /// The files that all this was read from, the scenario's own first.
    pub inputs: Vec<Input>,
    /// The file's keys and values, with what the command line set over them.
    pub written: serde_json::Value,
}

/// How a scenario is run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpec {
    /// Paths, at most; at least 1.
    pub n_paths: u64,
    /// Stop before that once a figure is known well enough.
    pub until: Option<Precision>,
    /// Steps of a path; at least 1.
    pub n_steps: u32,
    /// Length of a step, years.
    pub step_years: f64,
    /// Key of the generator.
    pub seed: u64,
    /// What happens to positions that are liquidatable at the opening marks.
    pub opening: Opening,
    /// A path with at least this loss counts as one with bad debt, USD.
    pub materiality_usd: f64,
    /// Levels of value at risk and expected shortfall, rising, each between 0 and 1.
    pub levels: Vec<f64>,
    /// Walk the same paths in an infinitely deep market too, and compare.
    pub compare_feedback: bool,
}

impl Scenario {
    /// One asset that does not move and an empty book: enough to put a kernel on a device.
    #[must_use]
    pub fn smallest() -> Self {
        let asset = Asset {
            name: "USD".to_owned(),
            price_usd: 1.0,
            volatility: 0.0,
            drift: 0.0,
            liquidation_threshold: 0.0,
            is_stable: true,
            borrow_rate: 0.0,
            jumps: None,
        };
        Self {
            name: "smallest".to_owned(),
            market: Market {
                assets: vec![asset],
                correlation: Correlation::Dense(vec![1.0]),
                common_jumps: None,
                regimes: None,
                shocks: Vec::new(),
                replay: None,
                liquidity: Liquidity::default(),
            },
            venues: Vec::new(),
            book: Book::default(),
            liquidators: None,
            run: RunSpec {
                n_paths: 1,
                until: None,
                n_steps: 1,
                step_years: 1.0 / 8760.0,
                seed: 0,
                opening: Opening::Keep,
                materiality_usd: 1.0,
                levels: vec![0.99],
                compare_feedback: false,
            },
            gates: Vec::new(),
            notes: Vec::new(),
            inputs: Vec::new(),
            written: serde_json::Value::Null,
        }
    }
}
