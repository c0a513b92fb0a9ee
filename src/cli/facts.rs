//! What a report must know of a scenario and its program.

use shortfall::market::depth::Feedback;
use shortfall::program::{OpeningFigures, Program};
use shortfall::report::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, FundFacts, LargestAtOpening,
    OpeningFacts, PoolLabel, PositionLabel,
};
use shortfall::scenario::Scenario;
use shortfall::units::{DAYS_PER_YEAR, VenueId};

/// The facts of a scenario and the program that it was compiled to.
pub(super) fn facts(scenario: &Scenario, program: &Program) -> Facts {
    let positions =
        scenario.book.positions.iter().enumerate().map(|(idx, position)| PositionLabel {
            position: position.name.to_string(),
            venue: position.venue,
            is_bare: program.is_bare(idx),
        });
    let pools = program.pools.iter().map(|(venue, asset)| PoolLabel {
        venue: *venue,
        debt_asset: scenario.market.assets[asset.idx()].name.clone(),
    });
    Facts {
        scenario: scenario.name.clone(),
        program_digest: program.digest().to_string(),
        seed: scenario.run.seed,
        n_steps: scenario.run.n_steps,
        step_hours: scenario.run.step_years * 24.0 * DAYS_PER_YEAR,
        quantum_log2: program.money_log2,
        opening: opening(scenario, program),
        levels: scenario.run.levels.clone(),
        materiality_usd: scenario.run.materiality_usd,
        assets: scenario.market.assets.iter().map(|asset| asset.name.clone()).collect(),
        venues: scenario.venues.iter().map(|venue| venue.name.clone()).collect(),
        positions: positions.collect(),
        pools: pools.collect(),
        coupling: coupling(scenario, program),
        notes: scenario.notes.clone(),
    }
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
