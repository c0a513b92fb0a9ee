//! Positions of one collateral and one debt, several abreast: lanes are positions, each at a step
//! of its own, so that none waits for another's breach.
//!
//! A lane goes from breach to breach, and when it finds no more the next position takes its place.
//! Lanes that stand at a breach are liquidated together where their venue takes pro rata.

use super::ledger::Ledger;
use super::mark_ratios::{MarkRatios, ROUNDED, RatioRow};
use super::marks::Marks;
use super::walk::{Left, Walker};
use crate::book::account::{KIND_COLLATERAL, LegState};
use crate::book::action::Pair;
use crate::engine::scan::pairs::{PairClass, PairRow};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::LegRow;

/// Positions that are walked together.
const ABREAST: usize = 8;

/// The pairs of a path that the horizon does not clear, and scratch space to walk them.
#[derive(Default)]
pub(super) struct Pairs {
    /// Class, and index in it.
    eligible: Vec<(u32, u32)>,
    /// Of classes that have a position near.
    ratios: MarkRatios,
    gone_by: Vec<GoneBy>,
}

/// Where walks lead through.
#[derive(Clone, Copy)]
struct Along<'p> {
    classes: &'p [PairClass],
    ratios: &'p MarkRatios,
    marks: &'p Marks,
}

/// The rows of a class along the path, step by step.
#[derive(Clone, Copy, Default)]
struct Rows<'p> {
    ratios: RatioRow<'p>,
    collateral: &'p [u32],
    debt: &'p [u32],
}

/// Positions on their way, lane by lane; quantities are words.
#[derive(Default)]
struct Abreast<'p> {
    /// No rows: the lane is free.
    rows: [Rows<'p>; ABREAST],
    position: [u32; ABREAST],
    collateral: [u64; ABREAST],
    debt: [u64; ABREAST],
    /// Coefficient of the collateral's mark.
    weighted: [u64; ABREAST],
    /// Constant of the margin surplus.
    constant: [u64; ABREAST],
    threshold: [u32; ABREAST],
    discount: [u32; ABREAST],
    close_factor: [u32; ABREAST],
    full_close_below: [u32; ABREAST],
    money_shift: [u32; ABREAST],
    /// Lanes whose venue takes pro rata, as bits.
    pro_rata: u32,
    is_defaulted: [bool; ABREAST],
    /// Whether nothing can be liquidated any more.
    is_over: [bool; ABREAST],
    /// The first step that was not looked at: one beyond the last event.
    step: [usize; ABREAST],
    /// Marks of the collateral and of the debt at a breach.
    marks: [[u32; ABREAST]; 2],
}

/// A position that was liquidated, at the horizon.
struct GoneBy {
    position: u32,
    last_event: usize,
    /// Of the collateral and of the debt.
    quantities: [u64; 2],
    marks: [u32; 2],
}

/// Lanes after a liquidation pro rata, and what it came to, money.
struct ProRata {
    collateral: [u64; ABREAST],
    debt: [u64; ABREAST],
    weighted: [u64; ABREAST],
    is_taken: [bool; ABREAST],
    exposure: [u64; ABREAST],
    repaid: [u64; ABREAST],
}

impl Pairs {
    /// A new path.
    pub(super) fn begin(&mut self) {
        self.eligible.clear();
    }

    /// The horizon does not clear the first `n_near` of a class.
    pub(super) fn push(&mut self, class: usize, n_eligible: usize) {
        self.eligible.extend((0..n_eligible as u32).map(|idx| (class as u32, idx)));
    }

    /// Walks all of them to the horizon.
    pub(super) fn walk(
        &mut self,
        program: &Program,
        lanes: Lanes,
        classes: &[PairClass],
        marks: &mut Marks,
        ledger: &mut Ledger,
    ) {
        if self.eligible.is_empty() {
            return;
        }
        self.ratios.begin(classes.len());
        for of_class in self.eligible.chunk_by(|one, next| one.0 == next.0) {
            let idx = of_class[0].0 as usize;
            let class = &classes[idx];
            marks.need(class.collateral);
            marks.need(class.debt);
            self.ratios.need(lanes, idx, class, marks);
        }
        let along = Along { classes, ratios: &self.ratios, marks };
        let mut abreast = Abreast::default();
        loop {
            let breached = lanes.run(
                #[inline(always)]
                || abreast.advance(along, &mut self.eligible, &mut self.gone_by),
            );
            if breached == 0 {
                break;
            }
            let together = breached & abreast.pro_rata;
            if together != 0 {
                let pro_rata = lanes.run(
                    #[inline(always)]
                    || abreast.pro_rata(),
                );
                for_each_lane(together, |lane| abreast.take(lane, &pro_rata, ledger));
            }
            for_each_lane(breached & !together, |lane| abreast.liquidate(lane, program, ledger));
        }
        for gone_by in self.gone_by.drain(..) {
            gone_by.leave(program, ledger);
        }
    }
}

