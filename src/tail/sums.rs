//! Sums over paths: of a whole tally, and of a block with its losses by power of two.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::wide::U256;
use super::{Outcome, SATURATED, SMALL_MARK};

/// The loss of a path is less than this: the program's quantum sees to it.
pub(super) const LOSS_BOUND: i64 = 1 << 62;

/// Paths of a run are fewer, so that no sum over them leaves its word.
const PATHS_BOUND: u64 = 1 << 48;

/// Powers of two that a loss may begin with.
const N_OCTAVES: usize = 62;

/// Sums over paths; money in quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Paths.
    pub n_paths: u64,
    /// Bad debt written off on the way.
    pub realised: i128,
    /// Bad debt left on the books.
    pub stranded: i128,
    /// Bad debt of positions still open at the horizon.
    pub under_water: i128,
    /// All bad debt: the three above.
    pub loss: i128,
    /// Squares of the paths' bad debt.
    pub loss_squared: U256,
    /// Debt that liquidators repaid.
    pub liquidated: i128,
    /// Paths with bad debt.
    pub n_losing: u64,
    /// Paths with at least the materiality.
    pub n_material: u64,
    /// Liquidation events.
    pub n_events: u128,
    /// Positions breached at least once, summed over paths.
    pub n_defaults: u128,
    /// Most liquidation events in one step of one path.
    pub largest_step: u32,
    /// Void paths: on which a mark hit its upper bound, or a log price its clamp.
    pub n_saturated: u64,
    /// The least index of a void path.
    pub first_void: Option<u64>,
    /// Paths on which a mark fell below 2^-12.
    pub n_small_marks: u64,
}

/// Losses between a power of two and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Octave {
    /// They are at least 2^this, in quanta, and less than twice that.
    pub log2: u8,
    /// How many paths.
    pub n: u64,
    /// The sum of their losses, quanta.
    pub sum: u128,
}

/// What hangs on every node of the tree over the blocks: from these follow the mean, its standard
/// error, the probability of bad debt, and the tail to a factor of two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scalars {
    /// Sums over the paths.
    pub sums: Sums,
    /// Their losses by power of two, the least first; those that no loss falls into are left out.
    pub octaves: Vec<Octave>,
}

/// Why scalars that were read are those of no paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotScalars {
    /// More paths than a run has.
    #[error("{n_paths} paths are more than a run has")]
    Paths {
        /// How many.
        n_paths: u64,
    },
    /// A sum that so many paths cannot have.
    #[error("{sum} is not what {n_paths} paths can have")]
    Sum {
        /// Which.
        sum: &'static str,
        /// How many paths.
        n_paths: u64,
    },
    /// Losses by power of two that are out of order, or do not lie there.
    #[error("the losses from 2^{log2} are out of order, or do not lie there")]
    Octave {
        /// Which power.
        log2: u8,
    },
}

/// A materiality of zero still asks for some loss: a path without one has no bad debt.
#[inline]
pub(super) fn is_material(loss: i64, materiality: i64) -> bool {
    loss > 0 && loss >= materiality
}

impl Sums {
    #[inline]
    pub(super) fn absorb(&mut self, path_idx: u64, outcome: &Outcome, materiality: i64) {
        let loss = outcome.loss();
        self.n_paths += 1;
        self.realised += i128::from(outcome.realised);
        self.stranded += i128::from(outcome.stranded);
        self.under_water += i128::from(outcome.under_water);
        self.loss += i128::from(loss);
        self.loss_squared = self.loss_squared.plus(U256::square(loss.unsigned_abs()));
        self.liquidated += i128::from(outcome.liquidated);
        self.n_losing += u64::from(loss > 0);
        self.n_material += u64::from(is_material(loss, materiality));
        self.n_events += u128::from(outcome.n_events);
        self.n_defaults += u128::from(outcome.n_defaults);
        self.largest_step = self.largest_step.max(outcome.largest_step);
        if outcome.flags & SATURATED != 0 {
            self.n_saturated += 1;
            self.first_void = Some(self.first_void.map_or(path_idx, |it| it.min(path_idx)));
        }
        self.n_small_marks += u64::from(outcome.flags & SMALL_MARK != 0);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.n_paths += other.n_paths;
        self.realised += other.realised;
        self.stranded += other.stranded;
        self.under_water += other.under_water;
        self.loss += other.loss;
        self.loss_squared = self.loss_squared.plus(other.loss_squared);
        self.liquidated += other.liquidated;
        self.n_losing += other.n_losing;
        self.n_material += other.n_material;
        self.n_events += other.n_events;
        self.n_defaults += other.n_defaults;
        self.largest_step = self.largest_step.max(other.largest_step);
        self.n_saturated += other.n_saturated;
        self.first_void = self.first_void.into_iter().chain(other.first_void).min();
        self.n_small_marks += other.n_small_marks;
    }

