//! Who is to be looked at in which step.

use crate::program::liquidity::NONE;

/// Places, each at one step at most.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// The place that was put into a step last, step by step.
    last: Vec<u32>,
    /// The one that was put into the same step before, place by place.
    before: Vec<u32>,
}

impl Schedule {
    /// No account, for that many steps.
    pub(super) fn clear(&mut self, n_steps: usize) {
        self.last.clear();
        self.last.resize(n_steps, NONE);
    }

    /// Puts a place into a step; nowhere if it is beyond the last.
    #[inline]
    pub(super) fn put(&mut self, step: usize, place: u32) {
        if self.before.len() <= place as usize {
            self.before.resize(place as usize + 1, NONE);
        }
        if let Some(last) = self.last.get_mut(step) {
            self.before[place as usize] = std::mem::replace(last, place);
        }
    }

    /// Takes all places out of a step.
    #[inline]
    pub(super) fn take(&mut self, step: usize, places: &mut Vec<u32>) {
        let mut place = std::mem::replace(&mut self.last[step], NONE);
        while place != NONE {
            places.push(place);
            place = self.before[place as usize];
        }
    }

    /// The first step from one on with an account in it.
    pub(super) fn first(&self, from: usize) -> Option<usize> {
        let places = &self.last[from..];
        places.iter().position(|place| *place != NONE).map(|later| from + later)
    }
}
