//! What couples the positions of a path, in figures: feedback, cascades, backlogs, insurance funds.

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::facts::{CouplingFacts, Facts, FeedbackTiming, FundFacts};
use crate::tail::aftermath::{Amounts, FundDraws};
use crate::tail::stat::probability::wilson;
use crate::tail::stat::std_error::mean_of;
use crate::tail::stat::{Mean, Probability};
use crate::tail::{Aftermath, Level, Paired, Tally};

/// What selling into markets of finite depth does to bad debt: the same paths with it and without.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedbackFigures {
    /// Mean bad debt with it over that without; none where nothing is lost without.
    pub amplification: Option<f64>,
    /// Mean bad debt with it.
    pub bad_debt_with_usd: f64,
    /// Mean bad debt without it.
    pub bad_debt_without_usd: f64,
    /// Mean difference, with less without.
    pub difference_usd: f64,
    /// Its standard error; none of a single path.
    pub difference_std_error_usd: Option<f64>,
    /// Lower end of its interval; below 0 where feedback may help.
    pub difference_low_usd: Option<f64>,
    /// Upper end of its interval.
    pub difference_high_usd: Option<f64>,
    /// Paths that lose more with it.
    pub worse_paths: u64,
    /// Paths that lose less with it.
    pub better_paths: u64,
    /// Paths.
    pub n_paths: u64,
}

/// What coupled paths leave beside their bad debt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AftermathFigures {
    /// Liquidations that call for more.
    pub cascade: CascadeFigures,
    /// Who waits for a liquidator at the horizon.
    pub backlog: BacklogFigures,
    /// The insurance funds, in the order of the venues.
    pub insurance_funds: Vec<InsuranceFundFigures>,
}

/// Liquidations that call for more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CascadeFigures {
    /// When sales move prices; none where markets are infinitely deep.
    pub feedback_timing: Option<FeedbackTiming>,
    /// Most liquidation events in one step of one path.
    pub largest_step_events: u32,
    /// Most rounds of liquidations in one step of one path.
    pub most_rounds: u32,
    /// Share of paths on which liquidations call for a second round in the same step; none where
    /// sales do not move prices at once.
    pub spiral_probability: Option<f64>,
    /// Lower end of its interval (Wilson).
    pub spiral_probability_low: Option<f64>,
    /// Upper end of its interval (Wilson).
    pub spiral_probability_high: Option<f64>,
}

/// Positions that are liquidatable at the horizon and that have not been liquidated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BacklogFigures {
    /// Share of paths that end with any.
    pub probability: f64,
    /// Lower end of its interval (Wilson).
    pub probability_low: f64,
    /// Upper end of its interval (Wilson).
    pub probability_high: f64,
    /// Their debt and notional, mean over paths.
    pub mean_usd: f64,
    /// Standard error of the mean; none of a single path.
    pub std_error_usd: Option<f64>,
    /// Lower end of the mean's interval; none if too few paths leave a backlog to know one.
    pub low_usd: Option<f64>,
    /// Upper end of the mean's interval.
    pub high_usd: Option<f64>,
    /// On the path with the most.
    pub max_usd: f64,
    /// How many positions, mean over paths.
    pub mean_positions: f64,
    /// Steps from breach to liquidation, mean over liquidations: all steps that breached positions
    /// have waited, also those that wait still, over all liquidations (Little's law); none without
    /// one.
    pub mean_waiting_steps: Option<f64>,
}

/// The insurance fund of a venue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InsuranceFundFigures {
    /// The venue.
    pub venue: String,
    /// What it holds at the opening.
    pub initial_usd: f64,
    /// The least that it holds on a path.
    pub path_minimum_usd: PathMinimum,
    /// Share of paths on which it is emptied.
    pub emptied_probability: f64,
    /// Lower end of its interval (Wilson).
    pub emptied_probability_low: f64,
    /// Upper end of its interval (Wilson).
    pub emptied_probability_high: f64,
}

/// The least that a fund holds on a path, over all paths, USD. Quantiles are the ceil(level x n)-th
/// smallest, each known to 2^-12 of what was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PathMinimum {
    /// Mean over paths.
    pub mean: f64,
    /// Standard error of the mean; none of a single path.
    pub std_error: Option<f64>,
    /// Lower end of the mean's interval; none if too few paths draw on it to know one.
    pub mean_low: Option<f64>,
    /// Upper end of the mean's interval.
    pub mean_high: Option<f64>,
    /// Its quantile at 0.05.
    pub p05: f64,
    /// Its quantile at 0.01.
    pub p01: f64,
    /// On the path with the least.
    pub lowest: f64,
}

