//! Is a run of many machines the run of one, byte for byte, and is what is missing named?

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use shortfall::archive::merge::{Shards, compare_with_shards};
use shortfall::archive::{ArchiveError, LocalDisk, Opened, Shard, Subject};

use super::{Dice, Life, Lived, N_PATHS, WHOLE_LIFE, run_facts};
use super::{assert_same, copy, files, live, place, subject, whole};

fn walk(subject: &Subject, root: &Path, index: u64, count: u64) -> Result<Lived, ArchiveError> {
    let shard = Some(Shard { index, count });
    live(subject, place(root, shard), WHOLE_LIFE, &mut LocalDisk)
}

fn merge(root: &Path) -> Result<Lived, ArchiveError> {
    let shards = Shards::find(root)?;
    let mut disk = LocalDisk;
    let Opened::Open(mut directory) = shards.open(&mut disk)? else {
        compare_with_shards(root, &shards)?;
        return Ok(Lived::WasFinished);
    };
    let counted = directory.take_shards(&shards)?;
    let results = counted.results(&shards.subject, 2)?;
    directory.finish(&counted, Some(&results), shards.run_facts()?)?;
    Ok(Lived::Finished)
}

#[test]
fn any_number_of_shards_in_any_order_is_one_machine_s_run() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let reference = dir.path().join("reference");
    whole(&subject, &reference);
    let reference = files(&reference);
    let mut dice = Dice(5);
    // 64 shards of 35 blocks: some have none.
    for count in [1, 3, 7, 64] {
        let root = dir.path().join(format!("{count}"));
        let mut order: Vec<u64> = (0..count).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, dice.below(place as u64 + 1) as usize);
        }
        for index in order {
            assert_eq!(walk(&subject, &root, index, count).expect("a shard"), Lived::Finished);
        }
        assert_eq!(merge(&root).expect("all shards"), Lived::Finished);
        assert_same(&files(&root), &reference, &format!("{count} shards"));
        assert_eq!(merge(&root).expect("merged already"), Lived::WasFinished);
        assert_same(&files(&root), &reference, "merged twice");
    }
}

#[test]
fn a_merged_run_that_was_torn_is_merged_again() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    for index in 0..2 {
        walk(&subject, dir.path(), index, 2).expect("a shard");
    }
    merge(dir.path()).expect("all shards");
    let reference = files(dir.path());
    for name in ["segments/000000000-000000016", "summary.json", "manifest.json"] {
        fs::write(dir.path().join(name), "torn").expect("a file");
        assert_eq!(merge(dir.path()).expect("all shards"), Lived::Finished, "{name}");
        assert_same(&files(dir.path()), &reference, name);
    }
    assert_eq!(merge(dir.path()).expect("all shards"), Lived::WasFinished);
}

#[test]
fn shards_that_are_missing_are_named_as_job_arrays_name_them() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let none = merge(dir.path()).expect_err("no shards");
    assert!(matches!(none, ArchiveError::NoShards { .. }), "{none}");
    for index in [0, 1, 2, 4, 5, 6] {
        walk(&subject, dir.path(), index, 10).expect("a shard");
    }
    let error = merge(dir.path()).expect_err("shards are missing");
    assert!(matches!(error, ArchiveError::MissingShards { n_missing: 4, count: 10, .. }));
    assert!(error.to_string().contains("--array=3,7-9"), "{error}");
    // One that was begun is missing as well.
    let life = Life { stop_after: 1, ..WHOLE_LIFE };
    let shard = Some(Shard { index: 3, count: 10 });
    let begun = live(&subject, place(dir.path(), shard), life, &mut LocalDisk);
    assert!(begun.is_ok());
    for index in [7, 8, 9] {
        walk(&subject, dir.path(), index, 10).expect("a shard");
    }
    if !dir.path().join("shards/3-of-10").exists() {
        assert!(merge(dir.path()).expect_err("one is missing").to_string().contains("--array=3"));
        walk(&subject, dir.path(), 3, 10).expect("a shard");
    }
    assert_eq!(merge(dir.path()).expect("all shards"), Lived::Finished);
}

#[test]
fn a_shard_that_is_there_already_is_left_and_one_of_another_run_is_refused() {
    let dir = TempDir::new().expect("a temporary folder");
    let first = subject(N_PATHS, 1);
    walk(&first, dir.path(), 0, 2).expect("a shard");
    let before = files(&dir.path().join("shards/0-of-2"));
    assert_eq!(walk(&first, dir.path(), 0, 2).expect("there already"), Lived::WasFinished);
    let other = subject(N_PATHS, 2);
    let refused = walk(&other, dir.path(), 0, 2).expect_err("another run");
    assert!(refused.to_string().contains("seed is 1 there and 2 here"), "{refused}");
    assert_same(&files(&dir.path().join("shards/0-of-2")), &before, "left as it was");
    walk(&other, dir.path(), 1, 2).expect("a shard of another run");
    let refused = merge(dir.path()).expect_err("two runs").to_string();
    assert!(refused.contains("seed is 2 there and 1 here"), "{refused}");
}

#[test]
fn shards_of_two_splits_are_not_mixed() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    walk(&subject, dir.path(), 0, 2).expect("a shard");
    walk(&subject, dir.path(), 1, 3).expect("a shard");
    let refused = merge(dir.path()).expect_err("two splits");
    assert!(matches!(refused, ArchiveError::TwoSplits { .. }), "{refused}");
}

#[test]
fn a_shard_that_was_published_meanwhile_must_be_the_same() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    // As if two machines had walked it: the slower one finds the folder taken.
    let [quick, slow] = ["quick", "slow"].map(|name| dir.path().join(name));
    walk(&subject, &quick, 0, 2).expect("a shard");
    let finish_late = |to_differ: bool| {
        let root = dir.path().join(format!("{to_differ}"));
        let _ = fs::remove_dir_all(&slow);
        let shard = Some(Shard { index: 0, count: 2 });
        let mut disk = LocalDisk;
        let opened =
            shortfall::archive::RunDirectory::open(place(&root, shard), &subject, &mut disk, true);
        let Ok(Opened::Open(mut directory)) = opened else { panic!("a new folder") };
        let found = directory.find().expect("a new folder");
        let mut cpu =
            shortfall::engine::cpu::Cpu::new(&subject.program, 1 + u64::from(to_differ), 2);
        let mut walkers = shortfall::engine::Walkers {
            program: &subject.program,
            backend: &mut cpu,
            other: None,
        };
        let mut watcher = super::Watcher { life: WHOLE_LIFE, n_dispatches: 0 };
        let ended = directory.walk(&mut walkers, 8192, found, &mut watcher).expect("walked");
        let shortfall::archive::Ended::Finished(counted) = ended else { panic!("finished") };
        copy(&quick.join("shards/0-of-2"), &root.join("shards/0-of-2"));
        (directory.finish(&counted, None, run_facts(WHOLE_LIFE)), root)
    };
    let (same, root) = finish_late(false);
    same.expect("the same shard");
    assert!(!root.join("shards/.0-of-2").exists());
    // A machine that computes otherwise: here, with another seed than it says.
    let (other, _) = finish_late(true);
    assert!(matches!(other, Err(ArchiveError::Violation { .. })), "{other:?}");
}
