//! `[[assets]]`, and the table of prices and thresholds that `--assets` sets over them.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::de::IgnoredAny;

use super::bounds::MOST_NAME_BYTES;
use super::error::{Broken, Faults};
use super::file::AssetEntry;
use super::limit::Limit;
use super::reach::Source;
use super::table::{Row, Table};
use super::written::{Bounds, Node};
use crate::escape;
use crate::market::{Asset, Jumps};
use crate::units::AssetId;

/// The most assets: a correlation matrix of a million entries.
pub(crate) const MOST_ASSETS: usize = 1024;

/// A price of one unit, USD: from a fraction of a memecoin to a whole fund.
pub(super) const PRICE: Bounds = Bounds {
    low: 1e-15,
    high: 1e12,
    bound: "between 1e-15 and 1e12",
    remedy: "write the price of one unit in USD",
};
/// The share of collateral that counts.
pub(super) const THRESHOLD: Bounds = Bounds {
    low: 0.0,
    high: 1.0,
    bound: "between 0 and 1",
    remedy: "write a share, 0.825 for 82.5 %",
};
/// Jumps a year.
pub(super) const JUMP_RATE: Bounds = Bounds {
    low: 0.0,
    high: 10_000.0,
    bound: "between 0 and 10000",
    remedy: "write how many jumps a year brings on average",
};
/// Mean of a log jump.
pub(super) const JUMP_MEAN: Bounds = Bounds {
    low: -5.0,
    high: 5.0,
    bound: "between -5 and 5",
    remedy: "write the mean of the log price's jump, -0.1 for a fall of about 10 %",
};
/// Deviation of a log jump.
pub(super) const JUMP_DEVIATION: Bounds = Bounds {
    low: 0.0,
    high: 5.0,
    bound: "between 0 and 5",
    remedy: "write the standard deviation of the log price's jump",
};
const VOLATILITY: Bounds = Bounds {
    low: 0.0,
    high: 50.0,
    bound: "between 0 and 50",
    remedy: "write it for a square-root year, 0.7 for 70 %",
};
const DRIFT: Bounds = Bounds {
    low: -100.0,
    high: 100.0,
    bound: "between -100 and 100",
    remedy: "write the growth of the mean price a year, 0.05 for 5 %",
};
const BORROW_RATE: Bounds = Bounds {
    low: -1.0,
    high: 10.0,
    bound: "between -1 and 10",
    remedy: "write the interest a year, 0.03 for 3 %",
};

/// The assets in the order of the file; `None` where their names cannot be relied on.
pub(super) fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Vec<Asset>> {
    if !node.is_written() {
        let remedy = "write [[assets]] with name, price_usd and volatility, once an asset";
        faults.push(node.fault(Broken::MissingKey { remedy }));
        return None;
    }
    if !node.is_list() {
        return node.read::<Vec<AssetEntry>>(faults).map(|_| Vec::new());
    }
    let n = node.entries().count();
    if n == 0 || n > MOST_ASSETS {
        let remedy = "write [[assets]] once for each asset of the book";
        faults.push(node.fault(Broken::WrongLength { n, bound: "1 to 1024", remedy }));
        return None;
    }
    let assets: Vec<Option<Asset>> = node.entries().map(|entry| read_one(&entry, faults)).collect();
    let are_named = check_names(node, &assets, faults);
    are_named.then_some(())?;
    assets.into_iter().collect()
}

