//! What a scenario names lies in its own folder, is a file, and is never shown.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;

use shortfall::scenario::{Broken, Limit, Overrides, load};

use super::{Case, VALID, VALID_BOOK, refusal_of};

const SECRET: &str = "TOKEN=hunter2,PASSWORD=swordfish\nuser,hunter3\n";

fn naming(book: &str) -> Case {
    let case = Case::of(&VALID.replace("\"book.csv\"", &format!("{book:?}")), b"");
    case.put("secret", SECRET.as_bytes());
    case.put("elsewhere.csv", VALID_BOOK.as_bytes());
    case
}

#[track_caller]
fn assert_refused(case: &Case, value: &str) {
    let told = case.refusal(&[]);
    assert!(told.contains(&format!("s.toml:2 book = {value:?} leads to /")), "{told}");
    assert!(told.contains("give --allow-outside if the scenario is trusted"), "{told}");
    for secret in ["TOKEN", "hunter", "swordfish", "PATH="] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn files_outside_of_the_folder_are_refused_whatever_their_spelling() {
    for book in [
        "/proc/self/environ",
        "/etc/passwd",
        "../secret",
        "./../secret",
        "../own/../secret",
        "absent/../../secret",
        "../absent.csv",
        "/absent/of/old.csv",
        "..",
    ] {
        assert_refused(&naming(book), book);
    }
}

#[test]
fn files_inside_are_read_whatever_their_spelling() {
    for book in ["./in.csv", "sub/../in.csv", "../own/in.csv", "sub/deep.csv"] {
        let case = naming(book);
        fs::create_dir(case.path("own/sub")).unwrap();
        case.put("own/in.csv", VALID_BOOK.as_bytes());
        case.put("own/sub/deep.csv", VALID_BOOK.as_bytes());
        let output = case.check(&[]);
        assert!(output.status.success(), "{book}: {output:?}");
    }
    let case = naming("x");
    let whole = case.path("own/in.csv").display().to_string();
    case.put("own/in.csv", VALID_BOOK.as_bytes());
    case.put("own/s.toml", VALID.replace("book.csv", &whole).as_bytes());
    assert!(case.check(&[]).status.success());
}

#[cfg(unix)]
#[test]
fn links_are_followed_to_where_they_lead() {
    let case = naming("link.csv");
    symlink(case.path("secret"), case.path("own/link.csv")).unwrap();
    assert_refused(&case, "link.csv");
    let case = naming("sub/elsewhere.csv");
    symlink(case.path(""), case.path("own/sub")).unwrap();
    assert_refused(&case, "sub/elsewhere.csv");
    // As a volume of a cluster shows its files.
    let case = naming("link.csv");
    case.put("own/in.csv", VALID_BOOK.as_bytes());
    symlink("in.csv", case.path("own/link.csv")).unwrap();
    assert!(case.check(&[]).status.success());
    // The folder itself may be reached by a link.
    symlink(case.path("own"), case.path("alias")).unwrap();
    assert!(super::bounded(&case.path("alias/s.toml"), &[]).status.success());
}

#[test]
fn every_key_that_names_a_file_is_held_to_it() {
    let replay = "[market.replay]\nprices = \"../p.csv\"\n[market.correlation]";
    let quotes = "[market.depth.ETH]\nform = \"table\"\nquotes = \"../q.csv\"\n[market.corr";
    for (scenario, place) in [
        (VALID.replacen("[market.correlation]", replay, 1), "market.replay.prices = \"../p.csv\""),
        (VALID.replacen("[market.corr", quotes, 1), "market.depth.ETH.quotes = \"../q.csv\""),
    ] {
        let case = Case::of(&scenario, VALID_BOOK.as_bytes());
        case.put("p.csv", SECRET.as_bytes());
        case.put("q.csv", SECRET.as_bytes());
        let told = case.refusal(&[]);
        assert!(told.contains(place) && !told.contains("hunter"), "{told}");
        assert!(case.refusal(&["--allow-outside"]).contains("column"), "{told}");
    }
}

#[test]
fn the_command_line_may_name_any_file_and_allow_all() {
    let case = naming("../elsewhere.csv");
    assert_refused(&case, "../elsewhere.csv");
    assert!(case.check(&["--allow-outside"]).status.success());
    let elsewhere = case.path("elsewhere.csv").display().to_string();
    assert!(case.check(&["--book", &elsewhere]).status.success());
    let faults = load(&case.path("own/s.toml"), &Overrides::default()).unwrap_err();
    assert!(matches!(&faults.listed()[0].broken, Broken::Limit(Limit::Outside { .. })));
    let overrides = Overrides { allow_outside: true, ..Overrides::default() };
    assert!(load(&case.path("own/s.toml"), &overrides).is_ok());
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_for_a_scenario_to_name() {
    let case = naming("pipe.csv");
    let made = std::process::Command::new("mkfifo").arg(case.path("own/pipe.csv")).status();
    assert!(made.unwrap().success());
    assert!(case.refusal(&[]).contains("own/pipe.csv is a pipe or a device"));
    let case = naming("/dev/zero");
    assert_refused(&case, "/dev/zero");
    assert!(case.refusal(&["--allow-outside"]).contains("/dev/zero is a pipe or a device"));
    let told = case.refusal(&["--book", "/dev/zero"]);
    assert!(told.contains("/dev/zero:1 has more than 262144 bytes in a row"), "{told}");
    let told = refusal_of(&super::bounded("/dev/zero".as_ref(), &[]));
    assert!(told.contains("/dev/zero has more than 8388608 bytes"), "{told}");
}

#[test]
fn of_a_file_that_is_no_table_or_scenario_little_is_shown() {
    let long = "s3cret-".repeat(40);
    let case = naming("../secret");
    case.put("secret", format!("{}\n", vec![long.as_str(); 30].join(",")).as_bytes());
    let told = case.refusal(&["--allow-outside"]);
    assert!(told.contains("and 18 more") && told.len() < 1000, "{told}");
    case.put("own/s.toml", format!("{long} {long}").as_bytes());
    let told = case.refusal(&[]);
    assert!(told.matches("s3cret").count() < 7 && told.len() < 400, "{told}");
    let book = format!("position,venue,kind,asset,amount\na,{long},{long},{long},{long}\n");
    let told = Case::of(VALID, book.as_bytes()).refusal(&[]);
    assert!(told.lines().count() == 4 && told.lines().all(|it| it.len() < 300), "{told}");
}
