//! `shortfall verify`: is a run directory, or a proof of one, true?

mod args;
mod directory;
mod percent;
mod proof;
mod tied;

use super::error::CliError;
pub(super) use args::VerifyArgs;

pub(super) fn main(args: &VerifyArgs) -> Result<(), CliError> {
    if args.path.is_file() {
        return proof::main(args);
    }
    if args.proof.is_given() {
        return Err(CliError::NoProof { path: args.path.clone() });
    }
    directory::main(args)
}
