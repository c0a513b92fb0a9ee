//! How far integers may be from the amounts that they stand for: what a loss of exactly the
//! materiality may fall short by, and where money is too coarse for small positions.

use super::Program;
use super::layout::PositionRow;
use crate::book::account::{KIND_DEBT, KIND_FUNDING, KIND_PERP};
use crate::fixed::MARK_BITS;

/// A mark of at most 3.3 is off by less than this many units of 2^-24.
///
/// Its log is the sum of a price and the interest, each rounded to 2^-24: together off by 2^-24 at
/// most, or 4.14e-8 of the mark. Its power of two is off by another 3.5e-9 and rounded to half a
/// unit: 3.3 x 4.5e-8 x 2^24 + 0.5 = 2.99. (Increments are rounded to 2^-56, which a million of
/// them do not bring near that.)
const MARK_ERROR: u64 = 3;
/// A quantity is rounded to half a unit, which at such a mark is worth less than two.
const QUANTITY_ERROR: u64 = 2;

/// Debts below this are dust, USD, that no reader looks for.
const DUST_USD: f64 = 0.01;
/// A unit of money is coarse above this share of the materiality.
const COARSE_FOR_MATERIALITY: f64 = 1e-6;
/// It is, too, above this share of a debt.
const COARSE_FOR_DEBT: f64 = 1e-4;

/// Money that is coarse against what it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoarseMoney {
    /// A unit of money, USD.
    pub quantum_usd: f64,
    /// The smallest debt, or notional of perpetuals, that is no dust, USD; none if all are.
    pub smallest_usd: Option<f64>,
}

impl Program {
    /// Most by which rounding changes the loss of one position, money: the largest over positions.
    ///
    /// A position's loss is a sum of quantity x mark, at one step's marks, and of a constant. Let q
    /// be its quantities, m its marks, e their errors. Then sum (q + e_q) (m + e_m) is off by at
    /// most sum |q| |e_m| + sum |e_q| (m + |e_m|): at marks up to 3.3 times the opening's, by less
    /// than `MARK_ERROR` units of a mark a unit of quantity and `QUANTITY_ERROR` units of
    /// quantity a leg. A running sum for funding is cut by one unit more; the constant is off by
    /// half a fine value, and money by less than one unit, since fine values are cut to it.
    ///
    /// Not in it: higher marks, and what earlier liquidations of the position have rounded, which
    /// is a unit of quantity a leg and call at most.
    #[must_use]
    pub fn rounding_bound(&self) -> i64 {
        self.positions.iter().map(|position| self.rounding_of(position)).max().unwrap_or(0)
    }

    fn rounding_of(&self, position: &PositionRow) -> i64 {
        let legs = self.legs_of(position);
        let of_marks = legs.iter().map(|leg| {
            let of_sum = u64::from(leg.kind == KIND_FUNDING);
            u64::from(leg.quantity.unsigned_abs()) * (MARK_ERROR + of_sum)
        });
        // Absolute quantities add up to less than 2^31, so this stays below 2^36.
        let of_quantities = (legs.len() as u64 * QUANTITY_ERROR) << MARK_BITS;
        let fine = of_marks.sum::<u64>() + of_quantities + 1;
        (fine >> position.money_shift) as i64 + 2
    }

    /// Whether a unit of money is coarse against a loss of the materiality or the smallest debt,
    /// and against what.
    #[must_use]
    pub fn coarse_money(&self, materiality_usd: f64) -> Option<CoarseMoney> {
        let quantum_usd = self.usd(1);
        let owed = self.positions.iter().map(|position| {
            let legs = self.legs_of(position).iter();
            let owed = legs.filter(|leg| leg.kind == KIND_DEBT || leg.kind == KIND_PERP);
            let fine = owed.map(|leg| {
                let asset = self.instruments[leg.instrument as usize].asset as usize;
                u64::from(leg.quantity.unsigned_abs())
                    * u64::from(self.market.octaves.opening_mark(asset))
            });
            let of_fine = self.money_log2 - position.money_shift as i32;
            libm::ldexp(fine.sum::<u64>() as f64, of_fine)
        });
        let smallest_usd = owed.filter(|usd| *usd >= DUST_USD).min_by(f64::total_cmp);
        let is_coarse = (materiality_usd > 0.0
            && quantum_usd > COARSE_FOR_MATERIALITY * materiality_usd)
            || smallest_usd.is_some_and(|smallest| quantum_usd > COARSE_FOR_DEBT * smallest);
        is_coarse.then_some(CoarseMoney { quantum_usd, smallest_usd })
    }
}
