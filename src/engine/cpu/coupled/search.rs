//! The next step at which a position may be breached, wherever its marks are within the envelope.

use super::around::Around;
use super::envelope::Envelope;
use crate::engine::cpu::mark_ratios::RatioRow;
use crate::engine::cpu::marks::Marks;
use crate::engine::scan::list::ScanList;
use crate::engine::scan::pairs::{PairClass, PairRow};
use crate::engine::scan::scanned::Scanned;
use crate::engine::scan::terms::Term;
use crate::lanes::Lanes;

/// What a search goes through; a step that is not found is the path's length.
#[derive(Clone, Copy)]
pub(super) struct Search<'s> {
    lanes: Lanes,
    envelope: &'s Envelope,
    marks: &'s Marks,
    n_steps: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(lanes: Lanes, envelope: &'s Envelope, at: &Around<'s>) -> Self {
        Self { lanes, envelope, marks: at.marks, n_steps: at.program.market.n_steps }
    }

    /// The first step from one on at which a surplus without tiers may be negative.
    // Its code is long: who asks now and then stays small without it.
    #[inline(never)]
    pub(super) fn next(self, constant: i64, terms: &[Term], from: usize) -> usize {
        self.lanes.run(
            #[inline(always)]
            || self.found(constant, terms, from),
        )
    }

    /// The same of a pair.
    pub(super) fn next_of_pair(
        self,
        class: &PairClass,
        ratios: RatioRow<'_>,
        terms: &[Term],
        from: usize,
    ) -> usize {
        let [first, second] = terms else { return from };
        let is_first = first.instrument == class.collateral;
        let (held, owed) = if is_first { (first, second) } else { (second, first) };
        let bound = self.envelope.least_ratio(class, held.magnitude, owed.magnitude);
        if !ratios.falls_below(bound, from) {
            return self.n_steps;
        }
        self.lanes.run(
            #[inline(always)]
            || self.found_of_pair(ratios, bound, from),
        )
    }

    /// The first steps of all of the first so many of a class of pairs, at the opening.
    #[inline(never)]
    pub(super) fn first_of_pairs(
        self,
        class: &PairClass,
        n_eligible: usize,
        ratios: RatioRow<'_>,
        mut found: impl FnMut(&Scanned, usize),
    ) {
        self.lanes.run(
            #[inline(always)]
            || {
                for (scanned, pair) in class.scanned[..n_eligible].iter().zip(&class.pairs) {
                    let PairRow { weighted, debt, .. } = *pair;
                    let bound = self.envelope.least_ratio(class, weighted, debt);
                    found(scanned, self.found_of_pair(ratios, bound, 0));
                }
            },
        );
    }

    /// The first steps of some of the other positions, at the opening.
    #[inline(never)]
    pub(super) fn first_of_others(
        self,
        list: &ScanList,
        others: &[u32],
        mut found: impl FnMut(&Scanned, usize),
    ) {
        self.lanes.run(
            #[inline(always)]
            || {
                for idx in others {
                    let scanned = &list.others[*idx as usize];
                    // Those with tiers are bounded run by run.
                    let next = match scanned.has_tiers {
                        true => 0,
                        false => self.found(scanned.constant, list.terms_of(scanned), 0),
                    };
                    found(scanned, next);
                }
            },
        );
    }

    #[inline(always)]
    fn found(self, constant: i64, terms: &[Term], from: usize) -> usize {
        let Self { envelope, marks, n_steps, .. } = self;
        let found = match terms.len() {
            0..=8 => envelope.filter::<8>(constant, terms, marks).next(from, n_steps),
            9..=32 => envelope.filter::<32>(constant, terms, marks).next(from, n_steps),
            _ => Some(from),
        };
        found.unwrap_or(n_steps)
    }

    #[inline(always)]
    fn found_of_pair(self, ratios: RatioRow<'_>, bound: f32, from: usize) -> usize {
        let found = ratios.first_below(
            bound,
            from,
            #[inline(always)]
            |_| true,
        );
        found.unwrap_or(self.n_steps)
    }
}
