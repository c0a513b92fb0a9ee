//! The climate of a path: states that follow one another at random; twin of
//! `shaders/model/regimes.wgsl`.
//!
//! A pure function of (seed, path): the state of the first step is drawn, or given, and each state
//! follows from the one before and a word of its step. Nothing else reads these words, so that no
//! other draw moves. What moves prices in a state are tables with the state in front.

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::part::{Hook, Model, Part, PathAt, PathBuffer, Size, Stretch};
use crate::market::Market;
use crate::market::rng::{BLOCK_CLIMATE, words};
use crate::sound::{Unsound, holds, index, length};

pub(super) const MODEL: Model = Model {
    name: "regimes",
    sentence: "a climate: states with volatilities, drifts and jumps of their own",
    keys: &["market.regimes"],
    wgsl: &[("model/regimes", include_str!("../../../shaders/model/regimes.wgsl"))],
    hooks: &[Hook::Climate],
    needs: &[],
};

/// The WGSL in its place where a market has one state.
pub(super) const ONE_STATE: &str = include_str!("../../../shaders/model/one_state.wgsl");

/// When states change; empty where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RegimeTable {
    /// For each state the thresholds of the others, in their order, then those of the first step:
    /// round(2^32 P(one of the others up to this)). How many are at or below a word says which of
    /// the others comes; where all are, the state stays.
    pub thresholds: Vec<u32>,
    /// The state of the first step where its word is above all its thresholds.
    pub first: u32,
}

impl RegimeTable {
    pub(super) fn compile(market: &Market, step_years: f64) -> Self {
        let Some(regimes) = market.regimes.as_ref().filter(|it| it.states.len() > 1) else {
            return Self::default();
        };
        let mut thresholds = Vec::new();
        for (from, row) in regimes.transitions(step_years).iter().enumerate() {
            thresholds.extend(cumulated(row, from));
        }
        let first = regimes.start.unwrap_or(0);
        match regimes.start {
            // No word is below 0: all paths open there.
            Some(_) => thresholds.extend(vec![0; regimes.states.len() - 1]),
            None => thresholds.extend(cumulated(&regimes.shares(), first)),
        }
        Self { thresholds, first: first as u32 }
    }

    /// The state that follows by a word; `from` says whose thresholds are read, and is the number
    /// of states for the first step.
    #[inline(always)]
    fn next(&self, n_states: usize, from: usize, word: u32) -> usize {
        let n_others = n_states - 1;
        let own = if from == n_states { self.first as usize } else { from };
        let others = &self.thresholds[from * n_others..][..n_others];
        let n_passed = others.iter().filter(|threshold| **threshold <= word).count();
        if n_passed == n_others { own } else { n_passed + usize::from(n_passed >= own) }
    }

    /// Checks that the thresholds are those of so many states.
    ///
    /// # Errors
    ///
    /// The first number or length that no compiled market has.
    pub(super) fn check_states(&self, n_states: usize) -> Result<(), Unsound> {
        length("regimes.thresholds", self.thresholds.len(), n_states * n_states - 1)?;
        index("regimes.first", self.first, n_states)?;
        let mut rows = self.thresholds.chunks(n_states.saturating_sub(1).max(1));
        holds(rows.all(<[u32]>::is_sorted), "regimes.thresholds", "those of a state do not fall")
    }

    /// How many states there are: n * n - 1 thresholds are those of n.
    fn n_states(&self) -> usize {
        (self.thresholds.len() + 1).isqrt()
    }
}

/// Thresholds of all states but one, from the probabilities of all.
fn cumulated(probabilities: &[f64], own: usize) -> impl Iterator<Item = u32> {
    let others = probabilities.iter().enumerate().filter(move |(state, _)| *state != own);
    others.scan(0.0, |sum, (_, probability)| {
        *sum += probability;
        // What is certain is missed once in 2^32 words.
        Some(libm::round(*sum * 4_294_967_296.0).min(f64::from(u32::MAX)) as u32)
    })
}

impl Part for RegimeTable {
    fn is_used(&self) -> bool {
        !self.thresholds.is_empty()
    }

    fn is_drawn(&self) -> bool {
        self.is_used()
    }

