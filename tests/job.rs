//! Does a job come to what the command line does, however it is walked: all or until, beside
//! nothing, infinitely deep markets or another run, in memory or a folder, whole, resumed, sharded?

#[path = "support/folders.rs"]
mod folders;
mod job {
    mod answers;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use shortfall::archive::{Next, Place, Shard};
use shortfall::engine::{BackendChoice, Done};
use shortfall::job::{Baseline, Begun, Ended, Job, JobError, Stop, Store, Walked, Watch, merge};
use shortfall::report::Facts;
use shortfall::scenario::{Overrides, Scenario, load};
use shortfall::tail::Tally;
use tempfile::TempDir;

/// Loans against an asset whose market is thin.
const THIN: &str = r#"
book = "book.csv"

[run]
paths = 20_000
steps = 20
step = "6h"
seed = 7
materiality_usd = 1000

[[assets]]
name = "ETH"
price_usd = 3000
volatility = 2.5
liquidation_threshold = 0.83

[[assets]]
name = "USDC"
price_usd = 1
volatility = 0
is_stable = true

[venues.aave-v3]

[market.depth.ETH]
form = "square-root"
impact = 0.1
at_usd = 2e6
half_life = "6h"
"#;
const BOOK: &str = "position,venue,kind,asset,amount
alice,aave-v3,collateral,ETH,400
alice,aave-v3,debt,USDC,900000
bob,aave-v3,collateral,ETH,300
bob,aave-v3,debt,USDC,600000
carol,aave-v3,collateral,ETH,50
carol,aave-v3,debt,USDC,80000
";
const BATCH: u64 = 4096;
const UNTIL: &str = "mean rel 14%";

/// What every path is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    Nothing,
    Depthless,
    Other,
    Both,
}

const EVERY: [Against; 4] = [Against::Nothing, Against::Depthless, Against::Other, Against::Both];

impl Against {
    fn is_depthless(self) -> bool {
        matches!(self, Self::Depthless | Self::Both)
    }

    fn is_other(self) -> bool {
        matches!(self, Self::Other | Self::Both)
    }
}

/// The thin market, and a calmer one as a baseline, with a finished run of it.
struct Fixture {
    dir: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { dir: TempDir::new().expect("a temporary folder") };
        let write = |name: &str, text: &str| {
            fs::write(fixture.path(name), text).expect("a temporary file is written");
        };
        write("book.csv", BOOK);
        write("thin.toml", THIN);
        write("calm.toml", &THIN.replace("volatility = 2.5", "volatility = 2"));
        fixture.told("calm.toml", &["--out", "calm"]);
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn scenario(&self, name: &str, overrides: &Overrides) -> Scenario {
        load(&self.path(name), overrides).unwrap_or_else(|faults| panic!("{faults}"))
    }

    /// The library's job, in memory.
    fn job(&self, until: Option<&str>, against: Against) -> Job {
        let until = until.map(str::to_owned);
        let scenario = self.scenario("thin.toml", &Overrides { until, ..Overrides::default() });
        let mut job = Job::of(&scenario).expect("it compiles");
        (job.backend, job.batch) = (BackendChoice::cpu(1), Some(BATCH));
        if against.is_depthless() {
            job.compare_feedback().expect("the market has a depth");
        }
        if against.is_other() {
            job.baseline = Some(Baseline::read(&self.path("calm"), &job.subject).expect("a run"));
        }
        job
    }

    /// What the command line makes of the same, how it went left out.
    fn command(&self, until: Option<&str>, against: Against, out: Option<&str>) -> Value {
        let mut flags: Vec<&str> = vec!["--format", "json"];
        if let Some(until) = until {
            flags.extend(["--until", until]);
        }
        if against.is_depthless() {
            flags.push("--compare-feedback");
        }
        if against.is_other() {
            flags.extend(["--baseline", "calm"]);
        }
        if let Some(out) = out {
            flags.extend(["--out", out]);
        }
        let told = self.told("thin.toml", &flags);
        without_run(serde_json::from_str(&told).expect("one JSON value"))
    }

    fn told(&self, scenario: &str, flags: &[&str]) -> String {
        let run = ["run", scenario, "--backend", "cpu", "--threads", "2", "--batch", "2048"];
        self.obeyed(&[&run, flags].concat())
    }

