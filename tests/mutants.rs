//! Is every fault of `tests/mutants/list.toml` where the list says it is, and do its tests exist?
//!
//! Putting them in takes an hour or two: `tests/mutants/run.py` does, and so does this test where
//! `SHORTFALL_FULL` is 1.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// A fault: what stands in a file, what is put in its place, what that breaks, who must notice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    file: String,
    old: String,
    new: String,
    breaks: String,
    fails: Vec<String>,
}

/// The parts of the house that faults are put into, and how many there are at least.
const PARTS: [(&str, usize); 7] = [
    ("src/book/", 8),
    ("src/tail/", 8),
    ("src/program/", 5),
    ("src/engine/cpu/", 8),
    ("src/engine/reference/", 8),
    ("src/job/", 3),
    ("shaders/", 8),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn list() -> Vec<Mutant> {
    let text = read("tests/mutants/list.toml");
    toml::from_str::<List>(&text).unwrap_or_else(|error| panic!("list.toml: {error}")).mutant
}

/// All code of a test target: its file and those in its folder; of `lib`, all there is.
fn code_of(target: &str) -> String {
    let places = match target {
        "lib" => vec![root().join("src")],
        _ => {
            vec![root().join(format!("tests/{target}.rs")), root().join(format!("tests/{target}"))]
        }
    };
    let mut code = String::new();
    let mut left: Vec<_> = places.into_iter().filter(|place| place.exists()).collect();
    assert!(!left.is_empty(), "there is no test target {target}");
    while let Some(place) = left.pop() {
        if place.is_dir() {
            let entries = fs::read_dir(&place).expect("a folder");
            left.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if place.extension().is_some_and(|it| it == "rs") {
            // A test's name begins with its modules.
            code += &format!("{}\n", place.with_extension("").display()).replace('/', "::");
            code += &fs::read_to_string(&place).expect("a file of code");
        }
    }
    code
}

#[test]
fn every_fault_is_found_once_where_the_list_says() {
    let mut names = BTreeSet::new();
    for mutant in list() {
        let Mutant { name, file, old, new, breaks, fails } = mutant;
        let n_found = read(&file).matches(&old).count();
        assert_eq!(n_found, 1, "{name}: {file} has its old text {n_found} times, not once:\n{old}");
        assert_ne!(old, new, "{name} changes nothing");
        assert!(!breaks.is_empty() && !fails.is_empty(), "{name} does not say what it breaks");
        assert!(names.insert(name.clone()), "{name} stands in the list twice");
    }
}

#[test]
fn every_fault_names_tests_that_there_are() {
    let mut code = BTreeMap::new();
    for Mutant { name, fails, .. } in list() {
        for test in fails {
            let (target, part) = test.split_once(':').unwrap_or((&test, ""));
            let code = code.entry(target.to_owned()).or_insert_with(|| code_of(target));
            let part = part.trim();
            assert!(code.contains(part), "{name}: {target} has no test with {part} in its name");
        }
    }
}

#[test]
fn every_part_of_the_house_has_its_faults() {
    for (part, n_least) in PARTS {
        let n_faults = list().iter().filter(|it| it.file.starts_with(part)).count();
        assert!(n_faults >= n_least, "{part} has {n_faults} faults, fewer than {n_least}");
    }
}

#[test]
fn every_fault_fails_its_tests() {
    if std::env::var_os("SHORTFALL_FULL").is_none_or(|it| it != "1") {
        println!("not asked for: SHORTFALL_FULL=1 puts the faults in, one by one");
        return;
    }
    let script = root().join("tests/mutants/run.py");
    let status = Command::new("python3").arg(script).status().expect("python3");
    assert!(status.success(), "a fault survived");
}
