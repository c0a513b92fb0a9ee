//! Is a run on disk the run: whole, resumable, mergeable, and refused once a byte of it changes?

mod corruption;
mod escape;
mod forge;
mod forger;
mod grow;
mod heal;
#[cfg(unix)]
mod links;
mod programs;
mod prove;
mod resume;
mod shards;
mod values;
mod verify;
mod writes;

#[path = "../support/folders.rs"]
mod folders;
#[path = "../support/keys.rs"]
mod keys;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use shortfall::archive::{
    ArchiveError, Counted, Disk, Ended, Input, LocalDisk, Next, Opened, Origin, Place,
    RunDirectory, Shard, Subject, Watch,
};
use shortfall::book::venue::Rule;
use shortfall::book::{LegKind, venue};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Backend, Done, Walkers};
use shortfall::market::Market;
use shortfall::report::{Facts, OpeningFacts, PoolLabel, PositionLabel, RunFacts};
use shortfall::scenario::Opening;
use shortfall::tail::{BLOCK_PATHS, Digest};
use shortfall::units::VenueId;

use folders::copy;
use support::{book, compiled, diffusing, leg, market, scenario, still, terms};

/// Three segments, the last of them and its last block short.
const N_PATHS: u64 = 34 * BLOCK_PATHS + 1234;

/// A few loans against an asset that moves by a tenth in a step: some paths lose, most do not.
fn subject(n_paths: u64, seed: u64) -> Subject {
    subject_of(n_paths, seed, |_| {})
}

/// The same with another volatility.
fn moving(n_paths: u64, seed: u64, volatility: f64) -> Subject {
    subject_of(n_paths, seed, |market| market.assets[0].volatility = volatility)
}

/// The same with another market.
fn subject_of(n_paths: u64, seed: u64, change: impl FnOnce(&mut Market)) -> Subject {
    let loan =
        |debt: f64| (0, vec![leg(LegKind::Collateral, 0, 100.0), leg(LegKind::Debt, 1, debt)]);
    let rule = Rule::Reference(venue::Reference::default());
    let venues = vec![support::venue(rule, vec![terms(0.8, 0.05), terms(0.8, 0.05)])];
    let mut market = market(vec![diffusing(1.0, 9.0), still(1.0)]);
    change(&mut market);
    let mut scenario = scenario(market, venues, book(&[loan(60.0), loan(70.0), loan(78.0)]));
    scenario.run.n_steps = 3;
    let program = compiled(&scenario);
    let facts = Facts {
        scenario: "test".to_owned(),
        program_digest: program.digest().to_string(),
        seed,
        n_steps: 3,
        step_hours: 1.0,
        quantum_log2: program.money_log2,
        opening: OpeningFacts {
            mode: Opening::Keep,
            n: 0,
            liquidated: 0,
            n_bare: 0,
            debt_usd: 0.0,
            repaid_usd: 0.0,
            bad_debt_usd: 0.0,
            largest: None,
        },
        levels: vec![0.9, 0.99],
        materiality_usd: 1.0,
        rounding: program.rounding_bound(),
        assets: vec!["A".to_owned(), "USD".to_owned()],
        venues: vec!["bank".to_owned()],
        positions: ["a", "b", "c"]
            .map(|name| (name.to_owned(), VenueId(0)))
            .map(|(position, venue)| PositionLabel { position, venue, is_bare: false })
            .to_vec(),
        pools: vec![PoolLabel { venue: VenueId(0), debt_asset: "USD".to_owned() }],
        coupling: None,
        notes: Vec::new(),
    };
    Subject::new(program, facts, n_paths, false, origin())
}

/// What the subject is said to be made from.
fn origin() -> Origin {
    let files = ["test.toml", "book.csv"]
        .map(|name| Input { name: name.to_owned(), blake3: Digest([7; 32]) });
    let keys = serde_json::json!({ "assets": [{ "name": "A", "volatility": 9.0 }] });
    Origin { files: files.to_vec(), keys }
}

/// How a run is to go in one life: on so many threads, in such batches, until it is stopped.
#[derive(Debug, Clone, Copy)]
struct Life {
    n_threads: usize,
    batch: u64,
    /// Saves after every so many dispatches.
    save_every: usize,
    /// Stops after so many.
    stop_after: usize,
}

