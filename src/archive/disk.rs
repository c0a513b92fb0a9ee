//! The one way in which a run directory is written: aside, synced, renamed, the folder synced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::ArchiveError;

pub(super) use super::inside::{names, read};

/// The operations that may fail when a run is written; a test makes each of them fail in turn.
pub trait Disk {
    /// Makes a folder and those above it; one that is there will do.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn make_dir(&mut self, path: &Path) -> io::Result<()>;

    /// Writes a file whole and syncs it.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file or folder another name.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    /// Syncs the names in a folder.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync_dir(&mut self, path: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// Removes a folder with all that is in it.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove_dir(&mut self, path: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn make_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // A file that is made anew is no link, no device and no pipe.
        let mut new = OpenOptions::new();
        new.write(true).create_new(true);
        let made = match new.open(path) {
            // A process of this number left it that died; a link goes, not what it points to.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(path).and_then(|()| new.open(path))
            }
            made => made,
        };
        let mut file = made?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        // Only Unix opens folders, and there renamed files need it.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
}

/// Writes a file so that it is there whole, or as it was.
///
/// # Errors
///
/// [`ArchiveError::Write`] with the file's own path, whichever operation failed.
pub fn publish(disk: &mut dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Write { path: path.to_owned(), source };
    let (folder, aside) = (folder_of(path), aside(path));
    let written = disk.write(&aside, bytes).and_then(|()| disk.rename(&aside, path));
    if let Err(source) = written {
        // The error is told; what cannot be removed now is swept when the run goes on.
        let _ = disk.remove(&aside);
        return Err(failed(source));
    }
    disk.sync_dir(folder).map_err(failed)
}

/// Makes a folder that will still be there after a power cut.
///
/// # Errors
///
/// [`ArchiveError::Write`] with its path.
pub(super) fn make_dir(disk: &mut dyn Disk, path: &Path) -> Result<(), ArchiveError> {
    let made = disk.make_dir(path).and_then(|()| disk.sync_dir(folder_of(path)));
    made.map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

/// Removes a file; one that is not there will do.
pub(super) fn remove(disk: &mut dyn Disk, path: &Path) -> Result<(), ArchiveError> {
    match disk.remove(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ArchiveError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Removes what a process that died was writing in a folder.
pub(super) fn sweep(disk: &mut dyn Disk, folder: &Path) -> Result<(), ArchiveError> {
    for name in names(folder)? {
        if name.starts_with('.') && name.ends_with(ASIDE) {
            remove(disk, &folder.join(name))?;
        }
    }
    Ok(())
}

/// Holds a folder against other processes until it is dropped. A file system that knows no such
/// locks goes without: all that two processes could write there is the same.
#[derive(Debug)]
pub struct Lock(Option<File>);

impl Drop for Lock {
    /// Not left to the end of the file's last descriptor: where closing it fails, this process
    /// would stand in its own way.
    fn drop(&mut self) {
        if let Self(Some(file)) = self {
            let _ = file.unlock();
        }
    }
}

impl Lock {
    /// Takes a folder.
    pub(super) fn take(folder: &Path) -> Result<Self, ArchiveError> {
        let Ok(file) = File::open(folder) else { return Ok(Self(None)) };
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(TryLockError::WouldBlock) => Err(ArchiveError::Busy { path: folder.to_owned() }),
            Err(TryLockError::Error(_)) => Ok(Self(None)),
        }
    }

    /// Whether what was taken still has this name: a shard that is finished gets another, and what
    /// is held then is the finished shard.
    pub(super) fn is_of(&self, folder: &Path) -> bool {
        let Self(Some(file)) = self else { return true };
        match (file.metadata(), fs::metadata(folder)) {
            (Ok(held), Ok(named)) => is_same(&held, &named),
            (_, Err(error)) => error.kind() != io::ErrorKind::NotFound,
            (Err(_), _) => true,
        }
    }
}

/// Whether both are one folder; where that cannot be told, they are.
#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// How names of files end that are being written.
const ASIDE: &str = ".partial";

/// Where a file is written before it gets its name; another process would choose another.
fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}{ASIDE}", std::process::id()))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
