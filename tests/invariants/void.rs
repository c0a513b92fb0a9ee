//! Is a void path's first step and asset the one that left the formats?

use shortfall::book::LegKind;
use shortfall::book::venue::{Reference, Rule};
use shortfall::engine::void::{Beyond, first_beyond};
use shortfall::market::{Asset, Shock};
use shortfall::tail::SATURATED;
use shortfall::units::AssetId;

use crate::support;
use crate::support::twins::story_of;

/// What is found on the only path of a loan of asset 1 against asset 0, where asset 2 is not held;
/// prices jump by factors at the beginnings of hours.
fn found(jumps: &[(u32, f64, u32)], borrow_rate: f64) -> Option<(usize, usize)> {
    let mut assets = vec![support::still(1.0), support::still(1.0), support::still(1.0)];
    assets[1] = Asset { borrow_rate, ..support::still(1.0) };
    let mut market = support::market(assets);
    let shock = |&(asset, factor, hour): &(u32, f64, u32)| Shock {
        asset: AssetId(asset),
        change: factor - 1.0,
        at_years: f64::from(hour) * support::HOUR_YEARS,
        over_years: 0.0,
    };
    market.shocks = jumps.iter().map(shock).collect();
    let venues = vec![support::venue(
        Rule::Reference(Reference::default()),
        vec![support::terms(0.8, 0.05); 3],
    )];
    let legs = vec![support::leg(LegKind::Collateral, 0, 2.0), support::leg(LegKind::Debt, 1, 1.0)];
    let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
    scenario.run.n_steps = 12;
    let program = support::compiled(&scenario);
    let found = first_beyond(&program, 1, 0);
    let is_void = story_of(&program, 1, 0).outcome.flags & SATURATED != 0;
    assert_eq!(found.is_some(), is_void);
    found.map(|Beyond { step_idx, asset }| (step_idx, asset))
}

/// Marks that are eight octaves coarser hold 65,536 times the price at the opening.
#[test]
fn the_first_of_several_assets_in_the_first_of_several_steps_is_named() {
    assert_eq!(found(&[(0, 64_000.0, 3), (1, 64_000.0, 2)], 0.0), None);
    assert_eq!(found(&[(0, 65_600.0, 3)], 0.0), Some((3, 0)));
    assert_eq!(found(&[(0, 65_600.0, 9), (1, 65_600.0, 5)], 0.0), Some((5, 1)));
    assert_eq!(found(&[(0, 65_600.0, 5), (1, 65_600.0, 5)], 0.0), Some((5, 0)));
    // It comes back, and the path stays void.
    assert_eq!(found(&[(1, 65_600.0, 5), (1, 1.0 / 65_600.0, 6)], 0.0), Some((5, 1)));
}

/// Interest grows a debt by 1 % an hour: 64,000 x 1.01^3 is 65,939, from the third hour on.
#[test]
fn interest_counts() {
    let rate = 8760.0 * libm::log(1.01);
    assert_eq!(found(&[(1, 64_000.0, 0)], rate), Some((2, 1)));
    assert_eq!(found(&[(0, 64_000.0, 0)], rate), None);
}

/// The clamp is at 64 octaves, of any asset.
#[test]
fn a_log_price_at_its_clamp_counts_of_an_asset_that_is_not_held_too() {
    let rise = libm::exp2(30.0);
    assert_eq!(found(&[(2, rise, 1), (2, rise, 2)], 0.0), None);
    assert_eq!(found(&[(2, rise, 1), (2, rise, 2), (2, rise, 7)], 0.0), Some((7, 2)));
    let fall = 1.0 / rise;
    assert_eq!(found(&[(2, fall, 1), (2, fall, 2), (2, fall, 7)], 0.0), Some((7, 2)));
}