const WHOLE_LIFE: Life =
    Life { n_threads: 2, batch: 8192, save_every: usize::MAX, stop_after: usize::MAX };

struct Watcher {
    life: Life,
    n_dispatches: usize,
}

impl Watch for Watcher {
    fn after(&mut self, _: Done<'_>) -> Next {
        self.n_dispatches += 1;
        if self.n_dispatches >= self.life.stop_after {
            Next::Stop
        } else if self.n_dispatches.is_multiple_of(self.life.save_every) {
            Next::Save
        } else {
            Next::GoOn
        }
    }
}

/// What a life came to.
#[derive(Debug, PartialEq, Eq)]
enum Lived {
    Finished,
    WasFinished,
    Stopped(u64),
}

fn place(root: &Path, shard: Option<Shard>) -> Place {
    Place { root: root.to_owned(), shard }
}

/// Runs a subject in a folder, going on with what is there.
fn live(
    subject: &Subject,
    place: Place,
    life: Life,
    disk: &mut dyn Disk,
) -> Result<Lived, ArchiveError> {
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, life.n_threads);
    live_on(subject, place, life, disk, &mut cpu)
}

fn live_on(
    subject: &Subject,
    place: Place,
    life: Life,
    disk: &mut dyn Disk,
    backend: &mut dyn Backend,
) -> Result<Lived, ArchiveError> {
    let Opened::Open(mut directory) = RunDirectory::open(place.clone(), subject, disk, true)?
    else {
        return Ok(Lived::WasFinished);
    };
    let found = directory.find()?;
    let mut watcher = Watcher { life, n_dispatches: 0 };
    let mut walkers = Walkers { program: &subject.program, backend, other: None };
    let counted = match directory.walk(&mut walkers, life.batch, found, &mut watcher)? {
        Ended::Finished(counted) => counted,
        Ended::Stopped { n_paths } => return Ok(Lived::Stopped(n_paths)),
    };
    let results = match place.shard {
        None => Some(counted.results(subject, life.n_threads)?),
        Some(_) => None,
    };
    directory.finish(&counted, results.as_ref(), run_facts(life))?;
    Ok(Lived::Finished)
}

fn run_facts(life: Life) -> RunFacts {
    RunFacts {
        backend: "cpu".to_owned(),
        adapter: None,
        threads: life.n_threads,
        lanes: "portable".to_owned(),
        batch: life.batch,
        walked_paths: 0,
        wall_seconds: 1.5,
        cpu_seconds: 2.5,
        checkpoint_seconds: 0.0,
        paths_per_second: None,
        checks_per_cpu_second: None,
        fallbacks: Vec::new(),
    }
}

/// A whole run at once, in a new folder.
fn whole(subject: &Subject, root: &Path) {
    let lived = live(subject, place(root, None), WHOLE_LIFE, &mut LocalDisk);
    assert_eq!(lived.unwrap_or_else(|error| panic!("{error}")), Lived::Finished);
}

/// Every file of a folder by its name, but how the run went, and shards.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            if path.is_dir() && name != "shards" {
                folders.push(path);
            } else if path.is_file() && name != "run.json" {
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Asserts that two folders have the same files, byte for byte.
fn assert_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, how: &str) {
    let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(one), names(other), "{how}");
    for (name, bytes) in one {
        assert!(other[name] == *bytes, "{name} differs: {how}");
    }
}

/// A generator of test decisions: what it draws follows from where it began.
struct Dice(u64);

impl Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }
}

/// How often a test tries: as a variable says, fully with `SHORTFALL_FULL=1`, else as usual.
fn tries(variable: &str, usual: u64, fully: u64) -> u64 {
    let unless_said = if std::env::var_os("SHORTFALL_FULL").is_some() { fully } else { usual };
    std::env::var(variable).ok().and_then(|tries| tries.parse().ok()).unwrap_or(unless_said)
}

/// The tally of a whole run in memory, for comparison.
fn counted(subject: &Subject, root: &Path) -> Counted {
    shortfall::archive::read_counted(root, subject).unwrap_or_else(|error| panic!("{error}"))
}
