//! Scenarios made in code, of any size, so that a benchmark measures the engine and not a file.
//!
//! The assets, the rule and the stressed volatilities of `scenarios/reference.toml`, repeated as
//! often as there are assets. Each position has one collateral and one debt; health factors run
//! evenly over a range, so that some are always near their threshold.

use super::{Opening, RunSpec, Scenario};
use crate::book::venue::{Reference, Rule, Terms, Venue};
use crate::book::{Book, Leg, LegKind, Position};
use crate::market::factors::Factors;
use crate::market::{Asset, Correlation, Liquidity, Market};
use crate::units::{AssetId, DAYS_PER_YEAR, VenueId};

/// How large a scenario is in each respect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Positions; at least 1.
    pub n_positions: usize,
    /// Steps of an hour; at least 1.
    pub n_steps: u32,
    /// Assets; at least 2, a volatile and a stable one.
    pub n_assets: usize,
    /// Whether a matrix or its three factors make the assets move together; the law is the same.
    pub by_factors: bool,
    /// Health factors at the opening, of the first and of the last position; at least 1.
    pub health_factors: (f64, f64),
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            n_positions: 1_000,
            n_steps: 168,
            n_assets: 4,
            by_factors: false,
            health_factors: (1.05, 3.0),
        }
    }
}

/// Key of the generator.
const SEED: u64 = 42;
const LIQUIDATION_BONUS: f64 = 0.06;
const N_FACTORS: usize = 3;

/// An asset of the reference market.
struct Kind {
    name: &'static str,
    price_usd: f64,
    volatility: f64,
    liquidation_threshold: f64,
    /// On the market, on staked ETH, on dollars: their products are the correlations of the
    /// reference scenario, 0.8, 0.975, 0.78 and 0.05, within 0.001.
    loadings: [f64; N_FACTORS],
}

/// In an order in which two of them are a market already.
const KINDS: [Kind; 4] = [
    Kind {
        name: "ETH",
        price_usd: 3000.0,
        volatility: 2.4,
        liquidation_threshold: 0.88,
        loadings: [0.9, 0.42, 0.0],
    },
    Kind {
        name: "USD",
        price_usd: 1.0,
        volatility: 0.12,
        liquidation_threshold: 0.9,
        loadings: [0.056, 0.0, 0.5],
    },
    Kind {
        name: "BTC",
        price_usd: 60_000.0,
        volatility: 1.9,
        liquidation_threshold: 0.85,
        loadings: [0.8885, 0.0, 0.0],
    },
    Kind {
        name: "STETH",
        price_usd: 2985.0,
        volatility: 2.5,
        liquidation_threshold: 0.87,
        loadings: [0.878, 0.44, 0.0],
    },
];
const STABLE: &str = "USD";

/// The kind of an asset; assets take turns.
fn kind_of(asset: usize) -> &'static Kind {
    &KINDS[asset % KINDS.len()]
}

