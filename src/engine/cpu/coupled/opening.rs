//! The opening book: what is liquidatable before the first step is settled once, as step 0 of the
//! same walk, by the same desk.
//!
//! The opening and the first step share one step's allowance: depth, capital and events that the
//! opening has used are gone in the first step, and what it has sold moves prices with the sales of
//! that step. So where prices do not move in the first step, settling and keeping come to the same.

use super::accounts::rank;
use super::desk::{Desk, Means};
use super::market::MovedMarket;
use crate::book::account::{Event, KIND_COLLATERAL, KIND_DEBT, KIND_PERP, LegState, values};
use crate::book::action::{ACTION_CLOSE_OUT, Unlimited};
use crate::engine::cpu::bound::tiers_at;
use crate::lanes::Lanes;
use crate::program::layout::{INSTRUMENT_PRICE, InstrumentRow, PositionRow};
use crate::program::liquidity::{Liquidity, NONE};
use crate::program::standing::Standing;
use crate::program::{Opening, OpeningFigures, Program};

/// Most events a position is given to settle; each takes a share of what is left.
const MAX_EVENTS: u32 = 10_000;

/// A position that is liquidatable at the opening.
struct Account {
    idx: usize,
    position: PositionRow,
    legs: Vec<LegState>,
    /// What was owed, and what of it went bad, money.
    debt: i128,
    bad_debt: i128,
    is_liquidated: bool,
}

/// Deals with what is liquidatable at the opening marks, and notes what it came to.
pub(in crate::engine) fn settle(program: &mut Program, opening: Opening) {
    let opening_marks = marks(program);
    let mut accounts: Vec<Account> = (0..program.positions.len())
        .map(|idx| Account::at(program, idx, &opening_marks))
        .filter(|account| account.is_breached(program))
        .collect();
    let mut figures = OpeningFigures { n: accounts.len() as u64, ..OpeningFigures::default() };
    figures.n_bare = accounts.iter().filter(|it| program.is_bare(it.idx)).count() as u64;
    match opening {
        Opening::Keep => {}
        Opening::Drop => {
            let legs = accounts.iter_mut().flat_map(|account| &mut account.legs);
            legs.for_each(|leg| leg.quantity = 0);
        }
        Opening::Settle if accounts.is_empty() => {}
        Opening::Settle => {
            figures.repaid = match program.liquidity.clone() {
                None => settle_alone(program, &mut accounts),
                Some(liquidity) => settle_together(program, liquidity, &mut accounts),
            };
            accounts.iter_mut().for_each(Account::write_off);
        }
    }
    for account in &accounts {
        figures.debt += account.debt;
        figures.bad_debt += account.bad_debt;
        figures.liquidated += u64::from(account.is_liquidated);
        account.write_back(program);
    }
    let rank = |it: &&Account| (it.bad_debt, it.debt, std::cmp::Reverse(it.idx));
    let largest = accounts.iter().max_by_key(rank);
    figures.largest =
        largest.map(|it| (it.idx as u32, if it.bad_debt > 0 { it.bad_debt } else { it.debt }));
    program.opening = figures;
}

/// Settles positions that nothing couples, each until nothing changes; what was repaid, money.
fn settle_alone(program: &Program, accounts: &mut [Account]) -> i128 {
    let mut repaid = 0;
    for account in accounts {
        let action = &program.actions[account.position.action as usize];
        for _ in 0..MAX_EVENTS {
            let event = action.run(account.position.facts(), &mut account.legs, &mut Unlimited);
            repaid += account.count(&event);
            if !event.is_something() || !account.is_breached(program) {
                break;
            }
        }
    }
    repaid
}

/// Settles positions that meet in the market, in rounds until nothing changes or the step's
/// allowance is used up, and leaves what stands of it in the program; what was repaid, money.
fn settle_together(program: &mut Program, liquidity: Liquidity, accounts: &mut [Account]) -> i128 {
    let unsettled = program.clone();
    let terms = &liquidity.terms;
    let mut market = MovedMarket::new(&unsettled, &liquidity, Lanes::default());
    market.begin_opening();
    let funds: Vec<i64> = liquidity.funds.iter().map(|fund| fund.initial()).collect();
    let mut means = Means { capital: terms.capital(), lowest: funds.clone(), funds };
    let mut n_free = terms.per_step;
    // Where sales move prices at once, as many rounds as a step has.
    let most_rounds = if terms.rounds > 0 { terms.rounds } else { MAX_EVENTS };
    let mut repaid = 0;
    for _ in 0..most_rounds {
        let mut queue = Vec::new();
        for (at, account) in accounts.iter_mut().enumerate() {
            account.set_marks(&market);
            if !account.is_over(&unsettled) && account.is_breached(&unsettled) {
                let rank = rank(&unsettled, &liquidity, &account.position, &account.legs);
                queue.push((rank, account.idx, at));
            }
        }
        queue.sort_unstable();
        let mut n_events = 0;
        for (_, _, at) in queue {
            if n_free == 0 {
                break;
            }
            let Account { position, legs, .. } = &mut accounts[at];
            let n_before = market.sales.len();
            let action = &unsettled.actions[position.action as usize];
            let facts = position.facts();
            let other = (&unsettled, &liquidity);
            let mut desk = Desk::new(other, position, &mut market, &mut means, n_before);
            let event = action.run(facts, legs, &mut desk);
            repaid += accounts[at].count(&event);
            n_events += u32::from(event.is_something());
            n_free -= u32::from(event.is_something());
        }
        if n_events == 0 {
            break;
        }
        market.end_opening_round();
    }
    let mut standing = market.standing();
    standing.funds = means.funds;
    standing.lowest = means.lowest;
    standing.capital =
        if terms.has_limited_capital() { terms.capital() - means.capital } else { 0 };
    standing.n_events = if terms.per_step == NONE { 0 } else { terms.per_step - n_free };
    let initial: Vec<i64> = liquidity.funds.iter().map(|fund| fund.initial()).collect();
    let untouched = Standing::none(liquidity.assets.len(), initial);
    let is_nothing = standing == untouched;
    if let Some(liquidity) = &mut program.liquidity {
        liquidity.standing = (!is_nothing).then_some(standing);
    }
    repaid
}

