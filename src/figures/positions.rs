//! Positions in figures: who defaults, who loses, who bears the tail.

use serde::Serialize;

use super::facts::Facts;
use crate::tail::{PositionCount, TailShares, Tally, stat};

/// Positions that a summary lists.
pub(super) const N_LISTED: usize = 20;

/// A position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionFigures {
    /// Its name in the book.
    pub position: String,
    /// Its venue.
    pub venue: String,
    /// Whether it owes and owns nothing when the first step begins: its defaults are no
    /// liquidations. Left out where it is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_bare: bool,
    /// Share of paths on which it is breached.
    pub probability_of_default: f64,
    /// Its bad debt, mean over paths.
    pub mean_loss_usd: f64,
    /// Its debt at its first breach, mean over the paths on which it is breached.
    pub exposure_at_default_usd: Option<f64>,
    /// Its bad debt over that exposure.
    pub loss_given_default: Option<f64>,
    /// Its share of the losses of the tail.
    pub expected_shortfall_share: Option<f64>,
}

/// Tail shares with their sums, taken once: a book may hold a million positions.
#[derive(Debug, Clone, Copy)]
pub struct TailTotals<'a> {
    shares: &'a TailShares,
    positions: i128,
    pools: i128,
}

impl<'a> TailTotals<'a> {
    /// Sums the losses of a tail.
    #[must_use]
    pub fn of(shares: &'a TailShares) -> Self {
        let (positions, pools) = (shares.positions.iter().sum(), shares.pools.iter().sum());
        Self { shares, positions, pools }
    }

    fn position_share(&self, position_idx: usize) -> Option<f64> {
        share(self.shares.positions[position_idx], self.positions)
    }

    pub(super) fn pool_share(&self, pool_idx: usize) -> Option<f64> {
        share(self.shares.pools[pool_idx], self.pools)
    }
}

/// A part of a tail's losses; none where nothing is lost.
fn share(loss: i128, total: i128) -> Option<f64> {
    (total > 0).then(|| loss as f64 / total as f64)
}

/// The figures of one position, listed in the summary or not.
#[must_use]
pub fn position_figures(
    tally: &Tally,
    facts: &Facts,
    totals: Option<&TailTotals<'_>>,
    position_idx: usize,
) -> PositionFigures {
    let PositionCount { n_defaults, loss, exposure } = tally.counters.positions[position_idx];
    let label = &facts.positions[position_idx];
    PositionFigures {
        position: label.position.clone(),
        venue: facts.venue(label.venue).to_owned(),
        is_bare: label.is_bare,
        probability_of_default: n_defaults as f64 / tally.sums.n_paths as f64,
        mean_loss_usd: facts.per_path(tally, loss),
        exposure_at_default_usd: stat::std_error::mean_of(exposure, n_defaults)
            .map(|exposure| facts.usd(exposure)),
        loss_given_default: (exposure > 0).then(|| loss as f64 / exposure as f64),
        expected_shortfall_share: totals.and_then(|of| of.position_share(position_idx)),
    }
}

/// Indices of the positions to list: mean loss, then probability, then place in the book.
pub(super) fn listed_positions(tally: &Tally) -> Vec<usize> {
    let positions = &tally.counters.positions;
    let mut listed: Vec<usize> = (0..positions.len())
        .filter(|&idx| positions[idx].n_defaults > 0 || positions[idx].loss > 0)
        .collect();
    let rank = |&idx: &usize| {
        let PositionCount { loss, n_defaults, .. } = positions[idx];
        (std::cmp::Reverse((loss, n_defaults)), idx)
    };
    if listed.len() > N_LISTED {
        listed.select_nth_unstable_by_key(N_LISTED, rank);
        listed.truncate(N_LISTED);
    }
    listed.sort_unstable_by_key(rank);
    listed
}
