//! The loop: a round liquidates all breached accounts in their order, a step has rounds until
//! nothing happens, a path has steps; positions that nothing couples have an unlimited desk.

use bytemuck::Zeroable as _;

use super::account::Account;
use super::desk::{Desk, Means};
use super::event::event;
use super::ledger::Ledger;
use super::market::Market;
use crate::book::account::Event;
use crate::book::action::to_words;
use crate::engine::story::{LeftOver, Story, ToldEvent, ToldRound, When};
use crate::program::Program;
use crate::program::liquidity::{AssetRow, FundRow, LiquidationTerms, Liquidity, NONE};
use crate::tail::{Counters, SATURATED, SMALL_MARK};

/// Accounts that meet in a market, at present.
pub(super) struct Walk<'a> {
    program: &'a Program,
    pub(super) liquidity: &'a Liquidity,
    pub(super) market: Market<'a>,
    pub(super) means: Means,
    pub(super) accounts: Vec<Account<'a>>,
}

/// What couples positions that nothing couples: boundless markets that venues read themselves,
/// liquidators without limit or choice, empty funds.
pub(super) fn unlimited(program: &Program) -> Liquidity {
    Liquidity {
        curves: Vec::new(),
        assets: vec![AssetRow { curve: NONE, ..AssetRow::zeroed() }; program.market.n_assets],
        bands: Vec::new(),
        cross: Vec::new(),
        feeds: Vec::new(),
        stale: Vec::new(),
        terms: LiquidationTerms {
            capital: to_words(i64::MAX),
            per_step: NONE,
            ..LiquidationTerms::zeroed()
        },
        funds: vec![FundRow::zeroed(); program.actions.len()],
        standing: None,
    }
}

impl<'a> Walk<'a> {
    /// The opening of a path whose log prices, unmoved, are `logs`; no account is opened yet.
    pub(super) fn new(program: &'a Program, liquidity: &'a Liquidity, logs: &'a [i32]) -> Self {
        let market = Market::new(program, liquidity, logs);
        let (means, accounts) = (Means::begin(liquidity), Vec::new());
        Self { program, liquidity, market, means, accounts }
    }

    /// Opens the accounts, at the opening marks, of which something holds.
    pub(super) fn open(&mut self, holds: impl Fn(&Account<'a>) -> bool) {
        for idx in 0..self.program.positions.len() {
            let mut account = Account::at_opening(self.program, idx);
            account.set_marks(&self.market);
            self.accounts.extend(Some(account).filter(&holds));
        }
    }

    /// One round: every breached account in its order, as far as the step has room; the accounts,
    /// by their place among these, and what happened to each.
    pub(super) fn round(&mut self, step: usize) -> Vec<(usize, Event)> {
        let mut queue = Vec::new();
        for (at, account) in self.accounts.iter_mut().enumerate() {
            account.set_marks(&self.market);
            if !account.is_over && account.is_breached() {
                queue.push((account.turn(&self.liquidity.terms), at));
            }
        }
        queue.sort_unstable();
        queue.into_iter().map(|(_, at)| (at, self.liquidate(at, step))).collect()
    }

    /// A breached account is liquidated, if the step has room for one more.
    pub(super) fn liquidate(&mut self, at: usize, step: usize) -> Event {
        let Self { program, liquidity, market, means, accounts } = self;
        let account = &mut accounts[at];
        if account.exposure.is_none() {
            (account.exposure, account.last_event) = (Some(account.exposure_now()), step);
        }
        if means.n_free == 0 {
            return Event::default();
        }
        let mut desk = Desk::of(account, (program, liquidity), means, market);
        let event = event(account, &mut desk, step);
        account.last_event = step;
        account.is_over =
            if account.is_perpetual() { event.is_something() } else { account.is_settled() };
        means.n_free -= u32::from(event.is_something());
        event
    }

    /// Walks the path to its horizon, and counts what happens.
    pub(super) fn run(mut self, counters: &mut Counters) -> Story {
        let n_steps = self.program.market.n_steps;
        let mut ledger = Ledger::new(counters);
        let mut story = Story::default();
        story.moved.resize(self.program.market.n_assets * n_steps, 0);
        for step in 0..n_steps {
            self.market.begin_step();
            self.means.begin_step(self.liquidity, step);
            let mut n_left = 0;
            for round in 0..self.liquidity.terms.rounds.max(1) {
                if round > 0 {
                    self.market.begin_round();
                }
                let n_events;
                (n_events, n_left) =
                    self.count_round(When { step, round }, &mut ledger, &mut story);
                self.market.end_round();
                if n_events == 0 {
                    break;
                }
            }
            self.market.end_step();
            ledger.count_left(n_left);
            for (asset, log) in self.market.told().1.into_iter().enumerate() {
                story.moved[asset * n_steps + step] = log;
            }
        }
        self.leave(&mut ledger, &mut story);
        story.overbought = self.market.overbought;
        story.outcome = ledger.finish(&self.liquidity.funds, &self.means.lowest);
        let is_saturated = self.market.strained.0 || self.market.overbought.is_some();
        story.outcome.flags |= if is_saturated { SATURATED } else { 0 };
        story.outcome.flags |= if self.market.strained.1 { SMALL_MARK } else { 0 };
        story
    }

    /// One round of a step; the events that did something, and the breached accounts to which
    /// nothing happened.
    fn count_round(
        &mut self,
        when: When,
        ledger: &mut Ledger<'_>,
        story: &mut Story,
    ) -> (u32, usize) {
        let events = self.round(when.step);
        let n_events = events.iter().filter(|(_, event)| event.is_something()).count() as u32;
        let n_left = events.len() - n_events as usize;
        for (at, event) in events {
            let account = &self.accounts[at];
            ledger.count_event(account, when.step, &event);
            let legs = account.legs.clone();
            story.events.push(ToldEvent { position: account.idx, when, event, legs });
        }
        if n_events > 0 {
            ledger.count_round(when);
            let (sold, market, read) = self.market.told();
            story.rounds.push(ToldRound { when, n_events, sold, market, read });
        }
        (n_events, n_left)
    }

    /// The horizon, valued at the market's last marks. Without a breach nothing is lost, unless
    /// venues read late and have not seen it.
    fn leave(&mut self, ledger: &mut Ledger<'_>, story: &mut Story) {
        let is_late = !self.liquidity.feeds.is_empty();
        for account in &mut self.accounts {
            account.set_marks(&self.market);
            ledger.count_account(account);
            if account.exposure.is_none() && !is_late {
                continue;
            }
            if let Some((stranded, under_water)) = account.left_over() {
                ledger.count_left_over(account, (stranded, under_water));
                story.left_over.push(LeftOver { position: account.idx, stranded, under_water });
            }
        }
    }
}
