//! Who may be breached and when, with room for what sales may move and for how late venues read it.
//!
//! Whoever the horizon does not clear stands in the schedule at the next step in which he may be
//! breached, and is looked at exactly there, at the prices as they have been moved.

use super::Around;
use super::accounts::{Account, Accounts, surplus_of};
use super::market::MovedMarket;
use super::room::{Fit, Room};
use super::schedule::Schedule;
use crate::engine::cpu::bound::Surplus;
use crate::engine::cpu::horizon::{Horizon, Ratios, Widening};
use crate::engine::cpu::mark_ratios::MarkRatios;
use crate::engine::cpu::marks::RUN_STEPS;
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::liquidity::{Liquidity, NONE};

/// The positions of a path that may be breached.
#[derive(Debug)]
pub(super) struct NearList {
    lanes: Lanes,
    room: Room,
    /// Scratch: the path's horizon with more room, in the first lane, and what it does not clear.
    horizon: Horizon,
    others: [Vec<u32>; 1],
    /// Whether that one is the widest so far, and whether any bounds anything.
    is_widened: bool,
    has_horizon: bool,
    /// Of classes of pairs that have somebody near.
    ratios: MarkRatios,
    schedule: Schedule,
    /// Accounts that may be breached in this step.
    now: Vec<u32>,
    /// The end of the run that the room's extremes are of.
    run_end: usize,
    use_bounds: bool,
}

impl NearList {
    pub(super) fn new(
        program: &Program,
        liquidity: &Liquidity,
        ratios: &Ratios,
        lanes: Lanes,
    ) -> Self {
        Self {
            lanes,
            room: Room::new(program, liquidity),
            horizon: Horizon::new(program, ratios, lanes),
            others: Default::default(),
            is_widened: false,
            has_horizon: false,
            ratios: MarkRatios::default(),
            schedule: Schedule::default(),
            now: Vec::new(),
            run_end: 0,
            use_bounds: true,
        }
    }

    /// The room with which horizons are to be bounded before a path begins.
    pub(super) fn widening(&self) -> Widening {
        self.room.first_widening()
    }

    /// A new path: opens accounts for what its horizon does not clear.
    pub(super) fn begin(
        &mut self,
        at: &Around<'_>,
        use_bounds: bool,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) {
        self.use_bounds = use_bounds;
        self.room.begin(at.marks);
        self.ratios.begin(at.list.pairs.len());
        self.run_end = 0;
        self.is_widened = false;
        let slack = self.slack(at);
        self.has_horizon = slack.is_some();
        match slack {
            Some(slack) => take(at, at.horizon, slack, at.near, accounts),
            None => self.take_plainly(at, 0, market, accounts),
        }
    }

    /// Puts all into the schedule, for which marks must be known; a step before which none may be
    /// breached while nothing has moved prices.
    pub(super) fn start(&mut self, at: &Around<'_>, accounts: &mut Accounts) -> usize {
        self.put_all(at, 0, Fit::Beyond, accounts);
        let first = self.schedule.first().unwrap_or(at.program.market.n_steps);
        if self.has_horizon { first } else { 0 }
    }

    /// By how much log ratios of unmoved marks may be off; `None` where they bound nothing.
    fn slack(&self, at: &Around<'_>) -> Option<i32> {
        let slack = at.marks.slack().filter(|_| self.use_bounds && !self.room.is_late())?;
        Some(self.room.widening().slack(slack))
    }

    /// Takes what the extremes of marks do not clear for the rest of the horizon.
    fn take_plainly(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) {
        let steps = step..at.program.market.n_steps;
        let extremes: &[_] =
            if self.use_bounds { self.room.extremes(at, &steps, market) } else { &[] };
        let pairs = (0..).zip(&at.list.pairs);
        let pairs = pairs.flat_map(|(idx, class)| class.scanned.iter().map(move |it| (idx, it)));
        for (class, scanned) in pairs.chain(at.list.others.iter().map(|it| (NONE, it))) {
            let surplus = surplus_of(at.program, scanned, at.list.terms_of(scanned));
            if !self.use_bounds || surplus.bound(extremes) < 0 {
                accounts.open(at, scanned, class);
            }
        }
    }

