//! Which intervals are not known from so many paths, and how many paths would tell.

use super::figure::{Figure, Parameters};
use super::number::{count, counted, round_up};
use super::row::{Known, Rests};
use super::summary::Summary;
use crate::tail::stat::expected_shortfall::LEAST_TAIL;
use crate::tail::stat::skewed::LEAST_AMOUNTS;

/// A sentence for each reason.
pub(super) fn notes(summary: &Summary, levels: &[f64]) -> Vec<String> {
    let n_paths = summary.n_paths;
    // Of one path the interval itself says that it is not known.
    if n_paths < 2 {
        return Vec::new();
    }
    let (mut few, mut short, mut open) = (Vec::new(), Vec::new(), Vec::new());
    let would_tell =
        |figure: &Figure, n_paths: u64| format!("{figure} ({} would tell)", count(n_paths.into()));
    let parameters = Parameters { levels, ..Parameters::default() };
    for figure in Figure::gates(&parameters) {
        match lacks(&figure, summary) {
            Some(Lacks::Losses) => few.push(figure.to_string()),
            Some(Lacks::Tail(n_needed)) => short.push(would_tell(&figure, n_needed)),
            Some(Lacks::Rank(n_needed)) => open.push(would_tell(&figure, n_needed)),
            None => {}
        }
    }
    let of = |what: &str, names: &[String]| {
        let names = names.join(", ");
        format!("{what} not known from {} of {names}", counted(n_paths, "path"))
    };
    let mut notes = Vec::new();
    if !few.is_empty() {
        let told = of("95 % intervals are", &few);
        notes.push(format!("{told}: {}", few_losing(n_paths, summary.bad_debt.losing_paths)));
    }
    if !short.is_empty() {
        notes.push(of("95 % intervals are", &short));
    }
    if !open.is_empty() {
        notes.push(of("upper ends of 95 % intervals are", &open));
    }
    notes
}

/// Why the upper end of an interval is not known, with the paths that would tell.
enum Lacks {
    /// Too few paths lose.
    Losses,
    /// Too few paths lie beyond the level.
    Tail(u64),
    /// No path need lie beyond the quantile.
    Rank(u64),
}

/// What a figure's interval lacks; none where it is known, or where no rule says so.
fn lacks(figure: &Figure, summary: &Summary) -> Option<Lacks> {
    let Known::Within(rests) = figure.row.known else { return None };
    if summary.estimate(figure)?.high.is_some() {
        return None;
    }
    match (rests, figure.level()) {
        (Rests::Losing, _) => Some(Lacks::Losses),
        (Rests::Tail, Some(level)) => {
            let n_needed = paths_for_tail(level);
            let is_long = n_needed <= summary.n_paths;
            Some(if is_long { Lacks::Losses } else { Lacks::Tail(n_needed) })
        }
        (Rests::Rank, Some(level)) => Some(Lacks::Rank(paths_beyond(level))),
        _ => None,
    }
}

impl Summary {
    /// So many paths would make both ends of the figure's interval known, about; `None` where that
    /// is not known, or they are known already.
    #[must_use]
    pub fn known_from(&self, figure: &Figure) -> Option<u64> {
        let bad_debt = &self.bad_debt;
        if bad_debt.windows.is_some() || bad_debt.at_least {
            return None;
        }
        let needed = match lacks(figure, self)? {
            Lacks::Losses => paths_for_losses(self.n_paths, bad_debt.losing_paths),
            Lacks::Tail(n_needed) | Lacks::Rank(n_needed) => n_needed,
        };
        Some(round_up(needed as f64) as u64)
    }
}

