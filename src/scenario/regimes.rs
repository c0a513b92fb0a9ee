//! `[market.regimes]`: states of the market that follow one another at random.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::RunSpec;
use super::assets::check_name;
use super::duration;
use super::error::{Broken, Faults};
use super::horizon::read_duration;
use super::written::{Bounds, Node};
use crate::market::climate::{MOST_STATES, Regime, Regimes};
use crate::market::{Asset, Replay};

const VOLATILITY: Bounds = Bounds {
    low: 0.0,
    high: 100.0,
    bound: "between 0 and 100",
    remedy: "write a factor of every volatility, 2.5 for two and a half times",
};
const JUMPS: Bounds = Bounds {
    low: 0.0,
    high: 10_000.0,
    bound: "between 0 and 10000",
    remedy: "write a factor of every jump rate, 5 for five times as many jumps",
};
const DRIFT: Bounds = Bounds {
    low: -1000.0,
    high: 1000.0,
    bound: "between -1000 and 1000",
    remedy: "write the growth of the mean price a year, -3.65 for a fall of 1 % a day",
};
const ENTRY: Bounds = Bounds {
    low: -0.99,
    high: 100.0,
    bound: "between -0.99 and 100",
    remedy: "write the change of prices when the state is entered, -0.05 for a fall of 5 %",
};
const SHARE: Bounds = Bounds {
    low: 0.0,
    high: 1.0,
    bound: "between 0 and 1",
    remedy: "write how often that state follows, 0.8 for 80 %",
};
/// The longest mean stay: of a hundred years the probability of leaving in a second is still some
/// words of 2^32.
const LONGEST_STAY_YEARS: f64 = 100.0;
/// What shares may add up to beside 1, so that those printed with ten digits pass.
const SHARES_TOLERANCE: f64 = 1e-9;

/// `[market.regimes]`; its states are read by themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegimesEntry {
    /// The state in which paths open; default: drawn by the shares of the long run.
    start: Option<String>,
    #[serde(rename = "states")]
    _states: Option<IgnoredAny>,
}

/// `[[market.regimes.states]]`: one state.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegimeEntry {
    /// Its name.
    name: String,
    /// Mean time until it is left; default: never.
    stay: Option<String>,
    /// Which states follow it, and how often each.
    next: Option<BTreeMap<String, f64>>,
    /// Factor of every volatility.
    #[serde(default = "one")]
    volatility: f64,
    /// Factor of every jump rate.
    #[serde(default = "one")]
    jumps: f64,
    /// Growth of mean prices beside the assets' own, a year.
    #[serde(default)]
    drift: f64,
    /// Change of prices in the step that enters it.
    #[serde(default)]
    entry: f64,
}

fn one() -> f64 {
    1.0
}

/// `Some(None)` where there are none, `None` where they cannot be read.
pub(super) fn read(
    node: &Node<'_>,
    assets: &[Asset],
    run: &RunSpec,
    faults: &mut Faults,
) -> Option<Option<Regimes>> {
    if !node.is_written() {
        return Some(None);
    }
    let head: RegimesEntry = node.read(faults)?;
    let list = node.get("states");
    if list.is_written() && !list.is_list() {
        let _not_a_list: Option<Vec<RegimeEntry>> = list.read(faults);
        return None;
    }
    let n = list.entries().count();
    if !(2..=MOST_STATES).contains(&n) {
        let remedy = "write [[market.regimes.states]] once for each state";
        faults.push(list.fault(Broken::WrongLength { n, bound: "2 to 8", remedy }));
        return None;
    }
    let entries: Option<Vec<RegimeEntry>> = list.entries().map(|it| it.read(faults)).collect();
    let entries = entries?;
    let n_faults = faults.n_faults();
    check_names(&list, &entries, faults);
    let states: Vec<Option<Regime>> =
        (0..n).map(|idx| read_state(&list.at(idx), (&entries, idx), assets, run, faults)).collect();
    let names: Vec<&str> = entries.iter().map(|it| &*it.name).collect();
    let start = head.start.as_ref().and_then(|name| {
        let found = names.iter().position(|it| it == name);
        if found.is_none() {
            faults.push(node.get("start").fault(unknown(name, &names)));
        }
        found
    });
    let states: Option<Vec<Regime>> = states.into_iter().collect();
    let regimes = Regimes { states: states.filter(|_| faults.n_faults() == n_faults)?, start };
    if start.is_none() && !regimes.are_recurrent() {
        let remedy = "name the state in which paths open, since some states are left for good and \
                      there are no shares of the long run";
        faults.push(node.get("start").fault(Broken::MissingKey { remedy }));
    }
    Some(Some(regimes))
}

