//! Drawn coupled paths: does the CPU find what the reference walker finds, and do they come to
//! every end?

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shortfall::book::account::{KIND_PERP, LegState};
use shortfall::engine::reference::{Reference, explain, liquidate};
use shortfall::engine::story::{Story, ToldEvent};
use shortfall::program::Program;
use shortfall::program::liquidity::{Liquidity, NONE};
use shortfall::tail::Counters;

use super::drawn::coupled_scenario;
use crate::support::drawn::compiled;
use crate::support::twins::{Walked, each_event, story_of};

pub(crate) const SEED: u64 = 17;
const N_PATHS: u64 = 4;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn coupled_paths_are_what_the_reference_walker_finds(scenario in coupled_scenario()) {
        let program = compiled(&scenario)?;
        prop_assume!(program.liquidity.is_some());
        // Path by path, so that no two differences cancel.
        for path in 0..N_PATHS {
            story_of(&program, SEED, path);
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
    n_drawn: u32,
    /// Of programs with coarser marks.
    n_coarse: u32,
    /// The step had no room left.
    n_waiting: u32,
    /// Capital did not reach for any of it, and for a part of it.
    n_unaffordable: u32,
    n_short_of_capital: u32,
    /// It earned nothing, and a part of it did; with gas that part is searched for.
    n_declined: u32,
    n_smaller: u32,
    n_searched: u32,
    /// Perpetuals were closed into a market of finite depth, and paid into a fund.
    n_slipped: u32,
    n_paid_in: u32,
}

impl Ends {
    fn all(&self) -> [u32; 15] {
        let paths = [self.n_moved, self.n_read_late, self.n_spiralling, self.n_backlogged];
        let funds = [self.n_emptied, self.n_drawn, self.n_coarse, self.n_waiting];
        let capital = [self.n_unaffordable, self.n_short_of_capital, self.n_declined];
        let rest = [self.n_smaller, self.n_searched, self.n_slipped, self.n_paid_in];
        let all: Vec<u32> = [&paths[..], &funds, &capital, &rest].concat();
        all.try_into().expect("all of them")
    }

    fn count(&mut self, program: &Program, story: &Story, counters: &Counters) {
        let liquidity = program.liquidity.as_ref().expect("positions are coupled");
        let aftermath = counters.aftermath.as_ref().expect("an aftermath");
        self.n_moved += u32::from(story.moved != story.logs);
        self.n_read_late += u32::from(story.rounds.iter().any(|it| it.read != it.market));
        self.n_spiralling += aftermath.n_spiralling as u32;
        self.n_backlogged += aftermath.n_backlogged as u32;
        self.n_emptied += u32::from(aftermath.funds.iter().any(|fund| fund.n_emptied > 0));
        self.n_drawn += u32::from(aftermath.funds.iter().any(|fund| fund.drawn.sum > 0));
        self.n_coarse += u32::from(program.market.octaves.coarse().next().is_some());
        let mut found = Self::default();
        let mut used = (0, 0);
        each_event(program, story, |told, legs| {
            if used.0 != told.when.step {
                used = (told.when.step, 0);
            }
            found.count_event(program, liquidity, (told, legs), used.1);
            used.1 += u32::from(told.event.is_something());
        });
        self.add(&found);
    }

    /// An event of legs that were so before it, in a step that had so many before it.
    fn count_event(
        &mut self,
        program: &Program,
        liquidity: &Liquidity,
        (told, mut legs): (&ToldEvent, Vec<LegState>),
        n_used: u32,
    ) {
        let terms = &liquidity.terms;
        let is_limited = terms.has_limited_capital();
        let has_choice = terms.decline == 1;
        let depth = |leg: &LegState| {
            let asset = program.instruments[leg.instrument as usize].asset as usize;
            liquidity.assets[asset].curve != NONE
        };
        let is_closed_into_depth =
            legs.iter().any(|leg| leg.kind == KIND_PERP && leg.quantity != 0 && depth(leg));
        let offered = liquidate(program, told.position, told.when.step, &mut legs);
        let is_perpetual = legs.iter().any(|leg| leg.kind == KIND_PERP);
        if told.event.n_calls > 0 && is_perpetual {
            self.n_slipped += u32::from(is_closed_into_depth);
            let fund = &liquidity.funds[program.positions[told.position].action as usize];
            let is_profit = offered.written_off == 0 && told.event.written_off == 0;
            self.n_paid_in += u32::from(fund.fee > 0 && is_profit);
        } else if told.event.is_something() {
            let is_smaller = told.event.repaid < offered.repaid;
            self.n_short_of_capital += u32::from(is_smaller && is_limited && !has_choice);
            self.n_smaller += u32::from(is_smaller && !is_limited);
            self.n_searched += u32::from(is_smaller && !is_limited && terms.gas() > 0);
        } else if offered.n_calls > 0 {
            let is_waiting = n_used >= terms.per_step;
            self.n_waiting += u32::from(is_waiting);
            self.n_unaffordable += u32::from(!is_waiting && !has_choice);
            self.n_declined += u32::from(!is_waiting && !is_limited);
        }
    }

    /// One more path, on which these came about.
    fn add(&mut self, path: &Self) {
        let any = |count: u32| u32::from(count > 0);
        self.n_waiting += any(path.n_waiting);
        self.n_unaffordable += any(path.n_unaffordable);
        self.n_short_of_capital += any(path.n_short_of_capital);
        self.n_declined += any(path.n_declined);
        self.n_smaller += any(path.n_smaller);
        self.n_searched += any(path.n_searched);
        self.n_slipped += any(path.n_slipped);
        self.n_paid_in += any(path.n_paid_in);
    }
}

#[test]
fn drawn_coupling_comes_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut ends = Ends::default();
    for _ in 0..450 {
        let drawn = coupled_scenario().new_tree(&mut runner).expect("a scenario").current();
        let Ok(program) = shortfall::engine::compile(&drawn) else { continue };
        if program.liquidity.is_none() {
            continue;
        }
        for path in 0..N_PATHS {
            let mut reference = Reference::new(&program, SEED, 1);
            let Walked { counters, .. } = Walked::of(&program, &mut reference, path..path + 1, 1);
            ends.count(&program, &explain(&program, SEED, path), &counters);
        }
    }
    assert!(ends.all().iter().all(|count| *count >= 10), "{ends:?}");
}
