//! Who may be breached and when: over what is left of the horizon, then in every run of steps, then
//! in every step, with room for what sales may move and for how late venues read it.
//!
//! What is cleared costs nothing until a liquidation changes it or sales move prices further than
//! there is room for; what is left is checked exactly, at the prices as they have been moved.

use std::ops::Range;

use super::Around;
use super::accounts::Accounts;
use super::market::MovedMarket;
use super::room::Room;
use crate::engine::cpu::bound::Surplus;
use crate::engine::cpu::horizon::{Horizon, Ratios, Widening};
use crate::engine::cpu::marks::RUN_STEPS;
use crate::engine::cpu::positions::{Scanned, Term};
use crate::engine::cpu::search::{Along, RUNS, RunRatios};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::liquidity::{Liquidity, NONE};

/// All steps of a run, or all runs of a group.
const ALL: u32 = u32::MAX;

/// A position that the horizon does not clear.
#[derive(Debug, Clone, Copy)]
struct Near {
    /// Its terms stand among the list's own.
    scanned: Scanned,
    /// Its account, once it was breached.
    account: u32,
    /// The group of runs that `runs` is of, and those in which it may be breached, as bits.
    group: usize,
    runs: u32,
}

/// All of a path, each position once.
#[derive(Debug)]
struct Listed {
    list: Vec<Near>,
    /// One after another, so that they are at hand.
    terms: Vec<Term>,
    is_in: Vec<bool>,
}

/// The positions of a path that may be breached.
#[derive(Debug)]
pub(super) struct NearList {
    lanes: Lanes,
    room: Room,
    /// Ratios of unmoved marks, widened by the room for impact.
    ratios: RunRatios,
    /// By how much log ratios of unmoved marks may be off; `None` where they bound nothing.
    slack: Option<i32>,
    /// Scratch: the path's horizon with more room, in the first lane, and what it does not clear.
    horizon: Horizon,
    others: [Vec<u32>; 1],
    listed: Listed,
    /// Place in the list, by account.
    places: Vec<u32>,
    /// Of the present run: place in the list, and steps in which it may be breached, as bits.
    now: Vec<(u32, u32)>,
    /// Steps in which any of them may.
    any: u32,
    /// Places of those that were liquidated in this round.
    changed: Vec<u32>,
    use_bounds: bool,
}

impl Listed {
    fn clear(&mut self) {
        for near in self.list.drain(..) {
            self.is_in[near.scanned.position as usize] = false;
        }
        self.terms.clear();
    }

    fn push(&mut self, at: &Around<'_>, scanned: &Scanned) {
        if std::mem::replace(&mut self.is_in[scanned.position as usize], true) {
            return;
        }
        let term_start = self.terms.len() as u32;
        self.terms.extend_from_slice(at.list.terms_of(scanned));
        let scanned = Scanned { term_start, ..*scanned };
        self.list.push(Near { scanned, account: NONE, group: usize::MAX, runs: ALL });
    }
}

impl NearList {
    pub(super) fn new(
        program: &Program,
        liquidity: &Liquidity,
        ratios: &Ratios,
        lanes: Lanes,
    ) -> Self {
        let is_in = vec![false; program.positions.len()];
        Self {
            lanes,
            room: Room::new(program, liquidity),
            ratios: RunRatios::new(program.market.n_steps, ratios.len()),
            slack: None,
            horizon: Horizon::new(program, ratios, lanes),
            others: Default::default(),
            listed: Listed { list: Vec::new(), terms: Vec::new(), is_in },
            places: Vec::new(),
            now: Vec::new(),
            any: 0,
            changed: Vec::new(),
            use_bounds: true,
        }
    }

    /// The room with which horizons are to be bounded before a path begins.
    pub(super) fn widening(&self) -> Widening {
        self.room.first()
    }

    /// A new path: takes what its horizon does not clear; a step before which none of that may be
    /// breached while nothing has moved prices.
    pub(super) fn begin(
        &mut self,
        at: &Around<'_>,
        use_bounds: bool,
        market: &MovedMarket<'_>,
    ) -> usize {
        self.use_bounds = use_bounds;
        self.room.begin();
        self.ratios.begin();
        self.listed.clear();
        self.places.clear();
        self.changed.clear();
        self.slack = None;
        self.take(at, at.horizon, at.lane, at.near);
        if self.slack.is_none() {
            self.take_plainly(at, 0, market);
            return 0;
        }
        self.first_step(at)
    }

