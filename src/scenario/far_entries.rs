//! Entry prices of perpetuals that are far from the price at the opening, which a note tells.

use super::plausible::MOST_ENTRY_RATIO;
use crate::market::Asset;
use crate::units::AssetId;

/// Perpetuals whose entry price is far from the price at the opening.
#[derive(Default)]
pub(super) struct FarEntries {
    first: Option<(u64, f64, AssetId)>,
    n: u64,
}

impl FarEntries {
    pub(super) fn enter(&mut self, line: u64, entry_price: f64, asset: AssetId, assets: &[Asset]) {
        let ratio = entry_price / assets[asset.idx()].price_usd;
        if !(1.0 / MOST_ENTRY_RATIO..=MOST_ENTRY_RATIO).contains(&ratio) {
            self.n += 1;
            self.first.get_or_insert((line, entry_price, asset));
        }
    }

    pub(super) fn told(&self, file: &str, assets: &[Asset]) -> Option<String> {
        let (line, entry_price, asset) = self.first?;
        let Asset { name, price_usd, .. } = &assets[asset.idx()];
        Some(format!(
            "{file}:{line} entry_price = {entry_price} is more than {MOST_ENTRY_RATIO} times off \
             the price of {name}, {price_usd} USD (the first of {}): are both in USD a unit?",
            self.n
        ))
    }
}
