//! The book as scanned: pairs by class, all other positions by shape, and their terms and legs in
//! the order in which positions are gone through. Positions that cannot breach are left out.

use std::collections::HashMap;

use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, LegState};
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, LegRow};

use super::basket_row::BasketRow;
use super::bounds::Bounds;
use super::pairs::{PairClass, PairRow, pair_threshold};
use super::ratios::{Ratio, Ratios};
use super::scanned::Scanned;
use super::terms::{Leg, Term, term_of};

/// The book as scanned.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct ScanList {
    pub(in crate::engine) pairs: Vec<PairClass>,
    /// All other positions, by shape, then in the book's order.
    pub(in crate::engine) others: Vec<Scanned>,
    /// The same as they are walked, where they are baskets.
    pub(in crate::engine) baskets: Vec<Option<BasketRow>>,
    /// Those of the others that have margin tiers.
    pub(in crate::engine) tiered: Vec<u32>,
    /// Bounds of those of the others that have none.
    pub(in crate::engine) bounds: Bounds,
    pub(in crate::engine) ratios: Ratios,
    /// Position by position, in the order of the pairs, then of the others.
    terms: Vec<Term>,
    /// The same of legs, where positions are coupled.
    legs: Vec<Leg>,
    /// Legs without quantities and marks. There are few, so that a position's own legs are small.
    leg_kinds: Vec<LegState>,
}

impl ScanList {
    pub(in crate::engine) fn new(program: &Program) -> Self {
        let mut list = Self::default();
        let mut others = Vec::new();
        for (idx, position) in program.positions.iter().enumerate() {
            let legs = program.legs_of(position);
            let constant = position.surplus_constant();
            // Nothing is exposed, and no loss is locked in.
            let is_safe = |leg: &LegRow| leg.kind == KIND_COLLATERAL || leg.quantity == 0;
            if constant >= 0 && legs.iter().all(is_safe) {
                continue;
            }
            let term_start = list.terms.len();
            list.push_terms(legs);
            let scanned = Scanned {
                position: idx as u32,
                term_start: term_start as u32,
                n_terms: (list.terms.len() - term_start) as u32,
                leg_start: 0,
                has_tiers: legs.iter().any(|leg| leg.n_tiers > 0),
                constant,
                in_program: *position,
            };
            let terms = &mut list.terms[term_start..];
            if scanned.constant >= 0
                && !scanned.has_tiers
                && terms.iter().all(|term| !term.is_negative)
            {
                // What is held of an asset outweighs what is owed of it, whatever its price.
                list.terms.truncate(term_start);
                continue;
            }
            list.ratios.set_rows(program, scanned.constant, terms);
            if !list.push_pair(program, scanned) {
                others.push(scanned);
            }
        }
        // Neighbours have the same shape, so that no loop over legs or terms takes by surprise.
        others.sort_by_cached_key(|scanned| list.shape_of(program, scanned));
        others.into_iter().for_each(|scanned| list.push_other(program, scanned));
        for class in &mut list.pairs {
            let mut order: Vec<usize> = (0..class.scanned.len()).collect();
            // Ties by the book's order, so that the order is one whatever the sort.
            order.sort_by_key(|idx| (std::cmp::Reverse(class.thresholds[*idx]), *idx));
            class.scanned = order.iter().map(|idx| class.scanned[*idx]).collect();
            class.thresholds = order.iter().map(|idx| class.thresholds[*idx]).collect();
            class.pairs = class.scanned.iter().map(|it| PairRow::new(program, it)).collect();
        }
        list.lay_out(program);
        list
    }

    /// Puts terms and legs into the order in which positions are gone through.
    fn lay_out(&mut self, program: &Program) {
        let terms = std::mem::take(&mut self.terms);
        let mut known = HashMap::new();
        let pairs = self.pairs.iter_mut().flat_map(|class| &mut class.scanned);
        for scanned in pairs.chain(&mut self.others) {
            let of_position = &terms[scanned.term_start as usize..][..scanned.n_terms as usize];
            scanned.term_start = self.terms.len() as u32;
            scanned.leg_start = self.legs.len() as u32;
            self.terms.extend_from_slice(of_position);
            // Who is walked alone finds his legs in the program.
            let is_coupled = program.liquidity.is_some();
            for row in program.legs_of(&scanned.in_program).iter().filter(|_| is_coupled) {
                let kind = *known.entry(row.state(0, 0)).or_insert_with_key(|leg| {
                    self.leg_kinds.push(*leg);
                    self.leg_kinds.len() as u32 - 1
                });
                self.legs.push(Leg::new(kind, &row.state(row.quantity, 0)));
            }
        }
    }

    /// The terms of a new position, one an instrument.
    fn push_terms(&mut self, legs: &[LegRow]) {
        let start = self.terms.len();
        let of_legs = legs.iter().filter_map(|leg| term_of(&leg.state(leg.quantity, 0)));
        for leg in of_legs.filter(|term| term.magnitude != 0) {
            match self.terms[start..].iter_mut().find(|it| it.instrument == leg.instrument) {
                Some(term) => term.add(leg.coefficient()),
                None => self.terms.push(leg),
            }
        }
    }

