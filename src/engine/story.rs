//! What happened on a path, told step by step.

use crate::book::account::{Event, LegState};
use crate::program::Program;
use crate::tail::Outcome;

/// A step of a path, and its round where a step has several; both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct When {
    /// The step.
    pub step: usize,
    /// The round.
    pub round: u32,
}

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

impl Story {
    /// Log prices and sales are told as if no mark were coarser than others.
    pub(super) fn since_opening(mut self, program: &Program) -> Self {
        let octaves = &program.market.octaves;
        octaves.open(&mut self.logs, -1);
        octaves.open(&mut self.moved, -1);
        for round in &mut self.rounds {
            octaves.open(&mut round.market, -1);
            octaves.open(&mut round.read, -1);
            let sold = round.sold.iter_mut().enumerate();
            sold.for_each(|(asset, sold)| *sold >>= octaves.of(asset));
        }
        self
    }
}
