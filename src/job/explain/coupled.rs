//! What a path of coupled positions has to tell: rounds, moved prices, who was made worse by a
//! liquidation, and why a position was not liquidated.

use std::collections::BTreeMap;

use crate::book::account::{
    Event, KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, LegState, Values, values,
};
use crate::engine::reference;
use crate::engine::story::{self, Story, ToldEvent};
use crate::program::Program;
use crate::program::liquidity::{LiquidationTerms, Liquidity, NONE};
use crate::report::{ToldCoupling, ToldMoved, ToldRound, ToldSale, Untaken};
use crate::scenario::Scenario;

use super::factor::factor;

/// How sales moved a price from its own logs; `None` where they never did.
pub(super) fn moved(open_usd: f64, logs: &[i32], moved: &[i32]) -> Option<ToldMoved> {
    let impact = |step: usize| i64::from(moved[step]) - i64::from(logs[step]);
    let (mut low, mut furthest) = (0, 0);
    for step in 0..moved.len() {
        if moved[step] < moved[low] {
            low = step;
        }
        if impact(step).abs() > impact(furthest).abs() {
            furthest = step;
        }
    }
    let price = |step: usize| open_usd * factor(moved[step].into());
    (impact(furthest) != 0).then(|| ToldMoved {
        low_usd: price(low),
        low_step_idx: low,
        close_usd: price(moved.len() - 1),
        furthest_impact: factor(impact(furthest)) - 1.0,
        furthest_step_idx: furthest,
    })
}

/// The rounds of a story.
pub(super) fn rounds(
    scenario: &Scenario,
    program: &Program,
    liquidity: &Liquidity,
    story: &Story,
) -> Vec<ToldRound> {
    let n_steps = scenario.run.n_steps as usize;
    let rounds = story.rounds.iter().enumerate();
    rounds
        .map(|(place, round)| {
            let step = round.when.step;
            let next = story.rounds.get(place + 1);
            let sold = round.sold.iter().enumerate().filter(|(_, sold)| **sold != 0);
            let sales = sold.map(|(idx, sold)| {
                let asset = &scenario.market.assets[idx];
                let price = |log: i32| asset.price_usd * factor(log.into());
                let unmoved = |step: usize| i64::from(story.logs[idx * n_steps + step]);
                let impact = |log: i32, step| factor(i64::from(log) - unmoved(step)) - 1.0;
                let market = round.market[idx];
                let after = after(&liquidity.terms, round, next, n_steps);
                let after = after.map(|(then, of_next)| {
                    let walked = || story.moved[idx * n_steps + then];
                    (then, of_next.map_or_else(walked, |next| next.market[idx]))
                });
                ToldSale {
                    asset: asset.name.clone(),
                    sold_usd: program.usd((*sold).into()) * factor(market.into()),
                    price_usd: price(market),
                    impact: impact(market, step),
                    price_after_usd: after.map(|(_, log)| price(log)),
                    impact_after: after.map(|(then, log)| impact(log, then)),
                    read_usd: price(round.read[idx]),
                }
            });
            ToldRound {
                step_idx: step,
                round_idx: round.when.round,
                n_events: round.n_events,
                sales: sales.collect(),
            }
        })
        .collect()
}

/// Where the prices stand that a round's sales have moved: a step, and the round of it that begins
/// with them; without one, its last prices.
fn after<'s>(
    terms: &LiquidationTerms,
    round: &story::ToldRound,
    next: Option<&'s story::ToldRound>,
    n_steps: usize,
) -> Option<(usize, Option<&'s story::ToldRound>)> {
    let step = round.when.step;
    if let Some(next) = next.filter(|next| next.when.step == step) {
        return Some((step, Some(next)));
    }
    // A round may follow in which nothing happens: the step ends at its prices.
    let has_follower = round.when.round + 1 < terms.rounds;
    let then = if has_follower { step } else { step + 1 };
    // The first round of a step begins at the prices that the step's own move leaves.
    let next = next.filter(|next| next.when.step == then && next.when.round == 0);
    (then < n_steps).then_some((then, next))
}