    /// Whether some paths can have these sums: asked of sums that were read.
    fn check(&self) -> Result<(), NotScalars> {
        let n_paths = self.n_paths;
        if n_paths >= PATHS_BOUND {
            return Err(NotScalars::Paths { n_paths });
        }
        let paths = i128::from(n_paths);
        let is_money = |sum: i128| (0..=paths * i128::from(LOSS_BOUND)).contains(&sum);
        let is_count = |n: u64| n <= n_paths;
        let is_words = |n: u128| n <= u128::from(n_paths) * u128::from(u32::MAX);
        let parts = [self.realised, self.stranded, self.under_water];
        let most_squared = U256::square(LOSS_BOUND as u64).times(n_paths);
        let is_void = self.n_saturated > 0;
        let holds = [
            ("bad debt by part", parts.into_iter().all(is_money)),
            ("bad debt", is_money(self.loss)),
            ("the sum of squares", self.loss_squared <= most_squared),
            ("what was liquidated", self.liquidated >= 0 && self.liquidated >> 62 <= paths),
            ("the count of losing paths", is_count(self.n_losing)),
            ("the count of material paths", self.n_material <= self.n_losing),
            ("the count of events", is_words(self.n_events)),
            ("the count of defaults", is_words(self.n_defaults)),
            ("the count of void paths", is_count(self.n_saturated)),
            ("the first void path", self.first_void.is_some() == is_void),
            ("the count of small marks", is_count(self.n_small_marks)),
        ];
        if let Some((sum, _)) = holds.into_iter().find(|(_, holds)| !holds) {
            return Err(NotScalars::Sum { sum, n_paths });
        }
        if parts.into_iter().sum::<i128>() == self.loss {
            Ok(())
        } else {
            Err(NotScalars::Sum { sum: "bad debt by part", n_paths })
        }
    }
}

impl Scalars {
    /// Of consecutive paths.
    ///
    /// # Panics
    /// If a part of a loss, or what was liquidated, is negative, or the whole is 2^62 or more: a
    /// fault of the engine that no figure should survive.
    pub(super) fn of(start: u64, outcomes: &[Outcome], materiality: i64) -> Self {
        let (mut sums, mut octaves) = (Sums::default(), [(0_u64, 0_u128); N_OCTAVES]);
        for (path_idx, outcome) in (start..).zip(outcomes) {
            let loss = outcome.loss();
            assert!((0..LOSS_BOUND).contains(&loss), "path {path_idx} loses {loss} quanta");
            let Outcome { realised, stranded, under_water, liquidated, .. } = outcome;
            let signs = realised | stranded | under_water | liquidated;
            assert!(signs >= 0, "path {path_idx} has a negative amount: {outcome:?}");
            sums.absorb(path_idx, outcome, materiality);
            if loss > 0 {
                let octave = &mut octaves[loss.ilog2() as usize];
                octave.0 += 1;
                octave.1 += loss as u128;
            }
        }
        let filled = (0_u8..).zip(octaves).filter(|(_, (n, _))| *n > 0);
        Self { sums, octaves: filled.map(|(log2, (n, sum))| Octave { log2, n, sum }).collect() }
    }

