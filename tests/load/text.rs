//! Scenarios that stand in memory.

use std::path::Path;

use shortfall::engine::compile;
use shortfall::scenario::{Broken, Limit, Overrides, Scenario, Text, load};

use crate::{VALID, VALID_BOOK, written_to};

const TABLES: &[(&str, &str)] = &[("book.csv", VALID_BOOK)];

fn of_memory(text: Text<'_>) -> Result<Scenario, shortfall::scenario::Faults> {
    text.load(&Overrides::default())
}

#[test]
fn a_scenario_in_memory_is_the_one_in_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written_to(folder.path(), VALID, VALID_BOOK.as_bytes());
    let in_files = load(&path, &Overrides::default()).expect("valid");
    let name = "scenario.toml";
    let texts = [
        Text { name, ..Text::of(VALID).with_tables(TABLES) },
        Text { name, folder: Some(folder.path()), ..Text::of(VALID) },
        Text { name, folder: Some(Path::new("nowhere")), ..Text::of(VALID).with_tables(TABLES) },
    ];
    for text in texts {
        assert_eq!(of_memory(text).expect("valid"), in_files, "{:?}", text.folder);
    }
    let digest = |scenario: &Scenario| compile(scenario).expect("it compiles").digest();
    let given = Overrides { seed: Some(7), paths: Some(3), ..Overrides::default() };
    let overridden = texts[0].load(&given).expect("valid");
    assert_eq!((overridden.run.seed, overridden.run.n_paths), (7, 3));
    assert_eq!(digest(&overridden), digest(&in_files));
}

#[test]
fn faults_name_the_text_by_its_name_and_its_tables_by_theirs() {
    let wrong = VALID.replace("volatility = 0.7\n", "volatility = -0.7\n");
    let told = of_memory(Text::of(&wrong).with_tables(TABLES)).expect_err("a fault").to_string();
    assert!(told.starts_with("scenario:") && told.contains("volatility = -0.7"), "{told}");
    let named = Text { name: "from the desk", ..Text::of("assets = 3") };
    let told = of_memory(named).expect_err("a fault").to_string();
    assert!(told.starts_with("from the desk:1 assets"), "{told}");
    let book = VALID_BOOK.replace("ETH,2,", "ETH,two,");
    let tables = [("book.csv", book.as_str())];
    let told = of_memory(Text::of(VALID).with_tables(&tables)).expect_err("a fault").to_string();
    assert!(told.starts_with("book.csv:2 amount"), "{told}");
}

#[test]
fn what_stands_in_memory_alone_reads_no_file() {
    // Even one that is there.
    let here =
        VALID.replace("book.csv", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/valid/book.csv"));
    for toml in [VALID, &here] {
        let faults = toml.parse::<Scenario>().expect_err("a file is named");
        let listed = faults.listed();
        assert!(
            matches!(listed[0].broken, Broken::Limit(Limit::NoFolder { .. })) && listed.len() == 1,
            "{faults}"
        );
        assert!(faults.to_string().contains("book") && faults.to_string().contains("in memory"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).expect("a folder");
    std::fs::write(folder.path().join("book.csv"), VALID_BOOK).expect("it can be written");
    let outside = VALID.replace("book.csv", "../book.csv");
    let text = Text { folder: Some(&inner), ..Text::of(&outside) };
    let faults = of_memory(text).expect_err("a file outside");
    assert!(matches!(faults.listed()[0].broken, Broken::Limit(Limit::Outside { .. })), "{faults}");
    assert!(text.load(&Overrides { allow_outside: true, ..Overrides::default() }).is_ok());
}

#[test]
fn a_text_beyond_the_bound_of_a_file_is_refused() {
    let long = format!("{VALID}\n#{}", " ".repeat(1 << 26));
    let faults = of_memory(Text::of(&long).with_tables(TABLES)).expect_err("too long");
    assert!(matches!(faults.listed()[0].broken, Broken::Limit(Limit::TooMany { .. })), "{faults}");
}
