//! Ratios of marks that bounds ask for: assets fall together, so that what is held is bounded in
//! units of the main debt.

use super::terms::Term;
use crate::program::Program;
use crate::program::layout::INSTRUMENT_PRICE;

/// The row of the main debt's mark over itself, 1 on every path: one that is not there, nor is the
/// next.
pub(in crate::engine) const ONE: u32 = u32::MAX - 1;

/// Marks, or their logs, of one instrument over another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Ratio {
    pub(in crate::engine) above: u32,
    pub(in crate::engine) below: u32,
}

/// Ratios that bounds ask for.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Ratios(Vec<Ratio>);

impl Ratios {
    /// The index of a ratio; new ones are appended.
    pub(in crate::engine) fn index_of(&mut self, ratio: Ratio) -> u32 {
        let known = self.0.iter().position(|it| *it == ratio);
        known.unwrap_or_else(|| {
            self.0.push(ratio);
            self.0.len() - 1
        }) as u32
    }

    pub(in crate::engine) fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in the order of their indices.
    #[inline(always)]
    pub(in crate::engine) fn all(&self) -> &[Ratio] {
        &self.0
    }

    /// The row of the least of each term's mark, the most being the next one: relative to the
    /// position's main debt, if its constant is not negative and all its instruments have prices.
    pub(in crate::engine) fn set_rows(
        &mut self,
        program: &Program,
        constant: i64,
        terms: &mut [Term],
    ) {
        let n_instruments = program.instruments.len() as u32;
        let is_price =
            |it: &Term| program.instruments[it.instrument as usize].kind == INSTRUMENT_PRICE;
        let debts = terms.iter().filter(|it| it.is_negative);
        let main = debts.max_by_key(|it| it.magnitude).map(|it| it.instrument);
        let main = main.filter(|_| constant >= 0 && terms.iter().all(is_price));
        for term in terms {
            term.row = match main {
                None => 2 * term.instrument,
                Some(main) if main == term.instrument => ONE,
                Some(below) => {
                    2 * (n_instruments + self.index_of(Ratio { above: term.instrument, below }))
                }
            };
        }
    }
}
