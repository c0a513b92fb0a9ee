//! What a finished run commits to: one digest, from which nothing that gives its figures their
//! value or their meaning is left out.
//!
//! Two levels, for a tree over blocks cannot hold what is too large for every node:
//!
//! - the root of the [tree over the blocks](crate::tail::sum_tree): outcomes and scalars;
//! - of every segment, the digests of its sections: histogram, worst paths, counters, and what a
//!   run has beside them. A section has a name, so that another one changes none of these.
//!
//! The version that made a run, the scenario's name and notes, and what the run was made from are
//! no part of it: they change no figure.

use serde::{Deserialize, Serialize};

use super::layout;
use super::plan::{RunPlan, Subject};
use crate::engine::Part;
use crate::report::Facts;
use crate::tail::{BLOCK_PATHS, Digest, Node, SumTree, Tally};

/// Everything that a run's digest is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Binds all that follows.
    pub run_digest: Digest,
    /// What the run is of.
    pub terms: Terms,
    /// Of the tree over the blocks.
    pub root: Node,
    /// The segments, in order.
    pub segments: Vec<SegmentDigest>,
}

/// What gives the outcomes of a run their meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Digest of the program, hexadecimal.
    pub program_digest: String,
    /// Digest of the unit of money, the seed, the step, the opening, the levels and all names.
    pub meaning_digest: Digest,
    /// Whether every path is walked in infinitely deep markets too.
    pub compares_feedback: bool,
    /// Paths, from index 0.
    pub n_paths: u64,
}

/// A segment by its sections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentDigest {
    /// Its first block.
    pub first_block: u64,
    /// How many it has.
    pub n_blocks: u64,
    /// In the order in which this version lists them.
    pub sections: Vec<Section>,
}

/// A part of a segment that is committed to by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// What it holds.
    pub name: String,
    /// Of its name and its bytes, as they stand in the segment's file.
    pub digest: Digest,
}

impl Section {
    fn of(name: &str, value: &impl Serialize) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("shortfall segment section v1");
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        let bytes = postcard::to_allocvec(value)
            .unwrap_or_else(|error| panic!("the {name} of a segment is not written: {error}"));
        hasher.update(&bytes);
        Self { name: name.to_owned(), digest: Digest(*hasher.finalize().as_bytes()) }
    }
}

impl SegmentDigest {
    /// Of a segment that was counted.
    #[must_use]
    pub fn of(part: &Part) -> Self {
        let Part { paths, tally, paired } = part;
        let mut sections = vec![
            Section::of("losses by bucket", &tally.histogram),
            Section::of("worst paths", &tally.worst),
            Section::of("counters", &tally.counters),
        ];
        sections.extend(tally.batches.iter().map(|it| Section::of("batches of windows", it)));
        sections.extend(paired.iter().map(|it| Section::of("differences without feedback", it)));
        let first_block = paths.start / BLOCK_PATHS;
        let n_blocks = layout::n_blocks(paths.end) - first_block;
        Self { first_block, n_blocks, sections }
    }

    /// The first section that another has otherwise; `None` if there is none.
    #[must_use]
    pub fn differs_in(&self, other: &Self) -> Option<&str> {
        let pairs = self.sections.iter().zip(&other.sections);
        let differing = pairs.filter(|(mine, theirs)| mine != theirs).map(|(mine, _)| mine);
        let longer = self.sections.get(other.sections.len());
        differing.chain(longer).next().map(|section| section.name.as_str())
    }
}

/// The digest of the list of segments.
#[must_use]
pub fn segments_digest(segments: &[SegmentDigest]) -> Digest {
    let bytes = postcard::to_allocvec(segments)
        .unwrap_or_else(|error| panic!("segments' digests are not written: {error}"));
    Digest(blake3::derive_key("shortfall segments v1", &bytes))
}

/// The digest of a run: of its terms, the root of its blocks and the digest of its segments.
#[must_use]
pub fn run_digest(terms: &Terms, root: &Node, segments: Digest) -> Digest {
    let bytes = postcard::to_allocvec(&(terms, root, segments))
        .unwrap_or_else(|error| panic!("a run's terms are not written: {error}"));
    Digest(blake3::derive_key("shortfall run digest v1", &bytes))
}

impl Terms {
    /// Of a run.
    #[must_use]
    pub fn of(plan: &RunPlan, facts: &Facts) -> Self {
        Self {
            program_digest: plan.program_digest.clone(),
            meaning_digest: facts.meaning_digest(),
            compares_feedback: plan.compares_feedback,
            n_paths: plan.n_paths,
        }
    }
}

impl Commitment {
    /// Of a whole run.
    #[must_use]
    pub fn of(subject: &Subject, tally: &Tally, segments: Vec<SegmentDigest>) -> Self {
        let terms = Terms::of(&subject.plan, &subject.facts);
        let root = SumTree::over(tally.leaves()).root().clone();
        let run_digest = run_digest(&terms, &root, segments_digest(&segments));
        Self { run_digest, terms, root, segments }
    }
}
