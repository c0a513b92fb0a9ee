//! What each flag does, and what a tired person who mistypes one is told.

use serde_json::Value;
use shortfall::lanes::Lanes;
use tempfile::TempDir;

use super::{COMMANDS, SCENARIO, fault, json, noted_book, shortfall, told, write};

#[test]
fn a_gpu_that_is_not_there_is_exit_code_69() {
    let told = fault(&["run", SCENARIO, "--backend", "gpu"], 69);
    assert!(told.contains("--backend cpu"), "{told}");
    for backend in ["cpu", "auto"] {
        told_digest(&["--backend", backend]);
    }
}

/// The outcomes of a short run.
fn told_digest(flags: &[&str]) -> String {
    let run = json(&[&["run", SCENARIO, "--paths", "100"], flags].concat());
    run["outcome_digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn seed_and_steps_change_the_paths_and_backends_and_threads_do_not() {
    let plain = told_digest(&[]);
    let reference = ["--backend", "reference"];
    for flags in
        [["--backend", "cpu"], reference, ["--threads", "3"], ["--batch", "7"], ["--seed", "42"]]
    {
        assert_eq!(told_digest(&flags), plain, "{flags:?}");
    }
    for flags in [["--seed", "43"], ["--steps", "13"]] {
        assert_ne!(told_digest(&flags), plain, "{flags:?}");
    }
    let shorter = json(&["run", SCENARIO, "--paths", "10", "--steps", "24"]);
    assert_eq!((&shorter["n_steps"], &shorter["step_hours"]), (&24.into(), &1.0.into()));
}

/// So that a run tells what it was computed with, and a fault of one width can be told from others.
#[test]
fn a_run_names_its_lanes() {
    let args = ["run", SCENARIO, "--paths", "100", "--backend", "cpu"];
    for lanes in Lanes::here() {
        let args = [&args[..], &["--lanes", lanes.name()]].concat();
        assert_eq!(json(&args)["run"]["lanes"], lanes.name());
        let text = String::from_utf8(shortfall(&args).stdout).expect("text");
        let last = text.lines().last().expect("a line");
        assert!(last.contains(&format!(" with {lanes} lanes: ")), "{last}");
    }
    assert_eq!(json(&args)["run"]["lanes"], Lanes::widest().name());
}

/// What one backend has computed another proves, and a run says which one it was.
#[test]
fn the_reference_walker_is_a_backend_like_the_others() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = dir.path().join("run").to_str().expect("UTF-8").to_owned();
    let run = ["run", SCENARIO, "--paths", "300", "--backend", "reference"];
    let facts = json(&[&run[..], &["--out", &out]].concat())["run"].clone();
    assert_eq!((&facts["backend"], &facts["adapter"]), (&"reference".into(), &Value::Null));
    for backend in ["reference", "cpu"] {
        let verified = told(&["verify", &out, "--sample", "100%", "--backend", backend]);
        assert!(verified.contains(&format!("walked again on {backend}")), "{verified}");
    }
}

#[test]
fn counts_may_be_written_as_people_write_them() {
    for (written, n_paths) in [("1e2", 100), ("1_00", 100), ("1.5e2", 150)] {
        let run = json(&["run", SCENARIO, "--paths", written, "--steps", "2e1", "--seed", "1_0"]);
        assert_eq!(run["n_paths"], n_paths, "{written}");
        assert_eq!((&run["n_steps"], &run["seed"]), (&20.into(), &10.into()));
    }
}

#[test]
fn another_book_and_other_assets_are_read_by_every_command() {
    let dir = TempDir::new().expect("a temporary folder");
    let book = noted_book(&dir);
    let header = "asset,price_usd,liquidation_threshold,is_stable";
    let assets = write(&dir, "assets.csv", &format!("{header}\nETH,4000,0.7,false\n"));
    for args in COMMANDS {
        let args = [args, &[SCENARIO]].concat();
        let plain = json(&args);
        for other in [["--book", &book], ["--assets", &assets]] {
            let [plain, other] = [&plain, &json(&[&args[..], &other].concat())].map(|told| {
                let mut told = told.clone();
                told.as_object_mut().map(|fields| fields.remove("run"));
                told
            });
            assert_ne!(plain, other, "{args:?}");
        }
    }
    let rows = json(&["ladder", SCENARIO, "--book", &book, "--drops", "0,0.5"]);
    assert_eq!(rows[0]["total_debt_usd"], 4000.0);
    assert_eq!(rows[1]["shortfall_usd"], 1000.0);
}