impl<'p> Along<'p> {
    #[inline(always)]
    fn rows(&self, class: &PairClass, idx: u32) -> Rows<'p> {
        Rows {
            ratios: self.ratios.of(idx as usize),
            collateral: self.marks.of(class.collateral),
            debt: self.marks.of(class.debt),
        }
    }
}

impl Rows<'_> {
    /// The first step from `from` on at which `weighted` x the collateral's mark and a constant are
    /// below `debt` x the debt's.
    ///
    /// It is looked at exactly only where the ratio of the marks is near debt / weighted.
    #[inline(always)]
    fn first_breach(
        &self,
        (weighted, constant): (u64, u64),
        debt: u64,
        from: usize,
    ) -> Option<usize> {
        // Words, which have an instruction. Without collateral every step is near.
        let most = debt as u32 as f32 / weighted as u32 as f32 * ROUNDED;
        self.ratios.first_below(
            most,
            from,
            #[inline(always)]
            |step| {
                let held = weighted * u64::from(self.collateral[step]) + constant;
                held < debt * u64::from(self.debt[step])
            },
        )
    }
}

impl<'p> Abreast<'p> {
    /// Brings every lane to a breach, those that find none any more to the next position; which
    /// stand at one, as bits.
    #[inline(always)]
    fn advance(
        &mut self,
        along: Along<'p>,
        eligible: &mut Vec<(u32, u32)>,
        gone_by: &mut Vec<GoneBy>,
    ) -> u32 {
        let mut breached = 0;
        for lane in 0..ABREAST {
            loop {
                let rows = self.rows[lane];
                let (weighted, debt) = (self.weighted[lane], self.debt[lane]);
                let held = (weighted, self.constant[lane]);
                let breach = match self.is_over[lane] {
                    false => rows.first_breach(held, debt, self.step[lane]),
                    true => None,
                };
                if let Some(step) = breach {
                    self.step[lane] = step + 1;
                    self.marks[0][lane] = rows.collateral[step];
                    self.marks[1][lane] = rows.debt[step];
                    breached |= 1 << lane;
                    break;
                }
                if self.is_defaulted[lane] {
                    gone_by.extend(self.gone_by(lane));
                }
                let Some((class, idx)) = eligible.pop() else {
                    self.is_over[lane] = true;
                    self.is_defaulted[lane] = false;
                    break;
                };
                let of = &along.classes[class as usize];
                self.begin(lane, along.rows(of, class), &of.pairs[idx as usize]);
            }
        }
        breached
    }

    #[inline(always)]
    fn begin(&mut self, lane: usize, rows: Rows<'p>, pair: &PairRow) {
        self.rows[lane] = rows;
        self.position[lane] = pair.position;
        self.collateral[lane] = pair.collateral.into();
        self.debt[lane] = pair.debt.into();
        self.weighted[lane] = pair.weighted.into();
        self.constant[lane] = pair.constant as u64;
        self.threshold[lane] = pair.threshold;
        self.discount[lane] = pair.discount;
        self.close_factor[lane] = pair.close_factor;
        self.full_close_below[lane] = pair.full_close_below;
        self.money_shift[lane] = pair.money_shift;
        self.pro_rata &= !(1 << lane);
        self.pro_rata |= u32::from(pair.is_pro_rata) << lane;
        self.is_defaulted[lane] = false;
        self.is_over[lane] = false;
        self.step[lane] = 0;
    }

    /// What of a lane the horizon has to judge: nothing if its collateral is worth its debt.
    #[inline(always)]
    fn gone_by(&self, lane: usize) -> Option<GoneBy> {
        let Rows { collateral, debt, .. } = self.rows[lane];
        let marks = [*collateral.last()?, *debt.last()?];
        let quantities = [self.collateral[lane], self.debt[lane]];
        let is_under_water =
            quantities[0] * u64::from(marks[0]) < quantities[1] * u64::from(marks[1]);
        let last_event = self.step[lane] - 1;
        let position = self.position[lane];
        is_under_water.then_some(GoneBy { position, last_event, quantities, marks })
    }

