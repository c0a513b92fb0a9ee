//! Which stretch of history the paths of a scenario follow.

use serde::Serialize;

use crate::figures::number::counted;
use crate::market::ReplayWindows;
use crate::scenario::Scenario;
use crate::scenario::instant::shown;

/// The rows of a recorded table that are walked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct History {
    /// The assets that it moves.
    assets: Vec<String>,
    /// The first time that a path opens; none where the table does not say.
    first: Option<String>,
    /// The last time that a path ends.
    last: Option<String>,
    /// Windows that paths may follow; 1 where all follow the same.
    n_windows: u64,
}

impl History {
    /// Of a scenario that replays a table; `None` of another.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let replay = scenario.market.replay.as_ref()?;
        let n_steps = scenario.run.n_steps as usize;
        let n_windows = replay.n_windows(scenario.run.n_steps);
        let (first, last) = match replay.windows {
            ReplayWindows::From(row) => (row, row + n_steps),
            ReplayWindows::Each { stride } => {
                (0, (n_windows as usize - 1) * stride as usize + n_steps)
            }
        };
        let assets = replay.assets.iter();
        let time = |row: usize| replay.times_ns.get(row).copied().map(shown);
        Some(Self {
            assets: assets.map(|id| scenario.market.assets[id.idx()].name.clone()).collect(),
            first: time(first),
            last: time(last),
            n_windows,
        })
    }

    /// In a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let dates = match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let windows = counted(self.n_windows, "window");
        format!("history moves {}{dates}, in {windows}", self.assets.join(", "))
    }
}
