//! Every write made to fail once: is the file named, is nothing lost, does a rerun complete?

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use shortfall::archive::{ArchiveError, Disk, LocalDisk, Shard};

use super::{Life, Lived, N_PATHS, assert_same, files, live, place, subject, whole};

/// A disk that is full at its n-th operation and ever after, or only then.
pub(super) struct FullDisk {
    n_operations: u64,
    full_at: u64,
    /// Writes half of the file before it fails, as full disks do.
    last: Option<PathBuf>,
}

impl FullDisk {
    pub(super) fn at(full_at: u64) -> Self {
        Self { n_operations: 0, full_at, last: None }
    }

    fn turn(&mut self, path: &Path) -> io::Result<()> {
        self.n_operations += 1;
        if self.n_operations < self.full_at {
            return Ok(());
        }
        self.last = Some(path.to_owned());
        Err(io::ErrorKind::StorageFull.into())
    }
}

impl Disk for FullDisk {
    fn make_dir(&mut self, path: &Path) -> io::Result<()> {
        self.turn(path)?;
        LocalDisk.make_dir(path)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let turn = self.turn(path);
        let written = if turn.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        LocalDisk.write(path, written)?;
        turn
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.turn(to)?;
        LocalDisk.rename(from, to)
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.turn(path)?;
        LocalDisk.sync_dir(path)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.turn(path)?;
        LocalDisk.remove(path)
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        self.turn(path)?;
        LocalDisk.remove_dir(path)
    }
}

/// Saves every few dispatches, so that checkpoints fail too.
const LIFE: Life = Life { n_threads: 2, batch: 16_384, save_every: 3, stop_after: usize::MAX };

/// Files that are whole: those that are being written have hidden names.
fn published(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = if root.exists() { files(root) } else { BTreeMap::new() };
    found.retain(|name, _| !name.contains(".partial") && !name.starts_with("state"));
    found
}

fn every_write_fails_once(shard: Option<Shard>) {
    let dir = TempDir::new().expect("a temporary folder");
    let subject = subject(N_PATHS, 1);
    let reference = dir.path().join("reference");
    let at = |root: &Path| place(root, shard);
    let mut counting = FullDisk::at(u64::MAX);
    let lived = live(&subject, at(&reference), LIFE, &mut counting);
    assert_eq!(lived.expect("a disk with room"), Lived::Finished);
    let n_operations = counting.n_operations;
    assert!(n_operations > 30, "{n_operations} operations");
    let reference = files(&at(&reference).published());
    for full_at in 1..=n_operations {
        let root = dir.path().join(format!("{full_at}"));
        let mut full = FullDisk::at(full_at);
        match live(&subject, at(&root), LIFE, &mut full) {
            Err(ArchiveError::Write { path, source }) => {
                assert!(path.starts_with(&root), "{path:?}");
                assert!(!path.to_string_lossy().contains(".partial"), "{path:?}");
                assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            }
            other => panic!("operation {full_at} of {n_operations} fails unnoticed: {other:?}"),
        }
        let kept = published(&at(&root).working());
        let lived = live(&subject, at(&root), LIFE, &mut LocalDisk);
        lived.unwrap_or_else(|error| panic!("operation {full_at}: {error}"));
        let found = files(&at(&root).published());
        assert_same(&found, &reference, &format!("full at operation {full_at}"));
        for (name, bytes) in kept {
            assert!(found[&name] == bytes, "{name} was whole, and is another");
        }
    }
}

#[test]
fn a_write_that_fails_names_its_file_loses_nothing_and_a_rerun_completes() {
    every_write_fails_once(None);
}

#[test]
fn so_do_the_writes_of_a_shard() {
    every_write_fails_once(Some(Shard { index: 0, count: 1 }));
}

/// A small file system in memory, as only root can mount it.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_really_full_is_told_and_room_is_all_it_needs() {
    let dir = TempDir::new().expect("a temporary folder");
    let mounted = dir.path().join("small");
    std::fs::create_dir(&mounted).expect("a folder");
    let mount = |size: &str| {
        let options = format!("size={size}");
        let mut command = std::process::Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&mounted);
        command.stderr(std::process::Stdio::null()).status().is_ok_and(|it| it.success())
    };
    if !mount("256k") {
        eprintln!("no tmpfs can be mounted here: the injected writer above has to do");
        return;
    }
    let subject = subject(N_PATHS, 1);
    let root = mounted.join("run");
    let outcome = live(&subject, place(&root, None), LIFE, &mut LocalDisk);
    let remounted = std::process::Command::new("mount")
        .args(["-o", "remount,size=64m"])
        .arg(&mounted)
        .status()
        .is_ok_and(|it| it.success());
    let again = live(&subject, place(&root, None), LIFE, &mut LocalDisk);
    let found = files(&root);
    let unmounted = std::process::Command::new("umount").arg(&mounted).status();
    assert!(remounted && unmounted.is_ok_and(|it| it.success()));
    match outcome {
        Err(ArchiveError::Write { path, source }) => {
            assert!(path.starts_with(&mounted), "{path:?}");
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        }
        other => panic!("256 KiB hold all of it: {other:?}"),
    }
    assert_eq!(again.expect("room"), Lived::Finished);
    let reference = dir.path().join("reference");
    whole(&subject, &reference);
    assert_same(&found, &files(&reference), "after a full disk");
}
