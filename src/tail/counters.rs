//! What happened to whom and when, summed over paths: per position, per step, per pool.
//!
//! A counter is declared once: how it is merged and hashed, and where the kernels count it, follows
//! from its field.

use serde::{Deserialize, Serialize};

use super::{Aftermath, Digest};

/// How many of each there are; counters of different shapes belong to different programs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Positions of the program.
    pub n_positions: usize,
    /// Steps of a path.
    pub n_steps: usize,
    /// Pairs of a venue and a debt asset: the lenders who lose together.
    pub n_pools: usize,
    /// Insurance funds, one a venue; `None` where nothing couples positions.
    pub n_funds: Option<usize>,
}

/// A sum over paths, as the kernels count it.
trait Sum {
    /// Words that the kernels count it in.
    const WORDS: usize;

    /// Adds as many words of a kernel, the lowest first.
    fn add_words(&mut self, words: &[u32]);
}

impl Sum for u64 {
    const WORDS: usize = 1;

    fn add_words(&mut self, words: &[u32]) {
        *self += Self::from(words[0]);
    }
}

/// Amounts of a dispatch: below 2^62 a path, and fewer than 2^32 paths.
impl Sum for i128 {
    const WORDS: usize = 3;

    fn add_words(&mut self, words: &[u32]) {
        let [low, middle, high] = [words[0], words[1], words[2]].map(Self::from);
        *self += low | middle << 32 | high << 64;
    }
}

/// Words that the kernels count an amount in.
pub const AMOUNT_WORDS: usize = <i128 as Sum>::WORDS;

/// Adds an amount's words of a kernel.
pub fn add_amount(amount: &mut i128, words: &[u32]) {
    amount.add_words(words);
}

/// Counters of one thing that a path may meet, summed over paths.
pub trait Counts: Copy + Default {
    /// The name of the struct.
    const NAME: &'static str;
    /// Each counter, and the words before it where a kernel counts.
    const FIELDS: &'static [(&'static str, usize)];
    /// Words of all of them.
    const WORDS: usize;

    /// Adds what a kernel has counted.
    ///
    /// # Panics
    /// If these are not [`Counts::WORDS`] words.
    fn add_words(&mut self, words: &[u32]);

    /// Adds those of other paths.
    fn merge(&mut self, other: &Self);

    /// All of them in the order of their declaration, little-endian.
    fn hash(&self, hasher: &mut blake3::Hasher);
}

/// Names with their numbers of words, as names with the words before them.
const fn places<const N: usize>(
    mut fields: [(&'static str, usize); N],
) -> [(&'static str, usize); N] {
    let (mut field, mut at) = (0, 0);
    while field < N {
        let n_words = fields[field].1;
        fields[field].1 = at;
        at += n_words;
        field += 1;
    }
    fields
}

macro_rules! counts {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* pub $field:ident: $sum:ty,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$doc])* pub $field: $sum,)*
        }

        impl Counts for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [(&'static str, usize)] =
                &places([$((stringify!($field), <$sum as Sum>::WORDS),)*]);
            const WORDS: usize = 0 $(+ <$sum as Sum>::WORDS)*;

            fn add_words(&mut self, words: &[u32]) {
                assert_eq!(words.len(), Self::WORDS, "words of a {}", Self::NAME);
                let rest = words;
                $(
                    let (of_it, rest) = rest.split_at(<$sum as Sum>::WORDS);
                    self.$field.add_words(of_it);
                )*
                assert!(rest.is_empty(), "words that no counter takes");
            }

            fn merge(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }

            fn hash(&self, hasher: &mut blake3::Hasher) {
                $(hasher.update(&self.$field.to_le_bytes());)*
            }
        }
    )*};
}

counts! {
    /// One position, over all paths; money in quanta.
    pub struct PositionCount {
        /// Paths on which it was breached.
        pub n_defaults: u64,
        /// Its bad debt.
        pub loss: i128,
        /// Its debt at its first breach.
        pub exposure: i128,
    }

    /// One step, over all paths; money in quanta.
    pub struct StepCount {
        /// Liquidation events.
        pub n_events: u64,
        /// Debt that liquidators repaid.
        pub liquidated: i128,
        /// Bad debt that came to light; what is valued at the horizon counts to the last step.
        pub loss: i128,
    }
}

/// The counters of a batch, a shard or a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// By position.
    pub positions: Vec<PositionCount>,
    /// By step.
    pub steps: Vec<StepCount>,
    /// Bad debt by pool, quanta.
    pub pools: Vec<i128>,
    /// What paths leave beside their outcomes, where something couples positions.
    pub aftermath: Option<Aftermath>,
}

