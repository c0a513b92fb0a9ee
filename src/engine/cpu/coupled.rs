//! A path whose positions meet in the market: what one liquidation sells, the next one finds.
//!
//! Time goes first here: a step moves the prices, looks at who may be breached, and liquidates in
//! order. Steps in which nobody may be breached are passed over where markets only recover in them;
//! a path on which none may has cost nothing but the bounds.

mod accounts;
pub mod desk;
pub mod market;
pub mod moved_marks;
mod near;
mod room;
mod schedule;
mod search;

use super::horizon::{Horizon, Ratios, Widening};
use super::ledger::Ledger;
use super::marks::Marks;
use super::positions::ScanList;
use super::walk::{Observer, When};
use crate::book::action::{ACTION_CLOSE_OUT, AccountFacts};
use crate::fixed::mul_hi;
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::from_words;
use crate::program::liquidity::Liquidity;
use accounts::Accounts;
use desk::{Desk, Means};
use market::MovedMarket;
use near::NearList;

/// What a path has before anything is sold.
pub(super) struct Around<'p> {
    program: &'p Program,
    list: &'p ScanList,
    marks: &'p Marks,
    /// Log prices, asset by asset.
    logs: &'p [i32],
    /// The horizon, widened as asked for, and the path's lane there.
    horizon: (&'p Horizon, usize),
    /// What of `list.others` it does not clear.
    near: &'p [u32],
}

impl<'p> Around<'p> {
    pub(super) fn new(
        program: &'p Program,
        list: &'p ScanList,
        marks: &'p Marks,
        horizon: (&'p Horizon, usize),
        near: &'p [u32],
    ) -> Self {
        Self { program, list, marks, logs: marks.prices(), horizon, near }
    }
}

/// Scratch space of one thread for paths whose positions are coupled.
pub(super) struct Coupled<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    market: MovedMarket<'a>,
    means: Means,
    accounts: Accounts,
    /// Whether nobody can be breached on this path.
    is_idle: bool,
    near: NearList,
    /// Breached in this round: key, index of the position, account.
    queue: Vec<(u32, u32, u32)>,
    /// As [`Liquidity::has_order`].
    has_order: bool,
    most_rounds: u32,
    /// What is left of the path beside its outcome: the words of [`crate::tail::Aftermath`].
    aftermath: Vec<i64>,
}

impl<'a> Coupled<'a> {
    pub(super) fn new(
        program: &'a Program,
        liquidity: &'a Liquidity,
        ratios: &Ratios,
        lanes: Lanes,
    ) -> Self {
        Self {
            program,
            liquidity,
            market: MovedMarket::new(program, liquidity, lanes),
            means: Means::default(),
            accounts: Accounts::new(program.positions.len()),
            is_idle: true,
            near: NearList::new(program, liquidity, ratios, lanes),
            queue: Vec::new(),
            has_order: liquidity.has_order(),
            most_rounds: 0,
            aftermath: Vec::new(),
        }
    }

    /// Walks a path that was begun; whether a mark that sales had moved met the upper bound of its
    /// format, and whether one was small.
    pub(super) fn run<O: Observer>(
        &mut self,
        at: &Around<'_>,
        ledger: &mut Ledger,
        observer: &mut O,
    ) -> (bool, bool) {
        let n_steps = self.program.market.n_steps;
        let start = if self.is_idle { n_steps } else { self.near.start(at, &mut self.accounts) };
        if 0 < start && start < n_steps {
            self.market.skip(start, at.logs);
        }
        let can_pass = self.market.can_pass() && !O::WATCHES;
        // The last prices are those at which everything is valued.
        let last = n_steps - 1;
        let mut step = start;
        while step < n_steps {
            if can_pass {
                let busy = self.near.next_busy(step, last);
                self.market.pass(busy - step);
                step = busy;
            }
            self.near.enter(at, step, &self.market, &mut self.accounts);
            if can_pass && self.near.is_quiet() && step < last {
                self.market.pass(1);
                step += 1;
                continue;
            }
            self.market.step(step, at.logs);
            let n_events = self.walk_step(at, step, can_pass, ledger, observer);
            if can_pass && n_events > 0 {
                self.make_room_ahead(at, step + 1);
            }
            self.near.leave(at, step, &mut self.accounts);
            self.market.end_step(step);
            observer.step(step, &self.market);
            step += 1;
        }
        self.aftermath.clear();
        self.leave(at.list, ledger, observer);
        self.aftermath.push(i64::from(self.most_rounds));
        for (fund, lowest) in self.liquidity.funds.iter().zip(&self.means.lowest) {
            let initial = fund.initial();
            self.aftermath.push(initial - lowest);
            self.aftermath.push(i64::from(initial > 0 && *lowest == 0));
        }
        if let Some(aftermath) = &mut ledger.counters.aftermath {
            aftermath.absorb(&self.aftermath);
        }
        self.market.marks.strained
    }

