//! What commands ask of a scenario: its file, what is set over it, and how results are written.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use thiserror::Error;

use shortfall::job::Job;
use shortfall::program::{CompileError, Program};
use shortfall::report::{FORMATS, Format, format_named};
use shortfall::scenario::{self, Overrides, Scenario};

use super::error::CliError;
use super::number;

/// What every command that reads a scenario takes.
#[derive(Debug, Args)]
pub(super) struct ScenarioArgs {
    /// The scenario, a TOML file
    pub(super) scenario: PathBuf,
    /// Another book than the scenario's: CSV or CSV.gz of position,venue,kind,asset,amount
    #[arg(long, value_name = "FILE")]
    pub(super) book: Option<PathBuf>,
    /// Prices, thresholds and stability over the scenario's: CSV of
    /// asset,price_usd,liquidation_threshold,is_stable
    #[arg(long, value_name = "FILE")]
    pub(super) assets: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reach: ReachArgs,
    /// How results are written to stdout
    #[arg(long, value_parser = formats(), default_value = FORMATS[0].name)]
    pub(super) format: &'static Format,
    /// Nothing on stderr but errors
    #[arg(long)]
    pub(super) quiet: bool,
}

/// Which files a scenario may name.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ReachArgs {
    /// Let the scenario name files outside of its own folder
    #[arg(long)]
    pub(super) allow_outside: bool,
}

/// What changes the paths themselves.
#[derive(Debug, Args)]
pub(super) struct PathArgs {
    /// Steps of a path; the step keeps its length
    #[arg(long, value_name = "N", value_parser = number::count::<u32>(1, 1_000_000),
          allow_negative_numbers = true)]
    pub(super) steps: Option<u32>,
    /// Key of the generator
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, i64::MAX as u64),
          allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
}

/// How a command writes whose results no other format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    /// A table for people
    Text,
    /// One JSON value, for programs
    Json,
}

/// A parser of the names in the list of formats.
pub(super) fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let known = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(known).try_map(|name| format_named(&name).ok_or(UnknownFormat))
}

/// Not in the list; the list of possible values says so first.
#[derive(Debug, Error)]
#[error("not a format")]
struct UnknownFormat;

impl ScenarioArgs {
    /// Loads the scenario; what the command's own flags override stands in `overrides`.
    pub(super) fn load(
        &self,
        path_args: Option<&PathArgs>,
        overrides: Overrides,
    ) -> Result<Scenario, CliError> {
        let extension = self.scenario.extension().unwrap_or_default();
        if ["csv", "gz"].iter().any(|table| extension.eq_ignore_ascii_case(table)) {
            return Err(CliError::TableAsScenario { path: self.scenario.clone() });
        }
        let overrides = Overrides {
            book: self.book.clone(),
            assets: self.assets.clone(),
            allow_outside: self.reach.allow_outside,
            steps: path_args.and_then(|args| args.steps),
            seed: path_args.and_then(|args| args.seed),
            ..overrides
        };
        Ok(scenario::load(&self.scenario, &overrides)?)
    }

    /// The usual job of a scenario that was loaded.
    pub(super) fn job(&self, scenario: &Scenario) -> Result<Job, CliError> {
        Job::of(scenario).map_err(|source| uncompiled(&self.scenario, source))
    }

    pub(super) fn compile(&self, scenario: &Scenario) -> Result<Program, CliError> {
        compile(&self.scenario, scenario)
    }
}

/// The program of a scenario that was read from a file.
pub(super) fn compile(path: &Path, scenario: &Scenario) -> Result<Program, CliError> {
    shortfall::engine::compile(scenario).map_err(|source| uncompiled(path, source))
}

fn uncompiled(path: &Path, source: CompileError) -> CliError {
    CliError::Compile { scenario: path.display().to_string(), source }
}
