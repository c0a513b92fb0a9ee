//! Is a program that was read from a file one that a backend can walk? Every index in its bounds,
//! every array of its length, every number one that a compiled program may have.
//!
//! A compiled program is so by construction, and its digest says that it is the one that was
//! compiled. This stands between a file of unknown origin and arrays without bounds checks
//! on a device, shifts and divisions that are taken for granted, and sums that are not to overflow.

mod book;
mod liquidity;
mod market;

use super::Program;
use crate::sound::{between, holds, index, length, length_or_none};

pub use crate::sound::Unsound;

impl Program {
    /// Checks what a backend takes for granted.
    ///
    /// # Errors
    ///
    /// The first number, index or length that no compiled program has.
    pub fn check(&self) -> Result<(), Unsound> {
        market::check(&self.market)?;
        book::check(self)?;
        self.liquidity.as_ref().map_or(Ok(()), |it| liquidity::check(self, it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::action::Action;
    use crate::scenario::Scenario;
    use crate::units::{AssetId, VenueId};

    fn smallest() -> Program {
        Program::compile(&Scenario::smallest()).unwrap()
    }

    #[test]
    fn what_was_compiled_is_sound() {
        assert_eq!(smallest().check(), Ok(()));
    }

    #[test]
    fn an_array_of_another_length_and_an_index_beyond_its_array_are_named() {
        let mut program = smallest();
        program.market.states[0].drift.push(0);
        let told = program.check().unwrap_err().to_string();
        assert_eq!(told, "drift has 2 entries, not 1");
        let mut program = smallest();
        program.pools.push((VenueId(0), AssetId(0)));
        let told = program.check().unwrap_err().to_string();
        assert_eq!(told, "pools.venue is 0, not below 0");
        let mut program = smallest();
        program.market.states[0].diffusion.loadings.push(0);
        assert_eq!(program.check(), Ok(()));
        program.market.states[0].diffusion.factor.push(0);
        let told = program.check().unwrap_err().to_string();
        assert_eq!(told, "diffusion.factor has 2 entries, not 1");
        let mut program = smallest();
        program.market.n_steps = 0;
        assert!(program.check().is_err());
    }

    /// Each of these made a walk panic, or never end.
    #[test]
    fn what_no_compiled_program_has_is_named() {
        type Change = (fn(&mut Program), &'static str);
        let changes: &[Change] = &[
            (|it| it.market.states[0].diffusion.shifts[0] = 32, "diffusion.shift is 32"),
            (
                |it| {
                    (
                        it.market.states[0].diffusion.factor[0],
                        it.market.states[0].diffusion.shifts[0],
                    ) = (i32::MIN, 0)
                },
                "the largest move of a step is",
            ),
            (|it| it.market.states[0].drift[0] = i64::MIN, "the largest move of a step is"),
            (|it| it.market.worst_bias = f64::NAN, "worst_bias"),
            (|it| it.market.replay.n_rows = 1 << 63, "replay: without assets it is empty"),
            (|it| it.market.zeros.rows.push(1), "zeros.rows has 1 entries"),
            (|it| it.market.shocks.n_steps = 9, "shocks.n_steps has 9 entries"),
            (
                |it| it.market.states[0].common_jumps.clock.thresholds = vec![9, 1],
                "they do not fall",
            ),
            (|it| it.money_log2 = i32::MIN, "money_log2 is"),
            (|it| it.actions.push(Action::new(5)), "actions.pick is 5"),
            (
                |it| it.actions.push(Action { close_factor: u32::MAX, ..Action::new(0) }),
                "actions.close_factor is 4294967295",
            ),
            (
                |it| it.actions.push(Action { calls_per_step: u32::MAX, ..Action::new(1) }),
                "actions.calls_per_step is 4294967295, not between 1 and 64",
            ),
            (
                |it| it.actions.push(Action { dust: [0, 1 << 31], ..Action::new(1) }),
                "actions.dust is -9223372036854775808",
            ),
            (|it| it.opening.n = 1, "opening.n is 1"),
        ];
        for (change, expected) in changes {
            let mut program = smallest();
            change(&mut program);
            let found = program.check().map_err(|error| error.to_string());
            assert!(found.as_ref().is_err_and(|it| it.contains(expected)), "{expected}: {found:?}");
        }
    }

    #[test]
    fn a_path_that_no_thread_has_room_for_is_not_compiled() {
        let mut scenario = Scenario::smallest();
        scenario.run.n_steps = 1 << 25;
        assert!(Program::compile(&scenario).is_ok());
        scenario.run.n_steps += 1;
        let error = Program::compile(&scenario).unwrap_err().to_string();
        assert!(error.starts_with("1 assets and factors over 33554433 steps are above"), "{error}");
    }
}
