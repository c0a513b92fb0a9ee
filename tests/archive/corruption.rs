//! Torn, flipped, zeroed, swapped and foreign files: is every one refused or healed, and none used?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use shortfall::archive::merge::Shards;
use shortfall::archive::{ArchiveError, LocalDisk, Sealed, Shard};

use super::{Dice, Life, Lived, N_PATHS, WHOLE_LIFE};
use super::{assert_same, copy, files, live, place, subject, tries, whole};

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Truncated,
    BitFlipped,
    Zeroed,
    Lengthened,
    Swapped,
    Foreign,
    Removed,
}

const HARMS: [Harm; 7] = [
    Harm::Truncated,
    Harm::BitFlipped,
    Harm::Zeroed,
    Harm::Lengthened,
    Harm::Swapped,
    Harm::Foreign,
    Harm::Removed,
];

/// All files below a folder, `run.json` and shards included.
fn all_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Harms one file of `root`; `None` if that changed nothing. Foreign files come from `other`.
fn harm(root: &Path, other: &Path, dice: &mut Dice) -> Option<(PathBuf, Harm)> {
    let found = all_files(root);
    let path = found[dice.below(found.len() as u64) as usize].clone();
    let kind = HARMS[dice.below(HARMS.len() as u64) as usize];
    let before = fs::read(&path).expect("a file");
    let mut bytes = before.clone();
    let at = dice.below(bytes.len() as u64) as usize;
    match kind {
        Harm::Truncated => bytes.truncate(at),
        Harm::BitFlipped => bytes[at] ^= 1 << dice.below(8),
        Harm::Zeroed => {
            let end = (at + 1 + dice.below(4096) as usize).min(bytes.len());
            bytes[at..end].fill(0);
        }
        Harm::Lengthened => bytes.extend(vec![0; 1 + dice.below(100) as usize]),
        Harm::Swapped => {
            let with = &found[dice.below(found.len() as u64) as usize];
            bytes = fs::read(with).expect("a file");
            fs::write(with, &before).expect("a file");
        }
        Harm::Foreign => {
            bytes = fs::read(other.join(path.strip_prefix(root).expect("below"))).ok()?;
        }
        Harm::Removed => {
            fs::remove_file(&path).expect("a file");
            return Some((path, kind));
        }
    }
    fs::write(&path, &bytes).expect("a file");
    (bytes != before).then_some((path, kind))
}

/// Counts by what became of a corrupted folder.
#[derive(Debug, Default)]
struct Fates {
    n_refused: u64,
    n_healed: u64,
}

impl Fates {
    fn tell(&self, what: &str) {
        let Self { n_refused, n_healed } = self;
        println!("{what}: {n_refused} refused, {n_healed} healed, 0 used");
    }
}

/// A run that was stopped in its second segment, with both states.
fn stopped(root: &Path, seed: u64) {
    let life = Life { n_threads: 2, batch: 4096, save_every: 2, stop_after: 25 };
    let lived = live(&subject(N_PATHS, seed), place(root, None), life, &mut LocalDisk);
    assert!(matches!(lived, Ok(Lived::Stopped(_))), "{lived:?}");
    let names: Vec<String> = files(root).into_keys().collect();
    let expected = ["facts.json", "plan.json", "program.bin", "segments/000000000-000000016"];
    assert_eq!(names[..4], expected);
    assert_eq!(names[4..], ["state.0", "state.1"]);
}

#[test]
fn a_run_that_goes_on_heals_or_refuses_whatever_happened_to_its_files() {
    let dir = TempDir::new().expect("a temporary folder");
    let [half, other, reference] = ["half", "other", "reference"].map(|it| dir.path().join(it));
    let subject = subject(N_PATHS, 1);
    stopped(&half, 1);
    stopped(&other, 2);
    whole(&subject, &reference);
    let reference = files(&reference);
    let (mut dice, mut fates) = (Dice(23), Fates::default());
    for n in 0..tries("SHORTFALL_CORRUPTIONS", 150, 2_600) {
        let root = dir.path().join(format!("{n}"));
        copy(&half, &root);
        let Some(harmed) = harm(&root, &other, &mut dice) else { continue };
        match live(&subject, place(&root, None), WHOLE_LIFE, &mut LocalDisk) {
            Ok(lived) => {
                assert_eq!(lived, Lived::Finished, "{harmed:?}");
                assert_same(&files(&root), &reference, &format!("{harmed:?}"));
                fates.n_healed += 1;
            }
            Err(
                ArchiveError::Damaged { .. }
                | ArchiveError::Differs { .. }
                | ArchiveError::NotEmpty { .. },
            ) => fates.n_refused += 1,
            Err(error) => panic!("{harmed:?}: {error}"),
        }
        fs::remove_dir_all(&root).expect("a folder");
    }
    fates.tell("corrupted runs gone on with");
    assert!(fates.n_healed > fates.n_refused && fates.n_refused > 0, "{fates:?}");
}

