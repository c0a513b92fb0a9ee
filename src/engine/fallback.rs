//! A backend that outlives its device: a batch that fails is run again on a rebuilt device, then on
//! the CPU. Paths follow from their index, so running one again changes nothing.

use std::ops::Range;

use super::backend::{Backend, EngineError};
use crate::tail::{Counters, Outcome};

/// Makes a backend anew.
pub type Rebuild<'a> = Box<dyn FnMut() -> Result<Box<dyn Backend + 'a>, EngineError> + 'a>;

/// A first choice and what takes over from it.
pub struct Fallback<'a> {
    current: Box<dyn Backend + 'a>,
    rebuild: Rebuild<'a>,
    last_resort: Option<Box<dyn Backend + 'a>>,
    end: u64,
    told: Vec<String>,
}

impl<'a> Fallback<'a> {
    /// Runs on `first`, made again by `rebuild` when it fails, on `last_resort` when that fails, or
    /// when there was no first.
    #[must_use]
    pub fn new(
        first: Result<Box<dyn Backend + 'a>, EngineError>,
        rebuild: Rebuild<'a>,
        last_resort: Box<dyn Backend + 'a>,
    ) -> Self {
        match first {
            Ok(current) => {
                let last_resort = Some(last_resort);
                Self { current, rebuild, last_resort, end: 0, told: Vec::new() }
            }
            Err(error) => {
                let told =
                    vec![format!("{error}: all paths are run on the {}", last_resort.name())];
                Self { current: last_resort, rebuild, last_resort: None, end: 0, told }
            }
        }
    }
}

impl Backend for Fallback<'_> {
    fn name(&self) -> &'static str {
        self.current.name()
    }

    fn adapter(&self) -> Option<&str> {
        self.current.adapter()
    }

    fn fallbacks(&self) -> &[String] {
        &self.told
    }

    fn expect(&mut self, end: u64) {
        self.end = end;
        self.current.expect(end);
    }

    fn run(
        &mut self,
        paths: Range<u64>,
        outcomes: &mut [Outcome],
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        let Err(first) = self.current.run(paths.clone(), outcomes, counters) else {
            return Ok(());
        };
        let (start, end) = (paths.start, paths.end);
        if self.last_resort.is_none() {
            return Err(first);
        }
        self.told.push(format!("{first}: paths {start}..{end} are run again on a rebuilt device"));
        let again = (self.rebuild)().and_then(|mut rebuilt| {
            rebuilt.expect(self.end);
            rebuilt.run(paths.clone(), outcomes, counters)?;
            self.current = rebuilt;
            Ok(())
        });
        let (Err(second), Some(last_resort)) = (again, self.last_resort.take()) else {
            return Ok(());
        };
        let name = last_resort.name();
        self.told.push(format!("{second}: paths from {start} on are run on the {name}"));
        self.current = last_resort;
        self.current.run(paths, outcomes, counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::Shape;

    /// Fails so many times, writing rubbish, before it works.
    struct Flaky(u32);

    impl Backend for Flaky {
        fn name(&self) -> &'static str {
            "flaky"
        }

        fn run(
            &mut self,
            paths: Range<u64>,
            outcomes: &mut [Outcome],
            _: &mut Counters,
        ) -> Result<(), EngineError> {
            let fails = self.0 > 0;
            self.0 = self.0.saturating_sub(1);
            for (path, outcome) in paths.zip(outcomes) {
                outcome.realised = if fails { -1 } else { path as i64 };
            }
            if fails { Err(EngineError::NoDevice) } else { Ok(()) }
        }
    }

    fn outcomes_of(first: u32, rebuilt: u32) -> (Vec<i64>, usize) {
        let rebuild = Box::new(move || Ok(Box::new(Flaky(rebuilt)) as Box<dyn Backend>));
        let mut backend = Fallback::new(Ok(Box::new(Flaky(first))), rebuild, Box::new(Flaky(0)));
        let mut outcomes = vec![Outcome::default(); 4];
        let mut counters =
            Counters::new(Shape { n_positions: 0, n_steps: 0, n_pools: 0, n_funds: None });
        backend.run(5..9, &mut outcomes, &mut counters).unwrap();
        (outcomes.iter().map(|it| it.realised).collect(), backend.fallbacks().len())
    }

    #[test]
    fn a_batch_that_fails_is_run_again_and_every_turn_is_told() {
        assert_eq!(outcomes_of(0, 0), (vec![5, 6, 7, 8], 0));
        assert_eq!(outcomes_of(1, 0), (vec![5, 6, 7, 8], 1));
        assert_eq!(outcomes_of(1, 9), (vec![5, 6, 7, 8], 2));
    }

    #[test]
    fn a_device_that_cannot_be_opened_is_told_and_done_without() {
        let rebuild = Box::new(|| Err(EngineError::NoDevice));
        let backend = Fallback::new(Err(EngineError::NoDevice), rebuild, Box::new(Flaky(0)));
        assert_eq!((backend.name(), backend.fallbacks().len()), ("flaky", 1));
    }
}
