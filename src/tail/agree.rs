//! Are the sums and the histogram of a tally what the scalars of its blocks come to? So far as
//! scalars reach, the tree over the blocks then binds the figures too.

use thiserror::Error;

use super::Tally;
use super::sums::Scalars;

/// A part of a tally that the blocks contradict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("its {part} is not what the scalars of its blocks come to")]
pub struct Disagreement {
    /// Which.
    pub part: &'static str,
}

impl Tally {
    /// Compares sums, histogram and defaults with the scalars of the blocks.
    ///
    /// # Errors
    ///
    /// The first that is another.
    pub fn agree(&self) -> Result<(), Disagreement> {
        let mut scalars = Scalars::default();
        for leaf in self.blocks.values() {
            scalars.merge(&leaf.scalars());
        }
        let positions = self.counters.positions.iter();
        let n_defaults: u128 = positions.map(|it| u128::from(it.n_defaults)).sum();
        let holds = [
            ("list of sums", self.sums == scalars.sums),
            ("histogram", self.histogram.octaves() == scalars.octaves),
            ("count of defaults by position", n_defaults == scalars.sums.n_defaults),
        ];
        let wrong = holds.into_iter().find(|(_, holds)| !holds);
        wrong.map_or(Ok(()), |(part, _)| Err(Disagreement { part }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::{Outcome, Shape};

    type Change = fn(&mut Tally);

    #[test]
    fn a_tally_agrees_with_its_blocks_and_the_part_that_is_changed_is_named() {
        let shape = Shape { n_positions: 1, ..Shape::default() };
        let mut tally = Tally::new(1, shape);
        let outcome = |realised| Outcome { realised, n_defaults: 1, ..Outcome::default() };
        tally.absorb_block(4, &[0, 9, 5, 70_001, 70_002, 0, 5].map(outcome));
        tally.counters.positions[0].n_defaults = 7;
        assert_eq!(tally.agree(), Ok(()));
        let changes: [(Change, &str); 4] = [
            (|it| it.sums.n_losing -= 1, "list of sums"),
            (|it| it.sums.first_void = Some(1), "list of sums"),
            (|it| it.histogram.add(3), "histogram"),
            (|it| it.counters.positions[0].n_defaults += 1, "count of defaults by position"),
        ];
        for (change, part) in changes {
            let mut changed = tally.clone();
            change(&mut changed);
            assert_eq!(changed.agree(), Err(Disagreement { part }));
        }
    }
}
