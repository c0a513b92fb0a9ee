//! How far a run has come, for those who watch: a bar, lines, JSON lines, a file for Prometheus.

mod estimate;
mod metrics;
mod standing;

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use shortfall::engine::{Done, Progress};
use shortfall::report::Facts;
use shortfall::tail::Tally;

use estimate::{Estimate, Estimator};
use metrics::Metrics;
use standing::Standing;

use super::error::CliError;
use super::output;

/// How often a line is written.
const PLAIN_EVERY: Duration = Duration::from_secs(30);
const JSON_EVERY: Duration = Duration::from_secs(1);
const METRICS_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct ProgressArgs {
    /// What is told on stderr while paths are walked
    #[arg(long, value_enum, default_value = "auto")]
    progress: Kind,
    /// File with paths done, speed and estimates for Prometheus' textfile collector, renewed every
    /// 10 s
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A bar on a terminal, else a line every 30 s
    Auto,
    /// A bar
    Bar,
    /// A line every 30 s
    Plain,
    /// An object a line, every second and at the end
    Json,
    /// Nothing
    None,
}

/// Watches a run for those who asked.
pub(super) struct Watch {
    shown: Shown,
    metrics: Option<(Metrics, Pace)>,
    estimator: Estimator,
    begun: Instant,
    total_paths: u64,
    /// Paths that an earlier life of the run has walked.
    resumed_paths: u64,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Plain(Pace),
    Json(Pace),
}

/// Something that is done so often.
struct Pace {
    every: Duration,
    next: Duration,
}

impl Pace {
    fn every(every: Duration) -> Self {
        Self { every, next: every }
    }

    /// Whether it is time, so long after the beginning.
    fn is_due(&mut self, now: Duration) -> bool {
        let is_due = now >= self.next;
        if is_due {
            self.next = now + self.every;
        }
        is_due
    }
}

impl ProgressArgs {
    /// Begins to watch a run that has found some of its paths walked; refuses a file that cannot be
    /// written.
    pub(super) fn watch(
        &self,
        (resumed_paths, total_paths): (u64, u64),
        facts: &Facts,
        quiet: bool,
    ) -> Result<Watch, CliError> {
        let auto = if std::io::stderr().is_terminal() { Kind::Bar } else { Kind::Plain };
        let kind = match self.progress {
            _ if quiet => Kind::None,
            Kind::Auto => auto,
            kind => kind,
        };
        let metrics = self.metrics.as_deref().map(|path| Metrics::open(path, facts)).transpose()?;
        Ok(Watch {
            shown: match kind {
                Kind::Bar => Shown::Bar(bar(total_paths)),
                Kind::Plain => Shown::Plain(Pace::every(PLAIN_EVERY)),
                Kind::Json => Shown::Json(Pace::every(JSON_EVERY)),
                Kind::Auto | Kind::None => Shown::Nothing,
            },
            metrics: metrics.map(|metrics| (metrics, Pace::every(METRICS_EVERY))),
            estimator: Estimator::of(facts),
            begun: Instant::now(),
            total_paths,
            resumed_paths,
        })
    }
}

fn bar(total_paths: u64) -> ProgressBar {
    let template = "{bar:30} {human_pos} of {human_len} paths, {per_sec}, {eta} left{msg}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total_paths).with_style(style)
}

impl Watch {
    /// A bar, where there is a terminal.
    pub(super) fn of_terminal(total_paths: u64, facts: &Facts, quiet: bool) -> Self {
        let is_shown = !quiet && std::io::stderr().is_terminal();
        Self {
            shown: if is_shown { Shown::Bar(bar(total_paths)) } else { Shown::Nothing },
            metrics: None,
            estimator: Estimator::of(facts),
            begun: Instant::now(),
            total_paths,
            resumed_paths: 0,
        }
    }

