//! What a run directory may be made of: folders, and regular files of a bounded size. No link in it
//! is followed, no pipe waited for, no device read.
//!
//! The folder that the command line names may be a link: the user has named it. The folders inside
//! are looked at when a directory is opened. That keeps out a directory that a stranger has made; a
//! process that may write there, and changes it meanwhile, could as well write what it likes.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use super::error::ArchiveError;
use super::layout::Shard;
use super::{MANIFEST, PLAN, RUN, SEGMENTS, SHARDS};

/// Bytes of the largest file that is read: tallies of ten million positions.
const MOST_BYTES: u64 = 1 << 30;
/// Bytes of the largest file whose length does not follow from the scenario.
const MOST_BYTES_OF_LIST: u64 = 1 << 24;
/// The files whose length does not.
const LISTS: [&str; 3] = [PLAN, RUN, MANIFEST];

/// The bytes of a file; `None` if it is not there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, ArchiveError> {
    let failed = |source| ArchiveError::Read { path: path.to_owned(), source };
    // Looked at before it is opened: to open a device may be to do something with it.
    let Some(kind) = kind_of(path)? else { return Ok(None) };
    check_file(path, kind)?;
    let file = open(path).map_err(failed)?;
    // Looked at again: between the two it may have become another.
    let found = file.metadata().map_err(failed)?;
    check_file(path, found.file_type())?;
    let (bytes, most) = (found.len(), most_bytes(path));
    if bytes > most {
        return Err(ArchiveError::TooLarge { path: path.to_owned(), bytes, most });
    }
    let mut read = Vec::new();
    read.try_reserve_exact(bytes as usize)
        .map_err(|_| failed(io::ErrorKind::OutOfMemory.into()))?;
    file.take(bytes).read_to_end(&mut read).map_err(failed)?;
    Ok(Some(read))
}

/// Whether there is a file or folder of this name; a link is there, whatever it points to.
pub(super) fn is_there(path: &Path) -> Result<bool, ArchiveError> {
    kind_of(path).map(|kind| kind.is_some())
}

/// Names in a folder, sorted; none if it is not there.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, ArchiveError> {
    let failed = |source| ArchiveError::Read { path: folder.to_owned(), source };
    let mut names = match entries(folder) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    names.sort();
    Ok(names)
}

/// Std's reader panics where a folder cannot be closed, which a disk that fails may bring about.
#[cfg(unix)]
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::new(File::open(folder)?)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if ![".", ".."].contains(&name.as_str()) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(not(unix))]
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    fs::read_dir(folder)?.map(|entry| entry.map(name)).collect()
}

/// Refuses a directory whose folders are links.
pub(super) fn refuse_links(folder: &Path) -> Result<(), ArchiveError> {
    [SEGMENTS, SHARDS].iter().try_for_each(|name| refuse_link(&folder.join(name)))
}

/// Refuses a shard's folders that are links, that in which it is filled too.
pub(super) fn refuse_links_of(root: &Path, shard: Shard) -> Result<(), ArchiveError> {
    let shards = root.join(SHARDS);
    for name in [shard.to_string(), format!(".{shard}")] {
        refuse_link(&shards.join(&name))?;
        refuse_link(&shards.join(&name).join(SEGMENTS))?;
    }
    Ok(())
}

fn refuse_link(path: &Path) -> Result<(), ArchiveError> {
    match kind_of(path)? {
        Some(kind) if kind.is_symlink() => Err(ArchiveError::Link { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// What a name stands for, a link for itself; `None` if it is not there.
fn kind_of(path: &Path) -> Result<Option<FileType>, ArchiveError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found.file_type())),
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(ArchiveError::Read { path: path.to_owned(), source }),
    }
}

fn check_file(path: &Path, kind: FileType) -> Result<(), ArchiveError> {
    let path = || path.to_owned();
    match kind {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_symlink() => Err(ArchiveError::Link { path: path() }),
        _ => Err(ArchiveError::NoFile { path: path() }),
    }
}

/// Opens a file that is no link, and does not wait where it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    options.open(path)
}

fn most_bytes(path: &Path) -> u64 {
    let is_list = path.file_name().is_some_and(|name| LISTS.iter().any(|list| name == *list));
    if is_list { MOST_BYTES_OF_LIST } else { MOST_BYTES }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
