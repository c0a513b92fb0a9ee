//! Is what was torn in a finished run made again, byte for byte, and is it held while it is looked
//! at?

use std::fs;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use shortfall::archive::{ArchiveError, LocalDisk, Opened, RunDirectory, Sealed, Shard};

use super::{Lived, N_PATHS, WHOLE_LIFE, assert_same, files, live, place, subject, whole};

#[test]
fn every_file_that_is_lost_or_torn_comes_back_and_how_the_run_went_stays() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    for shard in [None, Some(Shard { index: 0, count: 1 })] {
        let place = place(&dir.path().join(format!("{}", shard.is_some())), shard);
        let folder = place.published();
        let live = || live(&subject, place.clone(), WHOLE_LIFE, &mut LocalDisk);
        assert_eq!(live().expect("a new folder"), Lived::Finished);
        let (reference, run) = (files(&folder), fs::read(folder.join("run.json")).expect("a file"));
        for name in reference.keys() {
            for is_lost in [true, false] {
                if is_lost {
                    fs::remove_file(folder.join(name)).expect("a file");
                } else {
                    fs::write(folder.join(name), "torn").expect("a file");
                }
                let how = format!("{name}, lost: {is_lost}, {shard:?}");
                // Nothing but the manifest says that a run was finished; without, it goes on.
                assert_eq!(
                    live().unwrap_or_else(|error| panic!("{how}: {error}")),
                    Lived::Finished
                );
                assert_same(&files(&folder), &reference, &how);
                if name != "manifest.json" {
                    let now = fs::read(folder.join("run.json")).expect("a file");
                    assert!(now == run, "{how}: how the run went is another");
                }
                Sealed::read(&folder).unwrap_or_else(|error| panic!("{how}: {error}"));
            }
        }
        fs::write(folder.join("run.json"), "torn").expect("a file");
        assert_eq!(live().expect("healed"), Lived::Finished);
        Sealed::read(&folder).expect("whole");
        assert_eq!(live().expect("whole"), Lived::WasFinished);
    }
}

#[test]
fn what_is_torn_is_told_and_a_file_that_is_none_of_the_run_s_is_named_and_left() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(5000, 1);
    whole(&subject, dir.path());
    fs::write(dir.path().join("blocks.bin"), "torn").expect("a file");
    let mut disk = LocalDisk;
    let opened = RunDirectory::open(place(dir.path(), None), &subject, &mut disk, true);
    let Ok(Opened::Open(directory)) = opened else { panic!("there is something to heal") };
    let notes = directory.notes.join("\n");
    assert!(notes.contains("blocks.bin is damaged, its digest is "), "{notes}");
    assert!(notes.ends_with(": it is made again"), "{notes}");
    assert!(!dir.path().join("manifest.json").exists(), "it is no finished run meanwhile");
    drop(directory);
    whole(&subject, dir.path());
    for name in ["precious", "segments/000000000-000000001", "segments/x"] {
        let path = dir.path().join(name);
        fs::write(&path, "mine").expect("a file");
        let refused = live(&subject, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
        let told = refused.expect_err("a strange file").to_string();
        assert!(
            told.contains(name) && told.ends_with("no file of the run; take it away"),
            "{told}"
        );
        assert_eq!(fs::read(&path).expect("it is left"), b"mine");
        fs::remove_file(&path).expect("a file");
    }
    let again = live(&subject, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
    assert_eq!(again.expect("whole"), Lived::WasFinished);
}

/// Two that start at once in an empty folder, of different runs: one proceeds, and the other is
/// told that it is in use, or what is there.
#[test]
#[cfg(unix)]
fn of_two_that_begin_at_once_one_proceeds() {
    let subjects = [subject(5000, 1), subject(5000, 2)];
    let (mut n_busy, n_rounds) = (0, 60);
    for round in 0..n_rounds {
        let dir = TempDir::new().expect("a temporary folder");
        let root = dir.path().join("run");
        let shard = (round % 2 == 1).then_some(Shard { index: 0, count: 2 });
        let barrier = Barrier::new(2);
        let begin = |subject| {
            barrier.wait();
            live(subject, place(&root, shard), WHOLE_LIFE, &mut LocalDisk)
        };
        let ends = thread::scope(|scope| {
            let ends = [0, 1].map(|one| {
                scope.spawn({
                    let (begin, subject) = (&begin, &subjects[one]);
                    move || begin(subject)
                })
            });
            ends.map(|end| end.join().expect("no panic"))
        });
        let n_finished = ends.iter().filter(|end| matches!(end, Ok(Lived::Finished))).count();
        assert_eq!(n_finished, 1, "round {round}: {ends:?}");
        for (end, subject) in ends.iter().zip(&subjects) {
            match end {
                Ok(_) => {
                    let folder = place(&root, shard).published();
                    let sealed = Sealed::read(&folder).expect("whole");
                    assert_eq!(sealed.subject.plan, subject.plan, "round {round}");
                }
                Err(ArchiveError::Busy { .. }) => n_busy += 1,
                Err(ArchiveError::Differs { .. }) => {}
                Err(error) => panic!("round {round}: {error}"),
            }
        }
    }
    println!("{n_rounds} rounds: in {n_busy} the second found the folder in use");
    assert!(n_busy > 0);
}
