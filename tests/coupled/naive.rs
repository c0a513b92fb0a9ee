//! A second walk of a path whose positions meet in the market: every asset and every position at
//! every step, no bound, no shortcut.
//!
//! It takes from the engine the log prices that no sale has moved, and from the library the
//! arithmetic of one liquidation, curves and formats; who is liquidated when, at which size and
//! against whom is its own.

mod account;
mod desk;
mod market;

use shortfall::book::account::{Event, KIND_DEBT, KIND_PERP};
use shortfall::engine::cpu::path::shape;
use shortfall::engine::cpu::replay::{LeftOver, ToldEvent, ToldRound};
use shortfall::program::Program;
use shortfall::program::liquidity::Liquidity;
use shortfall::tail::{Aftermath, Counters, Outcome};

use account::Account;
use desk::{Deal, Desk, Fund};
use market::Market;

pub(crate) use desk::Reached;

/// What the walk comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Walked {
    /// Without the flags of prices that no sale has moved.
    pub(crate) outcome: Outcome,
    /// Liquidations that did something.
    pub(crate) events: Vec<ToldEvent>,
    /// Rounds with such.
    pub(crate) rounds: Vec<ToldRound>,
    pub(crate) left_over: Vec<LeftOver>,
    /// log2 prices as sales have moved them, asset by asset.
    pub(crate) moved: Vec<i32>,
    /// Of the path alone; pools are left at 0.
    pub(crate) counters: Counters,
    pub(crate) reached: Reached,
    /// A mark saturated, a mark was small.
    pub(crate) strained: (bool, bool),
}

struct Walk<'a> {
    program: &'a Program,
    liquidity: &'a Liquidity,
    market: Market<'a>,
    accounts: Vec<Account<'a>>,
    desk: Desk,
    /// Events of the step so far, and most of them.
    n_events: u32,
    most_events: u32,
    most_rounds: u32,
    walked: Walked,
}

/// Walks the path whose prices, unmoved, are `logs`.
pub(crate) fn walk(program: &Program, logs: &[i32]) -> Walked {
    let liquidity = program.liquidity.as_ref().expect("positions are coupled");
    let accounts = (0..program.positions.len()).map(|idx| Account::at_opening(program, idx));
    let walked = Walked {
        outcome: Outcome::default(),
        events: Vec::new(),
        rounds: Vec::new(),
        left_over: Vec::new(),
        moved: logs.to_vec(),
        counters: Counters::new(shape(program)),
        reached: Reached::default(),
        strained: (false, false),
    };
    let mut walk = Walk {
        program,
        liquidity,
        market: Market::new(program, liquidity, logs),
        accounts: accounts.collect(),
        desk: Desk {
            terms: liquidity.terms,
            capital: 0,
            funds: (0..liquidity.funds.len()).map(|idx| Fund::new(liquidity, idx)).collect(),
            reached: Reached::default(),
        },
        n_events: 0,
        most_events: 0,
        most_rounds: 0,
        walked,
    };
    for account in &mut walk.accounts {
        // What owns nothing and only owes has a default before it is over.
        account.is_over = account.is_perpetual() && account.is_settled() && !account.is_breached();
    }
    for step in 0..program.market.n_steps {
        walk.step(step);
    }
    walk.finish()
}

impl<'a> Walk<'a> {
    fn step(&mut self, step: usize) {
        self.market.begin_step(step);
        let standing = self.liquidity.standing.as_ref().filter(|_| step == 0);
        self.desk.capital = self.liquidity.terms.capital().into();
        self.desk.capital -= i128::from(standing.map_or(0, |it| it.capital));
        self.most_events = self.liquidity.terms.per_step - standing.map_or(0, |it| it.n_events);
        self.n_events = 0;
        for round in 0..self.liquidity.terms.rounds.max(1) {
            if round > 0 {
                self.market.begin_round();
            }
            let before = self.n_events;
            self.round(step, round);
            self.market.end_round();
            if self.n_events == before {
                break;
            }
            self.most_rounds = self.most_rounds.max(round + 1);
        }
        self.market.end_step();
        let n_steps = self.program.market.n_steps;
        for (asset, log) in self.market.market_logs().into_iter().enumerate() {
            self.walked.moved[asset * n_steps + step] = log;
        }
        let outcome = &mut self.walked.outcome;
        outcome.largest_step = outcome.largest_step.max(self.n_events);
    }

