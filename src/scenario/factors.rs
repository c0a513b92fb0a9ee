//! `[market.factors]`: how far each asset moves with a few common factors.

use super::assets::{check_keys, check_name};
use super::error::{Broken, Faults};
use super::file::FactorsEntry;
use super::written::Node;
use crate::market::Asset;
use crate::market::factors::{self, Factors, MOST_FACTORS};

/// The loadings of every asset; `None` where they cannot be read.
pub(super) fn read(node: &Node<'_>, assets: &[Asset], faults: &mut Faults) -> Option<Factors> {
    let entry: FactorsEntry = node.read(faults)?;
    let n_factors = entry.names.len();
    let n_faults = faults.n_faults();
    check_names(&node.get("names"), &entry.names, faults);
    let by_asset = node.get("loadings");
    check_keys(&by_asset, assets, faults);
    if !by_asset.is_written() && entry.default.is_none() {
        let remedy = "write the loadings of each asset, as in ETH = [0.8, 0.3], or a `default`";
        faults.push(by_asset.fault(Broken::MissingKey { remedy }));
    }
    let mut check = |node: Node<'_>, loadings: &[f64]| {
        if let Err(refusal) = factors::check(loadings, n_factors) {
            faults.push(node.fault(Broken::NotLoadings(refusal)));
        }
    };
    for (name, loadings) in &entry.loadings {
        check(by_asset.get(name), loadings);
    }
    if let Some(loadings) = &entry.default {
        check(node.get("default"), loadings);
    }
    if faults.n_faults() > n_faults {
        return None;
    }
    // An asset that is not named moves alone, as one without correlations does.
    let default = entry.default.unwrap_or_else(|| vec![0.0; n_factors]);
    let rows = assets.iter().map(|asset| entry.loadings.get(&asset.name).unwrap_or(&default));
    Some(Factors { n_factors, loadings: rows.flatten().copied().collect() })
}

fn check_names(node: &Node<'_>, names: &[String], faults: &mut Faults) {
    if names.is_empty() || names.len() > MOST_FACTORS {
        let remedy = "name the factors, as in names = [\"market\", \"staking\"]";
        let broken = Broken::WrongLength { n: names.len(), bound: "1 to 64", remedy };
        faults.push(node.fault(broken));
        return;
    }
    for (idx, name) in names.iter().enumerate() {
        check_name(&node.at(idx), name, faults);
        if let Some(first) = names[..idx].iter().position(|it| it == name) {
            let broken =
                Broken::GivenTwice { name: name.clone(), first_line: node.at(first).line() };
            faults.push(node.at(idx).fault(broken));
        }
    }
}
