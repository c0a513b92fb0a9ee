//! What is allowed and yet hardly meant: notes, never refusals, each with its place and value.

use std::collections::BTreeSet;
use std::path::Path;

use super::written::Node;
use crate::book::{Book, Leg, LegKind, venue::Venue};
use crate::market::Asset;

/// A square-root year: 300 %.
const MOST_VOLATILITY: f64 = 3.0;
/// A year, either way.
const MOST_DRIFT: f64 = 5.0;
/// A year.
const BORROW_RATES: (f64, f64) = (-0.2, 1.0);
/// A year, either way.
const MOST_FUNDING: f64 = 5.0;
/// Of an asset that is said to be stable, USD.
const STABLE_PRICES: (f64, f64) = (0.5, 2.0);
/// A single leg, USD.
const MOST_LEG_USD: f64 = 1e9;
/// All legs together, USD.
const MOST_BOOK_USD: f64 = 1e11;
/// A leg that is nearly the whole book: its share, and from which size on.
const WHOLE_BOOK: (f64, f64) = (0.99, 1e8);
/// Entry price of a perpetual over the price at the opening, either way.
pub(super) const MOST_ENTRY_RATIO: f64 = 100.0;

/// Where the scenario's values are written.
pub(super) struct Places<'a, 'w> {
    /// `[[assets]]`.
    pub(super) assets: &'a Node<'w>,
    /// The table that sets prices and thresholds over them.
    pub(super) assets_table: Option<&'a Path>,
    /// `[venues]`.
    pub(super) venues: &'a Node<'w>,
    /// The book.
    pub(super) book: &'a Path,
}

impl Places<'_, '_> {
    /// Where a price or a threshold is.
    fn of_asset(&self, idx: usize, asset: &Asset, key: &str) -> String {
        match self.assets_table {
            Some(path) => format!("{} {}: {key}", path.display(), asset.name),
            None => self.assets.at(idx).get(key).place().to_string(),
        }
    }
}

/// Notes on all that is beyond what markets and books have shown.
pub(super) fn tell(
    places: &Places<'_, '_>,
    assets: &[Asset],
    venues: &[Venue],
    book: &Book,
    notes: &mut Vec<String>,
) {
    for (idx, asset) in assets.iter().enumerate() {
        tell_asset(places, idx, asset, notes);
    }
    for venue in venues {
        tell_funding(places, assets, venue, notes);
        tell_thresholds(places, assets, venue, venues, book, notes);
    }
    tell_legs(places, assets, book, notes);
    warn_of_loss_at_liquidation(assets, venues, book, notes);
}

fn tell_asset(places: &Places<'_, '_>, idx: usize, asset: &Asset, notes: &mut Vec<String>) {
    let node = places.assets.at(idx);
    let mut tell = |key: &str, value: f64, says: String| {
        notes.push(format!("{} = {value} {says}", node.get(key).place()));
    };
    let percent = |value: f64| format!("{} %", libm::round(value * 1e4) / 1e2);
    if asset.volatility > MOST_VOLATILITY {
        let remedy = asset.volatility / 100.0;
        let says = format!(
            "is a volatility of {} a year: write {remedy} if {} % is meant",
            percent(asset.volatility),
            asset.volatility
        );
        tell("volatility", asset.volatility, says);
    }
    let of_a_year = |value: f64| {
        format!("is {} a year: write {} if {value} % is meant", percent(value), value / 100.0)
    };
    if asset.drift.abs() > MOST_DRIFT {
        tell("drift", asset.drift, of_a_year(asset.drift));
    }
    let rate = asset.borrow_rate;
    if !(BORROW_RATES.0..=BORROW_RATES.1).contains(&rate) {
        tell("borrow_rate", rate, of_a_year(rate));
    }
    let price = asset.price_usd;
    if asset.is_stable && !(STABLE_PRICES.0..=STABLE_PRICES.1).contains(&price) {
        notes.push(format!(
            "{} = {price} is the price of {}, which is said to be stable: is it in USD a unit?",
            places.of_asset(idx, asset, "price_usd"),
            asset.name
        ));
    }
}

fn tell_funding(places: &Places<'_, '_>, assets: &[Asset], venue: &Venue, notes: &mut Vec<String>) {
    for (asset, terms) in assets.iter().zip(&venue.terms) {
        let rate = terms.funding_rate;
        if rate.abs() > MOST_FUNDING {
            let terms = places.venues.get(&venue.name).get("assets").get(&asset.name);
            notes.push(format!(
                "{} = {rate} is {} % a year: write what longs pay shorts in a year, not in an hour",
                terms.get("funding_rate").place(),
                libm::round(rate * 100.0)
            ));
        }
    }
}

