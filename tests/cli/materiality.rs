//! A loss of exactly the materiality counts; and where money is too coarse, a note says so.

use tempfile::TempDir;

use super::{json, told, write};

/// A short that loses one dollar more than its margin: with a margin of 100 and a price that goes
/// from 100 to 201.
fn probability(price: &str) -> f64 {
    let dir = TempDir::new().expect("a temporary folder");
    write(
        &dir,
        "book.csv",
        "position,venue,kind,asset,amount,entry_price\n\
         p,v,collateral,USDC,100,\np,v,perp,A,-1,100\n",
    );
    write(&dir, "prices.csv", &format!("t,A\n0,100\n3600,{price}\n"));
    let scenario = r#"
name = "a loss of one"
book = "book.csv"

[run]
paths = 1
steps = 1
step = "1h"
seed = 1

[[assets]]
name = "A"
price_usd = 100.0
volatility = 0.0

[[assets]]
name = "USDC"
price_usd = 1.0
volatility = 0.0
is_stable = true

[market.replay]
prices = "prices.csv"

[venues.v]
rule = "perpetual"
margin = "isolated"

[venues.v.assets.A]
tiers = [{ floor_usd = 0, rate = 0.004 }]
"#;
    let scenario = write(&dir, "s.toml", scenario);
    let run = json(&["run", &scenario, "--backend", "cpu", "--quiet"]);
    let rounding = run["bad_debt"]["materiality_rounding_usd"].as_f64().expect("a number");
    assert!((1e-6..1e-3).contains(&rounding), "{rounding}");
    run["bad_debt"]["probability"].as_f64().expect("a number")
}

#[test]
fn a_loss_of_exactly_the_materiality_counts_and_one_of_a_tenth_of_a_percent_less_does_not() {
    assert_eq!(["201", "200.999"].map(probability), [1.0, 0.0]);
}

#[test]
fn a_unit_of_money_that_is_coarse_is_told() {
    let dir = TempDir::new().expect("a temporary folder");
    // A leg is of 1e15 USD at most, so it takes some of them; beside it a debt of 1 USD is none.
    let note_of = |amount: &str| {
        let whales =
            (0..17).map(|idx| format!("w{idx},v,collateral,USD,{amount}\nw{idx},v,debt,USD,1\n"));
        let rows = format!(
            "position,venue,kind,asset,amount\n{}\
             small,v,collateral,USD,40\nsmall,v,debt,USD,20\n",
            whales.collect::<String>(),
        );
        write(&dir, "book.csv", &rows);
        let scenario = r#"
name = "near the gross limit"
book = "book.csv"

[run]
paths = 2
steps = 1
step = "1h"
seed = 1

[[assets]]
name = "USD"
price_usd = 1.0
volatility = 0.0
liquidation_threshold = 0.8

[venues.v]
rule = "aave-v3"
"#;
        let scenario = write(&dir, "s.toml", scenario);
        let checked = told(&["check", &scenario]);
        let run = json(&["run", &scenario, "--backend", "cpu", "--quiet"]);
        let notes = run["notes"].as_array().expect("a list of notes");
        let is_it = |note: &str| note.contains("money is counted in units of ");
        let found = notes.iter().filter_map(|note| note.as_str()).find(|note| is_it(note));
        assert_eq!(found.is_some(), is_it(&checked), "{checked}");
        found.map(str::to_owned)
    };
    let note = note_of("1e15").expect("a note");
    let words = ["units of 1.000e0 USD", "a materiality of 1 USD", "a smallest debt of 20.00 USD"];
    assert!(words.iter().all(|words| note.contains(words)), "{note}");
    assert_eq!(note_of("1e8"), None);
}
