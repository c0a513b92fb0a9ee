//! Maintenance margin in tiers: the least cash that keeps an account, at each of them.

use serde::Deserialize;
use shortfall::book::venue::Tier;

use super::marks::{Account, Perp};
use super::vectors::cases;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTier {
    floor: f64,
    mmr: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    tiers: Vec<WrittenTier>,
    notional: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    deductions: Vec<f64>,
    maintenance: Option<f64>,
}

impl Inputs {
    fn tiers(&self) -> Vec<Tier> {
        let tiers = self.tiers.iter();
        tiers.map(|tier| Tier { floor_usd: tier.floor, rate: tier.mmr }).collect()
    }

    /// A notional inside each tier, with the tier's rate.
    fn inside(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let floors = self.tiers.iter().map(|tier| tier.floor);
        let last = self.tiers.last().map(|tier| 2.0 * tier.floor);
        let ends = floors.skip(1).chain(last);
        self.tiers.iter().zip(ends).map(|(tier, end)| (0.5 * (tier.floor + end), tier.mmr))
    }

    /// An account whose only perpetual, at a price of 1, has that notional.
    fn account(&self, notional: f64) -> Account {
        let perps = vec![Perp { size: notional, entry: 1.0, price: 1.0, tiers: self.tiers() }];
        Account { cash: notional, perps, liquidatable_at_equality: false }
    }
}

/// Notional times rate less maintenance is the tier's deduction: at the opening, and after the
/// price rose to twice or 64 times as much, which is exact in the marks.
#[test]
fn margin_tiers_have_the_recorded_deductions() {
    for case in cases::<Inputs, Expected>("tiered_maintenance", 4) {
        let tiers = case.inputs.inside().zip(&case.expected.deductions);
        for ((notional, rate), expected) in tiers {
            let account = case.inputs.account(notional);
            for factor in [1.0, 2.0, 64.0] {
                let deduction = notional * rate - account.required_cash(factor);
                let bound = account.opened_at(0, 1.0 / factor).rounding_usd() * factor;
                case.agree("deduction", deduction, *expected, bound);
            }
        }
        if let (Some(notional), Some(expected)) = (case.inputs.notional, case.expected.maintenance)
        {
            let account = case.inputs.account(notional);
            let bound = account.rounding_usd();
            case.agree("maintenance", account.required_cash(1.0), expected, bound);
        }
    }
}
