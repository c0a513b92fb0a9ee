//! Tally to figures: a pure function of the tally and the scenario's facts.

use super::aftermath;
use super::facts::Facts;
use super::figures::{
    BadDebt, ExpectedShortfallFigures, PoolFigures, PositionFigures, StepFigures, Summary,
    TailFigures, ValueAtRiskFigures,
};
use super::void::VoidFigures;
use super::{unknown, windows};
use crate::tail::stat::{self, Probability, ValueAtRisk};
use crate::tail::{Level, Ordered, Paired, PositionCount, TailShares, Tally};

/// Positions that a summary lists.
const N_LISTED: usize = 20;

impl Summary {
    /// The figures of a tally; shares of the expected shortfall if its tail has been replayed.
    ///
    /// # Panics
    /// If the tally has no paths, or the facts are those of another program.
    #[must_use]
    pub fn of(tally: &Tally, facts: &Facts, shares: Option<&TailShares>) -> Self {
        let counters = &tally.counters;
        assert_eq!(counters.pools.len(), facts.pools.len(), "pools of another program");
        let ordered = Ordered::of(tally);
        let totals = shares.map(TailTotals::of);
        let values: Vec<ValueAtRisk> = facts
            .levels
            .iter()
            .map(|&level| stat::value_at_risk(&ordered, Level::nearest(level)))
            .collect();
        let bad_debt = bad_debt(&ordered, tally, facts, &values);
        let n_paths = tally.sums.n_paths;
        let checks = counters.positions.len() as u128 * u128::from(facts.n_steps);
        let mut summary = Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: facts.scenario.clone(),
            program_digest: facts.program_digest.clone(),
            outcome_digest: tally.outcome_digest(),
            tally_digest: tally.tally_digest(),
            run_digest: None,
            seed: facts.seed,
            n_paths,
            n_positions: counters.positions.len() as u64,
            n_steps: facts.n_steps,
            step_hours: facts.step_hours,
            opening: facts.opening.clone(),
            void: VoidFigures::of(tally),
            notes: facts.notes.clone(),
            bad_debt,
            feedback: None,
            liquidated_usd: per_path(tally, facts, tally.sums.liquidated),
            events_per_path: tally.sums.n_events as f64 / n_paths as f64,
            largest_step_events: tally.sums.largest_step,
            aftermath: aftermath::figures(tally, facts),
            saturated_paths: tally.sums.n_saturated,
            small_mark_paths: tally.sums.n_small_marks,
            position_checks: u128::from(n_paths).saturating_mul(checks),
            tail: shares.map(|of| TailFigures { level: of.level, n_paths: of.n_paths }),
            positions: listed_positions(tally)
                .into_iter()
                .map(|position_idx| position_figures(tally, facts, totals.as_ref(), position_idx))
                .collect(),
            pools: pools(tally, facts, totals.as_ref()),
            steps: steps(tally, facts),
        };
        let told = match &tally.batches {
            Some(batches) => windows::restate(&mut summary, batches, facts),
            None => unknown::notes(&summary.bad_debt, n_paths),
        };
        summary.notes.extend(told);
        if tally.sums.n_saturated > 0 {
            summary.bad_debt = summary.bad_debt.without_upper_ends();
        }
        summary
    }

    /// Adds what finite depth does to bad debt, of paths that were walked with and without it.
    ///
    /// # Panics
    /// If they are not the paths of this summary.
    #[must_use]
    pub fn with_feedback(mut self, paired: &Paired, facts: &Facts) -> Self {
        assert_eq!(paired.n_paths, self.n_paths, "paths of another run");
        self.feedback = aftermath::feedback(paired, facts);
        if let (Some(found), Some(feedback)) = (&self.bad_debt.windows, &mut self.feedback) {
            windows::restate_feedback(found, feedback);
        }
        self
    }
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

    fn pool_share(&self, pool_idx: usize) -> Option<f64> {
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
        mean_loss_usd: per_path(tally, facts, loss),
        exposure_at_default_usd: stat::mean::mean_of(exposure, n_defaults)
            .map(|exposure| facts.usd(exposure)),
        loss_given_default: (exposure > 0).then(|| loss as f64 / exposure as f64),
        expected_shortfall_share: totals.and_then(|of| of.position_share(position_idx)),
    }
}

