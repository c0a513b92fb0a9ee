//! A book ten times as large loses ten times as much: money has no scale of its own.

use proptest::prelude::*;
use shortfall::book::venue::Rule;
use shortfall::engine::Backend;
use shortfall::engine::cpu::Cpu;
use shortfall::engine::reference::explain;
use shortfall::engine::shape::shape;
use shortfall::engine::story::ToldEvent;
use shortfall::program::Program;
use shortfall::tail::{Counters, Outcome};

use super::breaches::{Position, events_of, marks_of};
use super::events::UNITS_A_CALL;
use crate::support::drawn::{ORDINARY, any_scenario, compiled, scaled, scenario};

const SEED: u64 = 14;

fn outcomes(program: &Program) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::default(); 20];
    let mut counters = Counters::new(shape(program));
    Cpu::new(program, SEED, 1).run(0..20, &mut outcomes, &mut counters).expect("threads");
    outcomes
}

/// Whether a path goes apart in two programs where a position is at its threshold, but for units
/// that rounding has taken from its legs: one call more, or an event more, in one of them.
fn part_at_a_threshold(programs: [&Program; 2], path: u64) -> bool {
    let stories = programs.map(|program| explain(program, SEED, path));
    let marks = marks_of(programs[0], &stories[0]);
    (0..programs[0].positions.len()).any(|idx| {
        let events = stories.each_ref().map(|story| events_of(story, idx).collect::<Vec<_>>());
        let what = |told: &ToldEvent| (told.when.step, told.event.n_calls);
        let both = events[0].iter().zip(&events[1]);
        let n_same = both.take_while(|(a, b)| what(a) == what(b)).count();
        let next = events.each_ref().map(|it| it.get(n_same).map(|told| what(told)));
        let never = (usize::MAX, 0);
        let [a, b] = next.map(|it| it.unwrap_or(never));
        if a == b {
            return false;
        }
        // Of the one that does less: where it stands before the other's event, or after its own.
        let step = a.0.min(b.0);
        let less = usize::from(if a.0 == b.0 { b.1 < a.1 } else { b.0 > a.0 });
        let n_done = n_same + usize::from(a.0 == b.0);
        let mut position = Position::at_opening(programs[less], idx);
        if let Some(last) = n_done.checked_sub(1) {
            position.legs.clone_from(&events[less][last].legs);
        }
        position.set_marks(&marks, step);
        let n_calls: u32 = events[less][..n_done].iter().map(|told| told.event.n_calls).sum();
        let sum_of_marks: i128 = position.legs.iter().map(|leg| i128::from(leg.mark)).sum();
        position.margin().abs() <= UNITS_A_CALL * i128::from(1 + n_calls) * sum_of_marks
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The quantum of money and the units of positions move by the same power of two.
    #[test]
    fn a_power_of_two_scales_every_loss_exactly(scenario in any_scenario(), power in -8..8_i32) {
        let scaled = scaled(&scenario, libm::exp2(f64::from(power)));
        let (small, large) = (compiled(&scenario)?, compiled(&scaled)?);
        prop_assert_eq!(small.money_log2 + power, large.money_log2);
        prop_assert_eq!(outcomes(&small), outcomes(&large));
    }

    /// Every leg is rounded to its position's unit, 2^-30 of its gross or finer, and a mark may be
    /// 256, or more by the octaves by which it is coarser. Aave's dust rule is left out: it leaves
    /// legs at exactly the least value, and which of two equal legs is taken next is then a matter
    /// of rounding. So is whether a position is breached that stands at its threshold but for that.
    #[test]
    fn a_factor_of_three_scales_every_loss_within_rounding(drawn in scenario(ORDINARY)) {
        let mut scenario = drawn;
        for venue in &mut scenario.venues {
            if let Rule::AaveV3(rule) = &mut venue.rule {
                (rule.small_usd, rule.dust_usd) = (0.0, 0.0);
            }
        }
        let (small, large) = (compiled(&scenario)?, compiled(&scaled(&scenario, 3.0))?);
        let book = scenario.book.legs.iter();
        let gross: f64 = book.map(|leg| {
            leg.amount.abs() * scenario.market.assets[leg.asset.idx()].price_usd
        }).sum();
        let n_assets = scenario.market.assets.len();
        let coarser = (0..n_assets).map(|asset| small.market.octaves.of(asset)).max().unwrap_or(0);
        let tolerance = libm::ldexp(1e-6 * gross, coarser as i32);
        for (path, (one, three)) in (0..).zip(outcomes(&small).iter().zip(outcomes(&large))) {
            let expected = 3.0 * small.usd(i128::from(one.loss()));
            let found = large.usd(i128::from(three.loss()));
            let is_close = (found - expected).abs() <= tolerance;
            prop_assert!(
                is_close || part_at_a_threshold([&small, &large], path),
                "path {path}: {found} is not {expected}"
            );
        }
    }
}
