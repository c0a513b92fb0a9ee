//! Intervals of a summary whose paths follow windows of a history: facts where every window was
//! walked, errors of batches where not.

use super::aftermath::{BacklogFigures, CascadeFigures, FeedbackFigures, InsuranceFundFigures};
use super::bad_debt::BadDebt;
use super::facts::Facts;
use super::number::{count, counted};
use super::summary::Summary;
use super::windows::WindowFigures;
use crate::tail::stat::Mean;
use crate::tail::windows::Batches;

/// States the intervals of a summary anew, which took its paths for independent; says what is not
/// known.
pub(super) fn restate(summary: &mut Summary, batches: &Batches, facts: &Facts) -> Vec<String> {
    let found = WindowFigures::of(batches);
    let note = if found.is_whole() {
        restate_as_facts(summary);
        format!(
            "figures are facts of the history, without an error: every one of its {} was walked",
            counted(found.n_windows, "window")
        )
    } else {
        restate_by_batches(&mut summary.bad_debt, batches, facts);
        restate_as_unknown(summary);
        told(&found, batches.windows.decides_all)
    };
    summary.bad_debt.windows = Some(found);
    vec![note]
}

fn told(found: &WindowFigures, decides_all: bool) -> String {
    let walked = format!(
        "{} of {} were walked, and they overlap",
        count(found.n_walked.into()),
        counted(found.n_windows, "window"),
    );
    let basis = match found.n_batches {
        Some(n) => format!("intervals of the mean and the probability rest on {n} batches of time"),
        None => "they are too long for 8 batches of time, so no interval is known".to_owned(),
    };
    let remedy = if decides_all {
        format!("; --paths {} walks every window, and all is known", found.n_windows)
    } else {
        String::new()
    };
    format!("{walked}: {basis}; those of other figures are not known{remedy}")
}

/// Of the mean and the probability; of the tail's figures nothing is known but that none is
/// negative.
fn restate_by_batches(bad_debt: &mut BadDebt, batches: &Batches, facts: &Facts) {
    let none = Mean { value: 0.0, std_error: None, interval: None };
    let mean = batches.mean().unwrap_or(none);
    bad_debt.std_error_usd = mean.std_error.map(|error| facts.usd(error));
    bad_debt.low_usd = mean.interval.map(|(low, _)| facts.usd(low));
    bad_debt.high_usd = mean.interval.map(|(_, high)| facts.usd(high));
    let (low, high) = batches.probability().and_then(|it| it.interval).unwrap_or((0.0, 1.0));
    (bad_debt.probability_low, bad_debt.probability_high) = (low, high.min(1.0));
    for found in &mut bad_debt.value_at_risk {
        (found.low_usd, found.high_usd) = (0.0, None);
    }
    for found in &mut bad_debt.expected_shortfall {
        (found.low_usd, found.high_usd, found.std_error_usd) = (None, None, None);
    }
}

/// What paths leave beside bad debt: a share is between none and all.
fn restate_as_unknown(summary: &mut Summary) {
    let Some(aftermath) = &mut summary.aftermath else { return };
    let CascadeFigures { spiral_probability_low, spiral_probability_high, .. } =
        &mut aftermath.cascade;
    *spiral_probability_low = spiral_probability_low.map(|_| 0.0);
    *spiral_probability_high = spiral_probability_high.map(|_| 1.0);
    let backlog = &mut aftermath.backlog;
    (backlog.probability_low, backlog.probability_high) = (0.0, 1.0);
    (backlog.low_usd, backlog.high_usd, backlog.std_error_usd) = (None, None, None);
    for fund in &mut aftermath.insurance_funds {
        (fund.emptied_probability_low, fund.emptied_probability_high) = (0.0, 1.0);
        let minimum = &mut fund.path_minimum_usd;
        (minimum.mean_low, minimum.mean_high, minimum.std_error) = (None, None, None);
    }
}

/// What feedback adds, of paths that follow windows.
pub(super) fn feedback(found: &WindowFigures, feedback: &mut FeedbackFigures) {
    let fact = found.is_whole().then_some(feedback.difference_usd);
    (feedback.difference_low_usd, feedback.difference_high_usd) = (fact, fact);
    feedback.difference_std_error_usd = None;
}

