//! What `shortfall verify` takes.

use std::path::PathBuf;

use clap::Args;

use shortfall::archive::proof::MOST_BLOCKS;

use super::tied::TiedArgs;
use crate::cli::asked::FormatName;
use crate::cli::backend::BackendArgs;
use crate::cli::number;

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// A finished run directory, that of a shard, or the file of a proof
    pub(super) path: PathBuf,
    #[command(flatten)]
    pub(super) tied: TiedArgs,
    #[command(flatten)]
    pub(super) proof: ProofArgs,
    /// Share of the blocks that are walked again: 1 %, 0.01; with 100 % every segment is
    #[arg(long, value_name = "SHARE", value_parser = number::share, default_value = "1%",
          allow_negative_numbers = true)]
    pub(super) sample: f64,
    /// Segments that are walked again whole, with histogram, worst paths and counters
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, 128),
          default_value = "1", allow_negative_numbers = true)]
    pub(super) segments: u64,
    /// Draws the sample [default: by chance, and told]
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, i64::MAX as u64),
          allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) backend: BackendArgs,
    /// How the result is written to stdout
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: FormatName,
    /// Nothing on stderr but errors
    #[arg(long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct ProofArgs {
    /// The beacon that a proof is to be drawn by
    #[arg(long, value_name = "TEXT")]
    pub(super) beacon: Option<String>,
    /// Refuse a proof of fewer blocks
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, MOST_BLOCKS),
          allow_negative_numbers = true)]
    pub(super) least_blocks: Option<u64>,
    /// The public key that a proof is to be signed with: PEM; a key inside a proof counts for
    /// nothing
    #[arg(long, value_name = "PUBLICKEY")]
    pub(super) signed_by: Option<PathBuf>,
}

impl ProofArgs {
    /// Whether a flag is given that only a proof takes.
    pub(super) fn is_given(&self) -> bool {
        self.beacon.is_some() || self.signed_by.is_some() || self.least_blocks.is_some()
    }
}
