//! `[market.replay]`: a table of prices that replaces the diffusion of the assets it names.

use super::RunSpec;
use super::bounds::{MOST_REPLAY_PRICES, MOST_REPLAY_ROWS};
use super::clock::{Clock, Walked};
use super::columns;
use super::error::{Broken, Faults};
use super::file::ReplayEntry;
use super::limit::Limit;
use super::reach::Reach;
use super::replay_fault::Unreplayable;
use super::table::{Row, Table};
use super::written::{Bounds, Node};
use crate::market::{Market, Replay, ReplayWindows};
use crate::units::AssetId;

const START_ROW: Bounds = Bounds {
    low: 0.0,
    high: 9e15,
    bound: "a row of the table, from 0",
    remedy: "write the row at which paths open",
};
const STRIDE: Bounds = Bounds {
    low: 1.0,
    high: 1e9,
    bound: "between 1 and 1e9",
    remedy: "write how many rows lie between the starts of two windows",
};
/// A recorded price, USD: as that of an asset at the opening, but what fails is worth 0.
const RECORDED_PRICE: Bounds = Bounds {
    low: 0.0,
    high: 1e12,
    bound: "0, or between 1e-15 and 1e12",
    remedy: "write the price of one unit in USD",
};
/// The least price above 0, USD.
const LEAST_PRICE: f64 = 1e-15;
/// By how much the table's level may differ from the price at the opening, as a share of it.
const LEVEL_SLACK: f64 = 0.01;

/// Where the parts of the scenario stand that a replay is checked against.
pub(super) struct Around<'a> {
    /// `[[assets]]`.
    pub(super) assets_node: &'a Node<'a>,
    /// `[market.common_jumps]`.
    pub(super) common_jumps_node: &'a Node<'a>,
    /// Which files the scenario may name.
    pub(super) reach: &'a Reach,
    /// The rest of the market.
    pub(super) market: &'a Market,
    /// How many steps a path has.
    pub(super) run: &'a RunSpec,
}

/// What is read of a replay.
#[derive(Default)]
pub(super) struct Read {
    /// The replay, where there is one.
    pub(super) replay: Option<Replay>,
    /// Its table.
    pub(super) table: ReplayedTable,
}

/// What the rest of the scenario is checked against.
#[derive(Default)]
pub(super) struct ReplayedTable {
    /// The file as it was opened.
    pub(super) name: String,
    /// The columns that are no asset's.
    pub(super) unused: Vec<String>,
}

/// The table's columns and what of its rows is walked.
struct Rows {
    prices: Vec<f64>,
    times_ns: Vec<i64>,
    lines: Vec<u64>,
    windows: ReplayWindows,
}

/// No replay where there is none, `None` where it cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Read> {
    if !node.is_written() {
        return Some(Read::default());
    }
    let entry: ReplayEntry = node.read(faults)?;
    check_entry(node, &entry, faults);
    let source = around.reach.find(&node.get("prices"), &entry.prices, faults)?;
    let mut table = Table::open(&source, "t,ETH,BTC", faults)?;
    let columns = columns::of_assets(&table, &around.market.assets, faults)?;
    let is_price = |column| columns.iter().any(|(of_asset, _)| *of_asset == column);
    let time_column = Clock::of(&table, is_price).column();
    let is_read = |column| is_price(column) || Some(column) == time_column;
    notes.extend(table.note_of_ignored(is_read));
    let (rows, n_rows) = read_rows(node, &entry, &mut table, (around, &columns), notes, faults)?;
    let assets: Vec<AssetId> = columns.iter().map(|(_, asset)| *asset).collect();
    check_rest(around, &assets, faults);
    let replay = Replay {
        assets,
        prices: rows.prices,
        times_ns: rows.times_ns,
        n_rows,
        windows: rows.windows,
    };
    check_paths(node, &replay, around.run, faults);
    tell_level(&replay, &table, &rows.lines, around, notes);
    tell_sameness(node, &replay, around, notes);
    let unused = table.columns().iter().enumerate().filter(|(column, _)| !is_read(*column));
    let unused = unused.map(|(_, name)| name.clone()).collect();
    let table = ReplayedTable { name: table.name().to_owned(), unused };
    Some(Read { replay: Some(replay), table })
}

