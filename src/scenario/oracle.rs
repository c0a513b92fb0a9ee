//! `[market.oracle]` and `[venues.NAME.oracle]`: how each asset's price reaches the venues, and how
//! it reaches one of them that reads it otherwise.

use std::collections::HashMap;

use super::around::Around;
use super::assets::{by_name, check_keys, find_all};
use super::bounds::MOST_ENTRIES;
use super::error::{Broken, Faults};
use super::file::{FeedEntry, StaleEntry};
use super::horizon::{HorizonBound, read_duration, read_within_horizon};
use super::rounding::{self, Time};
use super::written::{Bounds, Node};
use super::{RunSpec, duration};
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
    let for_all = read_terms(&node.clone().without(OWN_KEYS), around.run, notes, faults);
    let assets_node = node.get("assets");
    let are_by_asset = check_keys(&assets_node, around.assets, faults);
    let nodes = around.assets.iter().map(|asset| assets_node.get(&asset.name));
    let own: Vec<_> = nodes.map(|node| read_terms(&node, around.run, notes, faults)).collect();
    let stale = read_stale(&node.get("stale"), around, notes, faults);
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
        let delay = node.get("delay");
        let neither = "neither heartbeat nor deviation, neither delay nor stale stretch";
        let text = if delay.is_written() { delay.read::<String>(faults) } else { None };
        let why = match text {
            Some(text) => format!("{} = {text:?} is no delay, and it has {neither}", delay.place()),
            None => format!("it has {neither}"),
        };
        notes.push(format!(
            "[{}] does nothing: {why}, so venues read every step's price at once",
            node.place().key
        ));
    }
    Some(feeds)
}

fn read_terms(
    node: &Node<'_>,
    run: &RunSpec,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Terms> {
    let entry: FeedEntry = node.read(faults)?;
    let heartbeat_years = entry.heartbeat.and_then(|text| {
        let remedy = "a heartbeat of zero would report at every instant; to report every step, \
                      leave out both heartbeat and deviation";
        let node = &node.get("heartbeat");
        let years = read_above_zero(node, &text, remedy, faults)?;
        rounding::tell_heartbeat(&Time { node, text: &text, years }, run, notes);
        Some(years)
    });
    if let Some(value) = entry.deviation {
        node.get("deviation").check(value, &DEVIATION, faults);
    }
    let delay_years = entry.delay.and_then(|text| {
        let node = &node.get("delay");
        let years = read_within_horizon(node, &text, &DELAY, run, faults)?;
        rounding::tell_delay(&Time { node, text: &text, years }, run, notes);
        Some(years)
    });
    // What was written and cannot be read has told its fault.
    Some(Terms { heartbeat_years, deviation: entry.deviation, delay_years })
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
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<Vec<Vec<Stale>>> {
    if node.is_written() && !node.is_list() {
        let _not_a_list: Option<Vec<StaleEntry>> = node.read(faults);
        return None;
    }
    node.has_at_most(MOST_ENTRIES, faults).then_some(())?;
    let by_name = by_name(around.assets);
    let mut stale = vec![Vec::new(); around.assets.len()];
    for entry in node.entries() {
        read_stretch(&entry, (around, &by_name), &mut stale, notes, faults);
    }
    Some(stale)
}

fn read_stretch(
    node: &Node<'_>,
    (around, by_name): (&Around<'_>, &HashMap<String, usize>),
    stale: &mut [Vec<Stale>],
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Option<()> {
    let entry: StaleEntry = node.read(faults)?;
    let (at_node, over_node) = (&node.get("at"), &node.get("over"));
    let at_years = read_within_horizon(at_node, &entry.at, &BEGINS, around.run, faults);
    let remedy = "write how long no price is reported, as in \"6h\"";
    let over_years = read_above_zero(over_node, &entry.over, remedy, faults);
    let names = entry.assets.as_ref().map(|names| {
        let remedy = "name the assets without reports, or leave it out for all";
        find_all(&node.get("assets"), names, remedy, (around.assets, by_name), faults)
    });
    let stretch = Stale { at_years: at_years?, over_years: over_years? };
    let at = Time { node: at_node, text: &entry.at, years: stretch.at_years };
    let over = Time { node: over_node, text: &entry.over, years: stretch.over_years };
    let is_within = at.years < f64::from(around.run.n_steps) * around.run.step_years;
    if is_within && over.years > 0.0 && !rounding::covers_a_step(&at, &over, around.run, notes) {
        let step = duration::shown(around.run.step_years);
        let bound =
            format!("long enough to cover the end of a step of {step}, from {:?} on", at.text);
        let remedy = "lengthen it, or shorten run.step, since no report would be missed";
        let text = entry.over.clone();
        faults.push(over_node.fault(Broken::DurationOutOfBounds { text, bound, remedy }));
    }
    match names {
        None => stale.iter_mut().for_each(|stale| stale.push(stretch)),
        Some(among) => among.iter().for_each(|asset| stale[asset.idx()].push(stretch)),
    }
    Some(())
}
