//! One loan, one liquidation call, through the integers of a compiled program.

use shortfall::book::LegKind;
use shortfall::book::account::{Event, LegState, Values, values};
use shortfall::book::action::Action;
use shortfall::book::venue::{Rule, Terms};
use shortfall::fixed::ONE_MARK;

use crate::support;

/// Marks of a loan's first and further assets, exact in binary: at the opening, after the
/// collateral fell by a quarter, and after both moved. The case's prices are those at the marks.
pub(crate) const MARKS: [[f64; 2]; 3] = [[1.0, 1.0], [0.75, 1.0], [1.5, 0.75]];

/// An amount of an asset at a price.
#[derive(Clone)]
pub(crate) struct Amount {
    pub(crate) asset: String,
    pub(crate) amount: f64,
    pub(crate) price: f64,
    /// Share that counts against debt, and what a unit repaid takes, for collateral.
    pub(crate) threshold: f64,
    pub(crate) incentive: f64,
}

/// A borrower.
#[derive(Clone)]
pub(crate) struct Loan {
    pub(crate) rule: Rule,
    pub(crate) collaterals: Vec<Amount>,
    pub(crate) debts: Vec<Amount>,
}

/// What one event did to a loan.
pub(crate) struct Call {
    pub(crate) event: Event,
    pub(crate) before: Values,
    pub(crate) after: Values,
    legs: Vec<LegState>,
    prices: Vec<f64>,
    names: Vec<String>,
    fine_usd: f64,
    /// Two units of the position at its highest mark, dollars.
    pub(crate) bound_usd: f64,
    /// By how much what counts against the debt may be too high, for the errors of marks, dollars.
    pub(crate) widened_usd: f64,
}

impl Loan {
    fn value(amounts: &[Amount]) -> f64 {
        amounts.iter().map(|leg| leg.amount * leg.price).sum()
    }

    /// All that is owed, dollars.
    pub(crate) fn debt_usd(&self) -> f64 {
        Self::value(&self.debts)
    }

    /// Liquidates at the case's prices, which are `marks` times the opening prices; `edit` may
    /// change the rule's parameters.
    pub(crate) fn liquidate(&self, marks: [f64; 2], edit: impl Fn(&mut Action)) -> Call {
        let mut names: Vec<&str> = Vec::new();
        let mut legs = Vec::new();
        let mut assets = Vec::new();
        let mut terms: Vec<Terms> = Vec::new();
        let all = self.collaterals.iter().map(|leg| (leg, LegKind::Collateral));
        for (of, kind) in all.chain(self.debts.iter().map(|leg| (leg, LegKind::Debt))) {
            let known = names.iter().position(|name| *name == of.asset);
            let asset = known.unwrap_or(names.len());
            if known.is_none() {
                names.push(&of.asset);
                assets.push(support::still(of.price / marks[asset.min(1)]));
                terms.push(support::terms(of.threshold, of.incentive - 1.0));
            }
            legs.push(support::leg(kind, asset as u32, of.amount));
        }
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let prices: Vec<f64> =
            (0..assets.len()).map(|asset| assets[asset].price_usd * marks[asset.min(1)]).collect();
        let venues = vec![support::venue(self.rule.clone(), terms)];
        let book = support::book(&[(0, legs)]);
        let market = support::market(assets);
        let mut program = support::compiled(&support::scenario(market, venues, book));
        let position = program.positions[0];
        edit(&mut program.actions[0]);
        let mut legs: Vec<LegState> = Vec::new();
        for row in program.legs_of(&position) {
            let asset = program.instruments[row.instrument as usize].asset as usize;
            let mark = marks[asset.min(1)] * f64::from(ONE_MARK);
            legs.push(row.state(row.quantity, mark as u32));
        }
        let before = values(&legs);
        let is_breached = before.weighted as i64 + position.facts().tie < before.debt as i64;
        let event = match is_breached {
            true => support::twins::liquidate(&program, 0, &mut legs),
            false => Event::default(),
        };
        let (unit_usd, fine_usd) = support::units_usd(&program, 0);
        let of_leg = |row: &shortfall::program::layout::LegRow| {
            program.instruments[row.instrument as usize].asset as usize
        };
        let assets_of: Vec<usize> = program.legs_of(&position).iter().map(of_leg).collect();
        Call {
            event,
            before,
            after: values(&legs),
            names: assets_of.iter().map(|asset| names[*asset].clone()).collect(),
            prices: assets_of.iter().map(|asset| prices[*asset]).collect(),
            legs,
            fine_usd,
            bound_usd: 2.0 * unit_usd * marks[0].max(marks[1]),
            widened_usd: 6e-8 * before.weighted as f64 * fine_usd,
        }
    }
}

impl Call {
    /// A fine value in dollars.
    pub(crate) fn usd(&self, fine: u64) -> f64 {
        fine as f64 * self.fine_usd
    }

    /// Debt that the liquidator repaid, dollars.
    pub(crate) fn repaid_usd(&self) -> f64 {
        self.usd(self.event.repaid)
    }

    /// Collateral that the borrower lost, dollars.
    pub(crate) fn seized_usd(&self) -> f64 {
        self.usd(self.event.seized)
    }

    /// What is left of the legs in an asset, dollars.
    pub(crate) fn left_usd(&self, asset: &str) -> f64 {
        let legs = self.legs.iter().zip(&self.names).filter(|(_, name)| *name == asset);
        legs.map(|(leg, _)| self.usd(leg.value())).sum()
    }

    /// Bad debt written off in an asset, units of it.
    pub(crate) fn lost(&self, asset: &str) -> f64 {
        let legs = self.legs.iter().zip(&self.names).zip(&self.prices);
        let of_asset = legs.filter(|((_, name), _)| *name == asset);
        of_asset.map(|((leg, _), price)| self.usd(leg.lost) / price).sum()
    }
}

/// Which share of the whole debt is to be repaid, Q1.31, for cases that repay a chosen amount.
pub(crate) fn repay_share(repay_usd: f64, debt_usd: f64) -> u32 {
    libm::round(repay_usd / debt_usd * libm::exp2(31.0)) as u32
}
