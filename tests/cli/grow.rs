//! A finished run that gets more paths, and the scenario that it is held against, by the command.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use shortfall::archive::{
    ArchiveError, LocalDisk, Opened, Place as Kept, RunDirectory, Subject, grow,
};

use super::{command, fault, shortfall, stderr, text_of, told};

/// A copy of the scenario and its book, and folders for runs of it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        for name in ["scenario.toml", "book.csv"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/valid").join(name);
            fs::copy(from, dir.path().join(name)).expect("a copy");
        }
        Self(dir)
    }

    fn at(&self, name: &str) -> String {
        text_of(&self.0.path().join(name))
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.at("scenario.toml");
        let text = fs::read_to_string(&path).expect("a scenario");
        assert!(text.contains(from), "{from}");
        fs::write(path, text.replacen(from, to, 1)).expect("it is written");
    }

    /// The command of a run of so many paths, gone on with.
    fn args(&self, out: &str, n_paths: u64) -> Vec<String> {
        let n_paths = n_paths.to_string();
        let (scenario, out) = (self.at("scenario.toml"), self.at(out));
        let words = ["run", &scenario, "--out", &out, "--paths", &n_paths, "--steps", "24"];
        let more = ["--resume", "--backend", "cpu", "--quiet"];
        words.iter().chain(&more).map(|it| (*it).to_owned()).collect()
    }

    fn run(&self, out: &str, n_paths: u64) {
        told(&words(&self.args(out, n_paths)));
    }

    /// Every file of a run but how it went.
    fn files(&self, out: &str) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for folder in ["", "segments"] {
            let folder = self.0.path().join(out).join(folder);
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_file() && !path.ends_with("run.json") {
                    found.insert(
                        text_of(&path).replace(&self.at(out), ""),
                        fs::read(&path).expect("it"),
                    );
                }
            }
        }
        found
    }

    /// How many paths the next life of a growth finds: looked for in a copy.
    fn n_kept(&self, out: &str, longer: &Subject) -> u64 {
        let copy = self.0.path().join("looked-at");
        self.copy(out, &copy);
        patiently(|| Ok(grow(&copy, longer, &mut LocalDisk)?));
        let place = Kept { root: copy.clone(), shard: None };
        let n_paths = patiently(|| {
            let mut disk = LocalDisk;
            match RunDirectory::open(place.clone(), longer, &mut disk, true)? {
                Opened::Open(mut directory) => Ok(directory.find()?.n_paths()),
                Opened::Finished => Ok(longer.plan.n_paths),
            }
        });
        fs::remove_dir_all(copy).expect("a copy");
        n_paths
    }

    /// Copies a run, with whatever lies in its folder.
    fn copy(&self, out: &str, to: &Path) {
        for folder in ["", "segments"] {
            fs::create_dir_all(to.join(folder)).expect("a folder");
            for entry in fs::read_dir(self.0.path().join(out).join(folder)).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let name = path.file_name().expect("a name");
                    fs::copy(&path, to.join(folder).join(name)).expect("a copy");
                }
            }
        }
    }

    fn assert_same(&self, one: &str, other: &str) {
        let [one, other] = [one, other].map(|it| self.files(it));
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, bytes) in one {
            assert!(other[&name] == bytes, "{name} differs");
        }
    }

    fn verify(&self, out: &str) -> Vec<String> {
        let (scenario, out) = (self.at("scenario.toml"), self.at(out));
        let words = ["verify", &out, "--scenario", &scenario, "--steps", "24", "--quiet"];
        words.map(str::to_owned).to_vec()
    }
}

