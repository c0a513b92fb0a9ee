//! Markets of finite depth: what a run compares, what it refuses to, and what a path tells.

use serde_json::Value;
use tempfile::TempDir;

use super::{SCENARIO, fault, json, told, write};

/// A fall by a third at the second step, into a pool that the book's collateral would empty.
const DEEP: &str = r#"
name = "deep"
book = "book.csv"

[run]
paths = 200
steps = 6
step = "1h"

[[assets]]
name = "ETH"
price_usd = 2000
volatility = 0.6
liquidation_threshold = 0.8

[[assets]]
name = "USDC"
price_usd = 1
volatility = 0
is_stable = true

[[market.shocks]]
assets = ["ETH"]
change = -0.3
at = "1h"

[market.depth.ETH]
form = "constant-product"
reserve_usd = 3e6
half_life = "3h"

[market.feedback]
timing = "same-step"
rounds = 4

[venues.lender]
rule = "aave-v3"

[venues.exchange]
rule = "perpetual"
insurance_fund_usd = 10_000
"#;

const BOOK: &str = "position,venue,kind,asset,amount,entry_price
whale,lender,collateral,ETH,500,
whale,lender,debt,USDC,640000,
shrimp,lender,collateral,ETH,2,
shrimp,lender,debt,USDC,2200,
loop,lender,collateral,ETH,10,
loop,lender,debt,USDC,15500,
long,exchange,collateral,USDC,30000,
long,exchange,perp,ETH,60,2000
";

/// Writes the scenario with another end; its path.
fn deep(dir: &TempDir, name: &str, more: &str) -> String {
    write(dir, "book.csv", BOOK);
    write(dir, name, &format!("{DEEP}\n{more}"))
}

#[test]
fn feedback_is_compared_by_flag_and_by_scenario_alike() {
    let dir = TempDir::new().expect("a temporary folder");
    let plain = deep(&dir, "plain.toml", "");
    let asked = DEEP.replace("[run]", "[run]\ncompare_feedback = true");
    let asked = write(&dir, "asked.toml", &asked);
    let by_flag = json(&["run", &plain, "--backend", "cpu", "--compare-feedback"]);
    let by_key = json(&["run", &asked, "--backend", "cpu"]);
    assert_eq!(by_flag["feedback"], by_key["feedback"]);
    let feedback = &by_flag["feedback"];
    let figure = |key: &str| feedback[key].as_f64().unwrap_or_else(|| panic!("{key}: {feedback}"));
    assert_eq!(feedback["bad_debt_with_usd"], by_flag["bad_debt"]["mean_usd"]);
    assert_eq!((figure("n_paths"), figure("better_paths")), (200.0, 0.0));
    assert!(figure("worse_paths") > 100.0, "{feedback}");
    let difference = figure("bad_debt_with_usd") - figure("bad_debt_without_usd");
    assert!((figure("difference_usd") - difference).abs() < 1e-6, "{feedback}");
    assert!(
        figure("difference_low_usd") < difference && difference < figure("difference_high_usd")
    );
    let amplification = figure("bad_debt_with_usd") / figure("bad_debt_without_usd");
    assert!((figure("amplification") - amplification).abs() < 1e-9, "{feedback}");
    assert!(amplification > 1.0, "{feedback}");
}

#[test]
fn a_run_compared_has_the_outcomes_of_a_run_that_is_not() {
    let dir = TempDir::new().expect("a temporary folder");
    let plain = deep(&dir, "plain.toml", "");
    let args = ["run", &*plain, "--backend", "cpu", "--batch", "64"];
    let without = json(&args);
    let mut with = json(&[&args[..], &["--compare-feedback"]].concat());
    let fields = with.as_object_mut().expect("an object");
    assert!(fields.remove("feedback").is_some());
    fields.remove("run");
    let mut without = without.clone();
    without.as_object_mut().expect("an object").remove("run");
    assert_eq!(with, without);
}

