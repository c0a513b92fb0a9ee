//! `--baseline`: the same paths under another program, and what their difference says.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde_json::Value;
use shortfall::archive::{Ended, LocalDisk, Next, Opened, Place, RunDirectory, Subject, Watch};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Backend, Done, EngineError, Walkers};
use shortfall::report::RunFacts;
use shortfall::tail::{Counters, Outcome};
use tempfile::TempDir;

use super::{SCENARIO, fault, json, shortfall, stderr, text_of, told, write};

const N_PATHS: &str = "20_000";

/// The scenario with a riskier threshold at its lending venue, and a baseline run of the plain one.
struct Pair {
    dir: TempDir,
    riskier: String,
}

impl Pair {
    fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let plain = fs::read_to_string(SCENARIO).expect("the scenario");
        let riskier = plain.replace("volatility = 0.7\n", "volatility = 0.9\n");
        assert_ne!(plain, riskier);
        fs::copy("tests/valid/book.csv", dir.path().join("book.csv")).expect("the book");
        let riskier = write(&dir, "riskier.toml", &riskier);
        Self { dir, riskier }
    }

    /// Runs a scenario into a folder.
    fn kept(&self, scenario: &str, name: &str) -> String {
        let out = text_of(&self.dir.path().join(name));
        told(&["run", scenario, "--paths", N_PATHS, "--backend", "cpu", "--out", &out]);
        out
    }
}

fn against(scenario: &str, baseline: &str) -> Value {
    json(&["run", scenario, "--paths", N_PATHS, "--backend", "cpu", "--baseline", baseline])
}

fn differences(run: &Value) -> &Vec<Value> {
    run["baseline"]["differences"].as_array().expect("a list of differences")
}

#[test]
fn a_run_differs_from_itself_by_nothing_at_all() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let run = against(SCENARIO, &baseline);
    assert_eq!(run["baseline"]["program_digest"], run["program_digest"]);
    assert_eq!(run["baseline"]["outcome_digest"], run["outcome_digest"]);
    let names: Vec<_> = differences(&run).iter().map(|it| it["figure"].as_str()).collect();
    let expected = ["mean", "probability", "var95", "var99", "es95", "es99", "max", "largest_step"];
    let at_opening = ["n", "liquidated", "repaid", "bad_debt"].map(|it| format!("opening.{it}"));
    let expected = expected.into_iter().chain(at_opening.iter().map(String::as_str));
    assert_eq!(names, expected.map(Some).collect::<Vec<_>>());
    for found in differences(&run) {
        assert_eq!(found["value"], found["baseline"]);
        for key in ["difference", "low", "high"] {
            assert_eq!(found[key], 0.0, "{found}");
        }
    }
}

#[test]
fn two_runs_differ_by_as_much_either_way_and_the_pairs_narrow_it() {
    let pair = Pair::new();
    let (plain, riskier) = (pair.kept(SCENARIO, "plain"), pair.kept(&pair.riskier, "riskier"));
    let there = against(&pair.riskier, &plain);
    let back = against(SCENARIO, &riskier);
    let number = |of: &Value, key: &str| of[key].as_f64().unwrap_or_else(|| panic!("{key}: {of}"));
    for (one, other) in differences(&there).iter().zip(differences(&back)) {
        assert_eq!(one["figure"], other["figure"]);
        for (key, mirrored) in [("difference", "difference"), ("low", "high"), ("high", "low")] {
            assert_eq!(number(one, key), -number(other, mirrored), "{one} {other}");
        }
        assert_eq!((&one["value"], &one["baseline"]), (&other["baseline"], &other["value"]));
    }
    let mean = &differences(&there)[0];
    let bad_debt = &there["bad_debt"];
    assert_eq!(mean["value"], bad_debt["mean_usd"]);
    assert!(number(mean, "low") > 0.0, "riskier, and no riskier: {mean}");
    // Two runs of other seeds would leave the difference wider than either mean.
    let alone = number(bad_debt, "high_usd") - number(bad_debt, "low_usd");
    assert!(number(mean, "high") - number(mean, "low") < alone, "{mean}");
}