/// Does what needs the lock of a folder. A process that another test has just forked holds every
/// lock of this one until it becomes the command: for that moment the folder is in use.
fn patiently<T>(mut act: impl FnMut() -> Result<T, Box<ArchiveError>>) -> T {
    let begun = Instant::now();
    let is_busy = |error: &ArchiveError| matches!(error, ArchiveError::Busy { .. });
    loop {
        match act() {
            Err(error) if is_busy(&error) && begun.elapsed() < Duration::from_secs(10) => {
                std::thread::sleep(Duration::from_millis(2));
            }
            done => return done.unwrap_or_else(|error| panic!("{error}")),
        }
    }
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[test]
fn a_finished_run_grows_to_the_bytes_of_a_run_of_so_many_paths() {
    let place = Place::new();
    place.run("grown", 5000);
    let small = place.files("grown");
    place.run("fresh", 70_001);
    // Neither makes another run.
    place.edit("name = \"everything\"", "# A comment.\nname = \"everything\"   # Another.");
    let told_so = told(&words(&place.verify("grown")));
    assert!(told_so.contains("its program is that of the scenario, compiled again"), "{told_so}");
    place.run("grown", 5000);
    assert_eq!(place.files("grown"), small, "the same command finds it finished");
    place.edit("# A comment.\n", "");
    place.edit("   # Another.", "");
    for n_paths in [9000, 70_001] {
        place.run("grown", n_paths);
        told(&words(&place.verify("grown")));
    }
    place.assert_same("grown", "fresh");
    let fewer = fault(&words(&place.args("grown", 5000)), 2);
    assert!(fewer.contains("n_paths is 70001 there and 5000 here"), "{fewer}");
    place.assert_same("grown", "fresh");
    place.edit("name = \"everything\"", "# A comment.\nname = \"everything\"");
    place.run("grown", 70_500);
    told(&words(&place.verify("grown")));
}

#[test]
fn a_scenario_that_was_changed_is_refused_by_its_key() {
    let place = Place::new();
    place.run("run", 5000);
    let before = place.files("run");
    place.edit("volatility = 0.7", "volatility = 0.8");
    let words_of_change = "assets[0].volatility is 0.7 there and 0.8 here";
    for args in [place.verify("run"), place.args("run", 5000), place.args("run", 9000)] {
        let told_so = fault(&words(&args), 2);
        assert!(told_so.contains(words_of_change), "{args:?}: {told_so}");
    }
    assert_eq!(place.files("run"), before, "nothing was touched");
    place.edit("volatility = 0.8", "volatility = 0.7");
    told(&words(&place.verify("run")));
    let book = place.at("book.csv");
    let text = fs::read_to_string(&book).expect("a book");
    let digit = text.rfind(|it: char| ('1'..'9').contains(&it)).expect("a digit");
    let other = if &text[digit..=digit] == "1" { "2" } else { "1" };
    fs::write(&book, [&text[..digit], other, &text[digit + 1..]].concat()).expect("it is written");
    let told_so = fault(&words(&place.verify("run")), 2);
    assert!(told_so.contains("the digest of book.csv is"), "{told_so}");
}

/// `SHORTFALL_FULL=1 cargo test --test cli growth` is the full figure.
#[test]
fn a_growth_that_is_killed_at_any_time_loses_nothing() {
    let n_kills = if std::env::var_os("SHORTFALL_FULL").is_some() { 200 } else { 24 };
    let place = Place::new();
    place.run("fresh", 140_001);
    place.run("small", 66_000);
    let longer = Subject::read(Path::new(&place.at("fresh"))).expect("a run");
    let (mut killed, mut n_runs, mut n_progress, mut state) = (0, 0, 0_u64, 11_u64);
    while killed < n_kills {
        let out = format!("grown-{n_runs}");
        n_runs += 1;
        place.copy("small", &place.0.path().join(&out));
        let mut kept = 66_000;
        loop {
            let mut args = place.args(&out, 140_001);
            args.extend(["--checkpoint-every=0.01s", "--batch=4096"].map(str::to_owned));
            let mut command = command(&words(&args));
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("it starts");
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            std::thread::sleep(Duration::from_millis(5 + (state >> 33) % 400));
            if killed >= n_kills || child.try_wait().expect("a child").is_some() {
                assert!(child.wait().expect("it ends").success());
                break;
            }
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            killed += 1;
            let now = place.n_kept(&out, &longer);
            assert!(now >= kept, "{now} paths are kept after {kept}");
            n_progress += u64::from(now > kept);
            kept = now;
        }
        place.assert_same(&out, "fresh");
    }
    println!("{killed} kills over {n_runs} growths: 0 paths lost, {n_progress} lives kept more");
    let output = shortfall(&words(&place.verify("grown-0")));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
