//! Validated model to integers: legs to quantities, venues to actions, the market to its tables.

mod error;

use std::collections::{BTreeMap, HashMap};

use super::feeds::Feeds;
use super::layout::{
    INSTRUMENT_PRICE, INSTRUMENT_SUM, InstrumentRow, LegRow, PositionRow, TierRow,
};
use super::liquidity::Liquidity;
use super::ties::{Debts, Ties};
use super::{OpeningFigures, Program, units};
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, KIND_STATE};
use crate::book::action::{MOST_CREDIT, to_words};
use crate::book::venue::{Liquidation, Terms, Tier, share_q31, with_deductions};
use crate::book::{Leg, LegKind, Position};
use crate::fixed::{MARK_BITS, ONE_Q30, ONE_Q31};
use crate::market::Correlation;
use crate::market::model::{self, Octaves};
use crate::scenario::Scenario;
use crate::units::{AssetId, VenueId};

pub use error::CompileError;

/// Steps of all assets and common factors of a path, at most: a thread then walks paths in some
/// 2 GB.
pub(super) const MOST_CELLS: usize = 1 << 25;

/// An amount of money in a program is at most this.
pub(super) const MOST_MONEY: i64 = 1 << 62;
/// Tiers that begin above this many times the opening notional are never reached by a mark.
const LARGEST_MARK: f64 = 256.0;
/// Interest grows a debt by at most this many octaves within the horizon, which a mark holds.
pub(super) const MOST_GROWTH: f64 = 8.0;

impl Program {
    /// Compiles a scenario, whose opening book is not settled yet: that is the engine's part.
    ///
    /// # Errors
    ///
    /// If prices, interest or the book's value do not fit the integer formats.
    pub fn compile(scenario: &Scenario) -> Result<Self, CompileError> {
        let run = &scenario.run;
        check_length(scenario)?;
        let market = model::compile(&scenario.market, run.n_steps, run.step_years)?;
        let feeds = Feeds::of(scenario);
        let mut builder = Builder::new(scenario, (&market.octaves, &feeds))?;
        for position in &scenario.book.positions {
            builder.gross_usd += builder.gross_of(position);
        }
        builder.money_log2 = units::money(builder.gross_usd)?;
        for position in &scenario.book.positions {
            builder.push(position);
        }
        let bound = i32::MAX as usize;
        if builder.legs.len() > bound {
            return Err(CompileError::TooManyLegs { n_legs: builder.legs.len(), bound });
        }
        let money_log2 = builder.money_log2;
        let largest = MOST_MONEY as f64;
        let money =
            |usd: f64| libm::round(usd * libm::exp2(-f64::from(money_log2))).min(largest) as i64;
        let actions = scenario.venues.iter().map(|venue| {
            let rule = venue.rule.liquidation();
            rule.timed(rule.action(&money), run.step_years)
        });
        let liquidity = Liquidity::compile(scenario, (&market.octaves, &feeds), money_log2, &money);
        if liquidity.is_none() {
            // What a liquidator sells matters to none: it is no part of the program.
            builder.legs.iter_mut().for_each(|leg| leg.protocol = 0);
        }
        Ok(Self {
            instruments: builder.instruments,
            positions: builder.positions,
            legs: builder.legs,
            tiers: builder.tiers,
            actions: actions.collect(),
            pools: builder.pools.into_keys().collect(),
            liquidity,
            market,
            money_log2,
            opening: OpeningFigures::default(),
        })
    }
}

/// Whether a path is one that a thread has room for, before any table is made.
fn check_length(scenario: &Scenario) -> Result<(), CompileError> {
    let n_factors = match &scenario.market.correlation {
        Correlation::Dense(_) => 0,
        Correlation::Factors(factors) => factors.n_factors,
    };
    let n_rows = scenario.market.assets.len() + n_factors;
    let n_steps = scenario.run.n_steps as usize;
    if n_rows.saturating_mul(n_steps) > MOST_CELLS {
        return Err(CompileError::PathTooLong { n_rows, n_steps, bound: MOST_CELLS });
    }
    Ok(())
}

