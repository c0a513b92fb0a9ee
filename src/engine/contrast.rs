//! The same paths under two programs, section by section: what the differences of their figures and
//! the intervals of these are made of.

use std::ops::Range;

use super::backend::{Backend, EngineError};
use super::cpu::path::shape;
use super::run::{Blocks, Done, Progress};
use crate::program::Program;
use crate::tail::stat::sectioning::{N_SECTIONS, start_of};
use crate::tail::{Counters, Outcome, Tally};

/// One of two programs.
pub struct Side<'a, 'b> {
    /// The program.
    pub program: &'a Program,
    /// Where it runs.
    pub backend: &'b mut dyn Backend,
    /// A path with at least this loss, in its money, counts as one with bad debt.
    pub materiality: i64,
}

/// Walks paths `0..n_paths` under both programs, a batch at a time, and hands on the tallies of each
/// section, which have no digests. Returns those of all paths; `None` if `progress` breaks, which
/// watches the first program's.
///
/// # Errors
///
/// If a backend fails.
pub fn contrast(
    sides: [Side<'_, '_>; 2],
    (n_paths, batch): (u64, u64),
    progress: &mut dyn Progress,
    take: &mut dyn FnMut([&Tally; 2]),
) -> Result<Option<[Tally; 2]>, EngineError> {
    let mut walks = sides.map(Walk::begin);
    for section_idx in 0..N_SECTIONS {
        let section = start_of(section_idx, n_paths)..start_of(section_idx + 1, n_paths);
        if section.is_empty() {
            continue;
        }
        for walk in &mut walks {
            walk.begin_section(section.end);
        }
        let mut start = section.start;
        while start < section.end {
            let end = (start + batch).min(section.end);
            for walk in &mut walks {
                walk.walk(start..end)?;
            }
            start = end;
            if progress.done(Done { before: None, now: &walks[0].whole }).is_break() {
                return Ok(None);
            }
        }
        for walk in &mut walks {
            walk.whole.absorb_counters(&walk.section.counters);
        }
        take([&walks[0].section, &walks[1].section]);
    }
    Ok(Some(walks.map(Walk::finish)))
}

/// One side under way.
struct Walk<'a, 'b> {
    side: Side<'a, 'b>,
    whole: Tally,
    section: Tally,
    blocks: Blocks,
    outcomes: Vec<Outcome>,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn begin(side: Side<'a, 'b>) -> Self {
        let none = Tally::new(side.materiality, shape(side.program));
        let blocks = Blocks::from(0);
        Self { side, section: none.clone(), whole: none, blocks, outcomes: Vec::new() }
    }

    /// Nothing is begun beyond the section, so its batches are as a backend expects them.
    fn begin_section(&mut self, end: u64) {
        self.section = Tally::new(self.side.materiality, shape(self.side.program));
        self.side.backend.expect(end);
    }

    fn walk(&mut self, paths: Range<u64>) -> Result<(), EngineError> {
        let start = paths.start;
        self.outcomes.resize((paths.end - start) as usize, Outcome::default());
        let counters: &mut Counters = &mut self.section.counters;
        self.side.backend.run(paths, &mut self.outcomes, counters)?;
        self.section.absorb_paths(start, &self.outcomes);
        self.blocks.absorb(&self.outcomes, &mut self.whole);
        Ok(())
    }

    fn finish(mut self) -> Tally {
        self.blocks.finish(&mut self.whole);
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::engine::cpu::Cpu;
    use crate::engine::{Plan, run};
    use crate::scenario::{Overrides, load};

    fn program(name: &str) -> Program {
        let path = std::path::Path::new("scenarios").join(name).with_extension("toml");
        let scenario = load(&path, &Overrides { steps: Some(12), ..Overrides::default() });
        Program::compile(&scenario.unwrap_or_else(|faults| panic!("{faults}"))).unwrap()
    }

    /// Watches, and stops after so many calls.
    struct Stop(u32);

    impl Progress for Stop {
        fn done(&mut self, _: Done<'_>) -> ControlFlow<()> {
            self.0 -= 1;
            if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }

    type Walked = (Option<[Tally; 2]>, Vec<[Tally; 2]>);

    fn contrasted(programs: [&Program; 2], paths: (u64, u64), stop: u32) -> Walked {
        let mut backends = programs.map(|program| Cpu::new(program, 7, 2));
        let [one, other] = &mut backends;
        let sides = [
            Side { program: programs[0], backend: one, materiality: 1 },
            Side { program: programs[1], backend: other, materiality: 2 },
        ];
        let mut sections = Vec::new();
        let mut take = |tallies: [&Tally; 2]| sections.push(tallies.map(Tally::clone));
        let found = contrast(sides, paths, &mut Stop(stop), &mut take).unwrap();
        (found, sections)
    }

    #[test]
    fn each_side_has_the_tally_of_a_run_of_its_own_and_sections_add_up_to_it() {
        let programs = [program("spiral"), program("lending")];
        let [one, other] = &programs;
        for (n_paths, batch) in [(20, 64), (333, 7), (4_500, 4_096)] {
            let (found, sections) = contrasted([one, other], (n_paths, batch), u32::MAX);
            assert_eq!(sections.len() as u64, n_paths.min(N_SECTIONS));
            for (side, whole) in found.unwrap().iter().enumerate() {
                let plan = Plan { n_paths, batch: 512, materiality: 1 + side as i64 };
                let mut backend = Cpu::new(&programs[side], 7, 1);
                let alone = run(&programs[side], plan, &mut backend, &mut ()).unwrap();
                assert!(*whole == alone, "{n_paths} paths, batches of {batch}, side {side}");
                let mut merged = Tally::new(1 + side as i64, shape(&programs[side]));
                sections.iter().for_each(|section| merged.merge(section[side].clone()));
                assert_eq!(merged.sums, alone.sums);
                assert_eq!(merged.tally_digest(), alone.tally_digest());
            }
        }
    }

    #[test]
    fn a_walk_that_is_broken_has_no_result() {
        let spiral = program("spiral");
        let (found, sections) = contrasted([&spiral, &spiral], (64, 64), 3);
        assert!(found.is_none());
        assert_eq!(sections.len(), 2);
    }
}
