//! The reference walker: the meaning of a program, plainly. The CPU's fast lanes and the kernels
//! are schedules of it, and every figure of theirs is the same to the bit.
//!
//! Every position at every step: no bound, no lane, no schedule. Prices without sales are the price
//! models' ([`crate::market::model`]); what a sale costs is a curve's ([`crate::market::depth`]);
//! all else stands in this folder. It is slow, and refuses nothing.

mod account;
mod auction;
mod desk;
mod event;
mod ledger;
mod market;
mod opening;
mod walk;

use std::ops::Range;

use super::backend::{Backend, EngineError};
use super::shape::shape;
use super::story::Story;
use crate::book::account::{Event, LegState};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::tail::{Counters, Outcome, SATURATED};
use account::Account;
use walk::{Walk, unlimited};

pub(super) use opening::settle;

/// The reference walker as a backend.
pub struct Reference<'a> {
    program: &'a Program,
    seed: u64,
    n_threads: usize,
}

impl<'a> Reference<'a> {
    /// Walks a program's paths on so many threads.
    #[must_use]
    pub fn new(program: &'a Program, seed: u64, n_threads: usize) -> Self {
        Self { program, seed, n_threads: n_threads.max(1) }
    }
}

impl Backend for Reference<'_> {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        let Self { program, seed, n_threads } = *self;
        let a_thread = outcomes.len().div_ceil(n_threads).max(1);
        let walk = |first: u64, outcomes: &mut [Outcome]| {
            let mut counters = Counters::new(shape(program));
            for (path, outcome) in (first..).zip(outcomes) {
                *outcome = walked(program, seed, path, &mut counters).outcome;
            }
            counters
        };
        std::thread::scope(|scope| {
            let mut turns = paths.step_by(a_thread).zip(outcomes.chunks_mut(a_thread));
            let mine = turns.next();
            let mut threads = Vec::new();
            for (first, outcomes) in turns {
                let thread = std::thread::Builder::new();
                let thread = thread.spawn_scoped(scope, move || walk(first, outcomes));
                threads.push(thread.map_err(|source| EngineError::Threads { n_threads, source })?);
            }
            if let Some((first, outcomes)) = mine {
                counters.merge(&walk(first, outcomes));
            }
            for thread in threads {
                match thread.join() {
                    Ok(of_thread) => counters.merge(&of_thread),
                    Err(panicked) => std::panic::resume_unwind(panicked),
                }
            }
            Ok(())
        })
    }
}

/// Walks a path and tells it, in the order of time.
#[must_use]
pub fn explain(program: &Program, seed: u64, path: u64) -> Story {
    walked(program, seed, path, &mut Counters::new(shape(program))).since_opening(program)
}

/// What the rule of a position's venue does to legs at their marks in a step, all that it offers
/// being taken.
#[must_use]
pub fn liquidate(program: &Program, position: usize, step: usize, legs: &mut [LegState]) -> Event {
    let free = unlimited(program);
    let mut walk = Walk::new(program, &free, &[]);
    let mut account = Account::at_opening(program, position);
    account.legs = legs.to_vec();
    walk.accounts.push(account);
    let event = walk.liquidate(0, step);
    legs.copy_from_slice(&walk.accounts[0].legs);
    event
}

/// A path as the program has its prices.
fn walked(program: &Program, seed: u64, path: u64, counters: &mut Counters) -> Story {
    let mut buffer = program.market.buffer();
    buffer.lanes = Lanes::here()[0];
    program.market.walk(seed, path, &mut buffer);
    let free = unlimited(program);
    let liquidity = program.liquidity.as_ref().unwrap_or(&free);
    let mut walk = Walk::new(program, liquidity, &buffer.logs);
    walk.open(|_| true);
    let mut story = walk.run(counters);
    story.outcome.flags |= if buffer.clamped { SATURATED } else { 0 };
    if program.liquidity.is_none() {
        // One by one, positions have no order but the book's, and no sale moves a price.
        story.events.sort_by_key(|told| (told.when, told.position));
        story.rounds.clear();
        story.moved.clear();
    }
    story.logs = buffer.logs;
    story
}