fn check_entry(node: &Node<'_>, entry: &ReplayEntry, faults: &mut Faults) {
    node.get("start_row").check(entry.start_row.unwrap_or(0) as f64, &START_ROW, faults);
    node.get("stride").check(entry.stride.unwrap_or(1) as f64, &STRIDE, faults);
    if entry.windows.is_some() && entry.start_row.is_some() {
        faults.push(node.get("windows").fault(Broken::Exclusive { other: "start_row" }));
    }
    if entry.windows.is_none() && entry.stride.is_some() {
        let broken = Broken::OnlyBeside { other: "windows = \"each\"" };
        faults.push(node.get("stride").fault(broken));
    }
}

/// The rows, once they are long enough and in order, and how many they are.
fn read_rows(
    node: &Node<'_>,
    entry: &ReplayEntry,
    table: &mut Table,
    (around, columns): (&Around<'_>, &[(usize, AssetId)]),
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<(Rows, usize)> {
    let mut clock = Clock::of(table, |column| columns.iter().any(|(own, _)| *own == column));
    let (mut prices, mut lines) = (Vec::new(), Vec::new());
    let most_rows = MOST_REPLAY_ROWS.min(MOST_REPLAY_PRICES / columns.len());
    while let Some(row) = table.next_row(faults) {
        if lines.len() >= most_rows {
            let remedy = "cut it to the stretch that paths are to walk, or leave out assets";
            let broken =
                Broken::Limit(Limit::TooMany { what: "rows", most: most_rows as u64, remedy });
            faults.push(table.fault_at(None, "", broken));
            return None;
        }
        lines.push(row.line());
        clock.enter(&row);
        prices.extend(columns.iter().filter_map(|(column, _)| read_price(&row, *column, faults)));
    }
    table.end(faults)?;
    let n_rows = lines.len();
    let start_row = usize::try_from(entry.start_row.unwrap_or(0)).ok()?;
    let n_steps = around.run.n_steps as usize;
    let needed = (n_steps + 1).saturating_add(start_row);
    if n_rows < needed {
        let remedy = if start_row > 0 { ", lower `start_row`" } else { "" };
        let broken = Unreplayable::TooShort { n_rows, needed, remedy };
        faults.push(table.fault_at(None, "", Broken::Replay(broken)));
        return None;
    }
    let (windows, rows) = match entry.windows {
        None => (ReplayWindows::From(start_row), (start_row, start_row + n_steps)),
        Some(_) => {
            let stride = u32::try_from(entry.stride.unwrap_or(1)).ok()?.max(1);
            (ReplayWindows::Each { stride }, (0, n_rows - 1))
        }
    };
    let walked = Walked { run: around.run, rows, allow_gaps: entry.allow_gaps };
    let times_ns = clock.close(table, &walked, notes, faults)?;
    if entry.allow_gaps && times_ns.is_empty() {
        let key = node.get("allow_gaps").place();
        notes.push(format!("{key} = true does nothing: the table does not say when its rows were"));
    }
    // A price that cannot be read has told its fault.
    if prices.len() != n_rows * columns.len() {
        return None;
    }
    let rows = Rows { prices, times_ns, lines, windows };
    check_zeros(&rows, table, (around, columns), notes, faults);
    Some((rows, n_rows))
}

fn read_price(row: &Row<'_>, column: usize, faults: &mut Faults) -> Option<f64> {
    let price = row.number(column, &RECORDED_PRICE, faults)?;
    if price > 0.0 && price < LEAST_PRICE {
        row.fault(column, RECORDED_PRICE.broken_by(price), faults);
        return None;
    }
    Some(price)
}

/// A price of 0 is what an asset is worth that has failed; but feeds write it, too, where they know
/// of none. Prices move from where a window opens, so that it cannot open at one.
fn check_zeros(
    rows: &Rows,
    table: &Table,
    (around, columns): (&Around<'_>, &[(usize, AssetId)]),
    notes: &mut Vec<String>,
    faults: &mut Faults,
) {
    let n_steps = around.run.n_steps as usize;
    let opens = |row: usize| match rows.windows {
        ReplayWindows::From(start) => row == start,
        ReplayWindows::Each { stride } => {
            row.is_multiple_of(stride as usize) && row + n_steps < rows.lines.len()
        }
    };
    for (place, (column, _)) in columns.iter().enumerate() {
        let of_asset = rows.prices[place..].iter().step_by(columns.len()).enumerate();
        let zeros: Vec<usize> =
            of_asset.filter(|(_, price)| **price == 0.0).map(|(row, _)| row).collect();
        let Some(first) = zeros.first() else { continue };
        let name = &table.columns()[*column];
        if let Some(row) = zeros.iter().find(|row| opens(**row)) {
            let broken = Broken::Replay(Unreplayable::OpensAtZero);
            faults.push(table.fault_at(Some(rows.lines[*row]), name, broken));
            continue;
        }
        notes.push(format!(
            "{}:{} {name} = 0, in {} of {} rows: the asset is worth nothing then; take the rows \
             out if the feed knew of no price",
            table.name(),
            rows.lines[*first],
            zeros.len(),
            rows.lines.len(),
        ));
    }
}

/// A replayed asset does not also grow, diffuse or jump.
fn check_rest(around: &Around<'_>, replayed: &[AssetId], faults: &mut Faults) {
    for asset_id in replayed {
        let asset = &around.market.assets[asset_id.idx()];
        let node = around.assets_node.at(asset_id.idx());
        let mut check = |node: Node<'_>, value: f64| {
            if value != 0.0 {
                let broken = Unreplayable::MovesTwice { asset: asset.name.clone(), value };
                faults.push(node.fault(Broken::Replay(broken)));
            }
        };
        check(node.get("volatility"), asset.volatility);
        check(node.get("drift"), asset.drift);
        if let Some(jumps) = asset.jumps {
            check(node.get("jumps").get("rate"), jumps.rate);
        }
        if let Some(common) = &around.market.common_jumps {
            let size = common.sizes[asset_id.idx()];
            let node = around.common_jumps_node.get("sizes").get(&asset.name);
            check(node.get("mean"), size.mean);
            if size.mean == 0.0 {
                check(node.get("deviation"), size.deviation);
            }
        }
    }
}

/// A window that is walked twice is no new evidence.
fn check_paths(node: &Node<'_>, replay: &Replay, run: &RunSpec, faults: &mut Faults) {
    let n_windows = replay.n_windows(run.n_steps);
    if matches!(replay.windows, ReplayWindows::Each { .. }) && run.n_paths > n_windows {
        let broken = Unreplayable::FewerWindows { n_windows, n_paths: run.n_paths };
        faults.push(node.get("windows").fault(Broken::Replay(broken)));
    }
}

/// The replay moves `price_usd` by the table's ratios: where the levels differ, the reader may have
/// meant another row or another price.
fn tell_level(
    replay: &Replay,
    table: &Table,
    lines: &[u64],
    around: &Around<'_>,
    notes: &mut Vec<String>,
) {
    let n_columns = replay.assets.len();
    for (column, asset_id) in replay.assets.iter().enumerate() {
        let asset = &around.market.assets[asset_id.idx()];
        let price_at = |row: usize| replay.prices[row * n_columns + column];
        let price_usd = asset.price_usd;
        let opens = match replay.windows {
            ReplayWindows::From(row) => row,
            // Windows open at as many levels: the nearest one counts.
            ReplayWindows::Each { stride } => {
                let n_windows = replay.n_windows(around.run.n_steps) as usize;
                let away = |row: &usize| (price_at(*row) / price_usd - 1.0).abs();
                let starts = (0..n_windows).map(|window| window * stride as usize);
                starts.min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0)
            }
        };
        let level = price_at(opens);
        if (level / price_usd - 1.0).abs() <= LEVEL_SLACK {
            continue;
        }
        let what = match replay.windows {
            ReplayWindows::From(_) => "where paths open",
            ReplayWindows::Each { .. } => "of all windows' openings the nearest",
        };
        notes.push(format!(
            "{}:{} {} = {level}, {what}, is not {} = {price_usd}: paths open at {price_usd} and \
             move by the table's ratios; write {level} if its level is meant",
            table.name(),
            lines[opens],
            asset.name,
            around.assets_node.at(asset_id.idx()).get("price_usd").place(),
        ));
    }
}

/// Paths that nothing tells apart are one path.
fn tell_sameness(node: &Node<'_>, replay: &Replay, around: &Around<'_>, notes: &mut Vec<String>) {
    let Market { assets, common_jumps, .. } = around.market;
    let is_random = assets
        .iter()
        .any(|it| it.volatility > 0.0 || it.jumps.is_some_and(|jumps| jumps.rate > 0.0))
        || common_jumps.as_ref().is_some_and(|jumps| jumps.rate > 0.0);
    let n_paths = around.run.n_paths;
    if matches!(replay.windows, ReplayWindows::From(_)) && !is_random && n_paths > 1 {
        notes.push(format!(
            "{}: all {n_paths} paths are the same path, since each follows the same rows and \
             nothing is random; --paths 1 walks it once",
            node.place()
        ));
    }
}
