//! When is a position liquidated, and what does it leave at the horizon?
//!
//! What each liquidation did is the reference walker's; sums, thresholds and losses are written
//! here once more, by hand. The CPU finds the same.

use proptest::prelude::*;
use shortfall::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, LegState};
use shortfall::book::action::{Action, PICK_AUCTION, PICK_PRO_RATA};
use shortfall::engine::cpu::marks::Marks;
use shortfall::engine::reference::explain;
use shortfall::engine::story::{Story, ToldEvent};
use shortfall::program::Program;
use shortfall::program::layout::{LegRow, from_words};

use crate::support::drawn::{any_scenario, compiled};
use crate::support::twins::story_of;

const SEED: u64 = 11;

/// A position's legs at a step, and what they add up to.
pub(crate) struct Position<'a> {
    program: &'a Program,
    idx: usize,
    pub(crate) legs: Vec<LegState>,
}

impl<'a> Position<'a> {
    pub(crate) fn at_opening(program: &'a Program, idx: usize) -> Self {
        let rows = program.legs_of(&program.positions[idx]).iter();
        Self { program, idx, legs: rows.map(|row| row.state(row.quantity, 0)).collect() }
    }

    fn rows(&self) -> &'a [LegRow] {
        self.program.legs_of(&self.program.positions[self.idx])
    }

    /// The rule of its venue.
    pub(crate) fn action(&self) -> &'a Action {
        &self.program.actions[self.program.positions[self.idx].action as usize]
    }

    pub(crate) fn is_perpetual(&self) -> bool {
        self.action().holds_perps()
    }

    pub(crate) fn is_pro_rata(&self) -> bool {
        self.action().pick == PICK_PRO_RATA
    }

    pub(crate) fn with_legs(&self, legs: &[LegState]) -> Self {
        Self { legs: legs.to_vec(), ..*self }
    }

    pub(crate) fn set_marks(&mut self, marks: &Marks, step: usize) {
        let rows = self.rows();
        for (leg, row) in self.legs.iter_mut().zip(rows) {
            leg.mark = marks.of(row.instrument)[step];
        }
    }

    /// Σ of the values of legs of a kind.
    pub(crate) fn value(&self, kind: u32) -> i128 {
        let legs = self.legs.iter().filter(|leg| leg.kind == kind);
        legs.map(|leg| i128::from(leg.quantity) * i128::from(leg.mark)).sum()
    }

    /// What it owes, at the horizon: of collateral on auction the penalty is owed to none.
    fn due(&self) -> i128 {
        let n = self.legs.len();
        if self.action().pick != PICK_AUCTION || self.legs[n - 1].quantity == 0 {
            return self.value(KIND_DEBT);
        }
        let debt = self.legs.iter().find(|leg| leg.kind == KIND_DEBT).expect("a vault's debt");
        i128::from(debt.quantity.min(self.legs[n - 3].quantity)) * i128::from(debt.mark)
    }

    /// Σ quantity x threshold of collateral, each up to a whole unit, at the marks.
    pub(crate) fn weighted(&self) -> i128 {
        let legs = self.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
        let weighted = legs.map(|leg| {
            let product = i128::from(leg.quantity) * i128::from(leg.threshold);
            ((product + (1 << 31) - 1) >> 31) * i128::from(leg.mark)
        });
        weighted.sum()
    }

    /// What perpetuals add to the margin surplus: the least over their tiers, each.
    fn tiered(&self) -> i128 {
        let legs = self.legs.iter().zip(self.rows()).filter(|(leg, _)| leg.kind == KIND_PERP);
        let surplus = legs.map(|(leg, row)| {
            let tiers = self.program.tiers_of(row).iter().map(|tier| {
                i128::from(tier.coefficient) * i128::from(leg.mark)
                    + i128::from(from_words(tier.deduction))
            });
            tiers.min().expect("a perpetual has tiers")
        });
        surplus.sum()
    }

    pub(crate) fn constant(&self) -> i128 {
        i128::from(from_words(self.program.positions[self.idx].constant))
    }

    /// By how much what counts exceeds what it must cover; a breach is below 0.
    pub(crate) fn margin(&self) -> i128 {
        let tie = i128::from(from_words(self.program.positions[self.idx].tie));
        if !self.is_perpetual() {
            return self.weighted() + tie - self.value(KIND_DEBT);
        }
        let surplus = self.constant() + self.weighted() + self.tiered() + self.value(KIND_FUNDING);
        surplus + tie
    }

    /// Whether the venue's rule lets the position be liquidated.
    pub(crate) fn is_breached(&self) -> bool {
        self.margin() < 0
    }

    fn is_over(&self) -> bool {
        let is_empty = |kind| self.legs.iter().all(|leg| leg.kind != kind || leg.quantity == 0);
        let is_closed = is_empty(KIND_PERP) && self.is_perpetual();
        let is_settled = is_empty(KIND_DEBT) || is_empty(KIND_COLLATERAL);
        is_closed || (is_settled && !self.is_perpetual())
    }
}

