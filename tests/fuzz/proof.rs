//! Proofs whose values were changed and sealed again: what is read is refused by name, or its
//! blocks are compared.

use std::path::Path;

use serde_json::Value;
use shortfall::archive::sealed::seal;
use shortfall::archive::{
    Ended, LocalDisk, Next, Opened, Origin, Place, Proof, RunDirectory, Sealed, Subject, Watch,
};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Done, Walkers};
use shortfall::report::RunFacts;
use shortfall::scenario::{Overrides, load};
use shortfall::tail::Node;

use super::dice::Dice;
use super::facts::facts;

/// Three blocks, the last of them short.
const N_PATHS: u64 = 2 * 4096 + 77;

/// A proof, and what its blocks are.
pub(crate) struct Proofs {
    bytes: Vec<u8>,
    leaf: Node,
}

/// What stands before the seal.
const SEAL: &str = ",\n  \"seal\": \"";

/// What a run of digits becomes.
const EXTREMES: [&str; 12] = [
    "0",
    "1",
    "-1",
    "f",
    "00",
    "4096",
    "1099511627776",
    "1099511627777",
    "18446744073709551615",
    "340282366920938463463374607431768211455",
    "-170141183460469231731687303715884105728",
    "1e308",
];

/// Where runs of digits stand, those of hexadecimal words included.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match found.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            _ => found.push((at, 1)),
        }
    }
    found
}

struct Unwatched;

impl Watch for Unwatched {
    fn after(&mut self, _: Done<'_>) -> Next {
        Next::GoOn
    }
}

impl Proofs {
    /// Of a run of a scenario of this folder.
    pub(crate) fn of(name: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name);
        let scenario = load(&from.join("scenario.toml"), &Overrides::default())
            .unwrap_or_else(|faults| panic!("{faults}"));
        let program = shortfall::engine::compile(&scenario).expect("a seed compiles");
        let facts = facts(&scenario, &program);
        let origin = Origin { files: Vec::new(), keys: Value::Null };
        let subject = Subject::new(program, facts, N_PATHS, false, origin);
        let dir = tempfile::TempDir::new().expect("a temporary folder");
        finish(&subject, dir.path());
        let mut sealed = Sealed::read(dir.path()).unwrap_or_else(|error| panic!("{error}"));
        sealed.check_figures(1).unwrap_or_else(|error| panic!("{error}"));
        let mut proof = Proof::of(&sealed, 2, Some("a beacon".to_owned())).expect("a whole run");
        proof.signature = Some("ab".repeat(64));
        let leaf = sealed.counted.tally.leaves()[0].clone();
        Self { bytes: proof.bytes(), leaf }
    }

    /// A proof with a few of its values changed, sealed again or not.
    pub(crate) fn harmed(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if dice.below(8) == 0 {
            dice.harm(&mut bytes);
            return bytes;
        }
        let text = std::str::from_utf8(&bytes).expect("text");
        let end = text.rfind(SEAL).expect("a seal");
        let mut body = text[..end].to_owned();
        for _ in 0..=dice.below(2) {
            let numbers: Vec<(usize, usize)> = numbers(&body);
            let (start, length) = numbers[dice.below(numbers.len())];
            let other = EXTREMES[dice.below(EXTREMES.len())];
            body.replace_range(start..start + length, other);
        }
        let seal = seal(body.as_bytes());
        format!("{body}{SEAL}{seal}\"\n}}\n").into_bytes()
    }

    /// Reads a proof as `verify` does; whether it got past the door.
    pub(crate) fn run(&self, bytes: &[u8]) -> bool {
        let read = Proof::read(bytes);
        let Ok(proof) = read else { return false };
        let _ = proof.holdings();
        for place in 0..proof.drawn().count() {
            let _ = proof.check_block(place, self.leaf.clone());
        }
        let _ = proof.root.scalars.tail_bounds(0.99);
        true
    }
}

fn finish(subject: &Subject, root: &Path) {
    let place = Place { root: root.to_owned(), shard: None };
    let mut disk = LocalDisk;
    let opened = RunDirectory::open(place, subject, &mut disk, false);
    let Ok(Opened::Open(mut directory)) = opened else { panic!("a new folder") };
    let found = directory.find().unwrap_or_else(|error| panic!("{error}"));
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 1);
    let mut walkers = Walkers { program: &subject.program, backend: &mut cpu, other: None };
    let ended = directory.walk(&mut walkers, 4096, found, &mut Unwatched);
    let Ok(Ended::Finished(counted)) = ended else { panic!("{ended:?}") };
    let results = counted.results(subject, 1).unwrap_or_else(|error| panic!("{error}"));
    let run = RunFacts {
        backend: "cpu".to_owned(),
        adapter: None,
        threads: 1,
        lanes: "portable".to_owned(),
        batch: 4096,
        walked_paths: N_PATHS,
        wall_seconds: 1.0,
        cpu_seconds: 1.0,
        checkpoint_seconds: 0.0,
        paths_per_second: None,
        checks_per_cpu_second: None,
        fallbacks: Vec::new(),
    };
    directory.finish(&counted, Some(&results), run).unwrap_or_else(|error| panic!("{error}"));
}