impl Counters {
    /// All zero.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self {
            positions: vec![PositionCount::default(); shape.n_positions],
            steps: vec![StepCount::default(); shape.n_steps],
            pools: vec![0; shape.n_pools],
            aftermath: shape.n_funds.map(Aftermath::new),
        }
    }

    /// How many of each there are.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape {
            n_positions: self.positions.len(),
            n_steps: self.steps.len(),
            n_pools: self.pools.len(),
            n_funds: self.aftermath.as_ref().map(|it| it.funds.len()),
        }
    }

    /// Adds those of other paths of the same program.
    ///
    /// # Panics
    /// If the shapes differ: the caller then mixes programs.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.shape(), other.shape(), "counters of different programs");
        let merge = |(mine, theirs): (&mut PositionCount, _)| mine.merge(theirs);
        self.positions.iter_mut().zip(&other.positions).for_each(merge);
        let merge = |(mine, theirs): (&mut StepCount, _)| mine.merge(theirs);
        self.steps.iter_mut().zip(&other.steps).for_each(merge);
        for (mine, theirs) in self.pools.iter_mut().zip(&other.pools) {
            *mine += theirs;
        }
        if let (Some(mine), Some(theirs)) = (&mut self.aftermath, &other.aftermath) {
            mine.merge(theirs);
        }
    }

    /// BLAKE3 of the three lengths (u64), then all counters in the order of their declaration,
    /// little-endian, then the aftermath where there is one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key("shortfall tally counters v1");
        for length in [self.positions.len(), self.steps.len(), self.pools.len()] {
            hasher.update(&(length as u64).to_le_bytes());
        }
        self.positions.iter().for_each(|it| it.hash(&mut hasher));
        self.steps.iter().for_each(|it| it.hash(&mut hasher));
        for pool in &self.pools {
            hasher.update(&pool.to_le_bytes());
        }
        if let Some(aftermath) = &self.aftermath {
            aftermath.hash(&mut hasher);
        }
        Digest(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_tells_which_list_a_zero_stands_in() {
        let of = |n_positions, n_steps, n_pools| {
            Counters::new(Shape { n_positions, n_steps, n_pools, n_funds: None }).digest()
        };
        assert_ne!(of(1, 0, 0), of(0, 1, 0));
        assert_ne!(of(0, 0, 0), of(0, 0, 1));
    }

    /// Every figure is the sum of those of the parts; none is left as it was.
    #[test]
    fn merging_adds_every_counter() {
        let of = |scale: u64| {
            let money = |factor: u64| i128::from(scale * factor) << 66;
            let position = PositionCount { n_defaults: scale, loss: money(3), exposure: money(5) };
            let step = StepCount { n_events: 7 * scale, liquidated: money(11), loss: money(13) };
            let mut aftermath = Aftermath::new(1);
            let word = scale as i64;
            aftermath.absorb(&[17 * word, 19 * word, 23 * word, 31 * word, 29 * word, 1]);
            Counters {
                positions: vec![PositionCount::default(), position],
                steps: vec![step, StepCount::default()],
                pools: vec![money(31)],
                aftermath: Some(aftermath),
            }
        };
        let mut merged = of(1);
        merged.merge(&of(100));
        let expected = of(101);
        let PositionCount { n_defaults, loss, exposure } = merged.positions[1];
        let position = expected.positions[1];
        assert_eq!(n_defaults, position.n_defaults, "defaults of a position");
        assert_eq!(loss, position.loss, "bad debt of a position");
        assert_eq!(exposure, position.exposure, "exposure at default of a position");
        let StepCount { n_events, liquidated, loss } = merged.steps[0];
        let step = expected.steps[0];
        assert_eq!(n_events, step.n_events, "events of a step");
        assert_eq!(liquidated, step.liquidated, "what was liquidated in a step");
        assert_eq!(loss, step.loss, "bad debt of a step");
        assert_eq!(merged.pools, expected.pools, "bad debt of a pool");
        assert_eq!(merged.aftermath.map(|it| it.n_paths), Some(2), "the aftermath");
    }

    #[test]
    fn a_kernel_s_words_are_the_counters_in_their_order() {
        let words: Vec<u32> = (1..=7).collect();
        let mut step = StepCount::default();
        step.add_words(&words);
        step.add_words(&words);
        let amount = |low: i128| 2 * (low | (low + 1) << 32 | (low + 2) << 64);
        assert_eq!(step, StepCount { n_events: 2, liquidated: amount(2), loss: amount(5) });
        assert_eq!(StepCount::FIELDS, [("n_events", 0), ("liquidated", 1), ("loss", 4)]);
        assert_eq!((StepCount::WORDS, StepCount::NAME), (7, "StepCount"));
    }

    #[test]
    #[should_panic(expected = "counters of different programs")]
    fn counters_of_different_programs_do_not_merge() {
        let small = Counters::new(Shape { n_positions: 1, n_steps: 1, n_pools: 1, n_funds: None });
        let mut large =
            Counters::new(Shape { n_positions: 2, n_steps: 1, n_pools: 1, n_funds: None });
        large.merge(&small);
    }
}