fn read_one(node: &Node<'_>, faults: &mut Faults) -> Option<Asset> {
    let entry: AssetEntry = node.read(faults)?;
    let mut check = |key, value, bounds| node.get(key).check(value, bounds, faults);
    check("price_usd", entry.price_usd, &PRICE);
    check("volatility", entry.volatility, &VOLATILITY);
    check("drift", entry.drift, &DRIFT);
    check("liquidation_threshold", entry.liquidation_threshold, &THRESHOLD);
    check("borrow_rate", entry.borrow_rate, &BORROW_RATE);
    let jumps = entry.jumps.map(|jumps| {
        let node = node.get("jumps");
        node.get("rate").check(jumps.rate, &JUMP_RATE, faults);
        node.get("mean").check(jumps.mean, &JUMP_MEAN, faults);
        node.get("deviation").check(jumps.deviation, &JUMP_DEVIATION, faults);
        Jumps { rate: jumps.rate, mean: jumps.mean, deviation: jumps.deviation }
    });
    Some(Asset {
        name: entry.name,
        price_usd: entry.price_usd,
        volatility: entry.volatility,
        drift: entry.drift,
        liquidation_threshold: entry.liquidation_threshold,
        is_stable: entry.is_stable,
        borrow_rate: entry.borrow_rate,
        jumps,
    })
}

/// Whether every asset has a name, and one of its own.
fn check_names(node: &Node<'_>, assets: &[Option<Asset>], faults: &mut Faults) -> bool {
    let mut first_lines: HashMap<&str, u64> = HashMap::new();
    let mut are_sound = true;
    for (idx, asset) in assets.iter().enumerate() {
        let Some(asset) = asset else { continue };
        let node = node.at(idx).get("name");
        are_sound &= check_name(&node, &asset.name, faults);
        if let Some(&first_line) = first_lines.get(asset.name.as_str()) {
            let broken = Broken::GivenTwice { name: asset.name.clone(), first_line };
            faults.push(node.fault(broken));
            are_sound = false;
        } else {
            first_lines.insert(&asset.name, node.line());
        }
    }
    are_sound
}

/// Tables are read without the blanks around their fields, so a name with such would match none.
pub(super) fn check_name(node: &Node<'_>, name: &str, faults: &mut Faults) -> bool {
    let fault = name_fault(name);
    let is_name = fault.is_none();
    faults.extend(fault.map(|broken| node.fault(broken)));
    is_name
}

/// Why a text is no name.
pub(super) fn name_fault(text: &str) -> Option<Broken> {
    // Nearly all names are of signs that are seen, looked at without a branch for each: a book has
    // millions.
    let is_seen = text.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic());
    if is_seen && (1..=MOST_NAME_BYTES).contains(&text.len()) {
        return None;
    }
    let name = || text.to_owned();
    if text.len() > MOST_NAME_BYTES {
        return Some(Broken::Limit(Limit::LongName { name: name(), most: MOST_NAME_BYTES }));
    }
    if let Some(sign) = text.chars().find(|sign| escape::is_hidden(*sign)) {
        return Some(Broken::Limit(Limit::HiddenCharacter { name: name(), sign }));
    }
    (text.is_empty() || text.trim() != text).then(|| Broken::NotAName { name: name() })
}

/// The fault of a name that is no asset's.
pub(super) fn unknown(name: &str, assets: &[Asset]) -> Broken {
    Broken::UnknownAsset {
        name: name.to_owned(),
        known: assets.iter().map(|asset| asset.name.clone()).collect(),
    }
}

/// Places of assets by name.
pub(super) fn by_name(assets: &[Asset]) -> HashMap<String, usize> {
    assets.iter().enumerate().map(|(idx, asset)| (asset.name.clone(), idx)).collect()
}

/// The place of an asset, or a fault.
pub(super) fn find(
    node: &Node<'_>,
    name: &str,
    by_name: &HashMap<String, usize>,
    assets: &[Asset],
    faults: &mut Faults,
) -> Option<usize> {
    let found = by_name.get(name).copied();
    if found.is_none() {
        faults.push_with(node.file(), || node.fault(unknown(name, assets)));
    }
    found
}

