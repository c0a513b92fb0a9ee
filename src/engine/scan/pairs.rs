//! Positions of one collateral against one debt, by class: healthy while the ratio of two marks is
//! above a threshold, so that a class of them, sorted, is cleared by one comparison.

use super::scanned::Scanned;
use crate::book::account::KIND_COLLATERAL;
use crate::program::Program;

/// All positions with one collateral instrument against one debt instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct PairClass {
    pub(in crate::engine) collateral: u32,
    pub(in crate::engine) debt: u32,
    /// The index of the ratio of the two.
    pub(in crate::engine) ratio: u32,
    /// log2 threshold of each, Q8.24, falling: the first are liquidated first.
    pub(in crate::engine) thresholds: Vec<i32>,
    /// The positions, in that order.
    pub(in crate::engine) scanned: Vec<Scanned>,
    /// The same as they are walked.
    pub(in crate::engine) pairs: Vec<PairRow>,
}

/// A position of one collateral and one debt; see [`crate::book::action::Pair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct PairRow {
    pub(in crate::engine) position: u32,
    pub(in crate::engine) collateral: u32,
    pub(in crate::engine) debt: u32,
    pub(in crate::engine) weighted: u32,
    /// As [`Scanned::constant`]; not negative.
    pub(in crate::engine) constant: i64,
    pub(in crate::engine) threshold: u32,
    pub(in crate::engine) discount: u32,
    pub(in crate::engine) money_shift: u32,
    pub(in crate::engine) is_pro_rata: bool,
    pub(in crate::engine) close_factor: u32,
    pub(in crate::engine) full_close_below: u32,
}

/// log2 of debt / collateral in Q8.24, rounded up: the log ratio of marks (collateral over debt) at
/// or above which a x m_c >= b x m_d, before the marks' own rounding. A filter: it may be too high.
#[inline]
pub(in crate::engine) fn pair_threshold(collateral: u32, debt: u32) -> i32 {
    // One unit more than the f64 logarithm, whose error is far below a unit on any platform.
    let log = (f64::from(debt) / f64::from(collateral)).log2() * f64::from(1 << 24);
    // A worthless collateral gives infinity, which saturates: never cleared.
    (log + 2.0) as i32
}

impl PairRow {
    pub(in crate::engine) fn new(program: &Program, scanned: &Scanned) -> Self {
        let position = &program.positions[scanned.position as usize];
        let action = &program.actions[position.action as usize];
        let mut row = Self {
            position: scanned.position,
            collateral: 0,
            debt: 0,
            weighted: 0,
            constant: scanned.constant,
            threshold: 0,
            discount: 0,
            money_shift: position.money_shift,
            is_pro_rata: action.is_plain_pro_rata(),
            close_factor: action.close_factor,
            full_close_below: action.full_close_below,
        };
        for leg in program.legs_of(position) {
            if leg.kind == KIND_COLLATERAL {
                row.collateral = leg.quantity as u32;
                row.weighted = leg.state(leg.quantity, 0).weighted_quantity();
                row.threshold = leg.threshold;
                row.discount = leg.discount;
            } else {
                row.debt = leg.quantity as u32;
            }
        }
        row
    }
}
