//! Scenarios written in Rust, for the tests that need no file.
#![allow(dead_code, reason = "every test file takes what it needs")]

#[cfg(feature = "gpu")]
pub(crate) mod adapters;
pub(crate) mod drawn;
pub(crate) mod edges;
pub(crate) mod ties;
pub(crate) mod twins;

use shortfall::book::venue::{AaveV3, Rule, Terms, Venue};
use shortfall::book::{Book, Leg, LegKind, Position};
use shortfall::engine::cpu::Cpu;
use shortfall::engine::{self, Plan};
use shortfall::market::oracle::Feed;
use shortfall::market::{self, Asset, Correlation, Market, Shock};
use shortfall::program::Program;
use shortfall::program::liquidity::{AssetRow, FundRow, LiquidationTerms, Liquidity, NONE};
use shortfall::scenario::{Opening, RunSpec, Scenario};
use shortfall::tail::Tally;
use shortfall::units::{AssetId, VenueId};

/// An hour as a share of a year.
pub(crate) const HOUR_YEARS: f64 = 1.0 / 8760.0;

/// An asset that stays where it is.
pub(crate) fn still(price_usd: f64) -> Asset {
    Asset {
        name: String::from("asset"),
        price_usd,
        volatility: 0.0,
        drift: 0.0,
        liquidation_threshold: 0.8,
        is_stable: false,
        borrow_rate: 0.0,
        jumps: None,
    }
}

/// An asset that diffuses.
pub(crate) fn diffusing(price_usd: f64, volatility: f64) -> Asset {
    Asset { volatility, ..still(price_usd) }
}

/// A market of assets that do not know of each other.
pub(crate) fn market(assets: Vec<Asset>) -> Market {
    let n_assets = assets.len();
    let mut correlation = vec![0.0; n_assets * n_assets];
    for asset in 0..n_assets {
        correlation[asset * (n_assets + 1)] = 1.0;
    }
    Market {
        assets,
        correlation: Correlation::Dense(correlation),
        common_jumps: None,
        regimes: None,
        shocks: Vec::new(),
        replay: None,
        liquidity: market::Liquidity::default(),
    }
}

/// A venue that takes each asset on its terms.
pub(crate) fn venue(rule: Rule, terms: Vec<Terms>) -> Venue {
    Venue { name: rule.name().to_owned(), rule, terms, categories: Vec::new() }
}

/// Terms of a lending venue.
pub(crate) fn terms(liquidation_threshold: f64, liquidation_bonus: f64) -> Terms {
    let most = (2.0 * liquidation_threshold).min(1.0);
    let liquidation_factor = most.min(0.5 + 0.5 * liquidation_threshold);
    Terms { liquidation_threshold, liquidation_bonus, liquidation_factor, ..Terms::default() }
}

/// A leg; entry prices are for perpetuals.
pub(crate) fn leg(kind: LegKind, asset: u32, amount: f64) -> Leg {
    Leg { kind, asset: AssetId(asset), amount, entry_usd: 0.0 }
}

/// A perpetual.
pub(crate) fn perp(asset: u32, amount: f64, entry_price: f64) -> Leg {
    Leg { entry_usd: amount * entry_price, ..leg(LegKind::Perp, asset, amount) }
}

/// A book of positions, each at a venue, legs in the order of a loaded book.
pub(crate) fn book(positions: &[(u32, Vec<Leg>)]) -> Book {
    let mut book = Book::default();
    for (idx, (venue, legs)) in positions.iter().enumerate() {
        let leg_start = book.legs.len() as u32;
        let mut legs = legs.clone();
        legs.sort_by_key(|leg| (leg.kind, leg.asset));
        book.legs.extend(legs);
        book.positions.push(Position {
            name: format!("p{idx}").into(),
            venue: VenueId(*venue),
            category: None,
            leg_start,
            leg_end: book.legs.len() as u32,
        });
    }
    book
}

/// A scenario of one hourly step whose opening book is left as it is.
pub(crate) fn scenario(market: Market, venues: Vec<Venue>, book: Book) -> Scenario {
    Scenario {
        name: String::from("test"),
        market,
        venues,
        book,
        liquidators: None,
        run: RunSpec {
            n_paths: 1,
            until: None,
            n_steps: 1,
            step_years: HOUR_YEARS,
            seed: 1,
            opening: Opening::Keep,
            materiality_usd: 0.0,
            levels: vec![0.95, 0.99, 0.999],
            compare_feedback: false,
        },
        gates: Vec::new(),
        notes: Vec::new(),
        inputs: Vec::new(),
        written: serde_json::Value::Null,
    }
}

/// A collateral loses its worth and so does the debt on the market, but not for its venue, which
/// reads it late; then the price of the debt comes back.
pub(crate) fn worthless_debt() -> Scenario {
    let mut market = market(vec![still(1.0); 2]);
    let shock = |asset, change, at_years| Shock {
        asset: AssetId(asset),
        change,
        at_years,
        over_years: 0.0,
    };
    market.shocks =
        vec![shock(0, 1e-8 - 1.0, 0.0), shock(1, 1e-8 - 1.0, 0.0), shock(1, 1e8 - 1.0, 2.0)];
    let feed = |heartbeat_years| Feed {
        heartbeat_years: Some(heartbeat_years),
        deviation: None,
        delay_years: 0.0,
        stale: Vec::new(),
    };
    market.liquidity.feeds = vec![feed(1.0), feed(30.0)];
    let rule = Rule::AaveV3(AaveV3::default());
    let venues = vec![venue(rule, vec![terms(0.8, 0.05); 2])];
    let legs = vec![leg(LegKind::Collateral, 0, 2.0), leg(LegKind::Debt, 1, 1.0)];
    let mut scenario = scenario(market, venues, book(&[(0, legs)]));
    (scenario.run.n_steps, scenario.run.step_years) = (4, 1.0);
    scenario
}

/// Compiles what must compile.
pub(crate) fn compiled(scenario: &Scenario) -> Program {
    shortfall::engine::compile(scenario).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a program's paths from index 0; every path with a loss is material.
pub(crate) fn tally(program: &Program, n_paths: u64, seed: u64, n_threads: usize) -> Tally {
    let plan = Plan { n_paths, batch: 1 << 16, materiality: 1 };
    let mut backend = Cpu::new(program, seed, n_threads);
    engine::run(program, plan, &mut backend, &mut ()).unwrap_or_else(|error| panic!("{error}"))
}

/// A position's unit in dollars of opening value, and a fine value's, as the program shifts them.
pub(crate) fn units_usd(program: &Program, position: usize) -> (f64, f64) {
    let shift = program.positions[position].money_shift as i32;
    let fine = libm::exp2(f64::from(program.money_log2 - shift));
    (fine * libm::exp2(24.0), fine)
}

/// Coupling that changes nothing: infinite depth, no lag, liquidators without bound or choice.
pub(crate) fn neutral(scenario: &Scenario) -> Liquidity {
    let asset = AssetRow { curve: NONE, ..bytemuck::Zeroable::zeroed() };
    Liquidity {
        curves: Vec::new(),
        assets: vec![asset; scenario.market.assets.len()],
        bands: Vec::new(),
        cross: Vec::new(),
        feeds: Vec::new(),
        stale: Vec::new(),
        terms: LiquidationTerms {
            capital: [u32::MAX, u32::MAX >> 1],
            per_step: NONE,
            ..bytemuck::Zeroable::zeroed()
        },
        funds: vec![FundRow { initial: [0; 2], fee: 0 }; scenario.venues.len()],
        standing: None,
    }
}
