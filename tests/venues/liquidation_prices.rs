//! Prices at which perpetual accounts are liquidated, or have lost all.

use serde::Deserialize;
use shortfall::book::venue::Tier;

use super::marks::{Account, Perp, bisect, flat};
use super::vectors::{Case, cases};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    liquidation_price: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Long,
    Short,
}

impl Side {
    fn signed(&self, size: f64) -> f64 {
        match self {
            Self::Long => size,
            Self::Short => -size,
        }
    }
}

/// Both of the engine's checks find the case's price for perpetual `idx`; -1 stands for none.
fn compare<I, E>(case: &Case<I, E>, account: &Account, idx: usize, expected: f64) {
    let found = account.liquidation_prices(idx);
    case.hold("there is a liquidation price", found.is_some() == (expected > 0.0));
    let [at_opening, on_path] = found.map_or([None; 2], |found| found.map(Some));
    for (what, found) in [("price at opening", at_opening), ("price on a path", on_path)] {
        if let Some(found) = found {
            case.agree(what, found.price, expected, found.bound);
        }
    }
}

fn single(cash: f64, size: f64, entry: f64, tiers: Vec<Tier>) -> Account {
    let perps = vec![Perp { size, entry, price: entry, tiers }];
    Account { cash, perps, liquidatable_at_equality: false }
}

#[test]
fn a_dydx_account_is_liquidated_at_the_documented_price() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inputs {
        equity: f64,
        size: f64,
        price: f64,
        mmf: f64,
    }
    for case in cases::<Inputs, Price>("linear_liq_price_isolated", 1) {
        let Inputs { equity, size, price, mmf } = case.inputs;
        let account = single(equity, size, price, flat(mmf));
        compare(&case, &account, 0, case.expected.liquidation_price);
    }
}

/// The bankruptcy price is where closing begins to leave bad debt, which grows by the size from
/// there.
#[test]
fn a_dydx_account_is_bankrupt_at_the_documented_price() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inputs {
        equity_at_entry: f64,
        size: f64,
        entry: f64,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Expected {
        bankruptcy_price: f64,
    }
    for case in cases::<Inputs, Expected>("perp_bankruptcy_price", 1) {
        let Inputs { equity_at_entry, size, entry } = case.inputs;
        let account = single(equity_at_entry, size, entry, flat(0.0125));
        let loss_at = |price: f64| {
            let (program, story) = account.moved_to(0, price);
            program.usd(i128::from(story.outcome.realised))
        };
        let expected = case.expected.bankruptcy_price;
        let bound = account.rounding_usd() / size.abs() + entry / 16_777_216.0;
        let found = bisect(entry, 2.0 * entry, |price| loss_at(price) > 0.0);
        case.agree("bankruptcy price", found, expected, bound);
        let loss = loss_at(expected + 0.3 * entry);
        let bound_usd = 2.0 * bound * size.abs();
        case.agree("loss beyond it", loss, 0.3 * entry * size.abs(), bound_usd);
    }
}

/// The documents give the rate and `cum` of the tier that decides. Two tiers have them: the second
/// begins where the continuity of the margin asks for that `cum`, below all notionals of the cases.
fn binance_tiers(rate: f64, cum: f64) -> Vec<Tier> {
    let first = 0.4 * rate;
    let floor_usd = cum / (rate - first);
    vec![Tier { floor_usd: 0.0, rate: first }, Tier { floor_usd, rate }]
}

#[test]
fn binance_accounts_are_liquidated_at_the_documented_prices() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Other {
        size: f64,
        entry: f64,
        mark: f64,
        mmr: f64,
        cum: f64,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inputs {
        side: Side,
        wallet: f64,
        size: f64,
        entry: f64,
        mmr: f64,
        cum: f64,
        #[serde(default)]
        others: Vec<Other>,
    }
    for case in cases::<Inputs, Price>("binance_liq_price", 3) {
        let inputs = &case.inputs;
        let size = inputs.side.signed(inputs.size);
        let tiers = binance_tiers(inputs.mmr, inputs.cum);
        let mut account = single(inputs.wallet, size, inputs.entry, tiers);
        account.liquidatable_at_equality = true;
        account.perps.extend(inputs.others.iter().map(|other| Perp {
            size: other.size,
            entry: other.entry,
            price: other.mark,
            tiers: binance_tiers(other.mmr, other.cum),
        }));
        compare(&case, &account, 0, case.expected.liquidation_price);
    }
}

/// Maintenance is half of the initial margin at the largest leverage.
fn hyperliquid_tiers(max_leverage: f64) -> Vec<Tier> {
    flat(0.5 / max_leverage)
}

#[test]
fn hyperliquid_accounts_are_liquidated_at_the_recorded_prices() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inputs {
        side: Side,
        size: f64,
        entry: f64,
        isolated_margin: f64,
        max_leverage: f64,
    }
    for case in cases::<Inputs, Price>("hyperliquid_liq_price", 19) {
        let inputs = &case.inputs;
        let size = inputs.side.signed(inputs.size);
        let tiers = hyperliquid_tiers(inputs.max_leverage);
        let account = single(inputs.isolated_margin, size, inputs.entry, tiers);
        compare(&case, &account, 0, case.expected.liquidation_price);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrossPosition {
    #[serde(rename = "coin")]
    _coin: String,
    size: f64,
    price: f64,
    max_leverage: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrossInputs {
    positions: Vec<CrossPosition>,
    account_value: f64,
    total_maintenance: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrossExpected {
    maintenance: Option<f64>,
    available_after_maintenance: Option<f64>,
    liquidation_prices: Vec<f64>,
}

/// Where legs were cut from the record, the maintenance that they ask for is taken off the cash.
#[test]
fn hyperliquid_cross_accounts_are_liquidated_at_the_recorded_prices() {
    for case in cases::<CrossInputs, CrossExpected>("hyperliquid_cross", 3) {
        let inputs = &case.inputs;
        let perps = inputs.positions.iter().map(|position| Perp {
            size: position.size,
            entry: position.price,
            price: position.price,
            tiers: hyperliquid_tiers(position.max_leverage),
        });
        let cash = inputs.account_value;
        let perps: Vec<Perp> = perps.collect();
        let mut account = Account { cash, perps, liquidatable_at_equality: false };
        let maintenance = account.required_cash(1.0);
        let bound = account.rounding_usd();
        if let Some(expected) = case.expected.maintenance {
            case.agree("maintenance", maintenance, expected, bound);
        }
        let total = inputs.total_maintenance.unwrap_or(maintenance);
        if let Some(expected) = case.expected.available_after_maintenance {
            case.agree("available", inputs.account_value - total, expected, bound);
        }
        account.cash -= total - maintenance;
        for (idx, expected) in case.expected.liquidation_prices.iter().enumerate() {
            compare(&case, &account, idx, *expected);
        }
    }
}
