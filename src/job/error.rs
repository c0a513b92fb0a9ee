//! Why a job cannot begin or go on.

use thiserror::Error;

use super::mismatch::Mismatch;
use crate::archive::ArchiveError;
use crate::engine::EngineError;
use crate::tail::Digest;

/// Why a job cannot begin or go on.
#[derive(Debug, Error)]
pub enum JobError {
    /// The backend failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder that it is kept in, or that of its baseline, is not what it should be.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Infinitely deep markets are asked for where all are so deep.
    #[error(
        "sales move no price in {scenario}, so there is nothing to compare: give an asset a \
         [market.depth], or do not compare"
    )]
    NothingToCompare {
        /// Name of the scenario.
        scenario: String,
    },
    /// Two things are asked for that exclude each other.
    #[error("{one} cannot go with {other}: {why}")]
    NotTogether {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
        /// Why.
        why: &'static str,
    },
    /// The baseline's paths are no pairs of this run's.
    #[error(
        "{whose}: its {what} is {there} and this run's is {here}, so their paths are no pairs: \
         give {flag} {there}, or another baseline"
    )]
    OtherPaths {
        /// The baseline, as it was named.
        whose: String,
        /// In what they differ.
        what: &'static str,
        /// The flag that sets it.
        flag: &'static str,
        /// The baseline's.
        there: u64,
        /// This run's.
        here: u64,
    },
    /// The baseline's steps or positions are no pairs of this run's.
    #[error("{whose}: {what}")]
    OtherBook {
        /// The baseline, as it was named.
        whose: String,
        /// In what they differ.
        what: Mismatch,
    },
    /// Paths that are walked again come out otherwise than they were kept.
    #[error(
        "{whose} has outcomes {there}, and its program has {found} here: one of the two machines \
         computes wrongly; `shortfall verify` tells more"
    )]
    OtherOutcomes {
        /// The folder of the run, as it was named.
        whose: String,
        /// As they were kept.
        there: Digest,
        /// As they are found.
        found: Digest,
    },
}