#[test]
fn a_gate_may_name_a_difference() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let with = |scenario: &str, gate: &str| {
        let args = ["run", scenario, "--paths", N_PATHS, "--backend", "cpu", "--fail-on", gate];
        let output = shortfall(&[&args[..], &["--baseline", &baseline]].concat());
        (output.status.code(), stderr(&output).to_owned())
    };
    let passed = |gate: &str| (Some(0), format!("the gate passed: {gate}\n"));
    let risen = "delta.mean > 0";
    assert_eq!(with(SCENARIO, risen), passed(risen));
    let (code, told) = with(&pair.riskier, risen);
    assert_eq!(
        (code, told.starts_with("delta.mean > 0: breached by ")),
        (Some(99), true),
        "{told}"
    );
    assert_eq!(with(&pair.riskier, "delta.mean > 1e6"), passed("delta.mean > 1e6"));
    let funded = fs::read_to_string(&pair.riskier).expect("the scenario");
    let funded = funded.replace("[venues.dydx]", "[venues.dydx]\ninsurance_fund_usd = 1e4");
    let funded = write(&pair.dir, "funded.toml", &funded);
    let (code, told) = with(&funded, "delta.fund.dydx.emptied > 0");
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("the baseline does not have: it takes an insurance fund"), "{told}");
}

#[test]
fn a_kept_run_is_compared_as_one_in_memory_is() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let in_memory = against(&pair.riskier, &baseline);
    let out = text_of(&pair.dir.path().join("kept"));
    let args = ["run", &*pair.riskier, "--paths", N_PATHS, "--backend", "cpu", "--out", &out];
    let flags = ["--baseline", &baseline, "--batch", "1000"];
    assert_eq!(json(&[&args[..], &flags].concat())["baseline"], in_memory["baseline"]);
    let again = json(&[&args[..], &flags, &["--resume"]].concat());
    assert_eq!(again["baseline"], in_memory["baseline"]);
}

#[test]
fn paths_that_are_no_pairs_are_refused_by_name_and_both_values() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let run = ["run", SCENARIO, "--baseline", &baseline];
    let told = fault(&[&run[..], &["--paths", "30_000"]].concat(), 2);
    for words in ["number of paths is 20000", "this run's is 30000", "give --paths 20000"] {
        assert!(told.contains(words), "{told}");
    }
    let told = fault(&[&run[..], &["--paths", N_PATHS, "--seed", "7"]].concat(), 2);
    for words in ["its seed is 42", "this run's is 7", "give --seed 42"] {
        assert!(told.contains(words), "{told}");
    }
    let empty = text_of(&pair.dir.path().join("empty"));
    assert!(fault(&["run", SCENARIO, "--baseline", &empty], 2).contains("holds no run"));
}

#[test]
fn a_baseline_of_another_book_or_of_other_steps_is_refused_by_name_and_both_counts() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let run = ["run", SCENARIO, "--paths", N_PATHS, "--baseline", &baseline];
    let told = fault(&[&run[..], &["--steps", "24"]].concat(), 2);
    let words = "plain: its paths have 48 steps and this run's have 24: give --steps 48";
    assert!(told.contains(words), "{told}");
    let book = fs::read_to_string("tests/valid/book.csv").expect("the book");
    let cases = [
        (
            book.replace("bob,", "rob,"),
            "position 2 is \"bob\" at dydx there and \"rob\" at dydx here, of 2 positions there \
             and 2 here",
        ),
        (
            format!("{book}carol,dydx,collateral,USDC,500,\ncarol,dydx,perp,ETH,-1,2900\n"),
            "position 3 is none there and \"carol\" at dydx here, of 2 positions there and 3 here",
        ),
        (
            book.lines().take(3).collect::<Vec<_>>().join("\n"),
            "position 2 is \"bob\" at dydx there and none here, of 2 positions there and 1 here",
        ),
    ];
    for (book, words) in cases {
        let book = write(&pair.dir, "other.csv", &book);
        let told = fault(&[&run[..], &["--book", &book]].concat(), 2);
        assert!(told.contains(words), "{told}");
    }
    let plain = fs::read_to_string(SCENARIO).expect("the scenario");
    let longer = write(&pair.dir, "longer.toml", &plain.replace("step = \"1h\"", "step = \"2h\""));
    let told = fault(&["run", &longer, "--paths", N_PATHS, "--baseline", &baseline], 2);
    assert!(told.contains("its steps last 1 hours and this run's last 2"), "{told}");
}