    /// Takes what a horizon does not clear, if ratios bound anything.
    fn take(&mut self, at: &Around<'_>, horizon: &Horizon, lane: usize, others: &[u32]) {
        let slack = at.marks.slack().filter(|_| self.use_bounds && !self.room.is_late());
        let Some(slack) = slack else { return };
        let slack = slack.saturating_add(self.room.widening().log_ratios);
        self.slack = Some(slack);
        for class in &at.list.pairs {
            let n_near = horizon.n_near(lane, class, slack);
            class.scanned[..n_near].iter().for_each(|scanned| self.listed.push(at, scanned));
        }
        others.iter().for_each(|idx| self.listed.push(at, &at.list.others[*idx as usize]));
    }

    /// The first step of the first run in which one may be breached.
    fn first_step(&mut self, at: &Around<'_>) -> usize {
        let n_steps = at.program.market.n_steps;
        for group in 0..n_steps.div_ceil(RUNS * RUN_STEPS) {
            let all = (0..self.listed.list.len())
                .fold(0, |all, place| all | self.runs(at, place, group, None));
            if all != 0 {
                let run = group * RUNS + all.trailing_zeros() as usize;
                return (run * RUN_STEPS).min(n_steps);
            }
        }
        n_steps
    }

    /// The runs of a group in which one may be breached, as bits.
    fn runs(
        &mut self,
        at: &Around<'_>,
        place: usize,
        group: usize,
        accounts: Option<&Accounts>,
    ) -> u32 {
        let near = &mut self.listed.list[place];
        if near.group == group {
            return near.runs;
        }
        near.group = group;
        near.runs = match self.slack {
            Some(slack) if near.scanned.has_ratios => {
                let surplus = surplus_of(at, near, &self.listed.terms, accounts);
                for term in surplus.terms {
                    self.ratios.need(self.lanes, &at.list.ratios, term.ratio, at.marks, slack);
                }
                let along = Along { lanes: self.lanes, marks: at.marks };
                along.uncleared(&self.ratios, &surplus, group)
            }
            _ => ALL,
        };
        near.runs
    }

    /// Whether sales have moved prices no further than there is room for; else makes room, and
    /// takes what is no longer cleared from this step on.
    pub(super) fn has_room(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &MovedMarket<'_>,
    ) -> bool {
        let holds = self.room.holds(market);
        if !holds {
            self.extend(at, step, market);
        }
        holds
    }

    /// Takes what is not cleared now that there is room for more.
    fn extend(&mut self, at: &Around<'_>, step: usize, market: &MovedMarket<'_>) {
        self.ratios.begin();
        self.listed.list.iter_mut().for_each(|near| near.group = usize::MAX);
        if self.slack.is_none() {
            return self.take_plainly(at, step, market);
        }
        let mut horizon = std::mem::take(&mut self.horizon);
        let mut others = std::mem::take(&mut self.others);
        others[0].clear();
        horizon.set(&at.list.ratios, 0, at.marks, self.room.widening());
        horizon.clear(&at.list.bounds, &mut others);
        others[0].extend_from_slice(&at.list.tiered);
        self.take(at, &horizon, 0, &others[0]);
        (self.horizon, self.others) = (horizon, others);
    }

    /// Takes what the extremes of marks do not clear for the rest of the horizon.
    fn take_plainly(&mut self, at: &Around<'_>, step: usize, market: &MovedMarket<'_>) {
        let Self { listed, room, use_bounds, .. } = self;
        let extremes = room.extremes(at, &(step..at.program.market.n_steps), market);
        let pairs = at.list.pairs.iter().flat_map(|class| &class.scanned);
        for scanned in pairs.chain(&at.list.others) {
            let surplus = opening(at, scanned, at.list.terms_of(scanned));
            if !*use_bounds || surplus.bound(extremes) < 0 {
                listed.push(at, scanned);
            }
        }
    }