    /// The room for impact with which horizons are to be bounded.
    pub(super) fn widening(&self) -> Widening {
        self.near.widening()
    }

    /// A new path whose prices, unmoved, are known; whether anybody may be breached on it, so that
    /// all marks are needed to walk it.
    pub(super) fn begin(&mut self, at: &Around<'_>, use_bounds: bool) -> bool {
        self.market.begin(at.marks);
        self.accounts.clear();
        self.most_rounds = 0;
        self.means.funds.clear();
        self.means.funds.extend(self.liquidity.funds.iter().map(|fund| fund.initial()));
        self.means.lowest.clone_from(&self.means.funds);
        self.is_idle = !self.near.begin(at, use_bounds, &self.market, &mut self.accounts);
        !self.is_idle
    }

    /// Makes room for what was sold, for steps that may be passed over.
    fn make_room_ahead(&mut self, at: &Around<'_>, step: usize) {
        let Self { near, market, accounts, .. } = self;
        let (least, most) = &market.ahead;
        near.make_room(at, step, (least, most), market, accounts);
    }

    /// One step: rounds of checks and liquidations until nothing happens, or no more are allowed;
    /// the number of liquidations. `has_room` if there is room for what earlier steps have sold.
    fn walk_step<O: Observer>(
        &mut self,
        at: &Around<'_>,
        step: usize,
        has_room: bool,
        ledger: &mut Ledger,
        observer: &mut O,
    ) -> u32 {
        let terms = &self.liquidity.terms;
        self.means.capital = terms.capital();
        let mut n_free = terms.per_step;
        let mut n_in_all = 0;
        debug_assert!(!has_room || self.near.has_room(&self.market), "impacts beyond the room");
        for round in 0..terms.rounds.max(1) {
            if round > 0 || !has_room {
                self.near.fit(at, step, &self.market, &mut self.accounts);
            }
            self.find_breached::<O>(at);
            let n_events =
                self.liquidate_queue(at.list, When { step, round }, &mut n_free, ledger, observer);
            n_in_all += n_events;
            if n_events > 0 {
                self.most_rounds = self.most_rounds.max(round + 1);
                observer.round(When { step, round }, n_events, &self.market);
            }
            let goes_on = n_events > 0 && round + 1 < terms.rounds;
            self.market.end_round(step, at.logs, goes_on);
            if !goes_on {
                break;
            }
        }
        n_in_all
    }

    /// Puts all breached positions into the queue, in the order in which they are liquidated, if
    /// anybody can tell.
    fn find_breached<O: Observer>(&mut self, at: &Around<'_>) {
        self.queue.clear();
        let Self { market, accounts, near, queue, .. } = self;
        near.find_breached(at, market, accounts, queue);
        if self.queue.len() < 2 || !(O::WATCHES || self.has_order) {
            return;
        }
        for idx in 0..self.queue.len() {
            let (_, _, account) = self.queue[idx];
            self.accounts.load(at.list, &self.market, account);
            let position = &self.accounts.list[account as usize].scanned.in_program;
            let rank = accounts::rank(self.program, self.liquidity, position, &self.accounts.legs);
            self.queue[idx].0 = rank;
        }
        self.queue.sort_unstable();
    }

