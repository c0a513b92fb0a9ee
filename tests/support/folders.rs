//! Folders of runs, for tests that hold one against another.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use shortfall::archive::{LocalDisk, Opened, Place, RunDirectory, Subject};

/// Every file below a folder but `run.json`, and what is in it.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("run.json") {
                let name = path.strip_prefix(root).expect("below").to_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file");
        }
    }
}

/// How many paths of a run are kept, which a next life need not walk; `None` if there is no run.
pub(crate) fn n_kept(root: &Path) -> Option<u64> {
    let subject = Subject::read(root).ok()?;
    let place = Place { root: root.to_owned(), shard: None };
    let mut disk = LocalDisk;
    match RunDirectory::open(place, &subject, &mut disk, true) {
        Ok(Opened::Open(mut directory)) => {
            Some(directory.find().expect("it can be read").n_paths())
        }
        Ok(Opened::Finished) => Some(subject.plan.n_paths),
        Err(error) => panic!("{error}"),
    }
}
