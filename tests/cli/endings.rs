//! How a command ends that is told to, or that lacks what it needs: promptly, with the exit code
//! that says so, and with nothing half-written.

use std::fs;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{SCENARIO, command, shortfall, stderr, stdout, text_of, told, write};

/// Waits until a process has its handlers: until then the system's own ends it.
#[cfg(target_os = "linux")]
fn wait_for_handlers(child: &Child) {
    const SIGTERM: u64 = 1 << 14;
    let path = format!("/proc/{}/status", child.id());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
        if caught.is_none_or(|caught| caught & SIGTERM != 0) {
            return;
        }
    }
    panic!("no handler after ten seconds");
}

/// Sends a signal to a command after a while; how it ended.
#[cfg(target_os = "linux")]
fn signalled(args: &[&str], signal: &str, after: Duration) -> Output {
    let mut command = command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    wait_for_handlers(&child);
    std::thread::sleep(after);
    let mut kill = std::process::Command::new("kill");
    let _too_late = kill.args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
    let sent = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(sent.elapsed() < Duration::from_secs(5), "{args:?} goes on after {signal}");
    output
}

/// Delays that follow from a number, up to a length.
fn delay(n: u32, most: Duration) -> Duration {
    most * (n.wrapping_mul(2_654_435_769) >> 16) / (1 << 16)
}

const SIGNALS: [(&str, i32); 2] = [("-TERM", 75), ("-INT", 130)];

#[test]
#[cfg(target_os = "linux")]
fn every_command_ends_at_once_with_the_code_of_the_signal() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(&dir.path().join("run"));
    told(&["run", SCENARIO, "--paths", "300_000", "--steps", "24", "--out", &out]);
    let depth = "scenarios/oracle-lag.toml";
    let book = big_book(&dir);
    let commands: [&[&str]; 6] = [
        &["check", SCENARIO, "--book", &book],
        &["run", SCENARIO, "--paths", "1e9", "--backend", "cpu"],
        &["run", depth, "--paths", "1e9", "--backend", "cpu", "--compare-feedback"],
        &["verify", &out, "--sample", "100%", "--backend", "cpu"],
        &["check", SCENARIO],
        &["ladder", SCENARIO],
    ];
    for (args, longest) in commands.into_iter().zip([200, 500, 500, 500, 5, 5]) {
        let mut n_stopped = 0;
        for n in 0..8 {
            let (signal, code) = SIGNALS[n as usize % 2];
            let output = signalled(args, signal, delay(n, Duration::from_millis(longest)));
            let ended = output.status.code();
            let is_told = [Some(code), Some(0), Some(97)].contains(&ended);
            assert!(is_told, "{args:?}: {ended:?} after {signal}: {}", stderr(&output));
            n_stopped += u32::from(ended == Some(code));
        }
        assert!(n_stopped > 0 || longest < 100, "{args:?} was never stopped");
    }
}

/// A book that takes its time to load.
#[cfg(target_os = "linux")]
fn big_book(dir: &TempDir) -> String {
    let mut rows = "position,venue,kind,asset,amount\n".to_owned();
    for n in 0..200_000 {
        rows += &format!("p{n},aave-v3,collateral,ETH,2\np{n},aave-v3,debt,USDC,2000\n");
    }
    write(dir, "big.csv", &rows)
}

/// Loads, figures, files: wherever a kept run is, what it leaves is gone on with.
#[test]
#[cfg(target_os = "linux")]
fn a_run_or_merge_that_a_signal_ends_anywhere_is_gone_on_with() {
    let dir = TempDir::new().expect("a temporary folder");
    let root = dir.path().join("run");
    let out = text_of(&root);
    let reference = dir.path().join("reference");
    let args = ["run", SCENARIO, "--paths", "9000", "--steps", "24", "--backend", "cpu"];
    let begun = Instant::now();
    told(&[&args[..], &["--out", &text_of(&reference)]].concat());
    let whole = begun.elapsed();
    let markdown = dir.path().join("summary.md");
    let markdown_text = text_of(&markdown);
    for count in ["1", "2"] {
        let mut n_stopped = 0;
        for n in 0..24 {
            let (signal, code) = SIGNALS[n as usize % 2];
            let _ = fs::remove_dir_all(&root);
            let _ = fs::remove_file(&markdown);
            let mut last = [&args[..], &["--out", &out, "--resume"]].concat();
            if count == "2" {
                for shard in ["0/2", "1/2"] {
                    told(&[&last[..], &["--shard", shard]].concat());
                }
                last = vec!["merge", &out];
            } else {
                last.extend(["--markdown", &markdown_text]);
            }
            let ended = signalled(&last, signal, delay(n, whole)).status.code();
            assert!([Some(code), Some(0)].contains(&ended), "{last:?}: {ended:?} after {signal}");
            n_stopped += u32::from(ended == Some(code));
            let written = fs::read_to_string(&markdown).unwrap_or_default();
            assert!(written.is_empty() || written.ends_with('\n'), "{written}");
            let strange = |it: &String| it.contains(".partial") || it.contains(".probe");
            assert!(!names_in(dir.path()).iter().any(strange), "{:?}", names_in(dir.path()));
            told(&last);
            let verified = shortfall(&["verify", &out]);
            assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
            let blocks = |root: &Path| fs::read(root.join("blocks.bin")).expect("a file");
            assert!(blocks(&root) == blocks(&reference), "{last:?}");
        }
        assert!(n_stopped > 0, "no signal came in time");
    }
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    entries.map(|it| it.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// The command in a shell, under a limit or with what a shell does to files.
fn in_shell(script: &str, args: &[&str]) -> Output {
    std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_shortfall")])
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .expect("sh starts")
}

#[test]
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn a_closed_stdout_is_told_before_a_path_runs_and_a_null_device_is_none() {
    // Long enough to be noticed, if they were walked.
    let long = ["run", SCENARIO, "--paths", "100_000"];
    let short = ["run", SCENARIO, "--paths", "20"];
    for args in [&long[..], &["check", SCENARIO], &["--help"], &["--version"]] {
        let output = in_shell("exec \"$0\" \"$@\" >&-", args);
        assert_eq!(output.status.code(), Some(74), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("stdout is closed: "), "{}", stderr(&output));
    }
    for open in [">/dev/null", "1<>/dev/null", "<&- >/dev/null", "2>&- >/dev/null"] {
        let output = in_shell(&format!("exec \"$0\" \"$@\" {open}"), &short);
        assert_eq!(output.status.code(), Some(0), "{open}: {}", stderr(&output));
    }
    let unheard = in_shell("exec \"$0\" \"$@\" >&- 2>&-", &["run", "nowhere.toml"]);
    assert_eq!(unheard.status.code(), Some(74));
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_the_system_refuses_is_told_with_its_size() {
    let mut n_refused = 0;
    for kib in (16_000..64_000).step_by(2_000) {
        let limited = format!("ulimit -v {kib}; exec \"$0\" \"$@\"");
        let args = ["run", SCENARIO, "--paths", "9000", "--backend", "cpu", "--threads", "2"];
        let output = in_shell(&limited, &args);
        let told = stderr(&output);
        match output.status.code() {
            // Or too little for the loader, which has exit codes of its own.
            Some(0) | Some(127) => {}
            Some(74) => {
                let is_named = told.contains("memory allocation of ") || told.contains("threads");
                assert!(is_named, "{kib} KiB: {told}");
                n_refused += 1;
            }
            code => assert!(
                stdout(&output).is_empty() && told.contains("error while loading"),
                "{kib} KiB: {code:?}: {told}"
            ),
        }
    }
    assert!(n_refused > 0, "no limit was too low");
}
