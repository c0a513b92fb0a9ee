//! Does a folder reach outside itself: links, pipes, devices and giants in the place of its files?

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use shortfall::archive::merge::Shards;
use shortfall::archive::{ArchiveError, Disk, LocalDisk, Place, Sealed, Shard, publish};

use super::whole;
use super::{Life, Lived, N_PATHS, WHOLE_LIFE, copy, files, live, place, subject};

/// Every way into a folder: that of a run that goes on, of a merge, of a reader.
fn refused(place: &Place) -> Vec<ArchiveError> {
    let gone_on = live(&subject(N_PATHS, 1), place.clone(), WHOLE_LIFE, &mut LocalDisk);
    let mut found = vec![gone_on.expect_err("a run that goes on")];
    match place.shard {
        None => found.extend(Sealed::read(&place.root).err()),
        Some(_) => found.extend(Shards::find(&place.root).err()),
    }
    found
}

fn assert_named(place: &Place, path: &Path) {
    let found = refused(place);
    assert_eq!(found.len(), 2, "{path:?}: {found:?}");
    for error in found {
        match error {
            ArchiveError::Link { path: named } => assert_eq!(named, path),
            error => panic!("{path:?}: {error}"),
        }
    }
}

/// Moves what is at a path elsewhere, and links there.
fn replace_by_link(path: &Path, elsewhere: &Path) {
    fs::rename(path, elsewhere).expect("a file or folder");
    symlink(elsewhere, path).expect("a link");
}

#[test]
fn a_link_in_the_place_of_any_file_or_folder_is_named_and_what_it_points_to_is_left() {
    let dir = TempDir::new().expect("a temporary folder");
    let sound = dir.path().join("sound");
    whole(&subject(N_PATHS, 1), &sound);
    let mut names: Vec<PathBuf> = files(&sound).into_keys().map(PathBuf::from).collect();
    names.extend([PathBuf::from("run.json"), PathBuf::from("segments")]);
    for (n, name) in names.iter().enumerate() {
        let (root, elsewhere) =
            (dir.path().join(format!("{n}")), dir.path().join(format!("of {n}")));
        copy(&sound, &root);
        replace_by_link(&root.join(name), &elsewhere);
        let before = elsewhere.is_dir().then(|| files(&elsewhere));
        assert_named(&place(&root, None), &root.join(name));
        assert_eq!(before, elsewhere.is_dir().then(|| files(&elsewhere)), "{name:?}");
        assert!(root.join(name).is_symlink(), "{name:?}");
    }
}

#[test]
fn links_in_the_place_of_a_shard_s_folders_are_named() {
    let dir = TempDir::new().expect("a temporary folder");
    let sound = dir.path().join("sound");
    let shard = Some(Shard { index: 0, count: 1 });
    let lived = live(&subject(N_PATHS, 1), place(&sound, shard), WHOLE_LIFE, &mut LocalDisk);
    assert_eq!(lived.expect("a shard"), Lived::Finished);
    for (n, name) in ["shards", "shards/0-of-1", "shards/0-of-1/segments"].iter().enumerate() {
        let (root, elsewhere) =
            (dir.path().join(format!("{n}")), dir.path().join(format!("of {n}")));
        copy(&sound, &root);
        replace_by_link(&root.join(name), &elsewhere);
        assert_named(&place(&root, shard), &root.join(name));
    }
    // That in which a shard is filled, before there is another.
    let root = dir.path().join("begun");
    let elsewhere = dir.path().join("elsewhere");
    fs::create_dir_all(root.join("shards")).expect("a folder");
    fs::create_dir(&elsewhere).expect("a folder");
    symlink(&elsewhere, root.join("shards/.0-of-1")).expect("a link");
    let error = live(&subject(N_PATHS, 1), place(&root, shard), WHOLE_LIFE, &mut LocalDisk);
    assert!(matches!(error, Err(ArchiveError::Link { .. })), "{error:?}");
    assert_eq!(fs::read_dir(&elsewhere).expect("a folder").count(), 0);
}

