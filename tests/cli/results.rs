//! What goes where: stdout, stderr, text, JSON, and a reader who has gone.

use std::fs;
use std::process::Output;

use tempfile::TempDir;

use super::{COMMANDS, SCENARIO, command, json, noted_book, shortfall, stderr, stdout, told};

#[test]
fn every_command_succeeds_in_text_and_json() {
    for args in COMMANDS {
        let args = [args, &[SCENARIO]].concat();
        assert!(!told(&args).is_empty(), "{args:?}");
        let value = json(&args);
        assert!(value.is_object() || value.is_array(), "{args:?}: {value}");
    }
}

#[test]
fn help_names_every_flag() {
    let of_all = ["--book", "--assets", "--format", "--quiet"];
    let of_each: [(&str, &[&str]); 4] = [
        (
            "run",
            &[
                "--paths",
                "--steps",
                "--seed",
                "--backend",
                "--threads",
                "--batch",
                "--out",
                "--compare-feedback",
                "--baseline",
                "--fail-on",
                "--junit",
                "--markdown",
                "--until",
                "--max-paths",
                "--progress",
                "--metrics",
            ],
        ),
        ("check", &[]),
        ("ladder", &["--drops"]),
        ("explain", &["--path", "--steps", "--seed"]),
    ];
    for (command, flags) in of_each {
        let help = told(&[command, "--help"]);
        for flag in of_all.iter().chain(flags) {
            assert!(help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")));
        }
    }
    assert!(told(&["--version"]).starts_with("shortfall "));
}

#[test]
fn json_of_a_run_has_every_field_promised() {
    let run = json(&["run", SCENARIO, "--paths", "200"]);
    for field in [
        "/program_digest",
        "/outcome_digest",
        "/tally_digest",
        "/seed",
        "/n_paths",
        "/n_positions",
        "/n_steps",
        "/opening",
        "/bad_debt/mean_usd",
        "/bad_debt/std_error_usd",
        "/bad_debt/probability",
        "/bad_debt/realised_usd",
        "/bad_debt/stranded_usd",
        "/bad_debt/under_water_usd",
        "/liquidated_usd",
        "/saturated_paths",
        "/position_checks",
        "/run/backend",
        "/run/adapter",
        "/run/threads",
        "/run/lanes",
        "/run/batch",
        "/run/wall_seconds",
        "/run/cpu_seconds",
        "/run/fallbacks",
    ] {
        assert!(run.pointer(field).is_some(), "{field} is missing");
    }
    for tail in ["value_at_risk", "expected_shortfall"] {
        let rows = run["bad_debt"][tail].as_array().expect("a list of levels");
        assert_eq!(rows.len(), 2, "{tail}");
        for field in ["level", "value_usd", "low_usd", "high_usd"] {
            assert!(rows.iter().all(|row| row.get(field).is_some()), "{tail}[].{field}");
        }
    }
    assert_eq!(run["run"]["backend"], "cpu");
    assert_eq!(run["n_paths"], 200);
    assert_eq!(run["position_checks"], 200 * 48 * 2);
}

#[test]
fn json_of_the_other_commands_has_every_field_promised() {
    let ladder = json(&["ladder", SCENARIO]);
    let rows = ladder.as_array().expect("a list of drops");
    let drops: Vec<f64> = rows.iter().filter_map(|row| row["drop"].as_f64()).collect();
    assert_eq!(drops, [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.43, 0.5, 0.6, 0.7]);
    for field in [
        "n_liquidatable",
        "debt_liquidatable_usd",
        "collateral_liquidatable_usd",
        "n_underwater",
        "shortfall_usd",
        "total_debt_usd",
    ] {
        assert!(rows.iter().all(|row| row[field].is_number()), "{field}");
    }
    let path = json(&["explain", SCENARIO, "--path", "3"]);
    for field in ["path_idx", "prices", "events", "left_over", "bad_debt_usd"] {
        assert!(path.get(field).is_some(), "{field} is missing");
    }
    for field in ["step_idx", "position", "repaid_usd", "seized_usd", "collateral_left_usd"] {
        assert!(path["events"][0].get(field).is_some(), "{field} is missing");
    }
}

#[test]
fn quiet_silences_stderr_and_never_stdout() {
    let dir = TempDir::new().expect("a temporary folder");
    let book = noted_book(&dir);
    for args in COMMANDS {
        let args = [args, &[SCENARIO, "--book", &book]].concat();
        let loud = shortfall(&args);
        let quiet = shortfall(&[&args[..], &["--quiet"]].concat());
        assert_eq!(stderr(&quiet), "", "{args:?}");
        let untimed = |output: &Output| {
            let lines = stdout(output).lines().filter(|line| !line.contains(" s on cpu"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(untimed(&quiet), untimed(&loud), "{args:?}");
        assert!(!untimed(&quiet).is_empty());
        let said = [stdout(&loud), stderr(&loud)].concat();
        assert!(said.contains("comment"), "{args:?} hides the note: {said}");
    }
}

#[test]
fn a_note_does_not_stand_among_results_for_programs() {
    let dir = TempDir::new().expect("a temporary folder");
    let book = noted_book(&dir);
    for args in COMMANDS {
        json(&[args, &[SCENARIO, "--book", &book]].concat());
    }
}

#[test]
fn a_closed_pipe_is_told() {
    let read_end_closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    for args in COMMANDS {
        for format in ["text", "json"] {
            let args = [args, &[SCENARIO, "--format", format]].concat();
            let output = command(&args).stdout(read_end_closed()).output().expect("it starts");
            assert_eq!(output.status.code(), Some(74), "{args:?}: {}", stderr(&output));
            let told = stderr(&output).lines().last().unwrap_or_default();
            assert!(told.starts_with("stdout cannot be written, Broken pipe"), "{args:?}: {told}");
        }
    }
    let mut unheard = command(&["run", "nowhere.toml"]);
    let status = unheard.stderr(read_end_closed()).status().expect("it starts");
    assert_eq!(status.code(), Some(2), "an error that is not heard keeps its exit code");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_stdout_is_told() {
    let all = COMMANDS.map(|args| [args, &[SCENARIO]].concat());
    for args in all.into_iter().chain([vec!["--help"], vec!["run", "--help"], vec!["--version"]]) {
        let full = fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = command(&args).stdout(full).output().expect("it starts");
        assert_eq!(output.status.code(), Some(74), "{args:?}");
        assert!(stderr(&output).starts_with("stdout cannot be written"), "{}", stderr(&output));
    }
}
