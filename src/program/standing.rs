//! What settling the opening book leaves standing: sales, funds, and what is used of the first
//! step.

use serde::{Deserialize, Serialize};

/// What settling the opening book leaves to the first step, whose allowance it has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// By asset, what was sold and has not moved prices yet, money of opening value; negative where
    /// more was bought. The sales of the first step's first round come after it.
    pub flows: Vec<i64>,
    /// By asset, the size held that recovers, from the second step on.
    pub recovering: Vec<i64>,
    /// By asset, the size held that stays.
    pub staying: Vec<i64>,
    /// By venue, what its insurance fund holds, money.
    pub funds: Vec<i64>,
    /// By venue, the least that it has held.
    pub lowest: Vec<i64>,
    /// Of the first step's capital, what is used, money; 0 where there is no most.
    pub capital: i64,
    /// Of the first step's events, those that have been; 0 where there is no most.
    pub n_events: u32,
}

impl Standing {
    /// Of an opening that has sold nothing, with funds that hold so much.
    #[must_use]
    pub fn none(n_assets: usize, funds: Vec<i64>) -> Self {
        Self {
            flows: vec![0; n_assets],
            recovering: vec![0; n_assets],
            staying: vec![0; n_assets],
            lowest: funds.clone(),
            funds,
            capital: 0,
            n_events: 0,
        }
    }

    /// Every array, named, for the program's digest.
    pub(super) fn parts(&self) -> [(&'static str, &[u8]); 7] {
        [
            ("standing.flows", bytemuck::cast_slice(&self.flows)),
            ("standing.recovering", bytemuck::cast_slice(&self.recovering)),
            ("standing.staying", bytemuck::cast_slice(&self.staying)),
            ("standing.funds", bytemuck::cast_slice(&self.funds)),
            ("standing.lowest", bytemuck::cast_slice(&self.lowest)),
            ("standing.capital", bytemuck::bytes_of(&self.capital)),
            ("standing.n_events", bytemuck::bytes_of(&self.n_events)),
        ]
    }
}