    /// What a liquidation pro rata would make of each lane.
    #[inline(always)]
    fn pro_rata(&self) -> ProRata {
        let Self { collateral, debt, weighted, threshold, discount, marks, .. } = self;
        let Self { close_factor, full_close_below, money_shift, .. } = self;
        let mut taken = ProRata {
            collateral: [0; ABREAST],
            debt: [0; ABREAST],
            weighted: [0; ABREAST],
            is_taken: [false; ABREAST],
            exposure: [0; ABREAST],
            repaid: [0; ABREAST],
        };
        for lane in 0..ABREAST {
            let before = Pair {
                collateral: collateral[lane] as u32,
                debt: debt[lane] as u32,
                weighted: weighted[lane] as u32,
                threshold: threshold[lane],
                discount: discount[lane],
                close_factor: close_factor[lane],
                full_close_below: full_close_below[lane],
            };
            let mark = marks[1][lane];
            let (after, is_taken) = before.take_pro_rata([marks[0][lane], mark]);
            let money = |debt: u32| (u64::from(debt) * u64::from(mark)) >> money_shift[lane];
            taken.collateral[lane] = after.collateral.into();
            taken.debt[lane] = after.debt.into();
            taken.weighted[lane] = after.weighted.into();
            taken.is_taken[lane] = is_taken;
            taken.exposure[lane] = money(before.debt);
            taken.repaid[lane] = money(before.debt - after.debt);
        }
        taken
    }

    /// Liquidates a lane pro rata.
    #[inline(always)]
    fn take(&mut self, lane: usize, after: &ProRata, ledger: &mut Ledger) {
        if !self.is_defaulted[lane] {
            self.is_defaulted[lane] = true;
            ledger.count_default(self.position[lane] as usize, after.exposure[lane]);
        }
        self.collateral[lane] = after.collateral[lane];
        self.debt[lane] = after.debt[lane];
        self.weighted[lane] = after.weighted[lane];
        self.is_over[lane] = (self.collateral[lane] == 0) | (self.debt[lane] == 0);
        if after.is_taken[lane] {
            ledger.count_repaid(self.step[lane] - 1, after.repaid[lane] as i64);
        }
    }

    /// Liquidates a lane by its venue's action.
    fn liquidate(&mut self, lane: usize, program: &Program, ledger: &mut Ledger) {
        let mut walker = Walker::new(program, self.position[lane] as usize);
        walker.is_defaulted = self.is_defaulted[lane];
        let quantities = [self.collateral[lane], self.debt[lane]];
        let marks = self.marks.map(|of| of[lane]);
        let mut legs = legs(walker.rows, quantities, marks);
        let step = self.step[lane] - 1;
        let left = walker.liquidate(program, ledger, step, &mut legs);
        self.is_defaulted[lane] = true;
        self.is_over[lane] = left == Left::Over;
        for leg in &legs {
            if leg.kind == KIND_COLLATERAL {
                self.collateral[lane] = leg.quantity as u64;
                self.weighted[lane] = leg.weighted_quantity().into();
            } else {
                self.debt[lane] = leg.quantity as u64;
            }
        }
    }
}

impl GoneBy {
    fn leave(&self, program: &Program, ledger: &mut Ledger) {
        let mut walker = Walker::new(program, self.position as usize);
        walker.last_event = self.last_event;
        let mut legs = legs(walker.rows, self.quantities, self.marks);
        walker.leave(ledger, &mut legs);
    }
}

/// Does something for every lane that is set.
#[inline(always)]
fn for_each_lane(mut bits: u32, mut act: impl FnMut(usize)) {
    while bits != 0 {
        act(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// The legs of a pair, with quantities and marks of its collateral and of its debt.
fn legs(rows: &[LegRow], quantities: [u64; 2], marks: [u32; 2]) -> [LegState; 2] {
    [0, 1].map(|leg| {
        let side = usize::from(rows[leg].kind != KIND_COLLATERAL);
        rows[leg].state(quantities[side] as i32, marks[side])
    })
}
