//! `[market]`: how assets move together, common jumps, regimes and shocks.

use std::collections::HashMap;

use super::RunSpec;
use super::assets::{JUMP_DEVIATION, JUMP_MEAN, JUMP_RATE, by_name, find, find_all};
use super::bounds::{MOST_ENTRIES, MOST_NEAREST};
use super::error::{Broken, Faults};
use super::factors;
use super::file::{self, CommonJumpsEntry, MarketHead, ShockEntry};
use super::horizon::{HorizonBound, read_duration, read_within_horizon};
use super::regimes;
use super::rounding::{self, Time};
use super::written::{Bounds, Node};
use crate::market::correlation::{self, Refusal};
use crate::market::{Asset, CommonJumps, Correlation, JumpSize, Liquidity, Market, Shock};

const CORRELATION: Bounds = Bounds {
    low: -1.0,
    high: 1.0,
    bound: "between -1 and 1",
    remedy: "write a correlation, 0.8 for 80 %",
};
const BEGINS: HorizonBound =
    HorizonBound { relation: "before", remedy: "let the shock begin earlier, or raise run.steps" };

/// The market but for its replay and its liquidity; `None` where a part cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    assets: &[Asset],
    run: &RunSpec,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Market> {
    let _head: MarketHead = node.read(faults)?;
    let correlation = read_together(node, assets, notes, faults);
    let common_jumps = read_common_jumps(&node.get("common_jumps"), assets, faults);
    let regimes = regimes::read(&node.get("regimes"), assets, run, faults);
    let shocks = read_shocks(&node.get("shocks"), assets, run, notes, faults);
    Some(Market {
        assets: assets.to_vec(),
        correlation: correlation?,
        common_jumps: common_jumps?,
        regimes: regimes?,
        shocks: shocks?,
        replay: None,
        liquidity: Liquidity::default(),
    })
}

/// Common factors where they are written, else correlations of all pairs.
fn read_together(
    node: &Node<'_>,
    assets: &[Asset],
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Correlation> {
    let (of_pairs, of_factors) = (node.get("correlation"), node.get("factors"));
    if !of_factors.is_written() {
        return read_correlation(&of_pairs, assets, notes, faults).map(Correlation::Dense);
    }
    if of_pairs.is_written() {
        faults.push(of_factors.fault(Broken::Exclusive { other: "market.correlation" }));
    }
    factors::read(&of_factors, assets, faults).map(Correlation::Factors)
}

/// Correlations of all pairs, row by row: checked, or repaired with a note.
fn read_correlation(
    node: &Node<'_>,
    assets: &[Asset],
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Vec<f64>> {
    let entry: file::Correlation = node.read(faults)?;
    let n = assets.len();
    let matrix = if let Some(rows) = &entry.matrix {
        for (key, other) in [("default", entry.default.is_some()), ("pairs", entry.pairs.is_some())]
        {
            if other {
                faults.push(node.get(key).fault(Broken::Exclusive { other: "matrix" }));
            }
        }
        match correlation::flatten(rows, n) {
            Ok(matrix) => matrix,
            Err(refusal) => {
                let node = part_of(&node.get("matrix"), &refusal);
                faults.push(node.fault(Broken::NotACorrelation(refusal)));
                return None;
            }
        }
    } else {
        read_pairs(node, &entry, assets, faults)?
    };
    if correlation::is_psd(&matrix, n) {
        return Some(matrix);
    }
    let key = if entry.matrix.is_some() { "matrix" } else { "pairs" };
    let part = node.get(key);
    let part = if part.is_written() { part } else { node.get("default") };
    if n > MOST_NEAREST {
        let refusal = Refusal::NotPositiveSemidefiniteAndLarge { n_assets: n, most: MOST_NEAREST };
        faults.push(part.fault(Broken::NotACorrelation(refusal)));
        return None;
    }
    if entry.nearest {
        let nearest = correlation::nearest(&matrix, n);
        notes.push(format!(
            "the correlation matrix is not positive semidefinite; the nearest one that is was \
             taken, {:.6} away in the Frobenius norm",
            nearest.distance
        ));
        return Some(nearest.matrix);
    }
    let least_eigenvalue = correlation::least_eigenvalue(&matrix, n);
    let refusal = Refusal::NotPositiveSemidefinite { least_eigenvalue };
    faults.push(part.fault(Broken::NotACorrelation(refusal)));
    None
}

/// The part of the matrix that a refusal is about.
fn part_of<'w>(matrix: &Node<'w>, refusal: &Refusal) -> Node<'w> {
    match *refusal {
        Refusal::WrongSize { .. }
        | Refusal::NotPositiveSemidefinite { .. }
        | Refusal::NotPositiveSemidefiniteAndLarge { .. } => matrix.clone(),
        Refusal::WrongRowSize { row_idx, .. } => matrix.at(row_idx),
        Refusal::DiagonalNotOne { row_idx, .. } => matrix.at(row_idx).at(row_idx),
        Refusal::EntryOutside { row_idx, column_idx, .. }
        | Refusal::NotSymmetric { row_idx, column_idx, .. } => matrix.at(row_idx).at(column_idx),
    }
}

