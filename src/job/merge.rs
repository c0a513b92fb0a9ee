//! The shards of a run, joined to what one machine would have written.

use std::path::Path;

use super::error::JobError;
use super::outcome::Walked;
use super::watch::Watch;
use crate::archive::merge::{Shards, compare_with_shards};
use crate::archive::{LocalDisk, Opened, read_counted};

/// Joins the shards in a folder, all of them finished, to the run that one machine would have made
/// there, byte for byte; walks the tail's paths once more, on so many threads. Shards that are
/// merged already are held against what is there.
///
/// # Errors
///
/// If a shard is missing, damaged or of another run, or the folder cannot be written.
pub fn merge(folder: &Path, n_threads: usize, watch: &mut dyn Watch) -> Result<Walked, JobError> {
    let shards = Shards::find(folder)?;
    let mut disk = LocalDisk;
    let (counted, results) = match shards.open(&mut disk)? {
        Opened::Finished => {
            compare_with_shards(folder, &shards)?;
            watch.note(&format!("{} holds these shards already, merged", folder.display()));
            let counted = read_counted(folder, &shards.subject)?;
            let results = counted.results(&shards.subject, n_threads)?;
            (counted, results)
        }
        Opened::Open(mut directory) => {
            directory.notes.iter().for_each(|note| watch.note(note));
            let counted = directory.take_shards(&shards)?;
            let results = counted.results(&shards.subject, n_threads)?;
            directory.finish(&counted, Some(&results), shards.run_facts()?)?;
            (counted, results)
        }
    };
    Ok(Walked::of(counted, results, None))
}
