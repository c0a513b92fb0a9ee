//! A path whose positions meet in the market: what one liquidation sells, the next one finds.
//!
//! Time goes first here: a step moves the prices, looks at who may be breached, and liquidates in
//! order. Steps in which no account may be breached are passed over where markets only recover in
//! them; a path on which none may has cost nothing but the bounds.

mod accounts;
mod around;
mod desk;
mod eligible;
mod envelope;
mod holdings;
mod leave;
mod market;
mod moved_marks;
mod schedule;
mod search;

use super::horizon::Widening;
use super::ledger::Ledger;
use crate::book::account::{Event, Values};
use crate::engine::scan::list::ScanList;
use crate::engine::scan::ratios::Ratios;
use crate::engine::scan::scanned::Scanned;
use crate::fixed::ONE_Q31;
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::liquidity::Liquidity;
use accounts::{Accounts, Seen};
pub(super) use around::Around;
use desk::{Desk, Means};
use eligible::EligibleList;
use market::MovedMarket;

/// Scratch space of one thread for paths whose positions are coupled.
pub(super) struct Coupled<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    market: MovedMarket<'a>,
    means: Means,
    accounts: Accounts,
    /// Whether no account can be breached on this path.
    is_idle: bool,
    eligible: EligibleList,
    /// Breached in this round: key, index of the position, account.
    queue: Vec<(u32, u32, u32)>,
    /// The accounts of these, in order.
    turns: Vec<u32>,
    /// As [`Liquidity::has_order`].
    has_order: bool,
    /// Whether more counts of a collateral than there is of it.
    is_widened: bool,
    most_rounds: u32,
    /// Breached accounts that steps have left to the next one.
    n_left: u64,
    /// Scratch: marks on the market at the horizon, by instrument.
    at_horizon: Vec<u32>,
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
            eligible: EligibleList::new(program, liquidity, ratios, lanes),
            queue: Vec::new(),
            turns: Vec::new(),
            has_order: liquidity.has_order(),
            is_widened: program.legs.iter().any(|leg| leg.threshold > ONE_Q31),
            most_rounds: 0,
            n_left: 0,
            at_horizon: Vec::new(),
            aftermath: Vec::new(),
        }
    }

    /// Walks a path that was begun; whether a mark that sales had moved met the upper bound of its
    /// format, and whether one was small.
    pub(super) fn run(&mut self, at: &Around<'_>, ledger: &mut Ledger) -> (bool, bool) {
        let n_steps = self.program.market.n_steps;
        let mut start =
            if self.is_idle { n_steps } else { self.eligible.start(at, &mut self.accounts) };
        if self.liquidity.standing.is_some() {
            // What the opening has sold moves prices with the first step.
            start = 0;
        }
        if 0 < start && start < n_steps {
            self.market.skip(start, at.logs);
        }
        let may_pass = self.market.can_pass();
        // The last prices are those at which everything is valued.
        let last = n_steps - 1;
        let mut step = start;
        // Steps that were passed over since prices were moved last.
        let mut n_passed = 0;
        while step < n_steps {
            // The first step goes on where the opening ended.
            let is_opening = step == 0 && self.liquidity.standing.is_some();
            let can_pass = may_pass && !is_opening;
            if can_pass {
                let busy = self.eligible.next_busy(step, last);
                n_passed += busy - step;
                step = busy;
            }
            self.eligible.enter(at, step, &self.market, &mut self.accounts);
            if can_pass && self.eligible.is_quiet() && step < last {
                n_passed += 1;
                step += 1;
                continue;
            }
            self.market.step(step, std::mem::take(&mut n_passed), at.logs);
            let n_events = self.walk_step(at, step, can_pass, ledger);
            if (can_pass && n_events > 0) || (may_pass && is_opening) {
                self.eligible.make_room_ahead(at, step + 1, &mut self.market, &mut self.accounts);
            }
            self.eligible.leave(at, step, &mut self.accounts);
            self.market.end_step(step);
            step += 1;
        }
        self.aftermath.clear();
        self.leave(at.list, ledger);
        if self.market.marks.is_late() {
            self.leave_unseen(at, ledger);
        }
        self.aftermath.extend([i64::from(self.most_rounds), self.n_left as i64]);
        for (fund, lowest) in self.liquidity.funds.iter().zip(&self.means.lowest) {
            let initial = fund.initial();
            self.aftermath.push(initial - lowest);
            self.aftermath.push(i64::from(initial > 0 && *lowest == 0));
        }
        if let Some(aftermath) = &mut ledger.counters.aftermath {
            aftermath.absorb(&self.aftermath);
        }
        let (is_cut, is_small) = self.market.marks.strained;
        (is_cut | self.market.is_overbought, is_small)
    }

    /// By how much impacts widen the bounds of horizons.
    pub(super) fn widening(&self) -> Widening {
        self.eligible.widening()
    }

    /// A new path whose prices, unmoved, are known; whether any account may be breached on it, so
    /// that all marks are needed to walk it.
    pub(super) fn begin(&mut self, at: &Around<'_>, use_bounds: bool) -> bool {
        self.market.begin(at.marks);
        self.accounts.clear();
        (self.most_rounds, self.n_left) = (0, 0);
        self.means.begin(self.liquidity);
        let may_breach = self.eligible.begin(at, use_bounds, &self.market, &mut self.accounts);
        self.is_idle = !may_breach && self.liquidity.standing.is_none();
        !self.is_idle
    }

    /// One step: rounds of checks and liquidations until nothing happens, or no more are allowed;
    /// the number of liquidations. `fits` if what earlier steps have sold is within the envelope.
    fn walk_step(&mut self, at: &Around<'_>, step: usize, fits: bool, ledger: &mut Ledger) -> u32 {
        let terms = &self.liquidity.terms;
        let standing = self.liquidity.standing.as_ref().filter(|_| step == 0);
        self.means.capital = terms.capital() - standing.map_or(0, |it| it.capital);
        let mut n_free = terms.per_step - standing.map_or(0, |it| it.n_events);
        let (mut n_in_all, mut n_left) = (0, 0);
        debug_assert!(!fits || self.eligible.fits(&self.market), "impacts beyond the envelope");
        for round in 0..terms.rounds.max(1) {
            if round > 0 || !fits {
                self.eligible.fit(at, step, &self.market, &mut self.accounts);
            }
            let n_events;
            (n_events, n_left) = self.walk_round(at.list, step, &mut n_free, ledger);
            n_in_all += n_events;
            if n_events > 0 {
                self.most_rounds = self.most_rounds.max(round + 1);
            }
            let goes_on = n_events > 0 && round + 1 < terms.rounds;
            self.market.end_round(step, at.logs, goes_on);
            if !goes_on {
                break;
            }
        }
        self.n_left += u64::from(n_left);
        n_in_all
    }

    /// One round: breached accounts are liquidated while the step has room, in their order if
    /// an order matters; the number of events, and of breached accounts to which nothing happened.
    fn walk_round(
        &mut self,
        list: &ScanList,
        step: usize,
        n_free: &mut u32,
        ledger: &mut Ledger,
    ) -> (u32, u32) {
        if self.eligible.now.is_empty() {
            return (0, 0);
        }
        self.market.set_marks();
        let has_order = self.has_order;
        if has_order {
            self.find_order(list);
        }
        let n_turns = if has_order { self.turns.len() } else { self.eligible.now.len() };
        let (mut n_breached, mut n_events) = (0, 0);
        for idx in 0..n_turns {
            let account = if has_order { self.turns[idx] } else { self.eligible.now[idx] };
            let seen = self.accounts.look(self.program, &self.market, account);
            let is_over = self.accounts.list[account as usize].is_over;
            if seen.surplus < 0 && !is_over {
                n_breached += 1;
                n_events += self.liquidate(list, (account, &seen), step, n_free, ledger);
            }
        }
        (n_events, n_breached - n_events)
    }

    /// Finds whose turn it is when: of all who are breached, in the order in which they are
    /// liquidated.
    #[inline(never)]
    fn find_order(&mut self, list: &ScanList) {
        let Self { program, liquidity, market, accounts, eligible, queue, turns, .. } = self;
        queue.clear();
        for account in eligible.now.iter().copied() {
            let seen = accounts.look(program, market, account);
            let state = &accounts.list[account as usize];
            if seen.surplus < 0 && !state.is_over {
                let (idx, position) = (state.scanned.position, state.scanned.in_program);
                accounts.load(list, market, account);
                let rank = accounts::rank(program, liquidity, &position, &accounts.loaded);
                queue.push((rank, idx, account));
            }
        }
        queue.sort_unstable();
        turns.clear();
        turns.extend(queue.iter().map(|(_, _, account)| account));
    }

    /// An account that is breached is liquidated if the step is free for one more; 1 if anything
    /// happened, else 0.
    #[inline(always)]
    fn liquidate(
        &mut self,
        list: &ScanList,
        (account, seen): (u32, &Seen),
        step: usize,
        n_free: &mut u32,
        ledger: &mut Ledger,
    ) -> u32 {
        let Self { program, liquidity, market, means, accounts, .. } = self;
        let Scanned { position: idx, in_program: position, .. } =
            accounts.list[account as usize].scanned;
        let idx = idx as usize;
        let action = &program.actions[position.action as usize];
        // All legs are asked for but by a call on two of them.
        if seen.largest.is_none() || market.marks.is_late() {
            accounts.load(list, market, account);
        }
        let state = &mut accounts.list[account as usize];
        if !state.is_defaulted {
            state.is_defaulted = true;
            state.last_event = step as u32;
            state.exposure = match seen.largest.is_some() && !market.marks.is_late() {
                true => seen.sums.debt >> position.money_shift,
                false => super::ledger::exposure(&accounts.loaded, &position),
            };
        }
        if *n_free == 0 {
            return 0;
        }
        state.last_event = step as u32;
        let (mut sums, mut event) = (seen.sums, Event::default());
        let n_before = market.sales.len();
        let mut goes_on = true;
        let facts = position.facts().at(step);
        if let Some(at) = seen.largest {
            let two = accounts.two(list, market, account, at);
            let mut desk = Desk::new((program, liquidity), &position, market, means, n_before);
            let two = action.call(facts, two, &mut desk, (&mut sums, &mut event));
            if let Some(two) = &two {
                accounts.change(list, account, at, two);
            }
            goes_on = two.is_some() && action.goes_on(facts, &sums, &event);
            if goes_on {
                accounts.load(list, market, account);
            }
        }
        if goes_on {
            event = self.go_on((account, step), n_before, (sums, event));
        }
        let Self { program, accounts, .. } = self;
        if event.is_something() {
            // Its legs are asked for only where debt was written off, and so were loaded.
            let rows = program.legs_of(&position);
            ledger.count_event(idx, &position, rows, step, &event, &accounts.loaded);
        }
        *n_free -= u32::from(event.is_something());
        u32::from(event.is_something())
    }

    /// What there is to an event, in a step, of the account that was loaded beside a first call on
    /// two of its legs, before which there were so many sales in the round.
    // Its code is long: most events do without.
    #[inline(never)]
    fn go_on(
        &mut self,
        (account, step): (u32, usize),
        n_before: usize,
        begun: (Values, Event),
    ) -> Event {
        let Self { program, liquidity, market, means, accounts, .. } = self;
        let position = accounts.list[account as usize].scanned.in_program;
        let action = &program.actions[position.action as usize];
        let facts = position.facts().at(step);
        let mut desk = Desk::new((program, liquidity), &position, market, means, n_before);
        let event = action.run_from(facts, &mut accounts.loaded, begun, &mut desk);
        // Debt that the market holds for worthless is written off for nothing.
        let is_lending = !action.holds_perps();
        let is_over = is_lending && super::ledger::is_over(accounts.loaded.iter().copied());
        if event.is_something() || is_over {
            accounts.store(account);
        }
        event
    }
}