#[test]
fn what_a_tired_person_writes_is_told_with_its_remedy() {
    let dir = TempDir::new().expect("a temporary folder");
    let book = noted_book(&dir);
    let header = "asset,price_usd,liquidation_threshold,is_stable";
    let assets = write(&dir, "assets.csv", &format!("{header}\nETH,3100,0.8,false\n"));
    let unknown = write(&dir, "unknown.csv", &format!("{header}\nETHH,3100,0.8,false\n"));
    let mistakes: [(&[&str], &[&str]); 26] = [
        (&["ladder", SCENARIO, "--drops", "5,10"], &["'5'", "--drops", "write 0.05 for 5 %"]),
        (&["ladder", SCENARIO, "--drops", "5%"], &["--drops", "write 0.05 for 5 %"]),
        (&["ladder", SCENARIO, "--drops", "-0.1"], &["--drops", "from 0 to below 1"]),
        (&["ladder", SCENARIO, "--drops", "nan"], &["--drops", "from 0 to below 1"]),
        (&["ladder", SCENARIO, "--drops", "0.1,"], &["--drops", "0.05,0.1,0.2"]),
        (&["run", SCENARIO, "--paths", "0"], &["--paths", "at least 1"]),
        (&["run", SCENARIO, "--paths", "-5"], &["--paths", "write it as 1000000"]),
        (&["run", SCENARIO, "--paths", "many"], &["'many'", "--paths", "1_000_000 or 1e6"]),
        (&["run", SCENARIO, "--paths", "1e13"], &["--paths", "at most 1099511627776"]),
        (&["run", SCENARIO, "--steps", "0"], &["--steps", "at least 1"]),
        (&["run", SCENARIO, "--steps", "1e7"], &["--steps", "at most 1000000"]),
        (&["run", SCENARIO, "--seed", "-1"], &["--seed", "not a whole number"]),
        (&["run", SCENARIO, "--threads", "0"], &["--threads", "at least 1"]),
        (&["run", SCENARIO, "--batch", "0"], &["--batch", "at least 1"]),
        (&["run", SCENARIO, "--format", "xml"], &["--format", "text, json"]),
        (&["run", SCENARIO, "--pahts", "5"], &["--paths"]),
        (&["run"], &["<SCENARIO>"]),
        (&["explain", SCENARIO], &["--path"]),
        (&["run", "tests"], &["tests is a folder", "name a file"]),
        (&["run", "tests/valid/book.csv"], &["book.csv is a table", "--book"]),
        (&["run", "nowhere.toml"], &["nowhere.toml does not exist", "check the name"]),
        (&["run", SCENARIO, "--book", "nowhere.csv"], &["nowhere.csv does not exist"]),
        (&["run", SCENARIO, "--book", "tests"], &["tests is a folder"]),
        (&["run", SCENARIO, "--book", &assets], &["assets.csv:1", "position", "venue", "kind"]),
        (&["run", SCENARIO, "--assets", &book], &["noted.csv:1", "price_usd", "missing"]),
        (&["run", SCENARIO, "--assets", &unknown], &["unknown.csv:2", "ETHH", "did you mean"]),
    ];
    for (args, words) in mistakes {
        assert_told(args, words);
    }
}

#[test]
fn a_fault_in_a_scenario_stops_every_command() {
    for args in COMMANDS {
        let args = [args, &["scenarios/invalid/threshold_above_one.toml"]].concat();
        assert_told(&args, &["threshold_above_one.toml:", "liquidation_threshold", "0 and 1"]);
    }
}

/// Asserts that a fault names all these words.
fn assert_told(args: &[&str], words: &[&str]) {
    let told = fault(args, 2);
    for word in words {
        assert!(told.contains(word), "{args:?} does not say {word:?}: {told}");
    }
}
