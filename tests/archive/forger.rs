//! A forger who has the program's own code: changes what a finished run says, and seals all of it
//! again as the program would.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use shortfall::archive::layout::segment_name;
use shortfall::archive::manifest::{Listed, SELF_SEALED};
use shortfall::archive::sealed::{pack, pack_json, unpack, unpack_json};
use shortfall::archive::{
    ArchiveError, Counted, Kind, LocalDisk, MANIFEST, Manifest, Opened, RunDirectory, SEGMENTS,
    Sealed, Subject, differences,
};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::shape::shape;
use shortfall::engine::{Backend, EngineError, Part, Walkers, single_paths};
use shortfall::program::Program;
use shortfall::report::Facts;
use shortfall::tail::{Counters, Digest, Outcome};

use super::{WHOLE_LIFE, live_on, place, run_facts};

/// As the archive writes a part.
#[derive(Serialize, Deserialize)]
struct Record {
    run: Digest,
    sequence: u64,
    part: Part,
}

/// All that a run says, to be changed at will.
pub(super) struct Forgery {
    pub(super) program: Program,
    pub(super) facts: Facts,
    pub(super) n_paths: u64,
    pub(super) compares_feedback: bool,
    pub(super) parts: Vec<Part>,
    /// Keys of another run on the segments.
    pub(super) key: Option<Digest>,
}

/// The parts of a finished run, as its segments hold them.
pub(super) fn parts(root: &Path) -> Vec<Part> {
    let names = super::files(root).into_iter().filter(|(name, _)| name.starts_with(SEGMENTS));
    let part = |(name, bytes): (String, Vec<u8>)| {
        let record: Record =
            unpack(Kind::Segment, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        record.part
    };
    names.map(part).collect()
}

/// Changes a finished run, and writes it to another folder: every digest, figure and table that
/// follows from what was changed is made anew.
pub(super) fn forge(from: &Path, to: &Path, change: impl FnOnce(&mut Forgery)) {
    let there = Subject::read(from).unwrap_or_else(|error| panic!("{error}"));
    let Subject { program, facts, plan } = there;
    let (n_paths, compares_feedback) = (plan.n_paths, plan.compares_feedback);
    let parts = parts(from);
    let mut it = Forgery { program, facts, n_paths, compares_feedback, parts, key: None };
    change(&mut it);
    it.facts.program_digest = it.program.digest().to_string();
    let subject = Subject::new(it.program, it.facts, it.n_paths, it.compares_feedback, plan.origin);
    let materiality = subject.facts.materiality();
    it.parts.iter_mut().for_each(|part| part.tally.materiality = materiality);
    let mut counted = Counted::none(&subject);
    it.parts.iter().for_each(|part| counted.add(part.clone()));
    let results = counted.results(&subject, 2).unwrap_or_else(|error| panic!("{error}"));
    let mut disk = LocalDisk;
    let opened = RunDirectory::open(place(to, None), &subject, &mut disk, false);
    let Ok(Opened::Open(directory)) = opened else { panic!("a new folder") };
    let run = run_facts(WHOLE_LIFE);
    directory.finish(&counted, Some(&results), run).unwrap_or_else(|error| panic!("{error}"));
    for part in it.parts {
        let name = segment_name(&part.paths);
        let record = Record { run: it.key.unwrap_or(subject.plan.key()), sequence: 0, part };
        let bytes = pack(Kind::Segment, &record);
        fs::write(to.join(SEGMENTS).join(name), bytes).expect("a segment");
    }
    list(to, |_| {});
}

/// Writes the manifest that lists the files as they are, changed once more.
pub(super) fn list(root: &Path, change: impl FnOnce(&mut Manifest)) {
    let path = root.join(MANIFEST);
    let mut manifest: Manifest =
        unpack_json(&fs::read(&path).expect("a manifest")).expect("sealed");
    let mut files = super::files(root);
    files.retain(|name, _| !SELF_SEALED.contains(&name.as_str()));
    let listed = |(name, bytes): (String, Vec<u8>)| (name, Listed::of(&bytes));
    manifest.files = files.into_iter().map(listed).collect();
    change(&mut manifest);
    fs::write(&path, pack_json(&manifest)).expect("a manifest");
}

/// Puts other bytes in the place of a file, and lists them.
pub(super) fn replace(root: &Path, name: &str, bytes: &[u8]) {
    fs::write(root.join(name), bytes).expect("a file");
    list(root, |_| {});
}

/// Changes a file of JSON, and lists it.
pub(super) fn edit(root: &Path, name: &str, change: impl FnOnce(&mut Value)) {
    let bytes = fs::read(root.join(name)).expect("a file");
    let mut value = serde_json::from_slice(&bytes).expect("JSON");
    change(&mut value);
    replace(root, name, &shortfall::archive::sealed::json(&value));
}

/// A backend that lies about outcomes, and whose counters go with its lies.
pub(super) struct Liar<'a> {
    program: &'a Program,
    honest: Cpu<'a>,
    lie: &'a dyn Fn(u64, &mut Outcome),
}

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
        let mut own = Counters::new(shape(self.program));
        self.honest.run(paths.clone(), outcomes, &mut own)?;
        paths.zip(outcomes.iter_mut()).for_each(|(path, outcome)| (self.lie)(path, outcome));
        let total = |of: fn(&Outcome) -> i64| outcomes.iter().map(|it| i128::from(of(it))).sum();
        let loss: i128 = total(Outcome::loss);
        own.positions.iter_mut().for_each(|it| it.loss = 0);
        own.steps.iter_mut().for_each(|it| (it.loss, it.liquidated, it.n_events) = (0, 0, 0));
        (own.positions[0].loss, own.steps[0].loss, own.pools[0]) = (loss, loss, loss);
        own.steps[0].liquidated = total(|it| it.liquidated);
        own.steps[0].n_events = total(|it| it.n_events.into()) as u64;
        counters.merge(&own);
        Ok(())
    }
}

