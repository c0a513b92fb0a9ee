//! Which states the market of a scenario goes through.

use serde::Serialize;

use crate::escape;
use crate::figures::number::duration;
use crate::scenario::Scenario;
use crate::units::DAYS_PER_YEAR;

/// The states, and in which of them paths open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Climate {
    /// The states.
    pub states: Vec<ClimateState>,
    /// None where it is drawn by the shares of the long run.
    pub start: Option<String>,
}

/// A state of the market.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClimateState {
    /// Its name.
    pub state: String,
    /// Mean time until it is left; none where it never is.
    pub stay_hours: Option<f64>,
    /// Share of the time of the long run; none where some states are left for good.
    pub share: Option<f64>,
    /// Factor of volatilities.
    pub volatility: f64,
    /// Factor of jump rates.
    pub jumps: f64,
}

impl Climate {
    /// Of a scenario whose market has more than one state.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let regimes = scenario.market.regimes.as_ref()?;
        let shares = regimes.are_recurrent().then(|| regimes.shares());
        let states = regimes.states.iter().enumerate().map(|(idx, state)| ClimateState {
            state: state.name.clone(),
            stay_hours: Some(state.stay_years * DAYS_PER_YEAR * 24.0).filter(|it| it.is_finite()),
            share: shares.as_ref().map(|shares| shares[idx]),
            volatility: state.volatility,
            jumps: state.jumps,
        });
        let start = regimes.start.map(|idx| regimes.states[idx].name.clone());
        Some(Self { states: states.collect(), start })
    }

    /// In a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let states = self.states.iter().map(|it| {
            let stays = it.stay_hours.map_or("for good".to_owned(), duration);
            let share = it.share.map(|share| format!(", {:.1} % of the time", 100.0 * share));
            let name = escape::name(&it.state);
            format!("{name} (stays {stays}{})", share.unwrap_or_default())
        });
        let start = match &self.start {
            Some(start) => format!("paths open in {}", escape::name(start)),
            None => "paths open in any of them, as often".to_owned(),
        };
        format!("the market is {}; {start}", states.collect::<Vec<_>>().join(", "))
    }
}
