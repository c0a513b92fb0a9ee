//! One path, walked again and told.

mod coupled;
mod factor;

use factor::factor;

use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, LegState};
use crate::engine::reference;
use crate::engine::story::Story;
use crate::program::Program;
use crate::report::{Explanation, ToldLeftOver, ToldLiquidation, ToldPrice, ToldState, ToldWindow};
use crate::scenario::Scenario;
use crate::scenario::instant::shown;
use crate::units::DAYS_PER_YEAR;

/// Walks a path of a scenario and its program, and tells it: prices, each liquidation, what was
/// left over.
#[must_use]
pub fn explain(scenario: &Scenario, program: &Program, path_idx: u64) -> Explanation {
    tell(scenario, program, path_idx, &reference::explain(program, scenario.run.seed, path_idx))
}

/// The path whose window of history a path follows again; `None` if it is the first to.
#[must_use]
pub fn first_of_window(program: &Program, path_idx: u64) -> Option<u64> {
    let table = &program.market.replay;
    let n_windows = u64::from(table.n_windows);
    (table.each == 1 && path_idx >= n_windows).then(|| path_idx % n_windows)
}

fn tell(scenario: &Scenario, program: &Program, path_idx: u64, story: &Story) -> Explanation {
    let outcome = &story.outcome;
    let usd = |money: i64| program.usd(money.into());
    let name = |idx: usize| scenario.book.positions[idx].name.to_string();
    let venue = |idx: usize| scenario.venues[scenario.book.positions[idx].venue.idx()].name.clone();
    let mut left_over: Vec<ToldLeftOver> = story
        .left_over
        .iter()
        .map(|left| ToldLeftOver {
            position: name(left.position),
            venue: venue(left.position),
            stranded_usd: usd(left.stranded),
            under_water_usd: usd(left.under_water),
        })
        .collect();
    left_over.sort_by(|a, b| {
        (b.stranded_usd + b.under_water_usd).total_cmp(&(a.stranded_usd + a.under_water_usd))
    });
    let couplings = coupled::couplings(program, story);
    let window = window(scenario, program, path_idx);
    let events: Vec<ToldLiquidation> = story
        .events
        .iter()
        .enumerate()
        .map(|(idx, told)| {
            let shift = program.positions[told.position].money_shift;
            let fine = |value: u64| program.usd((value >> shift).into());
            let left = |kind: u32| {
                let legs = told.legs.iter().filter(|leg| leg.kind == kind);
                fine(legs.map(LegState::value).sum())
            };
            ToldLiquidation {
                step_idx: told.when.step,
                at: window.as_ref().and_then(|window| window.ends.get(told.when.step)).cloned(),
                position: name(told.position),
                venue: venue(told.position),
                n_calls: told.event.n_calls,
                repaid_usd: fine(told.event.repaid),
                seized_usd: fine(told.event.seized),
                written_off_usd: fine(told.event.written_off),
                debt_left_usd: left(KIND_DEBT),
                collateral_left_usd: left(KIND_COLLATERAL),
                coupling: couplings.get(idx).copied(),
            }
        })
        .collect();
    Explanation {
        scenario: scenario.name.clone(),
        seed: scenario.run.seed,
        path_idx,
        step_hours: scenario.run.step_years * 24.0 * DAYS_PER_YEAR,
        bad_debt_usd: usd(outcome.loss()),
        realised_usd: usd(outcome.realised),
        stranded_usd: usd(outcome.stranded),
        under_water_usd: usd(outcome.under_water),
        liquidated_usd: usd(outcome.liquidated),
        n_events: outcome.n_events,
        n_defaults: outcome.n_defaults,
        window,
        climate: climate(scenario, program, path_idx),
        prices: prices(scenario, program, story),
        rounds: program.liquidity.as_ref().map(|it| coupled::rounds(scenario, program, it, story)),
        events,
        left_over,
    }
}

/// The stretch of history that a path follows.
fn window(scenario: &Scenario, program: &Program, path_idx: u64) -> Option<ToldWindow> {
    let replay = scenario.market.replay.as_ref()?;
    let first_row = program.market.replay.start_row_of(path_idx);
    let times_ns = replay.times_ns.get(first_row..=first_row + program.market.n_steps);
    let times: Vec<String> = times_ns.unwrap_or_default().iter().map(|it| shown(*it)).collect();
    Some(ToldWindow {
        first_row,
        opens: times.first().cloned(),
        closes: times.last().cloned(),
        ends: times.into_iter().skip(1).collect(),
    })
}

/// The states that the market goes through.
fn climate(scenario: &Scenario, program: &Program, path_idx: u64) -> Option<Vec<ToldState>> {
    let states = &scenario.market.regimes.as_ref()?.states;
    let stretches = program.market.climate(scenario.run.seed, path_idx);
    let told = stretches.iter().map(|stretch| ToldState {
        state: states[stretch.state].name.clone(),
        step_idx: stretch.start,
        n_steps: stretch.end - stretch.start,
    });
    Some(told.collect())
}

/// How every price went, from its log prices.
fn prices(scenario: &Scenario, program: &Program, story: &Story) -> Vec<ToldPrice> {
    let n_steps = program.market.n_steps;
    let assets = scenario.market.assets.iter().enumerate();
    let rows = assets.zip(story.logs.chunks_exact(n_steps));
    rows.map(|((idx, asset), logs)| {
        let price = |log: i32| asset.price_usd * factor(log.into());
        let (mut low, mut high) = (0, 0);
        for (step, log) in logs.iter().enumerate() {
            if *log < logs[low] {
                low = step;
            }
            if *log > logs[high] {
                high = step;
            }
        }
        let moved = story.moved.get(idx * n_steps..(idx + 1) * n_steps);
        ToldPrice {
            asset: asset.name.clone(),
            open_usd: asset.price_usd,
            low_usd: price(logs[low]),
            low_step_idx: low,
            high_usd: price(logs[high]),
            high_step_idx: high,
            close_usd: price(logs[logs.len() - 1]),
            moved: moved.and_then(|moved| coupled::moved(asset.price_usd, logs, moved)),
        }
    })
    .collect()
}