    /// Puts all that may be breached from a step on into the schedule anew, where it matters that
    /// the room is another now.
    fn put_all(&mut self, at: &Around<'_>, step: usize, fit: Fit, accounts: &mut Accounts) {
        let n_steps = at.program.market.n_steps;
        let is_anew = fit == Fit::Beyond || !self.has_horizon;
        self.schedule.clear(n_steps);
        self.now.clear();
        for account in 0..accounts.list.len() as u32 {
            let state = &mut accounts.list[account as usize];
            // The horizon is another one, or there is none.
            state.is_changed |= is_anew && state.is_defaulted;
            let next = state.next as usize;
            let stands = !is_anew
                && next >= step
                && !self.is_bounded_by_runs(&accounts.list[account as usize])
                && !self.room.has_grown(accounts.terms(account));
            if !stands {
                self.put(at, accounts, account, step, true);
            } else if next < n_steps {
                self.schedule.put(next, account);
            }
        }
    }

    /// Puts one into the schedule, at a step or later; `is_anew` if it was not bounded before as it
    /// is now.
    #[inline]
    fn put(
        &mut self,
        at: &Around<'_>,
        accounts: &mut Accounts,
        account: u32,
        step: usize,
        is_anew: bool,
    ) {
        let state = &mut accounts.list[account as usize];
        let is_changed = std::mem::take(&mut state.is_changed);
        if is_changed && !state.is_over {
            accounts.list[account as usize].is_clear = self.is_clear(at, accounts, account);
        }
        let state = &accounts.list[account as usize];
        let n_steps = at.program.market.n_steps;
        let step = if state.is_over || state.is_clear || step >= n_steps {
            n_steps
        } else if !self.use_bounds {
            step
        } else if self.is_bounded_by_runs(state) {
            let is_anew = is_anew || is_changed;
            if is_anew && step < self.run_end && self.run_clears(at, accounts, account) {
                self.run_end
            } else {
                step
            }
        } else if state.class == NONE {
            self.next_step(at, &accounts.surplus(at.program, account), step)
        } else {
            let surplus = accounts.surplus(at.program, account);
            self.next_step_of_pair(at, state.class as usize, &surplus, step)
        };
        accounts.list[account as usize].next = step as u32;
        if step < n_steps {
            self.schedule.put(step, account);
        }
    }

    /// Whether the horizon clears a position as it stands now.
    #[inline]
    fn is_clear(&self, at: &Around<'_>, accounts: &Accounts, account: u32) -> bool {
        let scanned = &accounts.list[account as usize].scanned;
        let (horizon, lane) = if self.is_widened { (&self.horizon, 0) } else { at.horizon };
        self.has_horizon
            && !scanned.has_tiers
            && horizon.clears(lane, scanned.constant, accounts.terms(account))
    }

    /// The first step from one on at which a surplus without tiers may be negative; the path's
    /// length if none.
    fn next_step(&self, at: &Around<'_>, surplus: &Surplus<'_>, from: usize) -> usize {
        let n_steps = at.program.market.n_steps;
        let room = &self.room;
        let found = self.lanes.run(
            #[inline(always)]
            || match surplus.terms.len() {
                0..=2 => room.filter::<2>(surplus, at.marks).next(from, n_steps),
                3 => room.filter::<3>(surplus, at.marks).next(from, n_steps),
                4 => room.filter::<4>(surplus, at.marks).next(from, n_steps),
                5 => room.filter::<5>(surplus, at.marks).next(from, n_steps),
                6 => room.filter::<6>(surplus, at.marks).next(from, n_steps),
                7..=8 => room.filter::<8>(surplus, at.marks).next(from, n_steps),
                9..=32 => room.filter::<32>(surplus, at.marks).next(from, n_steps),
                _ => Some(from),
            },
        );
        found.unwrap_or(n_steps)
    }

    /// The same of a pair.
    fn next_step_of_pair(
        &mut self,
        at: &Around<'_>,
        idx: usize,
        surplus: &Surplus<'_>,
        from: usize,
    ) -> usize {
        let class = &at.list.pairs[idx];
        self.ratios.need(self.lanes, idx, class, at.marks);
        let (mut weighted, mut debt) = (0, 0);
        for term in surplus.terms {
            if term.instrument == class.collateral {
                weighted = term.magnitude;
            } else {
                debt = term.magnitude;
            }
        }
        let bound = self.room.least_ratio(class, weighted, debt);
        let ratios = self.ratios.of(idx);
        let found = self.lanes.run(
            #[inline(always)]
            || {
                ratios.first_below(
                    bound,
                    from,
                    #[inline(always)]
                    |_| true,
                )
            },
        );
        found.unwrap_or(at.program.market.n_steps)
    }

