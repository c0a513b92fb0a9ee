//! Scenarios drawn over all that a program can hold: does every backend find the same, bit for bit?
//!
//! Every rule of a venue with its picks, sizes and prices, legs of every shape, funds, one to forty
//! positions, depth and feeds and liquidators or none of them. Sixty are drawn by the seed of the
//! day, which is printed. `SHORTFALL_DRAWN_SEED` draws those of another day, `SHORTFALL_DRAWN` so
//! many of them, `SHORTFALL_DRAWN_FROM` those from an index on, and `SHORTFALL_FULL` a thousand.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

#[allow(dead_code, reason = "the laws of coupled paths take the rest")]
mod coupled {
    pub(crate) mod drawn;
}

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use coupled::drawn::coupled_scenario_of;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use shortfall::book::action::{PICKS, PRICES};
use shortfall::book::venue::{RULES, Venue};
use shortfall::engine::gpu::Options;
use shortfall::program::Program;
use shortfall::scenario::Scenario;
use shortfall::units::VenueId;
use support::drawn::any_scenario_of;
use support::twins::everywhere;

const MOST_POSITIONS: usize = 40;
const N_PATHS: u64 = 24;
const DAY_SECS: u64 = 86_400;

/// A number of the environment.
fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no whole number: {text}")))
}

/// The day that it is, counted from the first of 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / DAY_SECS
}

/// A book and its market, coupled every other time; half of them without the venues at which no
/// position is, so that kernels hold few parts, too.
fn drawn() -> impl Strategy<Value = Scenario> {
    let sizes = || prop_oneof![1..=6_usize, 7..=MOST_POSITIONS];
    let alone = sizes().prop_flat_map(|n| any_scenario_of(n.into()));
    let coupled = sizes().prop_flat_map(|n| coupled_scenario_of(n.into()));
    let scenario = prop_oneof![alone.boxed(), coupled.boxed()];
    (scenario, any::<bool>()).prop_map(|(scenario, is_whole)| {
        if is_whole { scenario } else { without_empty_venues(scenario) }
    })
}

fn without_empty_venues(mut scenario: Scenario) -> Scenario {
    let is_used = |venue: usize| scenario.book.positions.iter().any(|it| it.venue.idx() == venue);
    let used: Vec<usize> = (0..scenario.venues.len()).filter(|venue| is_used(*venue)).collect();
    let place = |venue: VenueId| used.iter().position(|it| *it == venue.idx());
    for position in &mut scenario.book.positions {
        position.venue = VenueId(place(position.venue).unwrap() as u32);
    }
    let own = &mut scenario.market.liquidity.own_feeds;
    own.retain_mut(|(venue, _)| {
        let kept = place(*venue);
        *venue = VenueId(kept.unwrap_or_default() as u32);
        kept.is_some()
    });
    let venues: Vec<Venue> = used.iter().map(|venue| scenario.venues[*venue].clone()).collect();
    scenario.venues = venues;
    scenario
}

/// The scenario of a seed and an index whose market fits the formats, with its program.
fn case(seed: u64, index: u64) -> (Scenario, Program) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&index.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    loop {
        let scenario = drawn().new_tree(&mut runner).unwrap().current();
        if let Ok(program) = shortfall::engine::compile(&scenario) {
            return (scenario, program);
        }
    }
}

/// What the cases held, by name.
#[derive(Debug, Default)]
struct Held(BTreeMap<String, u32>);

impl Held {
    fn count(&mut self, name: &str, is_held: bool) {
        *self.0.entry(name.to_owned()).or_default() += u32::from(is_held);
    }

    fn add(&mut self, scenario: &Scenario, program: &Program, has_events: bool) {
        self.count("events", has_events);
        let actions = &program.actions;
        let in_use = |idx: usize| program.positions.iter().any(|it| it.action as usize == idx);
        let used = || actions.iter().enumerate().filter(|(idx, _)| in_use(*idx)).map(|it| it.1);
        for pick in PICKS {
            self.count(&format!("pick {}", pick.name), used().any(|it| it.pick == pick.word));
        }
        for price in PRICES {
            self.count(&format!("price {}", price.name), used().any(|it| it.price == price.word));
        }
        let coupling = program.liquidity.as_ref();
        self.count("alone", coupling.is_none());
        self.count("depth", coupling.is_some_and(|it| !it.curves.is_empty()));
        self.count("feeds", coupling.is_some_and(|it| !it.feeds.is_empty()));
        self.count("a fund", coupling.is_some_and(|it| it.funds.iter().any(|it| it.fee > 0)));
        self.count("tiers", !program.tiers.is_empty());
        self.count("regimes", scenario.market.regimes.is_some());
        self.count("more than six positions", scenario.book.positions.len() > 6);
        self.count("few venues", actions.len() < RULES.len());
    }
}

#[test]
fn drawn_scenarios_are_the_same_on_every_backend() {
    let seed = asked("SHORTFALL_DRAWN_SEED").unwrap_or_else(today);
    let is_full = std::env::var_os("SHORTFALL_FULL").is_some();
    let n_cases = asked("SHORTFALL_DRAWN").unwrap_or(if is_full { 1000 } else { 60 });
    println!("{n_cases} scenarios of seed {seed}");
    let held = Mutex::new(Held::default());
    let next = AtomicU64::new(asked("SHORTFALL_DRAWN_FROM").unwrap_or(0));
    let end = next.load(Relaxed) + n_cases;
    let worker = || {
        let indices = std::iter::repeat_with(|| next.fetch_add(1, Relaxed));
        for index in indices.take_while(|index| *index < end) {
            let (scenario, program) = case(seed, index);
            let what = format!("scenario {index} of SHORTFALL_DRAWN_SEED={seed}");
            let walked = everywhere(&what, &program, index, N_PATHS, &[Options::default()]);
            held.lock().unwrap().add(&scenario, &program, walked.n_events() > 0);
        }
    };
    // An adapter of software spends most of its time on compiling kernels, on one core.
    std::thread::scope(|scope| {
        let n_workers = std::thread::available_parallelism().unwrap().get();
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().for_each(|it| it.join().expect("the same everywhere"));
    });
    let held = held.into_inner().unwrap().0;
    println!("{held:?}");
    if n_cases >= 60 {
        for (name, n) in &held {
            assert!(*n > 0, "no scenario of {n_cases} has {name}: {held:?}");
        }
    }
}