/// Of a mean: how large losses may be is not known from a handful of them.
fn few_losing(n_paths: u64, n_losing: u64) -> String {
    let losing = match n_losing {
        0 => "none loses".to_owned(),
        1 => "1 loses".to_owned(),
        _ => format!("{} lose", count(n_losing.into())),
    };
    let needed = round_up(paths_for_losses(n_paths, n_losing) as f64) as u64;
    let how_many = if n_losing == 0 { "more than" } else { "some" };
    format!("{losing}, and {LEAST_AMOUNTS} are to; {how_many} {} would tell", count(needed.into()))
}

/// Paths whose tail beyond a level has as many as an interval needs.
fn paths_for_tail(level: f64) -> u64 {
    libm::ceil(LEAST_TAIL / (1.0 - level) - 1e-3) as u64
}

/// Paths of which ten lose in 19 runs of 20, a Poisson count with mean 16, at the share seen; of
/// none seen, at the largest share that shows none in 1 run of 40: 3.69 / n.
fn paths_for_losses(n_paths: u64, n_losing: u64) -> u64 {
    let expected = if n_losing == 0 { 3.69 } else { n_losing as f64 };
    libm::ceil(16.0 / expected * n_paths as f64) as u64
}

/// Paths of which one lies beyond the quantile in 39 runs of 40: level^n = 1 / 40.
fn paths_beyond(level: f64) -> u64 {
    libm::ceil(libm::log(0.025) / libm::log(level)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::fixture;
    use crate::tail::stat::value_at_risk::interval_ranks;
    use crate::tail::{Level, Outcome, Shape, Tally};

    fn summary(n_paths: usize, n_losing: usize) -> Summary {
        let shape = Shape { n_positions: 0, n_steps: 0, n_pools: 2, n_funds: None };
        let mut tally = Tally::new(1, shape);
        let mut outcomes = vec![Outcome::default(); n_paths];
        (1..).zip(&mut outcomes[..n_losing]).for_each(|(loss, it)| it.realised = loss << 30);
        tally.absorb_paths(0, &outcomes);
        let mut facts = fixture::facts();
        facts.levels = vec![0.95, 0.99, 0.999];
        facts.notes.clear();
        Summary::of(&tally, &facts, None)
    }

    #[test]
    fn what_is_not_known_is_named_with_the_paths_that_would_tell() {
        assert_eq!(
            summary(4000, 2).notes,
            [
                "95 % intervals are not known from 4,000 paths of mean, es95, es99: 2 lose, and 10 \
                 are to; some 32,000 would tell",
                "95 % intervals are not known from 4,000 paths of es99.9 (30,000 would tell)",
            ]
        );
        assert_eq!(
            summary(1000, 0).notes[0],
            "95 % intervals are not known from 1,000 paths of mean, es95: none loses, and 10 are \
             to; more than 4,400 would tell"
        );
        assert_eq!(
            summary(1000, 500).notes[1],
            "upper ends of 95 % intervals are not known from 1,000 paths of var99.9 (3,688 would \
             tell)"
        );
        assert!(summary(30_000, 10).notes.is_empty());
    }

    #[test]
    fn nothing_that_is_not_known_has_an_end() {
        let bad_debt = summary(1000, 0).bad_debt;
        assert_eq!((bad_debt.low_usd, bad_debt.high_usd), (None, None));
        assert!(bad_debt.expected_shortfall.iter().all(|it| it.high_usd.is_none()));
        // No path of 1,000 loses: 99 % of them certainly do not, one in a thousand may.
        let highs: Vec<Option<f64>> = bad_debt.value_at_risk.iter().map(|it| it.high_usd).collect();
        assert_eq!(highs, [Some(0.0), Some(0.0), None]);
    }

    #[test]
    fn the_paths_that_would_tell_do_and_one_less_does_not() {
        for level in [0.5, 0.95, 0.99, 0.999, 0.9999] {
            let n_paths = paths_beyond(level);
            let reaches = |n_paths| interval_ranks(n_paths, Level::nearest(level)).1.is_some();
            assert!(reaches(n_paths) && !reaches(n_paths - 1), "{level} {n_paths}");
        }
    }
}
