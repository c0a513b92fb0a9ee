//! Steps of a path at which a position is breached, or might be: a run of steps at a time, where
//! lanes are steps.

use super::bound::{Surplus, tiers_at};
use super::filter::Filter;
use super::marks::{Marks, RUN_STEPS};
use crate::engine::scan::terms::Term;
use crate::lanes::Lanes;

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
            1..=3 if is_filtered => self.first_filtered::<3>(surplus, from),
            4 if is_filtered => self.first_filtered::<4>(surplus, from),
            5 if is_filtered => self.first_filtered::<5>(surplus, from),
            6 if is_filtered => self.first_filtered::<6>(surplus, from),
            7..=8 if is_filtered => self.first_filtered::<8>(surplus, from),
            _ => self.first(
                from,
                #[inline(always)]
                |step| negative(self.run(surplus, step)),
            ),
        }
    }

    /// The same of up to N terms, looking exactly only where floats leave a doubt.
    fn first_filtered<const N: usize>(&self, surplus: &Surplus<'_>, from: usize) -> Option<usize> {
        self.lanes.run(
            #[inline(always)]
            || {
                let coefficient = |term: &Term| term.coefficient() as f32;
                let filter =
                    Filter::<N>::of(self.marks, surplus.constant, surplus.terms, coefficient);
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