/// Collateral counts for nothing where no threshold is written, which is seldom meant.
fn tell_thresholds(
    places: &Places<'_, '_>,
    assets: &[Asset],
    venue: &Venue,
    venues: &[Venue],
    book: &Book,
    notes: &mut Vec<String>,
) {
    let is_here = |it: &Venue| std::ptr::eq(it, venue);
    let mut is_collateral = vec![false; assets.len()];
    for position in book.positions.iter().filter(|it| is_here(&venues[it.venue.idx()])) {
        let legs = book.legs_of(position).iter();
        let collateral = legs.filter(|leg| leg.kind == LegKind::Collateral);
        let counts = |asset| venue.terms_of(position.category, asset).liquidation_threshold > 0.0;
        collateral.for_each(|leg| is_collateral[leg.asset.idx()] |= !counts(leg.asset));
    }
    let node = places.venues.get(&venue.name);
    let is_left_out = |idx: usize| {
        let of_venue = node.get("assets").get(&assets[idx].name).get("liquidation_threshold");
        let of_asset = places.assets.at(idx).get("liquidation_threshold");
        venue.terms[idx].liquidation_threshold == 0.0
            && !of_venue.is_written()
            && !of_asset.is_written()
            && places.assets_table.is_none()
    };
    let left_out: Vec<&str> = (0..assets.len())
        .filter(|&idx| is_collateral[idx] && is_left_out(idx))
        .map(|idx| &*assets[idx].name)
        .collect();
    if !left_out.is_empty() {
        notes.push(format!(
            "{}: liquidation_threshold = 0 for {}, since neither the venue nor [[assets]] names \
             one: as collateral there it counts for nothing",
            node.place(),
            left_out.join(", ")
        ));
    }
}

fn tell_legs(places: &Places<'_, '_>, assets: &[Asset], book: &Book, notes: &mut Vec<String>) {
    let file = places.book.display();
    let value = |leg: &Leg| leg.amount.abs() * assets[leg.asset.idx()].price_usd;
    let gross_usd: f64 = book.legs.iter().map(value).sum();
    let all = || {
        let of = |position| book.legs_of(position).iter().map(move |leg| (position, leg));
        book.positions.iter().flat_map(of)
    };
    let Some((position, leg)) = all().max_by(|a, b| value(a.1).total_cmp(&value(b.1))) else {
        return;
    };
    let largest_usd = value(leg);
    let (asset, price) = (&assets[leg.asset.idx()].name, assets[leg.asset.idx()].price_usd);
    let named = format!(
        "{file}: position {:?} has a {} of {} {asset} at {price} USD, worth {largest_usd:.0} USD",
        position.name,
        kind(leg.kind),
        leg.amount,
    );
    let remedy = "are amounts in whole units, not in the token's smallest ones?";
    let n_large = all().filter(|(_, leg)| value(leg) > MOST_LEG_USD).count();
    if n_large > 0 {
        let rest = match n_large {
            1 => String::new(),
            n => format!(", the largest of {n} legs above {MOST_LEG_USD:.0} USD"),
        };
        notes.push(format!("{named}{rest}: {remedy}"));
    } else if largest_usd > WHOLE_BOOK.1 && largest_usd > WHOLE_BOOK.0 * gross_usd {
        let share = libm::floor(1e4 * largest_usd / gross_usd) / 1e2;
        notes.push(format!("{named}, {share} % of all legs: {remedy}"));
    }
    if gross_usd > MOST_BOOK_USD {
        notes.push(format!("{file}: all legs together are worth {gross_usd:.0} USD: {remedy}"));
    }
}

fn kind(kind: LegKind) -> &'static str {
    match kind {
        LegKind::Collateral => "collateral",
        LegKind::Debt => "debt",
        LegKind::Perp => "perp",
    }
}

/// A liquidation repays debt worth 1 / (1 + bonus) of what it seizes; where the threshold times
/// (1 + bonus) exceeds 1, a position at its threshold owes more than its whole collateral repays.
fn warn_of_loss_at_liquidation(
    assets: &[Asset],
    venues: &[Venue],
    book: &Book,
    notes: &mut Vec<String>,
) {
    let mut used = BTreeSet::new();
    for position in &book.positions {
        let held = book.legs_of(position).iter().filter(|leg| leg.kind == LegKind::Collateral);
        used.extend(held.map(|leg| (position.venue, leg.asset, position.category)));
    }
    for (venue, asset, category) in used {
        let venue = &venues[venue.idx()];
        let terms = venue.terms_of(category, asset);
        let asset = &assets[asset.idx()].name;
        let (threshold, bonus) = (terms.liquidation_threshold, terms.liquidation_bonus);
        let product = threshold * (1.0 + bonus);
        // Beyond the rounding of decimals: 0.8 x 1.25 is no loss.
        if product > 1.0 + 1e-12 {
            notes.push(format!(
                "a liquidation at {} that seizes {asset} books bad debt at the moment of \
                 liquidation: threshold {threshold} x (1 + bonus {bonus:.4}) = {product:.4} is \
                 above 1",
                venue.name
            ));
        }
    }
}
