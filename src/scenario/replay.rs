//! `[market.replay]`: a table of prices that replaces the diffusion of the assets it names.

use std::path::Path;

use super::RunSpec;
use super::assets::{PRICE, by_name};
use super::error::{Broken, Faults};
use super::file::ReplayEntry;
use super::table::Table;
use super::written::{Bounds, Node};
use crate::market::{Market, Replay, ReplayWindows};
use crate::units::AssetId;

const START_ROW: Bounds = Bounds {
    low: 0.0,
    high: 9e15,
    bound: "a row of the table, from 0",
    remedy: "write the row at which paths open",
};

/// Where the parts of the scenario stand that a replay is checked against.
pub(super) struct Around<'a> {
    /// `[[assets]]`.
    pub(super) assets_node: &'a Node<'a>,
    /// Folder of the scenario.
    pub(super) folder: &'a Path,
    /// The rest of the market.
    pub(super) market: &'a Market,
    /// How many steps a path has.
    pub(super) run: &'a RunSpec,
}

/// `Some(None)` where there is none, `None` where it cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Option<Replay>> {
    if !node.is_written() {
        return Some(None);
    }
    let entry: ReplayEntry = node.read(faults)?;
    let start_row = entry.start_row.unwrap_or(0);
    node.get("start_row").check(start_row as f64, &START_ROW, faults);
    if entry.windows.is_some() && entry.start_row.is_some() {
        faults.push(node.get("windows").fault(Broken::Exclusive { other: "start_row" }));
    }
    let mut table = Table::open(&around.folder.join(&entry.prices), "t,ETH,BTC", faults)?;
    let columns = columns_of(&table, around.market, faults)?;
    let mut read: Vec<&str> =
        columns.iter().map(|(_, asset)| around.market.assets[asset.idx()].name.as_str()).collect();
    read.push("t");
    notes.extend(table.note_of_ignored(&read));
    let mut prices = Vec::new();
    let mut n_rows = 0;
    while let Some(row) = table.next_row(faults) {
        n_rows += 1;
        prices.extend(columns.iter().filter_map(|(column, _)| row.number(*column, &PRICE, faults)));
    }
    table.end(faults)?;
    let start_row = usize::try_from(start_row).ok()?;
    let needed = (around.run.n_steps as usize + 1).saturating_add(start_row);
    if n_rows < needed {
        let remedy = if start_row > 0 { ", lower `start_row`" } else { "" };
        faults.push(table.fault_at(None, "", Broken::TooShort { n_rows, needed, remedy }));
        return None;
    }
    let assets: Vec<AssetId> = columns.into_iter().map(|(_, asset)| asset).collect();
    check_rest(around, &assets, faults);
    let windows =
        if entry.windows.is_some() { ReplayWindows::Each } else { ReplayWindows::From(start_row) };
    Some(Some(Replay { assets, prices, n_rows, windows }))
}

/// The columns that are assets, in the order of the table.
fn columns_of(
    table: &Table,
    market: &Market,
    faults: &mut Faults,
) -> Option<Vec<(usize, AssetId)>> {
    let by_name = by_name(&market.assets);
    let mut columns = Vec::new();
    for (column, name) in table.columns().iter().enumerate() {
        if let Some(&idx) = by_name.get(name)
            && table.columns()[..column].iter().all(|before| before != name)
        {
            table.find(name, faults)?;
            columns.push((column, AssetId(u32::try_from(idx).ok()?)));
        }
    }
    if columns.is_empty() {
        let column = market.assets[0].name.clone();
        let broken = Broken::MissingColumn { column, found: table.columns().to_vec() };
        faults.push(table.fault_at(Some(1), &market.assets[0].name, broken));
        return None;
    }
    Some(columns)
}

/// A replayed asset does not also diffuse or jump by itself.
fn check_rest(around: &Around<'_>, replayed: &[AssetId], faults: &mut Faults) {
    for asset_id in replayed {
        let asset = &around.market.assets[asset_id.idx()];
        let node = around.assets_node.at(asset_id.idx());
        for (key, moves) in
            [("volatility", asset.volatility != 0.0), ("jumps", asset.jumps.is_some())]
        {
            if moves {
                let broken = Broken::MovesTwice { asset: asset.name.clone() };
                faults.push(node.get(key).fault(broken));
            }
        }
    }
}
