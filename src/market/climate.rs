//! The climate: states of the market that follow one another at random, each with volatilities,
//! drifts and jumps of its own.
//!
//! A state is left after a step with probability p = step / stay, so that stays are geometric with
//! the mean that is written, and paths of another step have the same law but for that grid. Where
//! it goes then is drawn by the shares of `next`. Hamilton, "A new approach to the economic
//! analysis of nonstationary time series and the business cycle", Econometrica 57 (1989).
//!
//! Ignores: states whose stay depends on how long it has lasted, or on the path's prices.

/// The most states: a kernel keeps a map of them in a word.
pub(crate) const MOST_STATES: usize = 8;

/// States that follow one another.
#[derive(Debug, Clone, PartialEq)]
pub struct Regimes {
    /// The states, 2 to 8.
    pub states: Vec<Regime>,
    /// The state in which every path opens; `None` draws it by the shares of the long run.
    pub start: Option<usize>,
}

/// One state of the market.
#[derive(Debug, Clone, PartialEq)]
pub struct Regime {
    /// Its name.
    pub name: String,
    /// Mean time until it is left, years, at least a step; infinite where it never is.
    pub stay_years: f64,
    /// Which state follows it: a share for each, 0 for itself; they add up to 1, or to 0 where it
    /// is never left.
    pub next: Vec<f64>,
    /// Factor of every volatility; not negative.
    pub volatility: f64,
    /// Factor of every jump rate; not negative.
    pub jumps: f64,
    /// By asset, 0 for those beyond the last: growth of the mean price beside the asset's own, a
    /// year.
    pub drift: Vec<f64>,
    /// By asset, likewise: relative change of the price in the step that enters the state; above
    /// -1.
    pub entry: Vec<f64>,
}

impl Regimes {
    /// Probabilities of the state of the next step, from each state.
    #[must_use]
    pub fn transitions(&self, step_years: f64) -> Vec<Vec<f64>> {
        let rows = self.states.iter().enumerate().map(|(from, state)| {
            let leaves = (step_years / state.stay_years).min(1.0);
            let mut row: Vec<f64> = state.next.iter().map(|share| leaves * share).collect();
            row[from] = 1.0 - leaves;
            row
        });
        rows.collect()
    }

    /// Whether every state is met again and again, wherever a path opens.
    #[must_use]
    pub fn are_recurrent(&self) -> bool {
        let n = self.states.len();
        let goes = |from: usize, to: usize| {
            self.states[from].stay_years.is_finite() && self.states[from].next[to] > 0.0
        };
        let reaches_all = |goes: &dyn Fn(usize, usize) -> bool| {
            let mut is_met = vec![false; n];
            let mut left = vec![0];
            while let Some(from) = left.pop() {
                if !std::mem::replace(&mut is_met[from], true) {
                    left.extend((0..n).filter(|to| goes(from, *to)));
                }
            }
            is_met.into_iter().all(|it| it)
        };
        reaches_all(&goes) && reaches_all(&|from, to| goes(to, from))
    }

    /// The share of time that paths spend in each state in the long run: p with p Q = 0, by
    /// elimination without a difference, so that no digit is lost. Grassmann, Taksar, Heyman,
    /// "Regenerative analysis and steady state distributions for Markov chains", 1985.
    ///
    /// # Panics
    ///
    /// If there is no such share, for want of [`Self::are_recurrent`].
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        assert!(self.are_recurrent(), "states that are left for good have no share of time");
        let n = self.states.len();
        let rates = |state: &Regime| state.next.iter().map(|it| it / state.stay_years).collect();
        let mut rates: Vec<Vec<f64>> = self.states.iter().map(rates).collect();
        for last in (1..n).rev() {
            let leaves: f64 = rates[last][..last].iter().sum();
            for from in 0..last {
                rates[from][last] /= leaves;
                for to in 0..last {
                    rates[from][to] += rates[from][last] * rates[last][to];
                }
            }
        }
        let mut shares = vec![1.0];
        while shares.len() < n {
            let enters = shares.iter().zip(&rates).map(|(share, row)| share * row[shares.len()]);
            shares.push(enters.sum());
        }
        let total: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / total).collect()
    }
}

#[cfg(test)]
pub(in crate::market) mod tests {
    use super::*;

    /// A state that does nothing, and is left for others by shares.
    pub(in crate::market) fn plain(stay_years: f64, next: &[f64]) -> Regime {
        Regime {
            name: String::from("plain"),
            stay_years,
            next: next.to_vec(),
            volatility: 1.0,
            jumps: 1.0,
            drift: vec![0.0],
            entry: vec![0.0],
        }
    }

    #[test]
    fn two_states_share_time_by_their_stays() {
        let states = vec![plain(3.0, &[0.0, 1.0]), plain(1.0, &[1.0, 0.0])];
        let shares = Regimes { states, start: None }.shares();
        assert!((shares[0] - 0.75).abs() < 1e-15 && (shares[1] - 0.25).abs() < 1e-15, "{shares:?}");
    }

    #[test]
    fn shares_stay_as_they_are_by_a_step() {
        let states = vec![
            plain(0.3, &[0.0, 0.9, 0.1, 0.0]),
            plain(0.02, &[0.5, 0.0, 0.0, 0.5]),
            plain(2.0, &[0.0, 1.0, 0.0, 0.0]),
            plain(0.01, &[0.25, 0.25, 0.5, 0.0]),
        ];
        let regimes = Regimes { states, start: None };
        let shares = regimes.shares();
        let transitions = regimes.transitions(0.01);
        for (to, share) in shares.iter().enumerate() {
            let next: f64 = (0..4).map(|from| shares[from] * transitions[from][to]).sum();
            assert!((next - share).abs() < 1e-15, "{to}: {next} after {share}");
        }
        assert!(transitions.iter().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-15));
    }

    #[test]
    fn states_that_are_left_for_good_have_no_share() {
        let never = Regimes {
            states: vec![plain(1.0, &[0.0, 1.0]), plain(f64::INFINITY, &[0.0, 0.0])],
            start: None,
        };
        assert!(!never.are_recurrent());
        assert_eq!(never.transitions(0.5), [[0.5, 0.5], [0.0, 1.0]]);
        let one_way = Regimes {
            states: vec![
                plain(1.0, &[0.0, 1.0, 0.0]),
                plain(1.0, &[0.0, 0.0, 1.0]),
                plain(1.0, &[0.0, 1.0, 0.0]),
            ],
            start: None,
        };
        assert!(!one_way.are_recurrent());
    }
}
