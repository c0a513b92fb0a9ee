//! Do random books in random markets come to every end?

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::TestRunner;
use shortfall::engine::void::first_beyond;
use shortfall::tail::{SATURATED, SMALL_MARK};

use crate::support::drawn::{
    AAVE, COMET, COMPOUND, EULER, MAKER, MORPHO, PERPETUAL, REFERENCE, any_scenario,
};
use crate::support::twins::story_of;

/// What drawn scenarios came to, so that no property holds for want of cases.
#[derive(Debug, Default)]
struct Reached {
    n_events: [u32; 8],
    n_written_off: [u32; 8],
    n_stranded: [u32; 8],
    n_under_water: [u32; 8],
    n_idle: u32,
    n_saturated: u32,
    n_small: u32,
}

#[test]
fn drawn_scenarios_come_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut reached = Reached::default();
    for _ in 0..700 {
        let drawn = any_scenario().new_tree(&mut runner).expect("a scenario").current();
        let Ok(program) = shortfall::engine::compile(&drawn) else { continue };
        for path in 0..8 {
            let story = story_of(&program, 10, path);
            reached.n_idle += u32::from(story.events.is_empty());
            reached.n_saturated += u32::from(story.outcome.flags & SATURATED != 0);
            let beyond = first_beyond(&program, 10, path);
            let is_void = story.outcome.flags & SATURATED != 0;
            assert_eq!(beyond.is_some(), is_void, "path {path} of {drawn:?}");
            reached.n_small += u32::from(story.outcome.flags & SMALL_MARK != 0);
            let venue_of = |position: usize| drawn.book.positions[position].venue.idx();
            for told in &story.events {
                let venue = venue_of(told.position);
                reached.n_events[venue] += 1;
                reached.n_written_off[venue] += u32::from(told.event.written_off > 0);
            }
            for left in &story.left_over {
                let venue = venue_of(left.position);
                reached.n_stranded[venue] += u32::from(left.stranded > 0);
                reached.n_under_water[venue] += u32::from(left.under_water > 0);
            }
        }
    }
    let is_common = |count: &u32| *count >= 20;
    assert!(reached.n_events.iter().all(is_common), "{reached:?}");
    for venue in [AAVE, MORPHO, PERPETUAL, EULER, COMET, MAKER] {
        assert!(is_common(&reached.n_written_off[venue as usize]), "{reached:?}");
    }
    for venue in [REFERENCE, COMPOUND, EULER] {
        assert!(is_common(&reached.n_stranded[venue as usize]), "{reached:?}");
    }
    assert!(is_common(&reached.n_under_water[REFERENCE as usize]), "{reached:?}");
    let flags = [reached.n_idle, reached.n_saturated, reached.n_small];
    assert!(flags.iter().all(is_common), "{reached:?}");
}
