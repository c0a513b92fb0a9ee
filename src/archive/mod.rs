//! Run directories: a run on disk, so that it can be stopped, gone on with, split and verified.
//!
//! | file | what it holds |
//! |---|---|
//! | `plan.json` | what the run is: version, seed, paths, digests; and what it was made from |
//! | `program.bin`, `facts.json` | what is walked, and the names to report it by: all it takes |
//! | `segments/` | tallies of finished stretches of paths, cut by the number of paths alone |
//! | `state.0`, `state.1` | the stretch that is being walked, in turn; gone in the end |
//! | `blocks.bin` | the digests of all blocks of 4,096 paths, the leaves under `outcome_digest` |
//! | `commitment.json` | what the run commits to: `run_digest` and all that it is made of |
//! | `summary.json`, `positions.parquet`, `worst_paths.parquet` | the figures |
//! | `run.json` | how it went |
//! | `manifest.json` | every other file with its digest; written last |
//! | `shards/I-of-N/` | the directories of the machines that share a run, until `merge` |
//!
//! Every file is written aside, synced and renamed, and every file is sealed, by itself or by
//! another. Everything but `run.json` follows from program and plan, byte for byte; what a run was
//! made from, and the notes, which hold the names of files, are as its first command had them.

pub mod commitment;
pub mod differences;
pub mod directory;
pub mod disk;
pub mod error;
pub mod grow;
mod heal;
mod inside;
pub mod layout;
pub mod manifest;
pub mod merge;
pub mod plan;
pub mod proof;
pub mod read;
mod record;
pub mod results;
pub mod sample;
pub mod sealed;
pub mod signature;
mod values;
pub mod verify;
pub mod walk;

pub use directory::{Found, Opened, Place, RunDirectory};
pub use disk::{Disk, LocalDisk, publish};
pub use error::{ArchiveError, Damage, Difference};
pub use grow::grow;
pub use layout::Shard;
pub use manifest::Manifest;
pub use plan::{Input, Origin, RunPlan, Subject};
pub use proof::{Proof, ProofError};
pub use read::read_counted;
pub use results::{Counted, Results};
pub use sealed::Kind;
pub use verify::Sealed;
pub use walk::{Ended, Next, Watch};

/// What the run is.
pub const PLAN: &str = "plan.json";
/// The program.
pub const PROGRAM: &str = "program.bin";
/// Names, levels, notes.
pub const FACTS: &str = "facts.json";
/// The folder of the finished segments.
pub const SEGMENTS: &str = "segments";
/// The segment that is being walked, written in turn.
pub const STATES: [&str; 2] = ["state.0", "state.1"];
/// The digests of the blocks.
pub const BLOCKS: &str = "blocks.bin";
/// What the run commits to.
pub const COMMITMENT: &str = "commitment.json";
/// The figures.
pub const SUMMARY: &str = "summary.json";
/// The figures of every position.
pub const POSITIONS: &str = "positions.parquet";
/// The paths of the tail.
pub const WORST_PATHS: &str = "worst_paths.parquet";
/// How the run went.
pub const RUN: &str = "run.json";
/// Every file with its digest.
pub const MANIFEST: &str = "manifest.json";
/// The folder of the shards.
pub const SHARDS: &str = "shards";
