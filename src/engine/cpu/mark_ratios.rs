//! Ratios of two marks along a path, as floats: a pair is near a breach where its ratio is low.

use super::marks::{Marks, RUN_STEPS};
use crate::engine::scan::pairs::PairClass;
use crate::lanes::{Lanes, below};

/// What floats may be off by, relative: the ratio of two words has three roundings of 2^-24, a
/// bound that it is compared with at most seven, and their product one.
pub(super) const ROUNDED: f32 = 1.0 + 1.0 / (1 << 20) as f32;

/// The ratios of classes that were asked for.
#[derive(Debug, Default)]
pub(super) struct MarkRatios {
    rows: Vec<Row>,
    is_known: Vec<bool>,
}

/// Mark of the collateral over mark of the debt.
#[derive(Debug, Default)]
struct Row {
    /// Step by step, and infinite beyond the path.
    ratios: Vec<f32>,
    /// The least from the beginning of a run on, run by run.
    least: Vec<f32>,
}

/// The ratios of a class along a path.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RatioRow<'r> {
    ratios: &'r [f32],
    least: &'r [f32],
}

impl MarkRatios {
    /// A new path, for that many classes.
    pub(super) fn begin(&mut self, n_classes: usize) {
        self.rows.resize_with(n_classes, Row::default);
        self.is_known.clear();
        self.is_known.resize(n_classes, false);
    }

    /// Computes the ratios of a class, unless they stand; its marks must.
    #[inline]
    pub(super) fn need(&mut self, lanes: Lanes, idx: usize, class: &PairClass, marks: &Marks) {
        if !std::mem::replace(&mut self.is_known[idx], true) {
            fill(lanes, class, marks, &mut self.rows[idx]);
        }
    }

    /// The ratios of a class.
    #[inline(always)]
    pub(super) fn of(&self, idx: usize) -> RatioRow<'_> {
        debug_assert!(self.is_known[idx], "ratios that were not asked for");
        let Row { ratios, least } = &self.rows[idx];
        RatioRow { ratios, least }
    }
}

fn fill(lanes: Lanes, class: &PairClass, marks: &Marks, row: &mut Row) {
    let n_steps = marks.n_steps();
    let Row { ratios, least } = row;
    ratios.resize(n_steps + RUN_STEPS, f32::INFINITY);
    least.resize(n_steps.div_ceil(RUN_STEPS), f32::INFINITY);
    let floats = |of: u32| bytemuck::cast_slice::<_, f32>(marks.floats_of(of));
    let both = floats(class.collateral).iter().zip(floats(class.debt));
    lanes.run(
        #[inline(always)]
        || {
            for (ratio, (collateral, debt)) in ratios[..n_steps].iter_mut().zip(both) {
                // A debt without value may have one once it is moved.
                *ratio = if *debt > 0.0 { collateral / debt } else { 0.0 };
            }
            let mut least_so_far = f32::INFINITY;
            for (least, run) in least.iter_mut().zip(ratios.as_chunks::<RUN_STEPS>().0).rev() {
                for ratio in run {
                    least_so_far = if *ratio < least_so_far { *ratio } else { least_so_far };
                }
                *least = least_so_far;
            }
        },
    );
}

impl RatioRow<'_> {
    /// Whether a ratio from the run of a step on is below a bound.
    #[inline(always)]
    pub(super) fn falls_below(self, bound: f32, from: usize) -> bool {
        self.least.get(from / RUN_STEPS).is_some_and(|least| *least < bound)
    }

    /// The first step from `from` on, of those whose ratio is below a bound, for which `holds`.
    #[inline(always)]
    pub(super) fn first_below(
        self,
        bound: f32,
        from: usize,
        holds: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if !self.falls_below(bound, from) {
            return None;
        }
        let mut start = from;
        while let Some(run) = self.ratios.get(start..).and_then(|it| it.first_chunk()) {
            let mut eligible = below(run, bound);
            while eligible != 0 {
                let step = start + eligible.trailing_zeros() as usize;
                if holds(step) {
                    return Some(step);
                }
                eligible &= eligible - 1;
            }
            start += RUN_STEPS;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLASS: PairClass = PairClass {
        collateral: 0,
        debt: 1,
        ratio: 0,
        thresholds: Vec::new(),
        scanned: Vec::new(),
        pairs: Vec::new(),
    };

    /// Where the floats of two marks and of a bound first say that a pair may be breached.
    fn first_near(marks: [u32; 2], bound: f32) -> Option<usize> {
        let marks = Marks::of_words(&marks.map(|mark| vec![mark]));
        let mut ratios = MarkRatios::default();
        ratios.begin(1);
        ratios.need(Lanes::widest(), 0, &CLASS, &marks);
        ratios.of(0).first_below(bound, 0, |_| true)
    }

    /// A word of at least so many bits.
    fn word(bits: std::ops::Range<u32>) -> impl Strategy<Value = u32> {
        (any::<u32>(), bits).prop_map(|(word, bits)| (word | 1 << 31) >> (32 - bits))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// A pair that lacks as little as a coefficient can be too small by.
        #[test]
        fn a_pair_that_lacks_anything_is_near(
            (weighted, collateral, mark) in (word(1..31), word(1..33), word(1..33)),
        ) {
            let held = u64::from(weighted) * u64::from(collateral);
            let least = held / u64::from(mark) + 1;
            prop_assume!(least < 1 << 31);
            let debt = least as u32;
            prop_assert!(held < u64::from(debt) * u64::from(mark));
            let bound = debt as f32 / weighted as f32 * ROUNDED;
            prop_assert_eq!(first_near([collateral, mark], bound), Some(0));
        }
    }

    #[test]
    fn a_debt_without_value_is_near_and_so_is_one_without_collateral() {
        assert_eq!(first_near([5, 0], 1e-30), Some(0));
        assert_eq!(first_near([1 << 24, 1 << 24], 7.0 / 0.0 * ROUNDED), Some(0));
    }
}