    /// Finds the steps, of a run or what is left of one, in which each may be breached.
    pub(super) fn enter_run(
        &mut self,
        at: &Around<'_>,
        steps: &Range<usize>,
        market: &MovedMarket<'_>,
        accounts: &Accounts,
    ) {
        self.now.clear();
        self.any = 0;
        let is_plain = self.room.is_late() || !at.list.tiered.is_empty();
        if is_plain && self.use_bounds {
            self.room.extremes(at, steps, market);
        }
        for place in 0..self.listed.list.len() {
            let steps = self.steps(at, place, steps.start / RUN_STEPS, accounts);
            if steps != 0 {
                self.now.push((place as u32, steps));
                self.any |= steps;
            }
        }
    }

    /// The steps of a run in which one may be breached, as bits.
    fn steps(&mut self, at: &Around<'_>, place: usize, run: usize, accounts: &Accounts) -> u32 {
        if self.runs(at, place, run / RUNS, Some(accounts)) >> (run % RUNS) & 1 == 0 {
            return 0;
        }
        let near = self.listed.list[place];
        if near.account != NONE && accounts.list[near.account as usize].is_over {
            return 0;
        }
        if !self.use_bounds {
            return ALL;
        }
        let surplus = surplus_of(at, &near, &self.listed.terms, Some(accounts));
        if self.room.is_late() || near.scanned.has_tiers {
            return if surplus.bound(self.room.last_extremes()) >= 0 { 0 } else { ALL };
        }
        Along { lanes: self.lanes, marks: at.marks }.near_steps(
            &surplus,
            run * RUN_STEPS,
            self.room.widening().marks_log2.unwrap_or(0),
        )
    }

    /// Adds the breached ones to the queue.
    pub(super) fn find_breached(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &mut MovedMarket<'_>,
        accounts: &mut Accounts,
        queue: &mut Vec<(u32, u32, u32)>,
    ) {
        let bit = 1 << (step % RUN_STEPS);
        if self.any & bit == 0 {
            return;
        }
        market.set_marks();
        let Listed { list, terms, .. } = &mut self.listed;
        for (place, _) in self.now.iter().filter(|(_, steps)| steps & bit != 0) {
            let near = &mut list[*place as usize];
            let surplus = surplus_of(at, near, terms, Some(accounts));
            if surplus.with(|it| market.read_marks()[it as usize]) >= 0 {
                continue;
            }
            if near.account == NONE {
                let terms = surplus_of(at, near, terms, None).terms;
                near.account = accounts.open(at.program, &near.scanned, terms);
                self.places.push(*place);
            } else if accounts.list[near.account as usize].is_over {
                continue;
            }
            queue.push((0, near.scanned.position, near.account));
        }
    }

    /// An account was liquidated.
    pub(super) fn changed(&mut self, account: u32) {
        self.changed.push(self.places[account as usize]);
    }

    /// The round is over: what was liquidated is bounded anew, from this step on.
    pub(super) fn end_round(&mut self, at: &Around<'_>, step: usize, accounts: &Accounts) {
        while let Some(place) = self.changed.pop() {
            self.listed.list[place as usize].group = usize::MAX;
            let steps = self.steps(at, place as usize, step / RUN_STEPS, accounts);
            if let Some((_, of_place)) = self.now.iter_mut().find(|(it, _)| *it == place) {
                *of_place = steps;
                self.any |= steps;
            }
        }
    }
}

/// The surplus of a position as it was at the opening.
fn opening<'s>(at: &Around<'s>, scanned: &Scanned, terms: &'s [Term]) -> Surplus<'s> {
    let position = &at.program.positions[scanned.position as usize];
    let tiered = if scanned.has_tiers { at.program.legs_of(position) } else { &[] };
    Surplus { program: at.program, constant: scanned.constant, terms, tiered }
}

/// The surplus of a position as it is.
#[inline]
fn surplus_of<'s>(
    at: &Around<'s>,
    near: &Near,
    terms: &'s [Term],
    accounts: Option<&'s Accounts>,
) -> Surplus<'s> {
    match accounts {
        Some(accounts) if near.account != NONE => {
            accounts.surplus(at.program, &accounts.list[near.account as usize])
        }
        _ => {
            let start = near.scanned.term_start as usize;
            opening(at, &near.scanned, &terms[start..start + near.scanned.n_terms as usize])
        }
    }
}
