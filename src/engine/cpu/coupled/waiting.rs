//! Pairs of one collateral and one debt, waiting for the ratio of their marks: class by class.

use std::ops::Range;

use super::Around;
use super::accounts::Accounts;
use super::bounds::Bounds;
use super::market::MovedMarket;
use crate::engine::cpu::bound::mark_slack;
use crate::engine::cpu::marks::{Extremes, Marks};
use crate::engine::cpu::positions::{PairClass, ScanList, pair_threshold};
use crate::program::Program;

/// Log marks between which a log ratio is off by less than [`SMALL_SLACK`]: see [`mark_slack`].
const USUAL_LOGS: std::ops::Range<i32> = -(3 << 24)..7 << 24;
/// 1.01 (7.2e-9 + 2^-20) / ln 2 in units of 2^-24, rounded up.
const SMALL_SLACK: i32 = 25;

/// The pairs of every class.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    classes: Vec<WaitingClass>,
    /// Those that the present window does not clear.
    in_window: Vec<u32>,
    /// Class and threshold of each account; the class is none where it is no pair.
    places: Vec<(u32, i32)>,
    is_exhaustive: bool,
    /// Lowest and highest log of each instrument in the present window.
    logs: Vec<(i32, i32)>,
}

/// One class: those that have been near, and the rest, in the order of their thresholds.
#[derive(Debug, Default)]
struct WaitingClass {
    /// The first that has not been near.
    next: usize,
    /// No threshold of the class is above this.
    top: i32,
    open: Vec<u32>,
}

const NO_CLASS: u32 = u32::MAX;

impl Waiting {
    /// A new path; without bounds, every pair is looked at in every step.
    pub(super) fn begin(&mut self, list: &ScanList, use_bounds: bool) {
        self.is_exhaustive = !use_bounds;
        self.places.clear();
        self.classes.resize_with(list.pairs.len(), WaitingClass::default);
        for (waiting, class) in self.classes.iter_mut().zip(&list.pairs) {
            waiting.next = 0;
            waiting.top = class.thresholds.first().copied().unwrap_or(i32::MIN);
            waiting.open.clear();
        }
    }

    /// The first step, at most `first`, at which a position may be breached while nothing has moved
    /// the prices.
    pub(super) fn first_step(at: &Around<'_>, first: usize) -> usize {
        let Around { list, marks, .. } = at;
        let whole = marks.whole();
        let mut first = first;
        for class in &list.pairs {
            let (collateral, debt) = (whole[class.collateral as usize], whole[class.debt as usize]);
            let Some(slack) = mark_slack(collateral.join(debt)) else { return 0 };
            let top = class.thresholds.first().copied().unwrap_or(i32::MIN).saturating_add(slack);
            let above = &marks.logs_of(class.collateral)[..first];
            let below = &marks.logs_of(class.debt)[..first];
            let ratios = above.iter().zip(below).map(|(above, below)| above.saturating_sub(*below));
            if ratios.clone().min().is_some_and(|least| least < top) {
                first = ratios.clone().position(|ratio| ratio < top).unwrap_or(first);
            }
        }
        first
    }

    /// Clears classes for the steps of a window, with the room for impact that `bounds` gives.
    pub(super) fn enter_window(&mut self, at: &Around<'_>, steps: &Range<usize>, bounds: &Bounds) {
        let Self { classes, in_window, is_exhaustive, logs, .. } = self;
        logs.clear();
        for instrument in 0..at.program.instruments.len() as u32 {
            let logs_of = &at.marks.logs_of(instrument)[steps.clone()];
            let extremes = |(low, high): (i32, i32), log: &i32| (low.min(*log), high.max(*log));
            logs.push(logs_of.iter().fold((i32::MAX, i32::MIN), extremes));
        }
        in_window.clear();
        for (idx, (waiting, class)) in (0..).zip(classes.iter().zip(&at.list.pairs)) {
            let extremes = [logs[class.collateral as usize], logs[class.debt as usize]];
            let is_cleared = !*is_exhaustive
                && (waiting.is_far(class, extremes, bounds)
                    || waiting.is_cleared(at.marks, class, steps, bounds));
            if !is_cleared {
                in_window.push(idx);
            }
        }
    }