    /// What decides how loops over a position go.
    fn shape_of(&self, program: &Program, scanned: &Scanned) -> [usize; 4] {
        let (legs, terms) = (program.legs_of(&scanned.in_program), self.terms_of(scanned));
        let n_collateral = legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL).count();
        let n_negative = terms.iter().filter(|term| term.is_negative).count();
        [terms.len(), n_negative, legs.len(), n_collateral]
    }

    /// Takes a position into its class, if it is a pair; whether it is.
    fn push_pair(&mut self, program: &Program, scanned: Scanned) -> bool {
        let is_price =
            |it: &Term| program.instruments[it.instrument as usize].kind == INSTRUMENT_PRICE;
        let kinds: Vec<u32> =
            program.legs_of(&scanned.in_program).iter().map(|leg| leg.kind).collect();
        let pair = match (&*kinds, self.terms_of(&scanned)) {
            // What is added for rounding bounds nothing: thresholds leave it out.
            (_, terms) if scanned.constant < 0 || !terms.iter().all(is_price) => None,
            ([KIND_COLLATERAL, KIND_DEBT], [first, second]) => Some((*first, *second)),
            ([KIND_DEBT, KIND_COLLATERAL], [first, second]) => Some((*second, *first)),
            _ => None,
        };
        let Some((collateral, debt)) = pair else { return false };
        let key = (collateral.instrument, debt.instrument);
        let known = self.pairs.iter().position(|class| (class.collateral, class.debt) == key);
        let idx = known.unwrap_or_else(|| {
            self.pairs.push(PairClass {
                collateral: key.0,
                debt: key.1,
                ratio: self.ratios.index_of(Ratio { above: key.0, below: key.1 }),
                thresholds: Vec::new(),
                scanned: Vec::new(),
                pairs: Vec::new(),
            });
            self.pairs.len() - 1
        });
        let class = &mut self.pairs[idx];
        class.thresholds.push(pair_threshold(collateral.magnitude, debt.magnitude));
        class.scanned.push(scanned);
        true
    }

    fn push_other(&mut self, program: &Program, scanned: Scanned) {
        let id = self.others.len() as u32;
        if scanned.has_tiers {
            self.tiered.push(id);
        } else {
            let terms = &self.terms[scanned.term_start as usize..];
            self.bounds.push(id, scanned.constant, &terms[..scanned.n_terms as usize]);
        }
        self.baskets.push(BasketRow::new(program, &scanned));
        self.others.push(scanned);
    }

    /// The plain terms of a position.
    #[inline(always)]
    pub(in crate::engine) fn terms_of(&self, scanned: &Scanned) -> &[Term] {
        &self.terms[scanned.term_start as usize..][..scanned.n_terms as usize]
    }

    /// Legs and terms at the opening of positions that are neighbours, of which there is one at
    /// least.
    #[inline(always)]
    pub(in crate::engine) fn of_neighbours(&self, positions: &[Scanned]) -> (&[Leg], &[Term]) {
        let (first, last) = (&positions[0], &positions[positions.len() - 1]);
        let end = last.leg_start + last.in_program.n_legs;
        let legs = &self.legs[first.leg_start as usize..end as usize];
        let end = last.term_start + last.n_terms;
        (legs, &self.terms[first.term_start as usize..end as usize])
    }

    /// A leg in full, but for its marks.
    #[inline(always)]
    pub(in crate::engine) fn state_of(&self, leg: &Leg) -> LegState {
        let quantity = leg.quantity;
        LegState { quantity, next: quantity, ..self.leg_kinds[leg.kind as usize] }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::program::layout::PositionRow;
    use crate::scenario::{Overrides, load};

    /// Rounding in the borrower's favour adds a constant to a position; the fast path stays.
    #[test]
    fn loans_of_one_collateral_and_one_debt_are_pairs_at_every_venue() {
        for name in ["lending", "reference", "compound-v2", "oracle-lag"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
            let scenario = load(&path, &Overrides::default()).expect("a shipped scenario");
            let program = crate::engine::compile(&scenario).expect("a shipped scenario");
            let is_pair = |position: &&PositionRow| {
                let legs = program.legs_of(position);
                let n_of = |kind| legs.iter().filter(|leg| leg.kind == kind).count();
                (n_of(KIND_COLLATERAL), n_of(KIND_DEBT)) == (1, 1)
                    && legs[0].instrument != legs[1].instrument
                    && legs.iter().all(|leg| leg.quantity != 0)
            };
            let expected = program.positions.iter().filter(is_pair).count();
            let list = ScanList::new(&program);
            let found: usize = list.pairs.iter().map(|class| class.pairs.len()).sum();
            assert!(expected > 0, "{name} has no loans");
            assert_eq!(found, expected, "{name}");
            assert!(program.positions.iter().any(|it| it.surplus_constant() > 0), "{name}");
        }
    }
}
