//! What couples the positions of a path, in figures: feedback, cascades, backlogs, insurance funds.

use serde::Serialize;

use super::facts::{CouplingFacts, Facts, FeedbackTiming, FundFacts};
use crate::tail::aftermath::{Amounts, FundDraws};
use crate::tail::stat::mean::mean_of;
use crate::tail::stat::probability::wilson;
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
        backlog: backlog(aftermath, facts),
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

fn backlog(aftermath: &Aftermath, facts: &Facts) -> BacklogFigures {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::tail::{Outcome, Shape};
    use crate::units::VenueId;

    /// A dollar, in quanta of the fixture.
    const USD: i64 = 1 << 16;

    const NO_FUND: FundFacts = FundFacts { venue: VenueId(0), initial_usd: 0.0, fee: 0.0 };
    const FUND: FundFacts = FundFacts { venue: VenueId(1), initial_usd: 100.0, fee: 0.0 };

    /// The figures of paths that end like this: backlog, positions waiting, most rounds, and what
    /// was drawn from a fund of 100 dollars; all money in dollars.
    fn figures_of(paths: &[[i64; 4]], timing: FeedbackTiming) -> AftermathFigures {
        let shape = Shape { n_funds: Some(2), ..Shape::default() };
        let mut tally = Tally::new(1, shape);
        let outcome = Outcome { largest_step: 7, ..Outcome::default() };
        tally.absorb_block(0, &vec![outcome; paths.len()]);
        let aftermath = tally.counters.aftermath.as_mut().unwrap();
        for [backlog, n_waiting, n_rounds, drawn] in paths.iter().copied() {
            let emptied = i64::from(drawn == 100);
            aftermath.absorb(&[backlog * USD, n_waiting, n_rounds, 0, 0, drawn * USD, emptied]);
        }
        let coupling = CouplingFacts { feedback: Some(timing), funds: vec![NO_FUND, FUND] };
        figures(&tally, &Facts { coupling: Some(coupling), ..fixture::facts() }).unwrap()
    }

    #[test]
    fn a_small_aftermath_has_the_figures_of_a_hand_calculation() {
        let paths = [[0, 0, 1, 0], [2, 1, 1, 10], [6, 3, 3, 40], [0, 0, 2, 100]];
        let AftermathFigures { cascade, backlog, insurance_funds } =
            figures_of(&paths, FeedbackTiming::SameStep);
        assert_eq!((cascade.largest_step_events, cascade.most_rounds), (7, 3));
        assert_eq!(cascade.spiral_probability, Some(0.5));

        assert_eq!((backlog.probability, backlog.max_usd), (0.5, 6.0));
        assert_eq!((backlog.mean_usd, backlog.mean_positions), (2.0, 1.0));
        // Sample variance (4 * 40 - 8^2) / (4 * 3) = 8, over 4 paths.
        assert_eq!(backlog.std_error_usd, Some(2.0_f64.sqrt()));
        let half = wilson(2, 4).unwrap();
        assert_eq!((backlog.probability_low, backlog.probability_high), (half.low, half.high));

        let [fund] = &insurance_funds[..] else { panic!("{insurance_funds:?}") };
        assert_eq!(
            (&*fund.venue, fund.initial_usd, fund.emptied_probability),
            ("morpho", 100.0, 0.25)
        );
        // Drawn: 150 in all, squares 11,700; (4 * 11,700 - 150^2) / (4^2 * 3) = 22.5^2.
        let minimum = PathMinimum {
            mean: 62.5,
            std_error: Some(22.5),
            mean_low: None,
            mean_high: None,
            p05: 0.0,
            p01: 0.0,
            lowest: 0.0,
        };
        assert_eq!(fund.path_minimum_usd, minimum);
    }

    #[test]
    fn quantiles_of_a_fund_are_order_statistics_of_its_minimum() {
        // Of 200 paths the ceil(0.01 * 200) = 2nd and ceil(0.05 * 200) = 10th smallest.
        let paths: Vec<[i64; 4]> = (0..200).map(|path| [0, 0, 0, path / 2]).collect();
        let found = figures_of(&paths, FeedbackTiming::NextStep);
        let minimum = found.insurance_funds[0].path_minimum_usd;
        assert_eq!((minimum.lowest, minimum.p01, minimum.p05), (1.0, 1.0, 5.0));
    }

    #[test]
    fn feedback_of_the_next_step_has_no_spiral_and_one_path_no_errors() {
        let found = figures_of(&[[3, 1, 1, 0]], FeedbackTiming::NextStep);
        assert_eq!(found.cascade.spiral_probability, None);
        assert_eq!((found.backlog.mean_usd, found.backlog.std_error_usd), (3.0, None));
        assert_eq!(found.insurance_funds[0].path_minimum_usd.std_error, None);
    }

    #[test]
    fn a_small_comparison_has_the_figures_of_a_hand_calculation() {
        let outcomes = |losses: [i64; 3]| {
            losses.map(|usd| Outcome { realised: usd * USD, ..Outcome::default() })
        };
        let mut paired = Paired::default();
        paired.absorb(&outcomes([3, 0, 5]), &outcomes([1, 1, 4]));
        let found = feedback(&paired, &fixture::facts()).unwrap();
        // Differences 2, -1, 1: mean 2/3, (3 * 6 - 2^2) / (3^2 * 2) = 7/9.
        let (mean, error) = (2.0 / 3.0, 7.0_f64.sqrt() / 3.0);
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-14;
        assert_eq!(found.amplification, Some(8.0 / 6.0));
        assert!(near(found.bad_debt_with_usd, 8.0 / 3.0) && near(found.bad_debt_without_usd, 2.0));
        assert!(near(found.difference_usd, mean));
        assert!(near(found.difference_std_error_usd.unwrap(), error));
        assert_eq!((found.difference_low_usd, found.difference_high_usd), (None, None));
        assert_eq!((found.worse_paths, found.better_paths, found.n_paths), (2, 1, 3));
    }

    #[test]
    fn ten_paths_tell_the_interval_of_a_backlog_and_of_a_fund() {
        let mut paths = vec![[0, 0, 1, 0]; 100];
        for (idx, path) in (1..).zip(&mut paths[..10]) {
            *path = [idx, 1, 1, 10 * idx];
        }
        let AftermathFigures { backlog, insurance_funds, .. } =
            figures_of(&paths, FeedbackTiming::SameStep);
        let (low, high) = (backlog.low_usd.unwrap(), backlog.high_usd.unwrap());
        assert!(0.0 < low && low < backlog.mean_usd && backlog.mean_usd < high);
        // The fund is drawn by ten times the backlog: its interval hangs from the 100 it opened at.
        let minimum = insurance_funds[0].path_minimum_usd;
        assert!((minimum.mean_low.unwrap() - (100.0 - 10.0 * high)).abs() < 1e-9);
        assert!((minimum.mean_high.unwrap() - (100.0 - 10.0 * low)).abs() < 1e-9);
        let nine = figures_of(&paths[1..], FeedbackTiming::SameStep);
        assert_eq!((nine.backlog.low_usd, nine.backlog.high_usd), (None, None));
        assert_eq!(nine.insurance_funds[0].path_minimum_usd.mean_low, None);
    }

    #[test]
    fn what_is_not_coupled_leaves_no_trace_in_json() {
        let json = serde_json::to_value(fixture::summary()).unwrap();
        for part in ["feedback", "aftermath", "cascade", "backlog", "insurance_funds"] {
            assert!(json.get(part).is_none(), "{part}");
        }
        let json = serde_json::to_value(fixture::coupled_summary()).unwrap();
        for part in ["feedback", "cascade", "backlog", "insurance_funds"] {
            assert!(json.get(part).is_some(), "{part}");
        }
        assert!(json.get("aftermath").is_none());
    }

    #[test]
    #[should_panic(expected = "an aftermath of other paths")]
    fn an_aftermath_counts_every_path() {
        let mut tally = Tally::new(1, Shape { n_funds: Some(0), ..Shape::default() });
        tally.absorb_block(0, &[Outcome::default()]);
        let coupling = CouplingFacts { feedback: None, funds: Vec::new() };
        figures(&tally, &Facts { coupling: Some(coupling), ..fixture::facts() });
    }
}
