//! Legs of a position: those of one kind and asset are added, and what cannot be held is refused.

use super::error::Broken;
use crate::book::venue::Rule;
use crate::book::{Leg, LegKind};
use crate::market::Asset;

/// The largest value of a leg, USD: money is 64 bits of a fraction of a dollar.
pub(super) const MOST_USD: f64 = 1e15;
/// The most legs of a position: the filter's error bound is proven to 128 terms.
const MOST_LEGS: usize = 128;
/// Opposite perps cancel when what is left, as a share of their size, is rounding.
const CANCELLED: f64 = 1e-12;

/// A leg as its row says, before legs of one kind and asset are added.
pub(super) struct Entry {
    pub(super) position: u32,
    pub(super) line: u64,
    pub(super) leg: Leg,
}

/// What merging counts, for the notes.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) n_repeated: usize,
    pub(super) n_cancelled: usize,
}

/// Adds the legs of one kind and asset, of one position's entries sorted so.
pub(super) fn merge(
    entries: &[Entry],
    name: &str,
    assets: &[Asset],
    legs: &mut Vec<Leg>,
    merged: &mut Merged,
) -> Option<Broken> {
    let mut fault = None;
    for same in entries.chunk_by(|a, b| (a.leg.kind, a.leg.asset) == (b.leg.kind, b.leg.asset)) {
        merged.n_repeated += same.len() - 1;
        let Some(leg) = sum(same) else {
            merged.n_cancelled += same.len();
            continue;
        };
        let asset = &assets[leg.asset.idx()];
        let value_usd = leg.amount.abs() * asset.price_usd.max(leg.entry_price);
        if leg.kind == LegKind::Perp && leg.entry_price <= 0.0 {
            let (position, asset) = (name.to_owned(), asset.name.clone());
            fault = Some(Broken::NettedEntry { position, asset, entry_price: leg.entry_price });
        } else if value_usd > MOST_USD {
            let (position, asset) = (name.to_owned(), asset.name.clone());
            fault = Some(Broken::TooValuableTogether { position, asset, value_usd });
        }
        legs.push(leg);
    }
    fault
}

/// The sum of legs of one kind and asset; `None` if perps cancel. The entry price E of perps keeps
/// their profit and loss, Σ aᵢ (P - eᵢ) = A (P - E): E = Σ aᵢ eᵢ / A, the average by size.
fn sum(same: &[Entry]) -> Option<Leg> {
    let first = same[0].leg;
    if same.len() == 1 {
        return Some(first);
    }
    let amount: f64 = same.iter().map(|entry| entry.leg.amount).sum();
    if first.kind != LegKind::Perp {
        return Some(Leg { amount, ..first });
    }
    let size: f64 = same.iter().map(|entry| entry.leg.amount.abs()).sum();
    if amount.abs() <= CANCELLED * size {
        return None;
    }
    let paid: f64 = same.iter().map(|entry| entry.leg.amount * entry.leg.entry_price).sum();
    Some(Leg { amount, entry_price: paid / amount, ..first })
}

/// Why a position cannot be held.
pub(super) fn refusal(name: &str, legs: &[Leg], rule: &Rule) -> Option<Broken> {
    let n_legs = legs.len();
    if n_legs > MOST_LEGS {
        let position = name.to_owned();
        return Some(Broken::TooManyLegs { position, n_legs, most: MOST_LEGS });
    }
    rule.liquidation()
        .refusal(legs)
        .map(|reason| Broken::Refused { position: name.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::AssetId;

    fn perp(amount: f64, entry_price: f64) -> Entry {
        let leg = Leg { kind: LegKind::Perp, asset: AssetId(0), amount, entry_price };
        Entry { position: 0, line: 2, leg }
    }

    #[test]
    fn perps_of_one_side_average_their_entry_by_size() {
        let leg = sum(&[perp(1.0, 100.0), perp(3.0, 200.0)]).unwrap();
        assert_eq!((leg.amount, leg.entry_price), (4.0, 175.0));
    }

    #[test]
    fn netted_perps_keep_their_profit_and_loss() {
        let leg = sum(&[perp(10.0, 100.0), perp(-4.0, 110.0)]).unwrap();
        let mark = 130.0;
        let apart = 10.0 * (mark - 100.0) - 4.0 * (mark - 110.0);
        assert!((leg.amount * (mark - leg.entry_price) - apart).abs() < 1e-9);
    }

    #[test]
    fn opposite_perps_cancel_even_with_rounding() {
        assert_eq!(sum(&[perp(0.1, 1.0), perp(0.2, 1.0), perp(-0.3, 2.0)]), None);
    }
}
