//! Tally to figures: a pure function of the tally and the scenario's facts.

use super::aftermath;
use super::bad_debt::bad_debt;
use super::facts::Facts;
use super::pools::pools;
use super::positions::{TailTotals, listed_positions, position_figures};
use super::steps::steps;
use super::summary::{Summary, TailFigures};
use super::void::VoidFigures;
use super::{restate, unknown};
use crate::tail::stat::{self, ValueAtRisk};
use crate::tail::{Level, Ordered, Paired, TailShares, Tally};

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
            liquidated_usd: facts.per_path(tally, tally.sums.liquidated),
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
            Some(batches) => restate::restate(&mut summary, batches, facts),
            None => unknown::notes(&summary, &facts.levels),
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
            restate::feedback(found, feedback);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::positions::PositionFigures;
    use super::*;
    use crate::figures::fixture;
    use crate::figures::positions::N_LISTED;
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
