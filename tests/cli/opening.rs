//! What the opening comes to: in every format, in gates, in comparisons.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{json, shortfall, stderr, text_of, told, write};

/// A loan that is lost at the opening prices by 5,000 USD, and one that is far from it.
const BOOK: &str = "position,venue,kind,asset,amount\n\
    lost,comp,collateral,A,50\nlost,comp,debt,USD,10000\n\
    sound,comp,collateral,A,100\nsound,comp,debt,USD,100\n";

const SCENARIO: &str = r#"
name = "lost at the opening"
book = "book.csv"

[run]
paths = 64
steps = 2
step = "1h"
seed = 1
levels = [0.95]

[[assets]]
name = "A"
price_usd = 100
volatility = 0.1
liquidation_threshold = 0.8

[[assets]]
name = "USD"
price_usd = 1
volatility = 0
is_stable = true

[venues.comp]
rule = "aave-v3"
"#;

/// The scenario in a folder, with `edit` made to it.
fn written(dir: &TempDir, name: &str, edit: (&str, &str)) -> String {
    write(dir, "book.csv", BOOK);
    let edited = SCENARIO.replace(edit.0, edit.1);
    assert_eq!(edited == SCENARIO, edit.0 == edit.1);
    write(dir, name, &edited)
}

const RUN: [&str; 4] = ["--backend", "cpu", "--format", "json"];

#[test]
fn a_book_that_is_lost_at_the_opening_breaches_its_gates_for_certain() {
    let dir = TempDir::new().expect("a temporary folder");
    let scenario = written(&dir, "s.toml", ("", ""));
    let code = |gate: &str| {
        let output = shortfall(&[&["run", &*scenario, "--fail-on", gate][..], &RUN].concat());
        let run: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{gate}: {error}: {}", stderr(&output)));
        let gate = run["gates"][0].clone();
        assert_eq!((&gate["low"], &gate["high"]), (&gate["value"], &gate["value"]), "{gate}");
        output.status.code()
    };
    let breached = [
        "opening.n > 0",
        "opening.liquidated >= 1",
        "opening.repaid > 1e3",
        "opening.bad_debt > 4.9e3",
    ];
    assert_eq!(breached.map(code), [Some(99); 4]);
    let passed = ["opening.n > 1", "opening.bad_debt > 5.5e3"];
    assert_eq!(passed.map(code), [Some(0); 2]);
}

#[test]
fn every_format_tells_the_opening_and_names_the_largest() {
    let dir = TempDir::new().expect("a temporary folder");
    let scenario = written(&dir, "s.toml", ("", ""));
    let opening = &json(&["run", &scenario, "--backend", "cpu"])["opening"];
    assert_eq!((&opening["n"], &opening["liquidated"]), (&1.into(), &1.into()), "{opening}");
    let number = |key: &str| opening[key].as_f64().expect("a number");
    let (repaid, bad_debt) = (number("repaid_usd"), number("bad_debt_usd"));
    assert!((repaid + bad_debt - 1e4).abs() < 0.01 && bad_debt > 4.9e3, "{opening}");
    let largest = &opening["largest"];
    assert_eq!((&largest["position"], &largest["of"]), (&"lost".into(), &"bad-debt".into()));
    assert_eq!(largest["usd"], opening["bad_debt_usd"]);
    let text = told(&["run", &scenario, "--backend", "cpu"]);
    let markdown = told(&["run", &scenario, "--backend", "cpu", "--format", "markdown"]);
    let fold = markdown.find("<details>").expect("a fold");
    for told in [&*text, &markdown[..fold]] {
        assert!(told.contains("1 position liquidatable and settled, 1 liquidated"), "{told}");
        assert!(told.contains("the largest: lost at comp, "), "{told}");
    }
}

/// A change that liquidates at once does not look better than none.
#[test]
fn a_change_that_liquidates_at_the_opening_shows_in_the_comparison() {
    let dir = TempDir::new().expect("a temporary folder");
    let plain = written(&dir, "plain.toml", ("", ""));
    // At this threshold both positions are liquidatable.
    let strict = written(
        &dir,
        "strict.toml",
        ("liquidation_threshold = 0.8", "liquidation_threshold = 0.005"),
    );
    let baseline = text_of(&dir.path().join("baseline"));
    told(&["run", &plain, "--backend", "cpu", "--out", &baseline]);
    assert!(fs::read_dir(&baseline).is_ok());
    let gate = ["--baseline", &baseline, "--fail-on", "delta.opening.n > 0"];
    let output = shortfall(&[&["run", &*strict][..], &gate, &RUN].concat());
    assert_eq!(output.status.code(), Some(99), "{}", stderr(&output));
    let run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let differences = run["baseline"]["differences"].as_array().expect("a list");
    let found = differences.iter().find(|it| it["figure"] == "opening.n").expect("a row");
    for (key, value) in [("value", 2.0), ("baseline", 1.0), ("low", 1.0), ("high", 1.0)] {
        assert_eq!(found[key], value, "{found}");
    }
    let found = differences.iter().find(|it| it["figure"] == "opening.bad_debt").expect("a row");
    assert_eq!((&found["low"], &found["high"]), (&found["difference"], &found["difference"]));
}