/// Takes drifts and entries from the assets that follow history, which has both.
pub(super) fn spare_history(regimes: &mut Option<Regimes>, replay: Option<&Replay>) {
    let assets = replay.map_or(&[][..], |replay| &replay.assets);
    for state in regimes.iter_mut().flat_map(|regimes| &mut regimes.states) {
        for asset in assets {
            (state.drift[asset.idx()], state.entry[asset.idx()]) = (0.0, 0.0);
        }
    }
}

fn unknown(name: &str, known: &[&str]) -> Broken {
    let known = known.iter().map(|it| (*it).to_owned()).collect();
    Broken::UnknownWord { word: name.to_owned(), known }
}

fn check_names(list: &Node<'_>, entries: &[RegimeEntry], faults: &mut Faults) {
    for (idx, entry) in entries.iter().enumerate() {
        let node = list.at(idx).get("name");
        check_name(&node, &entry.name, faults);
        if let Some(first) = entries[..idx].iter().position(|it| it.name == entry.name) {
            let first_line = list.at(first).get("name").line();
            faults.push(node.fault(Broken::GivenTwice { name: entry.name.clone(), first_line }));
        }
    }
}

fn read_state(
    node: &Node<'_>,
    (entries, idx): (&[RegimeEntry], usize),
    assets: &[Asset],
    run: &RunSpec,
    faults: &mut Faults,
) -> Option<Regime> {
    let entry = &entries[idx];
    let mut check = |key, value, bounds| node.get(key).check(value, bounds, faults);
    check("volatility", entry.volatility, &VOLATILITY);
    check("jumps", entry.jumps, &JUMPS);
    check("drift", entry.drift, &DRIFT);
    check("entry", entry.entry, &ENTRY);
    let stay_years = match &entry.stay {
        Some(stay) => read_stay(&node.get("stay"), stay, run, faults),
        None => Some(f64::INFINITY),
    };
    let next = read_next(node, (entries, idx), faults);
    // What is stable stays where it is, as on the ladder; its volatility and jumps do not.
    let moved = |by: f64| assets.iter().map(|it| if it.is_stable { 0.0 } else { by }).collect();
    Some(Regime {
        name: entry.name.clone(),
        stay_years: stay_years?,
        next: next?,
        volatility: entry.volatility,
        jumps: entry.jumps,
        drift: moved(entry.drift),
        entry: moved(entry.entry),
    })
}

fn read_stay(node: &Node<'_>, text: &str, run: &RunSpec, faults: &mut Faults) -> Option<f64> {
    let years = read_duration(node, text, faults)?;
    // A billionth of a step forgives how "60m" / "1h" rounds.
    if years < run.step_years * (1.0 - 1e-9) || years > LONGEST_STAY_YEARS {
        let step = duration::shown(run.step_years);
        let bound = format!("at least run.step, which is {step}, and at most 100y");
        let remedy = "write the mean time until the state is left, or leave it out for never";
        let broken = Broken::DurationOutOfBounds { text: text.to_owned(), bound, remedy };
        faults.push(node.fault(broken));
    }
    Some(years)
}

/// The shares of the states that follow one; of two states, the other.
fn read_next(
    node: &Node<'_>,
    (entries, idx): (&[RegimeEntry], usize),
    faults: &mut Faults,
) -> Option<Vec<f64>> {
    let entry = &entries[idx];
    let mut next = vec![0.0; entries.len()];
    let place = node.get("next");
    match (&entry.next, &entry.stay) {
        (None, None) => {}
        (Some(_), None) => {
            faults.push(place.fault(Broken::OnlyBeside { other: "stay" }));
        }
        (None, Some(_)) if entries.len() == 2 => next[1 - idx] = 1.0,
        (None, Some(_)) => {
            let remedy = "write which states follow, and how often, as in \
                          next = { calm = 0.8, crash = 0.2 }";
            faults.push(place.fault(Broken::MissingKey { remedy }));
            return None;
        }
        (Some(shares), Some(_)) => {
            let others = entries.iter().filter(|it| it.name != entry.name);
            let known: Vec<&str> = others.map(|it| &*it.name).collect();
            for (name, share) in shares {
                let node = place.get(name);
                node.check(*share, &SHARE, faults);
                match entries.iter().position(|it| it.name == *name).filter(|it| *it != idx) {
                    Some(found) => next[found] = *share,
                    None => faults.push(node.fault(unknown(name, &known))),
                }
            }
            let sum: f64 = shares.values().sum();
            if (sum - 1.0).abs() > SHARES_TOLERANCE {
                let (bound, remedy) = ("1 in all", "write shares that add up to 1");
                faults.push(place.fault(Broken::OutOfBounds { value: sum, bound, remedy }));
            }
        }
    }
    Some(next)
}
