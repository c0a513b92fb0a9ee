//! Any path walked again from its index alone, and told.

use super::coupled::market::MovedMarket;
use super::marks::Marks;
use super::path::PathWorker;
use super::walk::{Observer, When};
use crate::book::account::{Event, LegState};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::tail::Outcome;

/// What happened on a path, in the order of the book, then of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// The path's outcome.
    pub outcome: Outcome,
    /// log2 prices since opening, Q8.24, asset by asset, after each step, unmoved by sales.
    pub logs: Vec<i32>,
    /// The same as sales have moved them; empty where none can.
    pub moved: Vec<i32>,
    /// The step in which more of an asset was bought than its market has prices for, and the asset.
    pub overbought: Option<(usize, usize)>,
    /// Rounds of liquidations, where positions are coupled.
    pub rounds: Vec<ToldRound>,
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
    /// The step and the round.
    pub when: When,
    /// What was done, in fine values of the position.
    pub event: Event,
    /// The legs afterwards, at the marks of the step.
    pub legs: Vec<LegState>,
}

/// A round of liquidations: all at the prices of its beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldRound {
    /// The step and the round.
    pub when: When,
    /// Liquidations.
    pub n_events: u32,
    /// What was sold in it, by asset, money at opening value; negative where more was bought.
    pub sold: Vec<i64>,
    /// log2 prices since opening at which it was sold, Q8.24, by asset.
    pub market: Vec<i32>,
    /// As the venues read them.
    pub read: Vec<i32>,
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
    story.since_opening(program);
    story
}

impl Story {
    /// Log prices and sales are told as if no mark were coarser than others.
    fn since_opening(&mut self, program: &Program) {
        let octaves = &program.market.octaves;
        octaves.open(&mut self.logs, -1);
        octaves.open(&mut self.moved, -1);
        for round in &mut self.rounds {
            octaves.open(&mut round.market, -1);
            octaves.open(&mut round.read, -1);
            let sold = round.sold.iter_mut().enumerate();
            sold.for_each(|(asset, sold)| *sold >>= octaves.of(asset));
        }
    }
}