    /// Adds those of other paths.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        for octave in &other.octaves {
            match self.octaves.binary_search_by_key(&octave.log2, |it| it.log2) {
                Ok(place) => {
                    self.octaves[place].n += octave.n;
                    self.octaves[place].sum += octave.sum;
                }
                Err(place) => self.octaves.insert(place, *octave),
            }
        }
    }

    /// Whether some paths can have these scalars: asked of scalars that were read, before they are
    /// added to others.
    ///
    /// # Errors
    ///
    /// The first sum that no paths have.
    pub fn check(&self) -> Result<(), NotScalars> {
        self.sums.check()?;
        let (mut least, mut n_losing, mut loss) = (0, 0_u64, 0_u128);
        for Octave { log2, n, sum } in self.octaves.iter().copied() {
            let is_known = log2 >= least && usize::from(log2) < N_OCTAVES;
            let is_count = (1..=self.sums.n_losing).contains(&n);
            let at = |bound: u128| u128::from(n) * bound;
            let holds = |log2: u8| (at(1 << log2)..=at((2 << log2) - 1)).contains(&sum);
            if !(is_known && is_count && holds(log2)) {
                return Err(NotScalars::Octave { log2 });
            }
            (least, n_losing, loss) = (log2 + 1, n_losing + n, loss + sum);
        }
        let n_paths = self.sums.n_paths;
        let sum = "bad debt by power of two";
        let is_all = n_losing == self.sums.n_losing && loss == self.sums.loss as u128;
        if is_all { Ok(()) } else { Err(NotScalars::Sum { sum, n_paths }) }
    }

    /// The bytes that are hashed: those of the `postcard` format, of which a value has one.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self)
            .unwrap_or_else(|error| panic!("scalars are not written: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
        let outcome = (0_u32..61, any::<[u32; 4]>()).prop_map(|(log2, words)| {
            let [part, n_events, n_defaults, flags] = words;
            let loss = if part % 3 == 0 { 0 } else { 1_i64 << log2 };
            let realised = loss / i64::from(part % 7 + 1);
            let under_water = loss - realised;
            let flags = flags & (SATURATED | SMALL_MARK);
            Outcome { realised, under_water, n_events, n_defaults, flags, ..Outcome::default() }
        });
        prop::collection::vec(outcome, 1..50)
    }

    proptest! {
        #[test]
        fn scalars_of_paths_are_those_of_their_parts_and_pass_the_check(
            outcomes in outcomes(), cut in 0_usize..50,
        ) {
            let whole = Scalars::of(9, &outcomes, 5);
            prop_assert_eq!(whole.check(), Ok(()));
            let cut = cut.min(outcomes.len());
            let mut merged = Scalars::of(9, &outcomes[..cut], 5);
            prop_assert_eq!(merged.check(), Ok(()));
            merged.merge(&Scalars::of(9 + cut as u64, &outcomes[cut..], 5));
            prop_assert_eq!(&merged, &whole);
            let read: Scalars = postcard::from_bytes(&whole.bytes()).unwrap();
            prop_assert_eq!(read, whole);
        }
    }

    #[test]
    fn scalars_that_no_paths_have_are_refused_by_name() {
        let sound = Scalars::of(0, &[Outcome { realised: 5, ..Outcome::default() }; 3], 1);
        let of = |change: fn(&mut Scalars)| {
            let mut scalars = sound.clone();
            change(&mut scalars);
            scalars.check().unwrap_err()
        };
        let sum = |sum| NotScalars::Sum { sum, n_paths: 3 };
        assert_eq!(of(|it| it.sums.n_paths = 1 << 48), NotScalars::Paths { n_paths: 1 << 48 });
        assert_eq!(of(|it| it.sums.realised = -15), sum("bad debt by part"));
        assert_eq!(of(|it| it.sums.stranded = 1), sum("bad debt by part"));
        assert_eq!(of(|it| it.sums.n_losing = 4), sum("the count of losing paths"));
        assert_eq!(of(|it| it.sums.n_material = 4), sum("the count of material paths"));
        assert_eq!(of(|it| it.sums.liquidated = -1), sum("what was liquidated"));
        assert_eq!(of(|it| it.sums.n_saturated = 1), sum("the first void path"));
        assert_eq!(of(|it| it.octaves.clear()), sum("bad debt by power of two"));
        let octave = |log2| NotScalars::Octave { log2 };
        assert_eq!(of(|it| it.octaves[0].sum = 24), octave(2));
        assert_eq!(of(|it| it.octaves[0].n = 4), octave(2));
        assert_eq!(of(|it| it.octaves.push(it.octaves[0])), octave(2));
        assert_eq!(of(|it| it.octaves[0].log2 = 62), octave(62));
    }

    #[test]
    #[should_panic(expected = "path 7 has a negative amount")]
    fn a_negative_part_stops_the_run() {
        let outcome = Outcome { realised: -1, stranded: 2, ..Outcome::default() };
        let _ = Scalars::of(7, &[outcome], 1);
    }
}