impl Workload {
    /// The scenario; of one path, since the measurement says how many.
    ///
    /// # Panics
    ///
    /// If it has no position, no step, or fewer than two assets.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let Self { n_positions, n_steps, n_assets, .. } = *self;
        assert!(n_positions > 0 && n_steps > 0 && n_assets >= 2, "{self:?} is no workload");
        let market = self.market();
        let terms = market.assets.iter().map(|asset| Terms {
            liquidation_threshold: asset.liquidation_threshold,
            liquidation_bonus: LIQUIDATION_BONUS,
            ..Terms::default()
        });
        let venue = Venue {
            categories: Vec::new(),
            name: "reference".to_owned(),
            rule: Rule::Reference(Reference::default()),
            terms: terms.collect(),
        };
        Scenario {
            name: "workload".to_owned(),
            book: self.book(&market.assets),
            market,
            venues: vec![venue],
            liquidators: None,
            run: RunSpec {
                n_paths: 1,
                until: None,
                n_steps,
                step_years: 1.0 / (24.0 * DAYS_PER_YEAR),
                seed: SEED,
                opening: Opening::Settle,
                materiality_usd: 1.0,
                levels: vec![0.99],
                compare_feedback: false,
            },
            gates: Vec::new(),
            notes: Vec::new(),
            inputs: Vec::new(),
            written: serde_json::Value::Null,
        }
    }

    fn market(&self) -> Market {
        let loadings = (0..self.n_assets).flat_map(|asset| kind_of(asset).loadings).collect();
        let factors = Factors { n_factors: N_FACTORS, loadings };
        let correlation = if self.by_factors {
            Correlation::Factors(factors)
        } else {
            Correlation::Dense(factors.matrix())
        };
        Market {
            assets: (0..self.n_assets).map(asset).collect(),
            correlation,
            common_jumps: None,
            regimes: None,
            shocks: Vec::new(),
            replay: None,
            liquidity: Liquidity::default(),
        }
    }

    fn book(&self, assets: &[Asset]) -> Book {
        let (stable, volatile): (Vec<usize>, Vec<usize>) =
            (0..assets.len()).partition(|asset| assets[*asset].is_stable);
        let (lowest, highest) = self.health_factors;
        let mut book = Book::default();
        for idx in 0..self.n_positions {
            let pair = idx / 2;
            let owned = volatile[pair % volatile.len()];
            // Every other debt is in ETH, the first asset; no position borrows what it posts.
            let owed = if idx % 2 == 0 { stable[pair / volatile.len() % stable.len()] } else { 0 };
            let owned = if owned == owed { stable[pair % stable.len()] } else { owned };
            let debt_usd = 1000.0 * (1 + idx % 97) as f64;
            let health_factor = lowest + (highest - lowest) * idx as f64 / self.n_positions as f64;
            let owned_usd = debt_usd * health_factor / assets[owned].liquidation_threshold;
            let leg_start = book.legs.len() as u32;
            for (kind, asset, usd) in
                [(LegKind::Collateral, owned, owned_usd), (LegKind::Debt, owed, debt_usd)]
            {
                let amount = usd / assets[asset].price_usd;
                let asset = AssetId(asset as u32);
                book.legs.push(Leg { kind, asset, amount, entry_usd: 0.0 });
            }
            book.positions.push(Position {
                category: None,
                name: format!("p{idx}").into(),
                venue: VenueId(0),
                leg_start,
                leg_end: leg_start + 2,
            });
        }
        book
    }
}

fn asset(idx: usize) -> Asset {
    let Kind { name, price_usd, volatility, liquidation_threshold, .. } = *kind_of(idx);
    let turn = idx / KINDS.len();
    Asset {
        name: if turn == 0 { name.to_owned() } else { format!("{name}-{}", turn + 1) },
        price_usd,
        volatility,
        drift: 0.0,
        liquidation_threshold,
        is_stable: name == STABLE,
        borrow_rate: 0.0,
        jumps: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::correlation::is_psd;

    #[test]
    fn four_assets_are_the_reference_market_and_any_number_is_a_market() {
        let Correlation::Dense(matrix) = Workload::default().scenario().market.correlation else {
            panic!("a matrix")
        };
        // ETH with USD, BTC, STETH; USD with BTC, STETH; BTC with STETH.
        let pairs = [matrix[1], matrix[2], matrix[3], matrix[6], matrix[7], matrix[11]];
        for (found, expected) in pairs.into_iter().zip([0.05, 0.8, 0.975, 0.05, 0.05, 0.78]) {
            assert!((found - expected).abs() < 1e-3, "{found} is not {expected}");
        }
        for n_assets in [2, 3, 64] {
            let workload = Workload { n_assets, ..Workload::default() };
            let market = workload.scenario().market;
            let Correlation::Dense(matrix) = market.correlation else { panic!("a matrix") };
            assert!(is_psd(&matrix, n_assets), "{n_assets} assets");
            assert!(market.assets[0].name == "ETH" && market.assets[1].name == "USD");
        }
    }

    #[test]
    fn positions_have_the_health_factors_that_were_asked_for() {
        for n_assets in [2, 4, 16] {
            let health_factors = (1.2, 1.4);
            let workload =
                Workload { n_positions: 10, n_assets, health_factors, ..Workload::default() };
            let scenario = workload.scenario();
            let assets = &scenario.market.assets;
            for (idx, position) in scenario.book.positions.iter().enumerate() {
                let [owned, owed] = scenario.book.legs_of(position) else { panic!("two legs") };
                assert_ne!(owned.asset, owed.asset, "{n_assets} assets, position {idx}");
                let usd = |leg: &Leg| leg.amount * assets[leg.asset.idx()].price_usd;
                let threshold = assets[owned.asset.idx()].liquidation_threshold;
                let found = usd(owned) * threshold / usd(owed);
                assert!((found - (1.2 + 0.02 * idx as f64)).abs() < 1e-12, "{found}");
            }
        }
    }
}
