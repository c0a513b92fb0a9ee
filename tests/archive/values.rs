//! Values that no run has, sealed as the run seals them: is each refused by its name?

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use shortfall::archive::sealed::{digest, json, pack, pack_json, unpack, unpack_json};
use shortfall::archive::{
    FACTS, Kind, LocalDisk, MANIFEST, PLAN, Place, RunDirectory, RunPlan, SEGMENTS, Subject,
};
use shortfall::engine::Part;
use shortfall::report::Facts;
use shortfall::tail::{BLOCK_PATHS, Digest};

use super::{counted, subject, whole};

/// What is changed, and what is said of it.
type Change<T> = (fn(&mut T), &'static str);

/// As the archive writes a part.
#[derive(Serialize, Deserialize)]
struct Record {
    run: Digest,
    sequence: u64,
    part: Part,
}

const N_PATHS: u64 = BLOCK_PATHS + 10;

/// A finished run, and what it is of.
fn finished() -> (TempDir, Subject) {
    let (folder, subject) = (TempDir::new().expect("a folder"), subject(N_PATHS, 5));
    whole(&subject, folder.path());
    (folder, subject)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("a file");
}

fn told(read: Result<Subject, impl std::fmt::Display>) -> String {
    match read {
        Ok(_) => panic!("it is taken for a run"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_plan_without_paths_with_too_many_or_of_another_format_is_refused() {
    let (folder, subject) = finished();
    let changes: [Change<RunPlan>; 4] = [
        (|plan| plan.n_paths = 0, "n_paths cannot be: it is between 1 and"),
        (|plan| plan.n_paths = u64::MAX, "n_paths cannot be: it is between 1 and"),
        (|plan| plan.n_paths = (1 << 40) + 1, "n_paths cannot be: it is between 1 and"),
        (|plan| plan.format = 2, "format cannot be: it is 3"),
    ];
    for (change, expected) in changes {
        let mut plan = subject.plan.clone();
        change(&mut plan);
        put(folder.path(), PLAN, &pack_json(&plan));
        let found = told(Subject::read(folder.path()));
        assert!(found.contains(PLAN) && found.contains(expected), "{found}");
        let mut disk = LocalDisk;
        let place = Place { root: folder.path().to_owned(), shard: None };
        // The manifest says whose run it is: one that goes on makes the plan again.
        RunDirectory::open(place, &subject, &mut disk, true).unwrap_or_else(|it| panic!("{it}"));
        let healed = fs::read(folder.path().join(PLAN)).expect("a plan");
        assert!(healed == pack_json(&subject.plan), "{expected}");
    }
}

#[test]
fn facts_that_point_beyond_their_lists_or_are_of_another_program_are_refused() {
    let (folder, subject) = finished();
    let changes: &[Change<Facts>] = &[
        (|it| it.positions[0].venue.0 = 7, "positions"),
        (|it| it.positions[0].is_bare = true, "positions"),
        (|it| it.pools[0].venue.0 = u32::MAX, "pools"),
        (|it| it.pools[0].debt_asset = "A".to_owned(), "pools"),
        (|it| it.assets.clear(), "0 assets, and the program 2"),
        (|it| it.assets.push("B".to_owned()), "3 assets, and the program 2"),
        (|it| it.venues.clear(), "0 venues, and the program 1"),
        (|it| it.quantum_log2 -= 10, "quantum_log2"),
        (|it| it.quantum_log2 = i32::MIN, "quantum_log2"),
        (|it| it.rounding = i64::MIN, "rounding"),
        (|it| it.step_hours = 0.0, "step_hours"),
        (|it| it.levels.clear(), "levels"),
        (|it| it.levels = vec![0.5; 17], "levels"),
        (|it| it.levels[0] = 1.0, "levels"),
        (|it| it.materiality_usd = 1e300, "materiality_usd"),
        (|it| it.materiality_usd = -1.0, "materiality_usd"),
        (|it| it.opening.n = 1, "opening"),
        (|it| it.opening.bad_debt_usd = 1e9, "opening"),
    ];
    for (place, (change, expected)) in changes.iter().enumerate() {
        let mut facts = subject.facts.clone();
        change(&mut facts);
        let bytes = json(&facts);
        // All that the facts alone decide is made to agree.
        let (facts_digest, meaning_digest) = (digest(&bytes), facts.meaning_digest());
        let seed = facts.seed;
        let plan = RunPlan { facts_digest, meaning_digest, seed, ..subject.plan.clone() };
        put(folder.path(), PLAN, &pack_json(&plan));
        put(folder.path(), FACTS, &bytes);
        let found = told(Subject::read(folder.path()));
        assert!(found.contains(expected), "change {place}: {found}");
    }
}

#[test]
fn a_shard_that_no_run_has_is_refused() {
    let (folder, _) = finished();
    let bytes = fs::read(folder.path().join(MANIFEST)).expect("a manifest");
    let mut manifest: shortfall::archive::Manifest = unpack_json(&bytes).expect("a manifest");
    for (index, count) in [(0, 0), (1, 1), (0, u64::MAX)] {
        manifest.shard = Some(shortfall::archive::Shard { index, count });
        put(folder.path(), MANIFEST, &pack_json(&manifest));
        let found = shortfall::archive::Manifest::read(folder.path());
        let found = found.expect_err("it is taken for one").to_string();
        assert!(found.contains(&format!("no {index} of {count}")), "{found}");
    }
}

#[test]
fn a_segment_whose_sums_are_not_of_one_set_of_paths_is_refused_or_walked_again() {
    let (folder, subject) = finished();
    let name = format!("{SEGMENTS}/000000000-000000002");
    let bytes = fs::read(folder.path().join(&name)).expect("a segment");
    let changes: &[Change<Part>] = &[
        (|it| it.tally.sums.loss /= 30, "loss"),
        (|it| it.tally.sums.n_losing = 0, "losing paths"),
        (|it| it.tally.sums.realised = i128::MAX, "loss"),
        (|it| it.tally.sums.n_material = N_PATHS, "material paths"),
        (|it| it.tally.counters.positions[0].loss = i128::MAX, "losses by position"),
        (|it| it.tally.counters.steps[0].n_events = u64::MAX, "events by step"),
        (|it| it.tally.counters.pools[0] = -1, "losses by pool"),
    ];
    for (change, expected) in changes {
        let mut record: Record = unpack(Kind::Segment, &bytes).expect("a segment");
        change(&mut record.part);
        put(folder.path(), &name, &pack(Kind::Segment, &record));
        let read = shortfall::archive::read_counted(folder.path(), &subject);
        let found = read.expect_err("it is counted").to_string();
        assert!(found.contains(&name) && found.contains(expected), "{found}");
    }
    // A run that goes on takes it for damaged, and walks its paths again.
    fs::remove_file(folder.path().join(MANIFEST)).expect("a manifest");
    whole(&subject, folder.path());
    let other = TempDir::new().expect("a folder");
    whole(&subject, other.path());
    assert_eq!(counted(&subject, folder.path()), counted(&subject, other.path()));
}
