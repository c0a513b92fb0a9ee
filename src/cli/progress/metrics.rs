//! A file for the textfile collector of Prometheus' node exporter: whole at every moment.

use std::fmt::Write as _;
use std::path::Path;

use shortfall::escape;
use shortfall::report::Facts;

use super::standing::Standing;
use crate::cli::error::CliError;
use crate::cli::output::{self, OutFile};

pub(super) struct Metrics {
    file: OutFile,
    /// The labels of every sample, in braces.
    labels: String,
    /// Whether a failure has been told.
    is_told: bool,
}

impl Metrics {
    pub(super) fn open(path: &Path, facts: &Facts) -> Result<Self, CliError> {
        let file = OutFile::open(path, "--metrics")?;
        let program = facts.program_digest.get(..16).unwrap_or(&facts.program_digest);
        let labels = format!(
            "{{scenario=\"{}\",program=\"{}\",seed=\"{}\"}}",
            escape::label(&facts.scenario),
            escape::label(program),
            facts.seed
        );
        Ok(Self { file, labels, is_told: false })
    }

    /// Renews the file. No run ends for want of its metrics: a failure is told, once.
    pub(super) fn write(&mut self, standing: &Standing) {
        let text = text(standing, &self.labels);
        let written = self.file.write(|out| out.write_all(text.as_bytes()));
        if let Err(error) = written
            && !self.is_told
        {
            self.is_told = true;
            output::to_stderr(&format!("note: {error}; the run goes on"));
        }
    }
}

/// The samples that are known, in the text format 0.0.4.
fn text(standing: &Standing, labels: &str) -> String {
    let shortfall = standing.expected_shortfall;
    let samples = [
        ("paths_done", "Paths walked and counted.", Some(standing.paths as f64)),
        ("paths_total", "Paths to walk, at most.", Some(standing.total_paths as f64)),
        ("paths_per_second", "Paths a second of this process.", standing.paths_per_second),
        ("seconds_left", "Seconds until the last path, at this speed.", standing.seconds_left),
        (
            "expected_shortfall_usd",
            "Expected shortfall of the paths so far.",
            shortfall.map(|it| it.value_usd),
        ),
        (
            "expected_shortfall_half_width_usd",
            "Half of its 95 % interval.",
            shortfall.and_then(|it| it.half_width_usd),
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in samples {
        let Some(value) = value else { continue };
        let _infallible = write!(
            text,
            "# HELP shortfall_{name} {help}\n# TYPE shortfall_{name} gauge\n\
             shortfall_{name}{labels} {value}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_gauges_and_what_is_not_known_is_left_out() {
        let standing = Standing {
            paths: 4096,
            total_paths: 1 << 40,
            seconds: 2.0,
            paths_per_second: Some(2048.0),
            seconds_left: None,
            expected_shortfall: None,
        };
        let labels = format!("{{scenario=\"{}\"}}", escape::label("a \"b\" \\ c\nd"));
        let expected = "\
# HELP shortfall_paths_done Paths walked and counted.
# TYPE shortfall_paths_done gauge
shortfall_paths_done{scenario=\"a \\\"b\\\" \\\\ c\\nd\"} 4096
# HELP shortfall_paths_total Paths to walk, at most.
# TYPE shortfall_paths_total gauge
shortfall_paths_total{scenario=\"a \\\"b\\\" \\\\ c\\nd\"} 1099511627776
# HELP shortfall_paths_per_second Paths a second of this process.
# TYPE shortfall_paths_per_second gauge
shortfall_paths_per_second{scenario=\"a \\\"b\\\" \\\\ c\\nd\"} 2048
";
        assert_eq!(text(&standing, &labels), expected);
    }
}