    /// Adds the breached ones to the queue.
    pub(super) fn find_breached(
        &mut self,
        program: &Program,
        list: &ScanList,
        market: &mut MovedMarket<'_>,
        accounts: &mut Accounts,
        queue: &mut Vec<(u32, u32, u32)>,
    ) {
        let Self { classes, places, is_exhaustive, in_window, .. } = self;
        for idx in &*in_window {
            let (waiting, class) = (&mut classes[*idx as usize], &list.pairs[*idx as usize]);
            let above = market.read_log(class.collateral);
            let below = market.read_log(class.debt);
            let ratio = above.saturating_sub(below);
            let is_usual = USUAL_LOGS.contains(&above) && USUAL_LOGS.contains(&below);
            let slack = match is_usual {
                _ if *is_exhaustive => i32::MAX,
                true => SMALL_SLACK,
                false => slack(market, class),
            };
            if waiting.top.saturating_add(slack) <= ratio {
                continue;
            }
            market.set_marks();
            waiting.top = i32::MIN;
            while let Some(threshold) = class.thresholds.get(waiting.next) {
                if threshold.saturating_add(slack) <= ratio {
                    waiting.top = *threshold;
                    break;
                }
                let scanned = &class.scanned[waiting.next];
                waiting.open.push(accounts.open(program, scanned, list.terms_of(scanned)));
                places.resize(accounts.list.len(), (NO_CLASS, 0));
                places[accounts.list.len() - 1] = (*idx, *threshold);
                waiting.next += 1;
            }
            waiting.open.retain(|account| {
                let state = &accounts.list[*account as usize];
                if state.is_over {
                    return false;
                }
                let threshold = places[*account as usize].1;
                waiting.top = waiting.top.max(threshold);
                if threshold.saturating_add(slack) > ratio
                    && accounts.surplus(program, state).with(|it| market.read_marks()[it as usize])
                        < 0
                {
                    queue.push((0, state.position, *account));
                }
                true
            });
        }
    }

    /// An account was liquidated and now has these coefficients.
    pub(super) fn moved(&mut self, account: u32, (collateral, debt): (u32, u32)) {
        let Some((class, threshold)) = self.places.get_mut(account as usize) else { return };
        if *class != NO_CLASS {
            *threshold = pair_threshold(collateral, debt);
            let waiting = &mut self.classes[*class as usize];
            waiting.top = waiting.top.max(*threshold);
        }
    }
}

impl WaitingClass {
    /// Whether the extremes of the two logs alone clear the class.
    fn is_far(&self, class: &PairClass, logs: [(i32, i32); 2], bounds: &Bounds) -> bool {
        let room = bounds.ratio_room(class.collateral, class.debt);
        let [above, below] = logs;
        above.0.min(below.0).saturating_add(room) >= USUAL_LOGS.start
            && above.1.max(below.1).saturating_sub(room) < USUAL_LOGS.end
            && self.top.saturating_add(SMALL_SLACK)
                <= above.0.saturating_sub(below.1).saturating_add(room)
    }

    /// Whether no ratio of some steps, however much impact there is room for, is near a threshold.
    fn is_cleared(
        &self,
        marks: &Marks,
        class: &PairClass,
        steps: &Range<usize>,
        bounds: &Bounds,
    ) -> bool {
        let room = bounds.ratio_room(class.collateral, class.debt);
        let [above, below] =
            [class.collateral, class.debt].map(|it| &marks.logs_of(it)[steps.clone()]);
        let (mut least, mut lowest, mut highest) = (i32::MAX, i32::MAX, i32::MIN);
        for (above, below) in above.iter().zip(below) {
            least = least.min(above.wrapping_sub(*below));
            lowest = lowest.min(*above).min(*below);
            highest = highest.max(*above).max(*below);
        }
        // Within these no difference can have wrapped.
        lowest.saturating_add(room) >= USUAL_LOGS.start
            && highest.saturating_sub(room) < USUAL_LOGS.end
            && self.top.saturating_add(SMALL_SLACK) <= least.saturating_add(room)
    }
}

/// What the marks of a class may be off by at present, in units of their log ratio.
fn slack(market: &mut MovedMarket<'_>, class: &PairClass) -> i32 {
    market.set_marks();
    let at = |instrument: u32| {
        let mark = market.read_marks()[instrument as usize];
        Extremes { low: mark, high: mark }
    };
    mark_slack(at(class.collateral).join(at(class.debt))).unwrap_or(i32::MAX)
}
