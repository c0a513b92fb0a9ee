//! `--out` and its kin: a run that is kept on disk, and when it is saved or stopped.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use shortfall::archive::Place;
use shortfall::job::Store;

use super::number;
use super::shard::{ShardArgs, ShardError};

#[derive(Debug, Args)]
pub(super) struct KeptArgs {
    /// Keep the run in a folder: figures, tables, and all that is needed to go on with it, merge
    /// or verify it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out, if there is one
    #[arg(long, requires = "out")]
    resume: bool,
    /// How often what is done is saved [default: 5s, or less often where that would take more than
    /// half a percent of the time]
    #[arg(long, value_name = "DURATION", value_parser = number::duration, requires = "out")]
    pub(super) checkpoint_every: Option<Duration>,
    /// Save and end with exit code 75 after so long: 55m
    #[arg(long, value_name = "DURATION", value_parser = number::duration, requires = "out")]
    pub(super) time_limit: Option<Duration>,
    #[command(flatten)]
    shard: ShardArgs,
}

impl KeptArgs {
    /// Where the run is kept.
    pub(super) fn store(&self) -> Result<Store, ShardError> {
        let Some(root) = &self.out else { return Ok(Store::Memory) };
        let place = Place { root: root.clone(), shard: self.shard.shard()? };
        Ok(Store::Directory { place, is_resumed: self.resume })
    }
}
