//! What the events and losses of a path come to: its outcome, and what it adds to the counters.

use super::account::Account;
use crate::book::account::Event;
use crate::engine::story::When;
use crate::program::liquidity::FundRow;
use crate::tail::{Counters, Outcome};

/// One path's outcome so far, and the counters of all paths.
pub(super) struct Ledger<'c> {
    counters: &'c mut Counters,
    outcome: Outcome,
    events_by_step: Vec<u32>,
    most_rounds: u32,
    /// Breached positions that steps have left to the next one.
    n_left: i64,
    /// Positions that wait for a liquidator at the horizon, and their exposure, money.
    n_waiting: i64,
    backlog: i64,
}

impl<'c> Ledger<'c> {
    pub(super) fn new(counters: &'c mut Counters) -> Self {
        Self {
            outcome: Outcome::default(),
            events_by_step: vec![0; counters.steps.len()],
            counters,
            most_rounds: 0,
            n_left: 0,
            n_waiting: 0,
            backlog: 0,
        }
    }

    /// A liquidation, if anything happened.
    pub(super) fn count_event(&mut self, account: &Account<'_>, step: usize, event: &Event) {
        if !event.is_something() {
            return;
        }
        let (repaid, lost) = (account.money(event.repaid), account.money(event.written_off));
        self.outcome.n_events += 1;
        self.outcome.liquidated += repaid;
        self.outcome.realised += lost;
        self.events_by_step[step] += 1;
        self.counters.steps[step].n_events += 1;
        self.counters.steps[step].liquidated += i128::from(repaid);
        self.count_loss(account, step, lost);
    }

    /// A round in which anything happened.
    pub(super) fn count_round(&mut self, when: When) {
        self.most_rounds = self.most_rounds.max(when.round + 1);
    }

    /// A step is over, and leaves so many breached positions to the next one.
    pub(super) fn count_left(&mut self, n_left: usize) {
        self.n_left += n_left as i64;
    }

    /// An account at the horizon: its default, and whether it still waits for a liquidator.
    pub(super) fn count_account(&mut self, account: &Account<'_>) {
        let Some(exposure) = account.exposure else { return };
        self.outcome.n_defaults += 1;
        let count = &mut self.counters.positions[account.idx];
        count.n_defaults += 1;
        count.exposure += i128::from(exposure);
        if !account.is_over && account.is_breached() && account.is_exposed() {
            self.n_waiting += 1;
            self.backlog += account.exposure_now();
        }
    }

    /// What an account cannot repay at the horizon: a stranded debt was lost when its collateral
    /// ran out, one under water is lost at the end.
    pub(super) fn count_left_over(
        &mut self,
        account: &Account<'_>,
        (stranded, under_water): (i64, i64),
    ) {
        self.outcome.stranded += stranded;
        self.outcome.under_water += under_water;
        let last = self.events_by_step.len() - 1;
        let step = if stranded > 0 { account.last_event } else { last };
        self.count_loss(account, step, stranded + under_water);
    }

    /// Bad debt, by position, by step, and by the pools of the legs that bear it. What rounding
    /// down leaves of their parts is the first one's, so that pools add up.
    fn count_loss(&mut self, account: &Account<'_>, step: usize, loss: i64) {
        self.counters.positions[account.idx].loss += i128::from(loss);
        self.counters.steps[step].loss += i128::from(loss);
        let bearers = account.legs.iter().zip(account.rows).filter(|(leg, _)| leg.lost > 0);
        let mut rest = loss;
        for (leg, row) in bearers.clone() {
            let part = account.money(leg.lost).min(rest);
            self.counters.pools[row.pool as usize] += i128::from(part);
            rest -= part;
        }
        for (_, row) in bearers.take(1) {
            self.counters.pools[row.pool as usize] += i128::from(rest);
        }
    }

    /// The path is walked, its funds having held so much at the least.
    pub(super) fn finish(self, funds: &[FundRow], lowest: &[i64]) -> Outcome {
        let most_rounds = i64::from(self.most_rounds);
        let mut words = vec![self.backlog, self.n_waiting, most_rounds, self.n_left];
        for (fund, lowest) in funds.iter().zip(lowest) {
            let initial = fund.initial();
            words.extend([initial - lowest, i64::from(initial > 0 && *lowest == 0)]);
        }
        if let Some(aftermath) = &mut self.counters.aftermath {
            aftermath.absorb(&words);
        }
        let largest_step = self.events_by_step.iter().copied().max().unwrap_or(0);
        Outcome { largest_step, ..self.outcome }
    }
}
