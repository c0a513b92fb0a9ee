//! A market and a book made in code, so that a bench measures the engine and not a file.
//!
//! The market and the rule of `scenarios/reference.toml`; every position has one collateral and one
//! debt, and health factors run evenly from 1.05 to 3, so that some are always near their boundary.

use shortfall::book::venue::{Reference, Rule, Terms, Venue};
use shortfall::book::{Book, Leg, LegKind, Position};
use shortfall::market::{Asset, Correlation, Liquidity, Market};
use shortfall::program::Program;
use shortfall::scenario::{Opening, RunSpec, Scenario};
use shortfall::units::{AssetId, DAYS_PER_YEAR, VenueId};

/// Key of the generator.
pub(crate) const SEED: u64 = 42;

const N_STEPS: u32 = 168;
const COLLATERALS: [u32; 3] = [0, 1, 2];
const DEBTS: [u32; 2] = [3, 0];

/// The workload with that many positions, compiled.
pub(crate) fn program(n_positions: usize) -> Program {
    let market = market();
    let terms = market.assets.iter().map(|asset| Terms {
        liquidation_threshold: asset.liquidation_threshold,
        liquidation_bonus: 0.06,
        ..Terms::default()
    });
    let venue = Venue {
        name: "reference".to_owned(),
        rule: Rule::Reference(Reference::default()),
        terms: terms.collect(),
    };
    let scenario = Scenario {
        name: "workload".to_owned(),
        book: book(&market, n_positions),
        market,
        venues: vec![venue],
        run: RunSpec {
            n_paths: 1,
            until: None,
            n_steps: N_STEPS,
            step_years: 1.0 / (24.0 * DAYS_PER_YEAR),
            seed: SEED,
            opening: Opening::Settle,
            materiality_usd: 1.0,
            levels: vec![0.99],
            compare_feedback: false,
        },
        liquidators: None,
        gates: Vec::new(),
        notes: Vec::new(),
        inputs: Vec::new(),
    };
    Program::compile(&scenario).expect("the workload compiles")
}

fn market() -> Market {
    let asset = |name: &str, price_usd, volatility, liquidation_threshold| Asset {
        name: name.to_owned(),
        price_usd,
        volatility,
        drift: 0.0,
        liquidation_threshold,
        is_stable: name == "USD",
        borrow_rate: 0.0,
        jumps: None,
    };
    Market {
        assets: vec![
            asset("ETH", 3000.0, 2.4, 0.88),
            asset("BTC", 60000.0, 1.9, 0.85),
            asset("STETH", 2985.0, 2.5, 0.87),
            asset("USD", 1.0, 0.12, 0.9),
        ],
        correlation: Correlation::Dense(vec![
            1.0, 0.8, 0.975, 0.05, //
            0.8, 1.0, 0.78, 0.05, //
            0.975, 0.78, 1.0, 0.05, //
            0.05, 0.05, 0.05, 1.0,
        ]),
        common_jumps: None,
        shocks: Vec::new(),
        replay: None,
        liquidity: Liquidity::default(),
    }
}

fn book(market: &Market, n_positions: usize) -> Book {
    let mut book = Book::default();
    for idx in 0..n_positions {
        let debt = DEBTS[idx % DEBTS.len()];
        let choice = COLLATERALS[idx / DEBTS.len() % COLLATERALS.len()];
        // Nobody borrows what they post.
        let collateral = if choice == debt { 1 } else { choice };
        let [owned, owed] = [collateral, debt].map(|asset| &market.assets[asset as usize]);
        let debt_usd = 1000.0 * (1 + idx % 97) as f64;
        let health_factor = 1.05 + 1.95 * idx as f64 / n_positions as f64;
        let collateral_usd = debt_usd * health_factor / owned.liquidation_threshold;
        let leg =
            |kind, asset, amount| Leg { kind, asset: AssetId(asset), amount, entry_price: 0.0 };
        let leg_start = book.legs.len() as u32;
        book.legs.push(leg(LegKind::Collateral, collateral, collateral_usd / owned.price_usd));
        book.legs.push(leg(LegKind::Debt, debt, debt_usd / owed.price_usd));
        book.positions.push(Position {
            name: format!("p{idx}").into(),
            venue: VenueId(0),
            leg_start,
            leg_end: leg_start + 2,
        });
    }
    book
}