struct Builder<'a> {
    scenario: &'a Scenario,
    octaves: &'a Octaves,
    feeds: &'a Feeds,
    gross_usd: f64,
    money_log2: i32,
    sum_shift: u32,
    instruments: Vec<InstrumentRow>,
    instrument_of: HashMap<InstrumentRow, u32>,
    positions: Vec<PositionRow>,
    legs: Vec<LegRow>,
    tiers: Vec<TierRow>,
    pools: BTreeMap<(VenueId, AssetId), u32>,
}

impl<'a> Builder<'a> {
    fn new(
        scenario: &'a Scenario,
        (octaves, feeds): (&'a Octaves, &'a Feeds),
    ) -> Result<Self, CompileError> {
        let horizon = f64::from(scenario.run.n_steps) * scenario.run.step_years;
        for asset in &scenario.market.assets {
            if (asset.borrow_rate * horizon * model::LOG2_E).abs() > MOST_GROWTH {
                return Err(CompileError::InterestTooHigh {
                    asset: asset.name.clone(),
                    borrow_rate: asset.borrow_rate,
                });
            }
        }
        let pools = scenario.book.positions.iter().flat_map(|position| {
            let owed = scenario.book.legs_of(position).iter();
            owed.filter(|leg| leg.kind != LegKind::Collateral)
                .map(|leg| (position.venue, leg.asset))
        });
        let mut pools: BTreeMap<_, u32> = pools.map(|pool| (pool, 0)).collect();
        for (number, idx) in pools.values_mut().zip(0..) {
            *number = idx;
        }
        Ok(Self {
            scenario,
            octaves,
            feeds,
            gross_usd: 0.0,
            money_log2: 0,
            sum_shift: u32::BITS - scenario.run.n_steps.leading_zeros(),
            instruments: Vec::new(),
            instrument_of: HashMap::new(),
            positions: Vec::with_capacity(scenario.book.positions.len()),
            legs: Vec::with_capacity(scenario.book.legs.len()),
            tiers: Vec::new(),
            pools,
        })
    }