#[test]
fn a_run_that_was_stopped_is_not_gone_on_with_through_a_link() {
    let dir = TempDir::new().expect("a temporary folder");
    let half = dir.path().join("half");
    let life = Life { n_threads: 2, batch: 4096, save_every: 2, stop_after: 25 };
    let lived = live(&subject(N_PATHS, 1), place(&half, None), life, &mut LocalDisk);
    assert!(matches!(lived, Ok(Lived::Stopped(_))), "{lived:?}");
    for (n, name) in ["state.0", "state.1", "plan.json", "segments"].iter().enumerate() {
        let (root, elsewhere) =
            (dir.path().join(format!("{n}")), dir.path().join(format!("of {n}")));
        copy(&half, &root);
        replace_by_link(&root.join(name), &elsewhere);
        let error = live(&subject(N_PATHS, 1), place(&root, None), WHOLE_LIFE, &mut LocalDisk);
        match error {
            Err(ArchiveError::Link { path }) => assert_eq!(path, root.join(name)),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_folder_that_is_named_may_be_a_link() {
    let dir = TempDir::new().expect("a temporary folder");
    let [real, named] = ["real", "named"].map(|name| dir.path().join(name));
    fs::create_dir(&real).expect("a folder");
    symlink(&real, &named).expect("a link");
    whole(&subject(N_PATHS, 1), &named);
    Sealed::read(&named).expect("whole");
    assert!(named.is_symlink() && real.join("manifest.json").is_file());
    let again = live(&subject(N_PATHS, 1), place(&named, None), WHOLE_LIFE, &mut LocalDisk);
    assert_eq!(again.expect("whole"), Lived::WasFinished);
}

#[test]
fn what_is_no_file_or_a_giant_is_refused_unread() {
    let dir = TempDir::new().expect("a temporary folder");
    let sound = dir.path().join("sound");
    whole(&subject(N_PATHS, 1), &sound);
    let segment = "segments/000000000-000000016";
    for (n, name) in ["plan.json", "manifest.json", segment].iter().enumerate() {
        let root = dir.path().join(format!("{n}"));
        let path = root.join(name);
        let replaced = |make: &dyn Fn()| {
            let _ = fs::remove_dir_all(&root);
            copy(&sound, &root);
            fs::remove_file(&path).expect("a file");
            make();
            refused(&place(&root, None))
        };
        // A pipe without a writer would be waited for.
        let pipe =
            || assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        let socket = || drop(UnixListener::bind(&path).expect("a socket"));
        let folder = || fs::create_dir(&path).expect("a folder");
        for (what, make) in
            [("a pipe", &pipe as &dyn Fn()), ("a socket", &socket), ("a folder", &folder)]
        {
            for error in replaced(make) {
                assert!(
                    matches!(&error, ArchiveError::NoFile { path: named } if *named == path),
                    "{what}: {error}"
                );
            }
        }
        let giant = || {
            let file = fs::File::create(&path).expect("a file");
            file.set_len(1 << 40).expect("a file with a hole");
        };
        for error in replaced(&giant) {
            assert!(matches!(error, ArchiveError::TooLarge { bytes, .. } if bytes == 1 << 40));
        }
    }
}

#[test]
fn what_is_written_aside_is_a_new_file_whatever_has_its_name() {
    let dir = TempDir::new().expect("a temporary folder");
    let precious = dir.path().join("precious");
    fs::write(&precious, "mine").expect("a file");
    let aside = dir.path().join(format!(".new.{}.partial", std::process::id()));
    symlink(&precious, &aside).expect("a link");
    publish(&mut LocalDisk, &dir.path().join("new"), b"of the run").expect("it is written");
    assert_eq!(fs::read(&precious).expect("a file"), b"mine");
    assert_eq!(fs::read(dir.path().join("new")).expect("a file"), b"of the run");
    assert!(!aside.is_symlink());
    // So is one that a process of the same number has left.
    fs::write(&aside, "longer than what is written now").expect("a file");
    LocalDisk.write(&aside, b"short").expect("it is written");
    assert_eq!(fs::read(&aside).expect("a file"), b"short");
    fs::remove_file(&aside).expect("a file");
    fs::create_dir(&aside).expect("a folder");
    let error = LocalDisk.write(&aside, b"short").expect_err("a folder is there");
    assert_ne!(error.kind(), io::ErrorKind::NotFound);
}
