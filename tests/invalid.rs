//! Does every fault of an input stop at the door, with its file, line, key, value and remedy?

use std::path::Path;

use proptest::prelude::*;
use shortfall::scenario::{Broken, Faults, Overrides, load};

/// The folder of the invalid scenarios, as a path that reads the same on every machine.
const FOLDER: &str = "scenarios/invalid";

const VALID: &str = include_str!("valid/scenario.toml");
const VALID_BOOK: &str = include_str!("valid/book.csv");
const LIQUID: &str = include_str!("valid/liquidity.toml");
const QUOTES: &str = include_str!("valid/quotes.csv");

fn faults_of(path: &Path) -> Faults {
    load(path, &Overrides::default()).expect_err("an invalid scenario")
}

#[test]
fn every_invalid_scenario_tells_its_fault() {
    insta::glob!("..", "scenarios/invalid/*.toml", |path| {
        let relative = Path::new(FOLDER).join(path.file_name().expect("a file"));
        let faults = faults_of(&relative);
        assert!(faults.n_faults() >= 1);
        insta::assert_snapshot!(faults.to_string());
    });
}

#[test]
fn a_missing_scenario_and_a_folder_are_told() {
    let missing = faults_of(&Path::new(FOLDER).join("absent.toml"));
    assert_eq!(missing.listed()[0].broken, Broken::NoSuchFile);
    assert_eq!(faults_of(Path::new(FOLDER)).listed()[0].broken, Broken::IsAFolder);
}

#[test]
fn flags_outside_their_bounds_are_told_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = written_to(folder.path(), VALID.as_bytes(), VALID_BOOK.as_bytes());
    let overrides = Overrides { paths: Some(0), ..Overrides::default() };
    let faults = load(&scenario, &overrides).expect_err("no path is no run");
    assert!(faults.to_string().starts_with("--paths = 0 is not between 1 and"), "{faults}");
}

/// Writes a scenario and its book, and returns the scenario's path.
fn written_to(folder: &Path, scenario: &[u8], book: &[u8]) -> std::path::PathBuf {
    let path = folder.join("scenario.toml");
    std::fs::write(&path, scenario).expect("a scenario");
    std::fs::write(folder.join("book.csv"), book).expect("a book");
    path
}

/// Changes of a text: at which byte (scaled to its length), how many go, and what comes.
fn changes() -> impl Strategy<Value = Vec<(u16, u8, Vec<u8>)>> {
    let inserted = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec!["nan", "-", "1e999", "[", "\"", "\n", ",", "=", "[[a]]\n", "9"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec((any::<u16>(), 0_u8..12, inserted), 1..4)
}

fn changed(text: &str, changes: &[(u16, u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, n_removed, inserted) in changes {
        let start = usize::from(*at) * bytes.len() / usize::from(u16::MAX);
        let end = (start + usize::from(*n_removed)).min(bytes.len());
        bytes.splice(start..end, inserted.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn changed_scenarios_never_panic(changes in changes()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = written_to(folder.path(), &changed(VALID, &changes), VALID_BOOK.as_bytes());
        if let Err(faults) = load(&path, &Overrides::default()) {
            prop_assert!(!faults.to_string().is_empty());
        }
    }

    #[test]
    fn changed_scenarios_of_liquidity_never_panic(
        changes in changes(),
        quotes_changes in changes(),
        are_quotes_changed in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = written_to(folder.path(), &changed(LIQUID, &changes), VALID_BOOK.as_bytes());
        let quotes_changes = if are_quotes_changed { &quotes_changes[..] } else { &[] };
        std::fs::write(folder.path().join("quotes.csv"), changed(QUOTES, quotes_changes))
            .expect("quotes");
        if let Err(faults) = load(&path, &Overrides::default()) {
            prop_assert!(!faults.to_string().is_empty());
        }
    }

    #[test]
    fn changed_books_never_panic(changes in changes()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = written_to(folder.path(), VALID.as_bytes(), &changed(VALID_BOOK, &changes));
        if let Err(faults) = load(&path, &Overrides::default()) {
            prop_assert!(!faults.to_string().is_empty());
        }
    }

    #[test]
    fn bytes_of_any_kind_never_panic(
        scenario in prop::collection::vec(any::<u8>(), 0..200),
        book in prop::collection::vec(any::<u8>(), 0..200),
        is_gzip in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = written_to(folder.path(), &scenario, &book);
        prop_assert!(is_gzip || load(&path, &Overrides::default()).is_err());
        let mut book = book;
        if is_gzip {
            book.splice(0..0, [0x1f, 0x8b, 8, 0]);
        }
        let path = written_to(folder.path(), VALID.as_bytes(), &book);
        prop_assert!(load(&path, &Overrides::default()).is_err());
    }
}
