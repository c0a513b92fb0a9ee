//! Which states the market of a scenario goes through, as `check` and `explain` tell it.

use super::{json, told};

const SCENARIO: &str = "scenarios/calm-and-panic.toml";

#[test]
fn check_tells_the_states_and_their_shares_of_time() {
    let text = told(&["check", SCENARIO]);
    let expected = "  the market is calm (stays 21 d, 74.1 % of the time), \
                    panic (stays 36 h, 7.1 % of the time), \
                    uneasy (stays 4 d, 18.8 % of the time); \
                    paths open in any of them, as often\n";
    assert!(text.contains(expected), "{text}");
    let checked = json(&["check", SCENARIO]);
    let states = checked["climate"]["states"].as_array().expect("states");
    let shares = states.iter().filter_map(|state| state["share"].as_f64());
    assert!((shares.sum::<f64>() - 1.0).abs() < 1e-12, "{states:?}");
    assert!(checked["climate"]["start"].is_null());
    assert!(json(&["check", "scenarios/reference.toml"]).get("climate").is_none());
}

#[test]
fn explain_tells_the_states_of_a_path() {
    let path = json(&["explain", SCENARIO, "--path", "3"]);
    let climate = path["climate"].as_array().expect("a climate");
    let mut next = 0;
    for state in climate {
        assert_eq!(state["step_idx"].as_u64(), Some(next), "{climate:?}");
        next += state["n_steps"].as_u64().expect("steps");
    }
    assert_eq!(next, 504);
    let text = told(&["explain", SCENARIO, "--path", "3"]);
    let first = climate[0]["state"].as_str().expect("a state");
    assert!(text.contains(&format!("\nClimate           {first} for ")), "{text}");
    let plain = json(&["explain", "scenarios/reference.toml", "--path", "3"]);
    assert!(plain.get("climate").is_none());
}
