//! The horizon of a path whose positions meet in the market: what is left over.

use super::Coupled;
use super::accounts;
use super::around::Around;
use crate::engine::cpu::ledger::{Ledger, exposure, is_exposed};
use crate::engine::scan::list::ScanList;

impl Coupled<'_> {
    /// The horizon: what every position leaves, and who still waits for a liquidator.
    pub(super) fn leave(&mut self, list: &ScanList, ledger: &mut Ledger) {
        let (mut n_waiting, mut backlog) = (0, 0);
        let is_late = self.market.marks.is_late();
        if !self.accounts.list.is_empty() {
            self.market.set_marks();
        }
        // All at once: counters of positions come from far away.
        for state in self.accounts.list.iter().filter(|it| it.is_defaulted) {
            ledger.count_default(state.scanned.position as usize, state.exposure);
        }
        for at in 0..self.accounts.list.len() {
            let state = &self.accounts.list[at];
            // An account that is cleared to the end owes no more than it holds there, if no more of
            // that counts than there is; and without a breach none is under water, unless its venue
            // reads late.
            let is_covered = state.is_clear && !self.is_widened;
            if (!state.is_defaulted && !is_late) || is_covered {
                continue;
            }
            let state = *state;
            let idx = state.scanned.position as usize;
            let position = &state.scanned.in_program;
            let rows = self.program.legs_of(position);
            let action = &self.program.actions[position.action as usize];
            self.accounts.load(list, &self.market, at as u32);
            let (_, terms) = self.accounts.with_terms(at as u32);
            let surplus = accounts::surplus_of(self.program, &state.scanned, terms);
            let surplus = surplus.with(|it| self.market.marks.read()[it as usize]);
            let legs = &mut self.accounts.loaded[..];
            if state.is_defaulted && !state.is_over && surplus < 0 && is_exposed(legs) {
                n_waiting += 1;
                backlog += exposure(legs, position) as i64;
            }
            if !action.holds_perps() {
                let last = state.last_event as usize;
                ledger.count_left_over(idx, position, rows, last, legs);
            } else if !state.is_over {
                ledger.count_open_loss(idx, position, rows, legs);
            }
        }
        self.aftermath.extend([backlog, n_waiting]);
    }

    /// The horizon, where venues read late: what their prices do not show. Positions without an
    /// account may be under water at the market's marks all the same, and so may those that no
    /// price breaches: thresholds are widened by a hair.
    #[inline(never)]
    pub(super) fn leave_unseen(&mut self, at: &Around<'_>, ledger: &mut Ledger) {
        if self.is_idle {
            // Nothing was sold on this path.
            at.marks.at_horizon(&mut self.at_horizon);
        } else {
            self.market.set_marks();
            self.at_horizon.clone_from(&self.market.marks.market);
        }
        let mut legs = Vec::new();
        for idx in self.accounts.absent() {
            let position = &self.program.positions[idx];
            let rows = self.program.legs_of(position);
            legs.clear();
            legs.extend(
                rows.iter()
                    .map(|row| row.state(row.quantity, self.at_horizon[row.instrument as usize])),
            );
            let action = &self.program.actions[position.action as usize];
            if action.holds_perps() {
                ledger.count_open_loss(idx, position, rows, &mut legs);
            } else {
                ledger.count_left_over(idx, position, rows, 0, &mut legs);
            }
        }
    }
}
