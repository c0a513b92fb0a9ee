//! `shortfall prove`: a proof of a run for those who do not have its folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use shortfall::archive::proof::{MOST_BLOCKS, Proof};
use shortfall::archive::{ArchiveError, Sealed, signature};
use shortfall::report::counted;

use super::error::CliError;
use super::output::OutFile;
use super::{number, output};

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// A finished run directory
    dir: PathBuf,
    /// Blocks of 4,096 paths that the proof holds, drawn by what the run commits to
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, MOST_BLOCKS),
          default_value = "8", allow_negative_numbers = true)]
    blocks: u64,
    /// A text that was unknown when the run was made, such as a later block hash: it draws
    /// the blocks too, so that its maker could not try runs until one drew well
    #[arg(long, value_name = "TEXT")]
    beacon: Option<String>,
    /// Where the proof is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Sign the run's digest with this secret key: PEM, as `openssl genpkey -algorithm ed25519`
    /// writes it, and readable by you alone (mode 0600)
    #[arg(long, value_name = "KEYFILE")]
    sign: Option<PathBuf>,
    /// Threads that walk the tail again [default: all]
    #[arg(long, value_name = "N", value_parser = number::count::<u16>(1, 4096),
          allow_negative_numbers = true)]
    threads: Option<u16>,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

pub(super) fn main(args: &ProveArgs) -> Result<(), CliError> {
    let out = OutFile::open(&args.out, "--out")?;
    // Before the run is read: a key that will not do is said at once.
    let secret = args.sign.as_deref().map(secret_key).transpose()?;
    let mut sealed = Sealed::read(&args.dir)?;
    sealed.check_figures(super::backend::n_threads(args.threads))?;
    let proof = Proof::of(&sealed, args.blocks, args.beacon.clone());
    let mut proof = proof.ok_or_else(|| ArchiveError::Unfinished {
        path: args.dir.clone(),
        file: shortfall::archive::COMMITMENT,
    })?;
    if let (Some(path), Some(secret)) = (&args.sign, &secret) {
        let signed = signature::sign(proof.run_digest, secret);
        proof.signature = Some(signed.map_err(|source| key_fault(path, "--sign", source))?);
    }
    let bytes = proof.bytes();
    out.write(|file| file.write_all(&bytes))?;
    if !args.quiet {
        output::to_stderr(&format!(
            "{}: {} of {}, {} bytes: check it with `shortfall verify {} --scenario FILE`",
            args.out.display(),
            proof.drawn().count(),
            counted(proof.n_blocks(), "block"),
            bytes.len(),
            args.out.display(),
        ));
    }
    Ok(())
}

/// Bytes of a key, at most.
const MOST_KEY_BYTES: u64 = 1 << 14;

/// The text of a key.
pub(super) fn key_text(path: &Path, flag: &'static str) -> Result<String, CliError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| {
        check_mode(&file, flag)?;
        file.take(MOST_KEY_BYTES).read_to_string(&mut text)
    });
    read.map_err(|source| CliError::ReadKey { path: path.to_owned(), flag, source })?;
    Ok(text)
}

fn secret_key(path: &Path) -> Result<String, CliError> {
    key_text(path, SIGN)
}

/// The flag whose file is to be a secret.
const SIGN: &str = "--sign";

/// Refuses a secret key that others may read.
#[cfg(unix)]
fn check_mode(file: &File, flag: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if flag == SIGN && mode & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "its mode is {mode:04o}, so that others may read it: `chmod 600` it"
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &File, _: &str) -> io::Result<()> {
    Ok(())
}

/// A key or a signature that will not do.
pub(super) fn key_fault(
    path: &Path,
    flag: &'static str,
    source: signature::SignatureError,
) -> CliError {
    CliError::Key { path: path.to_owned(), flag, source }
}
