//! Which columns of a table are assets, and which only look like one.

use std::collections::HashSet;

use super::error::{Broken, Faults};
use super::table::Table;
use crate::market::Asset;
use crate::units::AssetId;

/// What prices are quoted in, behind an asset's name as in `BTCUSDT`.
const QUOTES: [&str; 10] =
    ["USD", "USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI", "EUR", "PERP", "USDTPERP"];

/// The columns that are assets, in the order of the table: by name, or else by name in other case.
pub(in crate::scenario) fn of_assets(
    table: &Table,
    assets: &[Asset],
    faults: &mut Faults,
) -> Option<Vec<(usize, AssetId)>> {
    let names = table.columns();
    let known: HashSet<&str> = assets.iter().map(|it| &*it.name).collect();
    let mut columns: Vec<(usize, AssetId)> = Vec::new();
    for (id, asset) in (0..).map(AssetId).zip(assets) {
        let is_own = |name: &String| *name == asset.name;
        // A column that is another asset's own is none of this one.
        let is_alike =
            |name: &String| name.eq_ignore_ascii_case(&asset.name) && !known.contains(&**name);
        let places = |is: &dyn Fn(&String) -> bool| -> Vec<usize> {
            (0..names.len()).filter(|column| is(&names[*column])).collect()
        };
        let own = places(&is_own);
        let found = if own.is_empty() { places(&is_alike) } else { own };
        if found.len() > 1 {
            faults.push(table.fault_at(
                Some(table.header_line()),
                &asset.name,
                Broken::DoubleColumn,
            ));
            return None;
        }
        columns.extend(found.into_iter().map(|column| (column, id)));
    }
    if columns.is_empty() {
        let (column, found) = (assets[0].name.clone(), names.to_vec());
        let broken = Broken::MissingColumn { column, found };
        faults.push(table.fault_at(Some(table.header_line()), &assets[0].name, broken));
        return None;
    }
    // Two assets whose names differ by case alone cannot share a column.
    columns.sort_unstable_by_key(|(column, id)| (*column, id.0));
    if columns.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        columns.dedup_by_key(|(column, _)| *column);
    }
    Some(columns)
}

/// Whether a column may be meant for an asset: `BTCUSDT`, `btc_usd`, `BTC-USD` or `close_btc` for
/// BTC, and ETH for WETH.
pub(in crate::scenario) fn looks_like(column: &str, asset: &str) -> bool {
    let (column, asset) = (column.to_ascii_uppercase(), asset.to_ascii_uppercase());
    let names = [Some(asset.as_str()), asset.strip_prefix('W')];
    let is_name = |part: &str| {
        names.iter().flatten().filter(|name| !name.is_empty()).any(|name| {
            part.strip_prefix(name).is_some_and(|rest| rest.is_empty() || QUOTES.contains(&rest))
        })
    };
    column.split(|it: char| !it.is_ascii_alphanumeric()).any(is_name)
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn tickers_look_like_their_asset_and_others_do_not() {
        for column in ["BTC", "btc", "BTCUSDT", "btc_usd", "BTC-USD", "close_btc", "X:BTCUSD"] {
            assert!(looks_like(column, "BTC"), "{column}");
        }
        assert!(looks_like("ETH", "WETH") && looks_like("ethusdt", "WETH"));
        for (column, asset) in
            [("ETHUSDT", "BTC"), ("BTCDOM", "BTC"), ("t", "BTC"), ("volume", "VOL"), ("x", "W")]
        {
            assert!(!looks_like(column, asset), "{column} {asset}");
        }
    }
}
