//! Which positions may be breached, and when: within the envelope of what sales may move, however
//! late venues read it.
//!
//! An account that the horizon does not clear stands in the schedule at the next step in which it
//! may be breached, and is looked at exactly there, at the prices as they have been moved.

use super::accounts::{Account, Accounts, surplus_of};
use super::around::Around;
use super::envelope::{Envelope, Fit};
use super::market::MovedMarket;
use super::schedule::Schedule;
use super::search::Search;
use crate::engine::cpu::bound::Surplus;
use crate::engine::cpu::horizon::{Horizon, Widening};
use crate::engine::cpu::mark_ratios::MarkRatios;
use crate::engine::cpu::marks::RUN_STEPS;
use crate::engine::scan::ratios::Ratios;
use crate::engine::scan::scanned::Scanned;
use crate::engine::scan::terms::Term;
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::liquidity::{Liquidity, NONE};

/// The positions of a path that may be breached.
#[derive(Debug)]
pub(super) struct EligibleList {
    lanes: Lanes,
    envelope: Envelope,
    /// Scratch: the path's horizon in a wider envelope, in the first lane, and what it does not
    /// clear.
    horizon: Horizon,
    others: [Vec<u32>; 1],
    /// Whether that one is the widest so far, and whether any bounds anything.
    is_widened: bool,
    has_horizon: bool,
    /// How many of each class of pairs that of the path does not clear, the first.
    n_eligible: Vec<usize>,
    /// Of classes of pairs that have a position near.
    ratios: MarkRatios,
    schedule: Schedule,
    /// Accounts that may be breached in this step.
    pub(super) now: Vec<u32>,
    /// The end of the run whose extremes the envelope has.
    run_end: usize,
    use_bounds: bool,
}

impl EligibleList {
    pub(super) fn new(
        program: &Program,
        liquidity: &Liquidity,
        ratios: &Ratios,
        lanes: Lanes,
    ) -> Self {
        Self {
            lanes,
            envelope: Envelope::new(program, liquidity),
            horizon: Horizon::new(program, ratios, lanes),
            others: Default::default(),
            is_widened: false,
            has_horizon: false,
            n_eligible: Vec::new(),
            ratios: MarkRatios::default(),
            schedule: Schedule::default(),
            now: Vec::new(),
            run_end: 0,
            use_bounds: true,
        }
    }

    /// By how much horizons are to be widened before a path begins.
    pub(super) fn widening(&self) -> Widening {
        self.envelope.first_widening()
    }

    /// A new path: finds what its horizon does not clear; whether there is any account.
    pub(super) fn begin(
        &mut self,
        at: &Around<'_>,
        use_bounds: bool,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) -> bool {
        self.use_bounds = use_bounds;
        self.envelope.begin(at.marks);
        self.ratios.begin(at.list.pairs.len());
        self.run_end = 0;
        self.is_widened = false;
        let slack = self.slack(at);
        self.has_horizon = slack.is_some();
        let Some(slack) = slack else {
            self.take_plainly(at, 0, market, accounts);
            return !accounts.list.is_empty();
        };
        let (horizon, lane) = at.horizon;
        self.n_eligible.clear();
        self.n_eligible
            .extend(at.list.pairs.iter().map(|class| horizon.n_eligible(lane, class, slack)));
        !at.eligible.is_empty() || self.n_eligible.iter().any(|n_eligible| *n_eligible > 0)
    }

    /// Puts all into the schedule, for which marks must be known; a step before which none may be
    /// breached while nothing has moved prices.
    pub(super) fn start(&mut self, at: &Around<'_>, accounts: &mut Accounts) -> usize {
        if !self.has_horizon {
            self.put_all(at, 0, Fit::Beyond, accounts);
            return 0;
        }
        let n_steps = at.program.market.n_steps;
        self.schedule.clear(n_steps);
        self.now.clear();
        let Self { ratios, envelope, schedule, .. } = self;
        let search = Search::new(self.lanes, envelope, at);
        for (idx, (class, n_eligible)) in at.list.pairs.iter().zip(&self.n_eligible).enumerate() {
            if *n_eligible > 0 {
                ratios.need(self.lanes, idx, class, at.marks);
                let kept = accounts.keep(at.list, &class.scanned[..*n_eligible]);
                search.first_of_pairs(class, *n_eligible, ratios.of(idx), |scanned, next| {
                    schedule.put(next, accounts.push(scanned, kept, idx as u32, next));
                });
            }
        }
        search.first_of_others(at.list, at.eligible, |scanned, next| {
            let kept = accounts.keep(at.list, std::slice::from_ref(scanned));
            schedule.put(next, accounts.push(scanned, kept, NONE, next));
        });
        self.schedule.first(0).unwrap_or(n_steps)
    }

