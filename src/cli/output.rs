//! Where results go: stdout and files, whole; devices, pipes and what links point to are written
//! into, and nothing but a regular file is replaced.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use shortfall::archive::{ArchiveError, Disk, LocalDisk, publish};
use shortfall::escape;

use super::error::CliError;
use super::exit::Exit;
use super::signals;
pub(super) use super::stderr::{print_note, print_notes, to_stderr};

/// Whether stdout was closed when the process began.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks whether stdout is open, while it can still be told.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) extern "C" fn look_at_stdout() {
    IS_CLOSED.store(rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err(), Ordering::Relaxed);
}

/// Refuses a closed stdout before there are results that it should take.
pub(super) fn check_stdout() -> Result<(), CliError> {
    if IS_CLOSED.load(Ordering::Relaxed) { Err(CliError::ClosedStdout) } else { Ok(()) }
}

/// Writes results to stdout, where no hidden character of a name acts on the terminal.
pub(super) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    escape::through(&mut out, write).and_then(|()| out.flush()).map_err(CliError::Stdout)
}

/// How a command ends whose results were written, or not: a verdict is kept where its report is
/// not read.
pub(super) fn ended(written: Result<(), CliError>, exit: Exit) -> Result<Exit, CliError> {
    match written {
        Err(error) if exit != Exit::Done => {
            to_stderr(&error.to_string());
            Ok(exit)
        }
        written => written.map(|()| exit),
    }
}

/// Writes what the parser of the command line has to say: its help, or what is wrong.
pub(super) fn tell(told: &clap::Error) -> Result<Exit, CliError> {
    let written = told.print().and_then(|()| io::stdout().flush());
    if told.use_stderr() {
        return Ok(Exit::Written);
    }
    written.map(|()| Exit::Done).map_err(CliError::Stdout)
}

/// A file for results, proven writable before the first path runs.
pub(super) struct OutFile {
    path: PathBuf,
    flag: &'static str,
    target: Target,
}

/// What is behind the name of a file.
enum Target {
    /// A regular file, or a name that is free: it is replaced whole.
    File(PathBuf),
    /// A device, a pipe, or what another process has opened: it is written into.
    Stream,
}

impl OutFile {
    /// Refuses a path where no file could be put.
    pub(super) fn open(path: &Path, flag: &'static str) -> Result<Self, CliError> {
        let target = Target::of(path).and_then(|target| target.prove(path).map(|()| target));
        let target = target.map_err(|source| refused(path, flag, source))?;
        Ok(Self { path: path.to_owned(), flag, target })
    }

    /// Writes it: a file is there whole, or as it was.
    pub(super) fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let mut bytes = Vec::new();
        let written = write(&mut bytes).and_then(|()| match &self.target {
            Target::Stream => stream(&self.path)?.write_all(&bytes),
            Target::File(file) => {
                let _held = signals::hold();
                publish(&mut LocalDisk, file, &bytes).map_err(|error| match error {
                    ArchiveError::Write { source, .. } => source,
                    other => io::Error::other(other),
                })
            }
        });
        written.map_err(|source| refused(&self.path, self.flag, source))
    }
}

impl Target {
    /// Follows the links that the user has named, to the end.
    fn of(path: &Path) -> io::Result<Self> {
        // As many as Linux follows.
        const MOST_LINKS: usize = 40;
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => return Ok(Self::Stream),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = path.to_owned();
        for _ in 0..MOST_LINKS {
            // What a process has opened has a name there which is none of a folder.
            if file.starts_with("/proc") || file.starts_with("/dev/fd") {
                return Ok(Self::Stream);
            }
            if !file.is_symlink() {
                return Ok(Self::File(file));
            }
            let linked = fs::read_link(&file)?;
            file = file.parent().map_or(linked.clone(), |folder| folder.join(linked));
        }
        Err(io::Error::other("its links are too many"))
    }

    /// Whether it can be written, as far as that shows beforehand.
    fn prove(&self, path: &Path) -> io::Result<()> {
        match self {
            // To open a pipe is to wait for its reader.
            Self::Stream if is_pipe(path) => Ok(()),
            Self::Stream => stream(path).map(drop),
            Self::File(file) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let probe = file.with_file_name(format!(".{name}.{}.probe", std::process::id()));
                let _held = signals::hold();
                LocalDisk.write(&probe, b"").and_then(|()| fs::remove_file(&probe))
            }
        }
    }
}

/// Opens what is written into; nothing is made.
fn stream(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().append(true).open(path)
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

fn refused(path: &Path, flag: &'static str, source: io::Error) -> CliError {
    CliError::WriteFile { path: path.to_owned(), flag, source }
}
