//! `[market.depth]`, `[market.impact]`, `[market.feedback]` and `[market.oracle]`: how the market
//! takes sales, and how its prices reach the venues.

use super::around::Around;
use super::assets::{by_name, find_all};
use super::error::{Broken, Faults};
use super::file::{FeedbackEntry, ImpactEntry, Timing};
use super::written::{Bounds, Node};
use super::{depth, oracle};
use crate::market::depth::{Feedback, MOST_ROUNDS};
use crate::market::{Asset, Liquidity};
use crate::units::AssetId;

/// Rounds of a step where the file names none.
const ROUNDS_BY_DEFAULT: i64 = 8;

const ROUNDS: Bounds = Bounds {
    low: 1.0,
    high: MOST_ROUNDS as f64,
    bound: "between 1 and 64",
    remedy: "write how often a step checks the book again at most, 8 is usual",
};
const CROSS_IMPACT: Bounds = Bounds {
    low: -1.0,
    high: 1.0,
    bound: "between -1 and 1",
    remedy: "write how far the log price moves when the other's own moves by 1",
};

/// What `[market]` says of liquidity; `None` where a part cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Liquidity> {
    let depths = depth::read(&node.get("depth"), around, notes, faults);
    let cross_impact = read_impact(&node.get("impact"), around.assets, faults);
    let feedback = read_feedback(&node.get("feedback"), faults);
    let feeds = oracle::read(&node.get("oracle"), around, notes, faults);
    let depths = depths?;
    if depths.is_empty() {
        let sections = [("impact", "[market.impact]"), ("feedback", "[market.feedback]")];
        let written = sections.into_iter().filter(|(key, _)| node.get(key).is_written());
        let compared = around.run.compare_feedback.then_some("run.compare_feedback");
        notes.extend(written.map(|(_, shown)| shown).chain(compared).map(|shown| {
            format!("{shown} does nothing: no asset has a [market.depth], so sales move no price")
        }));
    }
    let (cross_impact, feeds, feedback) = (cross_impact?, feeds?, feedback?);
    Some(Liquidity { depths, cross_impact, feeds, own_feeds: Vec::new(), feedback })
}

/// The matrix of all assets, row by row, of which the file may name a few; empty where it is not
/// written.
fn read_impact(node: &Node<'_>, assets: &[Asset], faults: &mut Faults) -> Option<Vec<f64>> {
    if !node.is_written() {
        return Some(Vec::new());
    }
    let entry: ImpactEntry = node.read(faults)?;
    let n_faults = faults.n_faults();
    let among: Vec<AssetId> = match &entry.assets {
        None => (0..).take(assets.len()).map(AssetId).collect(),
        Some(names) => {
            let remedy = "name the assets of the rows, or leave it out for all";
            find_all(&node.get("assets"), names, remedy, (assets, &by_name(assets)), faults)
        }
    };
    let n_among = entry.assets.as_ref().map_or(assets.len(), Vec::len);
    check_impact(&node.get("matrix"), &entry.matrix, n_among, faults);
    if faults.n_faults() > n_faults {
        return None;
    }
    let n = assets.len();
    let mut matrix = vec![0.0; n * n];
    matrix.iter_mut().step_by(n + 1).for_each(|diagonal| *diagonal = 1.0);
    for (moved, row) in among.iter().zip(&entry.matrix) {
        for (mover, &value) in among.iter().zip(row) {
            matrix[moved.idx() * n + mover.idx()] = value;
        }
    }
    Some(matrix)
}

/// A square of ones on the diagonal and entries between -1 and 1; it need not be symmetric.
fn check_impact(node: &Node<'_>, rows: &[Vec<f64>], n_assets: usize, faults: &mut Faults) {
    if rows.len() != n_assets {
        let broken = Broken::NotOneAnAsset { n: rows.len(), parts: "rows", n_assets };
        faults.push(node.fault(broken));
        return;
    }
    for (row_idx, row) in rows.iter().enumerate() {
        let node = node.at(row_idx);
        if row.len() != n_assets {
            let broken = Broken::NotOneAnAsset { n: row.len(), parts: "entries", n_assets };
            faults.push(node.fault(broken));
            continue;
        }
        for (column_idx, &value) in row.iter().enumerate() {
            let node = node.at(column_idx);
            if row_idx != column_idx {
                node.check(value, &CROSS_IMPACT, faults);
            } else if value != 1.0 {
                let remedy = "an asset moves with itself; write 1 on the diagonal";
                faults.push(node.fault(Broken::OutOfBounds { value, bound: "1", remedy }));
            }
        }
    }
}

fn read_feedback(node: &Node<'_>, faults: &mut Faults) -> Option<Feedback> {
    let entry: FeedbackEntry = node.read(faults)?;
    let rounds_node = node.get("rounds");
    match entry.timing {
        Timing::NextStep => {
            if entry.rounds.is_some() {
                let other = "timing = \"same-step\"";
                faults.push(rounds_node.fault(Broken::OnlyBeside { other }));
            }
            Some(Feedback::NextStep)
        }
        Timing::SameStep => {
            let rounds = entry.rounds.unwrap_or(ROUNDS_BY_DEFAULT);
            rounds_node.check(rounds as f64, &ROUNDS, faults);
            Some(Feedback::SameStep { rounds: u32::try_from(rounds).ok()? })
        }
    }
}