/// The marks of a told path.
pub(crate) fn marks_of(program: &Program, story: &Story) -> Marks {
    let mut marks = Marks::new(program);
    let mut logs = story.logs.clone();
    program.market.octaves.open(&mut logs, 1);
    marks.fill(&program.instruments, &mut logs);
    marks.need_all();
    marks
}

/// The events of a position, in the order of time.
pub(crate) fn events_of(story: &Story, position: usize) -> impl Iterator<Item = &ToldEvent> {
    story.events.iter().filter(move |told| told.position == position)
}

fn check(program: &Program, path: u64) -> Result<(), TestCaseError> {
    let story = explain(program, SEED, path);
    let marks = marks_of(program, &story);
    let (mut stranded, mut under_water, mut n_defaults) = (0, 0, 0);
    for idx in 0..program.positions.len() {
        let mut position = Position::at_opening(program, idx);
        let mut events = events_of(&story, idx).peekable();
        n_defaults += u32::from(events.peek().is_some());
        let is_defaulted = events.peek().is_some();
        for step in 0..program.market.n_steps {
            position.set_marks(&marks, step);
            // What owns nothing and only owes is told once, at its first step.
            let is_due = (step == 0 || !position.is_over()) && position.is_breached();
            let told = events.next_if(|told| told.when.step == step);
            prop_assert_eq!(told.is_some(), is_due, "position {} at step {}", idx, step);
            if let Some(told) = told {
                position.legs.clone_from(&told.legs);
            }
        }
        prop_assert!(events.next().is_none());
        let left = story.left_over.iter().find(|left| left.position == idx);
        let lacking = position.due() - position.value(KIND_COLLATERAL);
        if position.is_perpetual() || !is_defaulted || lacking <= 0 {
            prop_assert!(left.is_none());
            continue;
        }
        let loss = (lacking >> program.positions[idx].money_shift) as i64;
        let collateral = position.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
        let is_stranded = collateral.map(|leg| leg.quantity).sum::<i32>() == 0;
        let left = left.expect("what a position lacks is left over");
        let expected = if is_stranded { (loss, 0) } else { (0, loss) };
        prop_assert_eq!((left.stranded, left.under_water), expected);
        stranded += left.stranded;
        under_water += left.under_water;
    }
    let money = |value: u64, position: usize| value >> program.positions[position].money_shift;
    let sum = |of: fn(&ToldEvent) -> u64| {
        story.events.iter().map(|told| money(of(told), told.position) as i64).sum::<i64>()
    };
    let outcome = story.outcome;
    prop_assert_eq!(outcome.realised, sum(|told| told.event.written_off));
    prop_assert_eq!(outcome.liquidated, sum(|told| told.event.repaid));
    prop_assert_eq!((outcome.stranded, outcome.under_water), (stranded, under_water));
    prop_assert_eq!(outcome.n_defaults, n_defaults);
    let effective = story.events.iter().filter(|told| told.event.is_something());
    prop_assert_eq!(outcome.n_events as usize, effective.count());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn positions_are_liquidated_when_breached_and_never_else(scenario in any_scenario()) {
        let program = compiled(&scenario)?;
        for path in 0..8 {
            check(&program, path)?;
        }
    }

    #[test]
    fn paths_are_what_the_reference_walker_finds(scenario in any_scenario()) {
        let program = compiled(&scenario)?;
        // Path by path, so that no two differences cancel.
        for path in 0..8 {
            story_of(&program, SEED, path);
        }
    }
}
