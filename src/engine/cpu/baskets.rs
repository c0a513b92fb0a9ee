//! Positions of several legs in a few instruments, whose venue takes pro rata: lanes are
//! instruments, so that a breach is looked for and liquidated in a few instructions, however many
//! legs there are.

use super::filter::Filter;
use super::ledger::Ledger;
use super::marks::Marks;
use super::walk::Walker;
use crate::book::account::KIND_COLLATERAL;
use crate::book::action::{BASKET, Basket};
use crate::engine::scan::basket_row::BasketRow;
use crate::lanes::Lanes;
use crate::program::Program;

impl BasketRow {
    /// Walks it from breach to breach.
    pub(super) fn walk(
        &self,
        program: &Program,
        lanes: Lanes,
        marks: &mut Marks,
        ledger: &mut Ledger,
    ) {
        self.instruments.iter().for_each(|it| marks.need(*it));
        let marks = &*marks;
        lanes.run(
            #[inline(always)]
            || self.steps(program, marks, ledger),
        );
    }

    #[inline(always)]
    fn steps(&self, program: &Program, marks: &Marks, ledger: &mut Ledger) {
        let mut basket = self.opening;
        let rows = self.instruments.map(|it| marks.of(it));
        let mut net = basket.coefficients();
        // What is held and what is owed shrink apart from each other, so that their difference may
        // grow, but not beyond their sum.
        let mut most = [0.0; BASKET];
        for (idx, most) in most.iter_mut().enumerate() {
            *most = (basket.collateral[idx] + basket.debt[idx]) as f32;
        }
        let floats = |net: [i32; BASKET]| net.map(|it| it as f32);
        let n_steps = marks.n_steps();
        let mut filter = Filter::new(marks, self.constant, self.instruments, floats(net), most);
        let mut next = 0;
        let mut last_event = None;
        loop {
            let found = filter.first(
                next,
                n_steps,
                #[inline(always)]
                |step| self.surplus(&net, rows.map(|row| row[step])) < 0,
            );
            let Some(step) = found else { break };
            let at = rows.map(|row| row[step]);
            if last_event.is_none() {
                let exposure = basket.debt_at(at) >> self.money_shift;
                ledger.count_default(self.position as usize, exposure);
            }
            last_event = Some(step);
            if let Some(repaid) = basket.take_pro_rata(at) {
                ledger.count_repaid(step, (repaid >> self.money_shift) as i64);
                net = basket.coefficients();
                filter.set(floats(net));
            }
            if basket.is_over() {
                break;
            }
            next = step + 1;
        }
        if let Some(last_event) = last_event {
            self.leave(program, &basket, last_event, rows.map(|row| row[n_steps - 1]), ledger);
        }
    }

    #[inline(always)]
    fn surplus(&self, net: &[i32; BASKET], marks: [u32; BASKET]) -> i64 {
        let products = net.iter().zip(marks).map(|(net, mark)| i64::from(*net) * i64::from(mark));
        self.constant + products.sum::<i64>()
    }

    /// The horizon: what is owed and cannot be repaid.
    #[inline]
    fn leave(
        &self,
        program: &Program,
        basket: &Basket,
        last_event: usize,
        marks: [u32; BASKET],
        ledger: &mut Ledger,
    ) {
        if basket.collateral_at(marks) >= basket.debt_at(marks) {
            return;
        }
        let mut walker = Walker::new(program, self.position as usize);
        walker.last_event = last_event;
        let mut legs = Vec::new();
        for row in walker.rows {
            let slot = self.instruments.iter().position(|it| *it == row.instrument).unwrap_or(0);
            let units = if row.kind == KIND_COLLATERAL { basket.collateral } else { basket.debt };
            legs.push(row.state(units[slot] as i32, marks[slot]));
        }
        walker.leave(ledger, &mut legs);
    }
}