/// The assets of a list that may not be empty; a fault for each that is unknown or given twice.
pub(super) fn find_all(
    list: &Node<'_>,
    names: &[String],
    remedy: &'static str,
    (assets, by_name): (&[Asset], &HashMap<String, usize>),
    faults: &mut Faults,
) -> Vec<AssetId> {
    if names.is_empty() {
        faults.push(list.fault(Broken::WrongLength { n: 0, bound: "at least 1", remedy }));
    }
    if names.len() > MOST_ASSETS {
        let (n, remedy) = (names.len(), "name each asset once");
        faults.push(list.fault(Broken::WrongLength { n, bound: "at most 1024", remedy }));
        return Vec::new();
    }
    let mut found = Vec::with_capacity(names.len());
    for (idx, name) in names.iter().enumerate() {
        if names[..idx].contains(name) {
            let broken = Broken::GivenTwice { name: name.clone(), first_line: list.line() };
            faults.push(list.at(idx).fault(broken));
        }
        let asset_idx = find(&list.at(idx), name, by_name, assets, faults);
        found.extend(asset_idx.and_then(|idx| u32::try_from(idx).ok()).map(AssetId));
    }
    found
}

/// Whether a section whose keys are assets can be read as such; a fault for each key that is none.
pub(super) fn check_keys(node: &Node<'_>, assets: &[Asset], faults: &mut Faults) -> bool {
    if node.is_written() && !node.is_table() {
        let _not_a_table: Option<BTreeMap<String, IgnoredAny>> = node.read(faults);
        return false;
    }
    let keys = node.keys();
    let known: HashSet<&str> = match keys.is_empty() {
        true => HashSet::new(),
        false => assets.iter().map(|asset| &*asset.name).collect(),
    };
    for key in keys.into_iter().filter(|key| !known.contains(key)) {
        faults.push_with(node.file(), || node.get(key).fault(unknown(key, assets)));
    }
    true
}

/// Columns of the `--assets` table.
struct Columns {
    asset: usize,
    price: usize,
    threshold: usize,
    is_stable: usize,
}

/// Sets price, threshold and stability from a table with a row for each asset to be changed.
pub(super) fn override_from(
    source: &Source,
    assets: &mut [Asset],
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<()> {
    const HEADER: &str = "asset,price_usd,liquidation_threshold,is_stable";
    let mut table = Table::open(source, HEADER, faults)?;
    let names: Vec<&str> = HEADER.split(',').collect();
    let is_read = table.require(&names, faults)?;
    let [asset, price, threshold, is_stable] = is_read[..] else {
        unreachable!("as many columns as names");
    };
    notes.extend(table.note_of_ignored(|column| is_read.contains(&column)));
    let columns = Columns { asset, price, threshold, is_stable };
    let by_name = by_name(assets);
    let mut lines = vec![None; assets.len()];
    while let Some(row) = table.next_row(faults) {
        override_one(&row, &columns, &by_name, (assets, &mut lines), faults);
    }
    table.end(faults)
}

fn override_one(
    row: &Row<'_>,
    columns: &Columns,
    by_name: &HashMap<String, usize>,
    (assets, lines): (&mut [Asset], &mut [Option<u64>]),
    faults: &mut Faults,
) -> Option<()> {
    let name = row.text(columns.asset, faults)?;
    let Some(&idx) = by_name.get(name) else {
        row.fault_with(columns.asset, || unknown(name, assets), faults);
        return None;
    };
    if let Some(first_line) = lines[idx].replace(row.line()) {
        row.fault(columns.asset, Broken::GivenTwice { name: name.to_owned(), first_line }, faults);
    }
    let asset = &mut assets[idx];
    asset.price_usd = row.number(columns.price, &PRICE, faults)?;
    asset.liquidation_threshold = row.number(columns.threshold, &THRESHOLD, faults)?;
    asset.is_stable = match row.text(columns.is_stable, faults)? {
        "true" | "True" | "TRUE" | "1" => true,
        "false" | "False" | "FALSE" | "0" => false,
        other => {
            let known = vec!["true".to_owned(), "false".to_owned()];
            let broken = Broken::UnknownWord { word: other.to_owned(), known };
            row.fault(columns.is_stable, broken, faults);
            return None;
        }
    };
    Some(())
}
