//! A price that leaves what the numbers hold: exit code 97, and nothing that looks exact.

use serde_json::Value;
use tempfile::TempDir;

use super::{shortfall, stderr, stdout, text_of, told, write};

/// A short of what rises 10,000 times after the fourth step, which coarser marks hold, or 200,000
/// times, which none does.
const SCENARIO: &str = r#"
name = "squeeze"
book = "book.csv"

[run]
paths = 5_000
steps = 6
step = "1h"
seed = 1
levels = [0.95]

[[assets]]
name = "USD"
price_usd = 1
volatility = 0
is_stable = true

[[assets]]
name = "MEME"
price_usd = 10
volatility = 0.5

[[market.shocks]]
assets = ["MEME"]
change = 99
at = "4h"

[[market.shocks]]
assets = ["MEME"]
change = 99
at = "4h"

[[market.shocks]]
assets = ["MEME"]
change = RISE
at = "4h"

[venues.perps]
rule = "perpetual"
margin = "isolated"

[venues.perps.assets.MEME]
tiers = [{ floor_usd = 0, rate = 0.01 }]
"#;

const BOOK: &str = "position,venue,kind,asset,amount,entry_price\n\
    short,perps,collateral,USD,100,\nshort,perps,perp,MEME,-1,10\n";

struct Squeeze {
    dir: TempDir,
    scenario: String,
}

impl Squeeze {
    fn of(rise: &str) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        write(&dir, "book.csv", BOOK);
        let scenario = write(&dir, "s.toml", &SCENARIO.replace("RISE", rise));
        Self { dir, scenario }
    }

    /// Exit code, stderr and JSON.
    fn run(&self, more: &[&str]) -> (Option<i32>, String, Value) {
        let run = ["run", &*self.scenario, "--backend", "cpu", "--format", "json"];
        let output = shortfall(&[&run[..], more].concat());
        let json = serde_json::from_str(stdout(&output)).unwrap_or(Value::Null);
        (output.status.code(), stderr(&output).to_owned(), json)
    }
}

#[test]
fn a_void_path_ends_with_97_and_names_asset_and_step() {
    let (code, told, run) = Squeeze::of("19").run(&["--quiet"]);
    assert_eq!(code, Some(97), "{told}");
    let words = ["5,000 paths are void: ", "path 0, where MEME does in step 4"];
    assert!(words.iter().all(|words| told.contains(words)), "{told}");
    let expected = serde_json::json!({
        "n_paths": 5000, "first_path": 0, "asset": "MEME", "step_idx": 4
    });
    assert_eq!(run["void"], expected);
    assert_eq!(run["bad_debt"]["at_least"], true);
    assert!(run["bad_debt"]["high_usd"].is_null() && run["bad_debt"]["mean_usd"] != 0.0);
    // 10,000 times the price is held.
    let (code, told, run) = Squeeze::of("0").run(&["--quiet"]);
    assert_eq!((code, &*told), (Some(0), ""));
    assert!(run.get("void").is_none() && run["bad_debt"].get("at_least").is_none());
}

#[test]
fn void_goes_before_gates_and_passes_none() {
    let squeeze = Squeeze::of("19");
    let gates = ["mean > 1", "mean > 1e12", "max < 1", "opening.n > 0"];
    let flags: Vec<&str> = gates.iter().flat_map(|gate| ["--fail-on", gate]).collect();
    let (code, told, run) = squeeze.run(&flags);
    assert_eq!(code, Some(97));
    let verdicts: Vec<_> = run["gates"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|gate| gate["verdict"].as_str().expect("a verdict"))
        .collect();
    assert_eq!(verdicts, ["breached", "inconclusive", "inconclusive", "passed"]);
    let last = told.lines().last().expect("a line");
    assert!(last.starts_with("mean > 1: breached by at least "), "{told}");
}

#[test]
fn every_format_says_at_least() {
    let squeeze = Squeeze::of("19");
    for format in ["text", "markdown"] {
        let run = ["run", &squeeze.scenario, "--backend", "cpu", "--quiet", "--format", format];
        let output = shortfall(&run);
        let told = stdout(&output);
        assert!(told.contains("5,000 paths are void: "), "{told}");
        // The mean, the probability, the worst path, and both of the tail.
        assert!(told.matches("at least ").count() >= 5, "{told}");
    }
}

#[test]
fn shards_are_merged_to_what_one_machine_says() {
    let squeeze = Squeeze::of("19");
    let out = text_of(&squeeze.dir.path().join("out"));
    for shard in ["0/2", "1/2"] {
        let run = ["run", &squeeze.scenario, "--backend", "cpu", "--out", &out];
        told(&[&run[..], &["--shard", shard]].concat());
    }
    for _ in 0..2 {
        let output = shortfall(&["merge", &out, "--format", "json"]);
        assert_eq!(output.status.code(), Some(97), "{}", stderr(&output));
        assert!(stderr(&output).contains("where MEME does in step 4"), "{}", stderr(&output));
        let merged: Value = serde_json::from_str(stdout(&output)).expect("JSON");
        assert_eq!(merged["void"], squeeze.run(&[]).2["void"]);
    }
}

/// The difference to a baseline is known from below, and the baseline's void paths from above.
#[test]
fn comparisons_are_open_where_paths_are_void() {
    let (void, sound) = (Squeeze::of("19"), Squeeze::of("0"));
    let kept = |of: &Squeeze| {
        let out = text_of(&of.dir.path().join("kept"));
        of.run(&["--out", &out]);
        out
    };
    let ends = |of: &Squeeze, baseline: &str| {
        let run = of.run(&["--baseline", baseline]).2;
        let mean = &run["baseline"]["differences"][0];
        let pool = &run["baseline"]["pools"][0];
        let known = |row: &Value, key: &str| !row[key].is_null();
        let found = (known(mean, "low"), known(mean, "high"));
        assert_eq!(found, (known(pool, "low_usd"), known(pool, "high_usd")), "{pool}");
        found
    };
    let (void_run, sound_run) = (kept(&void), kept(&sound));
    assert_eq!(ends(&void, &sound_run), (true, false));
    assert_eq!(ends(&sound, &void_run), (false, true));
    assert_eq!(ends(&void, &void_run), (false, false));
}
