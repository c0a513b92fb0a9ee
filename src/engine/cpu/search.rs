//! Steps of a path at which a position is breached, or might be: a run of steps at a time, where
//! lanes are steps.

use std::array;

use super::bound::{Surplus, tiers_at};
use super::filter::Filter;
use super::horizon::{Ratios, extremes, widened};
use super::marks::{Marks, RUN_STEPS};
use super::positions::{NO_RATIO, Term};
use crate::fixed::ONE_MARK;
use crate::lanes::Lanes;

/// Runs that are bounded together; as many as a run has steps, so that both give as many bits.
pub(super) const RUNS: usize = RUN_STEPS;

/// The least and the most of ratios of marks in every run of a path, Q8.24.
#[derive(Debug, Clone)]
pub(super) struct RunRatios {
    /// Runs of a path, up to a whole number of [`RUNS`].
    n_runs: usize,
    least: Vec<u32>,
    most: Vec<u32>,
    /// Which were asked for.
    is_known: Vec<bool>,
}

impl RunRatios {
    pub(super) fn new(n_steps: usize, n_ratios: usize) -> Self {
        let n_runs = n_steps.div_ceil(RUN_STEPS).next_multiple_of(RUNS);
        Self {
            n_runs,
            // Beyond the path nothing falls.
            least: vec![u32::MAX; n_ratios * n_runs],
            most: vec![0; n_ratios * n_runs],
            is_known: vec![false; n_ratios],
        }
    }

    /// A new path.
    pub(super) fn begin(&mut self) {
        self.is_known.fill(false);
    }

    /// Computes the extremes of a ratio, unless they stand, of logs that may be off by `slack`.
    #[inline]
    pub(super) fn need(
        &mut self,
        lanes: Lanes,
        ratios: &Ratios,
        ratio: u32,
        marks: &Marks,
        slack: i32,
    ) {
        if ratio != NO_RATIO && !self.is_known[ratio as usize] {
            self.compute(lanes, ratios, ratio as usize, marks, slack);
        }
    }

    fn compute(&mut self, lanes: Lanes, ratios: &Ratios, ratio: usize, marks: &Marks, slack: i32) {
        self.is_known[ratio] = true;
        let row = ratio * self.n_runs..(ratio + 1) * self.n_runs;
        let rows = self.least[row.clone()].iter_mut().zip(&mut self.most[row]);
        let (above, below) = ratios.logs(ratio, marks);
        let runs = above.chunks(RUN_STEPS).zip(below.chunks(RUN_STEPS));
        lanes.run(
            #[inline(always)]
            || {
                for ((least, most), (above, below)) in rows.zip(runs) {
                    (*least, *most) = widened(extremes(above, below), slack);
                }
            },
        );
    }

    /// One of the rows, in the runs of a group.
    #[inline(always)]
    fn group<'r>(&self, rows: &'r [u32], ratio: u32, group: usize) -> &'r [u32; RUNS] {
        let from = ratio as usize * self.n_runs + group * RUNS;
        rows[from..].first_chunk().unwrap_or(&[0; RUNS])
    }
}

/// What a search goes through.
#[derive(Clone, Copy)]
pub(super) struct Along<'p> {
    pub(super) lanes: Lanes,
    pub(super) marks: &'p Marks,
}

