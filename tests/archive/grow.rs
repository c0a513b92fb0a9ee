//! Is a run that grew from prefix to prefix the run of all its paths, whatever fails on the way?

use std::ops::Range;
use std::path::Path;

use tempfile::TempDir;

use shortfall::archive::{
    ArchiveError, Disk, LocalDisk, Opened, RunDirectory, Subject, grow, read_counted,
};
use shortfall::engine::{Backend, EngineError};
use shortfall::tail::{BLOCK_PATHS, Counters, Outcome};

use super::writes::FullDisk;
use super::{Life, Lived, WHOLE_LIFE, assert_same, files, live, live_on, place, subject, whole};

/// Outcomes that cost nothing, for runs of many segments.
struct Cheap;

impl Backend for Cheap {
    fn name(&self) -> &'static str {
        "cheap"
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        for (path, outcome) in paths.zip(outcomes) {
            let word = path.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
            let realised = if word.is_multiple_of(16) { word as i64 } else { 0 };
            *outcome = Outcome { realised, ..Outcome::default() };
            counters.positions[path as usize % 3].loss += i128::from(realised);
            counters.steps[0].loss += i128::from(realised);
        }
        Ok(())
    }
}

/// The test's run with so many blocks.
fn blocks(n_blocks: u64) -> Subject {
    subject(n_blocks * BLOCK_PATHS, 7)
}

/// Paths that a folder holds of a run.
fn found(subject: &Subject, root: &Path) -> (u64, Vec<String>) {
    let mut disk = LocalDisk;
    match RunDirectory::open(place(root, None), subject, &mut disk, true) {
        Ok(Opened::Open(mut directory)) => {
            let found = directory.find().unwrap_or_else(|error| panic!("{error}"));
            (found.n_paths(), found.notes)
        }
        Ok(Opened::Finished) => (subject.plan.n_paths, Vec::new()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_run_that_grows_is_at_every_prefix_the_run_of_just_so_many_paths() {
    let dir = TempDir::new().expect("a temporary folder");
    let root = dir.path().join("grown");
    let (mut last, odd) = (0, subject(70 * BLOCK_PATHS + 99, 7));
    let prefixes = [1, 2, 4, 8, 16, 32, 64].map(blocks);
    for (idx, subject) in prefixes.iter().chain([&odd]).enumerate() {
        if idx > 0 {
            grow(&root, subject, &mut LocalDisk).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(found(subject, &root), (last, Vec::new()), "what was counted is kept");
        }
        whole(subject, &root);
        let alone = dir.path().join(format!("alone-{idx}"));
        whole(subject, &alone);
        assert_same(&files(&root), &files(&alone), &format!("prefix {idx}"));
        last = subject.plan.n_paths;
    }
}

#[test]
fn segments_of_a_prefix_merge_to_those_of_the_longer_run() {
    let dir = TempDir::new().expect("a temporary folder");
    let (root, alone) = (dir.path().join("grown"), dir.path().join("alone"));
    // A prefix has 128 segments of 16 blocks, and the longer run 128 of 32.
    let (prefix, longer) = (blocks(2048), blocks(4096));
    let life = Life { batch: 65_536, ..WHOLE_LIFE };
    let walk = |subject: &Subject, root: &Path| {
        let lived = live_on(subject, place(root, None), life, &mut LocalDisk, &mut Cheap);
        // Its tail is walked by the CPU; only what is counted matters here.
        assert_eq!(lived.unwrap_or_else(|error| panic!("{error}")), Lived::Finished);
    };
    walk(&prefix, &root);
    grow(&root, &longer, &mut LocalDisk).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found(&longer, &root), (prefix.plan.n_paths, Vec::new()));
    walk(&longer, &root);
    walk(&longer, &alone);
    assert_same(&files(&root), &files(&alone), "merged segments");
}

#[test]
fn whatever_fails_while_a_run_grows_nothing_that_was_counted_is_lost() {
    let dir = TempDir::new().expect("a temporary folder");
    let (prefix, longer) = (blocks(32), subject(40 * BLOCK_PATHS + 5, 7));
    let alone = dir.path().join("alone");
    whole(&longer, &alone);
    let finished = dir.path().join("finished");
    whole(&prefix, &finished);
    for full_at in 1.. {
        let root = dir.path().join(format!("full-{full_at}"));
        super::copy(&finished, &root);
        let mut disk = FullDisk::at(full_at);
        match grow(&root, &longer, &mut disk) {
            Ok(()) => {
                assert!(full_at > 10, "only {full_at} operations");
                break;
            }
            Err(ArchiveError::Write { path, .. }) => assert!(path.starts_with(&root)),
            Err(other) => panic!("{other}"),
        }
        grow(&root, &longer, &mut LocalDisk).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found(&longer, &root), (prefix.plan.n_paths, Vec::new()), "{full_at}");
        whole(&longer, &root);
        assert_same(&files(&root), &files(&alone), &format!("full at {full_at}"));
        std::fs::remove_dir_all(&root).expect("removed");
    }
}

#[test]
fn a_run_grows_from_no_other_run_and_from_no_run_of_more_or_odd_paths() {
    let dir = TempDir::new().expect("a temporary folder");
    let root = dir.path().join("run");
    whole(&blocks(4), &root);
    let before = files(&root);
    let refused = |subject: &Subject| match grow(&root, subject, &mut LocalDisk) {
        Err(ArchiveError::Differs { differences, .. }) => {
            differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        other => panic!("{other:?}"),
    };
    assert!(refused(&subject(8 * BLOCK_PATHS, 8)).contains("seed is 7 there and 8 here"));
    assert!(refused(&blocks(2)).contains("n_paths is 16384 there and 8192 here"));
    assert_eq!(files(&root), before);
    let odd = dir.path().join("odd");
    whole(&subject(5000, 7), &odd);
    assert!(matches!(grow(&odd, &blocks(2), &mut LocalDisk), Err(ArchiveError::Differs { .. })));
    let nowhere = dir.path().join("nowhere");
    let none = grow(&nowhere, &blocks(2), &mut LocalDisk);
    assert!(matches!(none, Err(ArchiveError::NoRun { .. })), "{none:?}");
}

#[test]
fn a_damaged_segment_of_a_prefix_is_walked_again_after_it_has_grown() {
    let dir = TempDir::new().expect("a temporary folder");
    let (root, alone) = (dir.path().join("grown"), dir.path().join("alone"));
    let (prefix, longer) = (blocks(32), blocks(64));
    whole(&prefix, &root);
    whole(&longer, &alone);
    let segment = root.join("segments/000000016-000000032");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    let last = bytes.len() - 40;
    bytes[last] ^= 4;
    std::fs::write(&segment, bytes).expect("it is written");
    grow(&root, &longer, &mut LocalDisk).unwrap_or_else(|error| panic!("{error}"));
    let (n_paths, notes) = found(&longer, &root);
    assert_eq!((n_paths, notes.len()), (16 * BLOCK_PATHS, 1), "{notes:?}");
    let lived = live(&longer, place(&root, None), WHOLE_LIFE, &mut LocalDisk as &mut dyn Disk);
    assert_eq!(lived.unwrap_or_else(|error| panic!("{error}")), Lived::Finished);
    assert_same(&files(&root), &files(&alone), "after damage");
    assert_eq!(
        read_counted(&root, &longer).unwrap_or_else(|error| panic!("{error}")).tally.sums.n_paths,
        64 * BLOCK_PATHS
    );
}
