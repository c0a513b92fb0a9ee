//! A book ten times as large loses ten times as much: money has no scale of its own.

use proptest::prelude::*;
use shortfall::book::venue::Rule;
use shortfall::engine::Backend;
use shortfall::engine::cpu::Cpu;
use shortfall::engine::shape::shape;
use shortfall::program::Program;
use shortfall::tail::{Counters, Outcome};

use crate::support::drawn::{ORDINARY, any_scenario, compiled, scaled, scenario};

fn outcomes(program: &Program) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::default(); 20];
    let mut counters = Counters::new(shape(program));
    Cpu::new(program, 14, 1).run(0..20, &mut outcomes, &mut counters).expect("threads");
    outcomes
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
    /// of rounding.
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
        for (one, three) in outcomes(&small).iter().zip(outcomes(&large)) {
            let expected = 3.0 * small.usd(i128::from(one.loss()));
            let found = large.usd(i128::from(three.loss()));
            prop_assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
        }
    }
}