/// A run of a subject in a new folder, in whose outcomes a lie is put before they are counted.
pub(super) fn lie(subject: &Subject, root: &Path, lie: &dyn Fn(u64, &mut Outcome)) {
    let honest = Cpu::new(&subject.program, subject.plan.seed, 2);
    let mut liar = Liar { program: &subject.program, honest, lie };
    live_on(subject, place(root, None), WHOLE_LIFE, &mut LocalDisk, &mut liar)
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Takes the bad debt from an outcome.
pub(super) fn lossless(it: &mut Outcome) {
    (it.realised, it.stranded, it.under_water) = (0, 0, 0);
}

/// What refuses a forgery, in the order in which `verify` asks; the last two see what is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Reading,
    Tie,
    Figures,
    Tail,
    Block,
    Segment,
}

/// What refuses a folder, and with which words; all segments are walked, one after the other.
pub(super) fn refused(root: &Path, truth: Option<&Subject>) -> Option<(Refused, String)> {
    let told = |by, error: ArchiveError| Some((by, error.to_string()));
    let mut sealed = match Sealed::read(root) {
        Ok(sealed) => sealed,
        Err(error) => return told(Refused::Reading, error),
    };
    let found = truth.map(|it| differences::of_scenario(&sealed.subject, it)).unwrap_or_default();
    if !found.is_empty() {
        let found = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Some((Refused::Tie, found));
    }
    if let Err(error) = sealed.check_figures(2) {
        return told(Refused::Figures, error);
    }
    let (subject, tail) = (&sealed.subject, sealed.tail());
    let paths: Vec<u64> = tail.iter().map(|(path, _)| *path).collect();
    let walked = single_paths(&subject.program, subject.plan.seed, 2, &paths);
    for ((path, there), outcome) in tail.iter().zip(walked.expect("threads")) {
        if let Err(error) = sealed.check_path(*path, *there, outcome.loss()) {
            return told(Refused::Tail, error);
        }
    }
    let compared = subject.compared();
    let cpu = |program| Cpu::new(program, subject.plan.seed, 2);
    let mut other = compared.as_ref().map(|program| (program, cpu(program)));
    let mut own = cpu(&subject.program);
    let other = other.as_mut().map(|(program, cpu)| (*program, cpu as &mut dyn Backend));
    let mut walkers = Walkers { program: &subject.program, backend: &mut own, other };
    let mut section = None;
    for segment in sealed.segments() {
        match sealed.check_segment(&mut walkers, &segment, 8192, &mut ()) {
            Ok(()) => {}
            Err(error @ ArchiveError::WrongBlock { .. }) => return told(Refused::Block, error),
            Err(error) => section = section.or_else(|| told(Refused::Segment, error)),
        }
    }
    section
}