#[test]
fn a_comparison_names_the_pools_and_the_positions_that_moved() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let run = against(&pair.riskier, &baseline);
    let rows = |key: &str| run["baseline"][key].as_array().expect("a list").clone();
    let number = |of: &Value, key: &str| of[key].as_f64().unwrap_or_else(|| panic!("{key}: {of}"));
    let (pools, positions) = (rows("pools"), rows("positions"));
    assert_eq!((pools.len(), positions.len()), (2, 2));
    for (row, this) in pools.iter().zip(run["pools"].as_array().expect("a list")) {
        assert_eq!((&row["venue"], &row["debt_asset"]), (&this["venue"], &this["debt_asset"]));
        assert_eq!(row["value_usd"], this["mean_bad_debt_usd"]);
    }
    for rows in [&pools, &positions] {
        let sum: f64 = rows.iter().map(|row| number(row, "difference_usd")).sum();
        let whole = number(&differences(&run)[0], "difference");
        assert!((sum - whole).abs() < 1e-9 * whole.abs(), "{sum}, not {whole}");
        for row in rows {
            let (low, high) = (number(row, "low_usd"), number(row, "high_usd"));
            let difference = number(row, "difference_usd");
            assert!(low < difference && difference < high, "{row}");
            let found = number(row, "value_usd") - number(row, "baseline_usd");
            assert_eq!(found, difference, "{row}");
        }
    }
    let far = |row: &Value| number(row, "difference_usd").abs();
    assert!(far(&positions[0]) >= far(&positions[1]));
    let text = told(&["run", &pair.riskier, "--paths", N_PATHS, "--baseline", &baseline]);
    assert!(text.contains("\nMean bad debt of the positions that moved most\n"), "{text}");
    // A run against itself moves nothing, and lists no position.
    let same = against(SCENARIO, &baseline);
    assert_eq!(same["baseline"]["positions"], Value::Array(Vec::new()));
}

#[test]
fn a_damaged_baseline_is_refused() {
    let pair = Pair::new();
    let baseline = pair.kept(SCENARIO, "plain");
    let program = pair.dir.path().join("plain/program.bin");
    let mut bytes = fs::read(&program).expect("the program");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&program, bytes).expect("it is written");
    let args = ["run", SCENARIO, "--paths", N_PATHS, "--baseline", &baseline];
    assert!(fault(&args, 65).contains("program.bin"));
}

/// A machine that computes one path wrongly.
struct Liar<'a>(Cpu<'a>);

impl Backend for Liar<'_> {
    fn name(&self) -> &'static str {
        "liar"
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        self.0.run(paths.clone(), outcomes, counters)?;
        if let Some(idx) = 17_u64.checked_sub(paths.start).filter(|_| paths.contains(&17)) {
            outcomes[idx as usize].realised += 1;
            // The lie is told throughout: what contradicts itself is refused unread.
            counters.positions[0].loss += 1;
            counters.steps[0].loss += 1;
        }
        Ok(())
    }
}

#[test]
fn a_baseline_whose_program_has_other_outcomes_here_is_told() {
    let pair = Pair::new();
    let honest = pair.kept(SCENARIO, "plain");
    let subject = Subject::read(Path::new(&honest)).unwrap_or_else(|error| panic!("{error}"));
    let run: Value =
        serde_json::from_slice(&fs::read(format!("{honest}/run.json")).expect("run.json"))
            .expect("JSON");
    let root = pair.dir.path().join("lied");
    let mut disk = LocalDisk;
    let place = Place { root: root.clone(), shard: None };
    let Ok(Opened::Open(mut directory)) = RunDirectory::open(place, &subject, &mut disk, false)
    else {
        panic!("a new folder");
    };
    let found = directory.find().unwrap_or_else(|error| panic!("{error}"));
    let mut liar = Liar(Cpu::new(&subject.program, subject.plan.seed, 2));
    let mut walkers = Walkers { program: &subject.program, backend: &mut liar, other: None };
    let ended = directory.walk(&mut walkers, 4096, found, &mut Unwatched);
    let Ok(Ended::Finished(counted)) = ended else { panic!("{ended:?}") };
    let results = counted.results(&subject, 2).unwrap_or_else(|error| panic!("{error}"));
    let run: RunFacts = serde_json::from_value(run).expect("how a run went");
    directory.finish(&counted, Some(&results), run).unwrap_or_else(|error| panic!("{error}"));

    let args = ["run", SCENARIO, "--paths", N_PATHS, "--backend", "cpu", "--baseline"];
    let output = shortfall(&[&args[..], &[&text_of(&root)]].concat());
    assert_eq!(output.status.code(), Some(70), "{}", stderr(&output));
    let words = ["lied has outcomes", "and its program has", "shortfall verify"];
    assert!(words.iter().all(|words| stderr(&output).contains(words)), "{}", stderr(&output));
}

struct Unwatched;

impl Watch for Unwatched {
    fn after(&mut self, _: Done<'_>) -> Next {
        Next::GoOn
    }
}
