//! Legs of a position: those of one kind and asset are added, and what cannot be held is refused.

use super::error::Broken;
use super::written::Bounds;
use crate::book::venue::Rule;
use crate::book::{Leg, LegKind};
use crate::market::Asset;

/// The largest value of a leg, USD: money is 64 bits of a fraction of a dollar.
pub(super) const MOST_USD: f64 = 1e15;

/// Dollars of a market.
pub(super) const fn usd(remedy: &'static str) -> Bounds {
    Bounds { low: f64::MIN_POSITIVE, high: MOST_USD, bound: "above 0 and at most 1e15", remedy }
}
/// The most legs of a position: the filter's error bound is proven to 128 terms.
pub(crate) const MOST_LEGS: usize = 128;
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
        let leg = sum(same);
        if leg.amount == 0.0 {
            merged.n_cancelled += same.len();
        }
        let asset = &assets[leg.asset.idx()];
        let value_usd = (leg.amount.abs() * asset.price_usd).max(leg.entry_usd.abs());
        if value_usd > MOST_USD {
            let (position, asset) = (name.to_owned(), asset.name.clone());
            fault = Some(Broken::TooValuableTogether { position, asset, value_usd });
        }
        legs.push(leg);
    }
    fault
}

/// The sum of legs of one kind and asset, which keeps the profit and loss of perps:
/// Σ aᵢ (P - eᵢ) = A P - Σ aᵢ eᵢ, whatever becomes of A = Σ aᵢ.
fn sum(same: &[Entry]) -> Leg {
    let first = same[0].leg;
    if same.len() == 1 {
        return first;
    }
    let amount: f64 = same.iter().map(|entry| entry.leg.amount).sum();
    let size: f64 = same.iter().map(|entry| entry.leg.amount.abs()).sum();
    let is_rounding = first.kind == LegKind::Perp && amount.abs() <= CANCELLED * size;
    let entry_usd = same.iter().map(|entry| entry.leg.entry_usd).sum();
    Leg { amount: if is_rounding { 0.0 } else { amount }, entry_usd, ..first }
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
        let entry_usd = amount * entry_price;
        let leg = Leg { kind: LegKind::Perp, asset: AssetId(0), amount, entry_usd };
        Entry { position: 0, line: 2, leg }
    }

    #[test]
    fn perps_of_one_side_add_up() {
        let leg = sum(&[perp(1.0, 100.0), perp(3.0, 200.0)]);
        assert_eq!((leg.amount, leg.entry_usd), (4.0, 4.0 * 175.0));
    }

    #[test]
    fn netted_perps_keep_their_profit_and_loss() {
        let leg = sum(&[perp(10.0, 100.0), perp(-4.0, 110.0)]);
        let mark = 130.0;
        let apart = 10.0 * (mark - 100.0) - 4.0 * (mark - 110.0);
        assert!((leg.amount * mark - leg.entry_usd - apart).abs() < 1e-9);
    }

    #[test]
    fn opposite_perps_cancel_even_with_rounding_and_lock_their_loss_in() {
        let leg = sum(&[perp(0.1, 1.0), perp(0.2, 1.0), perp(-0.3, 2.0)]);
        assert_eq!(leg.amount, 0.0);
        assert!((leg.entry_usd - (0.3 - 0.6)).abs() < 1e-12);
    }
}
