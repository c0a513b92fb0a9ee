//! What follows from the tally of all paths: the files that readers open.

use super::layout;
use super::plan::Subject;
use super::sealed::json;
use super::{BLOCKS, POSITIONS, SUMMARY, WORST_PATHS};
use crate::engine::void::{Beyond, first_beyond};
use crate::engine::{EngineError, Part, tail_shares};
use crate::report::{Facts, Summary, tables};
use crate::tail::{Paired, TailShares, Tally, Windows};

/// The paths of several parts of a run, in whatever order they came.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Their tally.
    pub tally: Tally,
    /// What sets them apart from those in infinitely deep markets, where that is asked.
    pub paired: Option<Paired>,
}

/// The figures of a whole run.
#[derive(Debug, Clone)]
pub struct Results {
    /// The summary.
    pub summary: Summary,
    /// Whose losses the tail's are; `None` where it loses nothing.
    pub shares: Option<TailShares>,
}

impl Counted {
    /// No paths yet.
    #[must_use]
    pub fn none(subject: &Subject) -> Self {
        let Part { tally, paired, .. } = subject.part(0);
        Self { tally, paired }
    }

    /// Adds the paths of a part.
    ///
    /// # Panics
    ///
    /// If some are counted already.
    pub fn add(&mut self, part: Part) {
        self.tally.merge(part.tally);
        if let (Some(mine), Some(theirs)) = (&mut self.paired, &part.paired) {
            mine.merge(theirs);
        }
    }

    /// The digests of the blocks, one after the other: the leaves under `outcome_digest`.
    #[must_use]
    pub fn blocks(&self) -> Vec<u8> {
        self.tally.blocks.values().flat_map(|digest| digest.0).collect()
    }

    /// The figures of all paths; walks those of the tail once more, on so many threads.
    ///
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn results(&self, subject: &Subject, n_threads: usize) -> Result<Results, EngineError> {
        let Subject { program, facts, plan } = subject;
        let level = facts.tail_level();
        let shares = tail_shares(program, plan.seed, n_threads, &self.tally, level)?;
        let mut summary = Summary::of(&self.tally, facts, shares.as_ref());
        // An older version's summary that is made again has what that one wrote.
        summary.version.clone_from(&plan.version);
        if let Some(path) = self.tally.sums.first_void
            && let Some(Beyond { step_idx, asset }) = first_beyond(program, plan.seed, path)
        {
            summary = summary.with_void_at(&facts.assets[asset], step_idx as u64);
        }
        if let Some(paired) = &self.paired {
            summary = summary.with_feedback(paired, facts);
        }
        Ok(Results { summary, shares })
    }
}

/// Names and bytes of the files that follow from a whole run's paths.
pub(super) fn files(
    subject: &Subject,
    counted: &Counted,
    results: &Results,
) -> Vec<(&'static str, Vec<u8>)> {
    let (tally, facts) = (&counted.tally, &subject.facts);
    let written = |facts: &Facts, write: Writer<'_>| {
        let mut bytes = Vec::new();
        write(facts, &mut bytes)
            .unwrap_or_else(|error| panic!("a table is not written to memory: {error}"));
        bytes
    };
    let version = &subject.plan.version;
    let positions = written(facts, &|facts, out| {
        tables::write_positions(tally, facts, results.shares.as_ref(), version, out)
    });
    let worst = written(facts, &|facts, out| tables::write_worst_paths(tally, facts, version, out));
    vec![
        (BLOCKS, counted.blocks()),
        (POSITIONS, positions),
        (WORST_PATHS, worst),
        (SUMMARY, json(&results.summary)),
    ]
}

/// The windows that the paths of a tally follow.
fn windows(tally: &Tally) -> Option<Windows> {
    tally.batches.as_ref().map(|it| it.windows)
}

/// Writes a table to memory.
type Writer<'a> = &'a dyn Fn(&Facts, &mut Vec<u8>) -> std::io::Result<()>;

/// Whether a part is what its record says, of this run, and can be merged.
pub(super) fn is_part_of(subject: &Subject, paths: &std::ops::Range<u64>, part: &Part) -> bool {
    let none = Counted::none(subject);
    let shape = none.tally.counters.shape();
    let n_paths = paths.end.saturating_sub(paths.start);
    part.paths == *paths
        && paths.end <= layout::paths(subject.plan.n_paths, None).end
        && part.tally.materiality == none.tally.materiality
        && part.tally.worst.n_kept() == none.tally.worst.n_kept()
        && part.tally.is_of(paths, shape)
        && windows(&part.tally) == windows(&none.tally)
        && part.paired.map(|it| it.n_paths) == none.paired.map(|_| n_paths)
}
