//! `[venues]`: each venue's rule, and the terms on which it takes each asset.

use serde::de::IgnoredAny;

use super::around::Around;
use super::assets::{THRESHOLD, check_keys, check_name};
use super::bounds::MOST_TERMS;
use super::error::{Broken, Faults};
use super::file::TermsEntry;
use super::limit::Limit;
use super::oracle;
use super::written::{Bounds, Node};
use crate::book::action::MOST_CREDIT;
use crate::book::venue::{BrokenBound, Category, RULES, Rule, Terms, Venue, tier_bounds};
use crate::market::Asset;
use crate::market::oracle::Feed;
use crate::units::VenueId;

/// Keys of a venue that are not its rule's.
const OWN_KEYS: &[&str] = &["rule", "assets", "oracle", "emodes"];

/// The most categories of a venue; Aave numbers them by a byte.
const MOST_CATEGORIES: usize = 256;

const BONUS: Bounds = Bounds {
    low: 0.0,
    high: 1.0,
    bound: "between 0 and 1",
    remedy: "write the liquidator's extra share, 0.05 for 5 %",
};
const PROTOCOL_FEE: Bounds = Bounds {
    low: 0.0,
    high: 1.0,
    bound: "between 0 and 1",
    remedy: "write the protocol's share, 0.1 for 10 %",
};
const FUNDING: Bounds = Bounds {
    low: -100.0,
    high: 100.0,
    bound: "between -100 and 100",
    remedy: "write what longs pay shorts a year, 0.1 for 10 %",
};

/// Without a tier a perpetual would need no margin and would never be liquidated in time.
const NO_TIERS: Broken = Broken::WrongLength {
    n: 0,
    bound: "at least 1",
    remedy: "write { floor_usd = 0, rate = 0.0125 } or leave it out",
};

/// The venues in the order of the file; `None` if there is none or one cannot be read.
pub(super) fn read(node: &Node<'_>, assets: &[Asset], faults: &mut Faults) -> Option<Vec<Venue>> {
    if !node.is_table() && node.is_written() {
        let _not_a_table: Option<std::collections::BTreeMap<String, IgnoredAny>> =
            node.read(faults);
        return None;
    }
    let names = node.keys();
    if names.is_empty() {
        let remedy = "write [venues.NAME] for each venue of the book, with rule = \"...\" in it";
        faults.push(node.fault(Broken::MissingKey { remedy }));
        return None;
    }
    let check = |n: usize, faults: &mut Faults| {
        let (what, most) = ("terms (venues x assets, and their tiers)", MOST_TERMS as u64);
        let remedy = "leave out venues and assets that the book does not name";
        let broken = Broken::Limit(Limit::TooManyTogether { n: n as u64, what, most, remedy });
        faults.extend((n > MOST_TERMS).then(|| node.fault(broken)));
        n <= MOST_TERMS
    };
    check(names.len() * assets.len(), faults).then_some(())?;
    let mut n_terms = 0;
    let mut read_one = |name: &str| {
        let venue = read_one(name, &node.get(name), assets, faults)?;
        n_terms += venue.terms.iter().map(|it| it.tiers.len().max(1)).sum::<usize>();
        n_terms += venue.categories.len() * assets.len();
        check(n_terms, faults).then_some(venue)
    };
    let venues: Vec<Option<Venue>> = names.iter().map(|name| read_one(name)).collect();
    venues.into_iter().collect()
}

fn read_one(name: &str, node: &Node<'_>, assets: &[Asset], faults: &mut Faults) -> Option<Venue> {
    check_name(node, name, faults);
    let rule = read_rule(name, node, faults)?;
    for BrokenBound { key, value, bound } in rule.liquidation().broken_bounds() {
        let remedy = "correct it, or leave it out for the rule's default";
        faults.push(node.get(key).fault(Broken::OutOfBounds { value, bound, remedy }));
    }
    if matches!(&rule, Rule::Perpetual(_)) && rule.liquidation().default_tiers().is_empty() {
        faults.push(node.get("tiers").fault(NO_TIERS));
    }
    let terms_node = node.get("assets");
    check_keys(&terms_node, assets, faults).then_some(())?;
    let terms: Vec<Option<Terms>> = assets
        .iter()
        .map(|asset| read_terms(&terms_node.get(&asset.name), &rule, asset, faults))
        .collect();
    let terms = terms.into_iter().collect::<Option<Vec<Terms>>>()?;
    let categories = read_categories(&node.get("emodes"), (&rule, &terms), assets, faults)?;
    Some(Venue { name: name.to_owned(), rule, terms, categories })
}

