//! What follows from the tally of all paths: the files that readers open.

use std::collections::BTreeMap;

use super::commitment::{Commitment, SegmentDigest};
use super::plan::Subject;
use super::sealed::json;
use super::{BLOCKS, COMMITMENT, POSITIONS, SUMMARY, WORST_PATHS};
use crate::engine::void::{Beyond, first_beyond};
use crate::engine::{EngineError, Part, tail_shares};
use crate::report::{Facts, Summary, tables};
use crate::tail::{Paired, TailShares, Tally};

/// The paths of several parts of a run, in whatever order they came.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Their tally.
    pub tally: Tally,
    /// What sets them apart from those in infinitely deep markets, where that is asked.
    pub paired: Option<Paired>,
    /// The digests of the parts, by their first paths; none of paths that were counted at once.
    pub segments: BTreeMap<u64, SegmentDigest>,
}

/// The figures of a whole run.
#[derive(Debug, Clone)]
pub struct Results {
    /// The summary.
    pub summary: Summary,
    /// Whose losses the tail's are; `None` where it loses nothing.
    pub shares: Option<TailShares>,
    /// What the run commits to; none of paths that were counted at once.
    pub commitment: Option<Commitment>,
}

impl Counted {
    /// No paths yet.
    #[must_use]
    pub fn none(subject: &Subject) -> Self {
        Self::at_once(Part { paths: 0..0, ..subject.part(0) })
    }

    /// Paths that were counted at once: they commit to nothing.
    #[must_use]
    pub fn at_once(part: Part) -> Self {
        Self { tally: part.tally, paired: part.paired, segments: BTreeMap::new() }
    }

    /// Adds the paths of a part.
    ///
    /// # Panics
    ///
    /// If some are counted already.
    pub fn add(&mut self, part: Part) {
        self.segments.insert(part.paths.start, SegmentDigest::of(&part));
        self.tally.merge(part.tally);
        if let (Some(mine), Some(theirs)) = (&mut self.paired, &part.paired) {
            mine.merge(theirs);
        }
    }

    /// The digests of the blocks, one after the other: the leaves under `outcome_digest`.
    #[must_use]
    pub fn blocks(&self) -> Vec<u8> {
        self.tally.blocks.values().flat_map(|leaf| leaf.outcomes.0).collect()
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
        let segments: Vec<SegmentDigest> = self.segments.values().cloned().collect();
        let commitment =
            (!segments.is_empty()).then(|| Commitment::of(subject, &self.tally, segments));
        summary.run_digest = commitment.as_ref().map(|it| it.run_digest);
        Ok(Results { summary, shares, commitment })
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
        (COMMITMENT, json(&results.commitment)),
        (POSITIONS, positions),
        (WORST_PATHS, worst),
        (SUMMARY, json(&results.summary)),
    ]
}

/// Writes a table to memory.
type Writer<'a> = &'a dyn Fn(&Facts, &mut Vec<u8>) -> std::io::Result<()>;
