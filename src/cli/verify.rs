//! `shortfall verify`: is a run directory, or a proof of one, true?

mod directory;
mod proof;
mod tied;

use std::path::PathBuf;

use clap::Args;

use super::backend::BackendArgs;
use super::{CliError, FormatName, number};
use proof::ProofArgs;
use tied::TiedArgs;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A finished run directory, that of a shard, or the file of a proof
    path: PathBuf,
    #[command(flatten)]
    tied: TiedArgs,
    #[command(flatten)]
    proof: ProofArgs,
    /// Share of the blocks that are walked again: 1 %, 0.01; with 100 % every segment is
    #[arg(long, value_name = "SHARE", value_parser = number::share, default_value = "1%",
          allow_negative_numbers = true)]
    sample: f64,
    /// Segments that are walked again whole, with histogram, worst paths and counters
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, 128),
          default_value = "1", allow_negative_numbers = true)]
    segments: u64,
    /// Draws the sample [default: by chance, and told]
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, i64::MAX as u64),
          allow_negative_numbers = true)]
    seed: Option<u64>,
    #[command(flatten)]
    backend: BackendArgs,
    /// How the result is written to stdout
    #[arg(long, value_enum, default_value = "text")]
    format: FormatName,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

pub(super) fn main(args: &VerifyArgs) -> Result<(), CliError> {
    if args.path.is_file() {
        return proof::main(args);
    }
    if args.proof.is_given() {
        return Err(CliError::NoProof { path: args.path.clone() });
    }
    directory::main(args)
}

/// A share in percent, to three digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 {
        return "0 %".to_owned();
    }
    let n_digits = 2 - percent.log10().floor() as i32;
    if n_digits > 5 {
        format!("{percent:.1e} %")
    } else {
        format!("{percent:.*} %", n_digits.max(0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_to_three_digits() {
        let told = [1.0, 0.988, 0.0485, 0.000_123_4, 4.13e-9, 0.0].map(percent);
        assert_eq!(told, ["100 %", "98.8 %", "4.85 %", "0.0123 %", "4.1e-7 %", "0 %"]);
    }
}