    /// What a command that succeeds writes to stdout.
    fn obeyed(&self, command: &[&str]) -> String {
        let mut shortfall = Command::new(assert_cmd::cargo::cargo_bin!("shortfall"));
        let output = shortfall.args(command).current_dir(self.dir.path()).output();
        let output = output.expect("the command starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

fn without_run(mut report: Value) -> Value {
    report.as_object_mut().expect("an object").remove("run");
    report
}

fn figures(walked: &Walked) -> Value {
    without_run(serde_json::to_value(walked.report()).expect("JSON"))
}

fn finished(job: &Job) -> Walked {
    let ended = job.walk(&mut ()).unwrap_or_else(|error| panic!("{error}"));
    ended.walked().expect("nothing stops it")
}

fn whole(root: &Path, is_resumed: bool) -> Store {
    Store::Directory { place: Place { root: root.to_owned(), shard: None }, is_resumed }
}

/// Stops a job after one batch, and writes down what it is told.
#[derive(Default)]
struct Hasty {
    begun: Vec<(u64, u64)>,
    n_done: u64,
    ended: Vec<Option<u64>>,
}

impl Watch for Hasty {
    fn begin(&mut self, begun: Begun<'_>) -> std::ops::ControlFlow<()> {
        let Facts { n_steps, .. } = begun.facts;
        assert_eq!(*n_steps, 20);
        self.begun.push((begun.n_found, begun.n_paths));
        std::ops::ControlFlow::Continue(())
    }

    fn after(&mut self, done: Done<'_>) -> Next {
        self.n_done = done.n_paths();
        Next::Stop
    }

    fn end(&mut self, tally: Option<&Tally>) -> std::ops::ControlFlow<()> {
        self.ended.push(tally.map(|tally| tally.sums.n_paths));
        std::ops::ControlFlow::Continue(())
    }
}

/// Walks a job that is stopped after each batch and gone on with; how often it was stopped.
fn in_pieces(job: &Job) -> (Walked, u64) {
    for n_stops in 0..20 {
        let mut hasty = Hasty::default();
        match job.walk(&mut hasty).unwrap_or_else(|error| panic!("{error}")) {
            Ended::Finished(walked) => return (*walked, n_stops),
            Ended::Stopped { n_paths, n_all } => {
                assert!(n_paths == hasty.n_done && n_paths < n_all, "{n_paths} of {n_all}");
                assert_eq!(hasty.ended.last(), Some(&None));
            }
            Ended::Shard(place) => panic!("no shard was asked for: {place:?}"),
        }
    }
    panic!("it is stopped again and again, and never done");
}

#[test]
fn in_memory_and_in_a_folder_a_job_comes_to_what_the_command_line_does() {
    let fixture = Fixture::new();
    for until in [None, Some(UNTIL)] {
        for against in EVERY.into_iter().filter(|it| until.is_none() || !it.is_other()) {
            let case = format!("{until:?} {against:?}");
            let mut job = fixture.job(until, against);
            let walked = finished(&job);
            assert!(figures(&walked) == fixture.command(until, against, None), "{case}");
            let stopped = walked.until.as_ref().map(|it| (it.is_reached, it.n_paths));
            assert_eq!(stopped, until.map(|_| (true, walked.counted.tally.sums.n_paths)), "{case}");
            assert_eq!(walked.baseline.is_some(), against.is_other(), "{case}");
            assert_eq!(walked.counted.paired.is_some(), against.is_depthless(), "{case}");

            let of_command = fixture.path("of_command");
            let told = fixture.command(until, against, Some("of_command"));
            let here = fixture.path("here");
            job.store = whole(&here, false);
            let kept = finished(&job);
            assert!(figures(&kept) == told, "{case}");
            assert!(folders::files(&here) == folders::files(&of_command), "{case}");
            assert!(kept.results.commitment.is_some(), "{case}");

            // Found finished, it comes to the same, and no path is walked for it.
            job.store = whole(&here, true);
            let found = finished(&job);
            assert!(figures(&found) == told && found.run.is_none(), "{case}");

            // The walk beside a baseline keeps nothing, and would be stopped for ever.
            let pieces = fixture.path("pieces");
            job.store = whole(&pieces, true);
            let baseline = job.baseline.take();
            let (_, n_stops) = in_pieces(&job);
            assert!(n_stops >= 1, "{case}");
            job.baseline = baseline;
            assert!(figures(&finished(&job)) == told, "{case}");
            assert!(folders::files(&pieces) == folders::files(&of_command), "{case}");
            for folder in [here, of_command, pieces] {
                fs::remove_dir_all(folder).expect("it was made");
            }
        }
    }
}

#[test]
fn shards_that_are_stopped_gone_on_with_and_merged_are_the_run_of_one_machine() {
    let fixture = Fixture::new();
    for against in [Against::Nothing, Against::Depthless] {
        let told = fixture.command(None, against, Some("of_command"));
        let root = fixture.path("shards");
        let mut job = fixture.job(None, against);
        for index in 0..3 {
            let place = Place { root: root.clone(), shard: Some(Shard { index, count: 3 }) };
            job.store = Store::Directory { place: place.clone(), is_resumed: true };
            let mut n_stops = 0;
            while !matches!(job.walk(&mut Hasty::default()).expect("walked"), Ended::Shard(_)) {
                n_stops += 1;
                assert!(n_stops < 20, "{place:?}");
            }
            let again = job.walk(&mut ()).expect("it is there");
            assert!(matches!(again, Ended::Shard(there) if there == place));
        }
        let merged = merge(&root, 1, &mut ()).expect("all shards are there");
        assert!(figures(&merged) == told, "{against:?}");
        let again = merge(&root, 2, &mut ()).expect("all shards are there");
        assert!(figures(&again) == told, "{against:?}");
        // What was merged is a run as any other: it is held against a baseline, and grows.
        let other = if against.is_depthless() { Against::Both } else { Against::Other };
        let beside = Job { store: whole(&root, true), ..fixture.job(None, other) };
        let mut held = fixture.command(None, other, None);
        held["run_digest"] = told["run_digest"].clone();
        assert!(figures(&finished(&beside)) == held, "{against:?}");
        for folder in [root, fixture.path("of_command")] {
            fs::remove_dir_all(folder).expect("it was made");
        }
    }
}

#[test]
fn a_run_that_grows_in_its_folder_is_the_longer_run() {
    let fixture = Fixture::new();
    let mut job = fixture.job(None, Against::Depthless);
    let told = fixture.command(None, Against::Depthless, Some("of_command"));
    let root = fixture.path("grown");
    for n_paths in [1000, 9000, 20_000] {
        job.subject.plan.n_paths = n_paths;
        job.store = whole(&root, true);
        assert_eq!(finished(&job).summary().n_paths, n_paths);
    }
    assert!(figures(&finished(&job)) == told);
    assert!(folders::files(&root) == folders::files(&fixture.path("of_command")));
    // Without leave to go on with it, the folder is refused.
    job.store = whole(&root, false);
    assert!(matches!(job.walk(&mut ()), Err(JobError::Archive(_))));
}

#[test]
fn a_baseline_that_no_folder_keeps_is_another_scenario_s_subject() {
    let fixture = Fixture::new();
    let calm = Job::of(&fixture.scenario("calm.toml", &Overrides::default())).expect("it compiles");
    let mut job = fixture.job(None, Against::Nothing);
    job.baseline = Some(Baseline::of(calm.subject.clone(), &job.subject).expect("pairs"));
    assert!(figures(&finished(&job)) == fixture.command(None, Against::Other, None));
    let mut longer = calm.subject;
    longer.plan.n_paths += 1;
    let refused = Baseline::of(longer, &job.subject).expect_err("other paths").to_string();
    assert!(refused.starts_with("the baseline calm: its number of paths is 20001"), "{refused}");
}

#[test]
fn a_job_in_memory_that_is_stopped_says_so_and_is_walked_anew() {
    let fixture = Fixture::new();
    for (until, against) in [(None, Against::Nothing), (Some(UNTIL), Against::Depthless)] {
        let job = fixture.job(until, against);
        let mut hasty = Hasty::default();
        let ended = job.walk(&mut hasty).expect("walked");
        let Ended::Stopped { n_paths, n_all } = ended else { panic!("{ended:?}") };
        assert_eq!((n_paths, n_all), (BATCH, 20_000));
        assert_eq!((hasty.begun, hasty.ended), (vec![(0, 20_000)], vec![None]));
    }
    let beside = fixture.job(None, Against::Other);
    let ended = beside.walk(&mut Hasty::default()).expect("walked");
    assert!(matches!(ended, Ended::Stopped { n_all: 20_000, .. }), "{ended:?}");
    assert!(ended.walked().is_none());
}

#[test]
fn what_excludes_each_other_is_refused_before_anything_is_walked() {
    let fixture = Fixture::new();
    let shard = Place { root: fixture.path("none"), shard: Some(Shard { index: 0, count: 2 }) };
    let shard = Store::Directory { place: shard, is_resumed: false };
    let until = fixture.job(Some(UNTIL), Against::Nothing);
    let Stop::Until(precision) = until.stop.clone() else { panic!("no precision") };
    let other = fixture.job(None, Against::Other);
    let jobs = [
        (Job { store: shard.clone(), ..until }, "a stop by precision cannot go with a shard"),
        (
            Job { stop: Stop::Until(precision), ..other.clone() },
            "a stop by precision cannot go with a baseline",
        ),
        (Job { store: shard, ..other }, "a shard cannot go with a baseline"),
    ];
    for (job, words) in jobs {
        let refused = job.walk(&mut ()).expect_err(words).to_string();
        assert!(refused.starts_with(words), "{refused}");
    }
    assert!(!fixture.path("none").exists());
    let deep = THIN.split_once("[market.depth").expect("a depth").0;
    fs::write(fixture.path("deep.toml"), deep).expect("a temporary file is written");
    let deep = fixture.scenario("deep.toml", &Overrides::default());
    let refused = Job::of(&deep).expect("it compiles").compare_feedback();
    assert!(matches!(refused, Err(JobError::NothingToCompare { scenario }) if scenario == "deep"));
}

#[test]
fn a_job_may_stop_by_what_feedback_adds() {
    let fixture = Fixture::new();
    let walked = finished(&fixture.job(Some("feedback.difference rel 25%"), Against::Depthless));
    let until = walked.until.expect("a precision");
    assert!(until.is_reached && until.n_paths == 2 * BATCH, "{until:?}");
}

#[test]
fn a_figure_of_a_job_has_its_interval() {
    let fixture = Fixture::new();
    let walked = finished(&fixture.job(None, Against::Nothing));
    let reading = walked.figure("es95").expect("a level");
    let (low, high) = (reading.low.expect("known"), reading.high.expect("known"));
    assert!(0.0 < low && low < reading.value && reading.value < high, "{reading:?}");
    assert_eq!(walked.figure("es12.3"), None);
}
