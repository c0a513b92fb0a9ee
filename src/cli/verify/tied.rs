//! `--scenario`: ties a run to the scenario that it says it is of, compiled again.

use std::path::{Path, PathBuf};

use clap::Args;

use shortfall::archive::commitment::Terms;
use shortfall::archive::{ArchiveError, Subject, differences};
use shortfall::job::subject;
use shortfall::scenario::{self, Overrides};

use crate::cli::asked::{ReachArgs, compile};
use crate::cli::error::CliError;
use crate::cli::number;

#[derive(Debug, Args)]
pub(super) struct TiedArgs {
    /// The scenario that it is to be a run of: it is compiled again, and every difference refused
    /// by its key
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// The book that was given to the run with --book
    #[arg(long, value_name = "FILE", requires = "scenario")]
    book: Option<PathBuf>,
    /// The table that was given to the run with --assets
    #[arg(long, value_name = "FILE", requires = "scenario")]
    assets: Option<PathBuf>,
    /// The steps that were given to the run with --steps
    #[arg(long, value_name = "N", value_parser = number::count::<u32>(1, 1_000_000),
          allow_negative_numbers = true, requires = "scenario")]
    steps: Option<u32>,
    /// The seed that was given to the run with --seed
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, i64::MAX as u64),
          allow_negative_numbers = true, requires = "scenario")]
    run_seed: Option<u64>,
    #[command(flatten)]
    reach: ReachArgs,
}

const REMEDY: &str = "name the scenario and the tables of that run, or do not trust it";

impl TiedArgs {
    /// Compiles the scenario again, for a run of so many paths; `None` if none is given.
    pub(super) fn subject(
        &self,
        n_paths: u64,
        compares_feedback: bool,
    ) -> Result<Option<Subject>, CliError> {
        let Some(path) = &self.scenario else { return Ok(None) };
        let overrides = Overrides {
            book: self.book.clone(),
            assets: self.assets.clone(),
            steps: self.steps,
            seed: self.run_seed,
            paths: Some(n_paths),
            allow_outside: self.reach.allow_outside,
            ..Overrides::default()
        };
        let scenario = scenario::load(path, &overrides)?;
        let program = compile(path, &scenario)?;
        Ok(Some(subject(&scenario, program, n_paths, compares_feedback)))
    }

    /// The scenario's subject, refused unless it is that of a proof's run.
    pub(super) fn subject_of(&self, path: &Path, terms: &Terms) -> Result<Subject, CliError> {
        let here = self.subject(terms.n_paths, terms.compares_feedback)?;
        let here = here.ok_or_else(|| CliError::NoScenario { path: path.to_owned() })?;
        let ours = Terms::of(&here.plan, &here.facts);
        let differences = differences::differences(terms, &ours);
        if differences.is_empty() {
            return Ok(here);
        }
        let (path, remedy) = (path.to_owned(), REMEDY);
        Err(ArchiveError::Differs { path, differences, remedy }.into())
    }

    /// Refuses a run that is not the scenario's; whether there is a scenario.
    pub(super) fn check(&self, folder: &Path, there: &Subject) -> Result<bool, CliError> {
        let (n_paths, compares) = (there.plan.n_paths, there.plan.compares_feedback);
        let Some(here) = self.subject(n_paths, compares)? else { return Ok(false) };
        let differences = differences::of_scenario(there, &here);
        if differences.is_empty() {
            return Ok(true);
        }
        let (path, remedy) = (folder.to_owned(), REMEDY);
        Err(ArchiveError::Differs { path, differences, remedy }.into())
    }
}
