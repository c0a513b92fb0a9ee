//! A run that is killed, stopped, split: does the command keep its word and its exit codes?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::folders::{files, n_kept};
use super::{SCENARIO, command, fault, shortfall, stderr, stdout, text_of, told};

/// Some seconds of work in five segments.
const N_PATHS: u64 = 300_000;
const LONG: [&str; 7] =
    ["run", SCENARIO, "--paths", "300_000", "--steps", "24", "--checkpoint-every=0.05s"];

fn assert_same(root: &Path, reference: &Path, how: &str) {
    let (found, expected) = (files(root), files(reference));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{how}");
    for (name, bytes) in found {
        assert!(expected[&name] == bytes, "{} differs: {how}", name.display());
    }
}

fn begin(args: &[&str]) -> Child {
    command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// Waits until a file is there, as long as the process lives.
fn wait_for(child: &mut Child, path: &Path) {
    let begun = Instant::now();
    while !path.exists() && begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().expect("a child") {
            panic!("it ended with {status} before {} was there", path.display());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(path.exists(), "{} is not there after a minute", path.display());
}

#[cfg(unix)]
fn send(signal: &str, child: &Child) {
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill").args([signal, &pid]).status();
    assert!(sent.expect("kill starts").success());
}

fn ended(child: Child, exit_code: i32) -> Output {
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(exit_code), "{}", stderr(&output));
    output
}

/// The files that progress is kept in.
fn saved(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = if root.exists() { files(root) } else { BTreeMap::new() };
    found.retain(|name, _| {
        let is_kept = name.starts_with("segments") || name.to_string_lossy().starts_with("state");
        is_kept && !name.to_string_lossy().contains(".partial")
    });
    found
}

/// Numbers that follow from where they begin, for the choices of a test.
fn next(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % bound
}

/// `SHORTFALL_FULL=1 cargo test --test cli killed -- --nocapture` is the full figure, and with
/// `SHORTFALL_KILLS=200 SHORTFALL_KILL_DEVICE=llvmpipe` there are lives on that adapter too.
#[test]
fn a_run_that_is_killed_at_any_time_ends_in_the_files_of_one_that_was_not() {
    let usual = if std::env::var_os("SHORTFALL_FULL").is_some() { 1000 } else { 12 };
    let n_kills =
        std::env::var("SHORTFALL_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(usual);
    let device = std::env::var("SHORTFALL_KILL_DEVICE").ok();
    let dir = TempDir::new().expect("a temporary folder");
    let reference = dir.path().join("reference");
    told(&[&LONG[..], &["--backend", "cpu", "--out", &text_of(&reference)]].concat());
    let (mut killed, mut n_runs, mut n_progress, mut state) = (0_u64, 0, 0, 17);
    while killed < n_kills {
        let root = dir.path().join(format!("run-{n_runs}"));
        let out = text_of(&root);
        n_runs += 1;
        let mut kept = 0;
        loop {
            let threads = (1 + next(&mut state, 3)).to_string();
            let batch = ["512", "3000", "4096", "16384", "1e6"][next(&mut state, 5) as usize];
            let on_device = device.as_deref().filter(|_| next(&mut state, 3) == 0);
            let mut args = LONG.to_vec();
            args.extend(["--resume", "--out", &out, "--threads", &threads, "--batch", batch]);
            match on_device {
                Some(device) => args.extend(["--backend", "gpu", "--device", device]),
                None => args.extend(["--backend", "cpu"]),
            }
            let saved_before = saved(&root);
            let mut child = begin(&args);
            // A device takes its time to open.
            let most = if on_device.is_some() { 3000 } else { 700 };
            std::thread::sleep(Duration::from_millis(20 + next(&mut state, most)));
            let is_over = child.try_wait().expect("a child").is_some();
            if is_over || killed >= n_kills {
                ended(child, 0);
                break;
            }
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            killed += 1;
            let (now, saved_now) = (n_kept(&root).unwrap_or(0), saved(&root));
            assert!(now >= kept, "{now} paths are kept after {kept}");
            // What outlives a checkpoint has more than the life before it, while there is more.
            let is_more = now > kept || now == N_PATHS;
            assert!(is_more || saved_now == saved_before, "{now} paths are kept after {kept}");
            n_progress += u64::from(now > kept);
            kept = now;
        }
        assert_same(&root, &reference, &format!("run {n_runs}"));
    }
    println!("{killed} kills over {n_runs} runs: 0 differing bytes, {n_progress} lives kept more");
    assert!(n_progress > 0, "no life outlived a checkpoint");
}

#[test]
#[cfg(unix)]
fn a_signal_saves_what_is_done_and_the_same_command_goes_on() {
    let dir = TempDir::new().expect("a temporary folder");
    let reference = dir.path().join("reference");
    told(&[&LONG[..], &["--out", &text_of(&reference)]].concat());
    for (signal, exit_code, by) in
        [("-TERM", 75, "a request to terminate"), ("-INT", 130, "an interrupt")]
    {
        let root = dir.path().join(by);
        let out = text_of(&root);
        let args = [&LONG[..], &["--resume", "--batch", "512", "--out", &out]].concat();
        let mut child = begin(&args);
        wait_for(&mut child, &root.join("state.1"));
        send(signal, &child);
        let output = ended(child, exit_code);
        let told_so = stderr(&output);
        assert!(told_so.contains(&format!("stopped by {by}; ")), "{told_so}");
        assert!(told_so.contains("of 300000 paths are done and kept"), "{told_so}");
        assert_eq!(stdout(&output), "");
        assert!(fault(&["verify", &out], 75).contains("is not finished"));
        told(&args);
        assert_same(&root, &reference, by);
    }
}

#[test]
#[cfg(unix)]
fn of_two_runs_that_begin_at_once_in_a_folder_the_other_is_told_that_it_is_in_use() {
    let dir = TempDir::new().expect("a temporary folder");
    let root = dir.path().join("new/run");
    let args = ["run", SCENARIO, "--paths", "1e9", "--out", &text_of(&root), "--backend", "cpu"];
    let seeds = ["1", "2"].map(|seed| [&args[..], &["--seed", seed]].concat());
    let mut both = seeds.map(|args| begin(&args));
    let begun = Instant::now();
    let is_over = |child: &mut Child| child.try_wait().expect("a child").is_some();
    let refused = loop {
        if let Some(refused) = both.iter_mut().position(is_over) {
            break refused;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "both work in one folder");
        std::thread::sleep(Duration::from_millis(5));
    };
    let [first, second] = both;
    let (refused, other) = if refused == 0 { (first, second) } else { (second, first) };
    let output = refused.wait_with_output().expect("it ends");
    send("-TERM", &other);
    ended(other, 75);
    let told = stderr(&output);
    assert!(told.contains("is in use by another process: wait for it"), "{told}");
    assert_eq!(output.status.code(), Some(75), "{told}");
}

#[test]
#[cfg(unix)]
fn a_second_signal_leaves_at_once() {
    let dir = TempDir::new().expect("a temporary folder");
    // One batch takes longer than a reader waits.
    let args = ["run", SCENARIO, "--paths", "1e9", "--batch", "16777216", "--backend", "cpu"];
    let out = text_of(dir.path());
    let mut child = begin(&[&args[..], &["--out", &out]].concat());
    wait_for(&mut child, &dir.path().join("facts.json"));
    std::thread::sleep(Duration::from_millis(500));
    send("-INT", &child);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("a child").is_none(), "the first waits for the batch");
    let begun = Instant::now();
    send("-INT", &child);
    ended(child, 130);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_time_limit_saves_what_is_done() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    let args = ["run", SCENARIO, "--paths", "1e9", "--out", &out, "--resume", "--batch", "4096"];
    let mut kept = Vec::new();
    for _ in 0..2 {
        let output = shortfall(&[&args[..], &["--time-limit", "0.5s"]].concat());
        assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
        let words: Vec<&str> = stderr(&output).split_whitespace().collect();
        let at = words.iter().position(|word| *word == "--time-limit;").expect("why it stopped");
        kept.push(words[at + 1].parse::<u64>().expect("a count of paths"));
    }
    assert!(0 < kept[0] && kept[0] < kept[1], "{kept:?}");
}

/// Of the environment.
type Variables<'a> = &'a [(&'a str, &'a str)];

fn shard(root: &str, args: &[&str], variables: Variables<'_>) -> Output {
    let all =
        [&["run", SCENARIO, "--paths", "100_000", "--steps", "24", "--out", root], args].concat();
    let mut command = command(&all);
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().expect("it starts")
}

#[test]
fn shards_of_every_scheduler_merge_to_one_run_that_verifies() {
    let dir = TempDir::new().expect("a temporary folder");
    let [whole, split] = ["whole", "split"].map(|name| dir.path().join(name));
    let (whole_text, split_text) = (text_of(&whole), text_of(&split));
    let plain = shard(&whole_text, &[], &[]);
    assert_eq!(plain.status.code(), Some(0), "{}", stderr(&plain));
    let slurm = [
        ("SLURM_ARRAY_TASK_ID", "0"),
        ("SLURM_ARRAY_TASK_MIN", "0"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
        ("SLURM_ARRAY_TASK_COUNT", "4"),
    ];
    let aws = [("AWS_BATCH_JOB_ARRAY_INDEX", "2"), ("AWS_BATCH_JOB_ARRAY_SIZE", "4")];
    let hows: [(&[&str], Variables<'_>); 3] = [
        (&["--shard", "auto"], &slurm),
        (&["--shard", "auto", "--shards", "4"], &[("JOB_COMPLETION_INDEX", "1")]),
        (&["--shard", "auto"], &aws),
    ];
    for (args, variables) in hows {
        let output = shard(&split_text, args, variables);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stderr(&output).contains("-of-4 is finished"), "{}", stderr(&output));
    }
    assert!(fault(&["merge", &split_text], 75).contains("lacks 1 of 4 shards: run --array=3"));
    let last = shard(&split_text, &["--shard", "3/4"], &[]);
    assert_eq!(last.status.code(), Some(0), "{}", stderr(&last));
    let merged = told(&["merge", &split_text]);
    let figures = |text: &str| text.lines().next().map(str::to_owned);
    assert_eq!(figures(&merged), figures(stdout(&plain)));
    fs::rename(split.join("shards"), dir.path().join("shards")).expect("a folder");
    assert_same(&split, &whole, "merged");
    let verified = told(&["verify", &split_text, "--sample", "20%", "--seed", "7"]);
    let walked =
        "5 blocks of 25, 1 of 2 segments whole (--seed 7), and the 1,000 paths of the tail";
    assert!(verified.contains(walked), "{verified}");
    assert!(verified.contains("held against no scenario"), "{verified}");
    // One block holds a hundredth of the bad debt: 20 of 25 are not drawn.
    let escape = "   1 % of them lie in 1 block, none of which is drawn with probability 80.0 %";
    assert!(verified.contains(escape), "{verified}");
    let all = told(&["verify", &split_text, "--sample", "100%"]);
    assert!(all.contains("all 25 blocks of 2 segments, whole, and the 1,000 paths"), "{all}");
}

/// Where there is no such adapter, as CI has, the test says so and passes.
#[test]
fn what_a_device_computed_is_verified_by_the_cpu() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    let made = ["run", SCENARIO, "--paths", "5000", "--steps", "24", "--backend", "gpu"];
    let output = shortfall(&[&made[..], &["--device", "llvmpipe", "--out", &out]].concat());
    if output.status.code() == Some(69) && std::env::var_os("SHORTFALL_REQUIRE_ADAPTER").is_none() {
        eprintln!("no software adapter: {}", stderr(&output));
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let run = fs::read_to_string(dir.path().join("run.json")).expect("run.json");
    assert!(run.contains("\"backend\": \"gpu\"") && run.contains("llvmpipe"), "{run}");
    for sample in ["1%", "100%"] {
        let verified = told(&["verify", &out, "--backend", "cpu", "--sample", sample]);
        assert!(verified.contains("walked again on cpu"), "{verified}");
    }
    // A bit of the digest of the second block, which then is no leaf under the root.
    let path = dir.path().join("blocks.bin");
    let mut bytes = fs::read(&path).expect("a file");
    bytes[40] ^= 4;
    fs::write(&path, bytes).expect("a file");
    assert!(fault(&["verify", &out, "--backend", "cpu"], 65).contains("blocks.bin is damaged"));
}

#[test]
fn a_directory_that_is_damaged_is_exit_code_65_and_the_file_is_named() {
    let dir = TempDir::new().expect("a temporary folder");
    let out = text_of(dir.path());
    told(&["run", SCENARIO, "--paths", "5000", "--steps", "24", "--out", &out]);
    let path = dir.path().join("positions.parquet");
    let mut bytes = fs::read(&path).expect("a file");
    bytes[100] ^= 1;
    fs::write(&path, bytes).expect("a file");
    let told = fault(&["verify", &out], 65);
    assert!(told.contains("positions.parquet is damaged: its digest is"), "{told}");
    fs::remove_file(dir.path().join("manifest.json")).expect("a file");
    assert!(fault(&["verify", &out], 75).contains("is not finished (there is no manifest.json)"));
    for no_run in ["tests", "nowhere"] {
        assert!(fault(&["verify", no_run], 2).contains("holds no run (there is no plan.json)"));
    }
    assert!(fault(&["merge", &out], 2).contains("holds no shards to merge"));
}

#[test]
fn flags_of_runs_on_disk_are_told_with_their_remedies() {
    let mistakes: [(&[&str], &[&str]); 8] = [
        (&["--resume"], &["--out"]),
        (&["--checkpoint-every", "5s"], &["--out"]),
        (&["--out", "x", "--checkpoint-every", "5"], &["--checkpoint-every", "as in 5s"]),
        (&["--out", "x", "--time-limit", "soon"], &["--time-limit", "55m or 12h"]),
        (&["--out", "x", "--shard", "4/4"], &["--shard", "0/4 to 3/4"]),
        (&["--out", "x", "--shard", "one"], &["--shard", "0/64, or auto"]),
        (&["--out", "x", "--shards", "4"], &["--shard"]),
        (&["--out", "x", "--shard", "0/4", "--shards", "4"], &["--shards goes with --shard auto"]),
    ];
    for (args, words) in mistakes {
        let told = fault(&[&["run", SCENARIO], args].concat(), 2);
        for word in words {
            assert!(told.contains(word), "{args:?} does not say {word:?}: {told}");
        }
    }
    let told = fault(&["verify", "x", "--sample", "200%"], 2);
    assert!(told.contains("write 1% or 0.01"), "{told}");
}