    fn parts(&self) -> Vec<(&'static str, &[u8])> {
        // Programs without have the digest that they had before there were any.
        if self.thresholds.is_empty() {
            return Vec::new();
        }
        vec![
            ("regimes.thresholds", bytemuck::cast_slice(&self.thresholds)),
            ("regimes.first", bytemuck::bytes_of(&self.first)),
        ]
    }

    fn check(&self, size: Size) -> Result<(), Unsound> {
        self.check_states(size.n_states)
    }

    fn draw(&self, at: PathAt, buffer: &mut PathBuffer) {
        if self.thresholds.is_empty() {
            return;
        }
        let PathBuffer { climate_words, stretches, lanes, .. } = buffer;
        climate_words.resize(at.n_steps, 0);
        lanes.run(
            #[inline(always)]
            || {
                for (step, word) in (0..).zip(climate_words.iter_mut()) {
                    *word = words(at.seed, at.path, step, BLOCK_CLIMATE)[0];
                }
            },
        );
        let n_states = self.n_states();
        let first = self.next(n_states, n_states, climate_words[0]);
        stretches.clear();
        let mut stretch = Stretch { state: first, before: first, start: 0, end: 1 };
        for (step, word) in climate_words.iter().enumerate().skip(1) {
            let state = self.next(n_states, stretch.state, *word);
            if state != stretch.state {
                stretches.push(stretch);
                stretch = Stretch { state, before: stretch.state, start: step, end: step };
            }
            stretch.end = step + 1;
        }
        stretches.push(stretch);
    }

    fn declare(&self, size: Size, device: &mut Device<'_>) {
        device.word("N_STATES", size.n_states);
        device.word("FIRST_STATE", self.first as usize);
        device.word("BLOCK_CLIMATE", BLOCK_CLIMATE as usize);
        device.table("T_REGIMES", &self.thresholds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_which_state_follows() {
        // Of state 1 in three: 0 by a quarter, 2 by a half, else it stays.
        let thresholds: Vec<u32> = cumulated(&[0.25, 0.25, 0.5], 1).collect();
        assert_eq!(thresholds, [1 << 30, 3 << 30]);
        let mut table = RegimeTable { thresholds: vec![0; 8], first: 2 };
        table.thresholds[2..4].copy_from_slice(&thresholds);
        assert_eq!(table.check_states(3), Ok(()));
        assert_eq!(table.n_states(), 3);
        for (word, next) in [(0, 0), ((1 << 30) - 1, 0), (1 << 30, 2), ((3 << 30) - 1, 2)] {
            assert_eq!(table.next(3, 1, word), next, "{word}");
        }
        assert_eq!(table.next(3, 1, 3 << 30), 1);
        // A state that is never left, and a first state that is given.
        for word in [0, 1, u32::MAX] {
            assert_eq!((table.next(3, 0, word), table.next(3, 3, word)), (0, 2));
        }
    }

    #[test]
    fn what_is_certain_is_missed_by_one_word_alone() {
        let thresholds: Vec<u32> = cumulated(&[0.0, 1.0], 0).collect();
        assert_eq!(thresholds, [u32::MAX]);
        let table = RegimeTable { thresholds: vec![u32::MAX, 0, 0], first: 0 };
        assert_eq!((table.next(2, 0, u32::MAX - 1), table.next(2, 0, u32::MAX)), (1, 0));
    }

    #[test]
    fn thresholds_of_another_number_of_states_are_refused() {
        let table = RegimeTable { thresholds: vec![1, 2, 0], first: 0 };
        assert_eq!(table.check_states(2), Ok(()));
        assert!(table.check_states(3).is_err() && table.check_states(1).is_err());
        assert!(RegimeTable { first: 2, ..table }.check_states(2).is_err());
        let falling = RegimeTable { thresholds: vec![2, 1, 0, 0, 0, 0, 0, 0], first: 0 };
        let told = falling.check_states(3).unwrap_err().to_string();
        assert_eq!(told, "regimes.thresholds: those of a state do not fall");
        assert_eq!(RegimeTable::default().check_states(1), Ok(()));
    }
}
