//! Run folders whose values were changed and sealed again: what is read is refused by name, or
//! goes on to the figures, every format of them, and a block that is walked once more.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shortfall::archive::manifest::Listed;
use shortfall::archive::sealed::{digest, json, pack, pack_json, unpack};
use shortfall::archive::{
    ArchiveError, BLOCKS, Counted, FACTS, Input, Kind, MANIFEST, Manifest, Opened, Origin, PLAN,
    PROGRAM, Place, RUN, RunDirectory, RunPlan, SEGMENTS, STATES, SUMMARY, Sealed, Subject, layout,
};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Part, Stretch, Walkers, walk};
use shortfall::program::Program;
use shortfall::report::{Answer, FORMATS, Facts, Report, RunFacts, Summary, gates, junit, tables};
use shortfall::scenario::{Gate, Overrides, load};
use shortfall::tail::Digest;

use super::dice::Dice;
use super::disk::Quick;
use super::facts::facts;
use super::program::ProgramTree;

/// As the archive writes a part.
#[derive(Serialize, Deserialize)]
struct Record {
    run: Digest,
    sequence: u64,
    part: Part,
}

/// The values of a run's files.
pub(crate) struct Folder {
    subject: Subject,
    gates: Vec<Gate>,
    /// One segment: the whole run, which is a short block.
    part: Part,
    run: Value,
    /// As JSON has them, once.
    program_tree: ProgramTree,
    facts_tree: Value,
    plan_tree: Value,
    root: tempfile::TempDir,
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Program,
    ProgramBytes,
    Facts,
    Plan,
    Segment,
    State,
    Manifest,
    Run,
    /// Bytes of any file, not sealed again.
    Unsealed,
}

pub(crate) const TARGETS: [Target; 9] = [
    Target::Program,
    Target::ProgramBytes,
    Target::Facts,
    Target::Plan,
    Target::Segment,
    Target::State,
    Target::Manifest,
    Target::Run,
    Target::Unsealed,
];

/// The files of a folder, by their names.
type Files = BTreeMap<String, Vec<u8>>;

