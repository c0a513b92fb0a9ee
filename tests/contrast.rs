//! Do two programs walked side by side have the tallies that each has alone, section by section?

use std::ops::ControlFlow;
use std::path::Path;

use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Done, Plan, Progress, Side, contrast, run};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, load};
use shortfall::tail::Tally;
use shortfall::tail::stat::sectioning::N_SECTIONS;

fn program(name: &str) -> Program {
    let path = Path::new("scenarios").join(name).with_extension("toml");
    let scenario = load(&path, &Overrides { steps: Some(12), ..Overrides::default() });
    let scenario = scenario.unwrap_or_else(|faults| panic!("{faults}"));
    shortfall::engine::compile(&scenario).unwrap_or_else(|error| panic!("{error}"))
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
    let found = contrast(sides, paths, &mut Stop(stop), &mut take);
    let found = found.unwrap_or_else(|error| panic!("{error}"));
    (found, sections)
}

#[test]
fn each_side_has_the_tally_of_a_run_of_its_own_and_sections_add_up_to_it() {
    let programs = [program("spiral"), program("lending")];
    let [one, other] = &programs;
    for (n_paths, batch) in [(20, 64), (333, 7), (4_500, 4_096)] {
        let (found, sections) = contrasted([one, other], (n_paths, batch), u32::MAX);
        assert_eq!(sections.len() as u64, n_paths.min(N_SECTIONS));
        for (side, whole) in found.expect("a whole walk").iter().enumerate() {
            let plan = Plan { n_paths, batch: 512, materiality: 1 + side as i64 };
            let mut backend = Cpu::new(&programs[side], 7, 1);
            let alone = run(&programs[side], plan, &mut backend, &mut ());
            let alone = alone.unwrap_or_else(|error| panic!("{error}"));
            assert!(*whole == alone, "{n_paths} paths, batches of {batch}, side {side}");
            let mut merged = Tally::new(plan.materiality, alone.counters.shape());
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
