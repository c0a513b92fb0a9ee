//! States of the market that follow one another.

use std::fs;

use shortfall::market::climate::{Regime, Regimes};
use shortfall::scenario::{Overrides, load};

use crate::{VALID, VALID_BOOK, loaded, written_to};

const HOUR: f64 = 1.0 / 8760.0;

const STATES: &str = "
[[market.regimes.states]]
name = \"calm\"
stay = \"20h\"
volatility = 0.8
next = { wild = 0.75, gone = 0.25 }

[[market.regimes.states]]
name = \"wild\"
stay = \"90m\"
jumps = 5
drift = -2
entry = -0.05
next = { calm = 1 }

[[market.regimes.states]]
name = \"gone\"
";

fn states(is_spared: bool) -> Vec<Regime> {
    let moved = |by: f64| if is_spared { vec![0.0, 0.0] } else { vec![by, 0.0] };
    let plain = |name: &str, stay_years: f64, next: [f64; 3]| Regime {
        name: name.to_owned(),
        stay_years,
        next: next.into(),
        volatility: 1.0,
        jumps: 1.0,
        drift: vec![0.0; 2],
        entry: vec![0.0; 2],
    };
    let wild = plain("wild", 1.5 * HOUR, [1.0, 0.0, 0.0]);
    vec![
        Regime { volatility: 0.8, ..plain("calm", 20.0 * HOUR, [0.0, 0.75, 0.25]) },
        Regime { jumps: 5.0, drift: moved(-2.0), entry: moved(-0.05), ..wild },
        plain("gone", f64::INFINITY, [0.0; 3]),
    ]
}

/// Drifts and entries leave what is stable where it is.
#[test]
fn states_become_what_they_say() {
    let start = "[market.regimes]\nstart = \"wild\"\n";
    let scenario = loaded(&format!("{VALID}\n{start}{STATES}"), VALID_BOOK.as_bytes());
    let expected = Regimes { states: states(false), start: Some(1) };
    assert_eq!(scenario.market.regimes, Some(expected));
    assert_eq!(loaded(VALID, VALID_BOOK.as_bytes()).market.regimes, None);
}

#[test]
fn of_two_states_each_is_followed_by_the_other() {
    let two = "[[market.regimes.states]]\nname = \"a\"\nstay = \"2h\"\n\
               [[market.regimes.states]]\nname = \"b\"\nstay = \"6h\"\n";
    let scenario = loaded(&format!("{VALID}\n{two}"), VALID_BOOK.as_bytes());
    let regimes = scenario.market.regimes.expect("two states");
    let next: Vec<&[f64]> = regimes.states.iter().map(|state| &*state.next).collect();
    assert_eq!(next, [[0.0, 1.0], [1.0, 0.0]]);
    assert_eq!(regimes.start, None);
    assert!((regimes.shares()[1] - 0.75).abs() < 1e-15, "{:?}", regimes.shares());
}

/// What follows history moves as it did.
#[test]
fn history_has_the_drifts_and_entries_that_it_had() {
    let folder = tempfile::tempdir().expect("a folder");
    let prices: String = (0..60).map(|row| format!("{},{}\n", 3600 * row, 3000 + row)).collect();
    let table = format!("t,ETH\n{prices}");
    fs::write(folder.path().join("prices.csv"), table).expect("a folder that can be written");
    let scenario = VALID
        .replace("volatility = 0.7", "volatility = 0")
        .replace("jumps = {", "#")
        .replace("{ ETH = { mean", "{ USDC = { mean");
    let replay = "[market.replay]\nprices = \"prices.csv\"\n";
    let start = "[market.regimes]\nstart = \"calm\"\n";
    let scenario = format!("{scenario}\n{replay}{start}{STATES}");
    let path = written_to(folder.path(), &scenario, VALID_BOOK.as_bytes());
    let scenario = load(&path, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let expected = Regimes { states: states(true), start: Some(0) };
    assert_eq!(scenario.market.regimes, Some(expected));
}
