//! The facts of a seed's program, as the command line makes them.

use shortfall::program::Program;
use shortfall::program::liquidity::NONE;
use shortfall::report::{
    AmountAtOpening, CouplingFacts, Facts, FeedbackTiming, FundFacts, LargestAtOpening,
    OpeningFacts, PoolLabel, PositionLabel,
};
use shortfall::scenario::Scenario;
use shortfall::units::VenueId;

pub(crate) fn facts(scenario: &Scenario, program: &Program) -> Facts {
    let positions = scenario.book.positions.iter().enumerate();
    let assets: Vec<String> = scenario.market.assets.iter().map(|it| it.name.clone()).collect();
    let venues: Vec<String> = scenario.venues.iter().map(|it| it.name.clone()).collect();
    let opening = &program.opening;
    let largest = opening.largest.map(|(idx, money)| {
        let position = &scenario.book.positions[idx as usize];
        let is_bad = opening.bad_debt > 0;
        LargestAtOpening {
            position: position.name.to_string(),
            venue: venues[position.venue.idx()].clone(),
            of: if is_bad { AmountAtOpening::BadDebt } else { AmountAtOpening::Debt },
            usd: program.usd(money),
        }
    });
    let coupling = program.liquidity.as_ref().map(|liquidity| {
        let is_deep = liquidity.assets.iter().any(|row| row.curve != NONE);
        let timing = match liquidity.terms.rounds {
            0 => FeedbackTiming::NextStep,
            _ => FeedbackTiming::SameStep,
        };
        let funds = (0..).zip(&liquidity.funds).map(|(venue, fund)| FundFacts {
            venue: VenueId(venue),
            initial_usd: program.usd(fund.initial().into()),
            fee: libm::ldexp(f64::from(fund.fee), -31),
        });
        CouplingFacts { feedback: is_deep.then_some(timing), funds: funds.collect() }
    });
    Facts {
        scenario: scenario.name.clone(),
        program_digest: program.digest().to_string(),
        seed: scenario.run.seed,
        n_steps: scenario.run.n_steps,
        step_hours: 1.0,
        quantum_log2: program.money_log2,
        opening: OpeningFacts {
            mode: scenario.run.opening,
            n: opening.n,
            liquidated: opening.liquidated,
            n_bare: opening.n_bare,
            debt_usd: program.usd(opening.debt),
            repaid_usd: program.usd(opening.repaid),
            bad_debt_usd: program.usd(opening.bad_debt),
            largest,
        },
        levels: scenario.run.levels.clone(),
        materiality_usd: scenario.run.materiality_usd,
        rounding: program.rounding_bound(),
        positions: positions
            .map(|(idx, position)| PositionLabel {
                position: position.name.to_string(),
                venue: position.venue,
                is_bare: program.is_bare(idx),
            })
            .collect(),
        pools: program
            .pools
            .iter()
            .map(|(venue, asset)| PoolLabel {
                venue: *venue,
                debt_asset: assets[asset.idx()].clone(),
            })
            .collect(),
        assets,
        venues,
        coupling,
        notes: vec!["a note".to_owned()],
    }
}