impl Folder {
    /// A run of a scenario of this folder.
    pub(crate) fn of(name: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name);
        let overrides =
            Overrides { gates: vec!["probability < 0.5".to_owned()], ..Overrides::default() };
        let scenario = load(&from.join("scenario.toml"), &overrides)
            .unwrap_or_else(|faults| panic!("{faults}"));
        let program = shortfall::engine::compile(&scenario).expect("a seed compiles");
        let input = Input { name: "scenario.toml".to_owned(), blake3: Digest([7; 32]) };
        let facts = facts(&scenario, &program);
        let compares = scenario.run.compare_feedback;
        let n_paths = scenario.run.n_paths;
        let origin = Origin { files: vec![input], keys: scenario.written };
        let subject = Subject::new(program, facts, n_paths, compares, origin);
        let part = walked(&subject);
        let tree = |value: Result<Value, _>| value.expect("a value is JSON");
        let program_tree = ProgramTree::of(&subject.program);
        let (facts_tree, plan_tree) =
            (tree(serde_json::to_value(&subject.facts)), tree(serde_json::to_value(&subject.plan)));
        let run = tree(serde_json::to_value(run_facts()));
        let root = tempfile::tempdir().expect("a folder");
        let gates = scenario.gates.clone();
        Self { subject, gates, part, run, program_tree, facts_tree, plan_tree, root }
    }

    /// All files, as they are written; figures are those of the true run.
    fn files(&self) -> Files {
        let key = self.subject.plan.key();
        let mut files = self.first_files(&self.subject);
        let record = Record { run: key, sequence: 0, part: self.part.clone() };
        files.insert(self.segment_name(), pack(Kind::Segment, &record));
        self.finish(files, &self.subject, key)
    }

    fn segment_name(&self) -> String {
        format!("{SEGMENTS}/{}", layout::segment_name(&self.part.paths))
    }

    fn first_files(&self, subject: &Subject) -> Files {
        BTreeMap::from([
            (PLAN.to_owned(), pack_json(&subject.plan)),
            (PROGRAM.to_owned(), pack(Kind::Program, &subject.program)),
            (FACTS.to_owned(), json(&subject.facts)),
        ])
    }

    /// Adds what follows from the others.
    fn finish(&self, mut files: Files, subject: &Subject, key: Digest) -> Files {
        let mut counted = Counted::none(&self.subject);
        counted.add(self.part.clone());
        files.insert(BLOCKS.to_owned(), counted.blocks());
        for name in [
            SUMMARY,
            shortfall::archive::COMMITMENT,
            shortfall::archive::POSITIONS,
            shortfall::archive::WORST_PATHS,
        ] {
            files.insert(name.to_owned(), Vec::new());
        }
        let listed = files.iter().map(|(name, bytes)| (name.clone(), Listed::of(bytes)));
        let manifest = Manifest { run: key, shard: None, files: listed.collect() };
        files.insert(MANIFEST.to_owned(), pack_json(&manifest));
        let mut run = self.run.clone();
        if let Value::Object(fields) = &mut run {
            fields.insert("key".to_owned(), Value::String(subject.plan.key().to_string()));
        }
        // The key stands first, as it is declared.
        files.insert(RUN.to_owned(), sealed_run(key, &self.run, &run));
        files
    }

    /// The files with one value changed; `None` where that is no value of its kind.
    pub(crate) fn harmed(&self, target: Target, dice: &mut Dice) -> Option<Files> {
        let key = self.subject.plan.key();
        match target {
            Target::Program => {
                let program = self.program_tree.harmed(dice)?;
                Some(self.with(program, self.subject.facts.clone(), self.subject.plan.clone()))
            }
            Target::ProgramBytes => {
                let bytes = sealed_again(Kind::Program, &self.subject.program, dice);
                let program: Program = unpack(Kind::Program, &bytes).ok()?;
                Some(self.with(program, self.subject.facts.clone(), self.subject.plan.clone()))
            }
            Target::Facts => {
                let mut tree = self.facts_tree.clone();
                dice.harm_tree(&mut tree);
                let facts: Facts = serde_json::from_value(tree).ok()?;
                let (program, plan) = (self.subject.program.clone(), self.subject.plan.clone());
                Some(self.with(program, facts, plan))
            }
            Target::Plan => {
                let mut tree = self.plan_tree.clone();
                dice.harm_tree(&mut tree);
                let plan: RunPlan = serde_json::from_value(tree).ok()?;
                let subject = Subject { plan, ..self.subject.clone() };
                Some(self.around(&subject))
            }
            Target::Segment => {
                let record = Record { run: key, sequence: 0, part: self.part.clone() };
                let bytes = sealed_again(Kind::Segment, &record, dice);
                let mut files = self.first_files(&self.subject);
                files.insert(self.segment_name(), bytes);
                Some(self.finish(files, &self.subject, key))
            }
            Target::State => {
                let record = Record { run: key, sequence: 1, part: self.part.clone() };
                let mut files = self.first_files(&self.subject);
                for name in STATES {
                    let bytes = sealed_again(Kind::Checkpoint, &record, dice);
                    files.insert(name.to_owned(), bytes);
                }
                Some(files)
            }
            Target::Manifest => self.with_json::<Manifest>(MANIFEST, dice),
            Target::Run => {
                let mut files = self.files();
                let mut run = self.run.clone();
                dice.harm_tree(&mut run);
                let run: RunFacts = serde_json::from_value(run).ok()?;
                let run = serde_json::to_value(run).ok()?;
                files.insert(RUN.to_owned(), sealed_run(key, &run, &run));
                Some(files)
            }
            Target::Unsealed => {
                let mut files = self.files();
                let at = dice.below(files.len());
                if let Some(bytes) = files.values_mut().nth(at) {
                    dice.harm(bytes);
                }
                Some(files)
            }
        }
    }

    /// A subject of other values, whose digests are right.
    fn with(&self, program: Program, mut facts: Facts, mut plan: RunPlan) -> Files {
        let of_program = program.digest().to_string();
        facts.program_digest.clone_from(&of_program);
        plan.program_digest = of_program;
        plan.facts_digest = digest(&json(&facts));
        plan.meaning_digest = facts.meaning_digest();
        self.around(&Subject { program, facts, plan })
    }

    fn around(&self, subject: &Subject) -> Files {
        let key = subject.plan.key();
        let mut files = self.first_files(subject);
        let record = Record { run: key, sequence: 0, part: self.part.clone() };
        files.insert(self.segment_name(), pack(Kind::Segment, &record));
        self.finish(files, subject, key)
    }

    /// Changes a sealed object, and seals it again.
    fn with_json<T: Serialize + for<'d> Deserialize<'d>>(
        &self,
        name: &str,
        dice: &mut Dice,
    ) -> Option<Files> {
        let mut files = self.files();
        let bytes = files.get(name)?;
        let mut tree: Value = serde_json::from_slice(bytes).ok()?;
        tree.as_object_mut()?.remove("seal");
        dice.harm_tree(&mut tree);
        let value: T = serde_json::from_value(tree).ok()?;
        files.insert(name.to_owned(), pack_json(&value));
        Some(files)
    }

    /// Writes files and reads them as verify and a run that goes on do; whether all was well.
    pub(crate) fn read(&self, files: &Files) -> bool {
        let root = self.root.path().join("run");
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join(SEGMENTS)).expect("a folder");
        for (name, bytes) in files {
            let mut file = fs::File::create(root.join(name)).expect("a file");
            file.write_all(bytes).expect("a file");
        }
        let verified = self.verify(&root);
        let resumed = resume(&root);
        for error in [&verified, &resumed].into_iter().filter_map(|it| it.as_ref().err()) {
            assert!(!error.to_string().is_empty());
        }
        verified.is_ok() || (!files.contains_key(MANIFEST) && resumed.is_ok())
    }

    fn verify(&self, root: &Path) -> Result<(), ArchiveError> {
        let mut sealed = Sealed::read(root)?;
        // The summary's bytes are none: whatever else is true, it is not what follows.
        assert!(sealed.check_figures(1).is_err(), "a summary without bytes");
        let subject = &sealed.subject;
        if let Some(summary) = figures(subject, &sealed.counted) {
            render(&summary, &sealed.counted, subject, &self.gates);
        }
        if subject.program.market.n_steps * subject.program.market.n_assets < 64 {
            let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 1);
            let mut walkers = Walkers { program: &subject.program, backend: &mut cpu, other: None };
            let block = sealed.blocks().start;
            if sealed.paths.end < 64 {
                sealed.check_block(&mut walkers, block)?;
            }
        }
        Ok(())
    }
}