    /// Liquidates in order while the step has room; the number of events.
    fn liquidate_queue<O: Observer>(
        &mut self,
        list: &ScanList,
        when: When,
        n_free: &mut u32,
        ledger: &mut Ledger,
        observer: &mut O,
    ) -> u32 {
        let mut n_events = 0;
        for at in 0..self.queue.len() {
            let (_, _, account) = self.queue[at];
            self.accounts.load(list, &self.market, account);
            let is_event = self.liquidate(list, account, when, *n_free > 0, ledger, observer);
            n_events += u32::from(is_event);
            *n_free -= u32::from(is_event);
        }
        n_events
    }

    /// The account that was loaded, which is breached, is liquidated if the step is free for one
    /// more; whether anything happened.
    fn liquidate<O: Observer>(
        &mut self,
        list: &ScanList,
        account: u32,
        when: When,
        is_free: bool,
        ledger: &mut Ledger,
        observer: &mut O,
    ) -> bool {
        let Self { program, market, means, accounts, .. } = self;
        let state = &mut accounts.list[account as usize];
        let legs = &mut accounts.legs[..];
        let idx = state.scanned.position as usize;
        let position = state.scanned.in_program;
        if !state.is_defaulted {
            state.is_defaulted = true;
            state.last_event = when.step as u32;
            state.exposure = super::ledger::exposure(legs, &position);
        }
        if !is_free {
            observer.event(idx, when, &Default::default(), legs);
            return false;
        }
        let action = &program.actions[position.action as usize];
        let constant = from_words(position.constant);
        let facts = AccountFacts { constant, money_shift: position.money_shift };
        let Some(mut desk) = Desk::new(program, &position, market, means) else { return false };
        let event = action.run(facts, legs, &mut desk);
        observer.event(idx, when, &event, legs);
        state.last_event = when.step as u32;
        state.is_over = action.kind == ACTION_CLOSE_OUT || super::ledger::is_over(legs);
        let is_event = event.n_calls > 0 || event.written_off > 0;
        if is_event {
            let rows = program.legs_of(&position);
            ledger.count_event(idx, &position, rows, when.step, &event, legs);
        }
        // Debt that the market holds for worthless is written off for nothing.
        if is_event || state.is_over {
            accounts.store(list, account);
        }
        is_event
    }

    /// The horizon: what every position leaves, and who still waits for a liquidator.
    fn leave<O: Observer>(&mut self, list: &ScanList, ledger: &mut Ledger, observer: &mut O) {
        let (mut n_waiting, mut backlog) = (0, 0);
        if !self.accounts.list.is_empty() {
            self.market.set_marks();
        }
        // All at once: counters of positions come from far away.
        for state in self.accounts.list.iter().filter(|it| it.is_defaulted) {
            ledger.count_default(state.scanned.position as usize, state.exposure);
        }
        for at in 0..self.accounts.list.len() {
            let state = self.accounts.list[at];
            // Who is cleared to the end owes no more than he holds there.
            if !state.is_defaulted || state.is_clear {
                continue;
            }
            let idx = state.scanned.position as usize;
            let position = &state.scanned.in_program;
            let rows = self.program.legs_of(position);
            let action = &self.program.actions[position.action as usize];
            self.accounts.load(list, &self.market, at as u32);
            let (_, terms) = self.accounts.with_terms(list, at as u32);
            let surplus = accounts::surplus_of(self.program, &state.scanned, terms);
            let surplus = surplus.with(|it| self.market.marks.read()[it as usize]);
            let legs = &mut self.accounts.legs[..];
            if !state.is_over && surplus < 0 {
                n_waiting += 1;
                backlog += super::ledger::exposure(legs, position) as i64;
            }
            if action.kind != ACTION_CLOSE_OUT {
                let last = state.last_event as usize;
                if let Some((stranded, under_water)) =
                    ledger.count_left_over(idx, position, rows, last, legs)
                {
                    observer.horizon(idx, stranded, under_water);
                }
            }
        }
        self.aftermath.extend([backlog, n_waiting]);
    }
}

/// A health factor in basis points, of a ratio in Q0.32.
fn basis_points(ratio: u32) -> u32 {
    mul_hi(ratio, 10_000)
}