/// What couples each event of a story to the others, in their order; empty where nothing does.
pub(super) fn couplings(program: &Program, story: &Story) -> Vec<ToldCoupling> {
    let Some(liquidity) = &program.liquidity else { return Vec::new() };
    let mut quantities: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
    let mut spent = Spent::default();
    let events = story.events.iter();
    events
        .map(|told| {
            spent.enter(told.when.step);
            let rows = program.legs_of(&program.positions[told.position]);
            let opening = || rows.iter().map(|row| row.quantity).collect();
            let quantities = quantities.entry(told.position).or_insert_with(opening);
            let before: Vec<LegState> = told
                .legs
                .iter()
                .zip(quantities.iter())
                .map(|(leg, quantity)| LegState { quantity: *quantity, ..*leg })
                .collect();
            let is_untaken = told.event.n_calls == 0 && told.event.written_off == 0;
            let why = is_untaken.then(|| spent.why_untaken(program, &liquidity.terms, told));
            let coupling = coupling(&before, told, why);
            quantities.clear();
            quantities.extend(told.legs.iter().map(|leg| leg.quantity));
            if !is_untaken {
                spent.count(program, told);
            }
            coupling
        })
        .collect()
}

fn coupling(before: &[LegState], told: &ToldEvent, untaken: Option<Untaken>) -> ToldCoupling {
    let is_lending = before.iter().all(|leg| leg.kind != KIND_PERP && leg.kind != KIND_FUNDING);
    let [was, is] = [before, &told.legs].map(|legs| is_lending.then(|| values(legs)));
    let over = |a: u64, b: u64| (b > 0).then(|| a as f64 / b as f64);
    let health = |it: Option<Values>| it.and_then(|it| over(it.weighted, it.debt));
    let loan_to_value = |it: Option<Values>| it.and_then(|it| over(it.debt, it.collateral));
    let toxic = was.and_then(|_| discount(before, &told.legs));
    let before = loan_to_value(was);
    ToldCoupling {
        round_idx: told.when.round,
        untaken,
        health_factor_before: health(was),
        health_factor_after: health(is),
        loan_to_value_before: before,
        loan_to_value_after: loan_to_value(is),
        toxic_loan_to_value: toxic,
        is_toxic: before.zip(toxic).is_some_and(|(before, toxic)| before >= toxic),
    }
}

/// 1 / (1 + bonus) of what was seized, its mean by value: a call that repays r and seizes
/// (1 + bonus) r raises debt / collateral from there on. `None` if nothing of value was seized.
fn discount(before: &[LegState], after: &[LegState]) -> Option<f64> {
    let (mut seized, mut discounted) = (0.0, 0.0);
    let legs = before.iter().zip(after).filter(|(was, _)| was.kind == KIND_COLLATERAL);
    for (was, is) in legs {
        let value = f64::from(was.quantity - is.quantity) * f64::from(was.mark);
        seized += value;
        discounted += value * libm::ldexp(f64::from(was.discount), -31);
    }
    (seized > 0.0).then(|| discounted / seized)
}

/// What the liquidations of a step have used up so far.
#[derive(Debug, Default)]
struct Spent {
    step: usize,
    n_events: u32,
    /// Debt repaid, money.
    repaid: i64,
}

impl Spent {
    fn enter(&mut self, step: usize) {
        if step != self.step {
            *self = Self { step, ..Self::default() };
        }
    }

    fn count(&mut self, program: &Program, told: &ToldEvent) {
        self.n_events += 1;
        let position = &program.positions[told.position];
        // Perpetuals are closed by their venue, without capital.
        if !program.actions[position.action as usize].holds_perps() {
            self.repaid += (told.event.repaid >> position.money_shift) as i64;
        }
    }

    /// Why an event came to nothing: room is counted, and the rule asked once more without limits.
    fn why_untaken(
        &self,
        program: &Program,
        terms: &LiquidationTerms,
        told: &ToldEvent,
    ) -> Untaken {
        if terms.per_step != NONE && self.n_events >= terms.per_step {
            return Untaken::NoRoom;
        }
        let position = &program.positions[told.position];
        let mut legs = told.legs.clone();
        let Event { n_calls, repaid, .. } =
            reference::liquidate(program, told.position, told.when.step, &mut legs);
        if n_calls == 0 {
            return Untaken::NotAllowed;
        }
        let money = |fine: u64| (fine >> position.money_shift) as i64;
        let owed = told.legs.iter().filter(|leg| leg.kind == KIND_DEBT);
        let unit = owed.map(|leg| money(leg.market.into())).max().unwrap_or(0);
        let left = terms.capital() - self.repaid;
        // Less than a unit of debt repays nothing; less than what is wanted may not earn its gas.
        if terms.decline == 0 || left <= unit {
            Untaken::NoCapital
        } else if left < money(repaid) {
            Untaken::DeclinedOrNoCapital
        } else {
            Untaken::Declined
        }
    }
}