/// Marks of all instruments at the opening: sums for funding are still empty.
fn marks(program: &Program) -> Vec<u32> {
    let mark = |it: &InstrumentRow| match it.kind {
        INSTRUMENT_PRICE => program.market.octaves.opening_mark(it.asset as usize),
        _ => 0,
    };
    program.instruments.iter().map(mark).collect()
}

impl Account {
    fn at(program: &Program, idx: usize, marks: &[u32]) -> Self {
        let position = program.positions[idx];
        let rows = program.legs_of(&position).iter();
        let legs: Vec<LegState> =
            rows.map(|row| row.state(row.quantity, marks[row.instrument as usize])).collect();
        let debt = i128::from(values_of_debt(&legs) >> position.money_shift);
        Self { idx, position, legs, debt, bad_debt: 0, is_liquidated: false }
    }

    fn set_marks(&mut self, market: &MovedMarket<'_>) {
        for leg in &mut self.legs {
            let instrument = leg.instrument as usize;
            leg.mark = market.marks.read()[instrument];
            leg.market = market.marks.market[instrument];
            leg.lost = 0;
        }
    }

    /// Nothing more can be done: it is closed, or nothing is owed, or all that was owned is sold.
    /// What never owned anything has its deficit dealt with as on a path, by an event of the step.
    fn is_over(&self, program: &Program) -> bool {
        let is_left = |kind| self.legs.iter().any(|leg| leg.kind == kind && leg.quantity != 0);
        match program.actions[self.position.action as usize].kind {
            ACTION_CLOSE_OUT => self.is_liquidated,
            _ => !is_left(KIND_DEBT) || (self.is_liquidated && !is_left(KIND_COLLATERAL)),
        }
    }

    /// Whether it is liquidatable at the marks of its legs.
    fn is_breached(&self, program: &Program) -> bool {
        let mut surplus = self.position.surplus_constant();
        for (row, leg) in program.legs_of(&self.position).iter().zip(&self.legs) {
            surplus += match (program.tiers_of(row), leg.kind) {
                ([], KIND_COLLATERAL) => i64::from(leg.weighted_quantity()) * i64::from(leg.mark),
                ([], KIND_DEBT) => -leg.signed_value(),
                ([], _) => leg.signed_value(),
                // What was closed asks for no margin.
                (_, _) if leg.quantity == 0 && self.is_liquidated => 0,
                (tiers, _) => tiers_at(tiers, leg.mark),
            };
        }
        surplus < 0
    }

    /// An event, after which it has these legs; what was repaid, money.
    fn count(&mut self, event: &Event) -> i128 {
        self.is_liquidated |= event.n_calls > 0;
        self.bad_debt += i128::from(event.written_off >> self.position.money_shift);
        if event.n_calls > 0 && self.legs.iter().any(|leg| leg.kind == KIND_PERP) {
            // Its profit and loss are paid.
            (self.position.constant, self.position.tie) = ([0; 2], [0; 2]);
        }
        i128::from(event.repaid >> self.position.money_shift)
    }

    /// Debt without any collateral left goes bad here and is not left to the paths.
    fn write_off(&mut self) {
        if self.legs.iter().any(|leg| leg.kind == KIND_COLLATERAL && leg.quantity != 0) {
            return;
        }
        for leg in self.legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
            self.bad_debt += i128::from(leg.market_value() >> self.position.money_shift);
            leg.quantity = 0;
        }
    }

    /// The quantities that are left become the program's; a closed perpetual has no tiers and no
    /// constant left.
    fn write_back(&self, program: &mut Program) {
        let position = &mut program.positions[self.idx];
        let start = position.leg_start as usize;
        let rows = &mut program.legs[start..start + position.n_legs as usize];
        for (row, leg) in rows.iter_mut().zip(&self.legs) {
            row.quantity = leg.quantity;
        }
        if self.legs.iter().all(|leg| leg.quantity == 0) {
            (position.constant, position.tie) = ([0; 2], [0; 2]);
            rows.iter_mut().for_each(|row| row.n_tiers = 0);
        }
    }
}

fn values_of_debt(legs: &[LegState]) -> u64 {
    values(legs).debt
}
