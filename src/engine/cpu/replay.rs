//! Any path walked again from its index alone, and told.

use super::coupled::market::MovedMarket;
use super::marks::Marks;
use super::path::PathWorker;
use super::walk::Observer;
use crate::book::account::{Event, LegState};
use crate::lanes::Lanes;
use crate::program::Program;

pub use crate::engine::story::{LeftOver, Story, ToldEvent, ToldRound, When};

impl Observer for Story {
    fn prices(&mut self, marks: &Marks) {
        self.logs = marks.prices().to_vec();
    }

    fn event(&mut self, position: usize, when: When, event: &Event, legs: &[LegState]) {
        self.events.push(ToldEvent { position, when, event: *event, legs: legs.to_vec() });
    }

    fn round(&mut self, when: When, n_events: u32, market: &MovedMarket<'_>) {
        self.rounds.push(ToldRound {
            when,
            n_events,
            sold: market.flow.clone(),
            market: market.market.clone(),
            read: market.read().to_vec(),
        });
    }

    fn step(&mut self, step: usize, market: &MovedMarket<'_>) {
        if self.moved.is_empty() {
            // Steps before the first that is walked have moved nothing.
            self.moved.clone_from(&self.logs);
        }
        if let Some(asset) = market.overbought {
            self.overbought.get_or_insert((step, asset));
        }
        let n_steps = self.logs.len() / market.market.len();
        for (asset, log) in market.market.iter().enumerate() {
            self.moved[asset * n_steps + step] = *log;
        }
    }

    fn horizon(&mut self, position: usize, stranded: i64, under_water: i64) {
        self.left_over.push(LeftOver { position, stranded, under_water });
    }
}

/// Walks a path and tells it.
#[must_use]
pub fn explain(program: &Program, seed: u64, path: u64) -> Story {
    let mut story = Story::default();
    story.outcome = PathWorker::new(program, Lanes::widest()).run(seed, path, &mut story);
    // Told in the order of time. Within a step coupled positions have an order of their own, and
    // others stand in that of the book.
    if program.liquidity.is_some() {
        story.events.sort_by_key(|told| told.when);
    } else {
        story.events.sort_by_key(|told| (told.when, told.position));
    }
    story.since_opening(program)
}
