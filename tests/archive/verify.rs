//! Does verification pass what is true, and name the block, path or file that is not?

use std::fs;
use std::ops::Range;
use std::path::Path;

use tempfile::TempDir;

use shortfall::archive::sealed::{json, pack_json, unpack_json};
use shortfall::archive::{ArchiveError, Damage, LocalDisk, Manifest, Sealed, Shard, Subject};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Backend, EngineError, Walkers, single_paths};
use shortfall::tail::{BLOCK_PATHS, Counters, Outcome};

use super::{Lived, N_PATHS, WHOLE_LIFE, counted, live, live_on, place, subject, whole};

/// Verifies a directory: its bytes, its figures, these blocks (all, with counters, if there are
/// none) and its tail.
fn verify(root: &Path, blocks: &[u64]) -> Result<(), ArchiveError> {
    let sealed = Sealed::read(root)?;
    sealed.check_figures(2)?;
    let subject = &sealed.subject;
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 2);
    let mut walkers = Walkers { program: &subject.program, backend: &mut cpu, other: None };
    for block in blocks {
        sealed.check_block(&mut walkers, *block)?;
    }
    if blocks.is_empty() {
        sealed.check_all(&mut walkers, 8192, &mut ())?;
    }
    let tail = sealed.tail();
    let paths: Vec<u64> = tail.iter().map(|(path, _)| *path).collect();
    let outcomes = single_paths(&subject.program, subject.plan.seed, 2, &paths)?;
    for ((path, there), outcome) in tail.iter().zip(outcomes) {
        sealed.check_path(*path, *there, outcome.loss())?;
    }
    Ok(())
}

/// A backend that tells one lie.
struct Liar<'a> {
    honest: Cpu<'a>,
    path: u64,
    lie: fn(&mut Outcome, &mut Counters),
}

impl Backend for Liar<'_> {
    fn name(&self) -> &'static str {
        "liar"
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        self.honest.run(paths.clone(), outcomes, counters)?;
        if paths.contains(&self.path) {
            (self.lie)(&mut outcomes[(self.path - paths.start) as usize], counters);
        }
        Ok(())
    }
}

fn lie_about(subject: &Subject, root: &Path, path: u64, lie: fn(&mut Outcome, &mut Counters)) {
    let honest = Cpu::new(&subject.program, subject.plan.seed, 2);
    let mut liar = Liar { honest, path, lie };
    let lived = live_on(subject, place(root, None), WHOLE_LIFE, &mut LocalDisk, &mut liar);
    assert_eq!(lived.expect("a run"), Lived::Finished);
}

#[test]
fn what_is_true_passes() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    whole(&subject, dir.path());
    verify(dir.path(), &[0, 17, 34]).expect("true");
    verify(dir.path(), &[]).expect("true");
    let sealed = Sealed::read(dir.path()).expect("sealed");
    assert_eq!((sealed.blocks(), sealed.tail().len() as u64), (0..35, N_PATHS.div_ceil(100)));
    assert!(sealed.tail()[0].1 > 0, "the tail loses something");
    assert!(sealed.counted == counted(&subject, dir.path()));
}

#[test]
fn a_shard_can_be_verified_by_itself() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let shard = Shard { index: 1, count: 3 };
    live(&subject, place(dir.path(), Some(shard)), WHOLE_LIFE, &mut LocalDisk).expect("a shard");
    let folder = place(dir.path(), Some(shard)).published();
    let blocks = Sealed::read(&folder).expect("sealed").blocks();
    verify(&folder, &[blocks.start, blocks.end - 1]).expect("true");
    verify(&folder, &[]).expect("true");
}

#[test]
fn every_changed_byte_is_found_and_its_file_named() {
    let dir = TempDir::new().expect("a temporary folder");
    whole(&subject(5000, 1), dir.path());
    let names: Vec<String> = super::files(dir.path()).into_keys().collect();
    assert_eq!(names.len(), 9);
    for name in names.iter().map(String::as_str).chain(["run.json"]) {
        let path = dir.path().join(name);
        let sound = fs::read(&path).expect("a file");
        let step = (sound.len() / 60).max(1);
        for at in (0..sound.len()).step_by(step).chain([sound.len() - 1]) {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, &bytes).expect("a file");
            match Sealed::read(dir.path()) {
                Err(ArchiveError::Damaged { path: named, .. }) => assert_eq!(named, path),
                other => panic!("{name}, byte {at}: {other:?}"),
            }
        }
        fs::write(&path, &sound).expect("a file");
    }
    fs::write(dir.path().join("notes.txt"), "mine").expect("a file");
    let told = Sealed::read(dir.path()).expect_err("an unknown file").to_string();
    assert!(told.contains("notes.txt") && told.contains("take it away"), "{told}");
}

#[test]
fn a_figure_that_is_forged_and_sealed_anew_does_not_follow_from_the_segments() {
    let dir = TempDir::new().expect("a temporary folder");
    whole(&subject(N_PATHS, 1), dir.path());
    let path = dir.path().join("summary.json");
    let mut summary: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    summary["bad_debt"]["mean_usd"] = 0.0.into();
    let forged = json(&summary);
    fs::write(&path, &forged).expect("a file");
    let manifest = dir.path().join("manifest.json");
    let mut listed: Manifest = unpack_json(&fs::read(&manifest).expect("a file")).expect("sealed");
    let entry = listed.files.get_mut("summary.json").expect("it is listed");
    *entry = shortfall::archive::manifest::Listed::of(&forged);
    fs::write(&manifest, pack_json(&listed)).expect("a file");
    match verify(dir.path(), &[0]) {
        Err(ArchiveError::Damaged { path: named, damage: Damage::NotTheSum }) => {
            assert_eq!(named, path);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_outcome_that_was_computed_wrongly_is_found_where_its_block_is_drawn() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let path = 20 * BLOCK_PATHS + 7;
    lie_about(&subject, dir.path(), path, |outcome, counters| {
        outcome.liquidated += 1;
        counters.steps[0].liquidated += 1;
    });
    verify(dir.path(), &[19, 21]).expect("the wrong block is not among them");
    for blocks in [&[20][..], &[]] {
        match verify(dir.path(), blocks) {
            Err(ArchiveError::WrongBlock { block, first_path, last_path, there, here, .. }) => {
                assert_eq!((block, first_path, last_path), (20, 81_920, 86_015));
                assert_ne!(there, here);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_loss_that_was_made_up_is_found_in_the_tail() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    lie_about(&subject, dir.path(), 9, |outcome, counters| {
        // The counters lie with it: a tally whose sums do not add up is refused unwalked.
        outcome.realised += 1 << 56;
        counters.positions[0].loss += 1 << 56;
        counters.steps[0].loss += 1 << 56;
    });
    match verify(dir.path(), &[1]) {
        Err(ArchiveError::WrongPath { path_idx: 9, there, here, .. }) => assert!(there > here),
        other => panic!("{other:?}"),
    }
}

#[test]
fn counters_that_were_summed_wrongly_are_found_when_all_is_walked_again() {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    lie_about(&subject, dir.path(), 9, |_, counters| counters.positions[0].n_defaults += 1);
    verify(dir.path(), &[0, 1]).expect("outcomes are right");
    match verify(dir.path(), &[]) {
        Err(ArchiveError::WrongCounters { path }) => {
            assert!(path.ends_with("segments/000000000-000000016"), "{path:?}");
        }
        other => panic!("{other:?}"),
    }
}
