//! The row of a position of several legs in a few instruments, whose venue takes pro rata.

use super::scanned::Scanned;
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT};
use crate::book::action::{BASKET, Basket};
use crate::program::Program;

/// A position that is a basket.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct BasketRow {
    pub(in crate::engine) position: u32,
    pub(in crate::engine) money_shift: u32,
    /// Instruments of its slots; the first once more where there is none.
    pub(in crate::engine) instruments: [u32; BASKET],
    pub(in crate::engine) opening: Basket,
    /// As [`Scanned::constant`].
    pub(in crate::engine) constant: i64,
}

impl BasketRow {
    /// A position as a basket, if it is one.
    pub(in crate::engine) fn new(program: &Program, scanned: &Scanned) -> Option<Self> {
        let position = &program.positions[scanned.position as usize];
        let action = &program.actions[position.action as usize];
        let legs = program.legs_of(position);
        let mut each = legs.iter().map(|leg| (leg.kind, leg.instrument)).collect::<Vec<_>>();
        each.sort_unstable();
        let is_twofold = each.windows(2).any(|two| two[0] == two[1]);
        if !action.is_plain_pro_rata() || scanned.has_tiers || is_twofold {
            return None;
        }
        let mut instruments = Vec::new();
        let mut opening = Basket {
            close_factor: action.close_factor,
            full_close_below: action.full_close_below,
            ..Basket::default()
        };
        for leg in legs {
            let known = instruments.iter().position(|it| *it == leg.instrument);
            let slot = known.unwrap_or(instruments.len());
            if known.is_none() {
                instruments.push(leg.instrument);
            }
            let units = match leg.kind {
                KIND_COLLATERAL => opening.collateral.get_mut(slot)?,
                KIND_DEBT => opening.debt.get_mut(slot)?,
                _ => return None,
            };
            *units = leg.quantity as u32;
            if leg.kind == KIND_COLLATERAL {
                opening.threshold[slot] = leg.threshold;
                opening.discount[slot] = leg.discount;
            }
        }
        let first = *instruments.first()?;
        instruments.resize(BASKET, first);
        Some(Self {
            position: scanned.position,
            money_shift: position.money_shift,
            instruments: instruments.try_into().ok()?,
            opening,
            constant: scanned.constant,
        })
    }
}