/// `[venues.NAME.emodes]`: the assets of each category, with its terms of them.
fn read_categories(
    node: &Node<'_>,
    (rule, own): (&Rule, &[Terms]),
    assets: &[Asset],
    faults: &mut Faults,
) -> Option<Vec<Category>> {
    if !node.is_written() {
        return Some(Vec::new());
    }
    if !rule.liquidation().has_categories() {
        faults.push(node.fault(Broken::TermOfAnother { rule: rule.name(), owner: "aave-v3" }));
        return None;
    }
    let written: std::collections::BTreeMap<String, IgnoredAny> = node.read(faults)?;
    if written.len() > MOST_CATEGORIES {
        let (n, bound) = (written.len(), "at most 256");
        let remedy = "leave out those that no position of the book is in";
        faults.push(node.fault(Broken::WrongLength { n, bound, remedy }));
        return None;
    }
    let read_one = |name: &String| {
        let node = node.get(name);
        check_name(&node, name, faults);
        let _table: std::collections::BTreeMap<String, IgnoredAny> = node.read(faults)?;
        check_keys(&node, assets, faults).then_some(())?;
        let mut terms = Vec::with_capacity(assets.len());
        for (asset, own) in assets.iter().zip(own) {
            let node = node.get(&asset.name);
            let mut of_asset = None;
            if node.is_written() {
                let read = read_terms(&node, rule, asset, faults)?;
                // The protocol's fee is the reserve's, whatever the category.
                let protocol_fee = read.protocol_fee.or(own.protocol_fee);
                of_asset = Some(Terms { protocol_fee, ..read });
            }
            terms.push(of_asset);
        }
        Some(Category { name: name.clone(), terms })
    };
    let categories: Vec<Option<Category>> = written.keys().map(read_one).collect();
    categories.into_iter().collect()
}

/// The venues that read prices otherwise than they are reported to all, and how.
pub(super) fn read_feeds(
    node: &Node<'_>,
    venues: &[Venue],
    around: &Around<'_>,
    notes: &mut Vec<String>,
    faults: &mut Faults,
) -> Vec<(VenueId, Vec<Feed>)> {
    let mut own = Vec::new();
    for (venue, idx) in venues.iter().zip(0..) {
        let oracle = node.get(&venue.name).get("oracle");
        let feeds = oracle::read(&oracle, around, notes, faults).unwrap_or_default();
        own.extend((!feeds.is_empty()).then_some((VenueId(idx), feeds)));
    }
    own
}

