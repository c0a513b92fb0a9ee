//! What happened to whom and when, summed over paths: per position, per step, per pool.

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

/// One position, over all paths; money in quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionCount {
    /// Paths on which it was breached.
    pub n_defaults: u64,
    /// Its bad debt.
    pub loss: i128,
    /// Its debt at its first breach.
    pub exposure: i128,
}

/// One step, over all paths; money in quanta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCount {
    /// Liquidation events.
    pub n_events: u64,
    /// Debt that liquidators repaid.
    pub liquidated: i128,
    /// Bad debt that came to light; what is valued at the horizon counts to the last step.
    pub loss: i128,
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
        for (mine, theirs) in self.positions.iter_mut().zip(&other.positions) {
            mine.n_defaults += theirs.n_defaults;
            mine.loss += theirs.loss;
            mine.exposure += theirs.exposure;
        }
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            mine.n_events += theirs.n_events;
            mine.liquidated += theirs.liquidated;
            mine.loss += theirs.loss;
        }
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
        for position in &self.positions {
            hasher.update(&position.n_defaults.to_le_bytes());
            hasher.update(&position.loss.to_le_bytes());
            hasher.update(&position.exposure.to_le_bytes());
        }
        for step in &self.steps {
            hasher.update(&step.n_events.to_le_bytes());
            hasher.update(&step.liquidated.to_le_bytes());
            hasher.update(&step.loss.to_le_bytes());
        }
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
            aftermath.absorb(&[17 * word, 19 * word, 23 * word, 29 * word, 1]);
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
    #[should_panic(expected = "counters of different programs")]
    fn counters_of_different_programs_do_not_merge() {
        let small = Counters::new(Shape { n_positions: 1, n_steps: 1, n_pools: 1, n_funds: None });
        let mut large =
            Counters::new(Shape { n_positions: 2, n_steps: 1, n_pools: 1, n_funds: None });
        large.merge(&small);
    }
}
