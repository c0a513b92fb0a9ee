//! Values that a run directory holds: whether a plan, facts and parts that were read are ones that
//! a run can have. Seals say that bytes are as they were written, not who wrote them.

use std::ops::Range;

use super::error::{Damage, holds};
use super::layout;
use super::plan::Subject;
use super::results::Counted;
use crate::engine::Part;
use crate::program::liquidity::NONE;
use crate::program::{OpeningFigures, Program};
use crate::report::{AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, OpeningFacts};
use crate::tail::Tally;

/// The most levels of a run.
const MOST_LEVELS: usize = 16;

/// Whether a subject's facts are those of its program and plan, which belong together: all but
/// names, notes, levels and the materiality follow from it.
pub(super) fn check_facts(subject: &Subject) -> Result<(), Damage> {
    let Subject { program, facts, plan } = subject;
    let n_assets = program.market.n_assets;
    if facts.assets.len() != n_assets {
        let found = facts.assets.len();
        return Err(Damage::OtherProgram { what: "assets", found, expected: n_assets });
    }
    holds(facts.seed == plan.seed, "seed", "it is that of the plan")?;
    let is_money = facts.quantum_log2 == program.money_log2;
    holds(is_money, "quantum_log2", "it is that of the program")?;
    let is_rounding = facts.rounding == program.rounding_bound();
    holds(is_rounding, "rounding", "it is that of the program")?;
    let is_step = facts.step_hours > 0.0 && facts.step_hours.is_finite();
    holds(is_step, "step_hours", "it is above 0")?;
    let is_level = |level: &f64| *level > 0.0 && *level < 1.0;
    let are_levels =
        (1..=MOST_LEVELS).contains(&facts.levels.len()) && facts.levels.iter().all(is_level);
    holds(are_levels, "levels", "there are 1 to 16, each above 0 and below 1")?;
    let is_usd = (0.0..=1e15).contains(&facts.materiality_usd);
    holds(is_usd, "materiality_usd", "it is between 0 and 1e15")?;
    let mut positions = facts.positions.iter().zip(&program.positions).enumerate();
    let are_positions = positions.all(|(idx, (label, row))| {
        label.venue.0 == row.action && label.is_bare == program.is_bare(idx)
    });
    holds(are_positions, "positions", "venues, and what is bare, are those of the program")?;
    let mut pools = facts.pools.iter().zip(&program.pools);
    let are_pools = pools.all(|(label, (venue, asset))| {
        label.venue == *venue && label.debt_asset == facts.assets[asset.idx()]
    });
    holds(are_pools, "pools", "venues and assets are those of the program")?;
    let is_coupled = facts.coupling == coupling(program);
    holds(is_coupled, "coupling", "it is that of the program")?;
    check_opening(program, facts)
}

/// What couples positions, as the program has it.
fn coupling(program: &Program) -> Option<CouplingFacts> {
    let liquidity = program.liquidity.as_ref()?;
    let has_depth = liquidity.assets.iter().any(|row| row.curve != NONE);
    let timing = match liquidity.terms.rounds {
        0 => FeedbackTiming::NextStep,
        _ => FeedbackTiming::SameStep,
    };
    let funds = (0..).zip(&liquidity.funds).map(|(venue, fund)| crate::report::FundFacts {
        venue: crate::units::VenueId(venue),
        initial_usd: program.usd(fund.initial().into()),
        fee: libm::ldexp(f64::from(fund.fee), -31),
    });
    Some(CouplingFacts { feedback: has_depth.then_some(timing), funds: funds.collect() })
}

fn check_opening(program: &Program, facts: &Facts) -> Result<(), Damage> {
    let OpeningFigures { n, liquidated, n_bare, debt, repaid, bad_debt, largest } = program.opening;
    let OpeningFacts { debt_usd, repaid_usd, bad_debt_usd, .. } = facts.opening;
    let told = &facts.opening;
    let is_same = (told.n, told.liquidated, told.n_bare) == (n, liquidated, n_bare)
        && [debt_usd, repaid_usd, bad_debt_usd]
            == [debt, repaid, bad_debt].map(|it| program.usd(it));
    holds(is_same, "opening", "it is that of the program")?;
    let is_largest = match (&told.largest, largest) {
        (None, None) => true,
        (Some(told), Some((idx, money))) => {
            let label = &facts.positions[idx as usize];
            let of = if bad_debt > 0 { AmountAtOpening::BadDebt } else { AmountAtOpening::Debt };
            told.position == label.position
                && told.venue == facts.venue(label.venue)
                && (told.of, told.usd) == (of, program.usd(money))
        }
        _ => false,
    };
    holds(is_largest, "opening.largest", "it is that of the program")
}

/// Checks that a part is what its record says, of this run, can be merged, and is what its blocks
/// add up to.
pub(super) fn check_part(subject: &Subject, paths: &Range<u64>, part: &Part) -> Result<(), Damage> {
    if part.paths != *paths {
        return Err(Damage::Paths { start: paths.start, end: paths.end });
    }
    part.tally.check(paths)?;
    if !is_part_of(subject, paths, part) {
        return Err(Damage::Paths { start: paths.start, end: paths.end });
    }
    part.tally.agree()?;
    part.paired.map_or(Ok(()), |paired| Ok(paired.check(&part.tally.sums)?))
}

/// Whether a part whose tally was checked has the blocks and the shape of this run.
fn is_part_of(subject: &Subject, paths: &Range<u64>, part: &Part) -> bool {
    let none = Counted::none(subject);
    let shape = none.tally.counters.shape();
    let windows = |tally: &Tally| tally.batches.as_ref().map(|it| it.windows);
    paths.end <= layout::paths(subject.plan.n_paths, None).end
        && part.tally.materiality == none.tally.materiality
        && part.tally.worst.n_kept() == none.tally.worst.n_kept()
        && part.tally.is_of(paths, shape)
        && windows(&part.tally) == windows(&none.tally)
        && part.paired.is_some() == none.paired.is_some()
}
