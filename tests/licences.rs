//! May every dependency be here: its licence, its source, its version, its name? Offline, without a
//! tool; `.deny.toml` asks the same of `cargo deny`, and for advisories.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Where every dependency comes from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The lists of `.deny.toml`.
struct Lists {
    licences: BTreeSet<String>,
    banned: BTreeSet<String>,
    /// Crates of which there may be more than one version.
    twice: BTreeSet<String>,
}

fn toml_of(name: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn lists() -> Lists {
    let deny = toml_of(".deny.toml");
    let list = |section: &str, key: &str| {
        let list = deny[section][key].as_array().unwrap_or_else(|| panic!("{section}.{key}"));
        list.iter().map(|it| it.as_str().expect("a name").to_owned()).collect()
    };
    Lists {
        licences: list("licenses", "allow"),
        banned: list("bans", "deny"),
        twice: list("bans", "skip"),
    }
}

/// What the lock file names: crate, version, source, checksum.
fn locked() -> Vec<toml::Table> {
    let lock = toml_of("Cargo.lock");
    let packages = lock["package"].as_array().expect("packages");
    packages.iter().map(|it| it.as_table().expect("a package").clone()).collect()
}

fn text<'a>(package: &'a toml::Table, key: &str) -> &'a str {
    package.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

/// The crates' own descriptions; those of every platform where all have been fetched.
fn described() -> Vec<Value> {
    let metadata = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["metadata", "--offline", "--locked", "--format-version", "1"]).args(more);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo starts")
    };
    let mut output = metadata(&[]);
    if !output.status.success() {
        let version = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo starts");
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
        println!("`cargo fetch` has not fetched other platforms' crates: those of {host} alone");
        output = metadata(&["--filter-platform", host]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Whether an expression of SPDX is satisfied by licences that are allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // Older crates write a slash for "or".
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (is_allowed, rest) = any_of(&words, allowed);
    is_allowed && rest.is_empty()
}

fn any_of<'w, 'a>(words: &'w [&'a str], allowed: &BTreeSet<String>) -> (bool, &'w [&'a str]) {
    let (mut is_allowed, mut rest) = all_of(words, allowed);
    while let [first, more @ ..] = rest
        && *first == "OR"
    {
        let (next, behind) = all_of(more, allowed);
        (is_allowed, rest) = (is_allowed | next, behind);
    }
    (is_allowed, rest)
}

fn all_of<'w, 'a>(words: &'w [&'a str], allowed: &BTreeSet<String>) -> (bool, &'w [&'a str]) {
    let (mut is_allowed, mut rest) = one_of(words, allowed);
    while let [first, more @ ..] = rest
        && *first == "AND"
    {
        let (next, behind) = one_of(more, allowed);
        (is_allowed, rest) = (is_allowed & next, behind);
    }
    (is_allowed, rest)
}

fn one_of<'w, 'a>(words: &'w [&'a str], allowed: &BTreeSet<String>) -> (bool, &'w [&'a str]) {
    match words {
        ["(", rest @ ..] => match any_of(rest, allowed) {
            (is_allowed, [")", rest @ ..]) => (is_allowed, rest),
            (_, rest) => (false, rest),
        },
        [name, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{name} WITH {exception}")), rest)
        }
        [name, rest @ ..] => (allowed.contains(*name), rest),
        [] => (false, words),
    }
}

#[test]
fn every_licence_is_allowed_and_every_one_that_is_allowed_is_needed() {
    let allowed = lists().licences;
    let all = described();
    assert!(all.len() > 100, "{} crates", all.len());
    let licence = |it: &Value| it["license"].as_str().unwrap_or_default().to_owned();
    let refused: Vec<String> = all
        .iter()
        .filter(|it| !is_allowed(&licence(it), &allowed))
        .map(|it| format!("{} {}: {:?}", it["name"], it["version"], licence(it)))
        .collect();
    assert!(refused.is_empty(), "licences that .deny.toml does not allow: {refused:#?}");
    for one in &allowed {
        let others = allowed.iter().filter(|it| *it != one).cloned().collect();
        let is_needed = all.iter().any(|it| !is_allowed(&licence(it), &others));
        assert!(is_needed, "no crate needs {one}");
    }
}

#[test]
fn every_crate_comes_from_the_registry_with_its_checksum() {
    for package in locked() {
        let name = text(&package, "name");
        if name == env!("CARGO_PKG_NAME") {
            continue;
        }
        assert_eq!(text(&package, "source"), REGISTRY, "{name}");
        assert_eq!(text(&package, "checksum").len(), 64, "{name}");
    }
}

#[test]
fn no_crate_is_banned_and_none_is_there_twice_unless_it_is_named() {
    let Lists { banned, twice, .. } = lists();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in locked() {
        let name = text(&package, "name").to_owned();
        assert!(!banned.contains(&name), "{name} is banned");
        versions.entry(name).or_default().insert(text(&package, "version").to_owned());
    }
    versions.retain(|_, versions| versions.len() > 1);
    let found: BTreeSet<String> = versions.keys().cloned().collect();
    assert_eq!(found, twice, "crates of more than one version, as .deny.toml names them");
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    let allows = |expression| is_allowed(expression, &allowed);
    for good in ["MIT", "GPL-3.0 OR MIT", "Unlicense/MIT", "(MIT OR X) AND ISC", "X AND Y OR MIT"] {
        assert!(allows(good), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH X", "(MIT OR X) AND Y", "(MIT", "MIT)"]
    {
        assert!(!allows(bad), "{bad}");
    }
}