    fn terms(&self, position: &Position, leg: &Leg) -> &'a Terms {
        let venue = &self.scenario.venues[position.venue.idx()];
        // A category's terms are those of collateral.
        let category = position.category.filter(|_| leg.kind == LegKind::Collateral);
        venue.terms_of(category, leg.asset)
    }

    /// Value of a leg at a mark of 1, which is the opening price, or higher by whole octaves.
    fn whole_usd(&self, leg: &Leg) -> f64 {
        let usd = leg.amount * self.scenario.market.assets[leg.asset.idx()].price_usd;
        libm::ldexp(usd, self.octaves.of(leg.asset.idx()) as i32)
    }

    /// What a position's coefficients and constants may add up to, in dollars of value at a mark
    /// of 1.
    fn gross_of(&self, position: &Position) -> f64 {
        let mut gross = 0.0;
        for leg in self.scenario.book.legs_of(position) {
            let value = self.whole_usd(leg).abs();
            gross += match leg.kind {
                // An account that is taken over owes what the venue paid for it, one on auction a
                // penalty.
                LegKind::Debt if self.n_state_words(position) > 0 => value * f64::from(MOST_CREDIT),
                LegKind::Collateral | LegKind::Debt => value,
                LegKind::Perp => {
                    let terms = self.terms(position, leg);
                    let given_back =
                        reachable(&terms.tiers, value).next_back().map_or(0.0, |tier| tier.1);
                    let constants = leg.entry_usd.abs() + given_back + value;
                    // The margin coefficient is up to twice the notional; funding comes on top.
                    2.0 * value + self.funding_usd(leg, terms).abs() + constants / LARGEST_MARK
                }
            };
        }
        gross
    }

    /// Funding owed at a running sum of marks of 1: a perp's coefficient on its funding instrument.
    fn funding_usd(&self, leg: &Leg, terms: &Terms) -> f64 {
        let a_step = terms.funding_rate * self.scenario.run.step_years;
        -self.whole_usd(leg) * a_step * libm::exp2(f64::from(self.sum_shift))
    }

    fn instrument(&mut self, row: InstrumentRow) -> u32 {
        let next = self.instruments.len() as u32;
        let idx = *self.instrument_of.entry(row).or_insert(next);
        if idx == next {
            self.instruments.push(row);
        }
        idx
    }

    fn push(&mut self, position: &Position) {
        let unit_log2 = units::position_unit(self.gross_of(position));
        let leg_start = self.legs.len() as u32;
        let mut constant = 0;
        let mut ties = self.ties(position);
        for leg in self.scenario.book.legs_of(position) {
            let row = self.leg_row(position, leg, unit_log2, &mut ties);
            self.legs.push(row);
            if leg.kind == LegKind::Perp {
                constant -= fine(leg.entry_usd, unit_log2);
                ties.count_entry();
                let terms = self.terms(position, leg);
                let funding = quantity(self.funding_usd(leg, terms), unit_log2);
                if funding != 0 {
                    // A sum of marks is cut, and its quantity rounded to nearest.
                    ties.count(2 * funding.unsigned_abs());
                    let instrument = self.instrument(InstrumentRow {
                        asset: leg.asset.0,
                        kind: INSTRUMENT_SUM,
                        accrual: [0; 2],
                        sum_shift: self.sum_shift,
                        feed: self.feeds.of_venue(position.venue.idx(), leg.asset.idx()),
                    });
                    let kind = KIND_FUNDING;
                    self.legs.push(LegRow {
                        instrument,
                        kind,
                        quantity: funding,
                        n_tiers: 0,
                        ..row
                    });
                }
            }
        }
        let n_words = self.n_state_words(position);
        let word = self.legs.last().map(|row| LegRow {
            kind: KIND_STATE,
            quantity: 0,
            threshold: 0,
            credit: 0,
            protocol: 0,
            ..*row
        });
        self.legs.extend(word.into_iter().flat_map(|word| std::iter::repeat_n(word, n_words)));
        let fine_log2 = unit_log2 - MARK_BITS as i32;
        let legs = self.scenario.book.legs_of(position);
        let is_exposed = legs.iter().any(|leg| leg.kind != LegKind::Collateral);
        // What owes nothing is never breached, not by a hair either.
        let tie = if is_exposed { ties.total() } else { ties.total().max(0) };
        self.positions.push(PositionRow {
            leg_start,
            n_legs: self.legs.len() as u32 - leg_start,
            action: position.venue.0,
            money_shift: (self.money_log2 - fine_log2).clamp(0, 63) as u32,
            constant: to_words(constant),
            tie: to_words(tie),
        });
    }

    fn rule(&self, position: &Position) -> &'a dyn Liquidation {
        self.scenario.venues[position.venue.idx()].rule.liquidation()
    }

    /// How many words its venue keeps of the account.
    fn n_state_words(&self, position: &Position) -> usize {
        self.rule(position).action(&|_| 0).n_state_words()
    }

    /// How the position is rounded.
    fn ties(&self, position: &Position) -> Ties {
        let rule = self.rule(position);
        let assets = &self.scenario.market.assets;
        let legs = self.scenario.book.legs_of(position).iter();
        let rates: Vec<f64> = legs
            .filter(|leg| leg.kind == LegKind::Debt)
            .map(|leg| assets[leg.asset.idx()].borrow_rate)
            .collect();
        let debts = match &rates[..] {
            [] => Debts::None,
            rates if rates.iter().all(|rate| *rate == 0.0) => Debts::Still,
            _ => Debts::Grown,
        };
        Ties::new(rule.liquidatable_at_equality(), debts)
    }

    fn leg_row(
        &mut self,
        position: &Position,
        leg: &Leg,
        unit_log2: i32,
        ties: &mut Ties,
    ) -> LegRow {
        let terms = self.terms(position, leg);
        let is_owed = leg.kind == LegKind::Debt;
        let rate =
            if is_owed { self.scenario.market.assets[leg.asset.idx()].borrow_rate } else { 0.0 };
        let accrual = rate * self.scenario.run.step_years * model::LOG2_E * model::unit();
        let instrument = self.instrument(InstrumentRow {
            asset: leg.asset.0,
            kind: INSTRUMENT_PRICE,
            accrual: to_words(libm::round(accrual) as i64),
            sum_shift: 0,
            feed: self.feeds.of_venue(position.venue.idx(), leg.asset.idx()),
        });
        let rule = self.rule(position);
        let incentive = rule.incentive(terms);
        let is_held = leg.kind == LegKind::Collateral;
        let credit = if is_held { rule.credit(terms).unwrap_or(0.0) } else { 0.0 };
        let value = self.whole_usd(leg);
        let tier_start = self.tiers.len() as u32;
        let units = value * libm::exp2(-f64::from(unit_log2));
        let (mut threshold, mut quantity) = (0, quantity(value, unit_log2));
        match leg.kind {
            LegKind::Collateral => {
                let is_counted = self.is_counted(position, terms);
                quantity = if is_counted { ties.collateral(units) } else { 0 };
                threshold = ties.threshold(terms.liquidation_threshold, quantity);
            }
            LegKind::Debt => quantity = ties.debt(units),
            LegKind::Perp => self.push_tiers(&terms.tiers, value, unit_log2, ties),
        }
        LegRow {
            instrument,
            kind: match leg.kind {
                LegKind::Collateral => KIND_COLLATERAL,
                LegKind::Debt => KIND_DEBT,
                LegKind::Perp => KIND_PERP,
            },
            quantity,
            threshold,
            incentive: libm::round(incentive * f64::from(ONE_Q30)) as u32,
            discount: libm::round(f64::from(ONE_Q31) / incentive) as u32,
            credit: share_q31(credit),
            protocol: share_q31(if is_held { rule.protocol_share(terms) } else { 0.0 }),
            pool: self.pools.get(&(position.venue, leg.asset)).copied().unwrap_or(0),
            tier_start,
            n_tiers: self.tiers.len() as u32 - tier_start,
        }
    }

    /// Maintenance margin is max_k (rate_k n - deduction_k) of the notional n = |s| P; what a leg
    /// adds to the margin surplus is therefore min_k (s P - rate_k n + deduction_k).
    fn push_tiers(&mut self, tiers: &[Tier], value: f64, unit_log2: i32, ties: &mut Ties) {
        let (unit, mark) = (libm::exp2(-f64::from(unit_log2)), libm::exp2(f64::from(MARK_BITS)));
        let mut most = 0;
        for (tier, deduction) in reachable(tiers, value.abs()) {
            let coefficient = ties.coefficient((value - tier.rate * value.abs()) * unit);
            let deduction = to_words(ties.constant(deduction * unit * mark));
            most = most.max(coefficient.unsigned_abs());
            self.tiers.push(TierRow { coefficient, deduction });
        }
        ties.count(most);
    }

    /// Whether collateral on these terms is any: not at venues that neither count nor seize what
    /// has a threshold of 0.
    fn is_counted(&self, position: &Position, terms: &Terms) -> bool {
        terms.liquidation_threshold > 0.0 || self.rule(position).seizes_uncounted()
    }
}

/// The tiers that a notional can reach at some mark, each with its deduction in USD.
fn reachable(tiers: &[Tier], notional_usd: f64) -> impl DoubleEndedIterator<Item = (&Tier, f64)> {
    let bound = notional_usd * LARGEST_MARK;
    let reached: Vec<_> = with_deductions(tiers)
        .take_while(|(tier, _)| tier.floor_usd == 0.0 || tier.floor_usd < bound)
        .collect();
    reached.into_iter()
}

/// Dollars of value at a mark of 1 in a position's unit, rounded to nearest.
fn quantity(usd: f64, unit_log2: i32) -> i32 {
    libm::round(usd * libm::exp2(-f64::from(unit_log2))) as i32
}

/// Dollars as a fine value, rounded to nearest.
fn fine(usd: f64, unit_log2: i32) -> i64 {
    libm::round(usd * libm::exp2(f64::from(MARK_BITS as i32 - unit_log2))) as i64
}
