//! The parts of liquidation rules in WGSL: those that a program uses, and the switches over them.

use std::fmt::Write as _;

use super::words::declare;
use crate::book::action::{
    Action, FALL_BITS, MOST_CREDIT, PICK_ABSORB, PICK_AUCTION, PICK_LARGEST_PAIR, PICK_PRO_RATA,
    PICK_WHOLE, PRICE_BY_HEALTH,
};
use crate::program::Program;

/// How a kernel carries out a pick.
struct Pick {
    /// Its number in a program.
    word: u32,
    /// The constant that names it.
    name: &'static str,
    /// The function that runs an event.
    run: &'static str,
    /// The one that proposes a call of a size, where liquidators choose it.
    propose: Option<&'static str>,
    /// Both.
    text: &'static str,
    /// The pick that its functions go on with.
    goes_on: Option<u32>,
}

/// A row a row of [`crate::book::action::PICKS`].
const PICKS: &[Pick] = &[
    Pick {
        word: PICK_PRO_RATA,
        name: "PICK_PRO_RATA",
        run: "pro_rata",
        propose: Some("propose_pro_rata"),
        text: include_str!("../../../shaders/action/pro_rata.wgsl"),
        goes_on: None,
    },
    Pick {
        word: PICK_LARGEST_PAIR,
        name: "PICK_LARGEST_PAIR",
        run: "largest_legs",
        propose: Some("propose_call"),
        text: include_str!("../../../shaders/action/largest_legs.wgsl"),
        goes_on: None,
    },
    Pick {
        word: PICK_WHOLE,
        name: "PICK_WHOLE",
        run: "close_out",
        propose: None,
        text: include_str!("../../../shaders/action/close_out.wgsl"),
        goes_on: None,
    },
    Pick {
        word: PICK_ABSORB,
        name: "PICK_ABSORB",
        run: "absorb",
        propose: None,
        text: include_str!("../../../shaders/action/absorb.wgsl"),
        goes_on: Some(PICK_LARGEST_PAIR),
    },
    Pick {
        word: PICK_AUCTION,
        name: "PICK_AUCTION",
        run: "auction",
        propose: Some("propose_auction"),
        text: include_str!("../../../shaders/action/auction.wgsl"),
        goes_on: None,
    },
];

/// Appends the parts that the venues of a program use, and the switches over them: neither compile
/// time nor registers grow with what there is beside them.
pub(super) fn push(source: &mut String, program: &Program) {
    let uses = |of: &dyn Fn(&Action) -> bool| program.actions.iter().any(of);
    let by_health = uses(&|it| it.price == PRICE_BY_HEALTH);
    let _ = writeln!(source, "const HAS_PRICE_BY_HEALTH = {by_health};");
    let _ = writeln!(source, "const HAS_STATE = {};", uses(&Action::keeps_state));
    let _ = writeln!(source, "const HAS_AUCTION = {};", uses(&|it| it.pick == PICK_AUCTION));
    let _ = writeln!(source, "const HAS_TARGET = {};", uses(&|it| it.target_health > 0));
    let has_protocol = program.legs.iter().any(|leg| leg.protocol > 0);
    let _ = writeln!(source, "const HAS_PROTOCOL = {has_protocol};");
    let is_asked = |word| uses(&|it| it.pick == word);
    let is_used = |word| {
        let mut before = PICKS.iter().filter(|it| it.goes_on == Some(word));
        is_asked(word) || before.any(|it| is_asked(it.word))
    };
    let used = || PICKS.iter().filter(|pick| is_used(pick.word));
    declare(source, "MOST_CREDIT", MOST_CREDIT);
    declare(source, "FALL_BITS", FALL_BITS);
    for pick in PICKS {
        declare(source, pick.name, pick.word);
    }
    used().for_each(|pick| source.push_str(pick.text));
    source.push_str("fn action_run(action: Action, facts: AccountFacts) -> Event {\n");
    source.push_str("    switch (action.pick) {\n");
    for Pick { name, run, .. } in used() {
        let _ = writeln!(source, "        case {name}: {{ return {run}(action, facts); }}");
    }
    source.push_str("        default: { return event_none(); }\n    }\n}\n");
    source.push_str("fn propose(proposal: Proposal, size: u32) {\n");
    source.push_str("    switch (proposal.pick) {\n");
    for (name, propose) in used().filter_map(|it| Some((it.name, it.propose?))) {
        let _ = writeln!(source, "        case {name}: {{ {propose}(proposal, size); }}");
    }
    source.push_str("        default: {}\n    }\n}\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::action;

    #[test]
    fn every_pick_of_the_list_has_its_text_and_no_other() {
        let listed: Vec<u32> = action::PICKS.iter().map(|it| it.word).collect();
        let here: Vec<u32> = PICKS.iter().map(|it| it.word).collect();
        assert_eq!(listed, here);
        for pick in PICKS {
            let functions = [Some(pick.run), pick.propose].into_iter().flatten();
            for function in functions {
                assert!(pick.text.contains(&format!("fn {function}(")), "{function}");
            }
        }
    }

    #[test]
    fn a_kernel_has_the_parts_that_its_program_uses() {
        let mut program = Program::smallest();
        program.actions = vec![Action::new(PICK_PRO_RATA)];
        let mut source = String::new();
        push(&mut source, &program);
        assert!(source.contains("fn pro_rata(") && !source.contains("fn close_out("));
        assert!(source.contains("const HAS_PRICE_BY_HEALTH = false;"));
        program.actions = vec![Action::new(PICK_ABSORB)];
        source.clear();
        push(&mut source, &program);
        assert!(source.contains("fn absorb(") && source.contains("fn largest_legs("));
    }
}
