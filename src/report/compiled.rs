//! The facts of a scenario and of the program that it was compiled to.

use crate::figures::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, FundFacts, LargestAtOpening,
    OpeningFacts, PoolLabel, PositionLabel,
};
use crate::market::depth::Feedback;
use crate::program::rounding::CoarseMoney;
use crate::program::{OpeningFigures, Program};
use crate::scenario::Scenario;
use crate::units::{DAYS_PER_YEAR, VenueId};

impl Facts {
    /// The facts of a scenario and the program that it was compiled to.
    #[must_use]
    pub fn of(scenario: &Scenario, program: &Program) -> Self {
        let positions = scenario.book.positions.iter().enumerate();
        let positions = positions.map(|(idx, position)| PositionLabel {
            position: position.name.to_string(),
            venue: position.venue,
            is_bare: program.is_bare(idx),
        });
        let pools = program.pools.iter().map(|(venue, asset)| PoolLabel {
            venue: *venue,
            debt_asset: scenario.market.assets[asset.idx()].name.clone(),
        });
        Self {
            scenario: scenario.name.clone(),
            program_digest: program.digest().to_string(),
            seed: scenario.run.seed,
            n_steps: scenario.run.n_steps,
            step_hours: scenario.run.step_years * 24.0 * DAYS_PER_YEAR,
            quantum_log2: program.money_log2,
            opening: opening(scenario, program),
            levels: scenario.run.levels.clone(),
            materiality_usd: scenario.run.materiality_usd,
            rounding: program.rounding_bound(),
            assets: scenario.market.assets.iter().map(|asset| asset.name.clone()).collect(),
            venues: scenario.venues.iter().map(|venue| venue.name.clone()).collect(),
            positions: positions.collect(),
            pools: pools.collect(),
            coupling: coupling(scenario, program),
            notes: notes(scenario, program),
        }
    }
}

/// What the reader should know of the scenario and of the program that it became.
#[must_use]
pub fn notes(scenario: &Scenario, program: &Program) -> Vec<String> {
    let mut notes = scenario.notes.clone();
    let materiality_usd = scenario.run.materiality_usd;
    if let Some(coarse) = program.coarse_money(materiality_usd) {
        let CoarseMoney { quantum_usd, smallest_usd } = coarse;
        let smallest = smallest_usd.map(|it| format!(" and a smallest debt of {it:.2} USD"));
        notes.push(format!(
            "money is counted in units of {quantum_usd:.3e} USD, so large is the book: coarse \
             against a materiality of {materiality_usd} USD{}; split the book, or read small \
             positions' figures as cut to such units",
            smallest.unwrap_or_default(),
        ));
    }
    let coarse: Vec<String> = program
        .market
        .octaves
        .coarse()
        .map(|(idx, share)| format!("{} to {share:.1e}", scenario.market.assets[idx].name))
        .collect();
    if !coarse.is_empty() {
        notes.push(format!(
            "prices that may rise beyond 256 times the opening's are counted in coarser steps, as \
             shares of the opening price: {}",
            coarse.join(", ")
        ));
    }
    notes
}

/// What was liquidatable at the opening.
fn opening(scenario: &Scenario, program: &Program) -> OpeningFacts {
    let OpeningFigures { n, liquidated, n_bare, debt, repaid, bad_debt, largest } = program.opening;
    let largest = largest.map(|(idx, money)| {
        let position = &scenario.book.positions[idx as usize];
        LargestAtOpening {
            position: position.name.to_string(),
            venue: scenario.venues[position.venue.idx()].name.clone(),
            of: if bad_debt > 0 { AmountAtOpening::BadDebt } else { AmountAtOpening::Debt },
            usd: program.usd(money),
        }
    });
    OpeningFacts {
        mode: scenario.run.opening,
        n,
        liquidated,
        n_bare,
        debt_usd: program.usd(debt),
        repaid_usd: program.usd(repaid),
        bad_debt_usd: program.usd(bad_debt),
        largest,
    }
}

/// What couples positions, as the program has it; `None` where nothing does.
fn coupling(scenario: &Scenario, program: &Program) -> Option<CouplingFacts> {
    let funds = program.liquidity.as_ref()?.funds.iter();
    let funds = (0..).zip(funds).map(|(venue, fund)| FundFacts {
        venue: VenueId(venue),
        initial_usd: program.usd(fund.initial().into()),
        fee: libm::ldexp(f64::from(fund.fee), -31),
    });
    Some(CouplingFacts { feedback: feedback_timing(scenario), funds: funds.collect() })
}

/// When sales move prices; `None` where every market is infinitely deep.
fn feedback_timing(scenario: &Scenario) -> Option<FeedbackTiming> {
    let liquidity = &scenario.market.liquidity;
    (!liquidity.depths.is_empty()).then_some(match liquidity.feedback {
        Feedback::NextStep => FeedbackTiming::NextStep,
        Feedback::SameStep { .. } => FeedbackTiming::SameStep,
    })
}