    /// All that are breached, in their order, as far as the step's events reach.
    fn round(&mut self, step: usize, round: u32) {
        let mut queue = Vec::new();
        for idx in 0..self.accounts.len() {
            let account = &mut self.accounts[idx];
            account.set_marks(&self.market);
            if account.is_over || !account.is_breached() {
                continue;
            }
            if !account.is_defaulted {
                account.is_defaulted = true;
                self.walked.outcome.n_defaults += 1;
                let count = &mut self.walked.counters.positions[idx];
                count.n_defaults += 1;
                count.exposure += i128::from(account.exposure_money());
            }
            let is_by_size = self.liquidity.terms.largest_first == 1;
            let key = if is_by_size { account.size_key() } else { account.health_key() };
            queue.push((key, idx));
        }
        queue.sort_unstable();
        let before = self.n_events;
        for (_, idx) in &queue {
            if self.n_events < self.most_events {
                self.liquidate(*idx, step, round);
            } else {
                self.desk.reached.n_waiting += 1;
            }
        }
        if self.n_events > before {
            self.walked.rounds.push(ToldRound {
                when: self.market.at(round),
                n_events: self.n_events - before,
                sold: self.market.flows(),
                market: self.market.market_logs(),
                read: self.market.read_logs(),
            });
        }
    }

    fn liquidate(&mut self, idx: usize, step: usize, round: u32) {
        let account = &mut self.accounts[idx];
        let facts = account.facts();
        let action = account.action();
        let mut deal = Deal {
            desk: &mut self.desk,
            assets: account.assets(),
            shift: facts.money_shift,
            venue: account.row.action as usize,
            own: vec![0; self.liquidity.assets.len()],
            market: &mut self.market,
        };
        let event = action.run(facts, &mut account.legs, &mut deal);
        account.is_over = account.is_perpetual() || account.is_settled();
        if event.n_calls == 0 && event.written_off == 0 {
            return;
        }
        account.last_event = step;
        self.n_events += 1;
        let legs = account.legs.clone();
        let when = self.market.at(round);
        self.walked.events.push(ToldEvent { position: idx, when, event, legs });
        self.count(idx, step, &event);
    }

    fn count(&mut self, idx: usize, step: usize, event: &Event) {
        let shift = self.accounts[idx].row.money_shift;
        let (repaid, lost) = ((event.repaid >> shift) as i64, (event.written_off >> shift) as i64);
        let outcome = &mut self.walked.outcome;
        outcome.n_events += 1;
        outcome.liquidated += repaid;
        outcome.realised += lost;
        let count = &mut self.walked.counters.steps[step];
        count.n_events += 1;
        count.liquidated += i128::from(repaid);
        self.lose(idx, step, lost);
    }

    fn lose(&mut self, idx: usize, step: usize, loss: i64) {
        self.walked.counters.positions[idx].loss += i128::from(loss);
        self.walked.counters.steps[step].loss += i128::from(loss);
        let owed = [KIND_DEBT, KIND_PERP];
        let rows = self.accounts[idx].rows.iter().filter(|row| owed.contains(&row.kind));
        let mut pools: Vec<u32> = rows.map(|row| row.pool).collect();
        pools.dedup();
        // How a loss is spread over several debts is asked elsewhere.
        if let [pool] = pools[..] {
            self.walked.counters.pools[pool as usize] += i128::from(loss);
        }
    }

    fn finish(mut self) -> Walked {
        let last = self.program.market.n_steps - 1;
        let (mut backlog, mut n_waiting) = (0, 0);
        for idx in 0..self.accounts.len() {
            let account = &mut self.accounts[idx];
            account.set_marks(&self.market);
            if account.is_defaulted && !account.is_over && account.is_breached() {
                n_waiting += 1;
                backlog += account.exposure_money();
            }
            let last_event = account.last_event;
            let Some((stranded, under_water)) = account.left_over() else { continue };
            self.walked.left_over.push(LeftOver { position: idx, stranded, under_water });
            self.walked.outcome.stranded += stranded;
            self.walked.outcome.under_water += under_water;
            self.lose(idx, last_event, stranded);
            self.lose(idx, last, under_water);
        }
        let mut words = vec![backlog, n_waiting, i64::from(self.most_rounds)];
        words.extend(self.desk.funds.iter().flat_map(Fund::words));
        let mut aftermath = Aftermath::new(self.desk.funds.len());
        aftermath.absorb(&words);
        self.walked.counters.aftermath = Some(aftermath);
        self.walked.reached = self.desk.reached;
        self.walked.strained = self.market.strained;
        self.walked
    }
}
