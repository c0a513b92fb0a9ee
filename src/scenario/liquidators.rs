//! `[liquidators]`: what liquidations cost them, how much they can, whom they take first.

use super::error::Faults;
use super::file::LiquidatorsEntry;
use super::legs::MOST_USD;
use super::written::{Bounds, Node};
use crate::book::liquidators::Liquidators;
use crate::market::Liquidity;

const GAS: Bounds = Bounds {
    low: 0.0,
    high: 1e9,
    bound: "between 0 and 1e9",
    remedy: "write what a liquidation call costs in USD",
};
const MARGIN: Bounds = Bounds {
    low: 0.0,
    high: 1.0,
    bound: "between 0 and 1",
    remedy: "write the least profit as a share of the debt repaid, 0.01 for 1 %",
};
const CAPITAL: Bounds = Bounds {
    low: f64::MIN_POSITIVE,
    high: MOST_USD,
    bound: "above 0 and at most 1e15",
    remedy: "write how many USD they can repay in a step, or leave it out for any",
};
const PER_STEP: Bounds = Bounds {
    low: 1.0,
    high: 1e9,
    bound: "between 1 and 1000000000",
    remedy: "write how many liquidations fit in a step, or leave it out for any",
};

/// `Some(None)` where they are not written, `None` where they cannot be read.
pub(super) fn read(node: &Node<'_>, faults: &mut Faults) -> Option<Option<Liquidators>> {
    if !node.is_written() {
        return Some(None);
    }
    let entry: LiquidatorsEntry = node.read(faults)?;
    node.get("gas_usd").check(entry.gas_usd, &GAS, faults);
    node.get("margin").check(entry.margin, &MARGIN, faults);
    if let Some(value) = entry.capital_usd {
        node.get("capital_usd").check(value, &CAPITAL, faults);
    }
    if let Some(value) = entry.per_step {
        node.get("per_step").check(value as f64, &PER_STEP, faults);
    }
    Some(Some(Liquidators {
        gas_usd: entry.gas_usd,
        margin: entry.margin,
        capital_usd: entry.capital_usd,
        // Out of range it has told its fault.
        per_step: entry.per_step.and_then(|n| u32::try_from(n).ok()),
        order: entry.order,
        execution: entry.execution,
        decline: entry.decline,
    }))
}

/// Who liquidates where the file does not say: those who stay away from a loss where sales move
/// prices or prices are read late, and none with a choice elsewhere.
pub(super) fn default_in(liquidity: &Liquidity) -> Option<Liquidators> {
    let is_late = !liquidity.feeds.is_empty() || !liquidity.own_feeds.is_empty();
    let is_modelled = !liquidity.depths.is_empty() || is_late;
    is_modelled.then(Liquidators::default)
}