    /// By how much log ratios of unmoved marks may be off; `None` where they bound nothing.
    fn slack(&self, at: &Around<'_>) -> Option<i32> {
        let slack = at.marks.slack().filter(|_| self.use_bounds && !self.envelope.is_late())?;
        Some(self.envelope.widening().slack(slack))
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
            if self.use_bounds { self.envelope.extremes(at, &steps, market) } else { &[] };
        let use_bounds = self.use_bounds;
        let pairs = (0..).zip(&at.list.pairs);
        let pairs = pairs.flat_map(|(idx, class)| class.scanned.iter().map(move |it| (idx, it)));
        let all = pairs.chain(at.list.others.iter().map(|it| (NONE, it)));
        let eligible = all.filter(|(_, scanned)| {
            let surplus = surplus_of(at.program, scanned, at.list.terms_of(scanned));
            !use_bounds || surplus.bound(extremes) < 0
        });
        accounts.open(at.list, eligible);
    }

    /// Puts all that may be breached from a step on into the schedule anew, where it matters that
    /// the envelope has changed.
    fn put_all(&mut self, at: &Around<'_>, step: usize, fit: Fit, accounts: &mut Accounts) {
        let n_steps = at.program.market.n_steps;
        let is_anew = fit == Fit::Beyond || !self.has_horizon;
        self.schedule.clear(n_steps);
        self.now.clear();
        for account in 0..accounts.list.len() as u32 {
            let (state, terms) = accounts.with_terms(account);
            // The horizon is another one, or there is none.
            state.is_changed |= is_anew && state.is_defaulted;
            let next = state.next as usize;
            let stands = !is_anew
                && next >= step
                && !self.is_bounded_by_runs(state)
                && !self.envelope.has_grown(terms);
            if stands {
                self.schedule.put(next, account);
            } else {
                self.put(at, accounts, account, step, true);
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
        let n_steps = at.program.market.n_steps;
        let (state, terms) = accounts.with_terms(account);
        let is_changed = std::mem::take(&mut state.is_changed);
        let step = if state.is_over || step >= n_steps {
            state.is_clear = false;
            n_steps
        } else if !self.use_bounds {
            step
        } else if self.is_bounded_by_runs(state) {
            let is_anew = is_anew || is_changed;
            let surplus = surplus_of(at.program, &state.scanned, terms);
            if is_anew && step < self.run_end && self.run_clears(&surplus) {
                self.run_end
            } else {
                step
            }
        } else if state.class == NONE {
            if is_changed {
                state.is_clear = self.is_clear(at, &state.scanned, terms);
            }
            if state.is_clear {
                n_steps
            } else {
                let search = Search::new(self.lanes, &self.envelope, at);
                search.next(state.scanned.constant, terms, step)
            }
        } else {
            let idx = state.class as usize;
            let class = &at.list.pairs[idx];
            self.ratios.need(self.lanes, idx, class, at.marks);
            let search = Search::new(self.lanes, &self.envelope, at);
            let next = search.next_of_pair(class, self.ratios.of(idx), terms, step);
            state.is_clear = next == n_steps;
            next
        };
        state.next = step as u32;
        self.schedule.put(step, account);
    }

    /// Whether the horizon clears a position as it stands now.
    #[inline(always)]
    fn is_clear(&self, at: &Around<'_>, scanned: &Scanned, terms: &[Term]) -> bool {
        let (horizon, lane) = if self.is_widened { (&self.horizon, 0) } else { at.horizon };
        self.has_horizon && !scanned.has_tiers && horizon.clears(lane, scanned.constant, terms)
    }

    /// Whether a position is bounded run by run, by the extremes that venues may read.
    #[inline]
    fn is_bounded_by_runs(&self, account: &Account) -> bool {
        self.envelope.is_late() || account.scanned.has_tiers
    }

    /// Whether the extremes of this run clear a position.
    fn run_clears(&self, surplus: &Surplus<'_>) -> bool {
        surplus.bound(self.envelope.last_extremes()) >= 0
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
        let has_runs = self.envelope.is_late() || !at.list.tiered.is_empty();
        if has_runs && self.use_bounds && step >= self.run_end {
            let n_steps = at.program.market.n_steps;
            self.run_end = ((step / RUN_STEPS + 1) * RUN_STEPS).min(n_steps);
            self.envelope.extremes(at, &(step..self.run_end), market);
            let mut now = std::mem::take(&mut self.now);
            now.retain(|account| {
                let (state, terms) = accounts.with_terms(*account);
                let is_clear = self.is_bounded_by_runs(state)
                    && self.run_clears(&surplus_of(at.program, &state.scanned, terms));
                if is_clear {
                    state.next = self.run_end as u32;
                    self.schedule.put(self.run_end, *account);
                }
                !is_clear
            });
            self.now = now;
        }
    }

    /// The next step from one on, at most `last`, in which an account is to be looked at, or
    /// impacts are not known to be below an octave.
    pub(super) fn next_busy(&self, step: usize, last: usize) -> usize {
        let first = if self.envelope.is_narrow() { self.schedule.first(step) } else { Some(step) };
        first.map_or(last, |first| first.min(last))
    }

    /// Whether no account may be breached in this step, and impacts are known to be below an
    /// octave.
    pub(super) fn is_quiet(&self) -> bool {
        self.now.is_empty() && self.envelope.is_narrow()
    }

    /// The step is over: who was looked at is put where he may be breached next.
    pub(super) fn leave(&mut self, at: &Around<'_>, step: usize, accounts: &mut Accounts) {
        while let Some(account) = self.now.pop() {
            self.put(at, accounts, account, step + 1, false);
        }
    }

    /// Widens the envelope by what was sold, for steps from one on that may be passed over.
    pub(super) fn make_room_ahead(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &mut MovedMarket<'_>,
        accounts: &mut Accounts,
    ) {
        if let Some((least, most)) = market.holdings.ahead() {
            let fit = self.envelope.fit(least, most, at.marks);
            self.make_anew(at, step, fit, market, accounts);
        }
    }

    /// Widens the envelope to the present impact, if it is beyond.
    pub(super) fn fit(
        &mut self,
        at: &Around<'_>,
        step: usize,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) {
        let fit = self.envelope.fit(&market.impact, &market.impact, at.marks);
        if self.make_anew(at, step, fit, market, accounts) {
            self.schedule.take(step, &mut self.now);
        }
    }

    /// Bounds anew, from a step on, the positions whose envelope is wider now; whether any may be
    /// breached.
    fn make_anew(
        &mut self,
        at: &Around<'_>,
        step: usize,
        fit: Fit,
        market: &MovedMarket<'_>,
        accounts: &mut Accounts,
    ) -> bool {
        if fit == Fit::Holds {
            return false;
        }
        match self.slack(at) {
            None => self.take_plainly(at, step, market, accounts),
            Some(slack) if fit == Fit::Beyond => {
                let mut horizon = std::mem::take(&mut self.horizon);
                let mut others = std::mem::take(&mut self.others);
                others[0].clear();
                horizon.set(&at.list.ratios, 0, at.marks, self.envelope.widening());
                horizon.clear(&at.list.bounds, &mut others);
                others[0].extend_from_slice(&at.list.tiered);
                take(at, (&horizon, 0), slack, &others[0], accounts);
                (self.horizon, self.others) = (horizon, others);
                self.is_widened = true;
            }
            Some(_) => {}
        }
        if step < self.run_end {
            self.envelope.extremes(at, &(step..self.run_end), market);
        }
        self.put_all(at, step, fit, accounts);
        true
    }

    /// Whether the present impact is within the envelope.
    pub(super) fn fits(&self, market: &MovedMarket<'_>) -> bool {
        self.envelope.holds(&market.impact, &market.impact)
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
    let pairs = (0..).zip(&at.list.pairs).flat_map(|(idx, class)| {
        let n_eligible = horizon.n_eligible(lane, class, slack);
        class.scanned[..n_eligible].iter().map(move |scanned| (idx, scanned))
    });
    let others = others.iter().map(|idx| (NONE, &at.list.others[*idx as usize]));
    accounts.open(at.list, pairs.chain(others));
}
