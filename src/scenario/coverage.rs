//! Assets of the book that a replay leaves out: told with what moves them, refused where a column
//! of another name may be meant for one that stands still.

use super::columns::looks_like;
use super::error::{Broken, Faults};
use super::replay::ReplayedTable;
use super::replay_fault::Unreplayable;
use super::written::Node;
use crate::book::Book;
use crate::market::{Asset, Liquidity, Market};
use crate::units::AssetId;

/// Checks the assets of the book against the columns of the replayed table; the market's liquidity
/// stands beside it.
pub(super) fn check(
    assets_node: &Node<'_>,
    table: &ReplayedTable,
    (market, liquidity, book): (&Market, &Liquidity, &Book),
    notes: &mut Vec<String>,
    faults: &mut Faults,
) {
    let Some(replay) = &market.replay else { return };
    let mut is_used = vec![false; market.assets.len()];
    book.legs.iter().for_each(|leg| is_used[leg.asset.idx()] = true);
    for (id, asset) in (0..).map(AssetId).zip(&market.assets) {
        if !is_used[id.idx()] || replay.assets.contains(&id) {
            continue;
        }
        let movers = movers(market, id, asset);
        let node = assets_node.at(id.idx()).get("name");
        let alike = table.unused.iter().find(|column| looks_like(column, &asset.name));
        if let Some(column) = alike
            && movers.is_empty()
        {
            let (asset, table) = (asset.name.clone(), table.name.clone());
            let broken = Unreplayable::ColumnOfOtherName { asset, table, column: column.clone() };
            faults.push(node.fault(Broken::Replay(broken)));
        } else if !(asset.is_stable && movers.is_empty()) {
            // A stable asset that stands still is as it was meant.
            let what = moved_by(&movers, is_moved_by_sales(market, liquidity, id));
            notes.push(format!(
                "{}: {} has no column in {}: {what}",
                node.place(),
                asset.name,
                table.name
            ));
        }
    }
}

fn moved_by(movers: &[String], is_sold: bool) -> String {
    match (movers.is_empty(), is_sold) {
        (true, false) => "nothing moves it".to_owned(),
        (true, true) => "only sales move it".to_owned(),
        (false, false) => format!("it moves by its {}", movers.join(", ")),
        (false, true) => format!("it moves by its {}, and by sales", movers.join(", ")),
    }
}

/// Whether its own sales, or those of another asset, move its price.
fn is_moved_by_sales(market: &Market, liquidity: &Liquidity, id: AssetId) -> bool {
    let n_assets = market.assets.len();
    liquidity.depths.iter().any(|depth| {
        let impact = liquidity.cross_impact.get(id.idx() * n_assets + depth.asset.idx());
        depth.asset == id || impact.is_some_and(|impact| *impact != 0.0)
    })
}

/// What moves an asset besides history and sales.
fn movers(market: &Market, id: AssetId, asset: &Asset) -> Vec<String> {
    let mut movers = Vec::new();
    if asset.volatility != 0.0 {
        movers.push(format!("volatility of {}", asset.volatility));
    }
    if asset.jumps.is_some_and(|jumps| jumps.rate > 0.0) {
        movers.push("jumps".to_owned());
    }
    if asset.drift != 0.0 {
        movers.push(format!("drift of {}", asset.drift));
    }
    let common = market.common_jumps.as_ref().filter(|jumps| jumps.rate > 0.0);
    let size = common.map(|jumps| jumps.sizes[id.idx()]);
    if size.is_some_and(|size| size.mean != 0.0 || size.deviation != 0.0) {
        movers.push("common jumps".to_owned());
    }
    if market.shocks.iter().any(|shock| shock.asset == id) {
        movers.push("shocks".to_owned());
    }
    movers
}
