//! `--fail-on` and what is written for those who wait for the verdict: JUnit XML, Markdown.

use std::path::{Path, PathBuf};

use clap::Args;

use shortfall::figures::{Facts, Gate, Quantity, lacking, reference};
use shortfall::report::{Answer, Report, format_named, junit};

use super::error::CliError;
use super::output::OutFile;

#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// Fail if this holds on a figure's whole 95 % interval, as in "es99 > 2.5e6"; may be repeated
    #[arg(long, value_name = "GATE", conflicts_with = "shard", long_help = help())]
    pub(super) fail_on: Vec<String>,
    /// File for the gates' verdicts as JUnit XML
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    junit: Option<PathBuf>,
    /// File for a summary in Markdown, for a pull request
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    markdown: Option<PathBuf>,
}

/// The help of `--fail-on`, with the figures that it may name.
fn help() -> String {
    format!(
        "Fail if this holds on a figure's whole 95 % interval, as in \"es99 > 2.5e6\"; may be \
         repeated. Figures, of the run or, after `delta.`, of its difference to a baseline:\n{}",
        reference::help()
    )
}

/// Files for verdicts, proven writable before the first path runs.
pub(super) struct GateFiles {
    junit: Option<OutFile>,
    markdown: Option<OutFile>,
}

/// What a run compares itself with.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    /// The same paths in infinitely deep markets.
    pub(super) feedback: bool,
    /// What is known of the baseline.
    pub(super) baseline: Option<&'a Facts>,
}

impl GateArgs {
    /// Refuses gates of figures that the report will not have, and files that cannot be written.
    pub(super) fn open(
        &self,
        gates: &[Gate],
        facts: &Facts,
        compared: Compared<'_>,
    ) -> Result<GateFiles, CliError> {
        for gate in gates {
            let figure = gate.quantity.figure();
            let of_run = lacking(figure, facts, compared.feedback).map(|it| ("this run", it));
            let lacking = of_run.or_else(|| match (&gate.quantity, compared.baseline) {
                (Quantity::Figure(_), _) => None,
                (Quantity::Delta(_), None) => Some(("this run", "--baseline DIR")),
                (Quantity::Delta(_), Some(facts)) => {
                    lacking(figure, facts, false).map(|it| ("the baseline", it))
                }
            });
            if let Some((whose, lacking)) = lacking {
                let gate = gate.written.clone();
                return Err(CliError::GateLacks { gate, whose, lacking });
            }
        }
        if let (Some(path), []) = (&self.junit, gates) {
            return Err(CliError::NoGates { path: path.clone() });
        }
        let file = |path: &Option<PathBuf>, flag| {
            path.as_deref().map(|path: &Path| OutFile::open(path, flag)).transpose()
        };
        Ok(GateFiles {
            junit: file(&self.junit, "--junit")?,
            markdown: file(&self.markdown, "--markdown")?,
        })
    }
}

impl GateFiles {
    /// Writes what was asked for.
    pub(super) fn write(&self, report: &Report<'_>) -> Result<(), CliError> {
        if let Some(file) = &self.junit {
            file.write(|out| junit::write(&report.summary.scenario, report.gates, out))?;
        }
        if let (Some(file), Some(markdown)) = (&self.markdown, format_named("markdown")) {
            file.write(|out| (markdown.write)(&Answer::Report(*report), out))?;
        }
        Ok(())
    }
}