fn bad_debt(
    ordered: &Ordered<'_>,
    tally: &Tally,
    facts: &Facts,
    values: &[ValueAtRisk],
) -> BadDebt {
    let (mean, probability) = (stat::mean(ordered), probability(tally));
    let usd = |quanta: f64| facts.usd(quanta);
    let interval = mean.interval;
    let value_at_risk = facts.levels.iter().zip(values).map(|(&level, found)| ValueAtRiskFigures {
        level,
        value_usd: usd(found.value as f64),
        low_usd: usd(found.low as f64),
        high_usd: found.high.map(|high| usd(high as f64)),
        exact: found.is_exact,
    });
    let expected_shortfall = facts.levels.iter().map(|&level| {
        let found = stat::expected_shortfall(ordered, Level::nearest(level));
        let interval = found.interval;
        ExpectedShortfallFigures {
            level,
            value_usd: usd(found.value),
            low_usd: interval.map(|(low, _)| usd(low)),
            high_usd: interval.map(|(_, high)| usd(high)),
            std_error_usd: found.std_error.map(usd),
        }
    });
    BadDebt {
        at_least: false,
        losing_paths: tally.sums.n_losing,
        mean_usd: usd(mean.value),
        std_error_usd: mean.std_error.map(usd),
        low_usd: interval.map(|(low, _)| usd(low)),
        high_usd: interval.map(|(_, high)| usd(high)),
        probability: probability.value,
        probability_low: probability.low,
        probability_high: probability.high,
        materiality_usd: facts.materiality_usd,
        materiality_rounding_usd: facts.usd(facts.materiality_rounding() as f64),
        realised_usd: per_path(tally, facts, tally.sums.realised),
        stranded_usd: per_path(tally, facts, tally.sums.stranded),
        under_water_usd: per_path(tally, facts, tally.sums.under_water),
        max_usd: usd(ordered.worst()[0].loss as f64),
        value_at_risk: value_at_risk.collect(),
        expected_shortfall: expected_shortfall.collect(),
        windows: None,
    }
}

fn probability(tally: &Tally) -> Probability {
    stat::probability(tally).unwrap_or_else(|| panic!("a tally without paths has no summary"))
}

/// A sum over all paths as dollars a path.
fn per_path(tally: &Tally, facts: &Facts, sum: i128) -> f64 {
    facts.usd(sum as f64 / tally.sums.n_paths as f64)
}

/// Indices of the positions to list: mean loss, then probability, then place in the book.
fn listed_positions(tally: &Tally) -> Vec<usize> {
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

fn pools(tally: &Tally, facts: &Facts, totals: Option<&TailTotals<'_>>) -> Vec<PoolFigures> {
    let losses = tally.counters.pools.iter().enumerate();
    losses
        .zip(&facts.pools)
        .map(|((pool_idx, &loss), label)| PoolFigures {
            venue: facts.venue(label.venue).to_owned(),
            debt_asset: label.debt_asset.clone(),
            mean_bad_debt_usd: per_path(tally, facts, loss),
            expected_shortfall_share: totals.and_then(|of| of.pool_share(pool_idx)),
        })
        .collect()
}

fn steps(tally: &Tally, facts: &Facts) -> Vec<StepFigures> {
    let mut cumulative = 0;
    let figures = (0..).zip(&tally.counters.steps).map(|(step_idx, step)| {
        cumulative += step.loss;
        StepFigures {
            step_idx,
            n_events_per_path: step.n_events as f64 / tally.sums.n_paths as f64,
            mean_liquidated_usd: per_path(tally, facts, step.liquidated),
            mean_bad_debt_usd: per_path(tally, facts, step.loss),
            cumulative_bad_debt_usd: per_path(tally, facts, cumulative),
        }
    });
    figures.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::tail::{Outcome, Shape};

    #[test]
    fn parts_sum_to_the_mean_and_shares_to_one() {
        let summary = fixture::summary();
        let bad_debt = &summary.bad_debt;
        let parts = bad_debt.realised_usd + bad_debt.stranded_usd + bad_debt.under_water_usd;
        assert!((parts - bad_debt.mean_usd).abs() <= 1e-12 * bad_debt.mean_usd);
        let shares: f64 = summary.pools.iter().filter_map(|of| of.expected_shortfall_share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
    }

    #[test]
    fn positions_are_listed_by_mean_loss_then_probability() {
        let listed = fixture::summary().positions;
        assert_eq!(listed.len(), N_LISTED);
        for pair in listed.windows(2) {
            let rank = |of: &PositionFigures| (of.mean_loss_usd, of.probability_of_default);
            assert!(rank(&pair[0]) >= rank(&pair[1]));
        }
    }

    #[test]
    fn a_single_path_without_loss_has_figures_and_no_errors() {
        let mut tally =
            Tally::new(1, Shape { n_positions: 2, n_steps: 3, n_pools: 1, n_funds: None });
        tally.absorb_block(0, &[Outcome::default()]);
        let shares = TailShares { level: 0.99, n_paths: 1, positions: vec![0, 0], pools: vec![0] };
        let mut facts = fixture::facts();
        facts.pools.truncate(1);
        let summary = Summary::of(&tally, &facts, Some(&shares));
        assert_eq!((summary.bad_debt.mean_usd, summary.bad_debt.std_error_usd), (0.0, None));
        assert_eq!(summary.pools[0].expected_shortfall_share, None);
        assert!(summary.positions.is_empty());
        assert_eq!(summary.notes.len(), 1, "{:?}", summary.notes);
    }
}
