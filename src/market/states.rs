//! A market in a state of its climate: what diffuses and jumps there.

use super::climate::Regime;
use super::{Liquidity, Market};

impl Market {
    /// How many states its climate has; 1 without.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.regimes.as_ref().map_or(1, |regimes| regimes.states.len())
    }

    /// What diffuses and jumps, as it does in a state of the climate.
    #[must_use]
    pub fn in_state(&self, state: usize) -> Self {
        let Some(regimes) = &self.regimes else { return self.drawn_only() };
        let Regime { volatility, jumps, drift, .. } = &regimes.states[state];
        let mut market = self.drawn_only();
        for (asset, shift) in market.assets.iter_mut().zip(drift) {
            asset.drift += shift;
        }
        market.scale(*volatility, *jumps);
        market
    }

    /// By asset: the change of the log2 price in the step that enters a state.
    #[must_use]
    pub fn entries(&self, state: usize) -> Vec<f64> {
        let entry = self.regimes.as_ref().map_or(&[][..], |it| &it.states[state].entry);
        let of = |asset: usize| entry.get(asset).map_or(0.0, |it| libm::log2(1.0 + it));
        (0..self.assets.len()).map(of).collect()
    }

    /// What diffuses and jumps, with the highest volatilities and jump rates of all its states.
    #[must_use]
    pub fn at_its_wildest(&self) -> Self {
        let mut market = self.drawn_only();
        if let Some(regimes) = &self.regimes {
            let most = |of: fn(&Regime) -> f64| regimes.states.iter().map(of).fold(0.0, f64::max);
            market.scale(most(|it| it.volatility), most(|it| it.jumps));
        }
        market
    }

    fn scale(&mut self, volatility: f64, jump_rate: f64) {
        for asset in &mut self.assets {
            asset.volatility *= volatility;
            if let Some(jumps) = &mut asset.jumps {
                jumps.rate *= jump_rate;
            }
        }
        if let Some(common) = &mut self.common_jumps {
            common.rate *= jump_rate;
        }
    }

    /// Without what no state decides, which may be large.
    fn drawn_only(&self) -> Self {
        Self {
            assets: self.assets.clone(),
            correlation: self.correlation.clone(),
            common_jumps: self.common_jumps.clone(),
            regimes: None,
            shocks: Vec::new(),
            replay: None,
            liquidity: Liquidity::default(),
        }
    }
}