/// Goes on with what is there, as far as finding what is done.
fn resume(root: &Path) -> Result<(), ArchiveError> {
    let subject = Subject::read(root)?;
    let _ = fs::remove_file(root.join(MANIFEST));
    let place = Place { root: root.to_owned(), shard: None };
    let mut disk = Quick;
    if let Opened::Open(mut directory) = RunDirectory::open(place, &subject, &mut disk, true)? {
        let found = directory.find()?;
        assert!(found.n_paths() <= subject.plan.n_paths, "more paths than there are");
    }
    Ok(())
}

/// The figures, where the tail's paths may be walked in time.
fn figures(subject: &Subject, counted: &Counted) -> Option<Summary> {
    let market = &subject.program.market;
    let is_short = market.n_steps * market.n_assets < 64;
    let results = is_short.then(|| counted.results(subject, 1).expect("threads"));
    results.map(|it| it.summary)
}

/// Every format, table and gate.
fn render(summary: &Summary, counted: &Counted, subject: &Subject, of: &[Gate]) {
    let judged = gates::judge(of, summary, None);
    let run = run_facts();
    let report = Report { gates: &judged, run: Some(&run), ..Report::of(summary) };
    let mut out = Vec::new();
    for format in FORMATS {
        (format.write)(&Answer::Report(report), &mut out).expect("memory");
    }
    junit::write("fuzz", &judged, &mut out).expect("memory");
    let (tally, facts) = (&counted.tally, &subject.facts);
    let mut table = Vec::new();
    tables::write_worst_paths(tally, facts, &subject.plan.version, &mut table).expect("memory");
}

/// Changes the payload of a sealed value and seals it again.
fn sealed_again(kind: Kind, value: &impl Serialize, dice: &mut Dice) -> Vec<u8> {
    let whole = pack(kind, value);
    let begin = whole.iter().position(|it| *it == b'\n').map_or(0, |at| at + 1);
    let mut body = whole[begin..whole.len() - 32].to_vec();
    match dice.below(4) {
        0 => dice.harm(&mut body),
        _ => body = dice.harm_numbers(&body),
    }
    let mut bytes = [&whole[..begin], &body].concat();
    let seal = shortfall::archive::sealed::seal(&bytes);
    bytes.extend(seal.0);
    bytes
}

/// The record of how a run went: its key, then the facts, in their order.
fn sealed_run(key: Digest, facts: &Value, _: &Value) -> Vec<u8> {
    #[derive(Serialize)]
    struct RunRecord {
        key: Digest,
        #[serde(flatten)]
        run: RunFacts,
    }
    let run = serde_json::from_value(facts.clone()).expect("facts of a run");
    pack_json(&RunRecord { key, run })
}

fn walked(subject: &Subject) -> Part {
    let mut part = subject.part(0);
    let compared = subject.compared();
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 1);
    let mut other = compared.as_ref().map(|it| (it, Cpu::new(it, subject.plan.seed, 1)));
    let mut walkers = Walkers {
        program: &subject.program,
        backend: &mut cpu,
        other: other.as_mut().map(|(program, cpu)| (&**program, cpu as _)),
    };
    let n_paths = subject.plan.n_paths;
    let stretch = Stretch { to: n_paths, expected: n_paths, batch: 4096 };
    walk(&mut walkers, &mut part, stretch, &mut ()).expect("the CPU walks");
    part
}

fn run_facts() -> RunFacts {
    RunFacts {
        backend: "cpu".to_owned(),
        adapter: None,
        threads: 1,
        lanes: "portable".to_owned(),
        batch: 4096,
        walked_paths: 40,
        wall_seconds: 1.5,
        cpu_seconds: 2.5,
        checkpoint_seconds: 0.0,
        paths_per_second: None,
        checks_per_cpu_second: None,
        fallbacks: Vec::new(),
    }
}
