//! Runs that stop early, at a place that follows from the outcomes alone.
//!
//! Whether there are paths enough is asked of prefixes of 2^k blocks, and of no other: where a run
//! stops does not depend on its batches, its threads or the time that it took, and a run of just so
//! many paths has the same tally to the last bit. Asking after each doubling costs little and errs
//! by a factor of two at most; and the fewer the looks, the less does a lucky one pass for the
//! rest.

use std::ops::ControlFlow;

use super::backend::EngineError;
use super::run::{Done, Part, Progress, Stretch, Walkers, walk};
use crate::tail::BLOCK_PATHS;

/// Walks on from the end of a part until `is_enough` of its paths, at the end of some prefix, or
/// until all are walked. Where `progress` breaks, the part ends sooner, with a block.
///
/// # Errors
///
/// If a backend fails; the part is then not to be used.
pub fn walk_until(
    walkers: &mut Walkers<'_, '_>,
    part: &mut Part,
    (n_paths, batch): (u64, u64),
    progress: &mut dyn Progress,
    is_enough: &mut dyn FnMut(&Part) -> bool,
) -> Result<(), EngineError> {
    let begun = part.paths.end;
    let mut progress = Remembered { progress, is_broken: false };
    for to in prefixes(n_paths).filter(|to| *to > begun) {
        // Nothing is begun beyond the prefix: it may be the last.
        let stretch = Stretch { to, expected: to, batch };
        walk(walkers, part, stretch, &mut progress)?;
        if part.paths.end < to || is_enough(part) || progress.is_broken {
            break;
        }
    }
    Ok(())
}

/// Remembers whether a walk was asked to end, even where it was at its end.
struct Remembered<'p> {
    progress: &'p mut dyn Progress,
    is_broken: bool,
}

impl Progress for Remembered<'_> {
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()> {
        let next = self.progress.done(done);
        self.is_broken = next.is_break();
        next
    }
}

/// Ends of the prefixes of 2^k blocks below `n_paths`, and then that.
pub fn prefixes(n_paths: u64) -> impl Iterator<Item = u64> {
    let doubled = std::iter::successors(Some(BLOCK_PATHS), |end| end.checked_mul(2));
    doubled.take_while(move |end| *end < n_paths).chain([n_paths])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_double_from_one_block_to_all_paths() {
        let ends = |n_paths| prefixes(n_paths).collect::<Vec<_>>();
        assert_eq!(ends(1), [1]);
        assert_eq!(ends(4096), [4096]);
        assert_eq!(ends(4097), [4096, 4097]);
        assert_eq!(ends(16_384), [4096, 8192, 16_384]);
        assert_eq!(ends(20_000), [4096, 8192, 16_384, 20_000]);
        assert_eq!(ends(u64::MAX).len(), 53);
    }
}