    /// Whether a position is bounded run by run, by the extremes that venues may read.
    #[inline]
    fn is_bounded_by_runs(&self, account: &Account) -> bool {
        self.room.is_late() || account.scanned.has_tiers
    }

    /// Whether the extremes of this run clear a position.
    fn run_clears(&self, at: &Around<'_>, accounts: &Accounts, account: u32) -> bool {
        accounts.surplus(at.program, account).bound(self.room.last_extremes()) >= 0
    }

    /// The next step: finds those who may be breached in it.
    pub(super) fn enter(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) {
        self.now.clear();
        self.schedule.take(step, &mut self.now);
        let has_runs = self.room.is_late() || !at.list.tiered.is_empty();
        if has_runs && self.use_bounds && step >= self.run_end {
            let n_steps = at.program.market.n_steps;
            self.run_end = ((step / RUN_STEPS + 1) * RUN_STEPS).min(n_steps);
            self.room.extremes(at, &(step..self.run_end), market);
            let mut now = std::mem::take(&mut self.now);
            now.retain(|account| {
                let is_clear = self.is_bounded_by_runs(&accounts.list[*account as usize])
                    && self.run_clears(at, accounts, *account);
                if is_clear {
                    accounts.list[*account as usize].next = self.run_end as u32;
                }
                if is_clear && self.run_end < n_steps {
                    self.schedule.put(self.run_end, *account);
                }
                !is_clear
            });
            self.now = now;
        }
    }

    /// Whether nobody may be breached in this step, and impacts are known to be below an octave.
    pub(super) fn is_quiet(&self) -> bool {
        self.now.is_empty() && self.room.is_narrow()
    }

    /// The step is over: who was looked at is put where he may be breached next.
    pub(super) fn leave(&mut self, at: &Around<'_>, step: usize, accounts: &mut Accounts) {
        while let Some(account) = self.now.pop() {
            self.put(at, accounts, account, step + 1, false);
        }
    }

    /// Makes room for an impact on each asset from a step on, if there is none; whether the
    /// schedule was made anew.
    pub(super) fn make_room(
        &mut self,
        at: &Around<'_>,
        step: usize,
        impacts: &[i32],
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) -> bool {
        let fit = self.room.fit(impacts, at.marks);
        if fit == Fit::Holds {
            return false;
        }
        match self.slack(at) {
            None => self.take_plainly(at, step, market, accounts),
            Some(slack) if fit == Fit::Beyond => {
                let mut horizon = std::mem::take(&mut self.horizon);
                let mut others = std::mem::take(&mut self.others);
                others[0].clear();
                horizon.set(&at.list.ratios, 0, at.marks, self.room.widening());
                horizon.clear(&at.list.bounds, &mut others);
                others[0].extend_from_slice(&at.list.tiered);
                take(at, (&horizon, 0), slack, &others[0], accounts);
                (self.horizon, self.others) = (horizon, others);
                self.is_widened = true;
            }
            Some(_) => {}
        }
        if step < self.run_end {
            self.room.extremes(at, &(step..self.run_end), market);
        }
        self.put_all(at, step, fit, accounts);
        true
    }

    /// Makes room for the present impact, if there is none.
    pub(super) fn fit(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) {
        if self.make_room(at, step, &market.impact, market, accounts) {
            self.schedule.take(step, &mut self.now);
        }
    }

    /// Adds the breached ones to the queue.
    pub(super) fn find_breached(
        &mut self,
        at: &Around<'_>,
        market: &mut MovedMarket<'_>,
        accounts: &Accounts,
        queue: &mut Vec<(u32, u32, u32)>,
    ) {
        if self.now.is_empty() {
            return;
        }
        market.set_marks();
        for account in &self.now {
            let surplus = accounts.surplus(at.program, *account);
            if surplus.with(|it| market.marks.read()[it as usize]) >= 0 {
                continue;
            }
            let state = &accounts.list[*account as usize];
            if !state.is_over {
                queue.push((0, state.scanned.position, *account));
            }
        }
    }
}

/// Takes what the horizon of a path, in some lane, does not clear.
fn take(
    at: &Around<'_>,
    (horizon, lane): (&Horizon, usize),
    slack: i32,
    others: &[u32],
    accounts: &mut Accounts,
) {
    for (idx, class) in (0..).zip(&at.list.pairs) {
        let n_near = horizon.n_near(lane, class, slack);
        class.scanned[..n_near].iter().for_each(|scanned| accounts.open(at, scanned, idx));
    }
    others.iter().for_each(|idx| accounts.open(at, &at.list.others[*idx as usize], NONE));
}
