//! The engine's walk of coupled paths against the naive one, word for word.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shortfall::engine::cpu::Cpu;
use shortfall::engine::cpu::replay::{Story, ToldEvent, explain};
use shortfall::program::Program;
use shortfall::tail::{Counters, Outcome, SATURATED, SMALL_MARK};

use super::drawn::coupled_scenario;
use super::naive::{Reached, Walked, walk};
use crate::support::drawn::compiled;

pub(crate) const SEED: u64 = 17;
const N_PATHS: u64 = 4;

/// What nothing couples has the flags of its prices.
fn flags_of_prices(program: &Program, path: u64) -> u32 {
    let alone = Program { liquidity: None, ..program.clone() };
    explain(&alone, SEED, path).outcome.flags
}

/// A liquidation that did something; `next` is scratch of the action.
fn told(story: &Story) -> Vec<ToldEvent> {
    let events = story.events.iter().filter(|it| it.event.n_calls > 0 || it.event.written_off > 0);
    events.cloned().map(comparable).collect()
}

fn comparable(mut told: ToldEvent) -> ToldEvent {
    told.legs.iter_mut().for_each(|leg| leg.next = leg.quantity);
    told
}

/// The log prices of a story as the program walks them.
fn walked_logs(program: &Program, story: &Story) -> Vec<i32> {
    let mut logs = story.logs.clone();
    program.market.octaves.open(&mut logs, 1);
    logs
}

/// Log prices and sales as stories tell them.
fn tell_since_opening(program: &Program, walked: &mut Walked) {
    let octaves = &program.market.octaves;
    octaves.open(&mut walked.moved, -1);
    for round in &mut walked.rounds {
        octaves.open(&mut round.market, -1);
        octaves.open(&mut round.read, -1);
        let sold = round.sold.iter_mut().enumerate();
        sold.for_each(|(asset, sold)| *sold >>= octaves.of(asset));
    }
}

/// Compares a path with the second walk of it.
pub(crate) fn check(program: &Program, path: u64) -> Result<(), TestCaseError> {
    let story = explain(program, SEED, path);
    let mut expected = walk(program, &walked_logs(program, &story));
    tell_since_opening(program, &mut expected);
    let (saturated, small) = expected.strained;
    let flags = if saturated { SATURATED } else { 0 } | if small { SMALL_MARK } else { 0 };
    expected.outcome.flags = flags | flags_of_prices(program, path);
    let events: Vec<ToldEvent> = expected.events.drain(..).map(comparable).collect();
    for (idx, (found, expected)) in told(&story).iter().zip(&events).enumerate() {
        prop_assert_eq!(found, expected, "event {} of path {}", idx, path);
    }
    prop_assert_eq!(told(&story).len(), events.len(), "events of path {}", path);
    let rounds = story.rounds.iter().zip(&expected.rounds);
    for (found, expected) in rounds {
        prop_assert_eq!(found, expected, "path {}", path);
    }
    prop_assert_eq!(story.rounds.len(), expected.rounds.len(), "rounds of path {}", path);
    let mut left_over = story.left_over.clone();
    left_over.sort_by_key(|left| left.position);
    prop_assert_eq!(&left_over, &expected.left_over);
    let moved = if story.moved.is_empty() { &story.logs } else { &story.moved };
    prop_assert_eq!(moved, &expected.moved, "path {}", path);
    prop_assert_eq!(story.outcome, expected.outcome, "path {}", path);
    is_counted(program, path, &story.outcome, &expected)
}

/// The counters of the path, and what it leaves behind.
fn is_counted(
    program: &Program,
    path: u64,
    outcome: &Outcome,
    expected: &Walked,
) -> Result<(), TestCaseError> {
    let found = Cpu::new(program, SEED, 1).replay(&[path]).expect("a thread");
    prop_assert_eq!(&found.aftermath, &expected.counters.aftermath, "path {}", path);
    prop_assert_eq!(&found.positions, &expected.counters.positions, "path {}", path);
    prop_assert_eq!(&found.steps, &expected.counters.steps, "path {}", path);
    let at_least = |(found, least): (&i128, &i128)| found >= least;
    let Counters { pools, .. } = &expected.counters;
    prop_assert!(found.pools.iter().zip(pools).all(at_least), "path {}", path);
    prop_assert_eq!(found.pools.iter().sum::<i128>(), i128::from(outcome.loss()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn coupled_paths_are_what_a_second_walk_finds(scenario in coupled_scenario()) {
        let program = compiled(&scenario)?;
        prop_assume!(program.liquidity.is_some());
        for path in 0..N_PATHS {
            check(&program, path)?;
        }
    }
}

/// How many paths came to each end.
#[derive(Debug, Default)]
struct Ends {
    n_moved: u32,
    n_read_late: u32,
    n_spiralling: u32,
    n_backlogged: u32,
    n_emptied: u32,
    /// Of programs with coarser marks.
    n_coarse: u32,
    desk: [u32; 9],
}

impl Ends {
    fn count(&mut self, story: &Story, walked: &Walked) {
        let aftermath = walked.counters.aftermath.as_ref().expect("an aftermath");
        self.n_moved += u32::from(walked.moved != story.logs);
        self.n_read_late += u32::from(walked.rounds.iter().any(|it| it.read != it.market));
        self.n_spiralling += aftermath.n_spiralling as u32;
        self.n_backlogged += aftermath.n_backlogged as u32;
        self.n_emptied += u32::from(aftermath.funds.iter().any(|fund| fund.n_emptied > 0));
        let Reached {
            n_short_of_capital,
            n_without_capital,
            n_declined,
            n_smaller,
            n_searched,
            n_waiting,
            n_slipped,
            n_drawn,
            n_paid_in,
        } = walked.reached;
        let desk = [
            n_short_of_capital,
            n_without_capital,
            n_declined,
            n_smaller,
            n_searched,
            n_waiting,
            n_slipped,
            n_drawn,
            n_paid_in,
        ];
        for (count, of_path) in self.desk.iter_mut().zip(desk) {
            *count += u32::from(of_path > 0);
        }
    }
}

#[test]
fn drawn_coupling_comes_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut ends = Ends::default();
    for _ in 0..300 {
        let drawn = coupled_scenario().new_tree(&mut runner).expect("a scenario").current();
        let Ok(program) = shortfall::engine::compile(&drawn) else { continue };
        if program.liquidity.is_none() {
            continue;
        }
        for path in 0..N_PATHS {
            let story = explain(&program, SEED, path);
            let mut walked = walk(&program, &walked_logs(&program, &story));
            tell_since_opening(&program, &mut walked);
            ends.count(&story, &walked);
            ends.n_coarse += u32::from(program.market.octaves.coarse().next().is_some());
        }
    }
    let paths = [ends.n_moved, ends.n_read_late, ends.n_spiralling, ends.n_backlogged];
    let all = paths.iter().chain([&ends.n_emptied, &ends.n_coarse]).chain(&ends.desk);
    assert!(all.min() >= Some(&10), "{ends:?}");
}
