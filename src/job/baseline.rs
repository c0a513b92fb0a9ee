//! Another run on the same paths, which a job's figures are held against, path by path.

use std::path::Path;

use super::error::JobError;
use super::machine::Machine;
use super::mismatch::Mismatch;
use super::watch::{Begun, InMemory};
use crate::archive::{Subject, read_counted};
use crate::engine::{Side, Walkers, contrast};
use crate::program::Program;
use crate::report::baseline::Sections;
use crate::report::{BaselineFigures, Facts};
use crate::tail::{Digest, Tally};

/// A run of the same seed, number of paths, positions and steps as another.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// As it was named.
    whose: String,
    subject: Subject,
    /// What is to be known of it, with the levels and the materiality of the run it is held
    /// against.
    facts: Facts,
    /// The folder in which it is kept, and its outcomes there.
    kept: Option<(String, Digest)>,
}

impl Baseline {
    /// A finished run in a folder, beside a run of `subject`.
    ///
    /// # Errors
    ///
    /// If there is no such run, or its paths are no pairs of this one's.
    pub fn read(folder: &Path, subject: &Subject) -> Result<Self, JobError> {
        let shown = folder.display().to_string();
        let there = Subject::read(folder)?;
        let baseline = Self::pair(format!("--baseline {shown}"), there, subject)?;
        let counted = read_counted(folder, &baseline.subject)?;
        let outcome_digest = counted.tally.outcome_digest();
        Ok(Self { kept: Some((shown, outcome_digest)), ..baseline })
    }

    /// Another subject, which no folder keeps, beside a run of `subject`.
    ///
    /// # Errors
    ///
    /// If its paths are no pairs of this one's.
    pub fn of(other: Subject, subject: &Subject) -> Result<Self, JobError> {
        Self::pair(format!("the baseline {}", other.facts.scenario), other, subject)
    }

    fn pair(whose: String, other: Subject, subject: &Subject) -> Result<Self, JobError> {
        let (there, here) = (&other.plan, &subject.plan);
        let keys = [
            ("seed", "--seed", there.seed, here.seed),
            ("number of paths", "--paths", there.n_paths, here.n_paths),
        ];
        if let Some(&(what, flag, there, here)) = keys.iter().find(|(_, _, a, b)| a != b) {
            return Err(JobError::OtherPaths { whose, what, flag, there, here });
        }
        if let Some(what) = Mismatch::between(&other.facts, &subject.facts) {
            return Err(JobError::OtherBook { whose, what });
        }
        let facts = Facts {
            levels: subject.facts.levels.clone(),
            materiality_usd: subject.facts.materiality_usd,
            ..other.facts.clone()
        };
        Ok(Self { whose, subject: other, facts, kept: None })
    }

    /// What is walked beside the run's own program.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.subject.program
    }

    /// What is known of it.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Walks all paths under both programs, on a machine opened for both; the tally of the run's
    /// own, and the differences. `None` if the watcher stops it.
    pub(super) fn walk(
        &self,
        machine: &mut Machine<'_>,
        subject: &Subject,
        told: &mut InMemory<'_>,
    ) -> Result<Option<(Tally, BaselineFigures)>, JobError> {
        if told.watch.begin(Begun::in_memory(subject)).is_break() {
            return Ok(None);
        }
        let paths = (subject.plan.n_paths, machine.batch);
        let Walkers { program, backend, other } = machine.walkers();
        let Some((other, other_backend)) = other else {
            panic!("a machine that was not opened for {}", self.whose);
        };
        let sides = [
            Side { program, backend, materiality: subject.facts.materiality() },
            Side { program: other, backend: other_backend, materiality: self.facts.materiality() },
        ];
        let mut sections = Sections::of([&subject.facts, &self.facts]);
        let walked = contrast(sides, paths, told, &mut |tallies| sections.absorb(tallies))?;
        let ended = told.watch.end(walked.as_ref().map(|[tally, _]| tally));
        let Some([tally, baseline]) = walked.filter(|_| ended.is_continue()) else {
            return Ok(None);
        };
        let found = baseline.outcome_digest();
        if let Some((whose, there)) = self.kept.as_ref().filter(|(_, there)| *there != found) {
            return Err(JobError::OtherOutcomes { whose: whose.clone(), there: *there, found });
        }
        let figures = sections.figures([&tally, &baseline]);
        Ok(Some((tally, figures)))
    }
}
