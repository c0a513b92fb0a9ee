//! Does a run that is stopped anywhere, by anyone, end in the files of one that was not?

use std::fs;

use tempfile::TempDir;

use shortfall::archive::{ArchiveError, Input, LocalDisk, Opened, RunDirectory, Subject};
use shortfall::tail::Digest;

use super::{Dice, Life, Lived, N_PATHS, WHOLE_LIFE};
use super::{assert_same, copy, files, live, place, subject, tries, whole};

#[test]
fn lives_of_other_threads_and_batches_end_in_the_same_files() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let reference = dir.path().join("reference");
    whole(&subject, &reference);
    let reference = files(&reference);
    assert_eq!(reference.keys().filter(|name| name.starts_with("segments/")).count(), 3);
    let (mut dice, mut n_stops) = (Dice(11), 0);
    let n_runs = tries("SHORTFALL_STOPS", 12, 200);
    for run in 0..n_runs {
        let root = dir.path().join(format!("{run}"));
        let (mut n_lives, mut n_done) = (0, 0);
        loop {
            let life = Life {
                n_threads: 1 + dice.below(3) as usize,
                batch: [512, 1000, 4096, 5000, 16_384, 1 << 20][dice.below(6) as usize],
                save_every: 1 + dice.below(3) as usize,
                stop_after: 1 + dice.below(12) as usize,
            };
            let lived = live(&subject, place(&root, None), life, &mut LocalDisk);
            match lived.unwrap_or_else(|error| panic!("{error}")) {
                Lived::Stopped(n_paths) => {
                    assert!(n_paths > n_done, "progress is kept: {n_paths} after {n_done}");
                    n_done = n_paths;
                }
                other => {
                    assert_eq!(other, Lived::Finished);
                    break;
                }
            }
            n_lives += 1;
        }
        n_stops += n_lives;
        assert_same(&files(&root), &reference, &format!("run {run} of {n_lives} lives"));
    }
    assert!(n_stops > n_runs, "{n_stops} stops of {n_runs} runs");
}

#[test]
fn a_finished_run_is_left_as_it_is() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(5000, 1);
    whole(&subject, dir.path());
    let modified = |name: &str| {
        let found = fs::metadata(dir.path().join(name)).expect("a file");
        found.modified().expect("a time")
    };
    let names = ["plan.json", "run.json", "summary.json", "manifest.json"];
    let before = names.map(modified);
    let again = live(&subject, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
    assert!(matches!(again, Ok(Lived::WasFinished)), "{again:?}");
    assert_eq!(names.map(modified), before);
}

#[test]
fn another_run_is_refused_by_the_name_of_what_differs() {
    let dir = TempDir::new().expect("a temporary folder");
    let first = subject(5000, 1);
    whole(&first, dir.path());
    let before = files(dir.path());
    let mut names = subject(5000, 1);
    names.facts.positions[1].position = "bob".to_owned();
    let names = Subject::new(names.program, names.facts, 5000, false, super::origin());
    let mut key = first.clone();
    key.plan.meaning_digest = Digest([1; 32]);
    key.plan.origin.keys["assets"][0]["volatility"] = 1.6.into();
    let mut table = first.clone();
    table.plan.meaning_digest = Digest([1; 32]);
    table.plan.origin.files[1].blake3 = Digest([8; 32]);
    let others = [
        (subject(5001, 1), "n_paths is 5000 there and 5001 here"),
        (subject(5000, 2), "seed is 1 there and 2 here"),
        (names, "positions[1].position is \"b\" there and \"bob\" here"),
        (key, "assets[0].volatility is 9.0 there and 1.6 here"),
        (table, "the digest of book.csv is 07070707"),
    ];
    for (other, told) in others {
        let refused = live(&other, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
        let error = refused.expect_err("another run").to_string();
        assert!(error.contains(told), "{error}");
    }
    assert_same(&files(dir.path()), &before, "a refusal changes nothing");
}

#[test]
fn a_comment_in_the_scenario_and_other_notes_make_no_other_run() {
    let dir = TempDir::new().expect("a temporary folder");
    let first = subject(5000, 1);
    whole(&first, dir.path());
    let mut facts = first.facts.clone();
    facts.notes.push("../books/book.csv: dropped 3 rows of amount 0".to_owned());
    let mut origin = super::origin();
    origin.files[0] = Input { name: "other.toml".to_owned(), blake3: Digest([8; 32]) };
    let again = Subject::new(first.program.clone(), facts, 5000, false, origin);
    let found = live(&again, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
    assert!(matches!(found, Ok(Lived::WasFinished)), "{found:?}");
}

#[test]
fn a_folder_with_something_else_in_it_is_refused() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(5000, 1);
    fs::write(dir.path().join("precious"), "").expect("a file");
    let refused = live(&subject, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
    assert!(matches!(refused, Err(ArchiveError::NotEmpty { .. })), "{refused:?}");
    let file = dir.path().join("precious");
    let refused = live(&subject, place(&file, None), WHOLE_LIFE, &mut LocalDisk);
    assert!(matches!(refused, Err(ArchiveError::IsFile { .. })), "{refused:?}");
    let root = dir.path().join("run");
    whole(&subject, &root);
    let mut disk = LocalDisk;
    let refused = RunDirectory::open(place(&root, None), &subject, &mut disk, false);
    assert!(matches!(refused, Err(ArchiveError::Exists { .. })));
}

#[test]
#[cfg(unix)]
fn two_processes_do_not_fill_one_folder() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(5000, 1);
    let mut disk = LocalDisk;
    let opened = RunDirectory::open(place(dir.path(), None), &subject, &mut disk, true);
    let Ok(Opened::Open(first)) = opened else { panic!("a new folder") };
    let second = live(&subject, place(dir.path(), None), WHOLE_LIFE, &mut LocalDisk);
    assert!(matches!(second, Err(ArchiveError::Busy { .. })), "{second:?}");
    drop(first);
    whole(&subject, dir.path());
}

#[test]
fn what_a_process_left_that_died_at_the_very_beginning_does_no_harm() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let reference = dir.path().join("reference");
    whole(&subject, &reference);
    for kept in [&["segments"][..], &["plan.json"], &["plan.json", "segments", "program.bin"]] {
        let root = dir.path().join(format!("{}", kept.len()));
        copy(&reference, &root);
        for name in ["manifest.json", "summary.json", "positions.parquet", "worst_paths.parquet"] {
            fs::remove_file(root.join(name)).expect("a file");
        }
        let begun = ["facts.json", "plan.json", "program.bin"];
        for name in begun.into_iter().chain(["blocks.bin", "commitment.json", "run.json"]) {
            if !kept.contains(&name) {
                fs::remove_file(root.join(name)).expect("a file");
            }
        }
        fs::write(root.join(".plan.json.77.partial"), "torn").expect("a file");
        fs::write(root.join("segments/.x.77.partial"), "torn").expect("a file");
        whole(&subject, &root);
        assert_same(&files(&root), &files(&reference), &format!("{kept:?}"));
    }
}
