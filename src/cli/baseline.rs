//! `--baseline`: the same paths under another program, from its run directory.

use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use shortfall::archive::{Subject, read_counted};
use shortfall::engine::{Side, Walkers, contrast};
use shortfall::program::Program;
use shortfall::report::baseline::Sections;
use shortfall::report::{BaselineFigures, Facts};
use shortfall::tail::{Digest, Tally};

use super::CliError;
use super::machine::Machine;
use super::progress::Watch;

#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    /// Compare with the run in a folder, path by path: walks its program too, and tells the
    /// difference of every figure
    #[arg(long, value_name = "DIR", conflicts_with_all = ["until", "shard"])]
    baseline: Option<PathBuf>,
}

/// A finished run of the same seed, number of paths, positions and steps.
pub(super) struct Baseline {
    folder: PathBuf,
    subject: Subject,
    /// What is to be known of it, with the levels and the materiality of the run it is held
    /// against.
    facts: Facts,
    /// As the directory has it.
    outcome_digest: Digest,
}

impl BaselineArgs {
    /// Reads the directory; refuses one whose paths are no pairs of this run's.
    pub(super) fn read(&self, subject: &Subject) -> Result<Option<Baseline>, CliError> {
        let Some(folder) = &self.baseline else { return Ok(None) };
        let baseline = Subject::read(folder)?;
        let (there, here) = (&baseline.plan, &subject.plan);
        let keys = [
            ("seed", "--seed", there.seed, here.seed),
            ("number of paths", "--paths", there.n_paths, here.n_paths),
        ];
        if let Some(&(what, flag, there, here)) = keys.iter().find(|(_, _, a, b)| a != b) {
            let folder = folder.clone();
            return Err(CliError::OtherPaths { folder, what, flag, there, here });
        }
        if let Some(what) = Mismatch::between(&baseline.facts, &subject.facts) {
            return Err(CliError::OtherBook { folder: folder.clone(), what });
        }
        let counted = read_counted(folder, &baseline)?;
        let facts = Facts {
            levels: subject.facts.levels.clone(),
            materiality_usd: subject.facts.materiality_usd,
            ..baseline.facts.clone()
        };
        let outcome_digest = counted.tally.outcome_digest();
        Ok(Some(Baseline { folder: folder.clone(), subject: baseline, facts, outcome_digest }))
    }
}

/// In what two runs differ whose positions or steps are no pairs.
#[derive(Debug, Clone, PartialEq, Error)]
pub(super) enum Mismatch {
    #[error("its paths have {there} steps and this run's have {here}: give --steps {there}")]
    Steps { there: u32, here: u32 },
    #[error(
        "its steps last {there} hours and this run's last {here}: write the same [run] step in \
         both scenarios"
    )]
    StepLength { there: f64, here: f64 },
    #[error(
        "position {number} is {there} there and {here} here, of {n_there} positions there and \
         {n_here} here: run both with one book, --book, in one order"
    )]
    Position { number: usize, there: String, here: String, n_there: usize, n_here: usize },
}

impl Mismatch {
    /// The first difference between a baseline and a run.
    fn between(there: &Facts, here: &Facts) -> Option<Self> {
        if there.n_steps != here.n_steps {
            return Some(Self::Steps { there: there.n_steps, here: here.n_steps });
        }
        if there.step_hours != here.step_hours {
            return Some(Self::StepLength { there: there.step_hours, here: here.step_hours });
        }
        let named = |facts: &Facts, idx: usize| {
            let label = facts.positions.get(idx)?;
            Some(format!("{:?} at {}", label.position, facts.venue(label.venue)))
        };
        let is_same = |idx: &usize| match (there.positions.get(*idx), here.positions.get(*idx)) {
            (Some(theirs), Some(ours)) => {
                theirs.position == ours.position
                    && there.venue(theirs.venue) == here.venue(ours.venue)
            }
            _ => false,
        };
        let (n_there, n_here) = (there.positions.len(), here.positions.len());
        let idx = (0..n_there.max(n_here)).find(|idx| !is_same(idx))?;
        let or_none = |name: Option<String>| name.unwrap_or_else(|| "none".to_owned());
        let (there, here) = (or_none(named(there, idx)), or_none(named(here, idx)));
        Some(Self::Position { number: idx + 1, there, here, n_there, n_here })
    }
}

impl Baseline {
    /// What is walked beside the run's own program.
    pub(super) fn program(&self) -> &Program {
        &self.subject.program
    }

    /// What is known of it.
    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Walks all paths under both programs, on a machine opened for both; the tally of the run's
    /// own, and the differences.
    pub(super) fn walk(
        &self,
        machine: &mut Machine<'_>,
        subject: &Subject,
        mut watch: Watch,
    ) -> Result<(Tally, BaselineFigures), CliError> {
        let paths = (subject.plan.n_paths, machine.batch);
        let Walkers { program, backend, other } = machine.walkers();
        let Some((other, other_backend)) = other else {
            panic!("a machine that was not opened for the baseline");
        };
        let sides = [
            Side { program, backend, materiality: subject.facts.materiality() },
            Side { program: other, backend: other_backend, materiality: self.facts.materiality() },
        ];
        let mut sections = Sections::of([&subject.facts, &self.facts]);
        let walked = contrast(sides, paths, &mut watch, &mut |tallies| sections.absorb(tallies))?;
        // Nothing breaks this walk: a signal ends the process.
        let [tally, baseline] = walked.unwrap_or_else(|| panic!("a walk that nothing breaks"));
        watch.finish(&tally);
        let found = baseline.outcome_digest();
        if found != self.outcome_digest {
            let (folder, there) = (self.folder.clone(), self.outcome_digest);
            return Err(CliError::OtherOutcomes { folder, there, found });
        }
        let figures = sections.figures([&tally, &baseline]);
        Ok((tally, figures))
    }
}