/// The rule that the venue names, or is named after.
fn read_rule(name: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Rule> {
    if !node.is_table() {
        let _not_a_table: Option<TermsEntry> = node.read(faults);
        return None;
    }
    let rule_node = node.get("rule");
    let rule_name = if rule_node.is_written() { rule_node.read(faults)? } else { name.to_owned() };
    match Rule::deserialize(&rule_name, node.clone().without(OWN_KEYS)) {
        Some(Ok(rule)) => Some(rule),
        Some(Err(error)) => {
            faults.push(error.into_fault(node));
            None
        }
        None => {
            let known = RULES.iter().map(|(rule, _)| (*rule).to_owned()).collect();
            faults.push(rule_node.fault(Broken::UnknownRule { name: rule_name, known }));
            None
        }
    }
}

/// What the owner of collateral is credited with when the venue takes the account over: as written,
/// or halfway from the threshold to the whole.
fn read_factor(
    node: &Node<'_>,
    rule: &Rule,
    threshold: f64,
    written: Option<f64>,
    faults: &mut Faults,
) -> f64 {
    let node = node.get("liquidation_factor");
    if rule.liquidation().credit(&Terms::default()).is_none() {
        let broken = Broken::TermOfAnother { rule: rule.name(), owner: "comet" };
        faults.extend(written.map(|_| node.fault(broken)));
        return 0.0;
    }
    let most = (f64::from(MOST_CREDIT) * threshold).min(1.0);
    let factor = written.unwrap_or(most.min(0.5 + 0.5 * threshold));
    if !(threshold..=most).contains(&factor) {
        let bound = "between the liquidation threshold and twice that, at most 1";
        let remedy = "write the share of its value that the venue credits, 0.93 for 93 %";
        faults.push(node.fault(Broken::OutOfBounds { value: factor, bound, remedy }));
    }
    factor
}

/// The protocol's fee on an asset, by the key that the venue's rule has for it.
fn read_protocol_fee(
    node: &Node<'_>,
    rule: &Rule,
    entry: &TermsEntry,
    faults: &mut Faults,
) -> Option<f64> {
    let mut found = None;
    for (key, owner, written) in [
        ("liquidation_protocol_fee", "aave-v3", entry.liquidation_protocol_fee),
        ("protocol_seize_share", "compound-v2", entry.protocol_seize_share),
    ] {
        let Some(value) = written else { continue };
        if rule.liquidation().protocol_key() == Some(key) {
            node.get(key).check(value, &PROTOCOL_FEE, faults);
            found = Some(value);
        } else {
            faults.push(node.get(key).fault(Broken::TermOfAnother { rule: rule.name(), owner }));
        }
    }
    found
}

/// The terms of one asset: as written, or else the asset's threshold and the rule's defaults.
fn read_terms(node: &Node<'_>, rule: &Rule, asset: &Asset, faults: &mut Faults) -> Option<Terms> {
    let entry: TermsEntry = node.read(faults)?;
    let is_perpetual = matches!(rule, Rule::Perpetual(_));
    if let Some(value) = entry.liquidation_threshold {
        node.get("liquidation_threshold").check(value, &THRESHOLD, faults);
    }
    if let Some(value) = entry.liquidation_bonus {
        node.get("liquidation_bonus").check(value, &BONUS, faults);
    }
    if entry.liquidation_bonus.is_some() && !rule.liquidation().takes_a_bonus() {
        let broken = Broken::BonusOfTheRule { rule: rule.name() };
        faults.push(node.get("liquidation_bonus").fault(broken));
    }
    if let Some(value) = entry.funding_rate {
        node.get("funding_rate").check(value, &FUNDING, faults);
    }
    for (key, is_written) in
        [("tiers", entry.tiers.is_some()), ("funding_rate", entry.funding_rate.is_some())]
    {
        if is_written && !is_perpetual {
            let broken = Broken::TermOfAnother { rule: rule.name(), owner: "perpetual" };
            faults.push(node.get(key).fault(broken));
        }
    }
    for BrokenBound { key, value, bound } in tier_bounds(entry.tiers.as_deref().unwrap_or(&[])) {
        let remedy = "floors rise from 0, and rates with them";
        faults.push(node.get(key).fault(Broken::OutOfBounds { value, bound, remedy }));
    }
    if is_perpetual && entry.tiers.as_ref().is_some_and(Vec::is_empty) {
        faults.push(node.get("tiers").fault(NO_TIERS));
    }
    let protocol_fee = read_protocol_fee(node, rule, &entry, faults);
    let threshold = entry
        .liquidation_threshold
        .unwrap_or_else(|| rule.liquidation().default_threshold(asset.liquidation_threshold));
    let default_bonus = || rule.liquidation().default_bonus(threshold);
    let tiers = entry.tiers.unwrap_or_else(|| rule.liquidation().default_tiers().to_vec());
    Some(Terms {
        liquidation_threshold: threshold,
        liquidation_bonus: entry.liquidation_bonus.unwrap_or_else(default_bonus),
        liquidation_factor: read_factor(node, rule, threshold, entry.liquidation_factor, faults),
        protocol_fee,
        tiers,
        funding_rate: entry.funding_rate.unwrap_or(0.0),
    })
}
