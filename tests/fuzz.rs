//! Does any input, however hostile, make the program panic, wait or take memory without end?
//!
//! Inputs are those of the seeds below, changed in a few places; what is sealed is sealed again, so
//! that the change gets past the seals. Overflow checks are on, as in every test. Each case follows
//! from (`SHORTFALL_FUZZ_SEED`, its target, its number): a failure names all three and where its
//! input lies, and `SHORTFALL_FUZZ_ONLY=TARGET:NUMBER` runs that case alone. `SHORTFALL_FUZZ` is
//! the number of cases in all.

mod fuzz {
    pub(crate) mod dice;
    pub(crate) mod disk;
    pub(crate) mod facts;
    pub(crate) mod folder;
    pub(crate) mod limits;
    pub(crate) mod program;
    pub(crate) mod proof;
    pub(crate) mod text;
}

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use shortfall::scenario::Overrides;

use fuzz::dice::Dice;
use fuzz::folder::{Folder, TARGETS};
use fuzz::limits::{Counting, MOST_BYTES, MOST_TIME, Taken};
use fuzz::program::Hostile;
use fuzz::proof::Proofs;
use fuzz::text::Texts;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One at a time, so that what a case takes is its own.
static ALONE: Mutex<()> = Mutex::new(());

/// Cases in all, where the environment does not say.
const USUAL_CASES: u64 = 6_000;
const SEEDS: [&str; 2] = ["lending", "perps"];

fn number_of(variable: &str, usual: u64) -> u64 {
    let written = std::env::var(variable).ok();
    written.and_then(|it| it.replace('_', "").parse().ok()).unwrap_or(usual)
}

/// Runs the cases of a target, each of which says its input, by the names of files, and then runs;
/// whether it got past the door.
fn cases(
    target: &str,
    share: u64,
    mut make: impl FnMut(&mut Dice) -> Option<BTreeMap<String, Vec<u8>>>,
    mut run: impl FnMut(&BTreeMap<String, Vec<u8>>) -> bool,
) {
    let seed = number_of("SHORTFALL_FUZZ_SEED", 20_260_801);
    let n_cases = number_of("SHORTFALL_FUZZ", USUAL_CASES) * share / 100;
    let only = std::env::var("SHORTFALL_FUZZ_ONLY").ok();
    let only = only.as_ref().and_then(|it| it.split_once(':'));
    let range = match only {
        Some((name, number)) if name == target => {
            let number: u64 = number.parse().expect("a number");
            number..number + 1
        }
        Some(_) => return,
        None => 0..n_cases,
    };
    let of_target = target.bytes().fold(0, |hash: u64, it| hash.wrapping_mul(31) + u64::from(it));
    let (mut most, mut n_made, mut n_through, mut n_faults) = (Taken::default(), 0_u64, 0_u64, 0);
    for number in range {
        let mut dice = Dice(seed ^ (number << 20) ^ of_target);
        let Some(input) = make(&mut dice) else { continue };
        n_made += 1;
        let (found, taken) = Taken::by(|| catch_unwind(AssertUnwindSafe(|| run(&input))));
        most = most.join(taken);
        n_through += u64::from(matches!(found, Ok(true)));
        let fault = match found {
            Err(_) => "it panics".to_owned(),
            Ok(_) if taken.bytes > MOST_BYTES => format!("it takes {} bytes", taken.bytes),
            Ok(_) if taken.time > MOST_TIME => format!("it takes {:?}", taken.time),
            Ok(_) => continue,
        };
        n_faults += 1;
        let folder = std::env::temp_dir().join(format!("shortfall-fuzz-{target}-{number}"));
        let _ = std::fs::remove_dir_all(&folder);
        for (name, bytes) in &input {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
        let again = format!("SHORTFALL_FUZZ_SEED={seed} SHORTFALL_FUZZ_ONLY={target}:{number}");
        eprintln!("{target} {number}: {fault}; its input is {}; {again}", folder.display());
    }
    println!(
        "{target}: {n_made} cases, {n_through} through, {n_faults} faults; at most {} KiB, {:?}",
        most.bytes >> 10,
        most.time
    );
    assert_eq!(n_faults, 0, "{target}: see above");
}

#[test]
fn no_text_is_too_much() {
    let _alone = ALONE.lock().unwrap_or_else(|it| it.into_inner());
    for seed in SEEDS {
        let texts = Texts::of(seed);
        cases(
            &format!("text-{seed}"),
            20,
            |dice| Some(BTreeMap::from([texts.harmed(dice)])),
            |input| input.iter().all(|(name, bytes)| texts.run(name, bytes, &Overrides::default())),
        );
    }
    let texts = Texts::of("lending");
    let scenario = texts.file("scenario.toml");
    cases(
        "gates",
        6,
        |dice| {
            let Overrides { gates, until, .. } = Texts::gates(dice);
            let gates =
                gates.into_iter().enumerate().map(|(idx, gate)| (format!("gate-{idx}"), gate));
            let until = until.into_iter().map(|it| ("until".to_owned(), it));
            Some(gates.chain(until).map(|(name, text)| (name, text.into_bytes())).collect())
        },
        |input| {
            let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
            let until = input.get("until").map(text);
            let gates = input.iter().filter(|(name, _)| name.starts_with("gate"));
            let gates = gates.map(|(_, bytes)| text(bytes)).collect();
            let overrides = Overrides { gates, until, ..Overrides::default() };
            texts.run("scenario.toml", &scenario, &overrides)
        },
    );
}

#[test]
fn no_proof_is_too_much() {
    let _alone = ALONE.lock().unwrap_or_else(|it| it.into_inner());
    let proofs = Proofs::of("lending");
    cases(
        "proof",
        8,
        |dice| Some(BTreeMap::from([("proof.json".to_owned(), proofs.harmed(dice))])),
        |input| input.values().all(|bytes| proofs.run(bytes)),
    );
}

#[test]
fn no_folder_is_too_much() {
    let _alone = ALONE.lock().unwrap_or_else(|it| it.into_inner());
    for seed in SEEDS {
        let folder = Folder::of(seed);
        for target in TARGETS {
            let name = format!("{target:?}-{seed}").to_lowercase();
            cases(&name, 3, |dice| folder.harmed(target, dice), |files| folder.read(files));
        }
    }
}

#[test]
fn no_field_of_a_program_is_too_much() {
    let _alone = ALONE.lock().unwrap_or_else(|it| it.into_inner());
    for seed in SEEDS {
        let hostile = Hostile::of(seed);
        let (n_fields, n_refused) = hostile.every_field();
        println!("fields of {seed}: {n_fields} values, {n_refused} refused");
        assert!(n_refused > n_fields / 3, "{n_refused} of {n_fields} are refused");
    }
}
