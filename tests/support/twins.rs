//! One body: what the reference walker finds, the CPU finds with lanes of every width, and so does
//! every adapter: path by path, counter by counter. What it does in each event, the CPU's form of
//! the rule does too, leg by leg.

use std::collections::BTreeMap;
use std::ops::Range;

use shortfall::book::account::{Event, LegState};
use shortfall::book::action::Unlimited;
use shortfall::engine::Backend;
use shortfall::engine::cpu::Cpu;
#[cfg(feature = "gpu")]
use shortfall::engine::gpu::{Gpu, Options};
use shortfall::engine::reference::{self, Reference, explain};
use shortfall::engine::shape::shape;
use shortfall::engine::story::{Story, ToldEvent};
use shortfall::lanes::Lanes;
use shortfall::program::Program;
use shortfall::tail::{Counters, Outcome};

/// What some paths leave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Walked {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) counters: Counters,
}

impl Walked {
    /// Walks paths on a backend, so many at a time.
    pub(crate) fn of(
        program: &Program,
        backend: &mut dyn Backend,
        paths: Range<u64>,
        batch: usize,
    ) -> Self {
        let mut outcomes = vec![Outcome::default(); (paths.end - paths.start) as usize];
        let mut counters = Counters::new(shape(program));
        backend.expect(paths.end);
        let firsts = paths.step_by(batch);
        for (first, outcomes) in firsts.zip(outcomes.chunks_mut(batch)) {
            let paths = first..first + outcomes.len() as u64;
            let done = backend.run(paths, outcomes, &mut counters);
            done.unwrap_or_else(|error| panic!("{error}"));
        }
        Self { outcomes, counters }
    }

    pub(crate) fn n_events(&self) -> u32 {
        self.outcomes.iter().map(|it| it.n_events).sum()
    }

    /// Compares what a backend found with what the reference walker did.
    #[track_caller]
    pub(crate) fn assert_found(&self, found: &Self, first: u64, what: &str) {
        let outcomes = found.outcomes.iter().zip(&self.outcomes).zip(first..);
        for ((found, expected), path) in outcomes {
            assert_eq!(found, expected, "{what}, path {path}");
        }
        let (found, expected) = (&found.counters, &self.counters);
        assert_eq!(found.positions, expected.positions, "{what}, by position");
        assert_eq!(found.steps, expected.steps, "{what}, by step");
        assert_eq!(found.pools, expected.pools, "{what}, by pool");
        assert_eq!(found.aftermath, expected.aftermath, "{what}, aftermath");
        assert_eq!(found, expected, "{what}");
    }
}

/// Walks paths on the reference walker, and on the CPU with lanes of every width: what all of them
/// find.
#[track_caller]
pub(crate) fn on_host(what: &str, program: &Program, seed: u64, paths: Range<u64>) -> Walked {
    let all = usize::MAX;
    let mut reference = Reference::new(program, seed, 2);
    let expected = Walked::of(program, &mut reference, paths.clone(), all);
    for lanes in Lanes::here() {
        let mut cpu = Cpu::with_lanes(program, seed, 1, lanes);
        let found = Walked::of(program, &mut cpu, paths.clone(), all);
        expected.assert_found(&found, paths.start, &format!("{what}, {lanes} lanes"));
    }
    expected
}

/// The story of a path that all find alike, down to its events.
#[track_caller]
pub(crate) fn story_of(program: &Program, seed: u64, path: u64) -> Story {
    on_host("a path", program, seed, path..path + 1);
    let story = explain(program, seed, path);
    each_event(program, &story, |told, mut legs| {
        liquidate_at(program, told.position, told.when.step, &mut legs);
    });
    story
}

/// Every event of a story, with the legs as they were before it, at the marks of its step.
pub(crate) fn each_event(
    program: &Program,
    story: &Story,
    mut visit: impl FnMut(&ToldEvent, Vec<LegState>),
) {
    let mut quantities: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
    for told in &story.events {
        let rows = program.legs_of(&program.positions[told.position]).iter();
        let opening = || rows.map(|row| row.quantity).collect();
        let before = quantities.entry(told.position).or_insert_with(opening);
        let legs = told.legs.iter().zip(&*before);
        let with = |(leg, quantity): (&LegState, &i32)| LegState {
            quantity: *quantity,
            next: *quantity,
            lost: 0,
            ..*leg
        };
        let legs = legs.map(with).collect();
        *before = told.legs.iter().map(|leg| leg.quantity).collect();
        visit(told, legs);
    }
}

/// An event of a breached position whose desk takes all that is offered, as the reference walker
/// has it; the CPU's form of the rule does the same to its legs.
#[track_caller]
pub(crate) fn liquidate(program: &Program, position: usize, legs: &mut [LegState]) -> Event {
    liquidate_at(program, position, 0, legs)
}

/// The same in a step of the path.
#[track_caller]
pub(crate) fn liquidate_at(
    program: &Program,
    position: usize,
    step: usize,
    legs: &mut [LegState],
) -> Event {
    let row = &program.positions[position];
    let mut of_cpu = legs.to_vec();
    let action = &program.actions[row.action as usize];
    let found = action.run(row.facts().at(step), &mut of_cpu, &mut Unlimited);
    let event = reference::liquidate(program, position, step, legs);
    assert_eq!(found, event, "an event of position {position}");
    of_cpu.iter_mut().for_each(|leg| leg.next = leg.quantity);
    assert_eq!(of_cpu, legs, "legs of position {position}");
    event
}

/// The same on every adapter too, however the kernels are compiled, in one batch and in small ones.
#[cfg(feature = "gpu")]
#[track_caller]
pub(crate) fn everywhere(
    what: &str,
    program: &Program,
    seed: u64,
    n_paths: u64,
    kernels: &[Options],
) -> Walked {
    let expected = on_host(what, program, seed, 0..n_paths);
    for adapter in super::adapters::adapters() {
        for options in kernels {
            let mut gpu = Gpu::new(program, seed, &adapter, *options)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            for batch in [4096, 7] {
                let found = Walked::of(program, &mut gpu, 0..n_paths, batch);
                let what = format!("{what}, {} {options:?}, batches of {batch}", adapter.label());
                expected.assert_found(&found, 0, &what);
            }
        }
    }
    expected
}
