//! Does every program that ships come back from its bytes as it was, and no other?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use shortfall::archive::sealed::{pack, unpack};
use shortfall::archive::{Damage, Kind};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, load};

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).expect("the folder of the scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect()
}

#[test]
fn a_program_comes_back_with_its_digest_and_is_sound() {
    let paths = shipped();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let scenario = load(&path, &Overrides::default()).unwrap_or_else(|it| panic!("{it}"));
        let program = shortfall::engine::compile(&scenario).unwrap_or_else(|it| panic!("{it}"));
        let bytes = pack(Kind::Program, &program);
        let read: Program = unpack(Kind::Program, &bytes).unwrap_or_else(|it| panic!("{it}"));
        assert!(read == program, "{path:?}");
        assert_eq!(read.digest(), program.digest());
        assert_eq!(read.check(), Ok(()), "{path:?}");
        let is_other = unpack::<Program>(Kind::Segment, &bytes);
        assert!(matches!(is_other, Err(Damage::Kind { .. })));
    }
}

/// Where every number of a value stands: keys of objects, places of lists.
fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(at.to_owned()),
        Value::Array(values) => {
            // A list's first entries, and its last, stand for all.
            let last = values.len().saturating_sub(1);
            let chosen = |place: &usize| *place < 3 || *place == last;
            let chosen = (0..values.len()).filter(chosen);
            chosen.for_each(|place| numbers(&values[place], &format!("{at}/{place}"), found));
        }
        Value::Object(values) => {
            values.iter().for_each(|(key, value)| numbers(value, &format!("{at}/{key}"), found));
        }
        _ => {}
    }
}

/// Words that compiling leaves behind and nothing reads after it.
const UNREAD: [&str; 5] = ["/bias", "/largest", "/log2_mean", "/worst_bias", "/shocks/n_steps"];

/// A run is known by its program's digest, so there is no word of a program that it does not bind.
#[test]
fn no_number_of_a_program_changes_without_its_digest() {
    let mut unbound = BTreeSet::new();
    for path in shipped() {
        let scenario = load(&path, &Overrides::default()).unwrap_or_else(|it| panic!("{it}"));
        let program = shortfall::engine::compile(&scenario).unwrap_or_else(|it| panic!("{it}"));
        let digest = program.digest();
        let whole = serde_json::to_value(&program).unwrap_or_else(|it| panic!("{it}"));
        let mut places = Vec::new();
        numbers(&whole, "", &mut places);
        assert!(places.len() > 100, "{path:?} has {} numbers", places.len());
        for place in places {
            let mut changed = whole.clone();
            let number = changed.pointer_mut(&place).unwrap_or_else(|| panic!("{place}"));
            *number = match number.as_i64() {
                Some(value) if value > i64::from(i32::MIN) => (value - 1).into(),
                _ => 0.into(),
            };
            // Some words are not negative.
            if serde_json::from_value::<Program>(changed.clone()).is_err() {
                *changed.pointer_mut(&place).unwrap_or_else(|| panic!("{place}")) = 1.into();
            }
            let other: Program =
                serde_json::from_value(changed).unwrap_or_else(|it| panic!("{place}: {it}"));
            assert!(other != program, "{place} is as it was");
            // One that is refused is not walked, whatever its digest.
            let is_unread = UNREAD.iter().any(|name| place.contains(*name))
                || place.starts_with("/market/replay") && program.market.replay.each == 0;
            if !is_unread && other.check().is_ok() && other.digest() == digest {
                unbound.insert(format!("{}: {place}", path.display()));
            }
        }
    }
    assert!(unbound.is_empty(), "{unbound:#?}");
}