/// The matrix of a default and the pairs that differ from it.
fn read_pairs(
    node: &Node<'_>,
    entry: &file::Correlation,
    assets: &[Asset],
    faults: &mut Faults,
) -> Option<Vec<f64>> {
    let n = assets.len();
    node.get("pairs").has_at_most(n * n / 2, faults).then_some(())?;
    let default = entry.default.unwrap_or(0.0);
    node.get("default").check(default, &CORRELATION, faults);
    let mut matrix = vec![default; n * n];
    matrix.iter_mut().step_by(n + 1).for_each(|diagonal| *diagonal = 1.0);
    let mut first_lines: HashMap<(usize, usize), u64> = HashMap::new();
    let by_name = by_name(assets);
    let mut is_whole = CORRELATION.hold(default);
    for (idx, (left, right, value)) in entry.pairs.iter().flatten().enumerate() {
        let node = node.get("pairs").at(idx);
        node.at(2).check(*value, &CORRELATION, faults);
        let left_idx = find(&node.at(0), left, &by_name, assets, faults);
        let right_idx = find(&node.at(1), right, &by_name, assets, faults);
        is_whole &= CORRELATION.hold(*value);
        let (Some(left_idx), Some(right_idx)) = (left_idx, right_idx) else {
            is_whole = false;
            continue;
        };
        if left_idx == right_idx {
            faults.push(node.fault(Broken::PairOfItself { asset: left.clone() }));
            is_whole = false;
            continue;
        }
        let pair = (left_idx.min(right_idx), left_idx.max(right_idx));
        if let Some(&first_line) = first_lines.get(&pair) {
            let name = format!("{left}, {right}");
            faults.push(node.fault(Broken::GivenTwice { name, first_line }));
        }
        first_lines.entry(pair).or_insert(node.line());
        matrix[pair.0 * n + pair.1] = *value;
        matrix[pair.1 * n + pair.0] = *value;
    }
    is_whole.then_some(matrix)
}

/// `Some(None)` where there are none, `None` where they cannot be read.
fn read_common_jumps(
    node: &Node<'_>,
    assets: &[Asset],
    faults: &mut Faults,
) -> Option<Option<CommonJumps>> {
    if !node.is_written() {
        return Some(None);
    }
    let entry: CommonJumpsEntry = node.read(faults)?;
    node.get("rate").check(entry.rate, &JUMP_RATE, faults);
    let mut sizes = vec![JumpSize::default(); assets.len()];
    let by_name = by_name(assets);
    for (name, size) in &entry.sizes {
        let node = node.get("sizes").get(name);
        node.get("mean").check(size.mean, &JUMP_MEAN, faults);
        node.get("deviation").check(size.deviation, &JUMP_DEVIATION, faults);
        if let Some(idx) = find(&node, name, &by_name, assets, faults) {
            sizes[idx] = JumpSize { mean: size.mean, deviation: size.deviation };
        }
    }
    Some(Some(CommonJumps { rate: entry.rate, sizes }))
}

fn read_shocks(
    node: &Node<'_>,
    assets: &[Asset],
    run: &RunSpec,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Vec<Shock>> {
    if !node.is_written() {
        return Some(Vec::new());
    }
    if !node.is_list() {
        let _not_a_list: Option<Vec<ShockEntry>> = node.read(faults);
        return None;
    }
    node.has_at_most(MOST_ENTRIES, faults).then_some(())?;
    let by_name = by_name(assets);
    let mut shocks = Vec::new();
    for entry in node.entries() {
        shocks
            .extend(read_shock(&entry, (assets, &by_name), run, notes, faults).unwrap_or_default());
    }
    Some(shocks)
}

/// The move of each asset that the entry names.
fn read_shock(
    node: &Node<'_>,
    (assets, by_name): (&[Asset], &HashMap<String, usize>),
    run: &RunSpec,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Vec<Shock>> {
    let entry: ShockEntry = node.read(faults)?;
    if !(entry.change >= -1.0 && entry.change <= 100.0) {
        let (bound, remedy) = ("at least -1 and at most 100", "write -0.58 for a fall of 58 %");
        let broken = Broken::OutOfBounds { value: entry.change, bound, remedy };
        faults.push(node.get("change").fault(broken));
    }
    let (at_node, over_node) = (&node.get("at"), &node.get("over"));
    let at_years = read_within_horizon(at_node, &entry.at, &BEGINS, run, faults);
    let over_years = read_duration(over_node, &entry.over, faults);
    if entry.change == -1.0 && over_years.is_some_and(|over| over > 0.0) {
        let bound = "0s beside a change of -1".to_owned();
        let remedy = "a fall of all is an instant and lasts to the horizon; leave it out";
        let broken = Broken::DurationOutOfBounds { text: entry.over.clone(), bound, remedy };
        faults.push(over_node.fault(broken));
    }
    let remedy = "name the assets that move";
    let moved = find_all(&node.get("assets"), &entry.assets, remedy, (assets, by_name), faults);
    let (at_years, over_years) = (at_years?, over_years?);
    let at = Time { node: at_node, text: &entry.at, years: at_years };
    let over = Time { node: over_node, text: &entry.over, years: over_years };
    rounding::tell_shock(&at, &over, run, notes);
    let change = entry.change;
    Some(moved.into_iter().map(|asset| Shock { asset, change, at_years, over_years }).collect())
}