    /// Tells what stands at the end, and takes the bar away.
    pub(super) fn finish(mut self, tally: &Tally) {
        let done = Done { before: None, now: tally };
        let is_watched = self.metrics.is_some() || matches!(self.shown, Shown::Json(_));
        if is_watched {
            let estimate = self.estimator.estimate(done);
            let standing = self.standing(done.n_paths(), estimate);
            if let Shown::Json(_) = self.shown {
                output::to_stderr(&json(&standing));
            }
            if let Some((metrics, _)) = &mut self.metrics {
                metrics.write(&standing);
            }
        }
        self.clear();
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    fn standing(&self, paths: u64, expected_shortfall: Option<Estimate>) -> Standing {
        let seconds = self.begun.elapsed().as_secs_f64();
        let walked = paths.saturating_sub(self.resumed_paths);
        let rate = (walked > 0 && seconds > 0.0).then(|| walked as f64 / seconds);
        let left = self.total_paths.saturating_sub(paths);
        Standing {
            paths,
            total_paths: self.total_paths,
            seconds,
            paths_per_second: rate,
            seconds_left: rate.map(|rate| left as f64 / rate),
            expected_shortfall,
        }
    }
}

impl Progress for Watch {
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()> {
        let now = self.begun.elapsed();
        let is_shown = match &mut self.shown {
            Shown::Nothing => false,
            Shown::Bar(bar) => {
                bar.set_position(done.n_paths());
                true
            }
            Shown::Plain(pace) | Shown::Json(pace) => pace.is_due(now),
        };
        let is_metered = self.metrics.as_mut().is_some_and(|(_, pace)| pace.is_due(now));
        if !(is_shown || is_metered) {
            return ControlFlow::Continue(());
        }
        let estimate = self.estimator.at(now, done);
        let standing = self.standing(done.n_paths(), estimate);
        match &self.shown {
            Shown::Bar(bar) => bar.set_message(estimate.map_or_else(String::new, |it| it.told())),
            Shown::Plain(_) if is_shown => output::to_stderr(&plain(&standing)),
            Shown::Json(_) if is_shown => output::to_stderr(&json(&standing)),
            _ => {}
        }
        if let Some((metrics, _)) = self.metrics.as_mut().filter(|_| is_metered) {
            metrics.write(&standing);
        }
        ControlFlow::Continue(())
    }
}

/// A line for people.
fn plain(standing: &Standing) -> String {
    let rate = standing.paths_per_second.unwrap_or(0.0).round() as u64;
    let left = standing.seconds_left.and_then(|it| Duration::try_from_secs_f64(it).ok());
    format!(
        "{} of {} paths, {} a second, {} left{}",
        HumanCount(standing.paths),
        HumanCount(standing.total_paths),
        HumanCount(rate),
        left.map_or_else(|| "unknown time".to_owned(), |left| HumanDuration(left).to_string()),
        standing.expected_shortfall.map_or_else(String::new, |it| it.told()),
    )
}

/// A line for programs.
fn json(standing: &Standing) -> String {
    serde_json::to_string(standing).unwrap_or_else(|error| panic!("{standing:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDING: Standing = Standing {
        paths: 1_310_720,
        total_paths: 10_000_000,
        seconds: 100.0,
        paths_per_second: Some(13_107.2),
        seconds_left: Some(662.939_453_125),
        expected_shortfall: Some(Estimate {
            level: 0.99,
            value_usd: 234_475.4,
            half_width_usd: Some(10_979.1),
        }),
    };

    #[test]
    fn a_line_tells_speed_time_left_and_the_estimate() {
        assert_eq!(
            plain(&STANDING),
            "1,310,720 of 10,000,000 paths, 13,107 a second, 11 minutes left, \
             ES 0.99 234,475 ± 10,979 USD"
        );
        let unknown = Standing {
            paths_per_second: None,
            seconds_left: None,
            expected_shortfall: None,
            ..STANDING
        };
        let told = "1,310,720 of 10,000,000 paths, 0 a second, unknown time left";
        assert_eq!(plain(&unknown), told);
    }

    #[test]
    fn a_json_line_is_one_object_with_every_figure() {
        let line = json(&STANDING);
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["paths"], 1_310_720);
        assert_eq!(value["expected_shortfall"]["half_width_usd"], 10_979.1);
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(6));
    }

    #[test]
    fn a_pace_is_kept_from_the_last_time_on() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::every(seconds(30));
        let due = [0, 29, 30, 31, 59, 75, 76, 104, 105].map(|at| pace.is_due(seconds(at)));
        assert_eq!(due, [false, false, true, false, false, true, false, false, true]);
    }
}