fn restate_as_facts(summary: &mut Summary) {
    let bad_debt = &mut summary.bad_debt;
    let mean = Some(bad_debt.mean_usd);
    (bad_debt.low_usd, bad_debt.high_usd, bad_debt.std_error_usd) = (mean, mean, None);
    bad_debt.probability_low = bad_debt.probability;
    bad_debt.probability_high = bad_debt.probability;
    for found in &mut bad_debt.value_at_risk {
        (found.low_usd, found.high_usd) = (found.value_usd, Some(found.value_usd));
    }
    for found in &mut bad_debt.expected_shortfall {
        let value = Some(found.value_usd);
        (found.low_usd, found.high_usd, found.std_error_usd) = (value, value, None);
    }
    let Some(aftermath) = &mut summary.aftermath else { return };
    let CascadeFigures {
        spiral_probability, spiral_probability_low, spiral_probability_high, ..
    } = &mut aftermath.cascade;
    (*spiral_probability_low, *spiral_probability_high) =
        (*spiral_probability, *spiral_probability);
    let BacklogFigures {
        probability,
        probability_low,
        probability_high,
        mean_usd,
        low_usd,
        high_usd,
        ..
    } = &mut aftermath.backlog;
    (*probability_low, *probability_high) = (*probability, *probability);
    (*low_usd, *high_usd) = (Some(*mean_usd), Some(*mean_usd));
    aftermath.backlog.std_error_usd = None;
    aftermath.insurance_funds.iter_mut().for_each(fund_as_fact);
}

fn fund_as_fact(fund: &mut InsuranceFundFigures) {
    fund.emptied_probability_low = fund.emptied_probability;
    fund.emptied_probability_high = fund.emptied_probability;
    let minimum = &mut fund.path_minimum_usd;
    let mean = Some(minimum.mean);
    (minimum.mean_low, minimum.mean_high, minimum.std_error) = (mean, mean, None);
}

#[cfg(test)]
mod tests {
    use super::super::windows::{BATCHES, WHOLE};
    use super::*;
    use crate::figures::Figure;
    use crate::figures::fixture::{self, figure};
    use crate::tail::windows::Windows;
    use crate::tail::{Outcome, Shape, Tally};

    fn summary(n_paths: u64, windows: Windows) -> Summary {
        let shape = Shape { n_positions: 0, n_steps: 0, n_pools: 2, n_funds: None };
        let mut tally = Tally::new(1, shape).over(Some(windows));
        let loss = |path_idx| (windows.window_of(path_idx) % 7) as i64 * (1 << 32);
        let outcome = |path_idx| Outcome { realised: loss(path_idx), ..Outcome::default() };
        let outcomes: Vec<Outcome> = (0..n_paths).map(outcome).collect();
        tally.absorb_paths(0, &outcomes);
        Summary::of(&tally, &fixture::facts(), None)
    }

    fn windows(window_rows: u64, decides_all: bool) -> Windows {
        Windows { n_windows: 3200, multiplier: 1979, window_rows, stride: 1, decides_all }
    }

    #[test]
    fn where_every_window_was_walked_figures_are_facts() {
        let summary = summary(3200, windows(50, true));
        for figure in Figure::gates(&fixture::parameters()) {
            let Some(reading) = summary.reading(&figure) else { continue };
            let value = Some(reading.value);
            assert_eq!((reading.low, reading.high), (value, value), "{figure}");
        }
        let found = summary.bad_debt.windows.as_ref().unwrap();
        assert_eq!((found.n_walked, found.method, found.n_batches), (3200, WHOLE, None));
        assert_eq!(summary.bad_debt.std_error_usd, None);
        assert!(summary.notes.last().unwrap().contains("every one of its 3,200 windows"));
    }

    #[test]
    fn of_some_windows_batches_tell_the_mean_and_nothing_the_tail() {
        let summary = summary(1600, windows(50, true));
        let bad_debt = &summary.bad_debt;
        let reading = |name: &str| summary.reading(&figure(name)).unwrap();
        let mean = reading("mean");
        assert!(mean.low.unwrap() < mean.value && mean.value < mean.high.unwrap());
        let sure = reading("probability");
        assert!(0.0 < sure.low.unwrap() && sure.high.unwrap() < 1.0);
        for level in ["50", "99", "99.99"] {
            assert_eq!(reading(&format!("var{level}")).high, None);
            assert_eq!(reading(&format!("es{level}")).low, None);
        }
        let found = bad_debt.windows.as_ref().unwrap();
        assert_eq!((found.method, found.n_batches), (BATCHES, Some(32)));
        assert!(summary.notes.last().unwrap().contains("--paths 3200"), "{:?}", summary.notes);
    }

    #[test]
    fn random_moves_beside_the_replay_leave_an_error_and_long_windows_leave_nothing_known() {
        let random = summary(3200, windows(50, false));
        assert_eq!(random.bad_debt.windows.as_ref().unwrap().method, BATCHES);
        assert!(random.bad_debt.std_error_usd.unwrap() > 0.0);
        let long = summary(1600, windows(401, true));
        let bad_debt = &long.bad_debt;
        assert_eq!((bad_debt.std_error_usd, bad_debt.high_usd), (None, None));
        assert_eq!((bad_debt.probability_low, bad_debt.probability_high), (0.0, 1.0));
        assert_eq!(bad_debt.windows.as_ref().unwrap().n_batches, None);
    }
}
