//! Why a run directory is refused, and what is wrong with one of its files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::PLAN;
use super::layout::Shard;
use crate::engine::EngineError;
use crate::program::Unsound;
use crate::tail::{Digest, Disagreement, Unbalanced};

/// Why a run on disk cannot begin, go on, be merged or verified.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// A file stands where the folder should be.
    #[error("{} is a file: name a folder", path.display())]
    IsFile {
        /// Where.
        path: PathBuf,
    },
    /// A link stands where a file or folder of a run should be.
    #[error(
        "{} is a symbolic link, and none is followed inside a run directory: put what it points \
         to in its place, or take it away",
        path.display()
    )]
    Link {
        /// Where.
        path: PathBuf,
    },
    /// A folder, device or pipe stands where a file of a run should be.
    #[error("{} is not a regular file, as those of a run are: take it away", path.display())]
    NoFile {
        /// Where.
        path: PathBuf,
    },
    /// A file is larger than any of its kind.
    #[error(
        "{} has {bytes} bytes, above {most}, the most of such a file: it is none of a run; take it \
         away",
        path.display()
    )]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The longest that is read.
        most: u64,
    },
    /// The folder holds something else.
    #[error("{} holds {found} and no run: name an empty folder, or a new one", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// One of the files in it.
        found: String,
    },
    /// The folder holds a run, and no flag said to go on with it.
    #[error(
        "{} holds a run already: --resume goes on with it, or name another folder",
        path.display()
    )]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds no run.
    #[error("{} holds no run (there is no {file}): check the name", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// The file that every run has.
        file: &'static str,
    },
    /// The folder holds no shards.
    #[error(
        "{} holds no shards to merge: check the name; a run without --shard needs no merge",
        path.display()
    )]
    NoShards {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds another run.
    #[error("{} holds another run: {}: {remedy}", path.display(), list(differences))]
    Differs {
        /// The folder.
        path: PathBuf,
        /// In what they differ; at least one.
        differences: Vec<Difference>,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Another process works there.
    #[error("{} is in use by another process: wait for it, or end it", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The run has not come to its end.
    #[error(
        "{} is not finished (there is no {file}): give its command again, with --resume",
        path.display()
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
        /// The file that a finished run has.
        file: &'static str,
    },
    /// A file is damaged.
    #[error("{} is damaged: {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// A file could not be written.
    #[error(
        "{} cannot be written, {source}: make room or choose another folder; what was finished is \
         kept, and --resume goes on with it",
        path.display()
    )]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("{} cannot be read, {source}: see to the disk, or to who may read it", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Shards of runs that were split differently.
    #[error(
        "{} holds {one} and {other}: take away the shards of the split that is not meant",
        path.display()
    )]
    TwoSplits {
        /// The folder.
        path: PathBuf,
        /// A shard.
        one: Shard,
        /// A shard of another split.
        other: Shard,
    },
    /// Shards are missing.
    #[error("{} lacks {n_missing} of {count} shards: run --array={indices}", path.display())]
    MissingShards {
        /// The folder.
        path: PathBuf,
        /// How many.
        n_missing: usize,
        /// Of how many.
        count: u64,
        /// Which, as job arrays are written.
        indices: String,
    },
    /// The same work gave different bytes.
    #[error(
        "{} is not what {} has: equal paths gave different bytes; one of the two machines computes \
         wrongly: `shortfall verify` tells which",
        path.display(),
        other.display()
    )]
    Violation {
        /// The file.
        path: PathBuf,
        /// Its counterpart.
        other: PathBuf,
    },
    /// A block does not come out as it is recorded.
    #[error(
        "{}: block {block} (paths {first_path} to {last_path}) has digest {there}, and {here} when \
         it is walked again: the machine that made it, or this one, computes wrongly",
        path.display()
    )]
    WrongBlock {
        /// The folder.
        path: PathBuf,
        /// Which.
        block: u64,
        /// Its first path.
        first_path: u64,
        /// Its last.
        last_path: u64,
        /// As recorded.
        there: Digest,
        /// As found.
        here: Digest,
    },
    /// The paths of a segment come out as they are recorded, and one of its sections does not.
    #[error(
        "{}: its {section} are not those of its paths when they are walked again: the machine that \
         made it, or this one, computes wrongly",
        path.display()
    )]
    WrongSection {
        /// The segment.
        path: PathBuf,
        /// Which section.
        section: String,
    },
    /// A path of the tail does not come out as it is recorded.
    #[error(
        "{}: path {path_idx} loses {there} quanta, and {here} when it is walked again: the machine \
         that made it, or this one, computes wrongly",
        path.display()
    )]
    WrongPath {
        /// The folder.
        path: PathBuf,
        /// Which.
        path_idx: u64,
        /// As recorded.
        there: i64,
        /// As found.
        here: i64,
    },
    /// The backend failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum Damage {
    /// Another kind of file, another format of it, or none of ours.
    #[error("it does not begin with {expected:?}")]
    Kind {
        /// Its first line, had it been the right one.
        expected: String,
    },
    /// The seal is not that of the bytes.
    #[error("its seal does not match; it is truncated or changed")]
    Seal,
    /// The bytes are sealed, but no such value.
    #[error("it holds no such value, {0}")]
    Codec(postcard::Error),
    /// The text is sealed, but no such value.
    #[error("it holds no such value, {0}")]
    Json(serde_json::Error),
    /// The value would be written otherwise.
    #[error("its value is not written as this version writes it")]
    NotCanonical,
    /// It belongs to another run.
    #[error("it belongs to run {there}, not to {here}")]
    Foreign {
        /// Whose it is.
        there: Digest,
        /// Whose it should be.
        here: Digest,
    },
    /// It counts other paths than it should.
    #[error("it is not the tally of paths {start}..{end}")]
    Paths {
        /// The first path it should count.
        start: u64,
        /// One beyond the last.
        end: u64,
    },
    /// The facts are not those that the plan names.
    #[error("its seed, unit of money, step, opening, levels or names are not those of {PLAN}")]
    OtherMeaning,
    /// It is sealed, and does not agree with itself.
    #[error(transparent)]
    Disagrees(#[from] Disagreement),
    /// A manifest lists what no run has.
    #[error("it lists {name:?}, and a run has no such file")]
    NoMember {
        /// As written.
        name: String,
    },
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It is not known.
    #[error("it is no file of the run; take it away")]
    Unknown,
    /// It is known, and was not sealed with the others.
    #[error("no manifest lists it")]
    Unlisted,
    /// It is not the file that was sealed.
    #[error("its digest is {here}, not {there}")]
    Digest {
        /// As recorded.
        there: Digest,
        /// As found.
        here: Digest,
    },
    /// It is not what follows from the others.
    #[error("it is not what the segments add up to")]
    NotTheSum,
    /// No backend could walk it.
    #[error("no backend can walk it, {0}")]
    Unsound(Box<Unsound>),
    /// A value that no run has.
    #[error("{key} cannot be: {rule}")]
    Value {
        /// Which.
        key: &'static str,
        /// What it does not obey.
        rule: &'static str,
    },
    /// No paths add up to it.
    #[error(transparent)]
    Unbalanced(#[from] Unbalanced),
    /// The facts are of another program.
    #[error("it has {found} {what}, and the program {expected}")]
    OtherProgram {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
}

impl From<Unsound> for Damage {
    fn from(unsound: Unsound) -> Self {
        Self::Unsound(Box::new(unsound))
    }
}

/// Something that two runs do not have in common.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key} is {there} there and {here} here")]
pub struct Difference {
    /// Its name.
    pub key: String,
    /// Its value in the folder.
    pub there: String,
    /// Its value in the command.
    pub here: String,
}

/// Differences that are told; another scenario differs in thousands.
const MOST_TOLD: usize = 4;

fn list(differences: &[Difference]) -> String {
    let told: Vec<String> = differences.iter().take(MOST_TOLD).map(ToString::to_string).collect();
    let rest = differences.len().saturating_sub(MOST_TOLD);
    if rest > 0 { format!("{}, and {rest} more", told.join(", ")) } else { told.join(", ") }
}

/// Damage unless a rule holds of the value of a key.
pub(super) fn holds(is_so: bool, key: &'static str, rule: &'static str) -> Result<(), Damage> {
    if is_so { Ok(()) } else { Err(Damage::Value { key, rule }) }
}
