//! `[market.oracle]`: how each asset's price reaches the venues.

use std::collections::HashMap;

use super::RunSpec;
use super::assets::{by_name, check_keys, find_all};
use super::error::{Broken, Faults};
use super::file::{FeedEntry, StaleEntry};
use super::liquidity::Around;
use super::validate::{HorizonBound, read_duration, read_within_horizon};
use super::written::{Bounds, Node};
use crate::market::oracle::{Feed, Stale};

/// Keys of the section that are not those of a feed.
const OWN_KEYS: &[&str] = &["assets", "stale"];

const DEVIATION: Bounds = Bounds {
    low: 1e-6,
    high: 0.99,
    bound: "between 1e-6 and 0.99",
    remedy: "write the relative move that calls for a report, 0.005 for 0.5 %",
};
const DELAY: HorizonBound = HorizonBound {
    relation: "shorter than",
    remedy: "shorten it, or raise run.steps, since no report would arrive",
};
const BEGINS: HorizonBound = HorizonBound {
    relation: "before",
    remedy: "let the stretch begin earlier, or raise run.steps",
};

/// What is written of a feed.
struct Terms {
    heartbeat_years: Option<f64>,
    deviation: Option<f64>,
    delay_years: Option<f64>,
}

/// A feed for each asset, none where the section is not written; `None` where it cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Vec<Feed>> {
    if !node.is_written() {
        return Some(Vec::new());
    }
    let for_all = read_terms(&node.clone().without(OWN_KEYS), around.run, faults);
    let assets_node = node.get("assets");
    let are_by_asset = check_keys(&assets_node, around.assets, faults);
    let nodes = around.assets.iter().map(|asset| assets_node.get(&asset.name));
    let own: Vec<_> = nodes.map(|node| read_terms(&node, around.run, faults)).collect();
    let stale = read_stale(&node.get("stale"), around, faults);
    are_by_asset.then_some(())?;
    let (for_all, own) = (for_all?, own.into_iter().collect::<Option<Vec<Terms>>>()?);
    let feeds = own.into_iter().zip(stale?).map(|(own, stale)| Feed {
        heartbeat_years: own.heartbeat_years.or(for_all.heartbeat_years),
        deviation: own.deviation.or(for_all.deviation),
        delay_years: own.delay_years.or(for_all.delay_years).unwrap_or(0.0),
        stale,
    });
    let feeds: Vec<Feed> = feeds.collect();
    if feeds.iter().all(|feed| *feed == Feed::default()) {
        notes.push(
            "[market.oracle] does nothing: it has neither heartbeat nor deviation, neither delay \
             nor stale stretch, so venues read every step's price at once"
                .to_owned(),
        );
    }
    Some(feeds)
}

fn read_terms(node: &Node<'_>, run: &RunSpec, faults: &mut Faults) -> Option<Terms> {
    let entry: FeedEntry = node.read(faults)?;
    let heartbeat_years = entry.heartbeat.map(|text| {
        let remedy = "a heartbeat of zero would report at every instant; to report every step, \
                      leave out both heartbeat and deviation";
        read_above_zero(&node.get("heartbeat"), &text, remedy, faults)
    });
    if let Some(value) = entry.deviation {
        node.get("deviation").check(value, &DEVIATION, faults);
    }
    let delay_years =
        entry.delay.map(|text| read_within_horizon(&node.get("delay"), &text, &DELAY, run, faults));
    // What was written and cannot be read has told its fault.
    Some(Terms {
        heartbeat_years: heartbeat_years.flatten(),
        deviation: entry.deviation,
        delay_years: delay_years.flatten(),
    })
}

/// The years of a duration above zero, or a fault.
fn read_above_zero(
    node: &Node<'_>,
    text: &str,
    remedy: &'static str,
    faults: &mut Faults,
) -> Option<f64> {
    let years = read_duration(node, text, faults)?;
    if years <= 0.0 {
        let (text, bound) = (text.to_owned(), "above 0".to_owned());
        faults.push(node.fault(Broken::DurationOutOfBounds { text, bound, remedy }));
    }
    Some(years)
}

/// The stretches of each asset, in the order of the file.
fn read_stale(
    node: &Node<'_>,
    around: &Around<'_>,
    faults: &mut Faults,
) -> Option<Vec<Vec<Stale>>> {
    if node.is_written() && !node.is_list() {
        let _not_a_list: Option<Vec<StaleEntry>> = node.read(faults);
        return None;
    }
    let by_name = by_name(around.assets);
    let mut stale = vec![Vec::new(); around.assets.len()];
    for entry in node.entries() {
        read_stretch(&entry, around, &by_name, &mut stale, faults);
    }
    Some(stale)
}

fn read_stretch(
    node: &Node<'_>,
    around: &Around<'_>,
    by_name: &HashMap<String, usize>,
    stale: &mut [Vec<Stale>],
    faults: &mut Faults,
) -> Option<()> {
    let entry: StaleEntry = node.read(faults)?;
    let at_years = read_within_horizon(&node.get("at"), &entry.at, &BEGINS, around.run, faults);
    let remedy = "write how long no price is reported, as in \"6h\"";
    let over_years = read_above_zero(&node.get("over"), &entry.over, remedy, faults);
    let names = entry.assets.as_ref().map(|names| {
        let remedy = "name the assets without reports, or leave it out for all";
        find_all(&node.get("assets"), names, remedy, (around.assets, by_name), faults)
    });
    let stretch = Stale { at_years: at_years?, over_years: over_years? };
    match names {
        None => stale.iter_mut().for_each(|stale| stale.push(stretch)),
        Some(among) => among.iter().for_each(|asset| stale[asset.idx()].push(stretch)),
    }
    Some(())
}
