//! A margin surplus in floats: it says which steps of a path are worth an exact look.

use super::marks::{FloatRun, Marks, RUN_STEPS};
use crate::engine::scan::terms::Term;
use crate::lanes::below;

/// A surplus of up to N instruments along a path.
pub(super) struct Filter<'m, const N: usize> {
    constant: f32,
    /// Slots that are gone through.
    n: usize,
    coefficients: [f32; N],
    /// Marks of each instrument, run by run.
    marks: [&'m [FloatRun]; N],
    /// By how much a sum may be off.
    doubt: f32,
}

impl<'m, const N: usize> Filter<'m, N> {
    /// A surplus that is `constant` + Σ coefficient x mark. No coefficient, whatever becomes of it,
    /// is beyond `most` in absolute value; slots without an instrument have 0 for both and any
    /// instrument whose marks are known.
    ///
    /// In floats a sum of n terms is off by less than (n + 6) 2^-23 of the sum of their absolute
    /// values, for which the highest marks of the path stand: words, what they are multiplied with,
    /// and two products are rounded by 2^-24 each, and so is each of n sums.
    #[inline(always)]
    pub(super) fn new(
        marks: &'m Marks,
        constant: i64,
        instruments: [u32; N],
        coefficients: [f32; N],
        most: [f32; N],
    ) -> Self {
        let mut gross = constant.unsigned_abs() as f32;
        for (instrument, most) in instruments.iter().zip(most) {
            gross += most * marks.whole()[*instrument as usize].high as f32;
        }
        Self {
            constant: constant as f32,
            n: N,
            coefficients,
            marks: instruments.map(|it| marks.floats_of(it)),
            doubt: gross * (N + 6) as f32 / (1 << 23) as f32,
        }
    }

    /// That of some terms, N at most, each with a coefficient.
    #[inline(always)]
    pub(super) fn of(
        marks: &'m Marks,
        constant: i64,
        terms: &[Term],
        mut coefficient: impl FnMut(&Term) -> f32,
    ) -> Self {
        debug_assert!(terms.len() <= N, "more terms than slots");
        let mut coefficients = [0.0; N];
        let mut instruments = [terms.first().map_or(0, |it| it.instrument); N];
        for ((slot, instrument), term) in coefficients.iter_mut().zip(&mut instruments).zip(terms) {
            *slot = coefficient(term);
            *instrument = term.instrument;
        }
        Self::new(marks, constant, instruments, coefficients, coefficients.map(f32::abs))
    }

    /// The same in less code, for searches that are short: it goes through no more slots than there
    /// are terms, but does not know how many these are. Of each term it is told the coefficient and
    /// the most that the term comes to on the path, in absolute value.
    #[inline(always)]
    pub(super) fn of_few(
        marks: &'m Marks,
        constant: i64,
        terms: &[Term],
        mut figures: impl FnMut(&Term) -> (f32, f32),
    ) -> Self {
        let n = terms.len().min(N);
        let mut few = Self {
            constant: constant as f32,
            n,
            coefficients: [0.0; N],
            marks: [&[]; N],
            doubt: 0.0,
        };
        let mut gross = constant.unsigned_abs() as f32;
        let slots = few.coefficients.iter_mut().zip(&mut few.marks);
        for ((slot, floats), term) in slots.zip(terms) {
            let (coefficient, most) = figures(term);
            *slot = coefficient;
            *floats = marks.floats_of(term.instrument);
            gross += most;
        }
        few.doubt = gross * (n + 6) as f32 / (1 << 23) as f32;
        few
    }

    /// The same of a surplus that may be lower by so much.
    #[inline(always)]
    pub(super) fn with_doubt(self, more: f32) -> Self {
        Self { doubt: self.doubt + more, ..self }
    }

    /// Other coefficients from now on.
    #[inline(always)]
    pub(super) fn set(&mut self, coefficients: [f32; N]) {
        self.coefficients = coefficients;
    }

    /// The first step from `from` on, of `n_steps`, at which the surplus may be negative.
    #[inline(always)]
    pub(super) fn next(&self, from: usize, n_steps: usize) -> Option<usize> {
        self.first(
            from,
            n_steps,
            #[inline(always)]
            |_| true,
        )
    }

    /// The first step from `from` on, of `n_steps`, of those near 0 for which `is_breach` holds.
    #[inline(always)]
    pub(super) fn first(
        &self,
        from: usize,
        n_steps: usize,
        is_breach: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        // Steps of the first run that have gone by are no more looked at.
        let mut left = u32::MAX << (from % RUN_STEPS);
        for run in from / RUN_STEPS..n_steps.div_ceil(RUN_STEPS) {
            let mut eligible = self.eligible(run) & std::mem::replace(&mut left, u32::MAX);
            while eligible != 0 {
                let step = run * RUN_STEPS + eligible.trailing_zeros() as usize;
                // What is beyond the path is anything.
                if step >= n_steps {
                    break;
                }
                if is_breach(step) {
                    return Some(step);
                }
                eligible &= eligible - 1;
            }
        }
        None
    }

    /// The steps of a run at which the surplus may be negative, as bits.
    #[inline(always)]
    fn eligible(&self, run: usize) -> u32 {
        let mut sums = [self.constant; RUN_STEPS];
        let slots = self.coefficients[..self.n].iter().zip(&self.marks[..self.n]);
        for (coefficient, marks) in slots {
            sums.iter_mut().zip(&marks[run].0).for_each(|(sum, mark)| *sum += coefficient * mark);
        }
        below(&sums, self.doubt)
    }
}

#[cfg(test)]
mod tests;