#[test]
fn a_finished_run_that_is_gone_on_with_is_healed_whatever_happened_to_its_files() {
    let dir = TempDir::new().expect("a temporary folder");
    let [sound, other] = ["sound", "other"].map(|it| dir.path().join(it));
    let subject = subject(N_PATHS, 1);
    whole(&subject, &sound);
    whole(&super::subject(N_PATHS, 2), &other);
    let reference = files(&sound);
    let (mut dice, mut fates) = (Dice(37), Fates::default());
    for n in 0..tries("SHORTFALL_CORRUPTIONS", 100, 2_600) {
        let root = dir.path().join(format!("{n}"));
        copy(&sound, &root);
        let Some(harmed) = harm(&root, &other, &mut dice) else { continue };
        match live(&subject, place(&root, None), WHOLE_LIFE, &mut LocalDisk) {
            Ok(lived) => {
                assert_eq!(lived, Lived::Finished, "{harmed:?} is not seen");
                assert_same(&files(&root), &reference, &format!("{harmed:?}"));
                Sealed::read(&root).unwrap_or_else(|error| panic!("{harmed:?}: {error}"));
                fates.n_healed += 1;
            }
            // The plan of another run in the place of this one's.
            Err(ArchiveError::Differs { .. }) => fates.n_refused += 1,
            Err(error) => panic!("{harmed:?}: {error}"),
        }
        fs::remove_dir_all(&root).expect("a folder");
    }
    fates.tell("corrupted finished runs gone on with");
    assert!(fates.n_healed > 20 * fates.n_refused, "{fates:?}");
}

#[test]
fn a_finished_run_is_refused_once_anything_happened_to_its_files() {
    let dir = TempDir::new().expect("a temporary folder");
    let [sound, other] = ["sound", "other"].map(|it| dir.path().join(it));
    whole(&subject(N_PATHS, 1), &sound);
    whole(&subject(N_PATHS, 2), &other);
    let (mut dice, mut fates) = (Dice(29), Fates::default());
    for n in 0..tries("SHORTFALL_CORRUPTIONS", 150, 2_600) {
        let root = dir.path().join(format!("{n}"));
        copy(&sound, &root);
        let Some((path, kind)) = harm(&root, &other, &mut dice) else { continue };
        match Sealed::read(&root) {
            Ok(_) => panic!("{path:?} {kind:?} passes"),
            Err(ArchiveError::Damaged { path: named, .. }) => {
                // Of two that were swapped, either may be named; a foreign manifest accuses all.
                let is_named = named == path || matches!(kind, Harm::Swapped | Harm::Foreign);
                assert!(is_named, "{path:?} {kind:?} is told of {named:?}");
                fates.n_refused += 1;
            }
            Err(ArchiveError::Unfinished { .. }) => {
                assert!(path.ends_with("manifest.json"), "{path:?} {kind:?}");
                fates.n_refused += 1;
            }
            Err(error) => panic!("{path:?} {kind:?}: {error}"),
        }
        fs::remove_dir_all(&root).expect("a folder");
    }
    fates.tell("corrupted finished runs");
    assert!(fates.n_refused > 0);
}

#[test]
fn shards_are_not_merged_once_anything_happened_to_one() {
    let dir = TempDir::new().expect("a temporary folder");
    let [sound, other] = ["sound", "other"].map(|it| dir.path().join(it));
    for (root, seed) in [(&sound, 1), (&other, 2)] {
        for index in 0..3 {
            let shard = Some(Shard { index, count: 3 });
            let lived =
                live(&subject(N_PATHS, seed), place(root, shard), WHOLE_LIFE, &mut LocalDisk);
            assert_eq!(lived.expect("a shard"), Lived::Finished);
        }
    }
    let (mut dice, mut fates) = (Dice(31), Fates::default());
    for n in 0..tries("SHORTFALL_CORRUPTIONS", 150, 2_600) {
        let root = dir.path().join(format!("{n}"));
        copy(&sound, &root);
        let Some(harmed) = harm(&root, &other, &mut dice) else { continue };
        match Shards::find(&root).map(|_| ()) {
            Ok(()) => panic!("{harmed:?} is merged"),
            Err(
                ArchiveError::Damaged { .. }
                | ArchiveError::Differs { .. }
                | ArchiveError::Unfinished { .. }
                | ArchiveError::NoRun { .. },
            ) => fates.n_refused += 1,
            Err(error) => panic!("{harmed:?}: {error}"),
        }
        fs::remove_dir_all(&root).expect("a folder");
    }
    fates.tell("corrupted shards");
    assert!(fates.n_refused > 0);
}

#[test]
fn of_two_states_the_one_that_is_whole_is_gone_on_with() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let half = dir.path().join("half");
    stopped(&half, 1);
    let n_kept = |harmed: &[&str]| {
        let root = dir.path().join(format!("without {}", harmed.join("-")));
        copy(&half, &root);
        for name in harmed {
            fs::write(root.join(name), "torn").expect("a file");
        }
        let mut disk = LocalDisk;
        let opened =
            shortfall::archive::RunDirectory::open(place(&root, None), &subject, &mut disk, true);
        let Ok(shortfall::archive::Opened::Open(mut directory)) = opened else { panic!("open") };
        let found = directory.find().expect("a folder that can be read");
        assert_eq!(found.notes.len(), harmed.len(), "{:?}", found.notes);
        found.n_paths()
    };
    let by_state: BTreeMap<u64, &str> =
        [(n_kept(&["state.1"]), "state.0"), (n_kept(&["state.0"]), "state.1")].into();
    let (&older, _) = by_state.first_key_value().expect("two states");
    let (&newer, _) = by_state.last_key_value().expect("two states");
    assert!(older < newer, "the states are of different paths");
    assert_eq!(n_kept(&[]), newer);
    assert_eq!(n_kept(&["state.0", "state.1"]), 16 * 4096, "the finished segment is kept");
}
