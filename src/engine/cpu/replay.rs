//! Any path walked again from its index alone, and told.

use super::marks::Marks;
use super::path::PathWorker;
use super::walk::Observer;
use crate::book::account::{Event, LegState};
use crate::program::Program;
use crate::tail::Outcome;

/// What happened on a path, in the order of the book, then of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// The path's outcome.
    pub outcome: Outcome,
    /// log2 prices since opening, Q8.24, asset by asset, after each step.
    pub logs: Vec<i32>,
    /// Every liquidation.
    pub events: Vec<ToldEvent>,
    /// What was owed at the horizon and cannot be repaid.
    pub left_over: Vec<LeftOver>,
}

/// A liquidation.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldEvent {
    /// Index of the position.
    pub position: usize,
    /// Index of the step, from 0.
    pub step: usize,
    /// What was done, in fine values of the position.
    pub event: Event,
    /// The legs afterwards, at the marks of the step.
    pub legs: Vec<LegState>,
}

/// Bad debt of one position at the horizon, in money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOver {
    /// Index of the position.
    pub position: usize,
    /// Debt without any collateral.
    pub stranded: i64,
    /// Debt beyond the collateral that is left.
    pub under_water: i64,
}

impl Observer for Story {
    fn prices(&mut self, logs: &[i32], _: &Marks) {
        self.logs = logs.to_vec();
    }

    fn event(&mut self, position: usize, step: usize, event: &Event, legs: &[LegState]) {
        self.events.push(ToldEvent { position, step, event: *event, legs: legs.to_vec() });
    }

    fn horizon(&mut self, position: usize, stranded: i64, under_water: i64) {
        self.left_over.push(LeftOver { position, stranded, under_water });
    }
}

/// Walks a path and tells it.
#[must_use]
pub fn explain(program: &Program, seed: u64, path: u64) -> Story {
    let mut story = Story::default();
    story.outcome = PathWorker::new(program).run(seed, path, &mut story);
    // Told in the order of time; within a step in the order of the book.
    story.events.sort_by_key(|told| (told.step, told.position));
    story
}