#[test]
fn a_check_says_what_couples_positions() {
    let dir = TempDir::new().expect("a temporary folder");
    let late = "[liquidators]\nper_step = 1\n[market.oracle]\nassets.ETH = { delay = \"1h\" }\n";
    let text = told(&["check", &deep(&dir, "deep.toml", late)]);
    for words in [
        "2 assets, 2 venues, 4 positions with 8 legs, 200 paths of 6 steps",
        "sales of ETH move prices at once, 4 rounds a step at most",
        "an oracle reports ETH",
        "most they take: 1 event a step",
        "an insurance fund of exchange with 10,000 USD",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(json(&["check", SCENARIO])["couplings"], Value::Array(Vec::new()));
}

#[test]
fn a_coupled_run_tells_of_cascades_backlogs_and_funds() {
    let dir = TempDir::new().expect("a temporary folder");
    let tight = deep(&dir, "tight.toml", "[liquidators]\ncapital_usd = 1000\n");
    let run = json(&["run", &tight, "--backend", "cpu"]);
    assert_eq!(run["cascade"]["feedback_timing"], "same-step");
    assert_eq!(run["cascade"]["largest_step_events"], run["largest_step_events"]);
    // What no capital is left for calls for no second round.
    assert_eq!(run["cascade"]["spiral_probability"], 0.0);
    let plain = json(&["run", &deep(&dir, "plain.toml", ""), "--backend", "cpu"]);
    assert!(plain["cascade"]["spiral_probability"].as_f64() > Some(0.9), "{}", plain["cascade"]);
    assert!(run["backlog"]["probability"].as_f64() > Some(0.5), "{}", run["backlog"]);
    let [fund] = &run["insurance_funds"].as_array().expect("a list")[..] else {
        panic!("{}", run["insurance_funds"])
    };
    assert_eq!((&fund["venue"], &fund["initial_usd"]), (&"exchange".into(), &10_000.0.into()));
    let minimum = &fund["path_minimum_usd"];
    let values = ["lowest", "p01", "p05"].map(|key| minimum[key].as_f64().expect("a number"));
    assert!(values.is_sorted() && values[0] >= 0.0 && values[2] <= 10_000.0, "{minimum}");
    let text = told(&["run", &tight, "--backend", "cpu"]);
    for words in ["Cascades", "Who waits for a liquidator", "Insurance funds", "--compare-feedback"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn there_is_nothing_to_compare_without_depth() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = dir.path().join("out");
    let args =
        ["run", SCENARIO, "--compare-feedback", "--out", out.to_str().expect("a path in UTF-8")];
    let told = fault(&args, 2);
    assert!(told.starts_with("--compare-feedback:") && told.contains(SCENARIO), "{told}");
    assert!(told.contains("[market.depth]") && told.contains("leave"), "{told}");
    assert!(!out.exists(), "{told}");
}

#[test]
fn a_coupled_path_tells_its_rounds() {
    let dir = TempDir::new().expect("a temporary folder");
    let plain = deep(&dir, "plain.toml", "");
    let path = json(&["explain", &plain, "--path", "0"]);
    let rounds = path["rounds"].as_array().expect("a list of rounds");
    assert!(rounds.len() > 1, "{path:#}");
    let events = path["events"].as_array().expect("a list of events");
    let is_taken = |event: &&Value| event["untaken"].is_null();
    let n_events: u64 = rounds.iter().filter_map(|round| round["n_events"].as_u64()).sum();
    assert_eq!(n_events, events.iter().filter(is_taken).count() as u64);
    let number = |of: &Value, key: &str| of[key].as_f64().expect("a number");
    let is_near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-5;
    // A pool's price after a share z of its reserve is sold: 1 / (1 + z)^2.
    let first = &rounds[0]["sales"][0];
    let sold = number(first, "sold_usd") / number(first, "price_usd") * 2000.0 / 3e6;
    assert_eq!(first["impact"], 0.0);
    assert!(is_near(1.0 + number(first, "impact_after"), (1.0 + sold).powi(-2)), "{first}");
    let whale = events.iter().find(|event| event["position"] == "whale").expect("a whale");
    let collateral = 500.0 * number(first, "price_usd");
    assert!(is_near(number(whale, "loan_to_value_before"), 640_000.0 / collateral), "{whale}");
    let left = number(whale, "debt_left_usd") / number(whale, "collateral_left_usd");
    assert!(is_near(number(whale, "loan_to_value_after"), left), "{whale}");
    let health = 0.8 * collateral / 640_000.0;
    assert!(is_near(number(whale, "health_factor_before"), health), "{whale}");
    assert!(is_near(number(whale, "toxic_loan_to_value"), 1.0 / 1.05), "{whale}");
    for pair in rounds.windows(2).filter(|pair| pair[0]["step_idx"] == pair[1]["step_idx"]) {
        let [before, after] = [&pair[0]["sales"][0], &pair[1]["sales"][0]];
        assert_eq!(before["price_after_usd"], after["price_usd"]);
        assert!(number(after, "impact") < number(before, "impact"), "{pair:?}");
    }
    for event in events.iter().filter(|event| event["is_toxic"] == true) {
        let [before, toxic] =
            ["loan_to_value_before", "toxic_loan_to_value"].map(|key| number(event, key));
        assert!(before >= toxic, "{event}");
        let after = event["loan_to_value_after"].as_f64();
        assert!(after.is_none_or(|after| after >= before), "{event}");
    }
    let moved = &path["prices"][0]["moved"];
    assert!(number(moved, "low_usd") < number(&path["prices"][0], "low_usd"), "{path:#}");
    let text = told(&["explain", &plain, "--path", "0"]);
    assert!(text.contains("\nRounds:") && text.contains("On the market"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn a_position_that_no_liquidator_takes_is_told_with_the_reason() {
    let dir = TempDir::new().expect("a temporary folder");
    let reasons = [
        ("[liquidators]\nper_step = 1\n", "no-room"),
        ("[liquidators]\ncapital_usd = 10\ndecline = false\n", "no-capital"),
        ("[liquidators]\ngas_usd = 1e6\n", "declined"),
        ("[liquidators]\ncapital_usd = 1000\ngas_usd = 500\n", "declined-or-no-capital"),
    ];
    for (more, reason) in reasons {
        let path = json(&["explain", &deep(&dir, "bounded.toml", more), "--path", "0"]);
        let events = path["events"].as_array().expect("a list of events");
        assert!(events.iter().any(|event| event["untaken"] == reason), "{reason}: {path:#}");
    }
}

#[test]
fn a_path_of_positions_that_are_not_coupled_has_no_rounds() {
    let path = json(&["explain", SCENARIO, "--path", "3"]);
    assert!(path.get("rounds").is_none());
    assert!(path["prices"][0].get("moved").is_none());
    let event = path["events"][0].as_object().expect("an event");
    for key in ["round_idx", "untaken", "loan_to_value_before", "is_toxic"] {
        assert!(!event.contains_key(key), "{key}");
    }
}
