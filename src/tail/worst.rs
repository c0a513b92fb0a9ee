//! The k worst paths, by push and select: a constant cost a path, whatever their order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A path and what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstPath {
    /// Bad debt, quanta.
    pub loss: i64,
    /// Which path.
    pub path_idx: u64,
}

impl WorstPath {
    /// Larger losses first; of equal losses the lower index first.
    #[must_use]
    pub fn worst_first(&self, other: &Self) -> Ordering {
        other.loss.cmp(&self.loss).then(self.path_idx.cmp(&other.path_idx))
    }
}

/// The worst paths seen so far. Up to twice as many are kept unsorted; when they are that many,
/// a selection in linear time throws half away, so a push costs O(1) over time.
///
/// Written as the paths that are kept, worst first, whatever still lies in the buffer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct Worst {
    n_kept: usize,
    paths: Vec<WorstPath>,
    /// The least bad path of the last selection: what comes after it cannot be kept.
    floor: Option<WorstPath>,
}

impl Worst {
    /// Keeps the `n_kept` worst.
    ///
    /// # Panics
    /// If that is none.
    #[must_use]
    pub fn keeping(n_kept: usize) -> Self {
        assert!(n_kept > 0, "at least one path is kept, not {n_kept}");
        Self { n_kept, paths: Vec::new(), floor: None }
    }

    /// How many are kept.
    #[must_use]
    pub fn n_kept(&self) -> usize {
        self.n_kept
    }

    /// How many there are now.
    #[must_use]
    pub fn n_paths(&self) -> usize {
        self.paths.len().min(self.n_kept)
    }

    /// Takes a path into account.
    #[inline]
    pub fn push(&mut self, path: WorstPath) {
        if let Some(floor) = &self.floor
            && path.worst_first(floor) == Ordering::Greater
        {
            return;
        }
        self.paths.push(path);
        if self.paths.len() >= 2 * self.n_kept {
            self.select();
        }
    }

    /// Takes the paths of another into account.
    pub fn merge(&mut self, other: Self) {
        for path in other.paths {
            self.push(path);
        }
    }

    /// Throws away what is not kept, and sorts what is: done once, it costs [`Worst::sorted`]
    /// little.
    pub fn settle(&mut self) {
        if self.paths.len() > self.n_kept {
            self.select();
        }
        self.paths.sort_unstable_by(WorstPath::worst_first);
    }

    /// The worst paths, worst first.
    #[must_use]
    pub fn sorted(&self) -> Vec<WorstPath> {
        let mut kept = self.clone();
        kept.settle();
        kept.paths
    }

    fn select(&mut self) {
        let last = self.n_kept - 1;
        self.paths.select_nth_unstable_by(last, WorstPath::worst_first);
        self.paths.truncate(self.n_kept);
        self.floor = Some(self.paths[last]);
    }
}

/// The worst paths as they are written.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    n_kept: u64,
    paths: Vec<WorstPath>,
}

/// Why a list that was read is none of worst paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum NotWorst {
    #[error("{n_paths} worst paths where {n_kept} are kept")]
    TooMany { n_paths: usize, n_kept: u64 },
    #[error("worst path {place} is not in its order")]
    Order { place: usize },
}

impl From<Worst> for Kept {
    fn from(worst: Worst) -> Self {
        Self { n_kept: worst.n_kept as u64, paths: worst.sorted() }
    }
}

impl TryFrom<Kept> for Worst {
    type Error = NotWorst;

    fn try_from(Kept { n_kept, paths }: Kept) -> Result<Self, NotWorst> {
        let n_paths = paths.len();
        if n_kept == 0 || n_paths as u64 > n_kept {
            return Err(NotWorst::TooMany { n_paths, n_kept });
        }
        let is_out_of_order = |pair: &[WorstPath]| pair[0].worst_first(&pair[1]) != Ordering::Less;
        if let Some(place) = paths.windows(2).position(is_out_of_order) {
            return Err(NotWorst::Order { place: place + 1 });
        }
        let floor = paths.last().copied().filter(|_| n_paths as u64 == n_kept);
        Ok(Self { n_kept: n_kept as usize, paths, floor })
    }
}

/// Equal if the same paths are kept; what else still lies in the buffer is history.
impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.n_kept == other.n_kept && self.sorted() == other.sorted()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The figures of a run may not depend on which of two equal paths was walked first: the lower
    /// index is kept, in a list that is full and at its end, and stands first.
    #[test]
    fn of_equal_losses_the_path_of_the_lower_index_is_the_worse() {
        for order in [[5, 2, 9, 7], [9, 7, 5, 2], [2, 5, 7, 9]] {
            for n_kept in 1..=4 {
                let mut worst = Worst::keeping(n_kept);
                order.iter().for_each(|&path_idx| worst.push(WorstPath { loss: 3, path_idx }));
                let kept: Vec<u64> = worst.sorted().iter().map(|path| path.path_idx).collect();
                assert_eq!(kept, [2, 5, 7, 9][..n_kept], "{n_kept} kept of {order:?}");
            }
        }
    }

    #[test]
    fn a_larger_loss_is_the_worse_whatever_its_index() {
        let path = |loss, path_idx| WorstPath { loss, path_idx };
        let mut worst = Worst::keeping(2);
        [path(1, 0), path(2, 9), path(3, 4)].into_iter().for_each(|path| worst.push(path));
        assert_eq!(worst.sorted(), [path(3, 4), path(2, 9)]);
    }

    proptest! {
        #[test]
        fn the_same_paths_are_kept_as_by_sorting(
            losses in prop::collection::vec(0_i64..20, 0..300),
            n_kept in 1_usize..40,
            cut in 0_usize..300,
        ) {
            let mut all: Vec<WorstPath> = (0..).zip(&losses)
                .map(|(path_idx, &loss)| WorstPath { loss, path_idx }).collect();
            let (mut one, mut two) = (Worst::keeping(n_kept), Worst::keeping(n_kept));
            let cut = cut.min(all.len());
            all[..cut].iter().for_each(|path| one.push(*path));
            all[cut..].iter().rev().for_each(|path| two.push(*path));
            one.merge(two);
            all.sort_by(WorstPath::worst_first);
            all.truncate(n_kept);
            prop_assert_eq!(one.sorted(), all);
        }
    }
}