/// What feedback adds; `None` of no paths.
pub(super) fn feedback(paired: &Paired, facts: &Facts) -> Option<FeedbackFigures> {
    let usd = |quanta: f64| facts.usd(quanta);
    let difference = paired.difference()?;
    let interval = difference.interval;
    Some(FeedbackFigures {
        amplification: paired.amplification(),
        bad_debt_with_usd: usd(mean_of(paired.with, paired.n_paths)?),
        bad_debt_without_usd: usd(mean_of(paired.without, paired.n_paths)?),
        difference_usd: usd(difference.value),
        difference_std_error_usd: difference.std_error.map(usd),
        difference_low_usd: interval.map(|(low, _)| usd(low)),
        difference_high_usd: interval.map(|(_, high)| usd(high)),
        worse_paths: paired.worse.n,
        better_paths: paired.better.n,
        n_paths: paired.n_paths,
    })
}

/// The figures of a tally's aftermath; `None` where nothing couples positions.
pub(super) fn figures(tally: &Tally, facts: &Facts) -> Option<AftermathFigures> {
    let (aftermath, coupling) = match (&tally.counters.aftermath, &facts.coupling) {
        (Some(aftermath), Some(coupling)) => (aftermath, coupling),
        (None, None) => return None,
        (None, Some(_)) => panic!("a coupled program without an aftermath"),
        (Some(_), None) => panic!("an aftermath of a program that is not coupled"),
    };
    assert_eq!(aftermath.n_paths, tally.sums.n_paths, "an aftermath of other paths");
    assert_eq!(aftermath.funds.len(), coupling.funds.len(), "funds of another program");
    let funds = aftermath.funds.iter().zip(&coupling.funds).filter(|(_, fund)| fund.is_fund());
    Some(AftermathFigures {
        cascade: cascade(aftermath, coupling, tally.sums.largest_step),
        backlog: backlog(aftermath, tally.sums.n_events, facts),
        insurance_funds: funds
            .map(|(draws, fund)| insurance_fund(draws, fund, aftermath.n_paths, facts))
            .collect(),
    })
}

fn cascade(
    aftermath: &Aftermath,
    coupling: &CouplingFacts,
    largest_step_events: u32,
) -> CascadeFigures {
    let is_at_once = coupling.feedback == Some(FeedbackTiming::SameStep);
    let spiral = is_at_once.then(|| share(aftermath.n_spiralling, aftermath.n_paths));
    CascadeFigures {
        feedback_timing: coupling.feedback,
        largest_step_events,
        most_rounds: aftermath.most_rounds,
        spiral_probability: spiral.map(|it| it.value),
        spiral_probability_low: spiral.map(|it| it.low),
        spiral_probability_high: spiral.map(|it| it.high),
    }
}

fn backlog(aftermath: &Aftermath, n_events: u128, facts: &Facts) -> BacklogFigures {
    let probability = share(aftermath.n_backlogged, aftermath.n_paths);
    let mean = mean(&aftermath.backlog, aftermath.n_paths);
    BacklogFigures {
        probability: probability.value,
        probability_low: probability.low,
        probability_high: probability.high,
        mean_usd: facts.usd(mean.value),
        std_error_usd: mean.std_error.map(|error| facts.usd(error)),
        low_usd: mean.interval.map(|(low, _)| facts.usd(low)),
        high_usd: mean.interval.map(|(_, high)| facts.usd(high)),
        max_usd: facts.usd(aftermath.backlog.largest as f64),
        mean_positions: aftermath.n_waiting as f64 / aftermath.n_paths as f64,
        mean_waiting_steps: (n_events > 0).then(|| aftermath.n_left as f64 / n_events as f64),
    }
}

fn insurance_fund(
    draws: &FundDraws,
    fund: &FundFacts,
    n_paths: u64,
    facts: &Facts,
) -> InsuranceFundFigures {
    let emptied = share(draws.n_emptied, n_paths);
    let drawn = mean(&draws.drawn, n_paths);
    let left = |drawn: f64| fund.initial_usd - facts.usd(drawn);
    // The r-th smallest minimum is where the r-th largest draw was made.
    let quantile =
        |level| left(draws.drawn.with_larger(Level::nearest(level).rank(n_paths) - 1) as f64);
    InsuranceFundFigures {
        venue: facts.venue(fund.venue).to_owned(),
        initial_usd: fund.initial_usd,
        path_minimum_usd: PathMinimum {
            mean: left(drawn.value),
            std_error: drawn.std_error.map(|error| facts.usd(error)),
            // It holds least where most is drawn, and never less than nothing.
            mean_low: drawn.interval.map(|(_, high)| left(high).max(0.0)),
            mean_high: drawn.interval.map(|(low, _)| left(low)),
            p05: quantile(0.05),
            p01: quantile(0.01),
            lowest: left(draws.drawn.largest as f64),
        },
        emptied_probability: emptied.value,
        emptied_probability_low: emptied.low,
        emptied_probability_high: emptied.high,
    }
}

fn share(n_hits: u64, n_paths: u64) -> Probability {
    wilson(n_hits, n_paths).unwrap_or_else(|| panic!("a share of no paths"))
}

fn mean(amounts: &Amounts, n_paths: u64) -> Mean {
    amounts.mean(n_paths).unwrap_or_else(|| panic!("a mean of no paths"))
}