impl Along<'_> {
    /// The first step from `from` on at which a surplus is negative; if `is_filtered`, floats may
    /// say where it is worth looking.
    pub(super) fn first_breach(
        &self,
        surplus: &Surplus<'_>,
        from: usize,
        is_filtered: bool,
    ) -> Option<usize> {
        if !surplus.tiered.is_empty() {
            return self.first_tiered_breach(surplus, from);
        }
        match surplus.terms.len() {
            1..=4 if is_filtered => self.first_filtered::<4>(surplus, from),
            5..=8 if is_filtered => self.first_filtered::<8>(surplus, from),
            _ => self.first(
                from,
                #[inline(always)]
                |step| negative(self.run(surplus, step)),
            ),
        }
    }

    /// The same of up to N terms, looking exactly only where floats leave a doubt.
    fn first_filtered<const N: usize>(&self, surplus: &Surplus<'_>, from: usize) -> Option<usize> {
        let terms = surplus.terms;
        let magnitude = array::from_fn(|idx| terms.get(idx).map_or(0, |term| term.magnitude));
        let coefficient = array::from_fn(|idx| terms.get(idx).map_or(0, Term::coefficient));
        let instruments =
            array::from_fn(|idx| terms.get(idx).map_or(terms[0].instrument, |it| it.instrument));
        self.lanes.run(
            #[inline(always)]
            || {
                let filter = Filter::<N>::new(
                    self.marks,
                    surplus.constant,
                    instruments,
                    coefficient,
                    magnitude,
                );
                filter.first(
                    from,
                    self.marks.n_steps(),
                    #[inline(always)]
                    |step| surplus.with(|instrument| self.marks.of(instrument)[step]) < 0,
                )
            },
        )
    }

    /// The same with tiers, which are dear: runs are bounded first.
    fn first_tiered_breach(&self, surplus: &Surplus<'_>, from: usize) -> Option<usize> {
        let marks = self.marks;
        self.first(from, |step| {
            let last = (step + RUN_STEPS).min(marks.n_steps()) - 1;
            let mut runs = step / RUN_STEPS..=last / RUN_STEPS;
            if runs.all(|run| surplus.bound(marks.of_run(run)) >= 0) {
                return 0;
            }
            let mut sums = self.run(surplus, step);
            for row in surplus.tiered.iter().filter(|row| row.n_tiers > 0) {
                let marks = marks.run(row.instrument, step);
                for (sum, mark) in sums.iter_mut().zip(marks) {
                    *sum += tiers_at(surplus.program.tiers_of(row), *mark);
                }
            }
            negative(sums)
        })
    }

    /// The first step from `from` on that `breaches` finds: steps from one on, as bits.
    #[inline(always)]
    fn first(&self, from: usize, breaches: impl Fn(usize) -> u32) -> Option<usize> {
        let n_steps = self.marks.n_steps();
        self.lanes.run(
            #[inline(always)]
            || {
                let mut step = from;
                while step < n_steps {
                    let found = breaches(step);
                    if found != 0 {
                        let first = step + found.trailing_zeros() as usize;
                        // A run may go beyond the path.
                        return (first < n_steps).then_some(first);
                    }
                    step += RUN_STEPS;
                }
                None
            },
        )
    }

    /// The runs of a group in which a surplus that is bounded by ratios may be negative, as bits.
    pub(super) fn uncleared(&self, ratios: &RunRatios, surplus: &Surplus<'_>, group: usize) -> u32 {
        self.lanes.run(
            #[inline(always)]
            || {
                let mut sums = [surplus.constant; RUNS];
                for term in surplus.terms {
                    let values = match (term.ratio, term.is_negative) {
                        (NO_RATIO, _) => &[ONE_MARK; RUNS],
                        (ratio, false) => ratios.group(&ratios.least, ratio, group),
                        (ratio, true) => ratios.group(&ratios.most, ratio, group),
                    };
                    add(&mut sums, term, values);
                }
                negative(sums)
            },
        )
    }

    /// The steps of a run in which prices that differ from these by less than 2^-`log2` of
    /// themselves might make a surplus without tiers negative, as bits.
    ///
    /// |Σ w m' - Σ w m| <= 2^-log2 Σ |w| m, and two units of 2^-24 a mark for what is rounded.
    pub(super) fn near_steps(&self, surplus: &Surplus<'_>, step: usize, log2: u32) -> u32 {
        self.lanes.run(
            #[inline(always)]
            || {
                let mut gross = [0_i64; RUN_STEPS];
                let mut weight = 0_i64;
                for term in surplus.terms {
                    weight += i64::from(term.magnitude);
                    let all = Term { is_negative: false, ..*term };
                    add(&mut gross, &all, self.marks.run(term.instrument, step));
                }
                let sums = self.run(surplus, step);
                let mut widened = sums;
                for (sum, gross) in widened.iter_mut().zip(gross) {
                    *sum = sum.wrapping_sub((gross >> log2) + 2 * weight + 2);
                }
                // What is negative already may have wrapped.
                negative(sums) | negative(widened)
            },
        )
    }

    /// A surplus in the steps of a run, but for tiers.
    #[inline(always)]
    fn run(&self, surplus: &Surplus<'_>, step: usize) -> [i64; RUN_STEPS] {
        let mut sums = [surplus.constant; RUN_STEPS];
        for term in surplus.terms {
            add(&mut sums, term, self.marks.run(term.instrument, step));
        }
        sums
    }
}

/// Adds a term at some marks to some sums.
#[inline(always)]
fn add(sums: &mut [i64; RUN_STEPS], term: &Term, marks: &[u32; RUN_STEPS]) {
    if term.is_negative {
        sums.iter_mut().zip(marks).for_each(|(sum, mark)| *sum -= term.times(*mark));
    } else {
        sums.iter_mut().zip(marks).for_each(|(sum, mark)| *sum += term.times(*mark));
    }
}

/// Which numbers are negative, as bits.
#[inline(always)]
fn negative(numbers: [i64; RUN_STEPS]) -> u32 {
    // One test for all of them first: most often none is.
    if numbers.iter().fold(0, |any, number| any | number) >= 0 {
        return 0;
    }
    let bits = numbers.iter().zip(0_u32..).map(|(number, idx)| (*number as u64 >> 63) << idx);
    bits.fold(0, |all, bit| all | bit) as u32
}
